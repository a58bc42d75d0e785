/**
 * Every command-line tool there is, one line each; a machine kind chooses from it by package. Refuses two tools of one name.
 */
import type { Command } from './define.ts';
import { ip } from './ip/ip.ts';
import { screen } from './screen/screen.ts';
import { script } from './script/script.ts';
import { top } from './top/top.ts';
import { apropos, man, whatis } from './man/man.ts';
import { vi } from './vi/vi.ts';
import { clear } from './clear/clear.ts';
import { less } from './less/less.ts';
import { more } from './more/more.ts';
import { nano } from './nano/nano.ts';
import { reset } from './reset/reset.ts';
import { stty } from './stty/stty.ts';
import { tput } from './tput/tput.ts';
import { watch } from './watch/watch.ts';
import { brctl } from './brctl/brctl.ts';
import { ifconfig } from './net-tools/ifconfig.ts';
import { route } from './net-tools/route.ts';
import { arp } from './net-tools/arp.ts';
import { netstat } from './net-tools/netstat.ts';
import { sysctl } from './sysctl/sysctl.ts';
import { ss } from './ss/ss.ts';
import { groups, id, su, users, w, who, whoami } from './accounts/accounts.ts';
import { hostname } from './accounts/hostname.ts';
import { sudo } from './accounts/sudo.ts';
import { uptime } from './system/uptime.ts';
import { cat, head, nl, seq, tac, tail, tee, wc, yes } from './coreutils/streams.ts';
import { comm, cut, expand, fold, join, paste, rev, shuf, sort, tr, uniq } from './coreutils/fields.ts';
import { ls } from './coreutils/ls.ts';
import { basename, chmod, chown, cp, df, dirname, du, install, ln, mkdir, mktemp, mv, pwd, readlink, realpath, rm, rmdir, stat, touch, truncate } from './coreutils/files.ts';
import { grep, rgrep } from './grep/grep.ts';
import { ip6tables, iptables } from './iptables/iptables.ts';
import { ip6tablesRestore, ip6tablesSave, iptablesRestore, iptablesSave } from './iptables/save-restore.ts';
import { ip6tablesRestoreTranslate, ip6tablesTranslate, iptablesRestoreTranslate, iptablesTranslate } from './iptables/translate.ts';
import { column } from './column/column.ts';
import { conntrack } from './conntrack/conntrack.ts';
import { nft } from './nft/nft.ts';
import { ping } from './ping/ping.ts';
import { tcpdump } from './tcpdump/tcpdump.ts';
import { traceroute } from './traceroute/traceroute.ts';
import { env, isFalse, isTrue, kill, nice, nohup, printenv, setsid, sleep, timeout } from './system/run.ts';
import { killall, pgrep, pidof } from './system/pgrep.ts';
import { free, ps, pstree } from './system/ps.ts';
import { echo, logger, mount, nproc, printf, systemctl, tty, uname, whereis, which } from './system/facts.ts';
import { curl } from './curl/curl.ts';
import { wget } from './wget/wget.ts';
import { nc } from './nc/nc.ts';
import { python3 } from './python3/python3.ts';
import { dmesg } from './dmesg/dmesg.ts';
import { dig } from './dig/dig.ts';
import { host, nslookup } from './dig/host.ts';
import { sed } from './sed/sed.ts';
import { awk } from './awk/awk.ts';
import { apt, dpkg } from './apt/apt.ts';
import { lsns } from './netspace/lsns.ts';
import { nsenter } from './netspace/nsenter.ts';
import { unshare } from './netspace/unshare.ts';
import { crictl } from './crictl/crictl.ts';
import { docker } from './docker/docker.ts';
import { toolbox } from './toolbox/toolbox.ts';
import { bridge } from './bridge/bridge.ts';
import { find } from './find/find.ts';
import { xargs } from './find/xargs.ts';
import { jq } from './jq/jq.ts';
import { b2sum, cksum, md5sum, sha1sum, sha224sum, sha256sum, sha384sum, sha512sum, sum } from './coreutils/digest.ts';
import { base32, base64, basenc } from './coreutils/encodings.ts';
import { dd } from './coreutils/dd.ts';
import { split } from './coreutils/split.ts';
import { csplit } from './coreutils/csplit.ts';
import { numfmt } from './coreutils/numfmt.ts';
import { factor, tsort } from './coreutils/numbers.ts';
import { link, mkfifo, mknod, pathchk, shred, sync, unlink } from './coreutils/nodes.ts';
import { hostid, logname, stdbuf } from './coreutils/stdbuf.ts';
import { getopt } from './getopt/getopt.ts';
import { zdiff, zgrep, zless, zmore } from './gzip/scripts.ts';
import { colrm, look } from './text-columns/look.ts';
import { fmt } from './coreutils/fmt.ts';
import { expr, test } from './coreutils/test.ts';
import { arping } from './arping/arping.ts';
import { ethtool } from './ethtool/ethtool.ts';
import { getent } from './getent/getent.ts';
import { gcloud } from './gcloud/gcloud.ts';
import { apk } from './apk/apk.ts';
import { kubectl } from './kubectl/kubectl.ts';
import { scp } from './ssh/scp.ts';
import { ssh } from './ssh/ssh.ts';
import { sshKeygen } from './ssh/keygen.ts';
import { sshd } from './ssh/sshd.ts';
import { tc } from './tc/tc.ts';
import { date } from './date/date.ts';
import { cmp } from './diff/cmp.ts';
import { diff } from './diff/diff.ts';
import { lsof } from './lsof/lsof.ts';
import { mtr } from './mtr/mtr.ts';
import { hexdump } from './dump/hexdump.ts';
import { od } from './dump/od.ts';
import { xxd } from './dump/xxd.ts';
import { gzip } from './gzip/gzip.ts';
import { telnet } from './telnet/telnet.ts';
import { tar } from './tar/tar.ts';
import { gpasswd, groupadd, groupdel, groupmod } from './shadow/groups.ts';
import { chpasswd, newgrp, passwd } from './shadow/passwords.ts';
import { useradd, userdel, usermod } from './shadow/users.ts';
import { flock } from './util-linux/flock.ts';
import { findmnt } from './util-linux/findmnt.ts';
import { mountpoint } from './util-linux/mountpoint.ts';
import { runuser } from './util-linux/runuser.ts';
import { chrt, ionice, renice, taskset } from './util-linux/scheduling.ts';
import { setpriv } from './util-linux/setpriv.ts';
import { pwdx } from './system/pwdx.ts';
import { fuser } from './fuser/fuser.ts';
import { nstat } from './nstat/nstat.ts';

const list: readonly Command[] = [
  ping,
  tcpdump,
  traceroute,
  clear,
  vi,
  man,
  whatis,
  apropos,
  top,
  script,
  screen,
  less,
  more,
  nano,
  reset,
  stty,
  tput,
  watch,
  ip,
  brctl,
  ifconfig,
  route,
  arp,
  netstat,
  sysctl,
  ss,
  groups,
  hostname,
  id,
  su,
  users,
  w,
  who,
  whoami,
  sudo,
  uptime,
  cat,
  head,
  nl,
  seq,
  tac,
  tail,
  tee,
  wc,
  yes,
  column,
  comm,
  cut,
  expand,
  fold,
  join,
  paste,
  rev,
  shuf,
  sort,
  tr,
  uniq,
  ls,
  basename,
  chmod,
  chown,
  cp,
  df,
  dirname,
  du,
  install,
  ln,
  mkdir,
  mktemp,
  mv,
  pwd,
  readlink,
  realpath,
  rm,
  rmdir,
  stat,
  touch,
  truncate,
  grep,
  iptables,
  ip6tables,
  iptablesSave,
  ip6tablesSave,
  iptablesRestore,
  ip6tablesRestore,
  iptablesTranslate,
  ip6tablesTranslate,
  iptablesRestoreTranslate,
  ip6tablesRestoreTranslate,
  conntrack,
  nft,
  env,
  isFalse,
  isTrue,
  kill,
  killall,
  nice,
  nohup,
  pgrep,
  pidof,
  printenv,
  setsid,
  sleep,
  timeout,
  free,
  ps,
  pstree,
  date,
  dmesg,
  echo,
  logger,
  mount,
  nproc,
  printf,
  systemctl,
  tty,
  uname,
  whereis,
  which,
  curl,
  wget,
  nc,
  python3,
  dig,
  host,
  nslookup,
  sed,
  awk,
  apt,
  dpkg,
  lsns,
  nsenter,
  unshare,
  bridge,
  find,
  xargs,
  jq,
  base32,
  base64,
  basenc,
  b2sum,
  cksum,
  md5sum,
  sha1sum,
  sha224sum,
  sha256sum,
  sha384sum,
  sha512sum,
  sum,
  dd,
  split,
  csplit,
  numfmt,
  factor,
  tsort,
  link,
  mkfifo,
  mknod,
  pathchk,
  shred,
  sync,
  unlink,
  hostid,
  logname,
  stdbuf,
  getopt,
  rgrep,
  zdiff,
  zgrep,
  zless,
  zmore,
  colrm,
  look,
  fmt,
  expr,
  test,
  arping,
  ethtool,
  getent,
  gcloud,
  apk,
  kubectl,
  scp,
  ssh,
  sshKeygen,
  sshd,
  docker,
  crictl,
  toolbox,
  tc,
  telnet,
  cmp,
  diff,
  lsof,
  mtr,
  hexdump,
  od,
  xxd,
  gzip,
  tar,
  useradd,
  userdel,
  usermod,
  groupadd,
  groupdel,
  groupmod,
  gpasswd,
  passwd,
  chpasswd,
  newgrp,
  flock,
  findmnt,
  mountpoint,
  runuser,
  chrt,
  ionice,
  renice,
  taskset,
  setpriv,
  pwdx,
  fuser,
  nstat,
];

function byName(all: readonly Command[]): ReadonlyMap<string, Command> {
  const map = new Map<string, Command>();
  for (const command of all) {
    for (const name of [command.name, ...(command.aliases ?? [])]) {
      const other = map.get(name);
      if (other !== undefined) throw new Error(`two tools are called ${name}: ${other.summary}; ${command.summary}`);
      map.set(name, command);
    }
  }
  return map;
}

export const commands: readonly Command[] = list;
/** By name and by alias. */
export const commandsByName = byName(list);

/**
 * Arguments of the tools a networking course uses. Read first: the completions of the bash-completion package (ip, tcpdump, brctl,
 * iptables, screen, kill, man, ssh). Names of devices and namespaces are asked of the machine each time.
 */
import type { Sys } from '../../../machine/sys.ts';
import type { CompletionSources } from '../api.ts';
import { completeKubernetes } from './kubernetes.ts';

export type Offer = { readonly words: readonly string[]; readonly noSpace?: boolean } | 'files' | 'directories' | 'variables' | 'commands' | undefined;

interface Context {
  readonly sys: Sys;
  readonly sources: CompletionSources;
  /** Command first, the word being completed last. */
  readonly words: readonly string[];
  readonly current: string;
  readonly previous: string;
}
type Tool = (context: Context) => Offer | Promise<Offer>;

/** undefined: the tool is not known here, files are offered. */
export async function completeTool(sys: Sys, sources: CompletionSources, words: readonly string[]): Promise<Offer> {
  const tool = tools[words[0]!.replace(/^.*\//, '')];
  return tool?.({ sys, sources, words, current: words.at(-1)!, previous: words.at(-2) ?? '' });
}

export function devices(sys: Sys): string[] {
  const list = sys.list('/sys/class/net');
  return list.ok ? list.value : [];
}

function bridges(sys: Sys): string[] {
  return devices(sys).filter((name) => sys.stat(`/sys/class/net/${name}/bridge`).ok);
}

export function namespaces(sys: Sys): string[] {
  const list = sys.list('/run/netns');
  return list.ok ? list.value : [];
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const offer = (text: string | readonly string[]): Offer => ({ words: typeof text === 'string' ? words(text) : text });

const ipObjects = words('address addrlabel fou help ila ioam l2tp link macsec maddress monitor mptcp mroute mrule neighbor neighbour netconf netns nexthop ntable ntbl route rule sr tap tcpmetrics token tunnel tuntap vrf xfrm stats amt');
const linkTypes = words('bareudp bond bond_slave bridge bridge_slave dsa dummy erspan geneve gre gretap gtp hsr ifb ip6erspan ip6gre ip6gretap ip6tnl ipip ipoib ipvlan ipvtap macsec macvlan macvtap netdevsim nlmon rmnet sit team team_slave vcan veth vlan vrf vti vxcan vxlan wwan xfrm virt_wifi');
const ipOptions = words('-human -iec -statistics -details -resolve -family -4 -6 -0 -brief -json -pretty -loops -oneline -timestamp -rcvbuf -batch -netns -numeric -all -color -force -echo -Version');

function ip({ sys, words: all, current, previous }: Context): Offer {
  let at = 1;
  while (at < all.length - 1 && all[at]!.startsWith('-')) at += /^-(n|netns|f|family|b|batch|rc|rcvbuf|l|loops)$/.test(all[at]!) ? 2 : 1;
  if (/^-n(etns)?$/.test(previous)) return offer(namespaces(sys));
  if (at >= all.length - 1) return current.startsWith('-') ? offer(ipOptions) : offer(['help', ...ipObjects]);
  const object = ipObjects.find((name) => name.startsWith(all[at]!)) ?? all[at]!;
  const verbAt = at + 1;
  if (all.length - 1 === verbAt) {
    const verbs: Record<string, string> = {
      link: 'add change delete help replace set show afstats property xstats', address: 'add change del flush help replace save showdump show restore', route: 'add append change del flush get help list replace restore save show showdump',
      rule: 'add delete flush help list save restore show', neighbour: 'add change delete flush get help replace show', neighbor: 'add change delete flush get help replace show', netns: 'add attach delete exec help identify list list-id monitor pids set',
      tuntap: 'add delete help list lst show', tunnel: 'add change delete help prl 6rd show', maddress: 'add delete help show', monitor: 'all address help link mroute neigh netconf nexthop nsid prefix route rule', netconf: 'help show', addrlabel: 'add del flush help list', vrf: 'exec help identify pids show',
    };
    return offer(verbs[object] ?? 'help');
  }
  const verb = all[verbAt]!;
  if (previous === 'dev' || previous === 'iif' || previous === 'oif' || previous === 'link') return offer(devices(sys));
  if (previous === 'master') return offer(bridges(sys));
  if (object === 'netns') {
    if (/^(exec|del|delete|pids|set)/.test(verb) && all.length - 2 === verbAt) return offer(namespaces(sys));
    return verb.startsWith('id') ? undefined : offer([]);
  }
  if (object === 'link') {
    if (previous === 'type') return offer(linkTypes);
    if (previous === 'netns') return offer(namespaces(sys));
    if ('set'.startsWith(verb) || 'change'.startsWith(verb)) {
      if (all.length - 2 === verbAt) return offer(['dev', ...devices(sys)]);
      return offer('address alias allmulticast arp broadcast carrier down dynamic group master mtu multicast name netns nomaster promisc protodown txqueuelen type up vf');
    }
    if ('delete'.startsWith(verb) || 'show'.startsWith(verb) || verb === 'list' || verb === 'ls') {
      if (all.length - 2 === verbAt) return offer('show'.startsWith(verb) ? ['dev', 'group', 'master', 'type', 'up', ...devices(sys)] : ['dev', 'group', 'type', ...devices(sys)]);
      return offer('group type up master');
    }
    if ('add'.startsWith(verb)) return offer('address broadcast dev group index link mtu name netns numrxqueues numtxqueues txqueuelen type peer');
  }
  if (object === 'address') {
    if (/^(s|l)/.test(verb)) return all.length - 2 === verbAt ? offer(['dev', 'scope', 'to', 'up', 'dynamic', 'permanent', 'primary', 'secondary', 'tentative', 'type', 'label', ...devices(sys)]) : offer([]);
    return offer('anycast brd broadcast dev dynamic home label local metric nodad noprefixroute peer scope valid_lft preferred_lft');
  }
  if (object === 'route') return offer('advmss blackhole broadcast default dev from get mtu metric multicast nat nexthop onlink prohibit proto scope src table throw to tos type unicast unreachable via');
  if (object === 'rule') return offer('from fwmark goto iif ipproto lookup not oif priority sport dport table to tos type uidrange');
  if (object === 'neighbour' || object === 'neighbor') return offer('dev lladdr nud proxy to unused');
  if (object === 'tuntap') return previous === 'mode' ? offer('tap tun') : offer('dev group mode multi_queue name one_queue pi user vnet_hdr');
  return offer([]);
}

function brctl({ sys, words: all }: Context): Offer {
  if (all.length === 2) return offer('setpathcost addbr delbr addif delif setageing setbridgeprio setfd sethello setmaxage setportprio show showmacs showstp stp hairpin');
  const verb = all[1]!;
  if (all.length === 3) return verb === 'addbr' ? offer([]) : offer(bridges(sys));
  if (all.length === 4) {
    if (verb === 'addif' || verb === 'delif' || verb === 'hairpin') return offer(devices(sys));
    if (verb === 'stp') return offer('on off');
  }
  if (all.length === 5 && verb === 'hairpin') return offer('on off');
  return offer([]);
}

const tables = 'nat filter mangle raw security';
const targets = 'ACCEPT DROP REJECT LOG RETURN MASQUERADE DNAT SNAT REDIRECT MARK CONNMARK NOTRACK TRACE';
function iptables({ sys, current, previous, words: all }: Context): Offer {
  const table = all[all.indexOf('-t') + 1];
  const chains: Record<string, string> = { nat: 'PREROUTING INPUT OUTPUT POSTROUTING', mangle: 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING', raw: 'PREROUTING OUTPUT', filter: 'INPUT FORWARD OUTPUT' };
  if (previous === '-t') return offer(tables);
  if (previous === '-j') return offer(targets);
  if (previous === '-i' || previous === '-o') return offer(devices(sys));
  if (previous === '-p') return offer('tcp udp icmp all');
  if (previous === '-m') return offer('addrtype comment conntrack icmp limit mark multiport physdev state statistic tcp udp');
  if (/^-[ADIRLFZNXPS]$/.test(previous)) return offer(chains[all.includes('-t') ? (table ?? 'filter') : 'filter'] ?? '');
  if (current.startsWith('-')) return offer('-i -o -s -d -p -f -m --append --check --delete --insert --replace --list --list-rules --flush --zero --new --delete-chain --policy --rename-chain --proto --source --destination --in-interface --jump --goto --match --numeric --out-interface --table --verbose --wait --line-numbers --exact --version');
  return offer([]);
}

const signals = words('HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS');

function kill({ sys, current, words: all }: Context): Offer {
  if (current.startsWith('-') && all.length === 2) return offer(['-s', '-l', ...signals.map((name) => `-${name}`)]);
  if (all.at(-2) === '-s') return offer(signals);
  return offer(sys.processes().filter((process) => process.uid === sys.uid || sys.uid === 0).map(({ pid }) => String(pid)));
}

/** Long options and -i DEVICE: enough for tools that otherwise take a host or an expression. */
function withDevices(option: RegExp, others: 'files' | readonly string[] = []): Tool {
  return ({ sys, previous }) => (option.test(previous) ? offer(devices(sys)) : others === 'files' ? 'files' : offer(others));
}

async function hostNames({ sys, current, previous }: Context): Promise<Offer> {
  if (previous === '-I') return offer(devices(sys));
  if (current.startsWith('-')) return offer([]);
  const file = await sys.readText('/etc/hosts');
  return offer([...new Set((file.ok ? file.value : '').split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1)))].filter((name) => name !== ''));
}

async function screenSessions({ sys, previous }: Context): Promise<Offer> {
  if (!/^-(r|R|x|d|D|S|dr|DR)$/.test(previous)) return undefined;
  const user = sys.machine.users().find(({ uid }) => uid === sys.uid)?.name ?? 'root';
  const list = sys.list(`/run/screen/S-${user}`);
  return offer(list.ok ? list.value : []);
}

const fileArguments: Tool = () => 'files';

const tools: Record<string, Tool> = {
  ip, brctl, iptables, ip6tables: iptables, kill,
  bridge: ({ sys, words: all, previous }) => (all.length === 2 ? offer('fdb help link mdb monitor vlan vni') : previous === 'dev' || previous === 'br' ? offer(devices(sys)) : offer('add append brport del dev help master replace set show br')),
  ifconfig: ({ sys, words: all }) => (all.length === 2 ? offer(devices(sys)) : offer('up down arp promisc allmulti mtu netmask broadcast hw')),
  ethtool: ({ sys, current }) => (current.startsWith('-') ? offer('-a -A -c -C -d -e -E -g -G -i -k -K -l -L -m -n -N -p -P -r -s -S -t -T -x -X --help --version') : offer(devices(sys))),
  tcpdump: ({ sys, previous, current }) => {
    if (previous === '-i' || previous === '--interface') return offer([...devices(sys), 'any']);
    if (/^-[rwFV]$/.test(previous)) return 'files';
    return current.startsWith('-') ? offer('-A -b -B -c -C -d -D -e -E -f -F -G -h -H -i -I -j -J -K -l -L -m -M -n -N -O -p -q -Q -r -s -S -t -T -u -U -v -V -w -W -x -X -y -z -Z') : offer([]);
  },
  arping: withDevices(/^-I$/), arp: withDevices(/^-i$/), route: withDevices(/^dev$/, words('add del default dev gw host net netmask metric mtu reject')),
  ping: hostNames, ping6: hostNames, traceroute: hostNames, ssh: hostNames, telnet: hostNames,
  screen: screenSessions,
  cd: () => 'directories', rmdir: () => 'directories', mkdir: () => 'directories', pushd: () => 'directories',
  export: () => 'variables', unset: () => 'variables', declare: () => 'variables', readonly: () => 'variables', local: () => 'variables',
  man: () => 'commands', whatis: () => 'commands', help: ({ sources }) => offer([...sources.builtins(), ...sources.keywords()]), type: () => 'commands', which: () => 'commands', hash: () => 'commands',
  alias: ({ sources }) => offer([...sources.aliases()]), unalias: ({ sources }) => offer([...sources.aliases()]),
  fg: ({ sources }) => offer([...sources.jobs()]), bg: ({ sources }) => offer([...sources.jobs()]),
  apt: ({ sys, words: all }) => (all.length === 2 ? offer('autoremove autoclean build-dep changelog clean depends dist-upgrade download edit-sources full-upgrade help install list moo policy purge rdepends reinstall remove search show showsrc source update upgrade') : packages(sys, all[1]!)),
  'apt-get': ({ sys, words: all }) => (all.length === 2 ? offer('autoclean autoremove build-dep check clean dist-upgrade download dselect-upgrade install purge reinstall remove source update upgrade') : packages(sys, all[1]!)),
  sysctl: ({ sys, current }) => (current.startsWith('-') ? offer('-a -e -n -N -p -w --all --help --load --values --names --write --system --pattern') : { words: sysctlNames(sys, current), noSpace: true }),
  kubectl: completeKubernetes,
  cat: fileArguments, less: fileArguments, nano: fileArguments, vi: fileArguments,
};

function packages(sys: Sys, verb: string): Offer {
  const wantsInstalled = /^(remove|purge|reinstall|autoremove)$/.test(verb);
  if (!/^(install|remove|purge|reinstall|show|download|policy|depends|rdepends|changelog)$/.test(verb)) return offer([]);
  return offer(sys.machine.packages().filter((entry) => !wantsInstalled || entry.installed).map(({ name }) => name));
}

/** One component at a time: net. , net.ipv4. ... */
function sysctlNames(sys: Sys, typed: string): string[] {
  const dot = typed.lastIndexOf('.');
  const folder = typed.slice(0, dot + 1);
  const path = `/proc/sys/${folder.replaceAll('.', '/')}`;
  const list = sys.list(path);
  if (!list.ok) return [];
  return list.value.map((name) => {
    const stat = sys.stat(`${path}/${name}`);
    return `${folder}${name}${stat.ok && stat.value.kind === 'directory' ? '.' : ''}`;
  });
}

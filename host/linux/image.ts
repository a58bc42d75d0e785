/**
 * The files of a sandbox that are its own: users, name lookup, start-up files of shells, and shims for programs that cannot work in there as they are.
 * Read first: sudo(8), apt(8), bash(1) "PROMPTING", screen(1) "logfile".
 */
import { LEARNER_ID, SINGLE_GROUP, type AnyIdentity } from './identity.ts';
import { programsOf } from './tools.ts';

export interface SandboxFile { readonly path: string; readonly text: string; readonly mode?: number }

const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PROMPT = "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '";

/** What the sandbox takes from the machine's /etc as it is; whatever is missing there is missing here. */
export const copiedFromEtc = [
  'alternatives', 'crypto-policies', 'debian_version', 'ethertypes', 'host.conf', 'inputrc', 'iproute2', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'login.defs', 'magic', 'mke2fs.conf', 'nanorc', 'networks',
  'os-release', 'protocols', 'rpc', 'screenrc', 'services', 'sysctl.conf', 'sysctl.d', 'terminfo', 'xattr.conf',
];

export function ownFiles(identity: AnyIdentity, hostname: string, addresses: readonly string[], absentPackages: readonly string[]): SandboxFile[] {
  return [
    ...accounts(identity),
    { path: '/etc/hostname', text: `${hostname}\n` },
    { path: '/etc/hosts', text: ['127.0.0.1\tlocalhost', '::1\tip6-localhost ip6-loopback', ...addresses.map((address) => `${address}\t${hostname}`), ''].join('\n') },
    { path: '/etc/resolv.conf', text: '' },
    { path: '/etc/nsswitch.conf', text: 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nnetworks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n' },
    { path: '/etc/shells', text: '/bin/sh\n/bin/bash\n' },
    { path: '/etc/profile', text: PROFILE },
    { path: '/etc/bash.bashrc', text: `# /etc/bash.bashrc: system-wide settings for interactive shells\n[ -z "\${PS1-}" ] && return\nshopt -s checkwinsize\n${PROMPT}\n. ${MARKS_FILE}\n` },
    { path: '/root/.bashrc', text: FEDORA_HOOK },
    { path: '/root/.profile', text: PERSONAL_PROFILE },
    { path: '/home/learner/.bashrc', text: `case $- in *i*) ;; *) return;; esac\n${FEDORA_HOOK}HISTCONTROL=ignoredups\nshopt -s histappend checkwinsize\nHISTSIZE=1000\nHISTFILESIZE=2000\n${PROMPT}\n` },
    { path: '/home/learner/.profile', text: PERSONAL_PROFILE },
    { path: MARKS_FILE, text: MARKS },
    { path: '/run/podwire/login', text: login(identity), mode: 0o755 },
    { path: '/usr/local/bin/sudo', text: sudo(identity), mode: 0o755 },
    ...(absentPackages.length === 0 ? [] : [{ path: '/usr/local/bin/apt', text: apt(absentPackages), mode: 0o755 }]),
    ...(identity.way === 'single' ? [{ path: '/usr/local/bin/tcpdump', text: TCPDUMP, mode: 0o755 }] : []),
    { path: '/run/utmp', text: '' },
  ];
}

function accounts(identity: AnyIdentity): SandboxFile[] {
  const isSingle = identity.way === 'single';
  // tcpdump gives up root for a user of its own. Where only one user exists, that user is root under another name.
  const tcpdump = isSingle ? `0:${SINGLE_GROUP}` : '104:111';
  const root = isSingle ? SINGLE_GROUP : 0;
  const learner = isSingle ? [] : [`learner:x:${LEARNER_ID}:${LEARNER_ID}:Learner,,,:/home/learner:/bin/bash`];
  return [
    { path: '/etc/passwd', text: [`root:x:0:${root}:root:/root:/bin/bash`, ...learner, `tcpdump:x:${tcpdump}::/nonexistent:/usr/sbin/nologin`, 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin', ''].join('\n') },
    { path: '/etc/group', text: [`root:x:${root}:`, 'adm:x:4:learner', ...(isSingle ? [] : ['tty:x:5:']), 'sudo:x:27:learner', 'utmp:x:43:', ...(isSingle ? [] : ['tcpdump:x:111:', `learner:x:${LEARNER_ID}:`]), 'nogroup:x:65534:', ''].join('\n') },
  ];
}

const PROFILE = `# /etc/profile: system-wide settings for login shells
if [ "\${EUID:-$(id -u)}" -eq 0 ]; then PATH="${SECURE_PATH}"; else PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"; fi
export PATH
if [ -n "\${PS1-}" ] && [ -n "\${BASH-}" ] && [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi
`;

const PERSONAL_PROFILE = 'if [ -n "$BASH" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n';

/** Bash reads /etc/bash.bashrc by itself only where the distribution built it so. */
const FEDORA_HOOK = '[ -n "${PS1-}" ] && [ -z "${__podwire_marked-}" ] && . /etc/bash.bashrc\n';

// ---------------------------------------------------------------- marks

const MARKS_FILE = '/run/podwire/marks.bash';
/** An operating system command nobody uses: terminals pass over it, and we take it out before anybody sees it. */
export const MARK = '\x1b]7717;';

/**
 * P;pid;status;user id;folder;namespace: the shell is about to prompt. S;pid;line: it is about to run a line. The line is history's newest, as
 * `fc` would show it. A namespace is named by comparing files, so that no program is started for a prompt.
 */
const MARKS = String.raw`__podwire_marked=1
__podwire_prompt() {
  local status=$? where=? file
  if [[ /proc/self/ns/net -ef /run/podwire/netns ]]; then where=; else for file in /run/netns/*; do [[ /proc/self/ns/net -ef $file ]] && where=$\{file##*/} && break; done; fi
  printf '\e]7717;P;%d;%d;%d;%s;%s\a' "$$" "$status" "$EUID" "$where" "$PWD"
}
PROMPT_COMMAND=__podwire_prompt
PS0='\e]7717;S;$$;$(HISTTIMEFORMAT= builtin history 1)\a'
`.replaceAll('$\\{', '${');

/** A terminal's first program: the login shell of a user, to whom the terminal is given: screen opens it anew after `fg`. */
function login(identity: AnyIdentity): string {
  const [give, become] = identity.way === 'single' ? ['', ''] : ['chown "$user" /dev/stdin\n', 'setpriv --reuid="$user" --regid="$group" --init-groups '];
  return `#!/bin/bash
IFS=: read -r user _ _ group _ home shell <<< "$(getent passwd "$1")"
${give}cd "$home" || cd /
exec ${become}env -i "HOME=$home" "USER=$user" "LOGNAME=$user" "SHELL=$shell" "MAIL=/var/mail/$user" "TERM=$TERM" "LANG=$LANG" "TZ=$TZ" "PATH=$PATH" bash --norc -c 'exec -l bash'
`;
}

// ---------------------------------------------------------------- shims

/** sudo's own binary belongs to a user the sandbox does not have, so it cannot become root. A copy of setpriv that belongs to the sandbox's root can. */
function sudo(identity: AnyIdentity): string {
  const become = identity.way === 'single' ? '' : '/run/podwire/setpriv --reuid="$user" --regid="$group" --init-groups ';
  return String.raw`#!/bin/bash
user=root edit= login= shell= keep=()
usage() { echo 'usage: sudo [-EHnS] [-i | -s] [-u user] [VAR=value] [command [arg ...]]' >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    -u) [ $# -gt 1 ] || usage; user=$2; shift 2;;
    -u*) user=$\{1#-u}; shift;;
    -E) mapfile -d '' keep < /proc/self/environ; shift;;
    -n|-H|-S|-k|-nE|-b) shift;;
    -i) login=1; shift;;
    -s) shell=1; shift;;
    -v|-K) exit 0;;
    -l) echo "User $(id -un) may run the following commands on $(hostname):"; echo '    (ALL : ALL) NOPASSWD: ALL'; exit 0;;
    --) shift; break;;
    -*) echo "podwire: sudo: option $1 does not work in a lab on real Linux" >&2; exit 125;;
    [A-Za-z_]*=*) keep+=("$1"); shift;;
    *) break;;
  esac
done
if ! entry=$(getent passwd "$user"); then echo "sudo: unknown user $user" >&2; exit 1; fi
IFS=: read -r user _ _ group _ home _ <<< "$entry"
[ -z "$login$shell" ] && [ $# = 0 ] && usage
PATH=${SECURE_PATH}
if [ -n "$login" ]; then cd "$home" 2>/dev/null || cd /; fi
if [ -n "$login$shell" ]; then if [ $# = 0 ]; then set -- /bin/bash $\{login:+-l}; else set -- /bin/bash $\{login:+-l} -c "$*"; fi; fi
if ! program=$(type -P -- "$1"); then echo "sudo: $1: command not found" >&2; exit 1; fi
name=$1; shift
exec ${become}env -i "PATH=$PATH" "HOME=$home" "LOGNAME=$user" "USER=$user" "MAIL=/var/mail/$user" SHELL=/bin/bash "SUDO_USER=$(id -un)" "SUDO_UID=$UID" "SUDO_GID=$(id -g)" "SUDO_COMMAND=$program$\{*:+ $*}" \
  $\{TERM+"TERM=$TERM"} $\{LANG+"LANG=$LANG"} $\{LC_ALL+"LC_ALL=$LC_ALL"} $\{TZ+"TZ=$TZ"} $\{LINES+"LINES=$LINES"} $\{COLUMNS+"COLUMNS=$COLUMNS"} $\{keep[@]+"$\{keep[@]}"} "$program" "$@"
`.replaceAll('$\\{', '${');
}

/**
 * tcpdump gives up its groups and stops when it may not, and where there is a single user nobody may. A filter of system calls says yes to setgroups(2)
 * without doing it: seccomp(2), with the call's number on x86-64 and on arm64.
 */
const TCPDUMP = String.raw`#!/bin/bash
[ -x /usr/bin/tcpdump ] || [ -x /usr/sbin/tcpdump ] || { echo 'bash: tcpdump: command not found' >&2; exit 127; }
PATH=/usr/bin:/usr/sbin
case $(uname -m) in x86_64) calls='157, 116';; aarch64) calls='167, 159';; *) exec tcpdump "$@";; esac
exec perl -e "(\$prctl, \$setgroups) = ($calls);"'
$filter = pack("SCCL" x 4, 0x20, 0, 0, 0, 0x15, 0, 1, $setgroups, 6, 0, 0, 0x50000, 6, 0, 0, 0x7fff0000);
syscall($prctl, 22, 2, pack("Sx6P", 4, $filter)); exec { $ARGV[0] } @ARGV' "$(type -P tcpdump)" "$@"
`;

/** The lab's package mirror is the machine itself: what a lab begins without is put back in place. */
function apt(packages: readonly string[]): string {
  const programs = packages.map((name) => `  [${name}]='${programsOf(name).join(' ')}'`).join('\n');
  return String.raw`#!/bin/bash
declare -A programs=(
${programs}
)
verb= names=()
for word; do case $word in -*) ;; *) if [ -z "$verb" ]; then verb=$word; else names+=("$word"); fi;; esac; done
[ "$verb" = show ] || [ "$verb" = list ] || [ $EUID = 0 ] || {
  if [ "$verb" = update ]; then printf 'Reading package lists... Done\nE: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\n' >&2
  else printf 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n' >&2; fi
  exit 100
}
case $verb in
  update)
    : > /var/lib/apt/lists/lab
    echo 'Hit:1 http://deb.debian.org/debian bookworm InRelease'
    echo 'Reading package lists... Done'
    echo 'Building dependency tree... Done'
    echo 'Reading state information... Done'
    echo 'All packages are up to date.';;
  install)
    echo 'Reading package lists... Done'
    echo 'Building dependency tree... Done'
    echo 'Reading state information... Done'
    new=()
    for name in "$\{names[@]}"; do
      if [ -n "$\{programs[$name]-}" ] && [ -e /var/lib/apt/lists/lab ]; then
        if [ -e /run/podwire/absent/$name ]; then new+=("$name"); else echo "$name is already the newest version."; fi
      elif grep -qs "^$name\$" /run/podwire/packages; then echo "$name is already the newest version."
      else echo "E: Unable to locate package $name" >&2; exit 100; fi
    done
    if [ $\{#new[@]} -gt 0 ]; then echo 'The following NEW packages will be installed:'; echo "  $\{new[*]}"; fi
    echo "0 upgraded, $\{#new[@]} newly installed, 0 to remove and 0 not upgraded."
    for name in "$\{new[@]}"; do
      echo "Setting up $name ..."
      for program in $\{programs[$name]}; do
        for folder in bin sbin; do [ -e /run/podwire/usr/$folder/$program ] && ln -s /run/podwire/usr/$folder/$program /usr/$folder/$program; done
      done
      echo "$name" >> /run/podwire/packages
      [ -s /run/podwire/absent/$name ] && cat /run/podwire/absent/$name >> /var/lib/dpkg/status
      rm /run/podwire/absent/$name
    done;;
  *) echo "podwire: apt: $\{verb:-no verb}: in a lab on real Linux apt can only update and install" >&2; exit 125;;
esac
`.replaceAll('$\\{', '${');
}

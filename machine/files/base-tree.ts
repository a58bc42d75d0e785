/** The directories and files a Debian 12 machine has before anything is installed. Read first: hier(7), base-files */
import type { ImageFile, ImageGroup, ImageUser } from '../image.ts';
import { SERVICES } from './services.ts';

const DIRECTORIES = [
  'boot', 'etc', 'etc/apt', 'etc/cron.d', 'etc/default', 'etc/init.d', 'etc/iproute2', 'etc/network', 'etc/profile.d', 'etc/skel', 'etc/ssh', 'etc/sudoers.d', 'etc/sysctl.d', 'etc/systemd',
  'home', 'media', 'mnt', 'opt', 'srv', 'usr', 'usr/bin', 'usr/games', 'usr/include', 'usr/lib', 'usr/lib/x86_64-linux-gnu', 'usr/lib64', 'usr/libexec', 'usr/local', 'usr/local/bin', 'usr/local/etc',
  'usr/local/games', 'usr/local/include', 'usr/local/lib', 'usr/local/sbin', 'usr/local/share', 'usr/local/src', 'usr/sbin', 'usr/share', 'usr/share/bash-completion', 'usr/share/doc', 'usr/share/man', 'usr/share/misc', 'usr/src',
  'var', 'var/backups', 'var/cache', 'var/cache/apt', 'var/lib', 'var/lib/apt', 'var/lib/dpkg', 'var/local', 'var/log', 'var/mail', 'var/opt', 'var/spool', 'var/spool/cron',
];

const SYMLINKS: readonly [string, string][] = [
  ['/bin', 'usr/bin'], ['/lib', 'usr/lib'], ['/lib64', 'usr/lib64'], ['/sbin', 'usr/sbin'], ['/var/lock', '/run/lock'], ['/var/run', '/run'], ['/etc/os-release', '../usr/lib/os-release'], ['/etc/mtab', '../proc/self/mounts'],
];

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`;

const PROFILE = `# /etc/profile: system-wide settings for login shells
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH
if [ "\${PS1-}" ]; then
  if [ "\${BASH-}" ] && [ "$BASH" != "/bin/sh" ]; then
    if [ -f /etc/bash.bashrc ]; then
      . /etc/bash.bashrc
    fi
  fi
fi
if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r $i ]; then
      . $i
    fi
  done
  unset i
fi
`;

const BASH_BASHRC = `# /etc/bash.bashrc: system-wide settings for interactive shells
[ -z "\${PS1-}" ] && return
shopt -s checkwinsize
PS1='\${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '
`;

const SKEL_BASHRC = `# ~/.bashrc: executed by bash(1) for non-login shells
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
shopt -s histappend
HISTSIZE=1000
HISTFILESIZE=2000
shopt -s checkwinsize
PS1='\${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '
if [ -f ~/.bash_aliases ]; then
    . ~/.bash_aliases
fi
`;

const SKEL_PROFILE = `# ~/.profile: executed by the command interpreter for login shells
if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
        . "$HOME/.bashrc"
    fi
fi
if [ -d "$HOME/bin" ] ; then
    PATH="$HOME/bin:$PATH"
fi
if [ -d "$HOME/.local/bin" ] ; then
    PATH="$HOME/.local/bin:$PATH"
fi
`;

const PROTOCOLS = `ip	0	IP
icmp	1	ICMP
igmp	2	IGMP
ipencap	4	IP-ENCAP
tcp	6	TCP
udp	17	UDP
ipv6	41	IPv6
gre	47	GRE
esp	50	IPSEC-ESP
ah	51	IPSEC-AH
ipv6-icmp	58	IPv6-ICMP
sctp	132	SCTP
`;

const TABLES = `#
# reserved values
#
255	local
254	main
253	default
0	unspec
#
# local
#
#1	inr.ruhep
`;

export function debianFiles(hostname: string): ImageFile[] {
  return [
    ...DIRECTORIES.map((path) => ({ path: `/${path}` })),
    ...SYMLINKS.map(([path, link]) => ({ path, link })),
    { path: '/root', mode: 0o700 },
    { path: '/usr/lib/os-release', content: OS_RELEASE },
    { path: '/etc/debian_version', content: '12.8\n' },
    { path: '/etc/issue', content: 'Debian GNU/Linux 12 \\n \\l\n\n' },
    { path: '/etc/hostname', content: `${hostname}\n` },
    { path: '/etc/hosts', content: `127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n` },
    { path: '/etc/resolv.conf', content: '' },
    { path: '/etc/networks', content: 'default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n' },
    { path: '/etc/nsswitch.conf', content: 'passwd:         files\ngroup:          files\nshadow:         files\nhosts:          files dns\n' },
    { path: '/etc/shells', content: '/bin/sh\n/bin/bash\n/usr/bin/bash\n' },
    { path: '/etc/services', content: SERVICES },
    { path: '/etc/protocols', content: PROTOCOLS },
    { path: '/etc/iproute2/rt_tables', content: TABLES },
    { path: '/etc/profile', content: PROFILE },
    { path: '/etc/bash.bashrc', content: BASH_BASHRC },
    { path: '/etc/skel/.bashrc', content: SKEL_BASHRC },
    { path: '/etc/skel/.profile', content: SKEL_PROFILE },
    { path: '/etc/skel/.bash_logout', content: '# ~/.bash_logout: executed by bash(1) when login shell exits.\n' },
    { path: '/root/.bashrc', content: '# ~/.bashrc: executed by bash(1) for non-login shells.\n' },
    { path: '/root/.profile', content: '# ~/.profile: executed by Bourne-compatible login shells.\nif [ "$BASH" ]; then\n  if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\n  fi\nfi\n' },
    { path: '/etc/sudoers', content: 'Defaults\tenv_reset\nDefaults\tmail_badpass\nDefaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) NOPASSWD: ALL\n', mode: 0o440 },
    { path: '/etc/sysctl.conf', content: '# /etc/sysctl.conf: see sysctl.conf(5)\n' },
    { path: '/etc/fstab', content: '# /etc/fstab: static file system information.\nUUID=0 / ext4 rw,discard,errors=remount-ro 0 1\n' },
    { path: '/etc/localtime', link: '/usr/share/zoneinfo/Etc/UTC' },
    { path: '/etc/timezone', content: 'Etc/UTC\n' },
    { path: '/var/log/syslog', content: '', mode: 0o640, gid: 4 },
  ];
}

export function accountFiles(users: readonly ImageUser[], groups: readonly ImageGroup[]): ImageFile[] {
  return [
    { path: '/etc/passwd', content: users.map((user) => `${user.name}:x:${user.uid}:${user.gid}:${user.gecos}:${user.home}:${user.shell}\n`).join('') },
    { path: '/etc/group', content: groups.map((group) => `${group.name}:x:${group.gid}:${group.members.join(',')}\n`).join('') },
    { path: '/etc/shadow', content: users.map((user) => `${user.name}:*:20000:0:99999:7:::\n`).join(''), mode: 0o640, gid: 42 },
  ];
}

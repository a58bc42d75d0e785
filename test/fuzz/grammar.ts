/** Inputs that look right: bash scripts, capture filters, and command lines of the network tools. */
import type { FuzzDice } from './dice.ts';

const NAMES = ['a', 'b', 'x', 'n', 'arr', 'IFS', 'PATH', 'HOME', '1', '@', '*', '#', '?', '!', '_', 'RANDOM', 'SECONDS', 'LINENO', 'PS1', 'BASH_REMATCH', 'PIPESTATUS', 'OPTIND', 'REPLY'] as const;
const LITERALS = ['a', 'foo', '1', '0', '-1', '10.0.0.1', '"two words"', "'single $x'", "$'a\\tb\\x41\\u263a'", '*', '*.txt', '[a-z]*', '{a,b,c}', '{1..5}', '{z..a..3}', '~', '~root', '', '""', '-n', '-e', '--', '\\', '=', 'é', '漢字', '@(a|b)', '[[:alpha:]]'] as const;
const ARITHMETIC = ['+', '-', '*', '/', '%', '**', '<<', '>>', '&', '|', '^', '&&', '||', '<', '>', '==', '!=', '=', '+=', '/=', '%=', ',', '?1:'] as const;
const EXPANSIONS = [':-', '-', ':=', ':+', ':?', '#', '##', '%', '%%', '/', '//', '/#', '/%', '^', '^^', ',', ',,', '@Q', '@E', '@A', '@a', '@P', ':0:2', ': -2', ':1', '[0]', '[@]', '[*]', '[-1]', '[x]', '[1+1]'] as const;
const SIMPLE = [
  'echo', 'printf "%s %d %q\\n"', 'true', 'false', ':', 'test', '[', 'read x <<<', 'read -r -a arr -d : <<<', 'set --', 'shift', 'local x=', 'declare -A m=', 'declare -i n=', 'declare -p', 'export', 'unset', 'eval', 'trap', 'cd', 'pwd', 'type', 'let', 'getopts ab:', 'mapfile arr <<<', 'printf -v x',
  'return', 'break', 'continue', 'exit', 'wait', 'jobs', 'kill', 'umask', 'ulimit', 'shopt -s', 'set -o', 'hash', 'alias', 'history', 'fc', 'source', 'exec', 'command', 'builtin', 'times', 'test -f', 'dirs', 'pushd', 'popd', 'caller', 'compgen -A', 'complete', 'enable', 'help', 'bind', 'readonly', 'disown', 'fg', 'bg', 'suspend', 'declare -n r=', 'shopt -u', 'printf "%*.*f|%x|%c|%b|%(%F)T"',
  'cat', 'ls', 'ls -la', 'grep', 'grep -E', 'sed', 'sed -n', 'awk', 'sort', 'sort -k', 'uniq -c', 'cut -d: -f', 'tr', 'head -n', 'tail -n', 'wc', 'seq', 'basename', 'dirname', 'find', 'xargs', 'tee', 'date', 'sleep 0.1', 'touch', 'mkdir', 'rm', 'cp', 'mv', 'ln -s', 'chmod', 'chown', 'stat', 'du', 'df', 'ps', 'uname -a', 'hostname', 'id', 'who', 'env', 'od -c', 'hexdump -C', 'base64', 'rev', 'paste', 'diff', 'jq .', 'jq', 'printenv', 'expr', 'bc', 'timeout 1', 'nohup', 'column -t', 'file', 'less', 'more', 'man', 'nano', 'vi', 'watch', 'top -b -n 1', 'tput', 'stty', 'script -c', 'screen', 'sudo', 'su', 'python3 -c', 'curl -m 1', 'wget', 'nc -w 1', 'dig', 'host', 'getent hosts',
] as const;

function literal(dice: FuzzDice): string {
  return dice.once(30) ? String.fromCharCode(dice.below(0x250)) : dice.pick(LITERALS);
}

function word(dice: FuzzDice, depth: number): string {
  if (depth <= 0) return literal(dice);
  switch (dice.below(12)) {
    case 0: return `$${dice.pick(NAMES)}`;
    case 1: return `\${${dice.pick(NAMES)}${dice.pick(EXPANSIONS)}${dice.once(2) ? literal(dice) : ''}}`;
    case 2: return `"$${dice.pick(NAMES)}${literal(dice).replaceAll('"', '')}"`;
    case 3: return `$(${script(dice, depth - 2)})`;
    case 4: return `$((${arithmetic(dice, depth - 1)}))`;
    case 5: return `"\${${dice.pick(['!', '#', ''])}${dice.pick(NAMES)}${dice.pick(EXPANSIONS)}${word(dice, depth - 2).replaceAll('"', '')}}"`;
    case 6: return `<(${script(dice, depth - 2)})`;
    case 7: return word(dice, depth - 1) + word(dice, depth - 1);
    default: return literal(dice);
  }
}

function arithmetic(dice: FuzzDice, depth: number): string {
  if (depth <= 0 || dice.once(3)) return dice.pick(['1', '0', 'x', 'n', '-1', '08', '2#101', '64#_', '0x7fffffffffffffff', '9223372036854775807', 'arr[1]', 'x++', '--n', '!x', '~1', '$x', '']);
  if (dice.once(4)) return `(${arithmetic(dice, depth - 1)})`;
  return `${arithmetic(dice, depth - 1)} ${dice.pick(ARITHMETIC)} ${arithmetic(dice, depth - 1)}`;
}

function redirection(dice: FuzzDice, depth: number): string {
  return dice.pick(['>', '>>', '<', '<>', '>|', '2>', '&>', '2>&1', '>&2', '<&0', '3>&1', '3>&-', '<<<', '{fd}>', '1>&9']) + dice.pick([' /dev/null', ' out', ` ${word(dice, depth - 1)}`, '']);
}

function simple(dice: FuzzDice, depth: number): string {
  const assignments = dice.once(6) ? `${dice.pick(['x', 'n', 'arr', 'arr[1]', 'IFS', 'm[k]'])}${dice.pick(['=', '+='])}${dice.once(4) ? `(${dice.many(0, 3, () => word(dice, depth - 1)).join(' ')})` : word(dice, depth - 1)} ` : '';
  const words = dice.many(0, 3, () => word(dice, depth - 1)).join(' ');
  return `${assignments}${dice.pick(SIMPLE)} ${words}${dice.once(5) ? ` ${redirection(dice, depth)}` : ''}`;
}

function command(dice: FuzzDice, depth: number): string {
  if (depth <= 0) return simple(dice, 1);
  const inner = (): string => script(dice, depth - 1);
  switch (dice.below(16)) {
    case 0: return `if ${inner()}; then ${inner()}; ${dice.once(2) ? `else ${inner()}; ` : ''}fi`;
    case 1: return `for x in ${dice.many(0, 3, () => word(dice, depth - 1)).join(' ')}; do ${inner()}; done`;
    case 2: return `for ((i=0; i<${dice.below(4)}; i++)); do ${inner()}; done`;
    case 3: return `while ${inner()}; do ${inner()}; break; done`;
    case 4: return `case ${word(dice, depth - 1)} in ${word(dice, depth - 1)}|*) ${inner()} ${dice.pick([';;', ';&', ';;&'])} esac`;
    case 5: return `( ${inner()} )`;
    case 6: return `{ ${inner()}; } ${redirection(dice, depth)}`;
    case 7: return `f() { ${inner()}; }; f ${word(dice, depth - 1)}`;
    case 8: return `[[ ${word(dice, depth - 1)} ${dice.pick(['==', '!=', '=~', '<', '-eq', '-nt', '-a'])} ${word(dice, depth - 1)} ]]`;
    case 9: return `(( ${arithmetic(dice, depth)} ))`;
    case 10: return `${simple(dice, depth)} | ${command(dice, depth - 1)}`;
    case 11: return `cat <<${dice.pick(['E', "'E'", '-E'])}\n${word(dice, depth - 1)}\n${dice.once(8) ? '' : 'E'}\n`;
    case 12: return `${dice.pick(['!', 'time', 'coproc'])} ${command(dice, depth - 1)}`;
    default: return simple(dice, depth);
  }
}

export function script(dice: FuzzDice, depth: number): string {
  return dice.many(1, 2, () => command(dice, depth - 1)).join(dice.pick(['; ', ' && ', ' || ', '\n', '; ', ' & ']));
}

// ---------------------------------------------------------------- capture filters

const QUALIFIERS = ['src', 'dst', 'src or dst', 'src and dst', ''] as const;
const PROTOCOLS = ['ether', 'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'icmp', 'icmp6', 'igmp', 'sctp', 'vlan', 'link', 'wlan', 'stp', 'ah', 'esp', 'mpls', 'pppoes', 'geneve'] as const;

export function captureFilter(dice: FuzzDice, depth: number): string {
  if (depth > 0) {
    switch (dice.below(7)) {
      case 0: return `(${captureFilter(dice, depth - 1)})`;
      case 1: return `${dice.pick(['not', '!'])} ${captureFilter(dice, depth - 1)}`;
      case 2:
      case 3: return `${captureFilter(dice, depth - 1)} ${dice.pick(['and', 'or', '&&', '||', '', 'and not'])} ${captureFilter(dice, depth - 1)}`;
      default:
    }
  }
  const address = dice.pick(['10.0.0.1', '192.168.255.0/24', '10.1', '10.0.0.1/8', 'fe80::1', '2001:db8::/32', '::', '02:00:00:00:00:01', 'localhost', 'nowhere', '256.1.1.1', '0', '4294967295']);
  switch (dice.below(12)) {
    case 0: return `${dice.pick(PROTOCOLS)} ${dice.pick(QUALIFIERS)} host ${address}`;
    case 1: return `${dice.pick(QUALIFIERS)} net ${address}${dice.once(3) ? ` mask ${dice.pick(['255.255.255.0', '0.0.0.0', '1.2.3.4'])}` : ''}`;
    case 2: return `${dice.pick(PROTOCOLS)} ${dice.pick(QUALIFIERS)} port ${dice.pick(['80', 'http', '0', '65536', 'domain', 'nosuch', '0x50'])}`;
    case 3: return `${dice.pick(QUALIFIERS)} portrange ${dice.below(100)}-${dice.pick(['10', '99', '65535', 'http', ''])}`;
    case 4: return `${dice.pick(PROTOCOLS)}[${accessor(dice)}] ${dice.pick(['=', '!=', '>', '<', '>=', '<=', '&', '=='])} ${dice.pick(['0', '0xff', 'tcp-syn', 'icmp-echo', '4294967295', 'len', '1 + 2 * 3', '1/0', '5 % 0', 'ip[0] & 0xf'])}`;
    case 5: return `${dice.pick(['less', 'greater'])} ${dice.pick(['0', '64', '-1', '99999999999'])}`;
    case 6: return `${dice.pick(PROTOCOLS)} ${dice.pick(['proto', 'protochain', 'broadcast', 'multicast', 'gateway', ''])} ${dice.pick(['', 'tcp', '6', '\\tcp', '300', 'host1'])}`;
    case 7: return `vlan ${dice.pick(['', '1', '4095', '4096'])}`;
    case 8: return dice.pick(['inbound', 'outbound', 'ifindex 1', 'ether host ff:ff:ff:ff:ff:ff', 'len > 60', 'len / 2 = 3', '0', '1 = 1', 'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', 'mpls 5', 'pppoes']);
    case 9: return `${dice.pick(PROTOCOLS)} and ${dice.pick(PROTOCOLS)}`;
    default: return dice.pick(PROTOCOLS);
  }
}

function accessor(dice: FuzzDice): string {
  const at = dice.pick(['0', '13', '2:2', '6:4', '0:3', 'tcpflags', 'icmptype', '65535', '4294967295', '-1', 'ip[0]', '(ip[0] & 0xf) * 4', '0:8', '']);
  return at;
}

// ---------------------------------------------------------------- network command lines

const IP_WORDS = [
  'link', 'address', 'route', 'neigh', 'netns', 'rule', 'monitor', 'maddress', 'tuntap', 'netconf', 'add', 'del', 'set', 'show', 'flush', 'replace', 'change', 'append', 'get', 'list', 'exec', 'identify', 'pids', 'attach', 'up', 'down', 'dev', 'name', 'type', 'veth', 'bridge', 'vlan', 'vxlan', 'macvlan', 'dummy', 'tap', 'peer', 'master', 'nomaster', 'netns', 'mtu', 'address', 'promisc', 'on', 'off', 'arp', 'multicast', 'txqueuelen', 'alias',
  'id', 'remote', 'local', 'dstport', 'via', 'src', 'metric', 'table', 'main', 'local', 'all', 'proto', 'static', 'scope', 'link', 'host', 'global', 'onlink', 'nexthop', 'weight', 'unreachable', 'blackhole', 'prohibit', 'throw', 'nat', 'from', 'to', 'iif', 'oif', 'fwmark', 'lookup', 'prio', 'tos', 'lladdr', 'nud', 'permanent', 'reachable', 'stale', 'failed', 'proxy', 'broadcast', '+', 'brd', 'label', 'valid_lft', 'preferred_lft', 'forever', 'nodad', 'default', 'mode', 'user', 'group', 'state', 'dynamic', 'stp_state', 'ageing_time', 'forward_delay', 'vlan_filtering', 'hairpin', 'protocol', '802.1Q', 'vf', 'qlen', 'index', 'numtxqueues', 'mode', 'passthru', 'private',
];
const IP_FLAGS = ['-4', '-6', '-s', '-s -s', '-d', '-br', '-o', '-j', '-p', '-j -p', '-c', '-n', '-r', '-t', '-a', '-all', '-netns', '-family', '-h', '-V', '-b', '-force', '-B', '-0', '-M'];
const TARGETS = ['ACCEPT', 'DROP', 'REJECT', 'MASQUERADE', 'SNAT', 'DNAT', 'REDIRECT', 'LOG', 'MARK', 'CONNMARK', 'RETURN', 'TCPMSS', 'TTL', 'TRACE', 'NOTRACK', 'CT', 'NETMAP', 'QUEUE', 'MINE', 'FORWARD', 'TOS', 'DSCP', 'CLASSIFY', 'TPROXY', 'CHECKSUM', 'AUDIT', 'SET', 'NFLOG', 'NFQUEUE', 'HL'];
const MATCHES = ['tcp', 'udp', 'icmp', 'conntrack', 'state', 'comment', 'limit', 'statistic', 'recent', 'mark', 'connmark', 'addrtype', 'multiport', 'iprange', 'mac', 'physdev', 'owner', 'set', 'string', 'time', 'length', 'ttl', 'pkttype', 'hashlimit', 'connlimit', 'tos', 'dscp', 'u32', 'bpf', 'rpfilter', 'socket', 'devgroup', 'quota', 'icmp6'];
const RULE_OPTIONS = [
  '--dport', '--sport', '--dports', '--sports', '--ports', '--ctstate', '--state', '--comment', '--limit', '--limit-burst', '--mode', '--probability', '--every', '--packet', '--name', '--rcheck', '--update', '--set', '--remove', '--seconds', '--hitcount', '--reap', '--rttl', '--rsource', '--rdest', '--mask', '--mark', '--dst-type', '--src-type', '--limit-iface-in', '--src-range', '--dst-range', '--mac-source',
  '--physdev-in', '--physdev-out', '--physdev-is-bridged', '--uid-owner', '--gid-owner', '--icmp-type', '--tcp-flags', '--syn', '--tcp-option', '--to-destination', '--to-source', '--to-ports', '--random', '--random-fully', '--persistent', '--reject-with', '--log-prefix', '--log-level', '--set-mark', '--set-xmark', '--or-mark', '--and-mark', '--xor-mark', '--save-mark', '--restore-mark', '--nfmask', '--ctmask', '--clamp-mss-to-pmtu', '--set-mss', '--ttl-set', '--ttl-inc', '--ttl-eq', '--ttl-lt', '--length', '--pkt-type', '--ctproto', '--ctorigsrc', '--ctorigdst', '--ctorigdstport', '--ctstatus', '--ctexpire', '--ctdir', '--to', '--notrack', '--zone', '-s', '-d', '-i', '-o', '-p', '-f', '-4', '-6', '-c', '-g', '!',
];
const VALUES = [
  'eth0', 'lo', 'cbr0', 'veth0', 'veth1', 'br0', 'toolongname0123456', 'eth+', 'demo', 'demo-ns', 'x', '-', '10.0.0.1', '10.0.0.0/24', '192.168.255.1/24', '10.142.0.1', '0/0', '::1', 'fe80::1/64', '2001:db8::/32', '10.0.0.1/33', '10.0.0.1/255.255.255.0', '10.0.0.1-10.0.0.9', '10.0.0.1:80', '10.0.0.1:80-90', '80', '80:90', '90:80', '1,2,3', '0', '1', '-1', '65536', '4294967295', '4294967296', '0x1/0xff', '0xffffffff', '0.5', '5/sec', '1/h', '3/parsec', 'ESTABLISHED,RELATED',
  'NEW', 'SYN,ACK SYN', 'ALL NONE', 'echo-request', 'port-unreachable', 'tcp-reset', 'nth', 'random', 'LOCAL', 'BROADCAST', 'tcp', 'udp', 'icmp', 'all', '6', '255', '256', 'http', 'root', '02:00:00:00:00:01', 'ff:ff:ff:ff:ff:ff', '1500', '67', '68', '65535', '""', '"a b"', 'é', '1.2.3', '010.0.0.1', 'name with', '%d', 'veth%d', '1', '2', '3',
];
const CHAINS = ['INPUT', 'OUTPUT', 'FORWARD', 'PREROUTING', 'POSTROUTING', 'MINE', 'KUBE-SERVICES', 'NOPE', '-', 'A-VERY-LONG-CHAIN-NAME-INDEED-IT-IS'];
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  brctl: ['addbr', 'delbr', 'addif', 'delif', 'show', 'showmacs', 'showstp', 'setageing', 'setfd', 'sethello', 'setmaxage', 'setbridgeprio', 'setpathcost', 'setportprio', 'stp', 'hairpin', 'on', 'off', '-h', '-V'],
  conntrack: ['-L', '-E', '-D', '-F', '-C', '-S', '-G', '-U', '-I', '-p', '-s', '-d', '-r', '-q', '-n', '-g', '-j', '--sport', '--dport', '--orig-port-src', '--orig-port-dst', '--state', '-m', '-o', 'extended', 'xml', 'id', 'timestamp', '-e', 'NEW', 'ALL', '-f', 'ipv4', 'ipv6', '-t', '-u', 'ASSURED', '-z', '-w', '-h', '-V', 'conntrack', 'expect', 'dying'],
  tc: ['qdisc', 'class', 'filter', 'add', 'del', 'show', 'replace', 'change', 'dev', 'root', 'netem', 'tbf', 'pfifo', 'bfifo', 'pfifo_fast', 'noqueue', 'htb', 'fq_codel', 'eth0', 'veth0', '32kbit', 'latency', '400ms', 'peakrate', 'mtu', '1540', 'delay', '10ms', '100ms', 'loss', '10%', '0.1%', 'rate', '1mbit', 'burst', 'limit', 'duplicate', 'reorder', 'corrupt', 'distribution', 'normal', 'handle', '1:', 'parent', '-s', '-d', '-j', '-h', '-V'],
  bridge: ['link', 'fdb', 'mdb', 'vlan', 'monitor', 'show', 'add', 'append', 'del', 'set', 'dev', 'br', 'brport', 'master', 'self', 'dst', 'vlan', 'vni', 'static', 'dynamic', 'permanent', 'hairpin', 'on', 'off', 'learning', 'flood', 'cost', 'priority', 'state', '-s', '-d', '-j', '-c', '-V'],
  ss: ['-t', '-u', '-l', '-n', '-a', '-p', '-e', '-m', '-o', '-i', '-s', '-4', '-6', '-x', '-w', '-H', '-O', '-N', 'state', 'established', 'listening', 'connected', 'src', 'dst', 'sport', 'dport', '=', ':80', '10.0.0.1:80', '(', ')', 'or', 'and', 'not', 'dev', '-K', '-E'],
  ping: ['-c', '-i', '-W', '-w', '-s', '-q', '-n', '-I', '-M', 'do', 'want', 'dont', '-t', '-f', '-D', '-O', '-R', '-T', 'tsonly', '-4', '-6', '-p', 'ff', '-Q', '-l', '-b', '-a', '-A', '-v', '-V', '-L', '-B', '-S', '-m', '-e', '-h', '0.2', '8.8.8.8', '-T'],
  arping: ['-c', '-w', '-I', '-D', '-U', '-A', '-s', '-q', '-b', '-f', '-V', '-i', '0.2', '10.142.0.1'],
  tcpdump: ['-i', 'any', '-n', '-nn', '-c', '-e', '-v', '-vv', '-vvv', '-q', '-t', '-tt', '-ttt', '-S', '-x', '-xx', '-X', '-XX', '-A', '-l', '-p', '-s', '-w', '-r', '-D', '-L', '-K', '-#', '-Q', 'in', 'out', '-d', '-ddd', '-G', '-C', '-W', '-E', '-F', '-y', '-h', '--version', '-j', '-U', '-O', 'icmp', 'arp', 'port', 'host'],
  sysctl: ['-w', '-n', '-a', '-q', '-p', '-e', '-N', '-b', '-r', '--system', 'net.ipv4.ip_forward', 'net.ipv4.ip_forward=1', 'net/ipv4/conf/eth0/rp_filter=2', 'net.ipv4.conf.all.forwarding', 'net.ipv4.tcp_rmem=1', 'kernel.hostname=x', 'net.ipv4', 'net.ipv6.conf.lo.disable_ipv6=1', '=', 'net.', '.', 'nope=1', 'net.ipv4.icmp_ratelimit=99999999999', 'net.ipv4.ip_local_port_range=5'],
  arp: ['-n', '-a', '-d', '-s', '-i', '-v', '-e', '-D', 'pub', 'temp', 'netmask', '-f', '-V', '-H', 'ether'],
  ifconfig: ['-a', '-s', '-v', 'up', 'down', 'mtu', 'netmask', 'broadcast', 'hw', 'ether', 'add', 'del', 'promisc', '-promisc', 'arp', '-arp', 'eth0:1', 'pointopoint', 'txqueuelen', 'metric', 'multicast', 'allmulti', 'tunnel'],
  route: ['-n', '-e', '-ee', '-A', 'inet6', 'add', 'del', '-net', '-host', 'gw', 'netmask', 'dev', 'metric', 'default', 'reject', 'mss', 'window', 'flush', '-C', '-F', '-V'],
  netstat: ['-r', '-n', '-t', '-u', '-l', '-a', '-p', '-i', '-s', '-g', '-c', '-e', '-o', '-M', '-W', '-x', '-4', '-6'],
  traceroute: ['-n', '-m', '-q', '-w', '-I', '-T', '-U', '-p', '-f', '-i', '-s', '-4', '-6', '-N', '-z', '-F', '-A', '-M', 'icmp', '-t', '-V', '1', '8.8.8.8'],
  ethtool: ['eth0', 'veth0', 'lo', '-i', '-k', '-K', '-S', '-s', '-g', '-a', '-c', '-p', '-l', '-n', '-x', '-T', '-m', '-e', '-d', '-t', '-r', '-A', '-G', '-L', '-C', '--json', '--show-eee', '--show-features', 'speed', '100', 'duplex', 'full', 'autoneg', 'wol', 'g', 'tx', 'rx', 'on', 'off', 'gro', '--version'],
  nsenter: ['-t', '-n', '-m', '-u', '-a', '--net=/run/netns/demo', '--', 'ip', 'link', '$$', '1'],
  unshare: ['-n', '-m', '-r', '-f', '-p', '--', 'ip', 'link', 'true'],
  nft: ['list', 'ruleset', 'tables', 'table', 'ip', 'nat', 'filter', 'chain', 'add', 'rule', 'flush', 'delete', '-a', '-n', '-j', '-f', '{', '}', ';', 'POSTROUTING'],
};

/** The program's words and values in any order, or nearly as its manual wants them. */
export function networkCommand(dice: FuzzDice): string {
  const kind = dice.below(3);
  if (kind === 0) return ipCommand(dice);
  if (kind === 1) return iptablesCommand(dice);
  const program = dice.pick(Object.keys(OTHER_WORDS));
  const words = dice.many(0, 8, () => (dice.once(3) ? dice.pick(VALUES) : dice.pick(OTHER_WORDS[program]!)));
  return `${program} ${words.join(' ')}`;
}

function ipCommand(dice: FuzzDice): string {
  const flags = dice.once(3) ? `${dice.pick(IP_FLAGS)} ` : '';
  if (dice.once(3)) {
    const shaped = dice.pick([
      'link add NAME type KIND', 'link add NAME type veth peer name NAME', 'link set NAME KEY VALUE', 'link set NAME up', 'link set NAME master NAME', 'link set NAME netns NAME', 'link del NAME', 'addr add VALUE dev NAME', 'addr del VALUE dev NAME', 'addr flush dev NAME', 'route add VALUE via VALUE', 'route add VALUE dev NAME KEY VALUE', 'route del VALUE', 'route get VALUE KEY VALUE',
      'neigh add VALUE lladdr VALUE dev NAME', 'neigh del VALUE dev NAME', 'neigh flush all', 'netns add NAME', 'netns del NAME', 'netns exec NAME ip link', 'netns exec NAME ip link set lo up', 'rule add from VALUE lookup VALUE', 'rule del prio VALUE', 'link add NAME link NAME type KIND id VALUE', 'link set NAME name NAME', 'tuntap add NAME mode tap', 'link set NAME type KIND KEY VALUE', 'route show KEY VALUE', 'netns set NAME VALUE', 'addr show KEY VALUE',
    ]);
    const name = (): string => dice.pick(['eth0', 'lo', 'cbr0', 'veth0', 'veth1', 'br0', 'demo', 'v1', 'd0', 'x'] as const);
    const filled = shaped.replace(/NAME|KIND|KEY|VALUE/g, (slot) => (slot === 'NAME' ? name() : slot === 'KIND' ? dice.pick(['veth', 'bridge', 'dummy', 'vlan', 'vxlan', 'macvlan', 'ifb', 'bond', 'tun', 'ipvlan', 'vrf']) : slot === 'KEY' ? dice.pick(IP_WORDS) : dice.pick(VALUES)));
    return `ip ${flags}${filled}`;
  }
  return `ip ${flags}${dice.pick(IP_WORDS.slice(0, 10))} ${dice.many(0, 8, () => (dice.once(3) ? dice.pick(VALUES) : dice.pick(IP_WORDS))).join(' ')}`;
}

export function ruleWords(dice: FuzzDice): string {
  const parts = dice.many(0, 4, () => {
    switch (dice.below(4)) {
      case 0: return `-m ${dice.pick(MATCHES)} ${dice.pick(RULE_OPTIONS)} ${dice.pick(VALUES)}`;
      case 1: return `-p ${dice.pick(['tcp', 'udp', 'icmp', 'all', '6', 'icmpv6', 'sctp'])} ${dice.pick(RULE_OPTIONS)} ${dice.pick(VALUES)}`;
      case 2: return `${dice.once(4) ? '! ' : ''}${dice.pick(['-s', '-d', '-i', '-o', '-p'])} ${dice.pick(VALUES)}`;
      default: return `${dice.pick(RULE_OPTIONS)} ${dice.pick(VALUES)}`;
    }
  });
  return `${parts.join(' ')} ${dice.once(6) ? '' : `-j ${dice.pick(TARGETS)} ${dice.once(2) ? `${dice.pick(RULE_OPTIONS)} ${dice.pick(VALUES)}` : ''}`}`;
}

function iptablesCommand(dice: FuzzDice): string {
  const program = dice.pick(['iptables', 'iptables', 'iptables', 'ip6tables', 'iptables-save', 'iptables-restore <<<']);
  const table = dice.once(2) ? `-t ${dice.pick(['nat', 'filter', 'mangle', 'raw', 'security', 'nope'])} ` : '';
  const verb = dice.pick(['-A', '-A', '-A', '-I', '-D', '-C', '-R', '-L', '-S', '-F', '-N', '-X', '-E', '-P', '-Z']);
  const flags = dice.many(0, 2, () => dice.pick(['-n', '-v', '-vv', '-x', '--line-numbers', '-w', '-W 1', '-c 1 2', '-M x'])).join(' ');
  return `${program} ${table}${verb} ${dice.pick(CHAINS)} ${dice.once(4) ? dice.pick(VALUES) : ''} ${'AIDRC'.includes(verb[1]!) || dice.once(6) ? ruleWords(dice) : ''} ${flags}`;
}

export function restoreText(dice: FuzzDice): string {
  const table = (): string => {
    const lines = dice.many(0, 8, () => {
      switch (dice.below(8)) {
        case 0: return `:${dice.pick(CHAINS)} ${dice.pick(['ACCEPT', 'DROP', '-', 'REJECT', ''])} ${dice.pick(['[0:0]', '[1:2]', '[x:y]', '[', ''])}`;
        case 1: return `# ${dice.pick(VALUES)}`;
        case 2: return `${dice.pick(['-F', '-X', '-N', '-P', '-Z', '-D', '-L', '-S', '-t nat -A'])} ${dice.pick(CHAINS)} ${dice.pick(VALUES)}`;
        default: return `${dice.once(5) ? '[3:4] ' : ''}${dice.pick(['-A', '-A', '-I', '-D', '-R'])} ${dice.pick(CHAINS)} ${dice.once(4) ? dice.pick(VALUES) : ''} ${ruleWords(dice)}`;
      }
    });
    return `*${dice.pick(['filter', 'nat', 'mangle', 'raw', 'nope', ''])}\n${lines.join('\n')}\n${dice.once(8) ? '' : 'COMMIT\n'}`;
  };
  return dice.many(1, 3, table).join('');
}

// ---------------------------------------------------------------- keys

const KEYS = [
  '\r', '\r', '\n', '\t', '\t\t', '\x7f', '\x01', '\x02', '\x03', '\x03', '\x04', '\x05', '\x06', '\x07', '\x08', '\x0b', '\x0c', '\x0e', '\x0f', '\x10', '\x11', '\x12', '\x13', '\x14', '\x15', '\x16', '\x17', '\x18', '\x19', '\x1a', '\x1b', '\x1c', '\x1d', '\x1e', '\x1f', '\0', '\x1b[A', '\x1b[B', '\x1b[C', '\x1b[D', '\x1b[H', '\x1b[F', '\x1b[3~', '\x1b[5~', '\x1b[6~', '\x1b[2~', '\x1bOA', '\x1bOP', '\x1b[1;5C', '\x1b[1;5D',
  '\x1bb', '\x1bf', '\x1bd', '\x1b\x7f', '\x1b.', '\x1b_', '\x1bu', '\x1bl', '\x1bc', '\x1bt', '\x1b<', '\x1b>', '\x1by', '\x1b#', '\x1b*', '\x1b?', '\x1b1', '\x1b-', '\x18\x18', '\x18\x05', '\x18\x15', '\x18(', '\x18)', '\x18e', '\x1b[Z', '\x1b[200~pasted\ntext\x1b[201~', '\x1b[200~', '\x1b[201~', '\x1b[999;999R', '\x1b[?1;2c', '\x1b]0;x\x07', '\x1b[I', '\x1b[M !!', '\x1b[<0;1;1M',
  'q', 'y', 'n', ':', '/', ' ', 'a', 'é', '漢', '🐧', '\u0301', '!!', '!$', '!e', '^a^b', '"', "'", '$(', '{', '(', '|', '&', '#', '\\', '0', '9',
] as const;
const LINES = [
  'ls -la\r', 'echo hi\r', 'cat\r', 'cat > f\r', 'less /etc/passwd\r', 'nano f\r', 'vi f\r', 'watch -n 0.1 date\r', 'top\r', 'man ip\r', 'ping 8.8.8.8\r', 'sleep 5\r', 'sleep 5 &\r', 'fg\r', 'bg\r', 'jobs\r', 'bash\r', 'exit\r', 'screen\r', 'screen -r\r', '\x01c', '\x01d', '\x01"', '\x01k', '\x01[', '\x01n', '\x01A', '\x01:', '\x01?', '\x01S', '\x01\t', '\x01|', 'sudo -i\r', 'sudo tcpdump -n -i any\r', 'stty -a\r', 'stty raw\r', 'stty sane\r', 'reset\r', 'for i in 1 2 3; do\r', 'done\r', 'cat <<E\r', 'E\r',
  'read x\r', 'read -e x\r', 'read -s -n 3 x\r', 'read -t 0.1\r', 'select x in a b; do\r', 'history\r', 'set -o vi\r', 'set -o emacs\r', 'python3\r', 'more /etc/services\r', 'seq 500 | less\r', 'yes | head -3\r', 'sudo ip link add br0 type bridge\r', 'ip netns exec ', 'ip link set ', 'iptables -t nat -', 'kill %1\r', 'logout\r', 'exec bash\r', "PS1='\\w\\$ \\[\\e[31m\\]'\r", 'trap "echo T" INT\r', 'script\r', 'tail -f /var/log/syslog\r', 'wait\r', 'sudo su\r', 'clear\r', 'tput cols\r', 'printf "\\e[2J\\e[5;5H"\r', ':q!\r', ':wq\r', 'iabc\x1b', 'dd', 'yyp', 'G', 'gg', '/root\r', 'vi -c "set nu" /etc/passwd\r', ':%s/o/0/g\r', ':g/a/d\r', ':2,4m0\r', ':set list\r', ':e nosuch\r', ':!ls\r', ':r !date\r', ':split\r', ':help\r', 'ciw', 'd2w', '3J', 'V', 'v', '\x16', 'qa', '@a', '"ayy', '"ap', 'ma', '`a', 'f(', ';', '%', 'u', '\x12', '.', '~', 'R', 'o', 'ZZ', '>>', 'zt', 'n', 'N', '*',
] as const;

export function keySequence(dice: FuzzDice): string[] {
  return dice.many(3, 40, () => (dice.once(4) ? dice.pick(LINES) : dice.once(12) ? String.fromCharCode(dice.below(256)) : dice.pick(KEYS)));
}

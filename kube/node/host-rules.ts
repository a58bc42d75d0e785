/**
 * What a node's boot and its kubelet put into the host's netfilter and sysctls before any Service exists.
 * Read first: kubernetes cluster/gce/gci/configure-helper.sh, config-ip-firewall; pkg/kubelet/kubelet_network_linux.go, syncNetworkUtil.
 */
import type { NetKernel } from '../../simulator/index.ts';
import type { Profile } from '../profiles/index.ts';
import { applyRules, ensureChain, ensureRule, restorePort } from './rules.ts';

const SYSCTLS: readonly (readonly [string, string])[] = [
  ['net/ipv4/ip_forward', '1'], ['net/ipv4/conf/all/route_localnet', '1'],
  ['net/bridge/bridge-nf-call-iptables', '1'], ['net/bridge/bridge-nf-call-ip6tables', '1'],
  // kube-proxy's own (conntrack.tcpEstablishedTimeout, conntrack.tcpCloseWaitTimeout).
  ['net/netfilter/nf_conntrack_tcp_timeout_established', '86400'], ['net/netfilter/nf_conntrack_tcp_timeout_close_wait', '3600'],
];
const MARTIAN = '! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP';
const PROTOCOLS = ['tcp', 'udp', 'icmp', 'sctp'];

/** At boot: the host lets everything of these protocols in and through; pods' packets to the world take the node's address. */
export function bootRules(kernel: NetKernel, { nonMasquerade }: Profile): void {
  for (const [key, value] of SYSCTLS) kernel.sysctl.set(0, key, value);
  const accept = ['INPUT', 'FORWARD'].flatMap((chain) => PROTOCOLS.map((protocol) => `-A ${chain} -p ${protocol} -j ACCEPT`));
  const note = (text: string): string => `-m comment --comment "ip-masq: ${text}"`;
  const lines = [
    '*filter', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT DROP [0:0]',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p icmp -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ...accept, '-A OUTPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT', '-A OUTPUT -o lo -j ACCEPT', 'COMMIT',
    '*nat', ':IP-MASQ - [0:0]',
    `-A POSTROUTING ${note('ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ chain')} -m addrtype ! --dst-type LOCAL -j IP-MASQ`,
    ...nonMasquerade.map(({ cidr, why }) => `-A IP-MASQ -d ${cidr} ${note(`${why} is not subject to MASQUERADE`)} -j RETURN`),
    `-A IP-MASQ ${note('outbound traffic is subject to MASQUERADE (must be last in chain)')} -j MASQUERADE`, 'COMMIT',
    '*mangle', '-I OUTPUT -s 169.254.169.254/32 -j DROP', 'COMMIT', '',
  ];
  refuse(applyRules(restorePort(kernel, 0), lines.join('\n')));
}

/** The kubelet's: chains for marking packets, and dropping those that are marked for it. It looks after them once a minute. */
export function kubeletRules(kernel: NetKernel, { proxy }: Profile): void {
  const port = restorePort(kernel, 0);
  if (proxy === undefined) return hintRules(port);
  const drop = '-m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP';
  for (const chain of ['KUBE-MARK-DROP', 'KUBE-MARK-MASQ', 'KUBE-POSTROUTING']) refuse(ensureChain(port, 'nat', chain));
  refuse(ensureChain(port, 'filter', 'KUBE-FIREWALL'));
  refuse(ensureRule(port, 'nat', 'KUBE-MARK-DROP', '-j MARK --set-xmark 0x8000/0x8000', 'append'));
  refuse(ensureRule(port, 'filter', 'KUBE-FIREWALL', drop, 'append'));
  if (proxy !== '2018') {
    refuse(ensureRule(port, 'filter', 'KUBE-FIREWALL', MARTIAN, 'append'));
  }
  for (const chain of ['OUTPUT', 'INPUT']) refuse(ensureRule(port, 'filter', chain, '-j KUBE-FIREWALL'));
  refuse(ensureRule(port, 'nat', 'KUBE-MARK-MASQ', '-j MARK --set-xmark 0x4000/0x4000', 'append'));
  refuse(ensureRule(port, 'nat', 'POSTROUTING', '-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING'));
}

/** Since 1.27 the kubelet leaves marking to whoever needs it (IPTablesOwnershipCleanup): no packet is led anywhere by what remains. */
function hintRules(port: ReturnType<typeof restorePort>): void {
  for (const [table, chain] of [['mangle', 'KUBE-IPTABLES-HINT'], ['mangle', 'KUBE-KUBELET-CANARY'], ['nat', 'KUBE-KUBELET-CANARY'], ['filter', 'KUBE-KUBELET-CANARY'], ['filter', 'KUBE-FIREWALL']] as const) refuse(ensureChain(port, table, chain));
  refuse(ensureRule(port, 'filter', 'KUBE-FIREWALL', MARTIAN, 'append'));
  for (const chain of ['OUTPUT', 'INPUT']) refuse(ensureRule(port, 'filter', chain, '-j KUBE-FIREWALL'));
}

function refuse(complaint: string | undefined): void {
  if (complaint !== undefined) throw new Error(`the node's rules are refused: ${complaint}`);
}

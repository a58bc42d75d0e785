/**
 * A generation of kube-proxy: the layout of its chains as a table of rule writers. What they write is the input of iptables-restore.
 * Read first: kubernetes pkg/proxy/iptables/proxier.go of the release, syncProxyRules.
 */
import { endpointHash, portProtocolHash } from './chain-names.ts';
import type { Endpoint, UsableEndpoints } from './endpoints.ts';
import type { NameStyle, ServicePort } from './services.ts';

export type GenerationName = '2018' | '1.20' | '1.27';

export interface ProxyConfig {
  readonly hostname: string;
  /** Where pods live; '' when nobody said, then traffic from pods is not told from other traffic. */
  readonly clusterCidr: string;
  readonly nodeIp: string;
  /** Blocks whose addresses of this node take NodePorts; empty: all. */
  readonly nodePortAddresses: readonly string[];
  /** NodePorts answer on 127.0.0.1 (from 1.24 it can be switched off). */
  readonly localhostNodePorts: boolean;
  readonly masqueradeAll: boolean;
  /** MASQUERADE --random-fully, where iptables knows it. */
  readonly randomFully: boolean;
}

export interface Jump {
  readonly table: 'filter' | 'nat';
  readonly from: string;
  readonly to: string;
  readonly comment: string;
  /** Only the first packet of a connection: `-m conntrack --ctstate NEW`. */
  readonly onlyNew?: boolean;
}

/** One restore input under construction. */
export class RuleLines {
  readonly filterChains: string[] = [];
  readonly filterRules: string[] = [];
  readonly natChains: string[] = [];
  readonly natRules: string[] = [];
  /** Chains of Services and endpoints this sync wants, written or, in a partial sync, left as they are. */
  readonly active: Set<string> = new Set();

  text(): string {
    return `*filter\n${lines(this.filterChains)}${lines(this.filterRules)}COMMIT\n*nat\n${lines(this.natChains)}${lines(this.natRules)}COMMIT\n`;
  }
}

export function chainLine(chain: string): string {
  return `:${chain} - [0:0]`;
}

function lines(list: readonly string[]): string {
  return list.length === 0 ? '' : `${list.join('\n')}\n`;
}

/** What the writers of one Service port need. */
export interface PortContext {
  readonly config: ProxyConfig;
  readonly port: ServicePort;
  /** As it stands in comments and as chains are named after it. */
  readonly name: string;
  readonly usable: UsableEndpoints;
  /** The sixteen characters behind KUBE-SVC-, KUBE-FW- and their like. */
  readonly hash: string;
  /** More than a thousand endpoints in the cluster: rules of Services and endpoints go without comments. */
  readonly isLargeCluster: boolean;
  /** This node's own addresses that take NodePorts; empty: none does. */
  readonly nodePortTargets: NodePortTargets;
}

/** Every local address, or those listed. */
export type NodePortTargets = 'all' | readonly string[];

export type StaticWriter = (out: RuleLines, config: ProxyConfig, targets: NodePortTargets) => void;
export type PortWriter = (out: RuleLines, context: PortContext) => void;

export interface Generation {
  readonly name: GenerationName;
  readonly nameStyle: NameStyle;
  /** The objects it watches. */
  readonly endpointsFrom: 'endpoints' | 'endpointslices';
  /** Holds a listening socket for each NodePort and local external IP, so that no program takes the port. */
  readonly opensPorts: boolean;
  /** Writes only the chains of what changed, unless something asks for all of them. */
  readonly syncsPartially: boolean;
  /** Prepended to the built-in chains in this order, each when it is missing. */
  readonly jumps: readonly Jump[];
  /** Made when missing and otherwise let alone: the kubelet's. */
  readonly foreignChains: readonly { readonly table: 'nat'; readonly chain: string }[];
  /** An empty chain in each table whose absence says that somebody flushed them (since 1.17). */
  readonly canaryChain: string | undefined;
  readonly filterChains: readonly string[];
  readonly natChains: readonly string[];
  /** Chains with these beginnings that nobody wants any more are deleted. */
  readonly ownPrefixes: readonly string[];
  /** Which endpoints a port may use at all: before 1.22 what is not ready never counts. */
  readonly usable: (endpoints: readonly Endpoint[], port: ServicePort) => UsableEndpoints;
  readonly firstRules: readonly StaticWriter[];
  /** Rules in the chains every packet visits: written at each sync. */
  readonly portRules: readonly PortWriter[];
  /** The port's own chains: left out of a partial sync when nothing changed. */
  readonly portChains: readonly PortWriter[];
  readonly lastRules: readonly StaticWriter[];
}

export const MARK = '0x4000';

export function serviceHash(name: string, port: ServicePort): string {
  return portProtocolHash(name, port.protocol);
}

const endpointChains = new WeakMap<Endpoint, { key: string; chain: string }>();

/** Digests are dear and endpoints stay, so each keeps its chain's name. */
export function endpointChain({ name, port }: PortContext, endpoint: Endpoint): string {
  const key = `${name}/${port.protocol}`;
  const known = endpointChains.get(endpoint);
  if (known?.key === key) return known.chain;
  const chain = `KUBE-SEP-${endpointHash(name, port.protocol, endpoint.text)}`;
  endpointChains.set(endpoint, { key, chain });
  return chain;
}

/** `-m tcp -p tcp`. */
export function protocolMatch({ port }: PortContext): string {
  return `-m ${port.protocol} -p ${port.protocol}`;
}

export function comment(text: string): string {
  return text.includes(' ') ? `-m comment --comment "${text}"` : `-m comment --comment ${text}`;
}

/** Of rules whose number grows with endpoints. With a blank behind it. */
export function endpointComment({ isLargeCluster }: PortContext, text: string): string {
  return isLargeCluster ? '' : `${comment(text)} `;
}

/** One in `count`. */
export function probability(count: number): string {
  return (1 / count).toFixed(10);
}

/** Clients that come back soon get the endpoint they had. */
export function affinityMatch({ port }: PortContext, chain: string): string {
  return `-m recent --name ${chain} --rcheck --seconds ${port.affinitySeconds!} --reap`;
}

export function makeStaticChains(out: RuleLines, generation: Generation): void {
  for (const chain of generation.filterChains) out.filterChains.push(chainLine(chain));
  for (const chain of generation.natChains) out.natChains.push(chainLine(chain));
}

export function masqueradeRule({ randomFully }: ProxyConfig): string {
  return `-j MASQUERADE${randomFully ? ' --random-fully' : ''}`;
}

/** KUBE-SERVICES' last rule: what is for this node may be for a NodePort. */
export function nodePortsLast(allMatch: (config: ProxyConfig) => string): StaticWriter {
  return (out, config, targets) => {
    const note = comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain');
    if (targets === 'all') out.natRules.push(`-A KUBE-SERVICES ${note} ${allMatch(config)} -j KUBE-NODEPORTS`);
    else for (const address of targets) out.natRules.push(`-A KUBE-SERVICES ${note} -d ${address} -j KUBE-NODEPORTS`);
  };
}

export function forwardMarked(out: RuleLines): void {
  out.filterRules.push(`-A KUBE-FORWARD ${comment('kubernetes forwarding rules')} -m mark --mark ${MARK}/${MARK} -j ACCEPT`);
}

export function forwardInvalid(out: RuleLines): void {
  out.filterRules.push('-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP');
}

/** Unmarks what it masquerades, so that a packet that comes round again is not masqueraded twice (since 1.18). */
export function postrouting(out: RuleLines, config: ProxyConfig): void {
  out.natRules.push(
    `-A KUBE-POSTROUTING -m mark ! --mark ${MARK}/${MARK} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --xor-mark ${MARK}`,
    `-A KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} ${masqueradeRule(config)}`,
    `-A KUBE-MARK-MASQ -j MARK --or-mark ${MARK}`,
  );
}

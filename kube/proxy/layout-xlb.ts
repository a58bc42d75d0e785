/**
 * The layout kube-proxy had up to 1.23: traffic from outside is masked in the rules that catch it; KUBE-FW holds a load balancer's source ranges, KUBE-XLB the
 * endpoints on this node. Read first: kubernetes 1.20 pkg/proxy/iptables/proxier.go, syncProxyRules.
 */
import type { Endpoint, UsableEndpoints } from './endpoints.ts';
import { inCidr } from './addresses.ts';
import { affinityMatch, chainLine, comment, endpointChain, endpointComment, probability, protocolMatch, type PortContext, type PortWriter, type RuleLines } from './generation.ts';

export function readyOnly(endpoints: readonly Endpoint[]): UsableEndpoints {
  const ready = endpoints.filter((endpoint) => endpoint.isReady);
  return { cluster: ready, local: ready.filter((endpoint) => endpoint.isLocal), reachable: ready, hasAny: ready.length > 0 };
}

const serviceChain = ({ hash }: PortContext): string => `KUBE-SVC-${hash}`;
const localChain = ({ hash }: PortContext): string => `KUBE-XLB-${hash}`;
const firewallChain = ({ hash }: PortContext): string => `KUBE-FW-${hash}`;

/** Where traffic from outside goes on. */
const outsideChain = (context: PortContext): string => (context.port.isExternalPolicyLocal ? localChain(context) : serviceChain(context));

function makeChain(out: RuleLines, chain: string): void {
  if (!out.active.has(chain)) out.natChains.push(chainLine(chain));
  out.active.add(chain);
}

function clusterIp(out: RuleLines, context: PortContext): void {
  const { port, name, usable, config } = context;
  const match = `${protocolMatch(context)} -d ${port.clusterIp}/32 --dport ${port.port}`;
  if (!usable.hasAny) {
    out.filterRules.push(`-A KUBE-SERVICES ${comment(`${name} has no endpoints`)} ${match} -j REJECT`);
    return;
  }
  const rule = `-A KUBE-SERVICES ${comment(`${name} cluster IP`)} ${match}`;
  if (config.masqueradeAll) out.natRules.push(`${rule} -j KUBE-MARK-MASQ`);
  else if (config.clusterCidr !== '') out.natRules.push(`${rule} ! -s ${config.clusterCidr} -j KUBE-MARK-MASQ`);
  out.natRules.push(`${rule} -j ${serviceChain(context)}`);
}

function externalIps(out: RuleLines, context: PortContext): void {
  const { port, name, usable } = context;
  for (const address of port.externalIps) {
    const match = `${protocolMatch(context)} -d ${address}/32 --dport ${port.port}`;
    if (!usable.hasAny) {
      out.filterRules.push(`-A KUBE-EXTERNAL-SERVICES ${comment(`${name} has no endpoints`)} ${match} -j REJECT`);
      continue;
    }
    const rule = `-A KUBE-SERVICES ${comment(`${name} external IP`)} ${match}`;
    if (!port.isExternalPolicyLocal) out.natRules.push(`${rule} -j KUBE-MARK-MASQ`);
    // What comes neither from a container on a bridge nor from a program here; then what is for an address of this node.
    out.natRules.push(`${rule} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ${outsideChain(context)}`, `${rule} -m addrtype --dst-type LOCAL -j ${outsideChain(context)}`);
  }
}

function loadBalancers(out: RuleLines, context: PortContext): void {
  const { port, name, usable } = context;
  for (const address of port.loadBalancerIps) {
    const match = `${protocolMatch(context)} -d ${address}/32 --dport ${port.port}`;
    if (usable.hasAny) out.natRules.push(`-A KUBE-SERVICES ${comment(`${name} loadbalancer IP`)} ${match} -j ${firewallChain(context)}`);
    else out.filterRules.push(`-A KUBE-EXTERNAL-SERVICES ${comment(`${name} has no endpoints`)} ${match} -j REJECT`);
  }
}

function nodePort(out: RuleLines, context: PortContext): void {
  const { port, name, usable, nodePortTargets } = context;
  if (port.nodePort === 0 || nodePortTargets.length === 0) return;
  const match = `${protocolMatch(context)} --dport ${port.nodePort}`;
  if (!usable.hasAny) {
    out.filterRules.push(`-A KUBE-EXTERNAL-SERVICES ${comment(`${name} has no endpoints`)} -m addrtype --dst-type LOCAL ${match} -j REJECT`);
    return;
  }
  const rule = `-A KUBE-NODEPORTS ${comment(name)} ${match}`;
  out.natRules.push(`${rule} ${port.isExternalPolicyLocal ? '-s 127.0.0.0/8 ' : ''}-j KUBE-MARK-MASQ`, `${rule} -j ${outsideChain(context)}`);
}

/** KUBE-FW: whom the load balancer's address lets in. What reaches the end is marked to be dropped. */
function firewall(out: RuleLines, context: PortContext): void {
  const { port, name, usable, config } = context;
  if (!usable.hasAny) return;
  for (const address of port.loadBalancerIps) {
    makeChain(out, firewallChain(context));
    const rule = `-A ${firewallChain(context)} ${comment(`${name} loadbalancer IP`)}`;
    if (!port.isExternalPolicyLocal) out.natRules.push(`${rule} -j KUBE-MARK-MASQ`);
    const ranges = port.loadBalancerSourceRanges;
    if (ranges.length === 0) out.natRules.push(`${rule} -j ${outsideChain(context)}`);
    for (const range of ranges) out.natRules.push(`${rule} -s ${range} -j ${outsideChain(context)}`);
    // A request from this node to the balancer's address, which the node holds as its own, has that address as its source.
    if (ranges.some((range) => inCidr(config.nodeIp, range))) out.natRules.push(`${rule} -s ${address}/32 -j ${outsideChain(context)}`);
    out.natRules.push(`${rule} -j KUBE-MARK-DROP`);
  }
}

function service(out: RuleLines, context: PortContext): void {
  const { port, name, usable } = context;
  if (!usable.hasAny) return;
  const chain = serviceChain(context);
  makeChain(out, chain);
  const endpoints = usable.cluster.map((endpoint) => ({ endpoint, chain: endpointChain(context, endpoint) }));
  const service = `-A ${chain} ${endpointComment(context, name)}`;
  if (port.affinitySeconds !== undefined) for (const one of endpoints) out.natRules.push(`${service}${affinityMatch(context, one.chain)} -j ${one.chain}`);
  for (const [index, one] of endpoints.entries()) {
    makeChain(out, one.chain);
    const chance = index < endpoints.length - 1 ? `-m statistic --mode random --probability ${probability(endpoints.length - index)} ` : '';
    const rule = `-A ${one.chain} ${endpointComment(context, name)}`;
    const remember = port.affinitySeconds === undefined ? '' : `-m recent --name ${one.chain} --set `;
    out.natRules.push(
      `${service}${chance}-j ${one.chain}`,
      `${rule}-s ${one.endpoint.ip}/32 -j KUBE-MARK-MASQ`,
      `${rule}${remember}${protocolMatch(context)} -j DNAT --to-destination ${one.endpoint.text}`,
    );
  }
}

/** KUBE-XLB, which since 1.15 treats the node's own requests like a pod's. */
function localPolicy(isLocalRouted: boolean): PortWriter {
  return (out, context) => {
    const { port, name, usable, config } = context;
    if (!port.isExternalPolicyLocal) return;
    const chain = localChain(context);
    makeChain(out, chain);
    if (!usable.hasAny) return;
    if (config.clusterCidr !== '') out.natRules.push(`-A ${chain} ${comment('Redirect pods trying to reach external loadbalancer VIP to clusterIP')} -s ${config.clusterCidr} -j ${serviceChain(context)}`);
    if (isLocalRouted) {
      out.natRules.push(
        `-A ${chain} ${comment(`masquerade LOCAL traffic for ${name} LB IP`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
        `-A ${chain} ${comment(`route LOCAL traffic for ${name} LB IP to service chain`)} -m addrtype --src-type LOCAL -j ${serviceChain(context)}`,
      );
    }
    const chains = usable.local.map((endpoint) => endpointChain(context, endpoint));
    if (chains.length === 0) out.natRules.push(`-A ${chain} ${comment(`${name} has no local endpoints`)} -j KUBE-MARK-DROP`);
    if (port.affinitySeconds !== undefined) for (const one of chains) out.natRules.push(`-A ${chain} ${comment(name)} ${affinityMatch(context, one)} -j ${one}`);
    for (const [index, one] of chains.entries()) {
      const chance = index < chains.length - 1 ? `-m statistic --mode random --probability ${probability(chains.length - index)} ` : '';
      out.natRules.push(`-A ${chain} ${comment(`Balancing rule ${index} for ${name}`)} ${chance}-j ${one}`);
    }
  };
}

export const portRules: readonly PortWriter[] = [clusterIp, externalIps, loadBalancers, nodePort];
export const portChains2018: readonly PortWriter[] = [firewall, service, localPolicy(false)];
export const portChains120: readonly PortWriter[] = [firewall, service, localPolicy(true)];

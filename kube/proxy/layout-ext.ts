/**
 * The layout kube-proxy has had since 1.24: KUBE-SERVICES and KUBE-NODEPORTS only tell Services apart; KUBE-EXT treats what comes from outside, KUBE-SVC and KUBE-SVL
 * choose among all endpoints or those of this node, and dropping is the filter table's. Read first: kubernetes 1.27 pkg/proxy/iptables/proxier.go, syncProxyRules.
 */
import { inCidr } from './addresses.ts';
import type { Endpoint } from './endpoints.ts';
import { affinityMatch, chainLine, comment, endpointChain, endpointComment, probability, protocolMatch, type PortContext, type PortWriter, type RuleLines } from './generation.ts';
import { isExternallyAccessible } from './services.ts';

const clusterChain = ({ hash }: PortContext): string => `KUBE-SVC-${hash}`;
const localChain = ({ hash }: PortContext): string => `KUBE-SVL-${hash}`;
const outsideChain = ({ hash }: PortContext): string => `KUBE-EXT-${hash}`;
const firewallChain = ({ hash }: PortContext): string => `KUBE-FW-${hash}`;
const insideChain = (context: PortContext): string => (context.port.isInternalPolicyLocal ? localChain(context) : clusterChain(context));

const hasInside = ({ port, usable }: PortContext): boolean => usable.hasAny && (!port.isInternalPolicyLocal || usable.local.length > 0);
const hasOutside = ({ port, usable }: PortContext): boolean => usable.hasAny && (!port.isExternalPolicyLocal || usable.local.length > 0);
const hasFirewall = ({ port, usable }: PortContext): boolean => usable.hasAny && port.loadBalancerIps.length > 0 && port.loadBalancerSourceRanges.length > 0;

/** Without any endpoint the sender is told; with endpoints elsewhere only, what the policy keeps here is dropped silently. */
function refusal({ name, usable }: PortContext): { note: string; target: string } {
  return usable.hasAny ? { note: comment(`${name} has no local endpoints`), target: 'DROP' } : { note: comment(`${name} has no endpoints`), target: 'REJECT' };
}

function clusterIp(out: RuleLines, context: PortContext): void {
  const { port, name } = context;
  const match = `${protocolMatch(context)} -d ${port.clusterIp} --dport ${port.port}`;
  const { note, target } = refusal(context);
  if (hasInside(context)) out.natRules.push(`-A KUBE-SERVICES ${comment(`${name} cluster IP`)} ${match} -j ${insideChain(context)}`);
  else out.filterRules.push(`-A KUBE-SERVICES ${note} ${match} -j ${target}`);
}

function outsideAddresses(out: RuleLines, context: PortContext): void {
  const { port, name, usable } = context;
  const { note, target } = refusal(context);
  const refuse = (match: string): void => {
    if (!hasOutside(context)) out.filterRules.push(`-A KUBE-EXTERNAL-SERVICES ${note} ${match} -j ${target}`);
  };
  for (const address of port.externalIps) {
    const match = `${protocolMatch(context)} -d ${address} --dport ${port.port}`;
    if (usable.hasAny) out.natRules.push(`-A KUBE-SERVICES ${comment(`${name} external IP`)} ${match} -j ${outsideChain(context)}`);
    refuse(match);
  }
  for (const address of port.loadBalancerIps) {
    const match = `${protocolMatch(context)} -d ${address} --dport ${port.port}`;
    const chain = hasFirewall(context) ? firewallChain(context) : outsideChain(context);
    if (usable.hasAny) out.natRules.push(`-A KUBE-SERVICES ${comment(`${name} loadbalancer IP`)} ${match} -j ${chain}`);
    if (hasFirewall(context)) out.filterRules.push(`-A KUBE-PROXY-FIREWALL ${comment(`${name} traffic not accepted by ${firewallChain(context)}`)} ${match} -j DROP`);
    refuse(match);
  }
  if (port.nodePort !== 0) {
    const match = `${protocolMatch(context)} --dport ${port.nodePort}`;
    if (usable.hasAny) out.natRules.push(`-A KUBE-NODEPORTS ${comment(name)} ${match} -j ${outsideChain(context)}`);
    refuse(`-m addrtype --dst-type LOCAL ${match}`);
  }
}

function healthCheckPort(out: RuleLines, { port, name }: PortContext): void {
  if (port.healthCheckNodePort !== 0) out.filterRules.push(`-A KUBE-NODEPORTS ${comment(`${name} health check node port`)} -m tcp -p tcp --dport ${port.healthCheckNodePort} -j ACCEPT`);
}

/** The chain itself comes with its endpoints; a packet for the cluster IP from outside the pods is marked at its beginning. */
function insideTraffic(out: RuleLines, context: PortContext): void {
  const { port, name, config } = context;
  if (!hasInside(context)) return;
  const rule = `-A ${insideChain(context)} ${comment(`${name} cluster IP`)} ${protocolMatch(context)} -d ${port.clusterIp} --dport ${port.port}`;
  if (config.masqueradeAll) out.natRules.push(`${rule} -j KUBE-MARK-MASQ`);
  else if (config.clusterCidr !== '') out.natRules.push(`${rule} ! -s ${config.clusterCidr} -j KUBE-MARK-MASQ`);
}

function outsideTraffic(out: RuleLines, context: PortContext): void {
  const { port, name, usable, config } = context;
  if (!usable.hasAny || !isExternallyAccessible(port)) return;
  const chain = outsideChain(context);
  makeChain(out, chain);
  const destinations = `${name} external destinations`;
  if (!port.isExternalPolicyLocal) out.natRules.push(`-A ${chain} ${comment(`masquerade traffic for ${destinations}`)} -j KUBE-MARK-MASQ`);
  else {
    if (config.clusterCidr !== '') out.natRules.push(`-A ${chain} ${comment(`pod traffic for ${destinations}`)} -s ${config.clusterCidr} -j ${clusterChain(context)}`);
    out.natRules.push(
      `-A ${chain} ${comment(`masquerade LOCAL traffic for ${destinations}`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
      `-A ${chain} ${comment(`route LOCAL traffic for ${destinations}`)} -m addrtype --src-type LOCAL -j ${clusterChain(context)}`,
    );
  }
  if (hasOutside(context)) out.natRules.push(`-A ${chain} -j ${port.isExternalPolicyLocal ? localChain(context) : clusterChain(context)}`);
}

function firewall(out: RuleLines, context: PortContext): void {
  const { port, name, config } = context;
  if (!hasFirewall(context)) return;
  makeChain(out, firewallChain(context));
  const rule = `-A ${firewallChain(context)} ${comment(`${name} loadbalancer IP`)}`;
  const { loadBalancerSourceRanges: ranges } = port;
  for (const range of ranges) out.natRules.push(`${rule} -s ${range} -j ${outsideChain(context)}`);
  // A request from this node to the balancer's address, which the node holds as its own, has that address as its source.
  if (ranges.some((range) => inCidr(config.nodeIp, range))) for (const address of port.loadBalancerIps) out.natRules.push(`${rule} -s ${address} -j ${outsideChain(context)}`);
}

function policyChains(out: RuleLines, context: PortContext): void {
  const { port, usable } = context;
  const usesCluster = !port.isInternalPolicyLocal || isExternallyAccessible(port);
  const usesLocal = port.isInternalPolicyLocal || (port.isExternalPolicyLocal && isExternallyAccessible(port));
  if (usesCluster && usable.cluster.length > 0) balance(out, context, clusterChain(context), usable.cluster);
  if (usesLocal && usable.local.length > 0) balance(out, context, localChain(context), usable.local);
}

function balance(out: RuleLines, context: PortContext, chain: string, endpoints: readonly Endpoint[]): void {
  const { port, name } = context;
  makeChain(out, chain);
  const rule = (endpoint: Endpoint): string => `-A ${chain} ${endpointComment(context, `${name} -> ${endpoint.text}`)}`;
  if (port.affinitySeconds !== undefined) {
    for (const endpoint of endpoints) {
      const target = endpointChain(context, endpoint);
      out.natRules.push(`${rule(endpoint)}${affinityMatch(context, target)} -j ${target}`);
    }
  }
  for (const [index, endpoint] of endpoints.entries()) {
    const chance = index < endpoints.length - 1 ? `-m statistic --mode random --probability ${probability(endpoints.length - index)} ` : '';
    out.natRules.push(`${rule(endpoint)}${chance}-j ${endpointChain(context, endpoint)}`);
  }
}

function endpointChains(out: RuleLines, context: PortContext): void {
  const { port, name, usable } = context;
  for (const endpoint of usable.reachable) {
    const chain = endpointChain(context, endpoint);
    makeChain(out, chain);
    const rule = `-A ${chain} ${endpointComment(context, name)}`;
    const remember = port.affinitySeconds === undefined ? '' : `-m recent --name ${chain} --set `;
    out.natRules.push(`${rule}-s ${endpoint.ip} -j KUBE-MARK-MASQ`, `${rule}${remember}${protocolMatch(context)} -j DNAT --to-destination ${endpoint.text}`);
  }
}

function makeChain(out: RuleLines, chain: string): void {
  out.natChains.push(chainLine(chain));
  out.active.add(chain);
}

export const portRules: readonly PortWriter[] = [clusterIp, outsideAddresses, healthCheckPort];
export const portChains: readonly PortWriter[] = [insideTraffic, outsideTraffic, firewall, policyChains, endpointChains];

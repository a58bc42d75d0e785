/** The generations there are, as tables. What 2018 means here is 1.10, the release of the summer of that year. */
import { categorize } from './endpoints.ts';
import { comment, forwardInvalid, forwardMarked, MARK, masqueradeRule, nodePortsLast, postrouting, type Generation, type GenerationName, type Jump, type ProxyConfig, type RuleLines } from './generation.ts';
import * as ext from './layout-ext.ts';
import * as xlb from './layout-xlb.ts';

const PORTALS = 'kubernetes service portals';
const OUTSIDE = 'kubernetes externally-visible service portals';
const FIREWALL = 'kubernetes load balancer firewall';

const natJumps: readonly Jump[] = [
  { table: 'nat', from: 'OUTPUT', to: 'KUBE-SERVICES', comment: PORTALS },
  { table: 'nat', from: 'PREROUTING', to: 'KUBE-SERVICES', comment: PORTALS },
  { table: 'nat', from: 'POSTROUTING', to: 'KUBE-POSTROUTING', comment: 'kubernetes postrouting rules' },
];
const outsideIn: Jump = { table: 'filter', from: 'INPUT', to: 'KUBE-EXTERNAL-SERVICES', comment: OUTSIDE, onlyNew: true };
const outsideForward: Jump = { table: 'filter', from: 'FORWARD', to: 'KUBE-EXTERNAL-SERVICES', comment: OUTSIDE, onlyNew: true };
const servicesForward: Jump = { table: 'filter', from: 'FORWARD', to: 'KUBE-SERVICES', comment: PORTALS, onlyNew: true };
const servicesOut: Jump = { table: 'filter', from: 'OUTPUT', to: 'KUBE-SERVICES', comment: PORTALS, onlyNew: true };
const forward: Jump = { table: 'filter', from: 'FORWARD', to: 'KUBE-FORWARD', comment: 'kubernetes forwarding rules' };

const filterChains = ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD'];
const natChains = ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ'];
const markDrop = [{ table: 'nat', chain: 'KUBE-MARK-DROP' }] as const;
const xlbPrefixes = ['KUBE-SVC-', 'KUBE-SEP-', 'KUBE-FW-', 'KUBE-XLB-'];
const toThisNode = nodePortsLast(() => '-m addrtype --dst-type LOCAL');

function postrouting2018(out: RuleLines, config: ProxyConfig): void {
  out.natRules.push(
    `-A KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} -m mark --mark ${MARK}/${MARK} ${masqueradeRule(config)}`,
    `-A KUBE-MARK-MASQ -j MARK --set-xmark ${MARK}/${MARK}`,
  );
}

function forwardPods(out: RuleLines, { clusterCidr }: ProxyConfig): void {
  if (clusterCidr === '') return;
  for (const [side, option] of [['source', '-s'], ['destination', '-d']] as const) {
    const match = `${comment(`kubernetes forwarding conntrack pod ${side} rule`)} ${option} ${clusterCidr} -m conntrack --ctstate RELATED,ESTABLISHED`;
    out.filterRules.push(`-A KUBE-FORWARD ${match} -j ACCEPT`);
  }
}

/** The condition on pods' addresses went in 1.19, the second rule, and with it the difference, much later. */
function forwardEstablished(comments: readonly string[]) {
  return (out: RuleLines): void => {
    for (const note of comments) out.filterRules.push(`-A KUBE-FORWARD ${comment(note)} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`);
  };
}

export const generations: Readonly<Record<GenerationName, Generation>> = {
  '2018': {
    name: '2018', nameStyle: 'colon', endpointsFrom: 'endpoints', opensPorts: true, syncsPartially: false,
    jumps: [outsideIn, servicesOut, ...natJumps, forward],
    foreignChains: markDrop, canaryChain: undefined, filterChains, natChains, ownPrefixes: xlbPrefixes, usable: xlb.readyOnly,
    firstRules: [postrouting2018], portRules: xlb.portRules, portChains: xlb.portChains2018,
    lastRules: [toThisNode, forwardMarked, forwardPods],
  },
  '1.20': {
    name: '1.20', nameStyle: 'plain', endpointsFrom: 'endpointslices', opensPorts: true, syncsPartially: false,
    jumps: [outsideIn, outsideForward, servicesForward, servicesOut, forward, ...natJumps],
    foreignChains: markDrop, canaryChain: 'KUBE-PROXY-CANARY', filterChains, natChains, ownPrefixes: xlbPrefixes, usable: xlb.readyOnly,
    firstRules: [postrouting], portRules: xlb.portRules, portChains: xlb.portChains120,
    lastRules: [toThisNode, forwardInvalid, forwardMarked, forwardEstablished(['kubernetes forwarding conntrack pod source rule', 'kubernetes forwarding conntrack pod destination rule'])],
  },
  '1.27': {
    name: '1.27', nameStyle: 'plain', endpointsFrom: 'endpointslices', opensPorts: false, syncsPartially: true,
    jumps: [
      outsideIn, outsideForward, { table: 'filter', from: 'INPUT', to: 'KUBE-NODEPORTS', comment: 'kubernetes health check service ports' }, servicesForward, servicesOut, forward,
      ...['INPUT', 'OUTPUT', 'FORWARD'].map((from): Jump => ({ table: 'filter', from, to: 'KUBE-PROXY-FIREWALL', comment: FIREWALL, onlyNew: true })), ...natJumps,
    ],
    foreignChains: [], canaryChain: 'KUBE-PROXY-CANARY', filterChains: [...filterChains, 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL'], natChains, ownPrefixes: ['KUBE-SVC-', 'KUBE-SVL-', 'KUBE-EXT-', 'KUBE-FW-', 'KUBE-SEP-', 'KUBE-XLB-'],
    usable: categorize,
    firstRules: [postrouting], portRules: ext.portRules, portChains: ext.portChains,
    lastRules: [
      nodePortsLast(({ localhostNodePorts }) => `-m addrtype --dst-type LOCAL${localhostNodePorts ? '' : ' ! -d 127.0.0.0/8'}`),
      forwardInvalid, forwardMarked, forwardEstablished(['kubernetes forwarding conntrack rule']),
    ],
  },
};

/** What a NetworkPolicy allows, as `kubectl describe` words it (pkg/describe/describe.go, describeNetworkPolicySpec). */
interface Selector { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: string; values?: string[] }[] }
interface Peer { podSelector?: Selector; namespaceSelector?: Selector; ipBlock?: { cidr: string; except?: string[] } }
interface Entry { ports?: { port?: number | string; protocol?: string }[]; from?: Peer[]; to?: Peer[] }
export interface NetworkPolicySpec { podSelector?: Selector; policyTypes?: string[]; ingress?: Entry[]; egress?: Entry[] }

export function networkPolicyLines({ podSelector = {}, policyTypes = [], ingress = [], egress = [] }: NetworkPolicySpec, selectorText: (selector: Selector) => string): string[] {
  const isForAll = isEmpty(podSelector);
  const side = (type: 'Ingress' | 'Egress', entries: readonly Entry[]): string[] => {
    const name = type.toLowerCase();
    if (!policyTypes.includes(type) && !(policyTypes.length === 0 && type === 'Ingress')) return [`  Not affecting ${name} traffic`];
    if (entries.length === 0) return [`  Allowing ${name} traffic:`, `    <none> (Selected pods are isolated for ${name} connectivity)`];
    return [`  Allowing ${name} traffic:`, ...entries.flatMap((entry, at) => [...entryLines(entry, type, selectorText), ...(at === entries.length - 1 ? [] : ['    ----------'])])];
  };
  return ['Spec:', `  PodSelector:     ${isForAll ? '<none> (Allowing the specific traffic to all pods in this namespace)' : selectorText(podSelector)}`, ...side('Ingress', ingress), ...side('Egress', egress), `  Policy Types: ${policyTypes.join(', ')}`];
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: Selector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

function entryLines({ ports = [], from, to }: Entry, type: 'Ingress' | 'Egress', selectorText: (selector: Selector) => string): string[] {
  const chosen = (selector: Selector): string => (isEmpty(selector) ? '<none>' : selectorText(selector));
  const [word, end, peers] = type === 'Ingress' ? ['From', 'source', from ?? []] as const : ['To', 'destination', to ?? []] as const;
  return [
    ...(ports.length === 0 ? ['    To Port: <any> (traffic allowed to all ports)'] : ports.map(({ port, protocol = 'TCP' }) => `    To Port: ${port ?? '<nil>'}/${protocol}`)),
    ...(peers.length === 0 ? [`    ${word}: <any> (traffic not restricted by ${end})`] : peers.flatMap(({ podSelector, namespaceSelector, ipBlock }) => [
      `    ${word}:`, ...(namespaceSelector === undefined ? [] : [`      NamespaceSelector: ${chosen(namespaceSelector)}`]), ...(podSelector === undefined ? [] : [`      PodSelector: ${chosen(podSelector)}`]),
      ...(ipBlock === undefined ? [] : ['      IPBlock:', `        CIDR: ${ipBlock.cidr}`, `        Except: ${(ipBlock.except ?? []).join(', ')}`]),
    ])),
  ];
}

/**
 * Selectors as Calico writes them: the text names the IP set, so it must be Calico's to the letter.
 * Read first: libcalico-go lib/backend/k8s/conversion/conversion.go (k8sSelectorToCalico), lib/selector/parser/ast.go (collectFragments)
 */
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import type { NetworkPolicyPeer } from 'kubernetes-types/networking/v1';

const NAMESPACE = 'projectcalico.org/namespace';
const ORCHESTRATOR = 'projectcalico.org/orchestrator == "k8s"';
/** Before labels of a pod's namespace. */
const OF_NAMESPACE = 'pcns.';

/** Everybody a peer of a rule may be; `namespace` is the policy's own. */
export function peerSelector({ podSelector, namespaceSelector }: NetworkPolicyPeer, namespace: string): string {
  const pods = and([ORCHESTRATOR, ...terms(podSelector)]);
  if (namespaceSelector === undefined) return and([`${NAMESPACE} == "${namespace}"`, pods]);
  const namespaces = terms(namespaceSelector, OF_NAMESPACE);
  return and([namespaces.length === 0 ? `has(${NAMESPACE})` : and(namespaces), pods]);
}

function and(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : `(${parts.join(' && ')})`;
}

function terms(selector: LabelSelector | undefined, prefix = ''): string[] {
  const quoted = (value: string): string => (value.includes('"') ? `'${value}'` : `"${value}"`);
  const labels = Object.entries(selector?.matchLabels ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [
    ...labels.map(([name, value]) => `${prefix}${name} == ${quoted(value)}`),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
      const set = `{${[...new Set(values)].toSorted().map(quoted).join(', ')}}`;
      switch (operator) {
        case 'In': return `${prefix}${key} in ${set}`;
        case 'NotIn': return `${prefix}${key} not in ${set}`;
        case 'Exists': return `has(${prefix}${key})`;
        default: return `!has(${prefix}${key})`;
      }
    }),
  ];
}

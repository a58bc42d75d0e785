/** The rules of roles, one line for each resource and name (kubectl/pkg/util/rbac). */

export interface Rule { readonly verbs: readonly string[]; readonly apiGroups?: readonly string[]; readonly resources?: readonly string[]; readonly resourceNames?: readonly string[]; readonly nonResourceURLs?: readonly string[] }

export const RULE_COLUMNS = 'Resources\tNon-Resource URLs\tResource Names\tVerbs';

export function ruleLines(rules: readonly Rule[]): string[] {
  return compact(rules).map(({ verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs }) => `${resources.map((one) => withGroup(one, apiGroups[0] ?? '')).join()}\t${list(nonResourceURLs)}\t${list(resourceNames)}\t${list(verbs)}`);
}

/** `deployments.apps/scale` (describe.CombineResourceGroup). */
function withGroup(resource: string, group: string): string {
  const [name = '', ...part] = resource.split('/');
  return [group === '' ? name : `${name}.${group}`, ...part].join('/');
}

/** As Go prints a list. */
function list(items: readonly string[] = []): string {
  return `[${items.join(' ')}]`;
}

/** One rule for each resource and name, with all its verbs. */
function compact(rules: readonly Rule[]): Rule[] {
  const paths: Rule[] = [];
  const verbsOf = new Map<string, { readonly rule: Rule; readonly verbs: string[] }>();
  const note = (rule: Omit<Rule, 'verbs'>, verb: string): void => {
    const key = JSON.stringify(rule);
    const known = verbsOf.get(key);
    if (known === undefined) verbsOf.set(key, { rule: { ...rule, verbs: [] }, verbs: [verb] });
    else known.verbs.push(verb);
  };
  for (const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } of rules) {
    for (const group of apiGroups) for (const resource of resources) for (const verb of verbs) {
      for (const one of resourceNames.length === 0 ? [undefined] : resourceNames) note({ apiGroups: [group], resources: [resource], ...(one === undefined ? {} : { resourceNames: [one] }) }, verb);
    }
    for (const url of nonResourceURLs) for (const verb of verbs) paths.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  const sortKey = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string => `Verbs:${list(verbs)},APIGroups:${list(apiGroups)},Resources:${list(resources)},ResourceNames:${list(resourceNames)},NonResourceURLs:${list(nonResourceURLs)}`;
  return [...[...verbsOf.values()].map(({ rule, verbs }) => ({ ...rule, verbs })), ...paths].sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
}

/**
 * Every chain of Calico on one node: from the three built-in ones to each pod's own, and from there to the policies that select it. Those of host endpoints and of
 * blocked ranges stay empty, as on GKE; tables other than filter are left out, since all they hold is for host endpoints and address pools.
 * Read first: felix rules/{static,dispatch,endpoints,policy}.go, calc/policy_resolver.go
 */
import type { NetworkPolicy } from 'kubernetes-types/networking/v1';
import { chainName, ruleHashes } from './names.ts';
import { ACCEPTED, clearMark, entryRules, hasMark, lacksMark, PASSED, setMark, type PolicyRule, type WantedSet } from './rules.ts';

/** A pod of this node with what it is under. */
export interface PolicyEndpoint {
  readonly device: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly policies: readonly NetworkPolicy[];
}

export interface PolicyPlan {
  /** Rules as iptables-restore reads them, without the chain's name. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly sets: ReadonlyMap<string, WantedSet>;
}

/** What goes first into a built-in chain, and what last into FORWARD. */
export const INSERTED: readonly (readonly [chain: string, rule: string])[] = (['INPUT', 'FORWARD', 'OUTPUT'] as const).map((chain) => [chain, marked(chain, [jump(`cali-${chain}`)])[0]!]);
export const APPENDED: readonly string[] = marked('FORWARD*appends*', [{ match: [hasMark(ACCEPTED)], action: '--jump ACCEPT', comments: ['Policy explicitly accepted packet.'] }, { match: [], action: setMark(ACCEPTED) }]);

const ACCEPTED_PASSED_BLOCKS = '0xf0000';
const PASSED_BLOCKS = '0xe0000';
const VXLAN_PORT = 4789;
const drop = (comment: string): PolicyRule => ({ match: [], action: '--jump DROP', comments: [comment] });

export function planPolicies(endpoints: readonly PolicyEndpoint[], devicePrefix: string): PolicyPlan {
  const chains = new Map<string, readonly PolicyRule[]>(staticChains(`${devicePrefix}+`));
  const sets = new Map<string, WantedSet>();
  for (const [chain, rules] of dispatch(endpoints)) chains.set(chain, rules);
  for (const { device, namespace, serviceAccount, policies } of endpoints) {
    const profiles = [`kns.${namespace}`, `ksa.${namespace}.${serviceAccount}`];
    for (const [letter, side] of [['i', 'Ingress'], ['o', 'Egress']] as const) {
      const direction = side === 'Ingress' ? 'ingress' : 'egress';
      const own = policies.filter((policy) => isAbout(policy, side)).toSorted((one, other) => (policyName(one) < policyName(other) ? -1 : 1));
      chains.set(chainName(letter === 'i' ? 'cali-tw-' : 'cali-fw-', device), [
        ...tracked, { match: [], action: clearMark(ACCEPTED) }, ...(side === 'Egress' ? noTunnels : []),
        ...underPolicies(own.map((policy) => chainName(`cali-p${letter}-`, policyName(policy)))), ...underProfiles(profiles.map((profile) => chainName(`cali-pr${letter}-`, profile))),
      ]);
      for (const policy of own) chains.set(chainName(`cali-p${letter}-`, policyName(policy)), titled(`Policy ${policyName(policy)} ${direction}`, policyRules(policy, side, (set) => sets.set(set.name, set))));
      chains.set(chainName(`cali-pr${letter}-`, profiles[0]!), titled(`Profile ${profiles[0]!} ${direction}`, [{ match: [], action: setMark(ACCEPTED) }, { match: [hasMark(ACCEPTED)], action: '--jump RETURN' }]));
      chains.set(chainName(`cali-pr${letter}-`, profiles[1]!), titled(`Profile ${profiles[1]!} ${direction}`, []));
    }
  }
  return { chains: new Map([...chains].map(([chain, rules]) => [chain, marked(chain, rules)])), sets };
}

/** Calico's name for a policy of Kubernetes. */
function policyName({ metadata }: NetworkPolicy): string {
  return `${metadata?.namespace ?? ''}/knp.default.${metadata?.name ?? ''}`;
}

function isAbout({ spec }: NetworkPolicy, side: 'Ingress' | 'Egress'): boolean {
  const types = spec?.policyTypes ?? [];
  return types.includes(side) || (types.length === 0 && side === 'Ingress');
}

function policyRules({ metadata, spec }: NetworkPolicy, side: 'Ingress' | 'Egress', want: (set: WantedSet) => void): PolicyRule[] {
  const namespace = metadata?.namespace ?? '';
  return side === 'Ingress'
    ? (spec?.ingress ?? []).flatMap(({ from = [], ports = [] }) => entryRules('ingress', namespace, from, ports, want))
    : (spec?.egress ?? []).flatMap(({ to = [], ports = [] }) => entryRules('egress', namespace, to, ports, want));
}

// ---------------------------------------------------------------- chains that are always there

function jump(chain: string, ...match: readonly string[]): PolicyRule {
  return { match, action: `--jump ${chain}` };
}

function staticChains(devices: string): [string, PolicyRule[]][] {
  const accepted: PolicyRule = { match: [hasMark(ACCEPTED)], action: '--jump ACCEPT' };
  const hostAccepted: PolicyRule = { ...accepted, comments: ['Host endpoint policy accepted packet.'] };
  return [
    ['cali-FORWARD', [
      { match: [], action: clearMark(PASSED_BLOCKS) }, jump('cali-from-hep-forward', lacksMark(ACCEPTED)), jump('cali-from-wl-dispatch', `--in-interface ${devices}`), jump('cali-to-wl-dispatch', `--out-interface ${devices}`), jump('cali-to-hep-forward'), jump('cali-cidr-block'),
    ]],
    ['cali-INPUT', [{ match: [`--in-interface ${devices}`], action: '--goto cali-wl-to-host' }, accepted, { match: [], action: clearMark(ACCEPTED_PASSED_BLOCKS) }, jump('cali-from-host-endpoint'), hostAccepted]],
    ['cali-OUTPUT', [accepted, { match: [`--out-interface ${devices}`], action: '--jump RETURN' }, { match: [], action: clearMark(ACCEPTED_PASSED_BLOCKS) }, jump('cali-to-host-endpoint', '-m conntrack ! --ctstate DNAT'), hostAccepted]],
    ['cali-wl-to-host', [jump('cali-from-wl-dispatch'), { match: [], action: '--jump ACCEPT', comments: ['Configured DefaultEndpointToHostAction'] }]],
    ...['cali-from-hep-forward', 'cali-to-hep-forward', 'cali-from-host-endpoint', 'cali-to-host-endpoint', 'cali-cidr-block'].map((chain): [string, PolicyRule[]] => [chain, []]),
  ];
}

/** Packets find the pod's chain by its device; devices whose names go on alike share a chain. */
function dispatch(endpoints: readonly PolicyEndpoint[]): [string, PolicyRule[]][] {
  const devices = endpoints.map(({ device }) => device).toSorted();
  const common = commonPrefix(devices);
  const starts = [...new Set(devices.map((device) => device.slice(0, common.length + 1)))];
  return ([['cali-from-wl-dispatch', '--in-interface', 'cali-fw-'], ['cali-to-wl-dispatch', '--out-interface', 'cali-tw-']] as const).flatMap(([root, flag, prefix]) => {
    const leaf = (device: string): PolicyRule => ({ match: [`${flag} ${device}`], action: `--goto ${chainName(prefix, device)}` });
    const children: [string, PolicyRule[]][] = [];
    const rules = starts.map((start): PolicyRule => {
      const names = devices.filter((device) => device.startsWith(start));
      if (names.length === 1) return leaf(names[0]!);
      const child = `${root}-${start.slice(common.length)}`;
      children.push([child, [...names.map(leaf), drop('Unknown interface')]]);
      return { match: [`${flag} ${start}+`], action: `--goto ${child}` };
    });
    return [...children, [root, [...rules, drop('Unknown interface')]] as [string, PolicyRule[]]];
  });
}

function commonPrefix(names: readonly string[]): string {
  const [first = '', last = ''] = [names[0], names.at(-1)];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}

// ---------------------------------------------------------------- a pod's own chains

const tracked: readonly PolicyRule[] = [{ match: ['-m conntrack --ctstate RELATED,ESTABLISHED'], action: '--jump ACCEPT' }, { match: ['-m conntrack --ctstate INVALID'], action: '--jump DROP' }];
const noTunnels: readonly PolicyRule[] = [
  { match: ['-p 17', `-m multiport --destination-ports ${VXLAN_PORT}`], action: '--jump DROP', comments: ['Drop VXLAN encapped packets originating in workloads'] },
  { match: ['-p 4'], action: '--jump DROP', comments: ['Drop IPinIP encapped packets originating in workloads'] },
];

/** One policy is enough that accepts; where there are some and none does, the packet is dropped. */
function underPolicies(chains: readonly string[]): PolicyRule[] {
  if (chains.length === 0) return [];
  return [
    { match: [], action: clearMark(PASSED), comments: ['Start of policies'] },
    ...chains.flatMap((chain): PolicyRule[] => [jump(chain, lacksMark(PASSED)), { match: [hasMark(ACCEPTED)], action: '--jump RETURN', comments: ['Return if policy accepted'] }]),
    { match: [lacksMark(PASSED)], action: '--jump DROP', comments: ['Drop if no policies passed packet'] },
  ];
}

/** Without a policy the namespace's profile accepts everything. */
function underProfiles(chains: readonly string[]): PolicyRule[] {
  return [...chains.flatMap((chain): PolicyRule[] => [jump(chain), { match: [hasMark(ACCEPTED)], action: '--jump RETURN', comments: ['Return if profile accepted'] }]), drop('Drop if no profiles matched')];
}

/** The first rule tells whose chain this is; there is always one to tell it. */
function titled(title: string, rules: readonly PolicyRule[]): PolicyRule[] {
  const [first = { match: [], action: '' }, ...rest] = rules;
  return [{ ...first, comments: [...(first.comments ?? []), title] }, ...rest];
}

// ---------------------------------------------------------------- text

function marked(chain: string, rules: readonly PolicyRule[]): string[] {
  const texts = rules.map(({ match, action, comments = [] }) => [...comments.map((comment) => `-m comment --comment "${comment.replace(/[^\w @%+=:,./-]/g, '_').slice(0, 256)}"`), ...match, action].filter((part) => part !== '').join(' '));
  return ruleHashes(chain, texts).map((hash, at) => `-m comment --comment "cali:${hash}" ${texts[at]!}`);
}

/**
 * calico-node (Felix) as a process of the node: watches policies, pods and namespaces, keeps sets of addresses and chains of rules in the host's namespace. What it wrote
 * stays when it ends. Read first: felix dataplane/linux/int_dataplane.go, iptables/table.go, ipsets/ipsets.go; cluster/addons/calico-policy-controller
 */
import type { Namespace, Pod } from 'kubernetes-types/core/v1';
import type { Program } from '../../machine/sys.ts';
import type { NetKernel } from '../../simulator/index.ts';
import { ruleText } from '../../simulator/netfilter/save.ts';
import type { ApiClient } from '../client.ts';
import { selects } from '../controllers/controller.ts';
import { APPENDED, INSERTED, planPolicies, type PolicyEndpoint, type PolicyPlan } from '../policy/chains.ts';
import type { WantedSet } from '../policy/rules.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import type { StoredPod } from './pod-environment.ts';
import { goProgram } from './programs/servers.ts';
import { applyRules, ensureRule, restorePort } from './rules.ts';

export interface CalicoOptions {
  readonly client: ApiClient;
  readonly time: KubeRuntime;
  readonly kernel: NetKernel;
  readonly nodeName: string;
  /** FELIX_INTERFACEPREFIX. */
  readonly devicePrefix: string;
}

/** Changes are gathered for as long as it takes to apply them. */
const APPLY_MS = 50;
/** IptablesRefreshInterval: others may have put their rules before its own. */
const REFRESH_MS = 90_000;
const MOST_IN_A_SET = 1_048_576;

export function calicoNodeProgram(options: CalicoOptions): Program {
  return goProgram(async (sys) => {
    const agent = new Felix(options);
    agent.start();
    try {
      for (;;) await sys.pause();
    } finally {
      agent.stop();
    }
  });
}

class Felix {
  private readonly options: CalicoOptions;
  private readonly watches: Cancel[] = [];
  private readonly written = new Map<string, string>();
  private planned: Cancel | undefined;

  constructor(options: CalicoOptions) {
    this.options = options;
  }

  start(): void {
    const client = this.options.client.as('system:serviceaccount:kube-system:calico', 'calico-node');
    this.watches.push(
      client.watch('networkpolicies', {}, () => this.plan()),
      client.watch('namespaces', {}, () => this.plan()),
      client.watch('pods', {}, (event) => {
        if (event.type !== 'MODIFIED' || concerns(event.previous) !== concerns(event.object)) this.plan();
      }),
    );
    this.plan();
  }

  stop(): void {
    this.planned?.();
    for (const cancel of this.watches.splice(0)) cancel();
  }

  private plan(delayMs = APPLY_MS): void {
    this.planned?.();
    this.planned = this.options.time.after(delayMs, () => {
      this.apply();
      this.plan(REFRESH_MS);
    });
  }

  private apply(): void {
    const { client, kernel, nodeName, devicePrefix } = this.options;
    const pods = client.list('pods').filter(hasOwnAddress);
    const namespaces = client.list('namespaces');
    const policies = client.list('networkpolicies');
    const devices = new Map(kernel.netlink.routes(0, 'inet', 254).flatMap(({ destination, prefixLength, nextHops }) => (prefixLength === 32 && nextHops[0] !== undefined ? [[destination, nextHops[0].device] as const] : [])));
    const endpoints = pods.filter(({ spec }) => spec?.nodeName === nodeName).flatMap((pod): PolicyEndpoint[] => {
      const device = kernel.netlink.link(0, devices.get(pod.status!.podIP!) ?? 0)?.name;
      if (device === undefined || !device.startsWith(devicePrefix)) return [];
      const own = policies.filter((policy) => policy.metadata.namespace === pod.metadata.namespace && selects(policy.spec?.podSelector, pod.metadata.labels));
      return [{ device, namespace: pod.metadata.namespace ?? '', serviceAccount: pod.spec?.serviceAccountName ?? 'default', policies: own }];
    });
    const plan = planPolicies(endpoints, devicePrefix);
    for (const set of plan.sets.values()) kernel.netfilter.putIpSet(0, { name: set.name, type: 'port' in set ? 'hash:ip,port' : 'hash:net', maxElements: MOST_IN_A_SET, members: new Set(membersOf(set, pods, namespaces)) });
    this.writeChains(plan);
    for (const { name } of kernel.netfilter.ipSets(0)) if (name.startsWith('cali40') && !plan.sets.has(name)) kernel.netfilter.deleteIpSet(0, name);
  }

  /** Only chains that have changed are written, so that others keep their counters; those of nobody go last. */
  private writeChains({ chains }: PolicyPlan): void {
    const port = restorePort(this.options.kernel, 0);
    const present = new Set(port.table('filter').chains.map(({ name }) => name).filter((name) => name.startsWith('cali-')));
    const changed = [...chains].filter(([chain, rules]) => !present.has(chain) || this.written.get(chain) !== rules.join('\n'));
    const gone = [...present].filter((chain) => !chains.has(chain));
    if (changed.length + gone.length > 0) {
      const text = ['*filter', ...[...changed.map(([chain]) => chain), ...gone].map((chain) => `:${chain} - [0:0]`), ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)), ...gone.map((chain) => `-X ${chain}`), 'COMMIT', ''];
      const complaint = applyRules(port, text.join('\n'));
      if (complaint !== undefined) throw new Error(`Calico's chains are refused: ${complaint}`);
      for (const [chain, rules] of changed) this.written.set(chain, rules.join('\n'));
      for (const chain of gone) this.written.delete(chain);
    }
    this.enterChains(port);
  }

  private enterChains(port: ReturnType<typeof restorePort>): void {
    for (const [chain, rule] of INSERTED) {
      const saved = asSaved(rule);
      const first = port.table('filter').chains.find(({ name }) => name === chain)?.rules[0];
      if (first !== undefined && ruleText(first, 'inet').trim() === saved) continue;
      applyRules(port, `*filter\n-D ${chain} ${rule}\nCOMMIT\n`);
      applyRules(port, `*filter\n-I ${chain} ${rule}\nCOMMIT\n`);
    }
    for (const rule of APPENDED) ensureRule(port, 'filter', 'FORWARD', asSaved(rule), 'append');
  }
}

function asSaved(rule: string): string {
  return rule.replace('--jump', '-j').replace(/--set-mark (\S+)/, '--set-xmark $1');
}

function hasOwnAddress({ spec, status }: StoredPod): boolean {
  return spec?.hostNetwork !== true && (status?.podIP ?? '') !== '' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** What of a pod matters here. */
function concerns(pod: StoredPod): string {
  return hasOwnAddress(pod) ? `${pod.status!.podIP!} ${pod.spec?.nodeName ?? ''} ${JSON.stringify(pod.metadata.labels)}` : '';
}

function membersOf(set: WantedSet, pods: readonly Pod[], namespaces: readonly Namespace[]): string[] {
  if ('port' in set) {
    return pods.flatMap(({ spec, status }) => (spec?.containers ?? []).flatMap(({ ports = [] }) => ports.filter(({ name, protocol = 'TCP' }) => name === set.port && protocol === set.protocol).map(({ containerPort }) => `${status!.podIP!},${set.protocol.toLowerCase()}:${containerPort}`)));
  }
  const { podSelector, namespaceSelector } = set.peer;
  const among = namespaceSelector === undefined ? [set.namespace] : namespaces.filter(({ metadata }) => selects(namespaceSelector, metadata?.labels)).map(({ metadata }) => metadata?.name);
  return pods.filter(({ metadata }) => among.includes(metadata?.namespace) && (podSelector === undefined || selects(podSelector, metadata?.labels))).map(({ status }) => status!.podIP!);
}

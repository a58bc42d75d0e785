/**
 * Whether a Service answers at one of its doors, called from a place on a copy of the lab. When it does not, the first layer that fails is named, in
 * the order a packet meets them: the Service and its address, the network on the way, the pods that the Service selects, the port in the pod.
 * https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/
 */
import { z } from 'zod';
import type { Death } from '../../contracts/trace.ts';
import { defineCheck, fail, type Finding, listed, pass } from '../define.ts';
import type { Look } from '../look.ts';
import { outcomeWords } from './connects.ts';

const doors = ['clusterIP', 'nodePort', 'loadBalancer'] as const;

const spec = z.strictObject({
  service: z.string(),
  namespace: z.string().default('default'),
  from: z.string(),
  door: z.enum(doors).default('clusterIP'),
  /** The address of the node whose port is called; the other doors have addresses of their own. */
  node: z.string().optional(),
}).refine(({ door, node }) => (door === 'nodePort') === (node !== undefined), 'the door nodePort needs node, the address of one, and no other door takes it');

type Labels = Readonly<Record<string, string>>;
interface Service {
  readonly spec?: { readonly type?: string; readonly clusterIP?: string; readonly selector?: Labels; readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}
interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[]; readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[] };
}

export const serves = defineCheck({
  kind: 'serves',
  summary: 'a Service answers at its ClusterIP, at a node\'s port or at its load balancer',
  spec,
  places: ({ from }) => [from],
  async judge({ service: name, namespace, from, door, node }, { look }) {
    const expected = `${name} answers ${look.title(from)} at its ${doorNames[door]}`;
    const failed = (found: string, because: string, layer: NonNullable<Finding['layer']>): Finding => fail({ expected, found, because, layer, see });
    const see = [{ kind: 'trace' as const, label: `${look.title(from)} to ${name}`, place: look.place(from) }];
    const service = (await look.objects('services', namespace)).find((each) => nameOf(each) === name) as Service | undefined;
    if (service === undefined) return failed(`no Service ${name}`, `There is no Service called ${name}.`, 'service');
    const address = addressOf(service, door, node);
    if (typeof address === 'string') return failed(`no ${doorNames[door]}`, address, 'service');
    const { outcome, died } = await look.connect({ from: look.place(from), ...address, protocol: 'tcp' });
    if (outcome === 'connected') return pass(expected, outcomeWords[outcome], { see });
    // kube-proxy rejects what is for a Service without endpoints: then it is about pods, not about that rule.
    const isOnTheWay = died !== undefined && died.layer !== 'service' && !/has no endpoints/.test(died.reason);
    const found = outcomeWords[outcome];
    if (isOnTheWay) return failed(found, died.reason, died.layer);
    const trouble = await podTrouble(look, service, namespace);
    if (trouble !== undefined) return failed(found, trouble, 'service');
    return failed(found, died === undefined ? `What comes of it: ${found}.` : await atTheDoor(look, died), died?.layer ?? 'application');
  },
});

const doorNames: Readonly<Record<(typeof doors)[number], string>> = { clusterIP: 'ClusterIP', nodePort: 'NodePort', loadBalancer: 'load balancer' };

/** Where the door is, or why there is none. */
function addressOf({ spec, status }: Service, door: (typeof doors)[number], node: string | undefined): { host: string; port: number } | string {
  const { port = 0, nodePort } = spec?.ports?.[0] ?? {};
  const type = spec?.type ?? 'ClusterIP';
  switch (door) {
    case 'clusterIP': return spec?.clusterIP === undefined || spec.clusterIP === 'None' ? 'The Service has no address of its own.' : { host: spec.clusterIP, port };
    case 'nodePort': return nodePort === undefined ? `The Service is of type ${type}: nodes have no port for it.` : { host: node ?? '', port: nodePort };
    default: {
      if (type !== 'LoadBalancer') return `The Service is of type ${type}: nobody builds a load balancer for it.`;
      const host = status?.loadBalancer?.ingress?.[0]?.ip;
      return host === undefined ? 'The load balancer is being built.' : { host, port };
    }
  }
}

/** Why no pod stands behind the Service; undefined when one does. */
async function podTrouble(look: Look, { spec }: Service, namespace: string): Promise<string | undefined> {
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0) return 'The Service selects no pods.';
  const wanted = labelText(selector);
  const pods = (await look.objects('pods', namespace)) as unknown as readonly Pod[];
  const selected = pods.filter(({ metadata }) => selector.every(([key, value]) => metadata.labels?.[key] === value));
  if (selected.length === 0) {
    const labelled = [...new Set(pods.map(({ metadata }) => labelText(Object.entries(metadata.labels ?? {}).filter(([key]) => selector.some(([other]) => other === key)))).filter((text) => text !== ''))];
    return `The Service selects pods with ${wanted}, and there is none${labelled.length === 0 ? '' : `; the pods have ${listed(labelled)}`}.`;
  }
  if (selected.some(({ status }) => status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True'))) return undefined;
  const [first] = selected;
  const waiting = first?.status?.containerStatuses?.flatMap(({ state }) => state?.waiting?.reason ?? [])[0];
  return `No pod with ${wanted} is ready: ${first?.metadata.name} is ${waiting ?? first?.status?.phase ?? 'unknown'}.`;
}

/** The pod itself refuses: where it is asked, and where it listens instead. */
async function atTheDoor(look: Look, { at, reason }: Death): Promise<string> {
  const port = /port (\d+)/.exec(reason)?.[1];
  const listening = (await look.socketsIn(at.place)).filter(({ protocol, state }) => protocol.startsWith('tcp') && state === 'LISTEN').map(({ localPort }) => String(localPort));
  if (port === undefined || listening.length === 0) return reason;
  return `The Service sends to port ${port} of ${look.nameOf(at.place)}, where nobody listens; it listens on ${listed([...new Set(listening)])}.`;
}

function labelText(labels: readonly (readonly [string, string])[]): string {
  return labels.map(([key, value]) => `${key}=${value}`).join(',');
}

function nameOf(object: Readonly<Record<string, unknown>>): string {
  return (object as { metadata?: { name?: string } }).metadata?.name ?? '';
}

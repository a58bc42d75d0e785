/** The network as the list and the picture draw it, asked of the observer so that every backend is shown alike. */
import type { NamespaceView, NetworkView } from '../contracts/lab.ts';
import { isAvailable, type Answer, type JsonObject, type NetnsView, type Observer, type Place } from '../contracts/observer.ts';

const CAPTURES_SHOWN = 6;
const PACKETS_SHOWN = 40;

/** What the lab and the lesson know beyond the observer: names for people, machines on the internet, names of places. */
export interface Naming {
  readonly titles?: Readonly<Record<string, string>>;
  readonly outside?: readonly string[];
  readonly places?: Readonly<Record<string, Place>>;
}

export async function networkView(observer: Observer, atMs: number, naming: Naming = {}): Promise<NetworkView> {
  const namespaces: NamespaceView[] = [];
  const names: Record<string, NetnsView[]> = {};
  for (const machine of valueOr(await observer.machines(), [])) {
    const named = valueOr(await observer.namespaces(machine), []);
    names[machine] = named;
    for (const netns of ['', ...named.map(({ name }) => name).reverse()]) namespaces.push(await namespaceView(observer, machine, netns));
  }
  const captures = valueOr(await observer.captures(), []).slice(-CAPTURES_SHOWN).map((capture) => ({ ...capture, packetCount: capture.packets.length, packets: capture.packets.slice(-PACKETS_SHOWN) }));
  const nodes = valueOr(await observer.objects({ kind: 'nodes' }), []).map(nameOf);
  const titles = { ...Object.fromEntries(nodes.map((name) => [name, `node ${name.slice(name.lastIndexOf('-') + 1)}`])), ...naming.titles };
  const places: Record<string, Place> = {};
  for (const [name, place] of Object.entries(naming.places ?? {})) {
    const settled = valueOr(await observer.settle(place), place);
    if (settled.machine in names) places[name] = settled;
  }
  return { atMs, namespaces, names, captures, titles, outside: [...(naming.outside ?? [])], places, pods: await podsOf(observer), services: await servicesOf(observer) };
}

async function podsOf(observer: Observer): Promise<NetworkView['pods']> {
  return valueOr(await observer.objects({ kind: 'pods' }), []).flatMap((pod) => {
    const { metadata, spec, status } = pod as { metadata?: { namespace?: string }; spec?: { nodeName?: string; hostNetwork?: boolean }; status?: { phase?: string; podIP?: string } };
    if (metadata?.namespace === 'kube-system' || spec?.hostNetwork === true || spec?.nodeName === undefined || status?.phase !== 'Running') return [];
    return [{ machine: spec.nodeName, netns: nameOf(pod), address: status.podIP ?? '' }];
  });
}

async function servicesOf(observer: Observer): Promise<NetworkView['services']> {
  const services = valueOr(await observer.objects({ kind: 'services' }), []) as unknown as readonly Service[];
  const own = services.filter(({ metadata: { namespace, name } }) => namespace !== 'kube-system' && !(namespace === 'default' && name === 'kubernetes'));
  if (own.length === 0) return [];
  const endpoints = valueOr(await observer.objects({ kind: 'endpoints' }), []) as unknown as readonly Endpoints[];
  return own.map(({ metadata: { namespace, name }, spec, status }) => {
    const behind = endpoints.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)?.subsets ?? [];
    return {
      namespace, name, type: spec?.type ?? 'ClusterIP',
      clusterIp: spec?.clusterIP === 'None' ? null : (spec?.clusterIP ?? null),
      ports: (spec?.ports ?? []).map(({ port, nodePort = null }) => ({ port, nodePort })),
      externalIp: status?.loadBalancer?.ingress?.[0]?.ip ?? null,
      endpoints: behind.flatMap(({ addresses = [], ports = [] }) => addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip}:${port}`))),
    };
  });
}

interface Named { readonly namespace: string; readonly name: string }
interface Service {
  readonly metadata: Named;
  readonly spec?: { readonly type?: string; readonly clusterIP?: string; readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}
interface Endpoints { readonly metadata: Named; readonly subsets?: readonly { readonly addresses?: readonly { readonly ip: string }[]; readonly ports?: readonly { readonly port: number }[] }[] }

function nameOf(object: JsonObject): string {
  return (object as { metadata?: { name?: string } }).metadata?.name ?? '';
}

async function namespaceView(observer: Observer, machine: string, netns: string): Promise<NamespaceView> {
  const place = { machine, netns };
  const conntrack = await observer.conntrack(place);
  return {
    machine, netns,
    links: valueOr(await observer.links(place), []),
    addresses: valueOr(await observer.addresses(place), []),
    routes: valueOr(await observer.routes(place), []).filter(({ table }) => table === 'main'),
    chains: valueOr(await observer.chains(place), []),
    conntrack: valueOr(conntrack, []),
    isForwarding: valueOr(await observer.sysctl(place, 'net.ipv4.ip_forward'), '0') === '1',
    isConntrackActive: isAvailable(conntrack) && conntrack.value.length > 0,
  };
}

function valueOr<Value>(answer: Answer<Value>, otherwise: Value): Value {
  return isAvailable(answer) ? answer.value : otherwise;
}

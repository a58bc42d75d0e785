/**
 * Placeholders: `{{veth0.mac}}` in a lesson stands for what the lab chose. Names are resolved from live state:
 *
 *   PLACE.ip PLACE.mac PLACE.device PLACE.gateway PLACE.machine PLACE.netns    of the place's way out
 *   PLACE.externalIp    of a machine of the cloud project
 *   PLACE.containerId    of a pod: the first twelve digits of its first container's id
 *   DEVICE.FIELD, PLACE.DEVICE.FIELD    mac ip prefix index peerIndex peer state master mtu kind
 *   service.NAME.FIELD    ip port nodePort externalIp loadBalancer, of a Service of the default namespace
 *   cluster.NAME.FIELD    endpoint podRange serviceRange
 *
 * A name without a dot belongs to one check ({{missing}}, {{port}}): the check that failed says what it stands for.
 * Double braces with a blank inside, as in Go templates, are left alone.
 */
import type { LinkView } from '../contracts/observer.ts';
import { valuesAt } from './checks/object.ts';
import type { Look } from './look.ts';

const placeholder = /\{\{([A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+){0,2})\}\}/g;

/** The names of the placeholders in a text, in order, each once. */
export function placeholdersIn(text: string): string[] {
  return [...new Set([...text.matchAll(placeholder)].map(([, name]) => name as string))];
}

export const deviceFields = ['mac', 'ip', 'prefix', 'index', 'peerIndex', 'peer', 'state', 'master', 'mtu', 'kind'] as const;
export const placeFields = ['ip', 'mac', 'device', 'gateway', 'machine', 'netns', 'externalIp', 'containerId'] as const;

/** What is known of objects: where its JSON has it, or how it follows from it. */
export const objectFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  service: {
    ip: 'spec.clusterIP', port: 'spec.ports.0.port', nodePort: 'spec.ports.0.nodePort', externalIp: 'status.loadBalancer.ingress.0.ip',
    // The name of everything that is made in the cloud for it. kubernetes: cloud-provider's DefaultLoadBalancerName
    loadBalancer: 'metadata.uid',
  },
  cluster: { endpoint: 'endpoint', podRange: 'clusterIpv4Cidr', serviceRange: 'servicesIpv4Cidr' },
};

/** Null where the lab has no such thing (yet). */
export async function resolveValue(name: string, look: Look): Promise<string | null> {
  const parts = name.split('.');
  const [first = '', second = '', third] = parts;
  if (parts.length === 3 && Object.hasOwn(objectFields, first)) return objectField(look, first, second, third as string);
  if (parts.length === 3) return deviceField(look, first, second, third as string);
  if (parts.length !== 2) return null;
  if (first in look.places) return placeField(look, first, second);
  for (const place of Object.keys(look.places)) {
    const found = await deviceField(look, place, first, second);
    if (found !== null) return found;
  }
  return null;
}

/** The text with every placeholder that has a value replaced; `missing` names the others. */
export async function fill(text: string, look: Look, local: Readonly<Record<string, string>> = {}): Promise<{ text: string; missing: string[] }> {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const name of placeholdersIn(text)) {
    const value = local[name] ?? (await resolveValue(name, look));
    if (value === null) missing.push(name);
    else values.set(name, value);
  }
  return { text: text.replace(placeholder, (whole, name: string) => values.get(name) ?? whole), missing };
}

/** `fill` over every string of a JSON tree. */
export async function fillTree(tree: unknown, look: Look): Promise<{ tree: unknown; missing: string[] }> {
  if (typeof tree === 'string') {
    const { text, missing } = await fill(tree, look);
    return { tree: text, missing };
  }
  if (Array.isArray(tree)) {
    const parts = await Promise.all(tree.map((part) => fillTree(part, look)));
    return { tree: parts.map((part) => part.tree), missing: parts.flatMap((part) => part.missing) };
  }
  if (tree !== null && typeof tree === 'object') {
    const parts = await Promise.all(Object.entries(tree).map(async ([key, value]) => [key, await fillTree(value, look)] as const));
    return { tree: Object.fromEntries(parts.map(([key, part]) => [key, part.tree])), missing: parts.flatMap(([, part]) => part.missing) };
  }
  return { tree, missing: [] };
}

async function objectField(look: Look, kind: string, name: string, field: string): Promise<string | null> {
  const path = objectFields[kind]?.[field];
  if (path === undefined) return null;
  const objects = kind === 'service' ? await look.objects('services', 'default') : await look.cloud('clusters');
  const named = objects.find((each) => (valuesAt(each, ['metadata', 'name'])[0] ?? valuesAt(each, ['name'])[0]) === name);
  const value = valuesAt(named, path.split('.'))[0] ?? null;
  return field === 'loadBalancer' && value !== null ? `a${value.replaceAll('-', '')}`.slice(0, 32) : value;
}

async function placeField(look: Look, placeName: string, field: string): Promise<string | null> {
  const place = look.place(placeName);
  if (field === 'machine') return place.machine;
  if (field === 'netns') return place.netns === '' ? null : place.netns;
  if (field === 'externalIp') {
    const instance = (await look.cloud('instances')).find((each) => each['name'] === place.machine);
    return valuesAt(instance, ['networkInterfaces', '0', 'accessConfigs', '0', 'natIP'])[0] ?? null;
  }
  if (field === 'containerId') {
    const pod = (await look.objects('pods', 'default')).find((each) => valuesAt(each, ['metadata', 'name'])[0] === place.netns);
    return valuesAt(pod, ['status', 'containerStatuses', '0', 'containerID'])[0]?.replace(/^.*:\/\//, '').slice(0, 12) ?? null;
  }
  const routes = await look.routes(placeName);
  const out = routes.find((route) => route.family === 4 && route.destination === 'default');
  if (field === 'gateway') return out?.gateway ?? null;
  const links = await look.links(placeName);
  const device = out?.device ?? links.find((link) => link.kind !== 'loopback')?.name;
  if (device === undefined || device === null) return null;
  return field === 'device' ? device : deviceField(look, placeName, device, field);
}

async function deviceField(look: Look, place: string, device: string, field: string): Promise<string | null> {
  const link = (await look.links(place)).find(({ name }) => name === device);
  if (link === undefined) return null;
  if (field === 'ip' || field === 'prefix') {
    const address = (await look.addresses(place)).find((each) => each.device === device && each.family === 4);
    if (address === undefined) return null;
    return field === 'ip' ? address.address : `${address.address}/${address.prefixLength}`;
  }
  return linkField(link, field);
}

function linkField(link: LinkView, field: string): string | null {
  switch (field) {
    case 'mac': return link.mac;
    case 'index': return String(link.index);
    case 'peerIndex': return link.peer === null ? null : String(link.peer.index);
    case 'peer': return link.peer?.name ?? null;
    case 'state': return link.operstate;
    case 'master': return link.master;
    case 'mtu': return String(link.mtu);
    case 'kind': return link.kind;
    default: return null;
  }
}

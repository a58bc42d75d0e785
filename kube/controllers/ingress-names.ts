/**
 * What the ingress controller of Compute Engine calls the objects it makes: the first scheme ends in the cluster's id, the second has its own digests.
 * Read first: ingress-gce pkg/utils/namer/{namer,frontendnamer,utils}.go
 */
import { sha256 } from '../proxy/chain-names.ts';

export interface FrontNames { readonly urlMap: string; readonly proxy: string; readonly rule: string }
export interface IngressKey { readonly namespace: string; readonly name: string }

const MOST_CHARACTERS = 62;
const NEG_FIELDS = 38;
const FRONT_FIELDS = 36;

/** `k8s-um-default-web--c1f99c83f2e87324` */
export function firstScheme(clusterId: string, { namespace, name }: IngressKey): FrontNames {
  const own = cut(`${namespace}-${name}--${clusterId}`);
  return { urlMap: cut(`k8s-um-${own}`), proxy: cut(`k8s-tp-${own}`), rule: cut(`k8s-fw-${own}`) };
}

/** `k8s2-um-7kpbhpki-default-web-uhmwf5xi`; a cluster's id is the uid of its namespace kube-system. */
export function secondScheme(kubeSystemUid: string, { namespace, name }: IngressKey): FrontNames {
  const [ofNamespace = '', ofName = ''] = trimEvenly(FRONT_FIELDS, [namespace, name]);
  const own = `${contentHash(kubeSystemUid)}-${ofNamespace}-${ofName}-${contentHash([kubeSystemUid, namespace, name].join(';'))}`;
  return { urlMap: `k8s2-um-${own}`, proxy: `k8s2-tp-${own}`, rule: `k8s2-fr-${own}` };
}

/** The backend service of a node port, and its health check. */
export function nodePortName(clusterId: string, nodePort: number): string {
  return cut(`k8s-be-${nodePort}--${clusterId}`);
}

/** The same of a group of endpoints: `k8s1-c1f99c83-default-web-80-5104b449` */
export function endpointGroupName(clusterId: string, { namespace, name }: IngressKey, port: number): string {
  const short = clusterId.slice(0, 8);
  return `k8s1-${short}-${trimEvenly(NEG_FIELDS, [namespace, name, String(port)]).join('-')}-${hex(sha256([short, namespace, name, port].join(';'))).slice(0, 8)}`;
}

export function sharedNames(clusterId: string): { readonly instanceGroup: string; readonly firewall: string } {
  return { instanceGroup: cut(`k8s-ig--${clusterId}`), firewall: `k8s-fw-${cut(`l7--${clusterId}`)}` };
}

/** No name may end in a hyphen. */
function cut(name: string): string {
  return name.length > MOST_CHARACTERS ? `${name.slice(0, MOST_CHARACTERS)}0` : name;
}

/** TrimFieldsEvenly: longer fields lose more. */
function trimEvenly(most: number, fields: readonly string[]): string[] {
  const total = fields.reduce((sum, field) => sum + field.length, 0);
  if (total <= most) return [...fields];
  const lengths = fields.map(({ length }) => length - Math.floor((length * (total - most)) / total) - 1);
  const remaining = most - lengths.reduce((sum, length) => sum + length, 0);
  return fields.map((field, at) => field.slice(0, lengths[at]! + (at < remaining ? 1 : 0)));
}

function hex(words: Uint32Array): string {
  return [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** Eight digits of base 36. */
function contentHash(text: string): string {
  const [high = 0, low = 0] = sha256(text);
  return [high, low].flatMap((word) => [24, 16, 8, 0].map((shift) => (((word >>> shift) & 255) % 36).toString(36))).join('');
}

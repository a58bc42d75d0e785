/** Which form an answer takes: what the client accepts, in its order (apiserver/pkg/endpoints/handlers/negotiation). */
import { StatusError } from '../api/status.ts';
import type { ApiRequest } from './http.ts';
import type { Query } from './paths.ts';

export interface Form {
  readonly encoding: 'json' | 'yaml';
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';
  /** `v1` or `v1beta1` of meta.k8s.io; of apidiscovery.k8s.io for discovery. */
  readonly version: string;
}

const transforms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

export function negotiate(request: ApiRequest): Form {
  const accept = request.headers['accept'] ?? '';
  if (accept.trim() === '') return { encoding: 'json', as: 'object', version: 'v1' };
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const parameter = (name: string): string | undefined => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const encoding = type === 'application/json' || type === '*/*' || type === 'application/*' ? 'json' : type === 'application/yaml' ? 'yaml' : undefined;
    if (encoding === undefined) continue;
    const as = parameter('as');
    const version = parameter('v') ?? 'v1';
    if (as === undefined) return { encoding, as: 'object', version: 'v1' };
    if (parameter('g') === 'meta.k8s.io' && transforms.has(as)) return { encoding, as: as as Form['as'], version };
    if (parameter('g') === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList') return { encoding, as, version };
  }
  throw new StatusError(406, 'NotAcceptable', '406: Not Acceptable', {});
}

/** Browsers and curl get their JSON with indentation (?pretty=1, or who asks). */
export function isPretty(request: ApiRequest, query: Query): boolean {
  const asked = query.get('pretty');
  if (asked !== undefined) return asked !== 'false' && asked !== '0';
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(request.headers['user-agent'] ?? '');
}

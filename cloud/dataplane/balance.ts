/**
 * Pass-through network load balancing: which backend gets a new connection. Hash of the five-tuple (or fewer fields with affinity), only
 * healthy backends, all of them when none is healthy; a connection stays where it went while its backend is there and healthy.
 * Read first: https://cloud.google.com/load-balancing/docs/network/networklb-target-pools, Maglev (NSDI 2016)
 */
import { formatIp4, type Ip4 } from '../../simulator/wire/ip4.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import { healthKey } from './health.ts';
import type { Header } from './header.ts';
import { nicNamed, type LoadBalancer, type VpcData } from './state.ts';
import { flowHash } from './vpc.ts';

/** Idle connections are forgotten after this. */
const REMEMBERED_US = 60_000_000;
const MOST_CONNECTIONS = 2_000;

/** The backend's port, or why there is none. */
export function balance(junction: Junction<VpcData>, header: Header, address: Ip4): { balancer: LoadBalancer; port: number } | string {
  const { data } = junction;
  const here = data.loadBalancers.filter((one) => one.address === address);
  const balancer = here.find((one) => forwards(one, header));
  if (balancer === undefined) return `${here.map(({ name, ports, protocol }) => `forwarding rule ${name} takes ${describe(protocol, ports)} only`).join(', ')}`;
  const all = balancer.backends.flatMap((name) => {
    const found = nicNamed(data, name);
    return found === undefined ? [] : [found];
  });
  if (all.length === 0) return `no instance is behind forwarding rule ${balancer.name}`;
  const healthy = all.filter(({ nic }) => data.health.get(healthKey(balancer.id, nic.instance))?.isHealthy ?? true);
  const candidates = healthy.length === 0 ? all : healthy;
  const key = connectionKey(balancer, header);
  const known = data.balanced.get(key);
  const isStill = known !== undefined && known.untilUs > junction.nowUs && candidates.some(({ port }) => port === known.port);
  const port = isStill ? known.port : pick(candidates, balancer, header).port;
  if (data.balanced.size >= MOST_CONNECTIONS) for (const [old, { untilUs }] of data.balanced) if (untilUs <= junction.nowUs) data.balanced.delete(old);
  data.balanced.set(key, { port, untilUs: junction.nowUs + REMEMBERED_US });
  return { balancer, port };
}

function forwards({ protocol, ports }: LoadBalancer, header: Header): boolean {
  if (protocol === undefined) return true;
  return protocol === header.protocol && (ports.length === 0 || ports.some(([from, to]) => header.destinationPort >= from && header.destinationPort <= to));
}

function describe(protocol: number | undefined, ports: LoadBalancer['ports']): string {
  const name = protocol === 6 ? 'TCP' : protocol === 17 ? 'UDP' : `protocol ${protocol}`;
  return ports.length === 0 ? name : `${name} to port ${ports.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ')}`;
}

/** Rendezvous hashing: a backend that comes or goes moves only its own share. */
function pick<Candidate extends { readonly nic: { readonly address: Ip4 } }>(candidates: readonly Candidate[], balancer: LoadBalancer, header: Header): Candidate {
  const fields = affinityFields(balancer, header);
  const weight = ({ nic }: Candidate): number => flowHash({ ...fields, destination: (fields.destination ^ Math.imul(nic.address, 0x9e3779b1)) >>> 0 });
  return candidates.reduce((best, one) => (weight(one) > weight(best) ? one : best));
}

function affinityFields({ affinity }: LoadBalancer, header: Header): Header {
  if (affinity === 'NONE') return header;
  return { ...header, sourcePort: 0, destinationPort: 0, protocol: affinity === 'CLIENT_IP' ? 0 : header.protocol };
}

function connectionKey(balancer: LoadBalancer, header: Header): string {
  const { protocol, source, sourcePort, destinationPort } = affinityFields(balancer, header);
  return `${balancer.id} ${protocol} ${formatIp4(source)}:${sourcePort} ${destinationPort}`;
}

/**
 * Health checks that really probe: a TCP connection to every backend (at its load balancer's address where that passes packets through), and for HTTP a request that must be
 * answered with 200. Legacy checks (target pools) come from the metadata server's address and pass every firewall; today's come from
 * documented public ranges and need a rule. Read first: https://cloud.google.com/load-balancing/docs/health-check-concepts
 */
import { formatIp4, isInPrefix4, type Ip4 } from '../../simulator/wire/ip4.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import { headerOf } from './header.ts';
import { METADATA_ADDRESS, nicNamed, type Endpoint, type HealthCheck, type HttpMember, type VpcData } from './state.ts';
import { endpointKey, openEndpoint } from './tcp-endpoint.ts';
import { deliver, toInstance } from './vpc.ts';

/** 35.191.0.0/16 is the one of the documented ranges that this network's probers have. */
const PROBERS: Ip4 = 0x23bf0000;

/**
 * Where the real prober goes on every two seconds, this one takes its time once nothing changes and nobody captures packets there: two hours of a
 * lesson would be ten thousand probes that nobody sees. The first bad answer brings back the full pace.
 */
const STEADY = 5;
const RESTING_US = 20_000_000;

export function isProbeSource(address: Ip4): boolean {
  return isInPrefix4(address, PROBERS, 16);
}

/** `owner`: the load balancer or backend service; `member`: the instance, or for a backend service `memberKey`. Neither has spaces. */
export function healthKey(owner: string, member: string): string {
  return `${owner} ${member}`;
}

/** What is probed: of a pass-through load balancer its own address at an instance, of a backend service the member's own. */
interface Target { readonly check: HealthCheck; readonly instance: string; readonly address: Ip4; readonly port: number }

function targetOf(data: VpcData, owner: string, member: string): Target | undefined {
  const balancer = data.loadBalancers.find(({ id }) => id === owner);
  const service = balancer === undefined ? data.httpServices.find(({ id }) => id === owner) : undefined;
  const check = data.healthChecks.find(({ id }) => id === (balancer ?? service)?.healthCheck);
  if (check === undefined) return undefined;
  if (balancer !== undefined) return { check, instance: member, address: balancer.address, port: check.port };
  const found = service!.members.find((one) => memberKey(one) === member);
  return found === undefined ? undefined : { check, instance: found.instance, address: found.address, port: check.port === 0 ? found.port : check.port };
}

/** A member of a backend service, as it stands in health keys and timers. */
export function memberKey({ instance, address, port }: HttpMember): string {
  return `${instance}/${formatIp4(address)}:${port}`;
}

/** Begins to probe what is new and forgets what is gone; called after every change of load balancers. */
export function superviseHealth(junction: Junction<VpcData>): void {
  const { data } = junction;
  const wanted = new Set<string>();
  const owners = [...data.loadBalancers.map(({ id, healthCheck, backends }) => ({ id, healthCheck, members: backends })), ...data.httpServices.map(({ id, healthCheck, members }) => ({ id, healthCheck, members: members.map(memberKey) }))];
  for (const { id, members, healthCheck } of owners) {
    if (healthCheck === undefined || !data.healthChecks.some((check) => check.id === healthCheck)) continue;
    for (const member of members) {
      const key = healthKey(id, member);
      wanted.add(key);
      const health = data.health.get(key) ?? { isHealthy: false, against: 0, steady: 0, isScheduled: false };
      data.health.set(key, health);
      if (health.isScheduled) continue;
      health.isScheduled = true;
      junction.setTimer(200_000 + junction.dice.below(800_000), `probe ${key}`);
    }
  }
  for (const key of [...data.health.keys()]) if (!wanted.has(key)) data.health.delete(key);
}

export function probeDue(junction: Junction<VpcData>, owner: string, member: string): void {
  const { data } = junction;
  const health = data.health.get(healthKey(owner, member));
  if (health === undefined) return;
  const target = targetOf(data, owner, member);
  if (target === undefined) return;
  const { check, address, port: remotePort } = target;
  const found = nicNamed(data, target.instance);
  const isResting = health.steady >= STEADY && found !== undefined && !junction.isWatched(found.port);
  junction.setTimer(isResting ? Math.max(check.intervalUs, RESTING_US) : check.intervalUs, `probe ${healthKey(owner, member)}`);
  if (found === undefined) return conclude(health, false, check);
  const { port, nic } = found;
  data.nextEndpointPort = (data.nextEndpointPort + 1) % 28_000;
  const endpoint: Endpoint = {
    purpose: { kind: 'probe', owner, member }, port, local: check.isLegacy ? METADATA_ADDRESS : (PROBERS | junction.dice.below(0xffff)) >>> 0, localPort: 32_768 + data.nextEndpointPort, remote: address, remotePort,
    state: 'opening', sendNext: junction.dice.next(), receiveNext: 0, received: '', startedUs: junction.nowUs,
  };
  const syn = openEndpoint(junction, endpoint);
  junction.setTimer(check.timeoutUs, `give-up ${endpoint.startedUs} ${endpointKey(endpoint)}`);
  if (check.isLegacy) deliver(junction, port, nic, syn, 0);
  else toInstance(junction, port, nic, syn, headerOf(syn.frame), undefined, 0);
}

/** What the prober asks once connected; empty for a check of the connection alone. */
export function probeRequest(data: VpcData, { purpose, remote }: Endpoint): string {
  const check = purpose.kind === 'probe' ? targetOf(data, purpose.owner, purpose.member)?.check : undefined;
  if (check?.protocol !== 'HTTP') return '';
  return `GET ${check.requestPath} HTTP/1.1\r\nHost: ${check.host === '' ? formatIp4(remote) : check.host}\r\nUser-Agent: GoogleHC/1.0\r\nConnection: Keep-alive\r\n\r\n`;
}

export function probeAnswered(junction: Junction<VpcData>, { purpose }: Endpoint, isGood: boolean): void {
  if (purpose.kind !== 'probe') return;
  const health = junction.data.health.get(healthKey(purpose.owner, purpose.member));
  const check = targetOf(junction.data, purpose.owner, purpose.member)?.check;
  if (health !== undefined && check !== undefined) conclude(health, isGood, check);
}

/** Time is over for the connection `startedUs key`: no answer is a bad one. */
export function connectionTimedOut(junction: Junction<VpcData>, startedUs: number, key: string): void {
  const { endpoints } = junction.data;
  const endpoint = endpoints.get(key);
  if (endpoint === undefined || endpoint.startedUs !== startedUs) return;
  endpoints.delete(key);
  if (endpoint.state !== 'closing') probeAnswered(junction, endpoint, false);
}

function conclude(health: { isHealthy: boolean; against: number; steady: number }, isGood: boolean, check: { readonly healthyThreshold: number; readonly unhealthyThreshold: number }): void {
  if (isGood === health.isHealthy) {
    health.against = 0;
    health.steady += 1;
    return;
  }
  health.steady = 0;
  health.against += 1;
  if (health.against < (isGood ? check.healthyThreshold : check.unhealthyThreshold)) return;
  health.isHealthy = isGood;
  health.against = 0;
}

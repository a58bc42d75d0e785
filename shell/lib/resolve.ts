/**
 * Host names as glibc resolves them: addresses as written, /etc/hosts, then the name servers of /etc/resolv.conf over UDP.
 * Read first: nsswitch.conf(5), hosts(5), resolv.conf(5), getaddrinfo(3), RFC 1035.
 */
import type { Sys } from '../../machine/sys.ts';
import { formatIp4, formatIp6, parseInetAton, parseIp6 } from '../ports/addresses.ts';
import type { Family } from '../ports/kernel.ts';
import { dns } from '../ports/wire.ts';

export interface HostAddress { readonly family: Family; readonly address: string }
export type ResolveError = 'Name or service not known' | 'Temporary failure in name resolution' | 'No address associated with hostname' | 'Address family for hostname not supported';
export type Resolved = { readonly ok: true; readonly addresses: readonly HostAddress[]; readonly canonicalName: string } | { readonly ok: false; readonly error: ResolveError };

type ResolverSys = Pick<Sys, 'readText' | 'net' | 'random' | 'monotonicUs'>;

/** getaddrinfo(): never empty when ok. Order: IPv6 before IPv4 only where both exist and a route to IPv6 does. */
export async function resolveHost(sys: ResolverSys, name: string, family?: Family): Promise<Resolved> {
  const literal = literalAddress(name);
  if (literal !== undefined) {
    if (family !== undefined && literal.family !== family) return { ok: false, error: 'Address family for hostname not supported' };
    return { ok: true, addresses: [literal], canonicalName: name };
  }
  if (name === '' || name.length > 253 || /[^A-Za-z0-9._-]/.test(name)) return { ok: false, error: 'Name or service not known' };
  const own = fromHosts(await hostsFile(sys), name, family);
  if (own.length > 0) return { ok: true, addresses: own, canonicalName: name };
  return fromServers(sys, name, family);
}

/** An address as inet_aton or inet_pton read it. */
export function literalAddress(text: string): HostAddress | undefined {
  if (text.includes(':')) {
    const six = parseIp6(text);
    return six === undefined ? undefined : { family: 'inet6', address: formatIp6(six) };
  }
  const four = /^[0-9]/.test(text) ? parseInetAton(text) : undefined;
  return four === undefined ? undefined : { family: 'inet', address: formatIp4(four) };
}

/** getnameinfo(): the name of an address, from /etc/hosts or by PTR; undefined when it has none. */
export async function nameOfAddress(sys: ResolverSys, address: string): Promise<string | undefined> {
  for (const line of await hostsFile(sys)) if (line.address === address) return line.names[0];
  const configuration = await resolverConfiguration(sys);
  if (configuration.servers.length === 0) return undefined;
  const answer = await ask(sys, configuration, reverseName(address), dns.TYPE_PTR);
  if (answer === undefined) return undefined;
  const record = answer.answers.find((each) => each.data.kind === 'ptr');
  return record?.data.kind === 'ptr' ? record.data.name : undefined;
}

export function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  return `${[...(parseIp6(address) ?? '')].reverse().join('.')}.ip6.arpa`;
}

// ---------------------------------------------------------------- /etc/hosts
export async function hostsFile(sys: Pick<Sys, 'readText'>): Promise<{ address: string; names: string[] }[]> {
  const text = await sys.readText('/etc/hosts');
  const lines: { address: string; names: string[] }[] = [];
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address !== undefined && address !== '' && names.length > 0) lines.push({ address, names });
  }
  return lines;
}

function fromHosts(lines: readonly { address: string; names: string[] }[], name: string, family: Family | undefined): HostAddress[] {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const found: HostAddress[] = [];
  for (const line of lines) {
    if (!line.names.some((each) => each.toLowerCase() === wanted)) continue;
    const address = literalAddress(line.address);
    if (address !== undefined && (family === undefined || address.family === family)) found.push(address);
  }
  return found;
}

// ---------------------------------------------------------------- DNS
export interface ResolverConfiguration { readonly servers: readonly string[]; readonly search: readonly string[]; readonly timeoutUs: number; readonly attempts: number; readonly dots: number }

export async function resolverConfiguration(sys: Pick<Sys, 'readText'>): Promise<ResolverConfiguration> {
  const text = await sys.readText('/etc/resolv.conf');
  const nsswitch = await sys.readText('/etc/nsswitch.conf');
  const hostsLine = nsswitch.ok ? /^hosts:(.*)$/m.exec(nsswitch.value)?.[1] : undefined;
  const servers: string[] = [];
  let search: string[] = [];
  let timeoutUs = 5_000_000;
  let attempts = 2;
  let dots = 1;
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const [key, ...rest] = line.trim().split(/\s+/);
    if (key === 'nameserver' && rest[0] !== undefined && servers.length < 3) servers.push(rest[0]);
    else if (key === 'search' || key === 'domain') search = rest;
    else if (key === 'options') {
      for (const option of rest) {
        const [name, value] = option.split(':');
        if (name === 'timeout') timeoutUs = Number(value) * 1_000_000;
        else if (name === 'attempts') attempts = Number(value);
        else if (name === 'ndots') dots = Number(value);
      }
    }
  }
  const usesDns = hostsLine === undefined || /\b(dns|resolve)\b/.test(hostsLine);
  return { servers: usesDns ? servers : [], search, timeoutUs, attempts, dots };
}

async function fromServers(sys: ResolverSys, name: string, family: Family | undefined): Promise<Resolved> {
  const configuration = await resolverConfiguration(sys);
  if (configuration.servers.length === 0) return { ok: false, error: 'Name or service not known' };
  const types = family === 'inet' ? [dns.TYPE_A] : family === 'inet6' ? [dns.TYPE_AAAA] : [dns.TYPE_A, dns.TYPE_AAAA];
  let isNameKnown = false;
  for (const candidate of candidates(name, configuration)) {
    const addresses: HostAddress[] = [];
    let canonicalName = candidate;
    for (const type of types) {
      const answer = await ask(sys, configuration, candidate, type);
      if (answer === undefined) return { ok: false, error: 'Temporary failure in name resolution' };
      if (answer.responseCode === dns.SERVER_FAILURE || answer.responseCode === dns.REFUSED) return { ok: false, error: 'Temporary failure in name resolution' };
      if (answer.responseCode === dns.NO_ERROR) isNameKnown = true;
      for (const record of answer.answers) {
        if (record.data.kind === 'a') addresses.push({ family: 'inet', address: formatIp4(record.data.address) });
        else if (record.data.kind === 'aaaa') addresses.push({ family: 'inet6', address: formatIp6(record.data.address) });
        else if (record.data.kind === 'cname') canonicalName = record.data.name;
      }
    }
    if (addresses.length > 0) return { ok: true, addresses: preferred(sys, addresses), canonicalName };
  }
  return { ok: false, error: isNameKnown ? 'No address associated with hostname' : 'Name or service not known' };
}

/** The names a resolver tries, one after the other (resolv.conf(5): search, ndots). */
export function candidates(name: string, configuration: Pick<ResolverConfiguration, 'search' | 'dots'>): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = configuration.search.filter((domain) => domain !== '.').map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  const isQualified = name.split('.').length - 1 >= configuration.dots;
  return isQualified ? [name, ...searched] : [...searched, name];
}

/** RFC 6724 as far as it shows: an address without a route comes last. */
function preferred(sys: ResolverSys, addresses: readonly HostAddress[]): HostAddress[] {
  const reachable = (entry: HostAddress): boolean => sys.net.netlink.lookupRoute({ family: entry.family, to: entry.address }).ok;
  const six = addresses.filter((entry) => entry.family === 'inet6');
  const four = addresses.filter((entry) => entry.family === 'inet');
  return six.length > 0 && four.length > 0 && !six.some(reachable) ? [...four, ...six] : [...six, ...four];
}

/** One question, to each server in turn; undefined when none answered. */
export async function ask(sys: ResolverSys, configuration: ResolverConfiguration, name: string, type: number): Promise<dns.DnsMessage | undefined> {
  for (let attempt = 0; attempt < configuration.attempts; attempt += 1) {
    for (const server of configuration.servers) {
      const answer = await askServer(sys, server, name, type, configuration.timeoutUs);
      if (answer !== undefined) return answer;
    }
  }
  return undefined;
}

export async function askServer(sys: ResolverSys, server: string, name: string, type: number, timeoutUs: number, port = 53): Promise<dns.DnsMessage | undefined> {
  const { sockets } = sys.net;
  const opened = sockets.open({ type: 'udp', family: server.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) return undefined;
  try {
    const id = sys.random(65536);
    const connected = await sockets.connect(opened.value, { address: server, port });
    if (!connected.ok) return undefined;
    const sent = await sockets.send(opened.value, dns.emit(dns.query(id, name, type)));
    if (!sent.ok) return undefined;
    const endUs = sys.monotonicUs() + timeoutUs;
    for (;;) {
      const leftUs = endUs - sys.monotonicUs();
      if (leftUs <= 0) return undefined;
      const got = await sockets.receiveDatagram(opened.value, leftUs);
      if (!got.ok) return undefined;
      const message = dns.parse(got.value.bytes);
      if (typeof message !== 'string' && message.id === id && message.isResponse) return message;
    }
  } finally {
    sockets.close(opened.value);
  }
}

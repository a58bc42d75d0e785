/**
 * kube-dns: names of Services and pods from the API server, everything else from the node's own nameserver. Read first: the Kubernetes DNS-based service discovery specification
 * (github.com/kubernetes/dns docs/specification.md)
 */
import type { Program, Sys } from '../../machine/sys.ts';
import { concat } from '../../simulator/bytes.ts';
import type { Endpoint as SocketAddress } from '../../simulator/index.ts';
import * as dns from '../../simulator/wire/dns.ts';
import { formatIp4, parseIp4 } from '../../simulator/wire/ip4.ts';
import type { ApiClient } from '../client.ts';
import { goProgram } from './programs/servers.ts';

export interface ClusterDnsOptions { readonly client: ApiClient; readonly domain: string; readonly upstream: string }

const TTL_SECONDS = 30;
const UPSTREAM_US = 2_000_000;
const TYPE_ANY = 255;

interface Asked { readonly message: dns.DnsMessage; readonly from: SocketAddress; readonly untilUs: number }

export function clusterDnsProgram(options: ClusterDnsOptions): Program {
  return goProgram((sys) => serve(sys, options));
}

async function serve(sys: Sys, options: ClusterDnsOptions): Promise<number> {
  const { sockets } = sys.net;
  const udp = sockets.open({ type: 'udp', family: 'inet' });
  const tcp = sockets.open({ type: 'tcp', family: 'inet' });
  if (!udp.ok || !tcp.ok) return 1;
  const here = { address: '0.0.0.0', port: dns.PORT };
  if (!sockets.bind(udp.value, here).ok || !sockets.bind(tcp.value, here).ok || !sockets.listen(tcp.value, 16).ok) return 1;
  /** Questions passed on, by the socket that waits for the answer. */
  const asked = new Map<number, Asked>();
  const streams = new Map<number, Uint8Array>();
  for (;;) {
    const nextUs = Math.min(...[...asked.values()].map(({ untilUs }) => untilUs));
    const ready = await sockets.poll([udp.value, tcp.value, ...asked.keys(), ...streams.keys()].map((id) => ({ id, read: true })), [], asked.size === 0 ? undefined : Math.max(0, nextUs - sys.monotonicUs()));
    if (!ready.ok) continue;
    for (const id of ready.value.sockets) {
      if (id === udp.value) {
        const got = await sockets.receiveDatagram(id, 0);
        const message = got.ok ? dns.parse(got.value.bytes) : 'truncated';
        if (!got.ok || typeof message === 'string' || message.isResponse || got.value.from === undefined) continue;
        const answer = answerFor(message, options);
        if (answer !== undefined) await sockets.send(id, dns.emit(answer), got.value.from);
        else await passOn(sys, options, asked, message, got.value.from);
      } else if (id === tcp.value) {
        const accepted = await sockets.accept(id, 0);
        if (accepted.ok) streams.set(accepted.value, new Uint8Array(0));
      } else if (asked.has(id)) await bringBack(sys, udp.value, asked, id);
      else if (!(await hear(sys, options, streams, id))) {
        streams.delete(id);
        sockets.close(id);
      }
    }
    for (const [id, { message, from, untilUs }] of asked) {
      if (sys.monotonicUs() < untilUs) continue;
      asked.delete(id);
      sockets.close(id);
      await sockets.send(udp.value, dns.emit(dns.answer(message, { responseCode: dns.SERVER_FAILURE })), from);
    }
  }
}

async function passOn(sys: Sys, { upstream }: ClusterDnsOptions, asked: Map<number, Asked>, message: dns.DnsMessage, from: SocketAddress): Promise<void> {
  const { sockets } = sys.net;
  const opened = sockets.open({ type: 'udp', family: 'inet' });
  if (!opened.ok) return;
  asked.set(opened.value, { message, from, untilUs: sys.monotonicUs() + UPSTREAM_US });
  await sockets.send(opened.value, dns.emit(message), { address: upstream, port: dns.PORT });
}

async function bringBack(sys: Sys, server: number, asked: Map<number, Asked>, id: number): Promise<void> {
  const { sockets } = sys.net;
  const got = await sockets.receiveDatagram(id, 0);
  const { from, message } = asked.get(id)!;
  asked.delete(id);
  sockets.close(id);
  await sockets.send(server, got.ok ? got.value.bytes : dns.emit(dns.answer(message, { responseCode: dns.SERVER_FAILURE })), from);
}

/** Over TCP each message has its length in front; only the cluster's own names are answered there. */
async function hear(sys: Sys, options: ClusterDnsOptions, streams: Map<number, Uint8Array>, id: number): Promise<boolean> {
  const { sockets } = sys.net;
  const got = await sockets.receive(id, 65_536, 0);
  if (!got.ok) return got.error === 'EAGAIN';
  if (got.value.length === 0) return false;
  let unread = concat(streams.get(id)!, got.value);
  while (unread.length >= 2 && unread.length >= 2 + unread[0]! * 256 + unread[1]!) {
    const length = unread[0]! * 256 + unread[1]!;
    const message = dns.parse(unread.subarray(2, 2 + length));
    if (typeof message === 'string') return false;
    const bytes = dns.emit(answerFor(message, options) ?? dns.answer(message, { responseCode: dns.SERVER_FAILURE }));
    await sockets.send(id, concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes));
    unread = unread.slice(2 + length);
  }
  streams.set(id, unread);
  return true;
}

/** Undefined: not a name of the cluster. */
export function answerFor(message: dns.DnsMessage, { client, domain }: Pick<ClusterDnsOptions, 'client' | 'domain'>): dns.DnsMessage | undefined {
  const question = message.questions[0];
  if (question === undefined) return dns.answer(message, { responseCode: dns.FORMAT_ERROR });
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const record = (data: dns.DnsData): dns.DnsRecord => ({ name: question.name, class: dns.CLASS_IN, ttlS: TTL_SECONDS, data });
  if (question.type === dns.TYPE_PTR) {
    const found = reverse(client, domain, name);
    return found === undefined ? undefined : dns.answer(message, { isAuthoritative: true, answers: [record({ kind: 'ptr', name: found })] });
  }
  if (name !== domain && !name.endsWith(`.${domain}`)) return undefined;
  const found = lookUp(client, name.slice(0, Math.max(0, name.length - domain.length - 1)).split('.'));
  if (found === undefined) {
    const soa: dns.DnsRecord = { name: domain, class: dns.CLASS_IN, ttlS: 60, data: { kind: 'soa', primary: `ns.dns.${domain}`, mailbox: `hostmaster.${domain}`, serial: 1_531_594_800, refreshS: 28_800, retryS: 7200, expireS: 604_800, minimumS: 60 } };
    return dns.answer(message, { isAuthoritative: true, responseCode: dns.NAME_ERROR, authorities: [soa] });
  }
  if ('alias' in found) return dns.answer(message, { isAuthoritative: true, answers: [record({ kind: 'cname', name: found.alias })] });
  const isWanted = question.type === dns.TYPE_A || question.type === TYPE_ANY;
  return dns.answer(message, { isAuthoritative: true, answers: isWanted ? found.addresses.flatMap((text) => {
    const address = parseIp4(text);
    return address === undefined ? [] : [record({ kind: 'a', address })];
  }) : [] });
}

/** `labels` without the cluster's domain. No addresses: the name is there, but not of this type. */
function lookUp(client: ApiClient, labels: readonly string[]): { readonly addresses: readonly string[] } | { readonly alias: string } | undefined {
  const kind = labels.at(-1);
  if (labels.length === 1 && (kind === 'svc' || kind === 'pod' || kind === '')) return { addresses: [] };
  const namespace = labels.at(-2)!;
  if (kind === 'pod') {
    const address = labels.length === 3 ? labels[0]!.replaceAll('-', '.') : '';
    return parseIp4(address) === undefined ? undefined : { addresses: [address] };
  }
  if (kind !== 'svc' || client.find('namespaces', { name: namespace }) === undefined) return undefined;
  if (labels.length === 2) return { addresses: [] };
  const name = labels.at(-3)!;
  const service = client.find('services', { name, namespace });
  if (service === undefined) return undefined;
  const { clusterIP = '', type, externalName } = service.spec ?? {};
  if (type === 'ExternalName') return labels.length === 3 ? { alias: externalName ?? '' } : undefined;
  const endpoints = (client.find('endpoints', { name, namespace })?.subsets ?? []).flatMap(({ addresses = [] }) => addresses);
  if (labels.length === 3) return { addresses: clusterIP === 'None' ? endpoints.map(({ ip }) => ip) : [clusterIP] };
  // A pod of a headless Service, by its host name or by its address.
  const one = labels.length === 4 && clusterIP === 'None' ? endpoints.find(({ ip, hostname }) => hostname === labels[0] || ip.replaceAll('.', '-') === labels[0]) : undefined;
  return one === undefined ? undefined : { addresses: [one.ip] };
}

function reverse(client: ApiClient, domain: string, name: string): string | undefined {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name) ?? [];
  const number = parts.length === 4 ? parseIp4(parts.toReversed().join('.')) : undefined;
  if (number === undefined) return undefined;
  const address = formatIp4(number);
  const service = client.list('services').find(({ spec }) => spec?.clusterIP === address);
  return service === undefined ? undefined : `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.${domain}`;
}

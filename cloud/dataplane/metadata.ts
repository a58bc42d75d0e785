/**
 * 169.254.169.254: the metadata server (HTTP on port 80), the resolver of the project's internal names, and it answers ping. Reachable from
 * every instance whatever the firewall says. Read first: https://cloud.google.com/compute/docs/metadata/querying-metadata
 */
import { utf8 } from '../../simulator/bytes.ts';
import type { Packet } from '../../simulator/kernel/packet.ts';
import { formatIp4, formatPrefix4, maskOf } from '../../simulator/wire/ip4.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import { httpDate } from '../calendar.ts';
import { headerOf } from './header.ts';
import { dnsReply, echoReply } from './internet.ts';
import type { InstanceNic, VpcData } from './state.ts';
import { acceptEndpoint } from './tcp-endpoint.ts';
import { deliver } from './vpc.ts';

export function receiveAtMetadata(junction: Junction<VpcData>, port: number, nic: InstanceNic, packet: Packet): void {
  const header = headerOf(packet.frame);
  if (header.protocol === ipv4.PROTOCOL_TCP && header.destinationPort === 80) {
    if (junction.isTraced) junction.tell(packet, 'route', 'The metadata server takes it.');
    return acceptEndpoint(junction, port, packet, { kind: 'metadata' });
  }
  const answer = echoReply(junction, packet, 255) ?? dnsReply(junction, packet, 64, 'internal');
  if (answer === undefined) return junction.died(packet, 'socket', 'the metadata server does not serve that', 'metadata server');
  deliver(junction, port, nic, answer, 100);
}

type Tree = string | { readonly [key: string]: Tree } | readonly Tree[];

/** The response to one request; `isLast` when the connection is to be closed. */
export function metadataAnswer(junction: Junction<VpcData>, nic: InstanceNic, request: string): { response: Uint8Array; isLast: boolean } {
  const [method = '', target = '/', version = 'HTTP/1.1'] = request.slice(0, request.indexOf('\r\n')).split(' ');
  const head = request.slice(0, request.indexOf('\r\n\r\n') + 2);
  const isLast = /\r\nconnection: *close/i.test(head) || (version === 'HTTP/1.0' && !/\r\nconnection: *keep-alive/i.test(head));
  const { status, type, body } = method !== 'GET' && method !== 'HEAD' ? html(405, 'Method Not Allowed', 'The request method is inappropriate for the URL.') : answer(junction.data, nic, target, /\r\nmetadata-flavor: *google\r\n/i.test(head));
  const text = `HTTP/1.1 ${status}\r\nMetadata-Flavor: Google\r\nContent-Type: ${type}\r\nDate: ${httpDate((junction.epochUs + junction.nowUs) / 1000)}\r\nServer: Metadata Server for VM\r\nContent-Length: ${utf8(body).length}\r\nX-XSS-Protection: 0\r\nX-Frame-Options: SAMEORIGIN\r\n\r\n${method === 'HEAD' ? '' : body}`;
  return { response: utf8(text), isLast };
}

interface Reply { readonly status: string; readonly type: string; readonly body: string }

function html(code: number, words: string, sentence: string): Reply {
  const title = `Error ${code} (${words})!!1`;
  return { status: `${code} ${words}`, type: 'text/html; charset=UTF-8', body: `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>${title}</title>\n  <p><b>${code}.</b> <ins>That’s an error.</ins>\n  <p>${sentence}  <ins>That’s all we know.</ins>\n` };
}

function answer(data: VpcData, nic: InstanceNic, target: string, hasFlavor: boolean): Reply {
  const [path = '/', query = ''] = target.split('?');
  if (path === '/') return { status: '200 OK', type: 'application/text', body: '0.1/\ncomputeMetadata/\n' };
  if (path === '/computeMetadata' || path === '/computeMetadata/') return { status: '200 OK', type: 'application/text', body: 'v1/\n' };
  if (!path.startsWith('/computeMetadata/v1')) return html(404, 'Not Found', `The requested URL <code>${path}</code> was not found on this server.`);
  if (!hasFlavor) return html(403, 'Forbidden', `Your client does not have permission to get URL <code>${path}</code> from this server. Missing Metadata-Flavor:Google header.`);
  let at: Tree | undefined = treeOf(data, nic);
  for (const name of path.slice('/computeMetadata/v1'.length).split('/').filter((part) => part !== '')) at = typeof at === 'string' || at === undefined ? undefined : child(at, name);
  if (at === undefined) return html(404, 'Not Found', `The requested URL <code>${path}</code> was not found on this server.`);
  if (typeof at === 'string') return { status: '200 OK', type: 'application/text', body: at };
  if (/(?:^|&)recursive=true/i.test(query)) return { status: '200 OK', type: 'application/json', body: JSON.stringify(camel(at)) };
  if (!path.endsWith('/')) return { status: '301 Moved Permanently', type: 'text/html; charset=UTF-8', body: `${path}/\n` };
  return { status: '200 OK', type: 'application/text', body: Object.entries(at).map(([key, value]) => `${key}${typeof value === 'string' ? '' : '/'}\n`).join('') };
}

function child(tree: Exclude<Tree, string>, name: string): Tree | undefined {
  return Object.hasOwn(tree, name) ? (tree as Readonly<Record<string, Tree>>)[name] : undefined;
}

function camel(tree: Tree): unknown {
  if (typeof tree === 'string') return /^\d+$/.test(tree) && tree.length < 16 ? Number(tree) : tree;
  if (Array.isArray(tree)) return (tree as readonly Tree[]).map(camel);
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase()), camel(value)]));
}

function treeOf(data: VpcData, nic: InstanceNic): Tree {
  const subnet = data.subnets.find(({ networkName, name }) => networkName === nic.networkName && name === nic.subnetName);
  const number = data.projectMetadata['numeric-project-id'] ?? '0';
  const { 'numeric-project-id': _number, ...projectAttributes } = data.projectMetadata;
  return {
    instance: {
      attributes: nic.metadata,
      'cpu-platform': 'Intel Haswell',
      description: '',
      hostname: nic.hostname,
      id: nic.instanceId,
      'machine-type': `projects/${number}/machineTypes/${nic.machineType}`,
      'maintenance-event': 'NONE',
      name: nic.instance,
      'network-interfaces': [{
        'access-configs': nic.external === 0 ? [] : [{ 'external-ip': formatIp4(nic.external), type: 'ONE_TO_ONE_NAT' }],
        'dns-servers': ['169.254.169.254'],
        'forwarded-ips': data.loadBalancers.filter(({ backends }) => backends.includes(nic.instance)).map(({ address }) => formatIp4(address)),
        gateway: subnet === undefined ? '' : formatIp4(subnet.gateway),
        ip: formatIp4(nic.address),
        'ip-aliases': nic.aliases.map(({ network, length }) => formatPrefix4({ address: network, length })),
        mac: nic.mac,
        mtu: '1460',
        network: `projects/${number}/networks/${nic.networkName}`,
        subnetmask: subnet === undefined ? '' : formatIp4(maskOf(subnet.range.length)),
        'target-instance-ips': [],
      }],
      preempted: 'FALSE',
      scheduling: { 'automatic-restart': 'TRUE', 'on-host-maintenance': 'MIGRATE', preemptible: 'FALSE' },
      'service-accounts': { default: { aliases: 'default\n', email: nic.serviceAccount, scopes: 'https://www.googleapis.com/auth/cloud-platform\n' } },
      tags: JSON.stringify(nic.tags),
      zone: `projects/${number}/zones/${nic.zone}`,
    },
    project: { attributes: projectAttributes, 'numeric-project-id': number, 'project-id': data.project },
  };
}

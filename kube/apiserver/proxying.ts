/**
 * pods/NAME/proxy and services/NAME/proxy: an HTTP request passed on to a pod (pkg/registry/core/{pod,service}, apimachinery/pkg/util/proxy).
 * The way there is the kubelet's, as for port-forward.
 */
import type { Endpoints, Pod, Service } from 'kubernetes-types/core/v1';
import { notFound, StatusError } from '../api/status.ts';
import type { PodStreams } from '../pod-streams.ts';
import { answerJson, type Call } from './call.ts';
import type { ApiResponse } from './http.ts';
import { openStream, type ServerStream } from './streams.ts';

interface Destination {
  readonly pod: { readonly namespace: string; readonly pod: string; readonly uid: string; readonly nodeName: string };
  readonly address: string;
  readonly port: number;
}

const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message);

export function serveProxy(call: Call, streams: PodStreams | undefined): ApiResponse {
  // `https:web:443`: a scheme, a name, a port; only the name must be there.
  const parts = call.path.name!.split(':');
  const [scheme, name, port] = parts.length === 1 ? ['', parts[0]!, ''] : parts.length === 2 ? ['', parts[0]!, parts[1]!] : parts as [string, string, string];
  if (scheme === 'https') throw unavailable('error trying to reach service: podwire: https to pods is not simulated yet');
  const destination = call.path.info.resource === 'pods' ? podOf(call, name, port) : serviceOf(call, name, port);
  if (streams === undefined || destination.pod.nodeName === '') throw unavailable(`error trying to reach service: dial tcp ${destination.address}:${destination.port}: connect: no route to host`);
  const output = openStream('body', { onClose: () => { input.close(); } }, true);
  const reader = new AnswerReader(output, call);
  const input = streams.portForward(destination.pod, destination.port, {
    data: (bytes) => { reader.data(bytes); },
    end: (problem) => { reader.end(problem === undefined ? undefined : `error trying to reach service: dial tcp ${destination.address}:${destination.port}: connect: ${problem.replace(/^.*: /s, '')}`); },
  });
  input.data(requestFor(call, destination));
  return { status: 200, headers: {}, stream: output.stream };
}

function podOf({ registry, path }: Call, name: string, port: string): Destination {
  const pod = registry.get('pods', name, path.namespace) as Pod;
  const declared = (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports);
  const number = port === '' ? declared[0]?.containerPort ?? 80 : declared.find((one) => one.name === port)?.containerPort ?? Number(port);
  return destinationOf(pod, number);
}

function serviceOf({ registry, path }: Call, name: string, port: string): Destination {
  const service = registry.find('services', name, path.namespace) as Service | undefined;
  if (service === undefined) throw notFound(path.info, name);
  // Endpoints know ports by their names only.
  const portName = /^\d+$/.test(port) ? service.spec?.ports?.find((one) => one.port === Number(port))?.name ?? '' : port;
  const endpoints = registry.find('endpoints', name, path.namespace) as Endpoints | undefined;
  const subsets = endpoints?.subsets ?? [];
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const one = ports.find((candidate) => (candidate.name ?? '') === portName) ?? (portName === '' && ports.length === 1 ? ports[0] : undefined);
    return one === undefined ? [] : addresses.map((address) => ({ address, port: one.port }));
  });
  if (found.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(path.name!)}`);
  const { address, port: number } = found[found.length === 1 ? 0 : registry.runtime.dice.below(found.length)]!;
  const pod = address.targetRef === undefined ? undefined : registry.find('pods', address.targetRef.name ?? '', path.namespace) as Pod | undefined;
  if (pod === undefined) throw unavailable(`error trying to reach service: dial tcp ${address.ip}:${number}: i/o timeout`);
  return destinationOf(pod, number);
}

function destinationOf(pod: Pod, port: number): Destination {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  return { pod: { namespace, pod: name, uid, nodeName: pod.spec?.nodeName ?? '' }, address: pod.status?.podIP ?? '', port };
}

const ownHeaders = new Set(['connection', 'host', 'authorization', 'content-length', 'transfer-encoding', 'upgrade', 'impersonate-user', 'impersonate-group']);

function requestFor({ request, path }: Call, { address, port }: Destination): Uint8Array {
  const at = request.path.indexOf(`/${path.name!}/proxy`);
  const rest = at < 0 ? '/' : request.path.slice(at + `/${path.name!}/proxy`.length);
  const headers = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name)).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = request.body.length === 0 ? '' : `Content-Length: ${request.body.length}\r\n`;
  const head = new TextEncoder().encode(`${request.method} ${rest.startsWith('/') ? rest : `/${rest}`} HTTP/1.1\r\nHost: ${address}:${port}\r\n${headers}${length}Connection: close\r\n\r\n`);
  const whole = new Uint8Array(head.length + request.body.length);
  whole.set(head);
  whole.set(request.body, head.length);
  return whole;
}

/** What comes back: the head first, then the body, taken out of its chunks. */
class AnswerReader {
  private readonly output: ServerStream;
  private readonly call: Call;
  private unread = '';
  private hasHead = false;
  private isChunked = false;
  private isOver = false;

  constructor(output: ServerStream, call: Call) {
    this.output = output;
    this.call = call;
  }

  /** Bytes as characters of the same number, so that they can be searched. */
  data(bytes: Uint8Array): void {
    for (const byte of bytes) this.unread += String.fromCharCode(byte);
    if (!this.hasHead && !this.readHead()) return;
    if (!this.isChunked) {
      this.pass(this.unread);
      this.unread = '';
      return;
    }
    for (let line = this.unread.indexOf('\r\n'); line >= 0; line = this.unread.indexOf('\r\n')) {
      const length = parseInt(this.unread, 16);
      if (length === 0) return this.end();
      if (this.unread.length < line + 2 + length + 2) return;
      this.pass(this.unread.slice(line + 2, line + 2 + length));
      this.unread = this.unread.slice(line + 2 + length + 2);
    }
  }

  end(problem?: string): void {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.hasHead) {
      const told = unavailable(problem ?? 'error trying to reach service: EOF');
      const { status, headers, body } = answerJson(told.code, told.status, this.call.form, false);
      this.output.head(status, headers);
      this.output.write(body);
    }
    this.output.end();
  }

  private readHead(): boolean {
    const end = this.unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [first = '', ...lines] = this.unread.slice(0, end).split('\r\n');
    this.unread = this.unread.slice(end + 4);
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
    this.isChunked = headers.some(([name, value]) => name === 'transfer-encoding' && value.toLowerCase() === 'chunked');
    this.hasHead = true;
    this.output.head(Number(first.split(' ')[1]) || 502, Object.fromEntries(headers.filter(([name]) => !['connection', 'transfer-encoding', 'content-length'].includes(name))));
    return true;
  }

  private pass(text: string): void {
    if (text !== '') this.output.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }
}

/**
 * The front end of HTTP load balancers: a machine of the provider's own where clients' connections end. It picks a backend service by the URL map, a
 * healthy member of it, and asks that on a connection of its own, from an address that a firewall rule has to let in.
 * Read first: https://cloud.google.com/load-balancing/docs/https, /url-map-concepts, /troubleshooting-backends; RFC 9110, 7.6 and 8.8
 */
import type { Program, Sys } from '../machine/sys.ts';
import { concat, fromLatin1, hexByte, latin1, utf8 } from '../simulator/bytes.ts';
import { formatIp4 } from '../simulator/wire/ip4.ts';
import { httpDate } from './calendar.ts';
import { healthKey, memberKey } from './dataplane/health.ts';
import type { HttpBackendService, HttpMember, UrlMap, VpcData } from './dataplane/state.ts';

/** Of the ranges that are documented as proxies' and probers': 130.211.0.0/22 and 35.191.0.0/16. */
export const INNER_ADDRESSES = ['130.211.1.87', '35.191.9.137', '130.211.2.214', '35.191.14.62'];
const PORTS = [80, 8080];
const BACKLOG = 128;
/** "HTTP keepalive timeout ... fixed at 10 minutes (600 seconds)" towards clients is 610 s. */
const IDLE_US = 610_000_000;
const CONNECT_US = 5_000_000;
const MOST_HEAD_BYTES = 65_536;
/** How often one request is tried at most. */
const ATTEMPTS = 2;

export function frontEnd(network: () => VpcData): Program {
  return async (sys) => {
    const turns = new Map<string, number>();
    sys.onSignal('CHLD', 'ignore');
    for (const port of PORTS) sys.fork((child) => listen(child, port, network, turns));
    for (;;) await sys.pause();
  };
}

async function listen(sys: Sys, port: number, network: () => VpcData, turns: Map<string, number>): Promise<number> {
  const { sockets } = sys.net;
  const opened = sockets.open({ type: 'tcp', family: 'inet' });
  if (!opened.ok) return 1;
  sockets.setOptions(opened.value, { reuseAddress: true });
  if (!sockets.bind(opened.value, { address: '0.0.0.0', port }).ok || !sockets.listen(opened.value, BACKLOG).ok) return 1;
  sys.onSignal('CHLD', 'ignore');
  for (;;) {
    const accepted = await sockets.accept(opened.value);
    if (!accepted.ok) continue;
    const id = accepted.value;
    sys.fork(async (child) => {
      await new Client(child, id, network, turns).serve();
      child.net.sockets.close(id);
      return 0;
    });
  }
}

type Header = readonly [name: string, value: string];
interface Message { readonly start: string; readonly headers: readonly Header[]; readonly body: Uint8Array }

/** One connection of a client. */
class Client {
  private readonly sys: Sys;
  private readonly id: number;
  private readonly network: () => VpcData;
  /** Whose turn it is, by backend service. */
  private readonly turns: Map<string, number>;
  private unread: Uint8Array = new Uint8Array(0);

  constructor(sys: Sys, id: number, network: () => VpcData, turns: Map<string, number>) {
    this.sys = sys;
    this.id = id;
    this.network = network;
    this.turns = turns;
  }

  async serve(): Promise<void> {
    for (;;) {
      const request = await this.read();
      if (request === undefined) return;
      if (request === 'bad') {
        await this.send(page(this.sys, 400, 'Bad Request', 'Your client has issued a malformed or illegal request.'));
        return;
      }
      const isLast = /^close$/i.test(valueOf(request, 'connection') ?? '') || (request.start.endsWith('/1.0') && !/^keep-alive$/i.test(valueOf(request, 'connection') ?? ''));
      const goesOn = await this.answer(request, isLast);
      if (!goesOn || isLast) return;
    }
  }

  private send(bytes: Uint8Array): Promise<{ readonly ok: boolean }> {
    return this.sys.net.sockets.send(this.id, bytes);
  }

  private async read(): Promise<Message | 'bad' | undefined> {
    for (;;) {
      const end = fromLatin1(this.unread.subarray(0, MOST_HEAD_BYTES)).indexOf('\r\n\r\n');
      if (end !== -1) {
        const { start, headers } = headOf(this.unread.subarray(0, end));
        const message = { start, headers, body: new Uint8Array(0) };
        if (!/^[A-Z]+ \S+ HTTP\/1\.[01]$/.test(start) || valueOf(message, 'transfer-encoding') !== undefined) return 'bad';
        const length = Number(valueOf(message, 'content-length') ?? 0);
        if (this.unread.length >= end + 4 + length) {
          const body = this.unread.slice(end + 4, end + 4 + length);
          this.unread = this.unread.slice(end + 4 + length);
          return { ...message, body };
        }
      } else if (this.unread.length >= MOST_HEAD_BYTES) return 'bad';
      const more = await this.sys.net.sockets.receive(this.id, MOST_HEAD_BYTES, IDLE_US);
      if (!more.ok || more.value.length === 0) return undefined;
      this.unread = concat(this.unread, more.value);
    }
  }

  /** False: the connection cannot be used any further. */
  private async answer(request: Message, isLast: boolean): Promise<boolean> {
    const { sys } = this;
    const data = this.network();
    const { address = '', port = 80 } = sys.net.sockets.local(this.id) ?? {};
    const balancer = data.httpBalancers.find((one) => formatIp4(one.address) === address && one.ports[0] <= port && one.ports[1] >= port);
    const [method = '', target = ''] = request.start.split(' ');
    const path = target.replace(/^http:\/\/[^/]*/i, '').replace(/[?#].*$/s, '') || '/';
    if (balancer === undefined || sys.now() / 1000 < balancer.activeFromMs) {
      return (await this.send(page(sys, 404, 'Not Found', `The requested URL <code>${escaped(path)}</code> was not found on this server.`))).ok;
    }
    const service = serviceFor(data, balancer.urlMap, hostOf(request), path);
    const head = forwarded(sys, request, sys.net.sockets.remote(this.id)?.address ?? '', address);
    for (let attempt = 1; attempt <= (method === 'GET' ? ATTEMPTS : 1); attempt += 1) {
      const member = service === undefined ? undefined : this.pick(data, service);
      if (service === undefined || member === undefined) break;
      const upstream = await this.connect(member);
      if (upstream === undefined) continue;
      const outcome = await new Exchange(sys, this.id, upstream, service.timeoutUs, isLast).run(concat(head, request.body), method === 'HEAD');
      sys.net.sockets.close(upstream);
      if (outcome !== 'silence') return outcome === 'whole';
    }
    return (await this.send(serverError(sys))).ok;
  }

  /** Healthy members in turn. */
  private pick(data: VpcData, { id, members }: HttpBackendService): HttpMember | undefined {
    const healthy = members.filter((member) => data.health.get(healthKey(id, memberKey(member)))?.isHealthy ?? true);
    const turn = this.turns.get(id) ?? 0;
    this.turns.set(id, turn + 1);
    return healthy[turn % healthy.length];
  }

  private async connect({ address, port }: HttpMember): Promise<number | undefined> {
    const { sockets } = this.sys.net;
    const opened = sockets.open({ type: 'tcp', family: 'inet' });
    if (!opened.ok) return undefined;
    sockets.bind(opened.value, { address: INNER_ADDRESSES[this.sys.random(INNER_ADDRESSES.length)]!, port: 0 });
    if ((await sockets.connect(opened.value, { address: formatIp4(address), port }, CONNECT_US)).ok) return opened.value;
    sockets.close(opened.value);
    return undefined;
  }
}

/** One request at a backend, and its answer as it comes. */
class Exchange {
  private readonly sys: Sys;
  private readonly client: number;
  private readonly upstream: number;
  private readonly timeoutUs: number;
  private readonly isLast: boolean;

  constructor(sys: Sys, client: number, upstream: number, timeoutUs: number, isLast: boolean) {
    this.sys = sys;
    this.client = client;
    this.upstream = upstream;
    this.timeoutUs = timeoutUs;
    this.isLast = isLast;
  }

  /** `silence`: nothing that could be passed on came; `cut`: not all of the answer came, or its end was the connection's. */
  async run(request: Uint8Array, isHead: boolean): Promise<'whole' | 'cut' | 'silence'> {
    const { sockets } = this.sys.net;
    const deadlineUs = this.sys.monotonicUs() + this.timeoutUs;
    if (!(await sockets.send(this.upstream, request)).ok) return 'silence';
    let received: Uint8Array = new Uint8Array(0);
    let end = -1;
    while (end === -1) {
      const more = await this.more(deadlineUs);
      if (more === undefined || received.length > MOST_HEAD_BYTES) return 'silence';
      received = concat(received, more);
      end = fromLatin1(received).indexOf('\r\n\r\n');
    }
    const head = { ...headOf(received.subarray(0, end)), body: new Uint8Array(0) };
    if (!/^HTTP\/1\.[01] \d{3}\b/.test(head.start)) return 'silence';
    const length = valueOf(head, 'content-length');
    const hasNone = isHead || / (204|304)\b/.test(head.start);
    const isChunked = /chunked/i.test(valueOf(head, 'transfer-encoding') ?? '');
    const isUntilEnd = !hasNone && length === undefined && !isChunked;
    if (!(await sockets.send(this.client, answerHead(head, this.isLast || isUntilEnd))).ok) return 'cut';
    let left = hasNone ? 0 : Number(length ?? Infinity);
    let tail = '';
    let piece: Uint8Array = received.slice(end + 4);
    for (;;) {
      const part = piece.subarray(0, Math.min(piece.length, left));
      if (part.length > 0 && !(await sockets.send(this.client, part)).ok) return 'cut';
      left -= part.length;
      tail = (tail + fromLatin1(part)).slice(-7);
      if (left <= 0 || (isChunked && /(^|\r\n)0\r\n\r\n$/.test(tail))) return 'whole';
      const more = await this.more(deadlineUs);
      if (more === undefined) return 'cut';
      piece = more;
    }
  }

  private async more(deadlineUs: number): Promise<Uint8Array | undefined> {
    const leftUs = deadlineUs - this.sys.monotonicUs();
    const got = leftUs <= 0 ? undefined : await this.sys.net.sockets.receive(this.upstream, MOST_HEAD_BYTES, leftUs);
    return got?.ok === true && got.value.length > 0 ? got.value : undefined;
  }
}

// ---------------------------------------------------------------- where to

/** Host rules before the default, an exact name before `*.name` before `*`; of paths the longest that fits, an exact one before a prefix. */
export function serviceFor(data: Pick<VpcData, 'httpServices'>, map: UrlMap, host: string, path: string): HttpBackendService | undefined {
  const rule = map.hosts.find(({ names }) => names.includes(host)) ?? map.hosts.find(({ names }) => names.some((name) => name.startsWith('*.') && host.endsWith(name.slice(1)))) ?? map.hosts.find(({ names }) => names.includes('*'));
  const fits = (rule?.paths ?? []).filter((one) => (one.path.endsWith('/*') ? path.startsWith(one.path.slice(0, -1)) : one.path === path));
  const [best] = fits.sort((one, other) => Number(one.path.endsWith('*')) - Number(other.path.endsWith('*')) || other.path.length - one.path.length);
  const link = best?.service ?? rule?.defaultService ?? map.defaultService;
  return data.httpServices.find(({ id }) => id === link);
}

function hostOf(request: Message): string {
  const absolute = /^\S+ http:\/\/([^/\s]+)/i.exec(request.start)?.[1];
  return (absolute ?? valueOf(request, 'host') ?? '').replace(/:\d+$/, '').toLowerCase();
}

// ---------------------------------------------------------------- messages

function headOf(bytes: Uint8Array): { start: string; headers: Header[] } {
  const [start = '', ...lines] = fromLatin1(bytes).split('\r\n');
  return { start, headers: lines.map((line): Header => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]) };
}

function valueOf({ headers }: Pick<Message, 'headers'>, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']);
const REWRITTEN = new Set([...HOP_BY_HOP, 'via', 'x-forwarded-for', 'x-forwarded-proto', 'x-cloud-trace-context']);

/** What the backend is asked: who the client is goes along in a header, for the packet no longer tells. */
function forwarded(sys: Sys, request: Message, client: string, own: string): Uint8Array {
  const [method, target = '/'] = request.start.split(' ');
  const before = valueOf(request, 'x-forwarded-for');
  const via = valueOf(request, 'via');
  const span = [...sys.randomBytes(8)].reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const added: Header[] = [
    ['X-Cloud-Trace-Context', valueOf(request, 'x-cloud-trace-context') ?? `${[...sys.randomBytes(16)].map(hexByte).join('')}/${span}`], ['Via', via === undefined ? '1.1 google' : `${via}, 1.1 google`],
    ['X-Forwarded-For', `${before === undefined ? '' : `${before}, `}${client}, ${own}`], ['X-Forwarded-Proto', 'http'], ['Connection', 'Keep-Alive'],
  ];
  const kept = request.headers.filter(([name]) => !REWRITTEN.has(name.toLowerCase()));
  return latin1(`${method} ${target.replace(/^http:\/\/[^/]*/i, '') || '/'} HTTP/1.1\r\n${lines([...kept, ...added])}\r\n`);
}

function answerHead({ start, headers }: Message, isLast: boolean): Uint8Array {
  const via = valueOf({ headers }, 'via');
  const kept = headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && name.toLowerCase() !== 'via');
  return latin1(`${start.replace(/^HTTP\/1\.0/, 'HTTP/1.1')}\r\n${lines([...kept, ['Via', via === undefined ? '1.1 google' : `${via}, 1.1 google`], ...(isLast ? [['Connection', 'close'] as const] : [])])}\r\n`);
}

function lines(headers: readonly Header[]): string {
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function html(sys: Sys, code: number, words: string, body: string): Uint8Array {
  const bytes = utf8(body);
  return concat(utf8(`HTTP/1.1 ${code} ${words}\r\nContent-Type: text/html; charset=UTF-8\r\nReferrer-Policy: no-referrer\r\nContent-Length: ${bytes.length}\r\nDate: ${httpDate(sys.now() / 1000)}\r\n\r\n`), bytes);
}

/** The front end's own pages. */
function page(sys: Sys, code: number, words: string, sentence: string): Uint8Array {
  return html(sys, code, words, `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error ${code} (${words})!!1</title>\n  <p><b>${code}.</b> <ins>That’s an error.</ins>\n  <p>${sentence}  <ins>That’s all we know.</ins>\n`);
}

/** No backend is healthy, none can be reached, or none answered in time. */
function serverError(sys: Sys): Uint8Array {
  return html(sys, 502, 'Bad Gateway', '\n<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>502 Server Error</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n<h1>Error: Server Error</h1>\n<h2>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.</h2>\n<h2></h2>\n</body></html>\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

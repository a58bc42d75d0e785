/**
 * The lab's browser: one window that visits http addresses from a machine or a pod, as a process there, over that machine's own resolver and
 * TCP. What goes wrong is said in Chromium's codes. Read first: RFC 9112; chromium net/base/net_errors_posix.cc and net/base/port_util.cc.
 *
 * Unlike Chromium it closes its connection after each page and asks for no /favicon.ico, so that a visit is one flow.
 */
import type { VisitView } from '../contracts/lab.ts';
import type { Container } from '../machine/container.ts';
import type { Machine, RunHandle } from '../machine/machine.ts';
import type { Sys } from '../machine/sys.ts';
import { Connection, connectTcp, header, hostHeader, parseUrl, requestBytes, socketStream, type Url } from '../shell/lib/http.ts';
import { resolveHost } from '../shell/lib/resolve.ts';
import { concat, fromUtf8 } from '../simulator/bytes.ts';
import type { Errno } from '../simulator/result.ts';

export interface Client { readonly machine: Machine; readonly netns: string | number; readonly uid: number; readonly container?: Container }

/** TransportConnectJob gives up after four minutes; Linux after two. */
const CONNECT_WITHIN_US = 240_000_000;
const MOST_REDIRECTS = 20;
const MOST_TEXT = 65_536;
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const RESTRICTED_PORTS: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554,
  556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);
const netErrors: Partial<Record<Errno, string>> = {
  ECONNREFUSED: 'ERR_CONNECTION_REFUSED', ETIMEDOUT: 'ERR_CONNECTION_TIMED_OUT', EHOSTUNREACH: 'ERR_ADDRESS_UNREACHABLE', ENETUNREACH: 'ERR_ADDRESS_UNREACHABLE', ECONNRESET: 'ERR_CONNECTION_RESET', EPIPE: 'ERR_CONNECTION_RESET',
  EACCES: 'ERR_NETWORK_ACCESS_DENIED', EADDRNOTAVAIL: 'ERR_ADDRESS_INVALID', EINVAL: 'ERR_INVALID_ARGUMENT',
};

type Change = Partial<Pick<VisitView, 'url' | 'progress' | 'peer' | 'answer' | 'error'>>;

export class Browser {
  view: VisitView | null = null;
  private handle: RunHandle | undefined;
  private number = 0;
  private readonly nowMs: () => number;
  private readonly onChange: (view: VisitView) => void;

  constructor(nowMs: () => number, onChange: (view: VisitView) => void) {
    this.nowMs = nowMs;
    this.onChange = onChange;
  }

  /** Goes to an address, leaving what is still loading. No client: it is no more. */
  visit(from: VisitView['from'], client: Client | undefined, address: string): void {
    this.stop();
    const id = ++this.number;
    const url = parseUrl(address);
    const shown = url === undefined ? address : textOf(url);
    this.view = { id, from, address, url: shown, startedAtMs: this.nowMs(), endedAtMs: null, progress: 'resolving', peer: null, answer: null, error: null };
    const refused = client === undefined ? 'ERR_INTERNET_DISCONNECTED' : url === undefined ? 'ERR_INVALID_URL' : undefined;
    if (refused !== undefined || client === undefined || url === undefined) return this.change({ progress: 'done', error: refused ?? null });
    const tell = (change: Change): void => {
      if (this.view?.id === id) this.change(change);
    };
    this.onChange(this.view);
    this.handle = client.machine.runProgram({
      argv: ['chromium', shown], env: new Map(), cwd: '/', uid: client.uid, netns: client.netns, ...(client.container === undefined ? {} : { container: client.container }),
      program: async (sys) => {
        const error = await load(sys, url, tell);
        tell({ progress: 'done', error });
        return error === null ? 0 : 1;
      },
    });
    // Killed from within the lab, or with the pod it ran in.
    this.handle.onExit(() => {
      if (this.view?.id === id && this.view.progress !== 'done') this.change({ progress: 'done', error: 'ERR_FAILED' });
    });
  }

  stop(): void {
    if (this.view === null || this.view.progress === 'done') return;
    this.handle?.kill('KILL');
    this.change({ progress: 'done', error: 'ERR_ABORTED' });
  }

  private change(change: Change): void {
    const isDone = change.progress === 'done';
    this.view = { ...this.view!, ...change, ...(isDone ? { endedAtMs: this.nowMs() } : {}) };
    this.onChange(this.view);
  }
}

/** What a visit has shown, as text: the page, or the error's code. */
export function visitText({ answer, error }: VisitView): string {
  return `${answer?.text ?? ''}${error === null ? '' : `${error}\n`}`;
}

async function load(sys: Sys, start: Url, tell: (change: Change) => void): Promise<string | null> {
  let url = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    tell({ url: textOf(url), progress: 'resolving', peer: null });
    if (url.scheme !== 'http') return url.scheme === 'https' ? 'https is not simulated yet' : 'ERR_UNKNOWN_URL_SCHEME';
    if (RESTRICTED_PORTS.has(url.port)) return 'ERR_UNSAFE_PORT';
    const outcome = await exchange(sys, url, tell);
    if (typeof outcome === 'string') return outcome;
    const location = outcome.status >= 300 && outcome.status < 400 ? outcome.location : undefined;
    const next = location === undefined ? undefined : parseUrl(location, url);
    if (next === undefined) return null;
    url = next;
  }
  return 'ERR_TOO_MANY_REDIRECTS';
}

async function exchange(sys: Sys, url: Url, tell: (change: Change) => void): Promise<string | { status: number; location: string | undefined }> {
  const resolved = await resolveHost(sys, url.host);
  if (!resolved.ok) return resolved.error === 'Temporary failure in name resolution' ? 'ERR_NAME_NOT_RESOLVED' : 'DNS_PROBE_FINISHED_NXDOMAIN';
  tell({ progress: 'connecting' });
  let failed: Errno = 'ECONNREFUSED';
  for (const { address } of resolved.addresses) {
    const connected = await connectTcp(sys, { address, port: url.port }, CONNECT_WITHIN_US);
    if (!connected.ok) {
      failed = connected.error;
      continue;
    }
    tell({ progress: 'waiting', peer: `${address.includes(':') ? `[${address}]` : address}:${url.port}` });
    const connection = new Connection(sys, socketStream(sys, connected.value));
    const outcome = await ask(connection, url, tell);
    connection.close();
    return outcome;
  }
  return netErrors[failed] ?? 'ERR_CONNECTION_FAILED';
}

async function ask(connection: Connection, url: Url, tell: (change: Change) => void): Promise<string | { status: number; location: string | undefined }> {
  const sent = await connection.send(requestBytes('GET', url.path, [
    ['Host', hostHeader(url)], ['Connection', 'close'], ['Upgrade-Insecure-Requests', '1'], ['User-Agent', USER_AGENT], ['Accept', 'text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.8'], ['Accept-Language', 'en-US,en;q=0.9'],
  ], undefined));
  if (!sent.ok) return netErrors[sent.error] ?? 'ERR_FAILED';
  const head = await connection.head(undefined);
  if (!head.ok) return netErrors[head.error] ?? 'ERR_FAILED';
  if (head.value === undefined) return 'ERR_EMPTY_RESPONSE';
  if (head.value.status === 0) return 'ERR_INVALID_HTTP_RESPONSE';
  const { statusLine, status, headers } = head.value;
  const location = header(head.value, 'location');
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const answer = (): NonNullable<VisitView['answer']> => ({
    statusLine, status, headers: headers.map(([name, value]) => [name, value]), mediaType: mediaTypeOf(header(head.value!, 'content-type'), chunks[0]), text: fromUtf8(concat(...chunks).subarray(0, MOST_TEXT)), sizeBytes, isCut: sizeBytes > MOST_TEXT,
  });
  tell({ progress: 'receiving', answer: answer() });
  const ended = await connection.body(head.value, false, undefined, (chunk) => {
    if (sizeBytes < MOST_TEXT) chunks.push(chunk.slice());
    sizeBytes += chunk.length;
    return Promise.resolve();
  });
  tell({ answer: answer() });
  if (ended === 'short') return header(head.value, 'content-length') === undefined ? 'ERR_INCOMPLETE_CHUNKED_ENCODING' : 'ERR_CONTENT_LENGTH_MISMATCH';
  if (ended !== 'complete') return netErrors[ended] ?? 'ERR_FAILED';
  return { status, location };
}

/** Without a type, what looks like a page is one (WHATWG MIME Sniffing, in short). */
function mediaTypeOf(type: string | undefined, first: Uint8Array | undefined): string {
  if (type !== undefined) return type.split(';')[0]!.trim().toLowerCase();
  return /^\s*<(!doctype html|html|head|body|h1|p|div|title|a|table|br|!--)/i.test(fromUtf8(first?.subarray(0, 512) ?? new Uint8Array(0))) ? 'text/html' : 'text/plain';
}

function textOf(url: Url): string {
  return `${url.scheme}://${hostHeader(url)}${url.path}`;
}


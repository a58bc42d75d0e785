/** busybox's wget (1.35), HTTP only: few options, few words, and it gives up where GNU's would try again. Read first: networking/wget.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { Connection, connectTcp, header, hostHeader, parseUrl, requestBytes, socketStream } from '../../lib/http.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

const TIMEOUT_S = 900;
const MOST_REDIRECTIONS = 5;
const USAGE = 'BusyBox v1.34.1 (2022-04-04 10:19:27 UTC) multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n';

/** Not in the list of commands, where GNU's is: the images that have busybox take it from here. */
export const busyboxWget = defineCommand({ name: 'wget', summary: 'fetch files over HTTP', package: 'busybox', run });

class Death extends Error {}

async function run(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'cqSO:o:P:U:T:Y:', long: { spider: 'none', header: 'required', 'post-data': 'required', 'post-file': 'required', 'no-check-certificate': 'none' } });
  if (options.error !== undefined) {
    call.writeErr(`wget: ${options.error}\n${USAGE}`);
    return 1;
  }
  for (const name of ['c', 'o', 'post-file']) if (options.has(name)) return notSimulated(call, `option ${name.length === 1 ? '-' : '--'}${name}`);
  if (options.operands.length === 0) {
    call.writeErr(USAGE);
    return 1;
  }
  for (const url of options.operands) {
    if (url.startsWith('https:')) return notSimulated(call, 'https (TLS)');
    try {
      await download(call, options, url);
    } catch (death) {
      if (!(death instanceof Death)) throw death;
      await call.flush();
      call.err(`wget: ${death.message}`);
      return 1;
    }
  }
  return 0;
}

type Options = ReturnType<typeof parseOptions>;

async function download(call: Invocation, options: Options, first: string): Promise<void> {
  let url = parseUrl(first);
  for (let hop = 0; hop <= MOST_REDIRECTIONS; hop += 1) {
    if (url?.scheme !== 'http') throw new Death(`not an http or ftp url: ${first}`);
    const next = await request(call, options, url);
    if (next === undefined) return;
    url = parseUrl(next, url);
  }
  throw new Death('too many redirections');
}

/** Answers where it was sent on to. */
async function request(call: Invocation, options: Options, url: NonNullable<ReturnType<typeof parseUrl>>): Promise<string | undefined> {
  const say = (text: string): void => {
    if (!options.has('q')) call.err(text);
  };
  const timeoutUs = Number(options.value('T') ?? TIMEOUT_S) * 1e6;
  const found = await resolveHost(call.sys, url.host);
  const address = found.ok ? found.addresses[0]?.address : undefined;
  if (address === undefined) throw new Death(`bad address '${url.host}'`);
  say(`Connecting to ${hostHeader(url).includes(':') ? hostHeader(url) : `${url.host}:${url.port}`} (${address}:${url.port})`);
  const beganUs = call.sys.monotonicUs();
  const connected = await connectTcp(call.sys, { address, port: url.port }, timeoutUs);
  if (!connected.ok) throw new Death(call.sys.monotonicUs() - beganUs >= timeoutUs ? 'download timed out' : `can't connect to remote host (${address}): ${strerror(connected.error)}`);
  const connection = new Connection(call.sys, socketStream(call.sys, connected.value));
  const deadlineUs = call.sys.monotonicUs() + timeoutUs;
  const post = options.value('post-data');
  const body = post === undefined ? undefined : new TextEncoder().encode(post);
  const own = options.values('header').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const headers: [string, string][] = [['Host', hostHeader(url)], ['User-Agent', options.value('U') ?? 'Wget'], ['Connection', 'close'], ...own];
  if (body !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Length', String(body.length)]);
  try {
    await connection.send(requestBytes(options.has('spider') ? 'HEAD' : body === undefined ? 'GET' : 'POST', url.path, headers, body));
    const head = await connection.head(deadlineUs);
    if (!head.ok) throw new Death(head.error === 'EAGAIN' ? 'download timed out' : 'error getting response');
    if (head.value === undefined) throw new Death('error getting response');
    const { value } = head;
    if (options.has('S')) call.writeErr(value.raw.replace(/\r/g, '').trimEnd().split('\n').map((line) => `  ${line}\n`).join('') + '  \n');
    const location = header(value, 'location');
    if (location !== undefined && value.status >= 300 && value.status < 400) return location;
    if (value.status >= 300) throw new Death(`server returned error: ${value.raw.slice(0, value.raw.indexOf('\r\n'))}`);
    if (options.has('spider')) say('remote file exists');
    else await save(call, options, url.path, (write) => connection.body(value, false, deadlineUs, write), say);
    return undefined;
  } finally {
    connection.close();
  }
}

async function save(call: Invocation, options: Options, path: string, read: (write: (chunk: Uint8Array) => Promise<void>) => Promise<unknown>, say: (text: string) => void): Promise<void> {
  const given = options.value('O');
  const last = path.replace(/\?.*/, '').replace(/^.*\//, '') || 'index.html';
  const name = given ?? (options.has('P') ? `${options.value('P')!.replace(/\/$/, '')}/${last}` : last);
  const isStdout = name === '-';
  const opened = isStdout ? undefined : await call.sys.open(name, { write: true, create: true, exclusive: given === undefined, truncate: true, mode: 0o666 });
  if (opened?.ok === false) throw new Death(`can't open '${name}': ${strerror(opened.error)}`);
  say(isStdout ? 'writing to stdout' : `saving to '${name}'`);
  let size = 0;
  await read(async (chunk) => {
    size += chunk.length;
    if (opened === undefined) call.write(chunk);
    else await call.sys.write(opened.value, chunk);
  });
  await call.flush();
  if (opened !== undefined) call.sys.close(opened.value);
  const shown = size < 100_000 ? String(size) : `${Math.floor(size / 1024)}k`;
  say(`${last.length > 20 || isStdout ? (isStdout ? '-' : last.slice(0, 20)).padEnd(20) : (given ?? last).padEnd(20)} 100% |********************************| ${shown.padStart(5)}  0:00:00 ETA`);
  say(isStdout ? 'written to stdout' : `'${name}' saved`);
}

/** wget(1) 1.21.3, HTTP only. Read first: wget(1); src/http.c, src/retr.c and src/progress.c (dots) for the texts. */
import type { ExitCode } from '../../../machine/sys.ts';
import { epochSeconds, formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { Connection, connectTcp, header, hostHeader, parseUrl, requestBytes, socketStream } from '../../lib/http.ts';
import { literalAddress, resolveHost } from '../../lib/resolve.ts';
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { unsimulatedLong, unsimulatedShort } from './unsimulated.ts';

type Url = NonNullable<ReturnType<typeof parseUrl>>;
interface Run { readonly call: Invocation; readonly options: ParsedOptions; readonly isSpider: boolean; readonly isTerse: boolean; log(text: string): void; now(): string; files: number; bytes: number; us: number }

const long = {
  quiet: 'none=q', verbose: 'none=v', 'output-document': 'required=O', timeout: 'required=T', tries: 'required=t', continue: 'none=c', 'server-response': 'none=S', spider: 'none', header: 'required', 'user-agent': 'required=U', 'directory-prefix': 'required=P', 'no-check-certificate': 'none', 'no-verbose': 'none',
  'post-data': 'required', method: 'required', 'body-data': 'required', help: 'none=h', version: 'none=V', 'connect-timeout': 'required', 'read-timeout': 'required', 'dns-timeout': 'required', 'no-proxy': 'none', 'show-progress': 'none', progress: 'required', 'no-clobber': 'none', timestamping: 'none=N', 'input-file': 'required=i',
  'max-redirect': 'required', execute: 'required=e', 'force-directories': 'none=x', 'no-directories': 'none', 'content-disposition': 'none', 'inet4-only': 'none=4', 'inet6-only': 'none=6', 'no-cache': 'none', 'no-dns-cache': 'none', 'retry-connrefused': 'none', 'no-hsts': 'none', wait: 'required=w', background: 'none=b', debug: 'none=d',
} as const;
const hint = 'Usage: wget [OPTION]... [URL]...\n\nTry `wget --help\' for more options.';
const GENERIC = 1;
const NETWORK = 4;
const SERVER = 8;

export const wget = defineCommand({
  name: 'wget', summary: 'fetch files over HTTP', package: 'wget',
  run: async (call) => {
    // -nv, -nc, -nd: one option each, though written with two letters.
    const args = call.args.map((word) => ({ '-nv': '--no-verbose', '-nc': '--no-clobber', '-nd': '--no-directories', '-np': '--no-parent', '-nH': '--no-host-directories' })[word] ?? word);
    const options = parseOptions(args, { short: `qvO:T:t:cSP:U:46hVNxi:e:w:bd${unsimulatedShort}`, long: { ...long, ...unsimulatedLong } });
    if (options.error !== undefined) {
      call.err(`wget: ${options.error}\n${hint}`);
      return 2;
    }
    if (options.has('V')) {
      call.out('GNU Wget 1.21.3 built on linux-gnu.');
      return 0;
    }
    if (options.has('h')) {
      call.out('GNU Wget 1.21.3, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n\nMandatory arguments to long options are mandatory for short options too.');
      return 0;
    }
    const refused = options.options.find(({ name }) => ['b', 'd', 'w'].includes(name) || name in unsimulatedLong || unsimulatedShort.includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    for (const [letter, name] of [['T', 'timeout'], ['connect-timeout', 'connect-timeout'], ['read-timeout', 'read-timeout']] as const) {
      const value = options.value(letter);
      if (value !== undefined && !/^(\d+\.?\d*|\.\d+)[smhdw]?$/.test(value)) {
        call.err(`wget: --${name}: Invalid time period ‘${value}’`);
        return 2;
      }
    }
    const isQuiet = options.has('q');
    const method = options.value('method')?.toUpperCase();
    const run: Run = {
      call, options, isSpider: options.has('spider') || method === 'HEAD', isTerse: options.has('no-verbose'),
      log: (text) => {
        if (!isQuiet) call.writeErr(text);
      },
      now: () => formatTime('%Y-%m-%d %H:%M:%S', call.sys.now() / 1e6), files: 0, bytes: 0, us: 0,
    };
    return fetchAll(run);
  },
});

async function fetchAll(run: Run): Promise<ExitCode> {
  const { call, options } = run;
  const startUs = call.sys.monotonicUs();
  const list = options.value('i');
  const urls = [...options.operands];
  if (list !== undefined) {
    const text = await call.sys.readText(list);
    if (!text.ok) run.log(`${list}: ${strerror(text.error)}\n`);
    const listed = (text.ok ? text.value : '').split(/\s+/).filter((word) => word !== '');
    if (listed.length === 0) run.log(`No URLs found in ${list}.\n`);
    urls.push(...listed);
  }
  if (urls.length === 0) {
    if (list !== undefined) return GENERIC;
    call.err(`wget: missing URL\n${hint}`);
    return GENERIC;
  }
  const output = options.value('O');
  if (output !== undefined && output !== '-') {
    const made = await call.sys.open(output, { write: true, create: true, truncate: true, mode: 0o666 });
    if (!made.ok) {
      call.err(`${output}: ${strerror(made.error)}`);
      return GENERIC;
    }
    call.sys.close(made.value);
  }
  let code: ExitCode = 0;
  for (const text of urls) {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
    const url = scheme === undefined || ['http', 'https', 'ftp'].includes(scheme) ? parseUrl(text.replaceAll(' ', '%20')) : undefined;
    if (url === undefined) {
      call.err(`${text}: ${scheme !== undefined && !['http', 'https', 'ftp'].includes(scheme) ? `Unsupported scheme ‘${scheme}’` : 'Invalid host name'}.`);
      code = code === 0 ? GENERIC : code;
      continue;
    }
    const ended = await fetchOne(run, url);
    if (ended === 125) return ended;
    if (ended !== 0) code = code === 0 ? ended : Math.min(code, ended);
  }
  if ((urls.length > 1 || list !== undefined) && run.files > 0) {
    const wall = (call.sys.monotonicUs() - startUs) / 1e6;
    run.log(`FINISHED --${run.now()}--\nTotal wall clock time: ${decimal(wall)}s\nDownloaded: ${run.files} files, ${sizeText(run.bytes)} in ${decimal(run.us / 1e6)}s (${speed(run.bytes, run.us)})\n`);
  }
  return code;
}

/** One address through its redirections. */
async function fetchOne(run: Run, first: Url): Promise<ExitCode> {
  const { options, call } = run;
  const redirects = Number(options.value('max-redirect') ?? 20);
  const name = fileName(run, first);
  if (options.has('no-clobber') && call.sys.stat(name).ok) {
    run.log(`File ‘${name}’ already there; not retrieving.\n\n`);
    return 0;
  }
  let url = first;
  for (let hop = 0; ; hop += 1) {
    if (url.scheme !== 'http') return notSimulated(call, url.scheme === 'https' ? 'https (TLS)' : url.scheme);
    const connected = await connect(run, url);
    if (typeof connected === 'number') return connected;
    const answer = await retrieve(run, url, connected, name);
    if (typeof answer === 'number') return answer;
    if (hop >= redirects) {
      run.log(`${redirects} redirections exceeded.\n`);
      return SERVER;
    }
    const next = parseUrl(answer, url);
    if (next === undefined) return GENERIC;
    url = next;
  }
}

function shownUrl(url: Url): string {
  return `http://${hostHeader(url)}${url.path}`;
}

function tellUrl(run: Run, url: Url, attempt: number): void {
  if (run.isSpider && attempt === 0) run.log('Spider mode enabled. Check if remote file exists.\n');
  if (!run.isTerse) run.log(`--${run.now()}--  ${attempt > 0 ? `(try:${String(attempt + 1).padStart(2)})  ` : ''}${shownUrl(url)}\n`);
}

/** A connection to the first address that takes one, tried again while it times out; a number is the exit code. */
async function connect(run: Run, url: Url): Promise<Connection | ExitCode> {
  const { call, options } = run;
  const tell = (text: string): void => {
    if (!run.isTerse) run.log(text);
  };
  const literal = literalAddress(url.host);
  const limit = options.value('connect-timeout') ?? options.value('T');
  const typedTries = Number(options.value('t') ?? 20);
  const tries = Number.isNaN(typedTries) ? 20 : typedTries === 0 ? Number.POSITIVE_INFINITY : typedTries;
  for (let attempt = 0; ; attempt += 1) {
    tellUrl(run, url, attempt);
    if (literal === undefined) tell(`Resolving ${url.host} (${url.host})... `);
    const found = await resolveHost(call.sys, url.host, options.has('4') ? 'inet' : options.has('6') ? 'inet6' : undefined);
    if (!found.ok) {
      tell(`failed: ${found.error}.\n`);
      if (!options.has('q')) call.err(`wget: unable to resolve host address ‘${url.host}’`);
      return NETWORK;
    }
    if (literal === undefined) tell(`${found.addresses.map(({ address }) => address).join(', ')}\n`);
    let problem: Parameters<typeof strerror>[0] = 'ECONNREFUSED';
    for (const { address } of found.addresses) {
      tell(`Connecting to ${literal === undefined ? `${url.host} (${url.host})|${address}|` : address}:${url.port}... `);
      const connected = await connectTcp(call.sys, { address, port: url.port }, limit === undefined || Number(limit) === 0 ? undefined : Number.parseFloat(limit) * 1e6);
      if (connected.ok) {
        tell('connected.\n');
        return new Connection(call.sys, socketStream(call.sys, connected.value));
      }
      problem = connected.error === 'EAGAIN' ? 'ETIMEDOUT' : connected.error;
      tell(`failed: ${strerror(problem)}.\n`);
    }
    if ((problem === 'ECONNREFUSED' || problem === 'ENETUNREACH') && !options.has('retry-connrefused')) return NETWORK;
    if (attempt + 1 >= tries) {
      run.log('Giving up.\n\n');
      return NETWORK;
    }
    await call.sys.sleep(Math.min(attempt + 1, 10) * 1e6);
    tell('Retrying.\n\n');
  }
}

/** `name.1` and on for a name that is taken, unless told otherwise. */
function fileName({ call, options, isSpider }: Run, url: Url): string {
  const given = options.value('O');
  if (given !== undefined) return given;
  const path = decode(url.path.replace(/\?/, '%3F').replace(/%3F.*$/, (query) => (query === '%3F' ? '' : query)));
  const base = path.replace(/^.*\//, '') || 'index.html';
  const folder = options.has('x') ? `${hostHeader(url)}${path.replace(/[^/]*$/, '')}`.replace(/\/$/, '') : '';
  const name = [options.value('P')?.replace(/\/$/, ''), folder, base].filter((part) => part !== undefined && part !== '').join('/');
  if (isSpider || options.has('no-clobber') || options.has('c') || options.has('N') || options.has('x')) return name;
  let free = name;
  for (let number = 1; call.sys.stat(free).ok; number += 1) free = `${name}.${number}`;
  return free;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The request and what comes of it: an exit code, or where to go instead. */
async function retrieve(run: Run, url: Url, connection: Connection, name: string): Promise<ExitCode | string> {
  const { call, options, log } = run;
  const tell = (text: string): void => {
    if (!run.isTerse) log(text);
  };
  const post = options.value('post-data') ?? options.value('body-data');
  const present = call.sys.stat(name);
  const localSize = options.has('c') && present.ok ? present.value.size : 0;
  const httpDate = (us: number): string => formatTime('%a, %d %b %Y %H:%M:%S GMT', us / 1e6);
  const headers: [string, string][] = [
    ...(options.has('N') && present.ok ? [['If-Modified-Since', httpDate(present.value.modifiedUs)] as [string, string]] : []), ...(localSize > 0 ? [['Range', `bytes=${localSize}-`] as [string, string]] : []),
    ['Host', hostHeader(url)], ['User-Agent', options.value('U') ?? 'Wget/1.21.3'], ['Accept', '*/*'], ['Accept-Encoding', 'identity'], ['Connection', 'Keep-Alive'],
    ...options.values('header').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  ];
  const body = post === undefined ? undefined : utf8(post);
  if (body !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Length', String(body.length)]);
  tell(`HTTP request sent, awaiting response... `);
  const limit = options.value('read-timeout') ?? options.value('T');
  const deadlineUs = limit === undefined || Number(limit) === 0 ? undefined : call.sys.monotonicUs() + Number.parseFloat(limit) * 1e6;
  const startUs = call.sys.monotonicUs();
  try {
    await connection.send(requestBytes(run.isSpider ? 'HEAD' : (options.value('method')?.toUpperCase() ?? (post === undefined ? 'GET' : 'POST')), url.path, headers, body));
    const head = await connection.head(deadlineUs);
    if (!head.ok || head.value === undefined) {
      tell(head.ok ? 'No data received.\n' : `Read error (${strerror(head.error)}) in headers.\n`);
      return NETWORK;
    }
    const { value } = head;
    if (options.has('S')) tell(`\n${value.raw.replace(/\r/g, '').trimEnd().split('\n').map((line) => `  ${line}`).join('\n')}\n`);
    else tell(`${value.status} ${value.reason}\n`);
    const location = header(value, 'location');
    if (location !== undefined && value.status >= 300 && value.status < 400) {
      tell(`Location: ${location} [following]\n`);
      return location;
    }
    if (value.status === 304) {
      tell(`File ‘${name}’ not modified on server. Omitting download.\n\n`);
      return 0;
    }
    const length = header(value, 'content-length');
    if (localSize > 0 && (value.status === 416 || (value.status === 200 && Number(length) === localSize))) {
      tell('\n    The file is already fully retrieved; nothing to do.\n\n');
      return 0;
    }
    if (value.status >= 400) {
      if (run.isSpider) log('Remote file does not exist -- broken link!!!\n\n');
      else log(`${run.isTerse ? `${shownUrl(url)}:\n` : ''}${run.now()} ERROR ${value.status}: ${value.reason}.\n${run.isTerse ? '' : '\n'}`);
      return SERVER;
    }
    const type = header(value, 'content-type')?.replace(/;.*/, '');
    tell(`Length: ${length === undefined ? 'unspecified' : sizeText(Number(length), length)}${type === undefined ? '' : ` [${type}]`}\n`);
    if (run.isSpider) {
      log(type === 'text/html' ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n' : 'Remote file exists.\n\n');
      return 0;
    }
    return await save(run, url, connection, value, { name, length: length === undefined ? undefined : Number(length), startUs, deadlineUs });
  } finally {
    connection.close();
  }
}

async function save(run: Run, url: Url, connection: Connection, head: Parameters<Connection['body']>[0], about: { name: string; length: number | undefined; startUs: number; deadlineUs: number | undefined }): Promise<ExitCode> {
  const { call, options, log } = run;
  const { name, length } = about;
  const toStdout = name === '-';
  const tell = (text: string): void => {
    if (!run.isTerse) log(text);
  };
  tell(`Saving to: ‘${toStdout ? 'STDOUT' : name}’\n`);
  for (let slash = name.indexOf('/', 1); slash > 0 && !options.has('O'); slash = name.indexOf('/', slash + 1)) call.sys.makeDirectory(name.slice(0, slash));
  const opened = toStdout ? { ok: true as const, value: 1 } : await call.sys.open(name, { write: true, create: true, ...(options.has('O') ? { append: true } : { truncate: true }), mode: 0o666 });
  if (!opened.ok) {
    call.err(`${name}: ${strerror(opened.error)}`);
    return 3;
  }
  let size = 0;
  await connection.body(head, false, about.deadlineUs, async (chunk) => {
    size += chunk.length;
    if (toStdout) {
      call.write(chunk);
      await call.flush();
    } else await call.sys.write(opened.value, chunk);
  });
  const us = Math.max(1, call.sys.monotonicUs() - about.startUs);
  if (!toStdout) {
    call.sys.close(opened.value);
    const modified = header(head, 'last-modified');
    const modifiedUs = modified === undefined || options.has('O') ? undefined : parseDate(modified);
    if (modifiedUs !== undefined) call.sys.setTimes(name, undefined, modifiedUs);
  }
  const rows = dots(size, length, us);
  if (options.has('show-progress') && options.has('q')) call.writeErr(`\n${rows}\n`);
  const count = `[${size}${length === undefined ? '' : `/${length}`}]`;
  if (run.isTerse) log(`${run.now()} URL:${shownUrl(url)} ${count} -> "${name}" [1]\n`);
  else log(`\n${rows}\n${run.now()} (${speed(size, us)}) - ${toStdout ? 'written to stdout' : `‘${name}’ saved`} ${count}\n\n`);
  run.files += 1;
  run.bytes += size;
  run.us += us;
  return 0;
}

/** progress.c, style "default": a dot a kilobyte, fifty a row. */
function dots(size: number, total: number | undefined, us: number): string {
  const perRow = 50;
  const count = Math.floor(size / 1024);
  const rows = Math.floor(count / perRow);
  let text = '';
  for (let row = 0; row <= rows; row += 1) {
    const filled = Math.min(perRow, count - row * perRow);
    text += `${String(row * perRow).padStart(6)}K`;
    for (let at = 0; at < perRow; at += 1) text += `${at % 10 === 0 ? ' ' : ''}${at < filled ? '.' : ' '}`;
    const isLast = row === rows;
    const done = isLast ? size : (row + 1) * perRow * 1024;
    text += total === undefined ? '    ' : `${String(total === 0 ? 100 : Math.floor((100 * done) / total)).padStart(3)}%`;
    const { number, unit } = rate(size, us);
    text += ` ${number.padStart(4)}${unit}${isLast ? `=${decimal(us / 1e6)}s` : ` ${Math.round(((total ?? size) - done) / Math.max(1, size / (us / 1e6)))}s`}\n`;
  }
  return text;
}

function rate(size: number, us: number): { number: string; unit: string } {
  let value = size / (us / 1e6);
  let unit = 0;
  for (; value >= 1024 && unit < 4; unit += 1) value /= 1024;
  return { number: value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2), unit: ' KMGT'[unit]! };
}

function speed(size: number, us: number): string {
  const { number, unit } = rate(size, us);
  return `${number} ${unit.trim()}B/s`;
}

/** print_decimal: as many digits as say something. */
function decimal(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toFixed(value >= 1 ? 1 : value >= 0.1 ? 2 : 3)));
}

/** `3000 (2.9K)`. */
function sizeText(bytes: number, written = String(bytes)): string {
  if (bytes < 1024) return written;
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < 4; unit += 1) value /= 1024;
  return `${written} (${value >= 10 ? value.toFixed(0) : value.toFixed(1)}${' KMGT'[unit]!})`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parseDate(text: string): number | undefined {
  const [, day, month, year, hour, minute, second] = /(\d\d?) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)/.exec(text) ?? [];
  const index = months.indexOf(month ?? '');
  return index === -1 ? undefined : epochSeconds(Number(year), index + 1, Number(day), Number(hour), Number(minute), Number(second)) * 1e6;
}

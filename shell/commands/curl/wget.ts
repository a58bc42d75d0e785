/** wget(1) 1.21.3, HTTP only. Read first: wget(1), src/http.c and src/connect.c for the texts. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { Connection, connectTcp, header, hostHeader, parseUrl, requestBytes, socketStream } from '../../lib/http.ts';
import { literalAddress, resolveHost } from '../../lib/resolve.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const wget = defineCommand({
  name: 'wget', summary: 'fetch files over HTTP', package: 'wget',
  run: (call) => runWget(call),
});

async function runWget(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'qvO:T:t:cSP:U:n:46hVN', long: { quiet: 'none=q', verbose: 'none=v', 'output-document': 'required=O', timeout: 'required=T', tries: 'required=t', continue: 'none=c', 'server-response': 'none=S', spider: 'none', header: 'required', 'user-agent': 'required=U', 'directory-prefix': 'required=P', 'no-check-certificate': 'none', 'no-verbose': 'none', 'post-data': 'required', help: 'none=h', version: 'none=V', 'connect-timeout': 'required', 'no-proxy': 'none', 'show-progress': 'none', progress: 'required' } });
  if (options.error !== undefined) {
    call.err(`wget: ${options.error}\nUsage: wget [OPTION]... [URL]...\n\nTry \`wget --help' for more options.`);
    return 2;
  }
  if (options.has('V')) {
    call.out('GNU Wget 1.21.3 built on linux-gnu.');
    return 0;
  }
  if (options.operands.length === 0) {
    call.err('wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help\' for more options.');
    return 1;
  }
  for (const name of ['c', 'N']) if (options.has(name)) return notSimulated(call, `option -${name}`);
  const isQuiet = options.has('q');
  const log = (text: string): void => {
    if (!isQuiet) call.writeErr(text);
  };
  const now = (): string => formatTime('%Y-%m-%d %H:%M:%S', call.sys.now() / 1e6);
  let code: ExitCode = 0;
  for (const text of options.operands) {
    let url = parseUrl(text);
    if (url === undefined) {
      call.err(`${text}: Invalid host name.`);
      code = 1;
      continue;
    }
    let isRedirected = true;
    for (let hop = 0; isRedirected && hop < 20; hop += 1) {
      isRedirected = false;
      if (url.scheme !== 'http') return notSimulated(call, url.scheme === 'https' ? 'https (TLS)' : url.scheme);
      const shownUrl = `http://${hostHeader(url)}${url.path}`;
      log(`--${now()}--  ${shownUrl}\n`);
      const literal = literalAddress(url.host);
      if (literal === undefined) log(`Resolving ${url.host} (${url.host})... `);
      const found = await resolveHost(call.sys, url.host, options.has('4') ? 'inet' : options.has('6') ? 'inet6' : undefined);
      if (!found.ok) {
        log(`failed: ${found.error}.\n`);
        call.err(`wget: unable to resolve host address ‘${url.host}’`);
        code = 4;
        break;
      }
      if (literal === undefined) log(`${found.addresses.map((each) => each.address).join(', ')}\n`);
      const limit = options.value('T') ?? options.value('connect-timeout');
      const tries = Number(options.value('t') ?? '20');
      let socket: number | undefined;
      let problem: Parameters<typeof strerror>[0] = 'ECONNREFUSED';
      for (let attempt = 0; attempt < Math.max(1, tries) && socket === undefined; attempt += 1) {
        for (const { address } of found.addresses) {
          log(`Connecting to ${literal === undefined ? `${url.host} (${url.host})|${address}|` : address}:${url.port}... `);
          const connected = await connectTcp(call.sys, { address, port: url.port }, limit === undefined ? undefined : Number(limit) * 1e6);
          if (connected.ok) {
            socket = connected.value;
            break;
          }
          problem = connected.error === 'EAGAIN' ? 'ETIMEDOUT' : connected.error;
          log(`failed: ${strerror(problem)}.\n`);
        }
        if (socket !== undefined || problem === 'ECONNREFUSED') break;
        if (attempt + 1 >= tries) {
          log('Giving up.\n\n');
          break;
        }
        await call.sys.sleep(Math.min(attempt + 1, 10) * 1e6);
        log(`Retrying.\n\n--${now()}--  (try:${String(attempt + 2).padStart(2)})  ${shownUrl}\n`);
      }
      if (socket === undefined) {
        code = 4;
        break;
      }
      log('connected.\n');
      const answer = await fetch(call, options, url, new Connection(call.sys, socketStream(call.sys, socket)), log, now);
      if (typeof answer === 'string') {
        const next = parseUrl(answer, url);
        if (next === undefined) break;
        url = next;
        isRedirected = true;
      } else code = answer === 0 ? code : answer;
    }
  }
  return code;
}

async function fetch(call: Invocation, options: ReturnType<typeof parseOptions>, url: NonNullable<ReturnType<typeof parseUrl>>, connection: Connection, log: (text: string) => void, now: () => string): Promise<ExitCode | string> {
  const isSpider = options.has('spider');
  const post = options.value('post-data');
  const headers: [string, string][] = [['Host', hostHeader(url)], ['User-Agent', options.value('U') ?? 'Wget/1.21.3'], ['Accept', '*/*'], ['Accept-Encoding', 'identity'], ['Connection', 'Keep-Alive'],
    ...options.values('header').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])];
  log('HTTP request sent, awaiting response... ');
  const limit = options.value('T');
  const deadlineUs = limit === undefined ? undefined : call.sys.monotonicUs() + Number(limit) * 1e6;
  const body = post === undefined ? undefined : new TextEncoder().encode(post);
  if (body !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Length', String(body.length)]);
  const startUs = call.sys.monotonicUs();
  await connection.send(requestBytes(isSpider ? 'HEAD' : post === undefined ? 'GET' : 'POST', url.path, headers, body));
  const head = await connection.head(deadlineUs);
  if (!head.ok || head.value === undefined) {
    log(head.ok ? 'No data received.\n' : `Read error (${strerror(head.error)}) in headers.\n`);
    connection.close();
    return 4;
  }
  const { value } = head;
  if (options.has('S')) log(`\n${value.raw.replace(/\r/g, '').trimEnd().split('\n').map((line) => `  ${line}`).join('\n')}\n`);
  else log(`${value.status} ${value.reason}\n`);
  const location = header(value, 'location');
  if (location !== undefined && value.status >= 300 && value.status < 400) {
    log(`Location: ${location} [following]\n`);
    connection.close();
    return location;
  }
  if (value.status >= 400) {
    log(`${now()} ERROR ${value.status}: ${value.reason}.\n\n`);
    connection.close();
    return 8;
  }
  const type = header(value, 'content-type')?.replace(/;.*/, '');
  const length = header(value, 'content-length');
  log(length === undefined ? `Length: unspecified${type === undefined ? '' : ` [${type}]`}\n` : `Length: ${length}${Number(length) >= 1024 ? ` (${(Number(length) / 1024).toFixed(1)}K)` : ''}${type === undefined ? '' : ` [${type}]`}\n`);
  if (isSpider) {
    log('Remote file exists.\n\n');
    connection.close();
    return 0;
  }
  const name = options.value('O') ?? `${options.has('P') ? `${options.value('P')!.replace(/\/$/, '')}/` : ''}${url.path.replace(/\?.*/, '').replace(/^.*\//, '') || 'index.html'}`;
  const toStdout = name === '-';
  log(`Saving to: ‘${toStdout ? 'STDOUT' : name}’\n\n`);
  const opened = toStdout ? { ok: true as const, value: 1 } : await call.sys.open(name, { write: true, create: true, truncate: true, mode: 0o666 });
  if (!opened.ok) {
    call.err(`${name}: ${strerror(opened.error)}`);
    connection.close();
    return 3;
  }
  let size = 0;
  await connection.body(value, false, deadlineUs, async (chunk) => {
    size += chunk.length;
    if (toStdout) call.write(chunk);
    else await call.sys.write(opened.value, chunk);
  });
  connection.close();
  if (!toStdout) call.sys.close(opened.value);
  const us = Math.max(1, call.sys.monotonicUs() - startUs);
  log(`     0K ${'.'.repeat(Math.min(50, Math.ceil(size / 1024)))}${' '.repeat(Math.max(0, 54 - Math.min(50, Math.ceil(size / 1024))))}100% ${(size / 1024 / 1024 / (us / 1e6)).toFixed(2)}M=${(us / 1e6).toFixed(us < 1e5 ? 3 : 1)}s\n\n`);
  log(`${now()} (${(size / 1024 / 1024 / (us / 1e6)).toFixed(2)} MB/s) - ${toStdout ? 'written to stdout' : `‘${name}’ saved`} [${length === undefined ? size : `${size}/${length}`}]\n\n`);
  return 0;
}

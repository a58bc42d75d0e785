/** curl(1) 7.88.1, HTTP only. Read first: curl(1); src/tool_operate.c, lib/connect.c for the texts. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type OptionTable, type ParsedOptions } from '../../lib/getopt.ts';
import { Connection, connectTcp, header, hostHeader, parseUrl, requestBytes, socketStream, type ResponseHead, type Url } from '../../lib/http.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { base64, utf8 } from '../../ports/bytes.ts';
import type { Errno } from '../../ports/result.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const curl = defineCommand({
  name: 'curl', summary: 'transfer a URL', package: 'curl',
  run: (call) => runCurl(call),
});

const table: OptionTable = {
  short: 'vsSo:OILm:H:d:X:w:46fkiA:e:u:b:c:x:T:F:GNr:R#ZhVngjJ01y:Y:Uz:E:C:DK:Q:P:tpaBlM',
  long: {
    verbose: 'none=v', silent: 'none=s', 'show-error': 'none=S', output: 'required=o', 'remote-name': 'none=O', head: 'none=I', location: 'none=L', 'max-time': 'required=m', header: 'required=H',
    data: 'required=d', 'data-ascii': 'required=d', 'data-raw': 'required', 'data-binary': 'required', 'data-urlencode': 'required', request: 'required=X', 'write-out': 'required=w', resolve: 'required', ipv4: 'none=4', ipv6: 'none=6',
    'connect-timeout': 'required', fail: 'none=f', 'fail-with-body': 'none', insecure: 'none=k', include: 'none=i', 'user-agent': 'required=A', referer: 'required=e', user: 'required=u', cookie: 'required=b', 'cookie-jar': 'required=c', proxy: 'required=x',
    'upload-file': 'required=T', form: 'required=F', get: 'none=G', 'no-buffer': 'none=N', url: 'required', 'max-redirs': 'required', 'http1.0': 'none', 'http1.1': 'none', http2: 'none', interface: 'required', 'local-port': 'required', 'no-progress-meter': 'none',
    retry: 'required', 'retry-delay': 'required', 'retry-connrefused': 'none', 'tcp-nodelay': 'none', 'no-keepalive': 'none', noproxy: 'required', json: 'required', 'progress-bar': 'none=#', help: 'optional=h', version: 'none=V', 'create-dirs': 'none', compressed: 'none', globoff: 'none=g', 'unix-socket': 'required', cacert: 'required', 'dump-header': 'required=D', 'connect-to': 'required', range: 'required=r',
  },
};

interface Transfer {
  url: Url; status: number; head: ResponseHead | undefined; received: number; headerBytes: number; redirects: number; startUs: number; resolvedUs: number; connectedUs: number; firstByteUs: number;
  remote: { address: string; port: number } | undefined; local: { address: string; port: number } | undefined; effective: string; requestSize: number; uploaded: number; method: string;
}

async function runCurl(call: Invocation): Promise<ExitCode> {
  // curl's own parser knows short options without getopt's permutation rules; -Z -# and the like take no value.
  const options = parseOptions(call.args, { ...table });
  if (options.error !== undefined) {
    const needs = /option requires an argument -- '(.)'/.exec(options.error) ?? /option '--(.*)' requires an argument/.exec(options.error);
    const unknown = /invalid option -- '(.)'/.exec(options.error) ?? /unrecognized option '--(.*)'/.exec(options.error);
    const dashes = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);
    call.err(needs !== null ? `curl: option ${dashes(needs[1]!)}: requires parameter` : unknown !== null ? `curl: option ${dashes(unknown[1]!)}: is unknown` : `curl: ${options.error}`);
    call.err("curl: try 'curl --help' or 'curl --manual' for more information");
    return 2;
  }
  if (options.has('V')) {
    call.out('curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\nRelease-Date: 2023-02-20, security patched: 7.88.1-10+deb12u12\nProtocols: http\nFeatures: IPv6');
    return 0;
  }
  if (options.has('h')) {
    call.out('Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n -f, --fail                 Fail fast with no output on HTTP errors\n -h, --help <category>      Get help for commands\n -i, --include              Include protocol response headers in the output\n -o, --output <file>        Write to file instead of stdout\n -O, --remote-name          Write output to a file named as the remote file\n -s, --silent               Silent mode\n -T, --upload-file <file>   Transfer local FILE to destination\n -u, --user <user:password> Server user and password\n -A, --user-agent <name>    Send User-Agent <name> to server\n -v, --verbose              Make the operation more talkative\n -V, --version              Show version number and quit');
    return 0;
  }
  for (const name of ['x', 'T', 'F', 'c', 'unix-socket', 'connect-to', 'r', 'data-urlencode', 'K', 'Z', 'C', 'E', 'dump-header', 'D']) {
    const used = options.options.find((option) => option.name === name);
    if (used !== undefined) return notSimulated(call, `option ${used.typed}`);
  }
  for (const name of ['m', 'connect-timeout', 'max-redirs', 'retry', 'retry-delay']) {
    const used = options.options.find((option) => option.name === name && !/^\d+(\.\d*)?$/.test(option.value ?? ''));
    if (used === undefined) continue;
    call.err(`curl: option ${used.typed}: expected a ${/^-\d/.test(used.value ?? '') ? 'positive' : 'proper'} numerical parameter`);
    call.err("curl: try 'curl --help' or 'curl --manual' for more information");
    return 2;
  }
  const urls = [...options.values('url'), ...options.operands];
  if (urls.length === 0) {
    if (options.options.length > 0) call.err('curl: no URL specified!');
    call.err("curl: try 'curl --help' or 'curl --manual' for more information");
    return 2;
  }
  let code: ExitCode = 0;
  const outputs = options.options.filter((option) => option.name === 'o' || option.name === 'O');
  for (const [index, text] of urls.entries()) {
    const output = outputs[index];
    code = await transferOne(call, options, text, output?.name === 'o' ? output.value : undefined, output?.name === 'O', index);
  }
  return code;
}

function failure(call: Invocation, options: ParsedOptions, code: ExitCode, text: string): ExitCode {
  if (!options.has('s') || options.has('S')) call.err(`curl: (${code}) ${text}`);
  return code;
}

async function transferOne(call: Invocation, options: ParsedOptions, text: string, file: string | undefined, isRemoteName: boolean, connectionNumber: number): Promise<ExitCode> {
  const { sys } = call;
  let url = parseUrl(text);
  if (url === undefined) return failure(call, options, 3, 'URL using bad/illegal format or missing URL');
  if (url.scheme === 'https') return notSimulated(call, 'https (TLS)');
  if (url.scheme !== 'http' && url.scheme !== 'ftp') return failure(call, options, 1, `Protocol "${url.scheme}" not supported or disabled in libcurl`);
  if (isRemoteName && url.path.endsWith('/')) return failure(call, options, 23, 'Failed writing received data to disk/application');
  const target = isRemoteName ? url.path.replace(/\?.*$/, '').replace(/^.*\//, '') : file;
  const startUs = sys.monotonicUs();
  const maximum = seconds(options.value('m'));
  const deadlineUs = maximum === undefined ? undefined : startUs + maximum;
  const hasMeter = !options.has('s') && !options.has('no-progress-meter') && (target !== undefined || !call.stdoutIsTerminal);
  const transfer: Transfer = { url, status: 0, head: undefined, received: 0, headerBytes: 0, redirects: 0, startUs, resolvedUs: 0, connectedUs: 0, firstByteUs: 0, remote: undefined, local: undefined, effective: text.includes('://') ? text : `http://${text.includes('/') ? text : `${text}/`}`, requestSize: 0, uploaded: 0, method: 'GET' };
  if (hasMeter) {
    call.err('  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current');
    call.err('                                 Dload  Upload   Total   Spent    Left  Speed');
    call.writeErr(`\r${meter(0, 0, 0)}`);
  }
  const sink = await makeSink(call, target);
  let code: ExitCode = 0;
  let problem: string | undefined;
  for (;;) {
    const outcome = await exchange(call, options, url, transfer, deadlineUs, sink, connectionNumber + transfer.redirects);
    ({ code, problem } = outcome);
    const location = transfer.head === undefined ? undefined : header(transfer.head, 'location');
    if (code !== 0 || !options.has('L') || location === undefined || transfer.status < 300 || transfer.status > 399) break;
    if (transfer.redirects >= Number(options.value('max-redirs') ?? '50')) {
      code = 47;
      problem = `Maximum (${options.value('max-redirs') ?? '50'}) redirects followed`;
      break;
    }
    const next = parseUrl(location, url);
    if (next === undefined) break;
    if (next.scheme === 'https') {
      await sink.finish();
      return notSimulated(call, 'https (TLS)');
    }
    transfer.redirects += 1;
    if (options.has('v')) call.err(`* Issue another request to this URL: '${next.scheme}://${hostHeader(next)}${next.path}'`);
    transfer.effective = `${next.scheme}://${hostHeader(next)}${next.path}`;
    url = next;
  }
  await sink.finish();
  const totalUs = sys.monotonicUs() - startUs;
  if (hasMeter) call.writeErr(`\r${meter(transfer.received, transfer.received, totalUs)}\n`);
  const format = options.value('w');
  if (format !== undefined) await writeOut(call, format, transfer, totalUs, code);
  if (code !== 0) failure(call, options, code, problem ?? '');
  return code;
}

function seconds(text: string | undefined): number | undefined {
  // Nought is no limit.
  return text === undefined || Number(text) === 0 ? undefined : Math.round(Number.parseFloat(text) * 1e6);
}

function meter(total: number, received: number, us: number): string {
  const speed = us > 0 ? Math.floor((received * 1e6) / us) : 0;
  const percent = total > 0 ? '100' : '  0';
  const time = us >= 1e6 ? `  0:00:${String(Math.floor(us / 1e6) % 60).padStart(2, '0')}`.slice(-8) : '--:--:--';
  return `${percent} ${short(total)}  ${percent.trim().padStart(3)} ${short(received)}    0     0 ${short(speed, 6)}      0 ${time.trim().padStart(8)} ${us >= 1e6 ? time.trim().padStart(8) : '--:--:--'} --:--:-- ${short(speed)}`;
}

function short(value: number, width = 5): string {
  if (value < 100_000) return String(value).padStart(width);
  if (value < 10_000 * 1024) return `${Math.floor(value / 1024)}k`.padStart(width);
  return `${(value / 1024 / 1024).toFixed(1).slice(0, 4)}M`.padStart(width);
}

interface Sink { write(bytes: Uint8Array | string): Promise<boolean>; finish(): Promise<void> }

async function makeSink(call: Invocation, target: string | undefined): Promise<Sink> {
  if (target === undefined || target === '-') {
    return { write: async (bytes) => { call.write(bytes); await call.flush(); return true; }, finish: async () => undefined };
  }
  let fd: number | undefined;
  return {
    write: async (bytes) => {
      if (fd === undefined) {
        const opened = await call.sys.open(target, { write: true, create: true, truncate: true, mode: 0o644 });
        if (!opened.ok) {
          call.err(`Warning: Failed to open the file ${target}: ${strerror(opened.error)}`);
          return false;
        }
        fd = opened.value;
      }
      return (await call.sys.write(fd, typeof bytes === 'string' ? utf8(bytes) : bytes)).ok;
    },
    finish: async () => {
      if (fd !== undefined) call.sys.close(fd);
    },
  };
}

interface Outcome { code: ExitCode; problem?: string }

async function exchange(call: Invocation, options: ParsedOptions, url: Url, transfer: Transfer, deadlineUs: number | undefined, sink: Sink, number: number): Promise<Outcome> {
  const { sys } = call;
  const isVerbose = options.has('v');
  const info = (line: string): void => {
    if (isVerbose) call.err(`* ${line}`);
  };
  const addresses = await addressesOf(call, options, url, info);
  if (typeof addresses === 'string') {
    info(`Could not resolve host: ${url.host}`);
    info('Closing connection 0');
    return { code: 6, problem: `Could not resolve host: ${url.host}` };
  }
  transfer.resolvedUs = sys.monotonicUs() - transfer.startUs;
  const connectLimit = seconds(options.value('connect-timeout'));
  const connectDeadline = connectLimit === undefined ? undefined : sys.monotonicUs() + connectLimit;
  let socket: number | undefined;
  let lastError: Errno = 'ECONNREFUSED';
  for (const address of addresses) {
    info(`  Trying ${address.includes(':') ? `[${address}]` : address}:${url.port}...`);
    const limits = [deadlineUs, connectDeadline].filter((limit) => limit !== undefined);
    const endUs = limits.length === 0 ? undefined : Math.min(...limits);
    const leftUs = endUs === undefined ? 300_000_000 : endUs - sys.monotonicUs();
    const connected = await connectTcp(sys, { address, port: url.port }, leftUs, (id) => bindLocal(call, options, id));
    if (connected.ok) {
      socket = connected.value;
      transfer.remote = { address, port: url.port };
      break;
    }
    lastError = connected.error;
    const nowUs = sys.monotonicUs();
    if (deadlineUs !== undefined && nowUs >= deadlineUs - 1000) {
      const text = `Connection timed out after ${Math.floor((deadlineUs - transfer.startUs) / 1000) + 1} milliseconds`;
      info(text);
      info(`Closing connection ${number}`);
      return { code: 28, problem: text };
    }
    if (connectDeadline !== undefined && nowUs >= connectDeadline - 1000) {
      info(`Connection timeout after ${Math.floor(connectLimit! / 1000)} ms`);
      info(`Closing connection ${number}`);
      return { code: 28, problem: `Failed to connect to ${url.host} port ${url.port} after ${Math.floor(connectLimit! / 1000) + 1} ms: Timeout was reached` };
    }
    if (connected.error === 'ENETUNREACH' || connected.error === 'EHOSTUNREACH' && nowUs - transfer.startUs < 1000) info(`Immediate connect fail for ${address}: ${strerror(connected.error)}`);
    else info(`connect to ${address} port ${url.port} failed: ${strerror(connected.error)}`);
  }
  if (socket === undefined) {
    const text = `Failed to connect to ${url.host} port ${url.port} after ${Math.floor((sys.monotonicUs() - transfer.startUs) / 1000)} ms: Couldn't connect to server`;
    info(text);
    info(`Closing connection ${number}`);
    return { code: lastError === 'ETIMEDOUT' ? 28 : 7, problem: text };
  }
  const connection = new Connection(sys, socketStream(sys, socket));
  transfer.connectedUs = sys.monotonicUs() - transfer.startUs;
  transfer.local = sys.net.sockets.local(socket);
  info(`Connected to ${url.host} (${transfer.remote!.address}) port ${url.port} (#${number})`);
  if (url.scheme === 'ftp') {
    connection.close();
    notSimulated(call, 'ftp');
    return { code: 125 };
  }
  const outcome = await speak(call, options, url, transfer, deadlineUs, sink, connection, info, number);
  connection.close();
  return outcome;
}

async function addressesOf(call: Invocation, options: ParsedOptions, url: Url, info: (line: string) => void): Promise<string[] | string> {
  for (const rule of options.values('resolve')) {
    const match = /^\+?([^:]+):(\d+):(.+)$/.exec(rule);
    if (match !== null && (match[1] === '*' || match[1]!.toLowerCase() === url.host.toLowerCase()) && Number(match[2]) === url.port) {
      info(`Added ${match[1]!}:${match[2]!}:${match[3]!} to DNS cache`);
      return match[3]!.split(',').map((address) => address.replace(/^\[|\]$/g, ''));
    }
  }
  const found = await resolveHost(call.sys, url.host, options.has('4') ? 'inet' : options.has('6') ? 'inet6' : undefined);
  return found.ok ? found.addresses.map((each) => each.address) : found.error;
}

function bindLocal(call: Invocation, options: ParsedOptions, id: number): { ok: true; value: undefined } | { ok: false; error: Errno } {
  const wanted = options.value('interface');
  if (wanted === undefined) return { ok: true, value: undefined };
  const bound = call.net.netlink.link(wanted) !== undefined ? call.net.sockets.bindDevice(id, wanted) : call.net.sockets.bind(id, { address: wanted, port: 0 });
  return bound.ok ? { ok: true, value: undefined } : bound;
}

async function speak(call: Invocation, options: ParsedOptions, url: Url, transfer: Transfer, deadlineUs: number | undefined, sink: Sink, connection: Connection, info: (line: string) => void, number: number): Promise<Outcome> {
  const { sys } = call;
  const isVerbose = options.has('v');
  const bodyParts: string[] = [];
  for (const option of options.options) {
    if (option.name !== 'd' && option.name !== 'data-raw' && option.name !== 'data-binary' && option.name !== 'json') continue;
    if (option.value!.startsWith('@') && option.name !== 'data-raw') {
      const name = option.value!.slice(1);
      const text = name === '-' ? { ok: true as const, value: await call.stdinText() } : await sys.readText(name);
      if (!text.ok) {
        call.err(`Warning: Couldn't read data from file "${name}", this makes an empty POST.`);
        bodyParts.push('');
      } else bodyParts.push(option.name === 'd' ? text.value.replace(/[\r\n\0]/g, '') : text.value);
    } else bodyParts.push(option.value!);
  }
  const isGet = options.has('G');
  const body = bodyParts.length > 0 && !isGet ? utf8(bodyParts.join(options.has('json') ? '' : '&')) : undefined;
  const path = isGet && bodyParts.length > 0 ? `${url.path}${url.path.includes('?') ? '&' : '?'}${bodyParts.join('&')}` : url.path;
  const isHead = options.has('I');
  const method = options.value('X') ?? (isHead ? 'HEAD' : body !== undefined ? 'POST' : 'GET');
  transfer.method = method;
  const headers: [string, string][] = [['Host', hostHeader(url)]];
  const user = options.value('u') ?? url.user;
  if (user !== undefined) {
    if (isVerbose) info(`Server auth using Basic with user '${user.split(':')[0]!}'`);
    headers.push(['Authorization', `Basic ${base64(utf8(user.includes(':') ? user : `${user}:`))}`]);
  }
  if (options.has('r')) headers.push(['Range', `bytes=${options.value('r')!}`]);
  headers.push(['User-Agent', options.value('A') ?? 'curl/7.88.1'], ['Accept', options.has('json') ? 'application/json' : '*/*']);
  if (options.has('e')) headers.push(['Referer', options.value('e')!]);
  if (options.has('b')) headers.push(['Cookie', options.value('b')!]);
  if (body !== undefined) headers.push(['Content-Length', String(body.length)], ['Content-Type', options.has('json') ? 'application/json' : 'application/x-www-form-urlencoded']);
  for (const line of options.values('H')) {
    const match = /^([^:;]+)([:;])\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = '', mark, value = ''] = match;
    const existing = headers.findIndex(([key]) => key.toLowerCase() === name.toLowerCase());
    if (value === '' && mark === ':') {
      if (existing >= 0) headers.splice(existing, 1);
    } else if (existing >= 0) headers[existing] = [name, value];
    else headers.push([name, value]);
  }
  const version = options.has('http1.0') ? '1.0' : '1.1';
  const request = requestBytes(method, path, headers, body, version);
  if (isVerbose) {
    call.err(`> ${method} ${path} HTTP/${version}`);
    for (const [name, value] of headers) call.err(`> ${name}: ${value}`);
    call.err('> ');
    if (body !== undefined && !call.stdoutIsTerminal) call.err(`} [${body.length} bytes data]`);
  }
  transfer.requestSize += request.length;
  const sent = await connection.send(request);
  if (!sent.ok) return { code: 55, problem: `Send failure: ${strerror(sent.error)}` };
  const timedOut = (): Outcome => ({ code: 28, problem: `Operation timed out after ${Math.floor((deadlineUs! - transfer.startUs) / 1000) + 1} milliseconds with ${transfer.received} ${transfer.head !== undefined && header(transfer.head, 'content-length') !== undefined ? `out of ${header(transfer.head, 'content-length')!} ` : ''}bytes received` });
  const close = (): void => info(`Closing connection ${number}`);
  const head = await connection.head(deadlineUs);
  if (!head.ok) {
    if (head.error === 'ETIMEDOUT' && deadlineUs !== undefined) {
      info(timedOut().problem!);
      close();
      return timedOut();
    }
    info(`Recv failure: ${strerror(head.error)}`);
    close();
    return { code: 56, problem: `Recv failure: ${strerror(head.error)}` };
  }
  if (head.value === undefined) {
    info('Empty reply from server');
    close();
    return { code: 52, problem: 'Empty reply from server' };
  }
  transfer.firstByteUs = sys.monotonicUs() - transfer.startUs;
  transfer.head = head.value;
  transfer.status = head.value.status;
  transfer.headerBytes += head.value.raw.length;
  if (head.value.status === 0) {
    close();
    return { code: 1, problem: 'Received HTTP/0.9 when not allowed' };
  }
  const isClosing = head.value.version === 'HTTP/1.0' || /close/i.test(header(head.value, 'connection') ?? '');
  if (isVerbose) {
    if (head.value.version === 'HTTP/1.0') info('HTTP 1.0, assume close after body');
    for (const line of head.value.raw.replace(/\r?\n\r?\n$/, '').split(/\r?\n/)) call.err(`< ${line}`);
    call.err('< ');
  }
  const isRedirected = options.has('L') && transfer.status >= 300 && transfer.status < 400 && header(head.value, 'location') !== undefined;
  if (options.has('f') && transfer.status >= 400) {
    info(`The requested URL returned error: ${transfer.status}`);
    close();
    return { code: 22, problem: `The requested URL returned error: ${transfer.status}` };
  }
  if (options.has('i') || isHead) await sink.write(head.value.raw);
  let writes = true;
  const ended = await connection.body(head.value, method === 'HEAD', deadlineUs, async (chunk) => {
    transfer.received += chunk.length;
    if (isVerbose && !call.stdoutIsTerminal) call.err(`{ [${chunk.length} bytes data]`);
    if (!isRedirected && !(await sink.write(chunk))) writes = false;
  });
  if (!writes) return { code: 23, problem: 'Failure writing output to destination' };
  if (ended === 'short') {
    const missing = Number(header(head.value, 'content-length') ?? '0') - transfer.received;
    close();
    return { code: 18, problem: `transfer closed with ${missing} bytes remaining to read` };
  }
  if (ended !== 'complete') {
    close();
    return ended === 'ETIMEDOUT' && deadlineUs !== undefined ? timedOut() : { code: 56, problem: `Recv failure: ${strerror(ended)}` };
  }
  if (isClosing) close();
  else info(`Connection #${number} to host ${url.host} left intact`);
  if (options.has('fail-with-body') && transfer.status >= 400) return { code: 22, problem: `The requested URL returned error: ${transfer.status}` };
  return { code: 0 };
}

async function writeOut(call: Invocation, format: string, transfer: Transfer, totalUs: number, code: ExitCode): Promise<void> {
  let text = format;
  if (format.startsWith('@')) {
    const read = format === '@-' ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(format.slice(1));
    text = read.ok ? read.value : '';
  }
  const time = (us: number): string => (us / 1e6).toFixed(6);
  const { head } = transfer;
  const values: Readonly<Record<string, string>> = {
    http_code: String(transfer.status).padStart(3, '0'), response_code: String(transfer.status).padStart(3, '0'), http_connect: '000', remote_ip: transfer.remote?.address ?? '', remote_port: String(transfer.remote?.port ?? 0),
    local_ip: transfer.local?.address ?? '', local_port: String(transfer.local?.port ?? 0), time_total: time(totalUs), time_connect: time(transfer.connectedUs), time_namelookup: time(transfer.resolvedUs), time_starttransfer: time(transfer.firstByteUs),
    time_pretransfer: time(transfer.connectedUs), time_appconnect: time(0), time_redirect: time(0), size_download: String(transfer.received), size_upload: String(transfer.uploaded), size_header: String(transfer.headerBytes), size_request: String(transfer.requestSize),
    speed_download: String(totalUs > 0 ? Math.floor((transfer.received * 1e6) / totalUs) : 0), speed_upload: '0', content_type: head === undefined ? '' : header(head, 'content-type') ?? '', num_redirects: String(transfer.redirects), num_connects: transfer.remote === undefined ? '0' : '1',
    num_headers: String(head?.headers.length ?? 0), url_effective: transfer.effective, url: transfer.effective, redirect_url: head === undefined ? '' : header(head, 'location') ?? '', scheme: 'HTTP', method: transfer.method, exitcode: String(code), errormsg: '', http_version: head?.version.replace('HTTP/', '').replace('1.0', '1').replace(/^1$/, '1') ?? '0', filename_effective: '', urlnum: '0', ssl_verify_result: '0',
  };
  call.write(text.replace(/%\{(\w+)\}|%%|\\([nrt\\])/g, (whole: string, name: string | undefined, escape: string | undefined) => {
    if (whole === '%%') return '%';
    if (escape !== undefined) return { n: '\n', r: '\r', t: '\t' }[escape] ?? escape;
    return values[name!] ?? whole;
  }));
}

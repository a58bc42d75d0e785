/** `python3 -m http.server` as Python 3.11 runs it: many connections at once, files of one directory. Read first: Lib/http/server.py */
import type { ExitCode } from '../../../machine/sys.ts';
import { epochSeconds, formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { concat, fromLatin1, latin1, utf8 } from '../../ports/bytes.ts';
import type { SocketId } from '../../ports/kernel.ts';
import { notSimulated, type Invocation } from '../define.ts';

const usage = 'usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]';
const help = `${usage}

positional arguments:
  port                  bind to this port (default: 8000)

options:
  -h, --help            show this help message and exit
  --cgi                 run as CGI server
  -b ADDRESS, --bind ADDRESS
                        bind to this address (default: all interfaces)
  -d DIRECTORY, --directory DIRECTORY
                        serve this directory (default: current directory)
  -p VERSION, --protocol VERSION
                        conform to this HTTP version (default: HTTP/1.0)
`;

interface Server { readonly call: Invocation; readonly directory: string; readonly protocol: string }
/** `head`: what has come of a request that is not whole yet. */
interface Connection { readonly socket: SocketId; readonly peer: string; head: Uint8Array }

export async function httpServer(call: Invocation, args: readonly string[]): Promise<ExitCode> {
  let port = 8000;
  let address: string | undefined;
  let directory = call.sys.cwd;
  let protocol = 'HTTP/1.0';
  const words = [...args];
  const misuse = (problem: string): ExitCode => {
    call.err(`${usage}\nserver.py: error: ${problem}`);
    return 2;
  };
  while (words.length > 0) {
    const word = words.shift()!;
    const long = { '-b': '-b/--bind', '--bind': '-b/--bind', '-d': '-d/--directory', '--directory': '-d/--directory', '-p': '-p/--protocol', '--protocol': '-p/--protocol' }[word];
    if (word === '-h' || word === '--help') {
      call.write(help);
      return 0;
    } else if (word === '--cgi') return notSimulated(call, 'option --cgi');
    else if (long !== undefined) {
      const value = words.shift();
      if (value === undefined || /^-\D/.test(value)) return misuse(`argument ${long}: expected one argument`);
      if (long.startsWith('-b')) address = value;
      else if (long.startsWith('-d')) directory = value;
      else protocol = value;
    } else if (word.startsWith('-')) return misuse(`unrecognized arguments: ${word}`);
    else if (/^\d+$/.test(word)) port = Number(word) & 0xffff;
    else return misuse(`argument port: invalid int value: '${word}'`);
  }
  const found = address === undefined ? undefined : await resolveHost(call.sys, address);
  if (found?.ok === false) {
    call.err(`${frames([1309, '<module>', 'test('], [1254, 'test', 'ServerClass.address_family, addr = _get_best_family(bind, port)\n                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^'])}\n${lookupFrames}\nsocket.gaierror: [Errno -2] ${found.error}`);
    return 1;
  }
  const bindTo = found?.addresses[0]!.address ?? '0.0.0.0';
  const { sockets } = call.net;
  const opened = sockets.open({ type: 'tcp', family: bindTo.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) return crash(call, opened.error);
  sockets.setOptions(opened.value, { reuseAddress: true });
  const bound = sockets.bind(opened.value, { address: bindTo, port });
  if (!bound.ok) return crash(call, bound.error);
  const listening = sockets.listen(opened.value, 5);
  if (!listening.ok) return crash(call, listening.error);
  call.out(`Serving HTTP on ${bindTo} port ${port} (http://${bindTo.includes(':') ? `[${bindTo}]` : bindTo}:${port}/) ...`);
  await serve({ call, directory: directory.replace(/\/$/, ''), protocol }, opened.value);
  call.out('\nKeyboard interrupt received, exiting.');
  return 0;
}

function frames(...at: readonly (readonly [number, string, string])[]): string {
  const lines = at.map(([line, name, text]) => `  File "/usr/lib/python3.11/http/server.py", line ${line}, in ${name}\n    ${text}`);
  return ['Traceback (most recent call last):', '  File "<frozen runpy>", line 198, in _run_module_as_main', '  File "<frozen runpy>", line 88, in _run_code', ...lines].join('\n');
}

const lookupFrames = `  File "/usr/lib/python3.11/http/server.py", line 1237, in _get_best_family
    infos = socket.getaddrinfo(
            ^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/socket.py", line 962, in getaddrinfo
    for res in _socket.getaddrinfo(host, port, family, type, proto, flags):
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`;
const bindFrames = `  File "/usr/lib/python3.11/http/server.py", line 1303, in server_bind
    return super().server_bind()
           ^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/http/server.py", line 136, in server_bind
    socketserver.TCPServer.server_bind(self)
  File "/usr/lib/python3.11/socketserver.py", line 472, in server_bind
    self.socket.bind(self.server_address)`;

function crash(call: Invocation, error: Parameters<typeof strerror>[0]): ExitCode {
  const number = { EADDRINUSE: 98, EACCES: 13, EADDRNOTAVAIL: 99, EAFNOSUPPORT: 97 }[error as 'EACCES'] ?? 1;
  call.err(`${frames([1309, '<module>', 'test('], [1256, 'test', 'with ServerClass(addr, HandlerClass) as httpd:\n         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^'])}\n  File "/usr/lib/python3.11/socketserver.py", line 456, in __init__\n    self.server_bind()\n${bindFrames}\n${error === 'EACCES' ? 'PermissionError' : 'OSError'}: [Errno ${number}] ${strerror(error)}`);
  return 1;
}

/** Until Ctrl+C. A connection that asks for nothing keeps nobody waiting. */
async function serve(server: Server, listener: SocketId): Promise<void> {
  const { call } = server;
  const { sockets } = call.net;
  const connections = new Map<SocketId, Connection>();
  let isInterrupted = false;
  call.sys.onSignal('INT', () => { isInterrupted = true; });
  while (!isInterrupted) {
    if (call.stdoutIsTerminal) await call.flush();
    const ready = await sockets.poll([listener, ...connections.keys()].map((id) => ({ id, read: true })));
    for (const id of ready.ok ? ready.value.sockets : []) {
      const connection = connections.get(id);
      if (connection === undefined) {
        const accepted = await sockets.accept(listener, 0);
        if (accepted.ok) connections.set(accepted.value, { socket: accepted.value, peer: sockets.remote(accepted.value)?.address ?? '-', head: new Uint8Array(0) });
        continue;
      }
      if (await serveOne(server, connection)) continue;
      sockets.close(id);
      connections.delete(id);
    }
  }
}

/** Takes what has come and answers whole requests; false: the connection is over. */
async function serveOne(server: Server, connection: Connection): Promise<boolean> {
  const got = await server.call.net.sockets.receive(connection.socket, 65536, 0);
  if (!got.ok) return got.error === 'EAGAIN';
  const isOver = got.value.length === 0;
  connection.head = concat(connection.head, got.value);
  for (;;) {
    const text = fromLatin1(connection.head);
    const line = /^([^\n]*)\n/.exec(text)?.[1];
    // An old request, or a bad one, has no more than its line; the end of what comes ends the head as well.
    const isShort = line !== undefined && badRequest(line) !== undefined;
    const end = isShort ? line.length + 1 : (/\r?\n\r?\n/.exec(text) ?? { index: -1, 0: '' });
    const length = typeof end === 'number' ? end : end.index === -1 ? -1 : end.index + end[0].length;
    if (length === -1 && (!isOver || text === '')) return !isOver;
    connection.head = length === -1 ? new Uint8Array(0) : connection.head.subarray(length);
    if (!(await answer(server, connection, length === -1 ? text : text.slice(0, length)))) return false;
  }
}

/** What is wrong with a request line: status, what is said of it, and whether the answer has a status line. */
function badRequest(line: string): { status: number; message: string; isBare: boolean } | undefined {
  const request = line.replace(/[\r\n]+$/, '');
  const words = request.split(/[\t\v\f\r ]+/).filter((word) => word !== '');
  const version = words.length >= 3 ? words.at(-1)! : undefined;
  const parts = version === undefined ? undefined : /^HTTP\/(\d+)\.(\d+)$/.exec(version);
  if (parts === null) return { status: 400, message: `Bad request version (${python(version!)})`, isBare: true };
  if (parts !== undefined && Number(parts[1]) >= 2) return { status: 505, message: `Invalid HTTP version (${parts[1]!}.${parts[2]!})`, isBare: true };
  if (words.length > 3 || words.length === 1) return { status: 400, message: `Bad request syntax (${python(request)})`, isBare: words.length === 1 };
  if (words.length === 2 && words[0] !== 'GET') return { status: 400, message: `Bad HTTP/0.9 request type (${python(words[0]!)})`, isBare: true };
  return undefined;
}

/** repr() of a text. */
function python(text: string): string {
  const escaped = text.replace(/\\/g, '\\\\').replace(/[\0-\x1f\x7f-\xa0]/g, (letter) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[letter] ?? `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

const reasons: Readonly<Record<number, readonly [string, string]>> = {
  200: ['OK', ''], 301: ['Moved Permanently', ''], 304: ['Not Modified', ''], 400: ['Bad Request', 'Bad request syntax or unsupported method'], 404: ['Not Found', 'Nothing matches the given URI'],
  501: ['Not Implemented', 'Server does not support this operation'], 505: ['HTTP Version Not Supported', 'Cannot fulfill request'],
};

/** One request; true when the connection stays for the next. */
async function answer({ call, directory, protocol }: Server, { socket, peer }: Connection, head: string): Promise<boolean> {
  const [first = '', ...lines] = head.split(/\r?\n/);
  const requestLine = (/^[^\n]*/.exec(head)?.[0] ?? first).replace(/[\r\n]+$/, '');
  const headers = new Map(lines.filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const [method = '', typedPath = '/', version] = requestLine.split(/\s+/).filter((word) => word !== '');
  if (method === '') return false;
  const path = typedPath.replace(/^\/\/+/, '/');
  let keeps = protocol >= 'HTTP/1.1' && ((version ?? '') >= 'HTTP/1.1' ? headers.get('connection')?.toLowerCase() !== 'close' : headers.get('connection')?.toLowerCase() === 'keep-alive');
  const bad = badRequest(requestLine);
  const isBare = bad?.isBare ?? version === undefined;
  const log = (text: string): void => call.err(`${peer} - - [${formatTime('%d/%b/%Y %H:%M:%S', call.sys.now() / 1e6)}] ${text.replace(/\\/g, '\\\\').replace(/[\0-\x1f\x7f-\x9f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)}`);
  const httpDate = (us: number): string => formatTime('%a, %d %b %Y %H:%M:%S GMT', us / 1e6);
  const reply = async (status: number, given: readonly string[], body: Uint8Array = new Uint8Array(0), message = reasons[status]![0]): Promise<boolean> => {
    log(`"${requestLine}" ${status} -`);
    const top = `${protocol} ${status} ${message}\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nDate: ${httpDate(call.sys.now())}\r\n${given.map((line) => `${line}\r\n`).join('')}\r\n`;
    await call.net.sockets.send(socket, concat(isBare ? new Uint8Array(0) : latin1(top), method === 'HEAD' ? new Uint8Array(0) : body));
    return keeps;
  };
  const error = (status: number, message: string): Promise<boolean> => {
    log(`code ${status}, message ${message}`);
    keeps = false;
    const body = utf8(`<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: ${status}</p>\n        <p>Message: ${escapeHtml(message)}.</p>\n        <p>Error code explanation: ${status} - ${reasons[status]![1]}.</p>\n    </body>\n</html>\n`);
    return reply(status, ['Connection: close', 'Content-Type: text/html;charset=utf-8', `Content-Length: ${body.length}`], body, message);
  };
  if (bad !== undefined) return error(bad.status, bad.message);
  if (method !== 'GET' && method !== 'HEAD') return error(501, `Unsupported method (${python(method)})`);
  const place = path.replace(/[?#].*$/, '');
  const parts: string[] = [];
  for (const part of decode(place).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const file = [directory, ...parts].join('/') + (place.endsWith('/') ? '/' : '');
  const stat = call.sys.stat(file);
  let target = file;
  if (stat.ok && stat.value.kind === 'directory') {
    if (!place.endsWith('/')) return reply(301, [`Location: ${place}/${path.slice(place.length)}`, 'Content-Length: 0']);
    const index = ['index.html', 'index.htm'].map((name) => `${file}${name}`).find((each) => {
      const there = call.sys.stat(each);
      return there.ok && there.value.kind === 'file';
    });
    if (index === undefined) {
      const body = listing(call, file, decode(path));
      return body === undefined ? error(404, 'No permission to list directory') : reply(200, ['Content-type: text/html; charset=utf-8', `Content-Length: ${body.length}`], body);
    }
    target = index;
  }
  const content = target.endsWith('/') ? undefined : await call.sys.readFile(target);
  if (content?.ok !== true) return error(404, 'File not found');
  const written = call.sys.stat(target);
  const modifiedUs = written.ok ? written.value.modifiedUs : 0;
  const since = headers.has('if-none-match') ? undefined : parseHttpDate(headers.get('if-modified-since') ?? '');
  if (since !== undefined && Math.floor(modifiedUs / 1e6) <= since) return reply(304, []);
  return reply(200, [`Content-type: ${typeOf(target)}`, `Content-Length: ${content.value.length}`, `Last-Modified: ${httpDate(modifiedUs)}`], content.value);
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html', htm: 'text/html', txt: 'text/plain', c: 'text/plain', h: 'text/plain', css: 'text/css', csv: 'text/csv', tsv: 'text/tab-separated-values', js: 'text/javascript', mjs: 'text/javascript', json: 'application/json', md: 'text/markdown', xml: 'text/xml',
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', svg: 'image/svg+xml', ico: 'image/vnd.microsoft.icon', pdf: 'application/pdf', zip: 'application/zip', tar: 'application/x-tar', gz: 'application/gzip', bz2: 'application/x-bzip2', xz: 'application/x-xz',
  sh: 'application/x-sh', py: 'text/x-python', pcap: 'application/vnd.tcpdump.pcap',
};

function typeOf(path: string): string {
  return types[/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}

function listing({ sys }: Invocation, directory: string, shown: string): Uint8Array | undefined {
  const names = sys.list(directory);
  if (!names.ok) return undefined;
  const key = (name: string): string => name.toLowerCase();
  const items = names.value.sort((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0)).map((name) => {
    const behind = sys.stat(`${directory}${name}`);
    const own = sys.stat(`${directory}${name}`, false);
    const slash = behind.ok && behind.value.kind === 'directory' ? '/' : '';
    const mark = own.ok && own.value.kind === 'symlink' ? '@' : slash;
    return `<li><a href="${quote(name + slash)}">${escapeHtml(name + mark)}</a></li>\n`;
  });
  const title = `Directory listing for ${escapeHtml(shown)}`;
  return utf8(`<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n</head>\n<body>\n<h1>${title}</h1>\n<hr>\n<ul>\n${items.join('')}</ul>\n<hr>\n</body>\n</html>\n`);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** urllib.parse.quote: all but letters, digits and `_.-~/`. */
function quote(text: string): string {
  return [...utf8(text)].map((byte) => (/[A-Za-z0-9_.~/-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `Fri, 02 Jan 2026 03:04:05 GMT` as epoch seconds. */
function parseHttpDate(text: string): number | undefined {
  const [, day, month, year, hour, minute, second] = /(\d\d?) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|\+0000|UTC)$/.exec(text) ?? [];
  const index = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].indexOf(month ?? '');
  return index === -1 ? undefined : epochSeconds(Number(year), index + 1, Number(day), Number(hour), Number(minute), Number(second));
}

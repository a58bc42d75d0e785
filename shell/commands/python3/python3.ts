/** `python3 -m http.server` as Python 3.11 runs it; the rest of Python is not simulated. Read first: Lib/http/server.py. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { concat, fromUtf8, utf8 } from '../../ports/bytes.ts';
import type { SocketId } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const python3 = defineCommand({
  name: 'python3', aliases: ['python3.11'], summary: 'the http.server module of Python', package: 'python3',
  run: async (call) => {
    // Nothing is held back here, so -u changes nothing.
    const words = call.args.filter((word, index) => word !== '-u' || call.args.slice(0, index).some((each) => each !== '-u'));
    const [first, module, ...rest] = words;
    if (first === '-V' || first === '--version') {
      call.out('Python 3.11.2');
      return 0;
    }
    if (first !== '-m' || module !== 'http.server') return notSimulated(call, first === undefined ? 'the interactive interpreter' : first === '-m' ? `module ${module ?? ''}` : first === '-c' ? 'option -c' : `the script ${first}`);
    return serve(call, rest);
  },
});

async function serve(call: Invocation, args: readonly string[]): Promise<ExitCode> {
  let port = 8000;
  let address: string | undefined;
  let directory = call.sys.cwd;
  const words = [...args];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === '--bind' || word === '-b') address = words.shift();
    else if (word === '--directory' || word === '-d') directory = words.shift() ?? directory;
    else if (/^\d+$/.test(word)) port = Number(word);
    else {
      call.err(`usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\nserver.py: error: ${word.startsWith('-') ? `unrecognized arguments: ${word}` : `argument port: invalid int value: '${word}'`}`);
      return 2;
    }
  }
  const { sockets } = call.net;
  const bindTo = address ?? '0.0.0.0';
  const opened = sockets.open({ type: 'tcp', family: bindTo.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) return crash(call, opened.error);
  sockets.setOptions(opened.value, { reuseAddress: true });
  const bound = sockets.bind(opened.value, { address: bindTo, port });
  if (!bound.ok) return crash(call, bound.error);
  const listening = sockets.listen(opened.value, 5);
  if (!listening.ok) return crash(call, listening.error);
  call.sys.onSignal('INT', () => { isInterrupted = true; });
  let isInterrupted = false;
  call.out(`Serving HTTP on ${bindTo} port ${port} (http://${bindTo.includes(':') ? `[${bindTo}]` : bindTo}:${port}/) ...`);
  if (call.stdoutIsTerminal) await call.flush();
  for (;;) {
    const accepted = await sockets.accept(opened.value);
    if (isInterrupted) {
      call.out('\nKeyboard interrupt received, exiting.');
      return 0;
    }
    if (!accepted.ok) continue;
    await answer(call, accepted.value, directory);
    sockets.close(accepted.value);
  }
}

function crash(call: Invocation, error: Parameters<typeof strerror>[0]): ExitCode {
  const number = { EADDRINUSE: 98, EACCES: 13, EADDRNOTAVAIL: 99 }[error as 'EACCES'] ?? 1;
  call.err(`Traceback (most recent call last):\n  File "<frozen runpy>", line 198, in _run_module_as_main\n  File "<frozen runpy>", line 88, in _run_code\n  File "/usr/lib/python3.11/http/server.py", line 1313, in <module>\n    test(\n  File "/usr/lib/python3.11/socketserver.py", line 456, in __init__\n    self.server_bind()\n${error === 'EACCES' ? 'PermissionError' : 'OSError'}: [Errno ${number}] ${strerror(error)}`);
  return 1;
}

const types: Readonly<Record<string, string>> = { html: 'text/html', htm: 'text/html', txt: 'text/plain', css: 'text/css', js: 'text/javascript', json: 'application/json', png: 'image/png', svg: 'image/svg+xml', gz: 'application/gzip', xml: 'text/xml', sh: 'application/x-sh', py: 'text/x-python' };

async function answer(call: Invocation, socket: SocketId, directory: string): Promise<void> {
  let request: Uint8Array = new Uint8Array(0);
  while (!fromUtf8(request).includes('\r\n\r\n') && !fromUtf8(request).includes('\n\n')) {
    const got = await call.net.sockets.receive(socket, 65536);
    if (!got.ok || got.value.length === 0) return;
    request = concat(request, got.value);
  }
  const requestLine = fromUtf8(request).split(/\r?\n/)[0]!;
  const [method = '', path = '/'] = requestLine.split(' ');
  const peer = call.net.sockets.remote(socket)?.address ?? '-';
  const stamp = (): string => formatTime('%d/%b/%Y %H:%M:%S', call.sys.now() / 1e6);
  const reply = async (status: number, reason: string, headers: readonly string[], body: Uint8Array): Promise<void> => {
    if (status >= 400) call.err(`${peer} - - [${stamp()}] code ${status}, message ${reason}`);
    call.err(`${peer} - - [${stamp()}] "${requestLine}" ${status} -`);
    const head = `HTTP/1.0 ${status} ${reason}\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nDate: ${formatTime('%a, %d %b %Y %H:%M:%S GMT', call.sys.now() / 1e6)}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
    await call.net.sockets.send(socket, method === 'HEAD' ? utf8(head) : concat(utf8(head), body));
  };
  const error = async (status: number, message: string, explanation: string): Promise<void> => {
    const body = utf8(`<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: ${status}</p>\n        <p>Message: ${message}.</p>\n        <p>Error code explanation: ${status} - ${explanation}.</p>\n    </body>\n</html>\n`);
    await reply(status, message, ['Connection: close', 'Content-Type: text/html;charset=utf-8', `Content-Length: ${body.length}`], body);
  };
  if (method !== 'GET' && method !== 'HEAD') return error(501, `Unsupported method ('${method}')`, 'Server does not support this operation');
  const clean = decode(path.replace(/[?#].*$/, '')).split('/').filter((part) => part !== '' && part !== '.' && part !== '..').join('/');
  const file = `${directory.replace(/\/$/, '')}/${clean}`;
  const stat = call.sys.stat(file);
  if (!stat.ok) return error(404, 'File not found', 'Nothing matches the given URI');
  if (stat.value.kind === 'directory') {
    if (!path.replace(/[?#].*$/, '').endsWith('/')) return reply(301, 'Moved Permanently', [`Location: ${path}/`, 'Content-Length: 0'], new Uint8Array(0));
    const index = call.sys.stat(`${file.replace(/\/$/, '')}/index.html`);
    if (!index.ok) {
      const names = call.sys.list(file);
      if (!names.ok) return error(404, 'No permission to list directory', 'Nothing matches the given URI');
      const items = [...names.value].sort((left, right) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1)).map((name) => {
        const kind = call.sys.stat(`${file}/${name}`);
        const shown = kind.ok && kind.value.kind === 'directory' ? `${name}/` : name;
        return `<li><a href="${shown}">${shown}</a></li>\n`;
      });
      const title = `Directory listing for /${clean}${clean === '' ? '' : '/'}`;
      const body = utf8(`<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n</head>\n<body>\n<h1>${title}</h1>\n<hr>\n<ul>\n${items.join('')}</ul>\n<hr>\n</body>\n</html>\n`);
      return reply(200, 'OK', ['Content-type: text/html; charset=utf-8', `Content-Length: ${body.length}`], body);
    }
  }
  const target = stat.value.kind === 'directory' ? `${file.replace(/\/$/, '')}/index.html` : file;
  const content = await call.sys.readFile(target);
  if (!content.ok) return error(404, 'File not found', 'Nothing matches the given URI');
  const modified = call.sys.stat(target);
  const type = types[/\.([^./]+)$/.exec(target)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';
  return reply(200, 'OK', [`Content-type: ${type}`, `Content-Length: ${content.value.length}`, `Last-Modified: ${formatTime('%a, %d %b %Y %H:%M:%S GMT', (modified.ok ? modified.value.modifiedUs : 0) / 1e6)}`], content.value);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

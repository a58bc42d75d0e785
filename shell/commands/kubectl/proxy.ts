/** `kubectl proxy`: the API on a port of this machine, asked as whoever runs it (kubectl/pkg/proxy/proxy_server.go). One process for each connection. */
import type { Sys } from '../../../machine/sys.ts';
import { concat, fromUtf8, utf8 } from '../../ports/bytes.ts';
import { KubectlProblem } from './problem.ts';
import type { Command, Session } from './session.ts';

const NOT_SIMULATED = ['www', 'unix-socket'];

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
}

export const proxy: Command = async (session) => {
  const { flags, call } = session;
  for (const name of NOT_SIMULATED) if (flags.text(name) !== '') throw new KubectlProblem(`podwire: kubectl: option --${name} is not simulated yet`, { exit: 125, isWhole: true });
  const address = flags.text('address');
  const { sockets } = call.net;
  await session.api();
  const opened = sockets.open({ type: 'tcp', family: 'inet' });
  if (!opened.ok) throw new KubectlProblem(`listen tcp: ${opened.error}`);
  sockets.setOptions(opened.value, { reuseAddress: true });
  const bound = sockets.bind(opened.value, { address, port: flags.number('port') });
  if (!bound.ok) throw new KubectlProblem(`listen tcp ${address}:${flags.number('port')}: bind: ${bound.error === 'EADDRINUSE' ? 'address already in use' : 'cannot assign requested address'}`);
  sockets.listen(opened.value, 128);
  call.out(`Starting to serve on ${address}:${sockets.local(opened.value)?.port ?? flags.number('port')}`);
  await call.flush();
  call.sys.onSignal('CHLD', 'ignore');
  for (;;) {
    const accepted = await sockets.accept(opened.value);
    if (!accepted.ok) return 1;
    const connection = accepted.value;
    call.sys.fork(async (child) => {
      await serve(session, child, connection);
      child.net.sockets.close(connection);
      return 0;
    });
  }
};

async function serve(session: Session, sys: Sys, connection: number): Promise<void> {
  const { sockets } = sys.net;
  const asked = await readRequest(sys, connection);
  if (asked === undefined) return;
  const reply = (status: string, text: string): Promise<unknown> => sockets.send(connection, utf8(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`));
  if (!isAccepted(session, asked)) return void await reply('403 Forbidden', 'Forbidden\n');
  const api = await session.apiFor(sys);
  try {
    const { head, body } = await api.passOn(asked.method, asked.path, asked.headers, asked.body);
    const kept = head.headers.filter(([name]) => !['connection', 'transfer-encoding'].includes(name.toLowerCase()));
    await sockets.send(connection, utf8(`${head.statusLine}\r\n${kept.map(([name, value]) => `${name}: ${value}\r\n`).join('')}Connection: close\r\n\r\n`));
    await body(async (chunk) => void await sockets.send(connection, chunk));
  } catch (error) {
    if (!(error instanceof KubectlProblem)) throw error;
    await reply('502 Bad Gateway', '');
  } finally {
    api.close();
  }
}

async function readRequest({ net: { sockets } }: Sys, connection: number): Promise<Asked | undefined> {
  let unread: Uint8Array = new Uint8Array(0);
  for (;;) {
    const text = fromUtf8(unread);
    const end = text.indexOf('\r\n\r\n');
    if (end >= 0) {
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      const [method = '', path = ''] = first.split(' ');
      const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
      const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0);
      const rest = unread.subarray(utf8(text.slice(0, end + 4)).length);
      if (rest.length >= length) return { method, path, headers, body: length === 0 ? undefined : fromUtf8(rest.subarray(0, length)) };
    }
    const more = await sockets.receive(connection, 65_536);
    if (!more.ok || more.value.length === 0) return undefined;
    unread = concat(unread, more.value);
  }
}

/** FilterServer: hosts, paths and methods by regular expressions; several are separated by commas. */
function isAccepted({ flags }: Session, { method, path, headers }: Asked): boolean {
  if (flags.is('disable-filter')) return true;
  const fits = (name: string, text: string): boolean => flags.text(name).split(',').some((expression) => new RegExp(expression).test(text));
  const [bare = ''] = path.split('?');
  const host = (headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '').replace(/:\d+$/, '');
  return !fits('reject-paths', bare) && !fits('reject-methods', method) && fits('accept-paths', bare) && fits('accept-hosts', host);
}

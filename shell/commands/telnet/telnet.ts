/** telnet(1) of GNU inetutils 2.4, towards servers that negotiate nothing or are refused. Read first: telnet/{main,commands,telnet}.c, RFC 854 */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { readServices } from '../../lib/services.ts';
import type { Family, SocketId } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { commands, help, usage } from './usage.ts';

interface Session {
  readonly call: Invocation;
  readonly family: Family | undefined;
  readonly source: string | undefined;
  /** A character; undefined: there is none. */
  readonly escape: string | undefined;
  /** What has been read of standard input and not yet used. */
  pending: string;
}

export const telnet = defineCommand({
  name: 'telnet', summary: 'talk to a port by the TELNET protocol', package: 'inetutils-telnet',
  run: async (call) => {
    const options = parseOptions(call.args, {
      short: '+468ab:cde:EKl:Ln:rxk:X:?V',
      long: { ipv4: 'none=4', ipv6: 'none=6', binary: 'none=8', login: 'none=a', bind: 'required=b', 'no-rc': 'none=c', debug: 'none=d', escape: 'required=e', 'no-escape': 'none=E', 'no-login': 'none=K', user: 'required=l', 'binary-output': 'none=L', trace: 'required=n', rlogin: 'none=r', encrypt: 'none=x', realm: 'required=k', 'disable-auth': 'required=X', help: 'none=?', usage: 'none', version: 'none=V' },
    });
    if (options.error !== undefined) {
      call.err(`telnet: ${options.error}\nTry 'telnet --help' or 'telnet --usage' for more information.`);
      return 64;
    }
    if (options.has('?') || options.has('usage')) {
      call.write(options.has('?') ? help : usage);
      return 0;
    }
    if (options.has('V')) {
      call.out('telnet (GNU inetutils) 2.4\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\nThis is free software: you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n\nWritten by many authors.');
      return 0;
    }
    const refused = options.options.find(({ name }) => ['8', 'L', 'n', 'r', 'x', 'a', 'l'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    if (options.operands.length > 2) {
      call.err('telnet: too many arguments');
      return 1;
    }
    const typed = options.value('e');
    const escape = options.has('E') || typed === '' ? undefined : (typed === undefined ? '\x1d' : typed.startsWith('^') && typed.length > 1 ? String.fromCharCode(typed.charCodeAt(1) & 0x1f) : typed[0]!);
    const session: Session = { call, family: options.has('6') ? 'inet6' : options.has('4') ? 'inet' : undefined, source: options.value('b'), escape, pending: '' };
    if (typed !== undefined) call.out(`Telnet escape character is '${shown(escape)}'.`);
    const [host, port] = options.operands;
    return host === undefined ? commandMode(session, undefined) : (await open(session, host, port)) ?? 1;
  },
});

/** control(): `^]` for a control character. */
function shown(letter: string | undefined): string {
  if (letter === undefined) return 'off';
  const code = letter.charCodeAt(0);
  return code === 127 ? '^?' : code < 32 ? `^${String.fromCharCode(code + 64)}` : letter;
}

/** A connection from beginning to end; undefined when none came about. */
async function open(session: Session, host: string, typedPort: string | undefined): Promise<ExitCode | undefined> {
  const { call } = session;
  const { sockets } = call.net;
  const service = (typedPort ?? 'telnet').replace(/^-/, '');
  if (/^\d+$/.test(service) && (Number(service) < 1 || Number(service) > 65535)) {
    call.out(`Port number ${service} is out of range.`);
    return undefined;
  }
  if (/^\d+\D/.test(service)) {
    call.out(`Invalid port name '${service}'.`);
    return undefined;
  }
  const port = /^\d+$/.test(service) ? Number(service) : (await readServices(call.sys)).port(service, 'tcp');
  const found = await resolveHost(call.sys, host, session.family);
  if (!found.ok || port === undefined) {
    call.out(`Server lookup failure:  ${host}:${service}, ${found.ok ? 'Servname not supported for ai_socktype' : found.error}`);
    return undefined;
  }
  for (const [index, { address, family }] of found.addresses.entries()) {
    call.out(`Trying ${address}...`);
    const opened = sockets.open({ type: 'tcp', family });
    if (!opened.ok) return undefined;
    if (session.source !== undefined) sockets.bind(opened.value, { address: session.source, port: 0 });
    const connected = await sockets.connect(opened.value, { address, port });
    if (connected.ok) {
      call.out(`Connected to ${host}.\nEscape character is '${shown(session.escape)}'.`);
      return talk(session, opened.value, host);
    }
    sockets.close(opened.value);
    if (index < found.addresses.length - 1) call.err(`telnet: connect to address ${address}: ${strerror(connected.error)}`);
    else call.err(`telnet: Unable to connect to remote host: ${strerror(connected.error)}`);
  }
  return undefined;
}

const [IAC, DONT, DO, WONT, WILL, IP, TM] = [255, 254, 253, 252, 251, 244, 6];

/** Lines go out as they are typed; the escape character leads to the prompt and back. */
async function talk(session: Session, socket: SocketId, host: string): Promise<ExitCode> {
  const { call, escape } = session;
  const { sockets } = call.net;
  const modes = call.stdinIsTerminal ? call.sys.terminalModes(0) : undefined;
  // A line also ends at the escape character, as VEOL makes it.
  const setModes = (isTalking: boolean): void => {
    if (modes?.ok === true) call.sys.setTerminalModes(0, isTalking && escape !== undefined ? { ...modes.value, controlCharacters: { ...modes.value.controlCharacters, endOfLine: escape.charCodeAt(0) } } : modes.value);
  };
  let isInterrupted = false;
  call.sys.onSignal('INT', () => { isInterrupted = true; });
  setModes(true);
  let readsInput = true;
  let input = session.pending;
  session.pending = '';
  const received = { hasReturn: false };
  try {
    for (;;) {
      await call.flush();
      if (input !== '') {
        const at = escape === undefined ? -1 : input.indexOf(escape);
        await sockets.send(socket, toNetwork(at === -1 ? input : input.slice(0, at)));
        if (at !== -1 && call.stdinIsTerminal) {
          session.pending = input.slice(at + 1);
          setModes(false);
          const code = await commandMode(session, { socket, host });
          if (code !== undefined) return code;
          setModes(true);
          input = session.pending;
          session.pending = '';
          continue;
        }
        input = '';
      }
      const ready = await sockets.poll([{ id: socket, read: true }], readsInput ? [{ fd: 0, read: true }] : []);
      if (isInterrupted) {
        isInterrupted = false;
        await sockets.send(socket, new Uint8Array([IAC, IP, IAC, DO, TM]));
        continue;
      }
      if (!ready.ok) continue;
      if (ready.value.sockets.includes(socket)) {
        const got = await sockets.receive(socket, 16384);
        if (got.ok ? got.value.length === 0 : got.error !== 'EAGAIN' && got.error !== 'EINTR') break;
        if (got.ok) call.write(await fromNetwork(session, socket, got.value, received));
      }
      if (readsInput && ready.value.fds.includes(0)) {
        const got = await call.sys.read(0, 16384);
        if (got.ok && got.value.length > 0) input = String.fromCharCode(...got.value);
        else if (got.ok || got.error !== 'EINTR') {
          readsInput = false;
          sockets.shutdown(socket, 'write');
        }
      }
    }
  } finally {
    setModes(false);
  }
  await call.flush();
  call.err('Connection closed by foreign host.');
  return 0;
}

/** A line ends in carriage return and line feed; a lone carriage return is followed by NUL; 255 is doubled. */
function toNetwork(text: string): Uint8Array {
  const out: number[] = [];
  for (const letter of text) {
    const byte = letter.charCodeAt(0);
    if (byte === 10) out.push(13, 10);
    else if (byte === 13) out.push(13, 0);
    else if (byte === IAC) out.push(IAC, IAC);
    else out.push(byte);
  }
  return new Uint8Array(out);
}

/** Refuses what the server proposes, and answers what is left for the screen. `received`: whether a carriage return came last. */
async function fromNetwork({ call }: Session, socket: SocketId, bytes: Uint8Array, received: { hasReturn: boolean }): Promise<Uint8Array> {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    const verb = bytes[at + 1];
    if (byte === IAC && verb !== undefined && verb >= WILL && verb !== IAC) {
      await call.net.sockets.send(socket, new Uint8Array([IAC, verb === WILL || verb === WONT ? DONT : WONT, bytes[at + 2] ?? 0]));
      at += 2;
      continue;
    }
    if (byte === IAC && verb !== undefined) at += 1;
    if (byte === IAC && verb !== IAC) continue;
    // A return and a line feed are one line feed, a return and NUL are one return.
    if (received.hasReturn && byte !== 10) out.push(13);
    const isFiller = received.hasReturn && byte === 0;
    received.hasReturn = byte === 13;
    if (byte !== 13 && !isFiller) out.push(byte);
  }
  return new Uint8Array(out);
}

const verbs = ['close', 'logout', 'display', 'mode', 'open', 'quit', 'send', 'set', 'unset', 'status', 'toggle', 'slc', 'auth', 'encrypt', 'z', '!', 'environ', '?'];

/** A line of standard input without its end; undefined when there is no more. */
async function readLine(session: Session): Promise<string | undefined> {
  await session.call.flush();
  while (!session.pending.includes('\n')) {
    const got = await session.call.sys.read(0, 4096);
    if (!got.ok && got.error === 'EINTR') continue;
    if (!got.ok || got.value.length === 0) return undefined;
    session.pending += String.fromCharCode(...got.value);
  }
  const at = session.pending.indexOf('\n');
  const line = session.pending.slice(0, at);
  session.pending = session.pending.slice(at + 1);
  return line;
}

/** The prompt. undefined: back to the connection. */
async function commandMode(session: Session, connection: undefined): Promise<ExitCode>;
async function commandMode(session: Session, connection: { socket: SocketId; host: string }): Promise<ExitCode | undefined>;
async function commandMode(session: Session, connection: { socket: SocketId; host: string } | undefined): Promise<ExitCode | undefined> {
  const { call } = session;
  if (connection !== undefined) call.out('');
  for (;;) {
    call.write('telnet> ');
    const line = await readLine(session);
    if (line === undefined) {
      call.out('');
      return 0;
    }
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === '') {
      if (connection !== undefined) return undefined;
      continue;
    }
    const fitting = verbs.filter((verb) => verb.startsWith(word));
    const verb = verbs.includes(word) ? word : fitting.length === 1 ? fitting[0]! : undefined;
    if (verb === 'quit') {
      if (connection !== undefined) call.out('Connection closed.');
      return 0;
    }
    if (verb === undefined) call.out(fitting.length > 1 ? '?Ambiguous command' : '?Invalid command');
    else if (verb === '?') call.write(commands);
    else if (verb === 'status') {
      call.out(connection === undefined ? 'No connection.' : `Connected to ${connection.host}.\nOperating in obsolete linemode\nLocal character echo`);
      call.out(`Escape character is '${shown(session.escape)}'.`);
      if (connection !== undefined) return undefined;
    } else if (verb === 'close' || verb === 'logout' || verb === 'send') {
      if (connection === undefined) call.out('?Need to be connected first.');
      else if (verb === 'close') {
        call.out('Connection closed.');
        return 0;
      } else notSimulated(call, `command ${verb}`);
    } else if (verb === 'open') {
      if (connection !== undefined) {
        call.out(`?Already connected to ${connection.host}`);
        continue;
      }
      if (rest.length === 0) call.write('(to) ');
      const words = rest.length === 0 ? ((await readLine(session)) ?? '').trim().split(/\s+/) : rest;
      if ((words[0] ?? '') === '') call.out('usage: open [-4] [-6] [-l user] [-b addr] [-a] host-name [port]');
      else {
        const code = await open(session, words[0]!, words[1]);
        if (code !== undefined) return code;
      }
    } else notSimulated(call, `command ${verb}`);
  }
}

/** ssh(1) of OpenSSH 9.2: logs in to another machine over a TCP connection of the simulated network. */
import { fromUtf8, get32, put32 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import type { Channel, ChannelRecord } from './channel.ts';
import { connect } from './connect.ts';
import { parseSsh, USAGE, type SshOptions } from './options.ts';

export const ssh = defineCommand({
  name: 'ssh',
  summary: 'OpenSSH remote login client',
  package: 'openssh-client',
  async run(call) {
    const options = parseSsh(call.args);
    if (options === 'version') {
      call.err('OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15 3 Sep 2024');
      return 0;
    }
    if (options === 'usage') {
      call.err(USAGE);
      return 255;
    }
    if ('notSimulated' in options) return notSimulated(call, options.notSimulated);
    if ('problem' in options) {
      call.err(options.problem);
      if (!options.problem.startsWith('Bad')) call.err(USAGE);
      return 255;
    }
    const size = call.sys.windowSize(0);
    const wantsTerminal = options.terminal !== 'never' && call.stdinIsTerminal && (options.command === undefined || options.terminal === 'ask');
    if (options.terminal === 'ask' && !call.stdinIsTerminal) call.err('Pseudo-terminal will not be allocated because stdin is not a terminal.\r');
    const channel = await connect(call, options, { command: options.command, terminal: wantsTerminal ? { name: call.env.get('TERM') ?? 'dumb', columns: size.ok ? size.value.columns : 80, rows: size.ok ? size.value.rows : 24 } : undefined });
    if (channel === undefined) return 255;
    return converse(call, channel, options, wantsTerminal);
  },
});

/** Until the other end tells the exit status or hangs up. */
async function converse(call: Invocation, channel: Channel, options: SshOptions, hasTerminal: boolean): Promise<number> {
  const { sys } = call;
  const saved = hasTerminal ? sys.terminalModes(0) : undefined;
  if (saved?.ok === true) sys.setTerminalModes(0, { ...saved.value, canonical: false, echo: false, signals: false, extended: false, mapCrToNl: false, flowControl: false, outputProcess: false, minimum: 1, timeDeciseconds: 0 }, 'drain');
  let isResized = false;
  if (hasTerminal) {
    sys.onSignal('WINCH', () => {
      isResized = true;
    });
  }
  let isInputOpen = !options.isInputOff;
  let code: number | undefined;
  let isLost = false;
  try {
    for (let isConnected = true; isConnected && code === undefined;) {
      if (isResized) {
        isResized = false;
        const now = sys.windowSize(0);
        if (now.ok) await channel.send('w', sizeBytes(now.value.columns, now.value.rows));
      }
      for (let record = channel.take(); record !== undefined; record = channel.take()) {
        if (record === 'closed') isConnected = false;
        else code = (await show(call, record)) ?? code;
        if (record === 'closed') break;
      }
      if (code !== undefined || !isConnected) break;
      const ready = await sys.net.sockets.poll([{ id: channel.socket, read: true }], isInputOpen ? [{ fd: 0, read: true }] : []);
      if (!ready.ok) {
        if (ready.error === 'EINTR') continue;
        break;
      }
      if (ready.value.fds.length > 0) {
        const got = await sys.read(0, 16_384);
        if (!got.ok || got.value.length === 0) {
          isInputOpen = false;
          await channel.send('f');
        } else await channel.send('i', got.value);
      }
      if (ready.value.sockets.length > 0) isConnected = await channel.more();
    }
    isLost = code === undefined;
  } finally {
    if (saved?.ok === true) sys.setTerminalModes(0, saved.value, 'drain');
  }
  channel.close();
  if (isLost) {
    call.writeErr(`${hasTerminal ? `Connection to ${options.host} closed by remote host.\r\n` : ''}Connection to ${options.host} closed.\r\n`);
    return 255;
  }
  if (hasTerminal && !options.isQuiet) call.writeErr(`Connection to ${options.host} closed.\r\n`);
  return code ?? 255;
}

/** The exit status, when that is what has come. */
async function show(call: Invocation, { kind, content }: ChannelRecord): Promise<number | undefined> {
  if (kind === 'o') await call.sys.write(1, content);
  else if (kind === 'e') await call.sys.write(2, content);
  else if (kind === 'x') return Number(fromUtf8(content));
  return undefined;
}

export function sizeBytes(columns: number, rows: number): Uint8Array {
  const bytes = new Uint8Array(8);
  put32(bytes, 0, columns);
  put32(bytes, 4, rows);
  return bytes;
}

export function sizeOf(bytes: Uint8Array): { columns: number; rows: number } {
  return { columns: get32(bytes, 0), rows: get32(bytes, 4) };
}

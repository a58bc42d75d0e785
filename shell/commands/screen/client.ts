/** The program a user sees: connects a terminal with a session. Read first: screen's attacher.c. */
import type { Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../ports/bytes.ts';
import { Channel } from './channel.ts';
import type { Ending, ToClient, ToServer } from './channel.ts';

export interface AttachOptions {
  readonly path: string;
  readonly detachesOthers: 'no' | 'remote' | 'power';
  readonly allowsOthers: boolean;
  readonly window: string | undefined;
}

/** Stays until detached or until the session ends; answers the exit code. */
export async function attach(sys: Sys, options: AttachOptions): Promise<number> {
  const saved = sys.terminalModes(0);
  if (!saved.ok) return 1;
  let request = options;
  for (;;) {
    const how = await connectOnce(sys, request);
    sys.setTerminalModes(0, saved.value, 'drain');
    if (how === undefined || how === 'terminating') {
      await sys.write(1, utf8('[screen is terminating]\r\n'));
      return 0;
    }
    if (how === 'refused') return 1;
    if (how !== 'suspended') {
      const name = sessionName(sys, options.path);
      await sys.write(1, utf8(`[${how} from ${name}]\r\n`));
      if (how === 'power detached' || how === 'remote power detached') sys.kill(sys.ppid, 'HUP');
      return 0;
    }
    // Ctrl+A z: stops like any job; the session shows as detached until we go on.
    sys.kill(sys.pid, 'TSTP');
    await sys.sleep(0);
    request = { ...options, path: currentPath(sys, options.path), detachesOthers: 'no', allowsOthers: true };
  }
}

/** The session may have been renamed: its PID stays. */
function currentPath(sys: Sys, path: string): string {
  if (sys.stat(path).ok) return path;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const pid = path.slice(folder.length + 1).split('.')[0];
  const list = sys.list(folder);
  const found = list.ok ? list.value.find((name) => name.startsWith(`${pid}.`)) : undefined;
  return found === undefined ? path : `${folder}/${found}`;
}

function sessionName(sys: Sys, path: string): string {
  const current = currentPath(sys, path);
  return current.slice(current.lastIndexOf('/') + 1);
}

async function connectOnce(sys: Sys, options: AttachOptions): Promise<Ending | undefined> {
  const connected = await sys.connectLocal(options.path);
  if (!connected.ok) return undefined;
  const channel = new Channel<ToClient, ToServer>(sys, connected.value);
  const modes = sys.terminalModes(0);
  if (modes.ok) {
    sys.setTerminalModes(0, {
      ...modes.value, canonical: false, echo: false, signals: false, extended: false, mapCrToNl: false, mapNlToCr: false, flowControl: false, outputNlToCrNl: false, minimum: 1, timeDeciseconds: 0,
    }, 'drain');
  }
  const size = (): { columns: number; rows: number } => {
    const got = sys.windowSize(0);
    return got.ok && got.value.columns > 0 ? got.value : { columns: 80, rows: 24 };
  };
  let isResized = false;
  let hasHungUp = false;
  const oldWindow = sys.onSignal('WINCH', () => {
    isResized = true;
  });
  const oldHangup = sys.onSignal('HUP', () => {
    hasHungUp = true;
  });
  const terminal = sys.terminalName(0);
  try {
    await channel.send({ kind: 'attach', ...size(), terminal: terminal.ok ? terminal.value : '', detachesOthers: options.detachesOthers, allowsOthers: options.allowsOthers, ...(options.window === undefined ? {} : { window: options.window }) });
    while (!hasHungUp) {
      if (isResized) {
        isResized = false;
        await channel.send({ kind: 'resize', ...size() });
      }
      const ready = await sys.poll([{ fd: 0, read: true }, { fd: channel.fd, read: true }]);
      if (!ready.ok) {
        if (ready.error === 'EINTR') continue;
        return undefined;
      }
      for (const { fd } of ready.value) {
        if (fd === channel.fd) {
          const messages = await channel.receive();
          if (messages === undefined) return undefined;
          for (const message of messages) {
            if (message.kind === 'output') await sys.write(1, utf8(message.data));
            else if (message.kind === 'end') return message.how;
          }
        } else {
          const got = await sys.read(0, 4096);
          if (!got.ok && got.error === 'EINTR') continue;
          if (!got.ok || got.value.length === 0) return 'detached';
          let data = '';
          for (const byte of got.value) data += String.fromCharCode(byte);
          await channel.send({ kind: 'input', data });
        }
      }
    }
    return 'detached';
  } finally {
    sys.onSignal('WINCH', oldWindow);
    sys.onSignal('HUP', oldHangup);
    channel.close();
  }
}

/** `screen -X`, and `screen COMMAND` inside a session. */
export async function sendCommand(sys: Sys, path: string, words: readonly string[], window: string | undefined, wantsAnswer: boolean): Promise<{ readonly text: string; readonly code: number } | undefined> {
  const connected = await sys.connectLocal(path);
  if (!connected.ok) return undefined;
  const channel = new Channel<ToClient, ToServer>(sys, connected.value);
  await channel.send({ kind: 'command', words, window, wantsAnswer });
  for (;;) {
    const messages = await channel.receive();
    if (messages === undefined) {
      channel.close();
      return { text: '', code: 0 };
    }
    const answer = messages.find((message) => message.kind === 'answer');
    if (answer === undefined) continue;
    channel.close();
    return { text: answer.text, code: answer.code };
  }
}

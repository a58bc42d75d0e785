/** GNU screen 4.9.0: sessions that outlive their terminal. Read first: screen(1). */
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { attach, sendCommand } from './client.ts';
import { ScreenServer } from './server.ts';
import { readScreenrc } from './screenrc.ts';
import type { Session } from './sockets.ts';
import { bestMatches, sessionRow, sessions, socketFolder } from './sockets.ts';
import { usage, version } from './texts.ts';

interface Settings {
  mode: 'new' | 'resume' | 'multi' | 'list' | 'wipe' | 'command' | 'query' | 'detach';
  resumesOrCreates: boolean;
  match: string | undefined;
  name: string | undefined;
  title: string | undefined;
  window: string | undefined;
  term: string | undefined;
  shell: string | undefined;
  detachesOthers: 'no' | 'remote' | 'power';
  startsDetached: boolean;
  ignoresSession: boolean;
  isQuiet: boolean;
  logs: boolean;
  scrollback: number | undefined;
  file: string | undefined;
  rest: string[];
}

export const screen = defineCommand({
  name: 'screen',
  summary: 'keep shells running in sessions one can leave and come back to',
  package: 'screen',
  async run(call) {
    const settings = parse(call);
    if (typeof settings === 'number') return settings;
    const { sys } = call;
    const folder = socketFolder(sys);
    if (!sys.stat('/run/screen').ok) sys.makeDirectory('/run/screen', 0o1777);
    if (!sys.stat(folder).ok && !sys.makeDirectory(folder, 0o700).ok) {
      call.err(`Cannot make directory '${folder}': Permission denied`);
      return 1;
    }
    if (settings.mode === 'list' || settings.mode === 'wipe') return list(call, settings, folder);
    if (settings.mode === 'command' || settings.mode === 'query') return remote(call, settings);
    if (settings.mode === 'detach') return detachElsewhere(call, settings);
    if (settings.mode === 'resume' || settings.mode === 'multi') {
      const code = await resume(call, settings, folder);
      if (code !== undefined) return code;
    }
    const inside = call.env.get('STY');
    if (inside !== undefined && !settings.ignoresSession && settings.name === undefined && settings.mode === 'new') {
      const done = await sendCommand(sys, `${folder}/${inside}`, ['screen', ...(settings.title === undefined ? [] : ['-t', settings.title]), ...settings.rest], undefined, false);
      if (done !== undefined) return 0;
    }
    return start(call, settings, folder);
  },
});

function parse(call: Invocation): Settings | number {
  const settings: Settings = {
    mode: 'new', resumesOrCreates: false, match: undefined, name: undefined, title: undefined, window: undefined, term: undefined, shell: undefined, detachesOthers: 'no', startsDetached: false,
    ignoresSession: false, isQuiet: false, logs: false, scrollback: undefined, file: undefined, rest: [],
  };
  const words = [...call.args];
  let detaches: 'd' | 'D' | undefined;
  const value = (inline: string): string | undefined => (inline === '' ? (words[0]?.startsWith('-') === true ? undefined : words.shift()) : inline);
  while (words[0]?.startsWith('-') === true && words[0] !== '-') {
    const word = words.shift()!;
    if (word === '--') break;
    if (word === '-ls' || word === '-list') {
      settings.mode = 'list';
      settings.match = value('');
      continue;
    }
    if (word === '-wipe') {
      settings.mode = 'wipe';
      settings.match = value('');
      continue;
    }
    if (word === '--version' || word === '--help' || word === '-help') {
      if (word === '--version') call.out(`Screen version ${version}`);
      else call.write(`${usage}\n`);
      return word === '--version' ? 0 : 1;
    }
    if (word === '-Logfile') {
      words.shift();
      continue;
    }
    for (let i = 1; i < word.length; i += 1) {
      const letter = word[i]!;
      const inline = word.slice(i + 1);
      if (letter === 'm') settings.ignoresSession = true;
      else if (letter === 'd' || letter === 'D') {
        detaches = letter;
        if (inline === '' && words[0] !== undefined && !words[0].startsWith('-')) settings.match ??= words[0];
      } else if (letter === 'r' || letter === 'R' || letter === 'x') {
        settings.mode = letter === 'x' ? 'multi' : settings.mode === 'multi' ? 'multi' : 'resume';
        if (letter === 'R') settings.resumesOrCreates = true;
        if (inline !== '' && !/^[rRx]/.test(inline)) {
          settings.match = inline;
          break;
        }
        if (inline === '' && words[0] !== undefined && !words[0].startsWith('-')) settings.match = words.shift();
      } else if (letter === 'S') {
        settings.name = inline === '' ? words.shift() : inline;
        if (settings.name === undefined) return complain(call, `Session name expected`);
        break;
      } else if (letter === 't') {
        settings.title = inline === '' ? words.shift() : inline;
        break;
      } else if (letter === 'T') {
        settings.term = inline === '' ? words.shift() : inline;
        break;
      } else if (letter === 's') {
        settings.shell = inline === '' ? words.shift() : inline;
        break;
      } else if (letter === 'p') {
        settings.window = inline === '' ? words.shift() : inline;
        break;
      } else if (letter === 'h') {
        const lines = inline === '' ? words.shift() : inline;
        if (lines === undefined || !/^\d+$/.test(lines)) return complain(call, '-h: number expected');
        settings.scrollback = Number(lines);
        break;
      } else if (letter === 'X' || letter === 'Q') {
        settings.mode = letter === 'X' ? 'command' : 'query';
        settings.rest = words.splice(0);
        break;
      } else if (letter === 'q') settings.isQuiet = true;
      else if (letter === 'L') settings.logs = true;
      else if (letter === 'v') {
        call.out(`Screen version ${version}`);
        return 0;
      } else if ('aAiUOl4'.includes(letter) || letter === '6' || letter === 'n' || letter === 'f') continue;
      else if (letter === 'c') {
        settings.file = inline === '' ? words.shift() : inline;
        break;
      } else if (letter === 'e') return notSimulated(call, `option -${letter}`);
      else return complain(call, `Unknown option -${letter}`);
    }
  }
  if (settings.rest.length === 0) settings.rest = words;
  if (detaches !== undefined) {
    if (settings.mode === 'resume' || settings.mode === 'multi') settings.detachesOthers = detaches === 'D' ? 'power' : 'remote';
    else if (settings.ignoresSession) settings.startsDetached = true;
    else if (settings.mode === 'new') {
      settings.mode = 'detach';
      settings.match ??= settings.rest[0] ?? settings.name;
      settings.detachesOthers = detaches === 'D' ? 'power' : 'remote';
    }
  }
  return settings;
}

function complain(call: Invocation, text: string): number {
  call.write(`${usage}\n\nError: ${text}\n`);
  return 1;
}

async function list(call: Invocation, settings: Settings, folder: string): Promise<number> {
  const found = await sessions(call.sys, settings.match);
  const dead = found.filter(({ isDead }) => isDead);
  if (settings.mode === 'wipe') for (const { path } of dead) call.sys.unlink(path);
  if (settings.isQuiet) return found.length === 0 ? 9 : 10 + found.filter(({ isDead }) => !isDead).length;
  if (found.length === 0) {
    call.write(`No Sockets found in ${folder}.\r\n\n`);
    return 1;
  }
  call.write(`${found.length === 1 ? 'There is a screen on:' : 'There are screens on:'}\r\n`);
  for (const session of found) call.out(settings.mode === 'wipe' && session.isDead ? sessionRow(session).replace('(Dead ???)', '(Removed)') : sessionRow(session));
  if (dead.length > 0) {
    if (settings.mode === 'wipe') call.write(`${dead.length} socket${dead.length === 1 ? '' : 's'} wiped out.\r\n`);
    else call.write(`Remove dead screens with 'screen -wipe'.\r\n`);
  }
  const left = settings.mode === 'wipe' ? found.length - dead.length : found.length;
  call.write(left === 0 ? `No Sockets found in ${folder}.\r\n\n` : `${left} Socket${left === 1 ? '' : 's'} in ${folder}.\r\n`);
  return 0;
}

async function remote(call: Invocation, settings: Settings): Promise<number> {
  const wanted = settings.name ?? call.env.get('STY');
  const found = bestMatches((await sessions(call.sys, wanted)).filter(({ isDead }) => !isDead), wanted);
  const [session] = found;
  if (session === undefined) {
    call.write('No screen session found.\r\n');
    return 1;
  }
  if (found.length > 1) {
    call.write('There are several suitable screens on:\r\n');
    for (const other of found) call.out(sessionRow(other));
    call.write('Use -S to specify a session.\r\n');
    return 1;
  }
  const answer = await sendCommand(call.sys, session.path, settings.rest, settings.window, settings.mode === 'query');
  if (answer === undefined) return 1;
  if (answer.text !== '' && (settings.mode === 'query' || answer.code !== 0)) call.write(answer.code === 0 ? answer.text : `${answer.text}\r\n`);
  // `quit` answers before the session is gone; wait for the socket to vanish, as the real program waits for the server.
  if (settings.rest[0] === 'quit') for (let i = 0; i < 100 && call.sys.stat(session.path).ok; i += 1) await call.sys.sleep(1000);
  return answer.code;
}

async function detachElsewhere(call: Invocation, settings: Settings): Promise<number> {
  const found = bestMatches((await sessions(call.sys, settings.match)).filter(({ isDead, isAttached }) => !isDead && isAttached), settings.match);
  const [session] = found;
  if (session === undefined) {
    call.write(`There is no screen to be detached${settings.match === undefined ? '' : ` matching ${settings.match}`}.\r\n`);
    return 1;
  }
  if (found.length > 1) return several(call, found, 'Type "screen -d [pid.]tty.host" to detach one of them.');
  const done = await sendCommand(call.sys, session.path, [settings.detachesOthers === 'power' ? 'pow_detach' : 'detach'], undefined, false);
  if (done === undefined) return 1;
  call.write(`[${session.name} ${settings.detachesOthers === 'power' ? 'power ' : ''}detached.]\r\n\n`);
  return 0;
}

function several(call: Invocation, found: readonly Session[], advice: string): number {
  call.write('There are several suitable screens on:\r\n');
  for (const session of found) call.out(sessionRow(session));
  call.write(`${advice}\r\n`);
  return 1;
}

/** undefined: nothing to resume and -R asks for a new session. */
async function resume(call: Invocation, settings: Settings, folder: string): Promise<number | undefined> {
  const match = settings.match ?? settings.name;
  const all = bestMatches((await sessions(call.sys, match)).filter(({ isDead }) => !isDead), match);
  const own = call.env.get('STY');
  const possible = all.filter(({ isAttached, name }) => (settings.mode === 'multi' || settings.detachesOthers !== 'no' || !isAttached) && name !== own);
  const [session] = possible;
  if (session === undefined) {
    if (settings.resumesOrCreates) return undefined;
    if (all.length > 0) {
      call.write(`${all.length === 1 ? 'There is a screen on:' : 'There are screens on:'}\r\n`);
      for (const other of all) call.out(sessionRow(other));
    }
    call.write(settings.mode === 'multi' && all.length === 0 ? `There is no screen to be attached${match === undefined ? '' : ` matching ${match}`}.\r\n` : `There is no screen to be resumed${match === undefined ? '' : ` matching ${match}`}.\r\n`);
    return 1;
  }
  if (possible.length > 1 && !settings.resumesOrCreates) return several(call, possible, settings.mode === 'multi' ? 'Type "screen [-d] -x [pid.]tty.host" to attach to one of them.' : 'Type "screen [-d] -r [pid.]tty.host" to resume one of them.');
  if (!call.stdinIsTerminal) return needsTerminal(call);
  await call.flush();
  return attach(call.sys, { path: `${folder}/${session.name}`, detachesOthers: settings.detachesOthers, allowsOthers: settings.mode === 'multi', window: settings.window });
}

function needsTerminal(call: Invocation): number {
  call.write('Must be connected to a terminal.\r\n');
  return 1;
}

async function start(call: Invocation, settings: Settings, folder: string): Promise<number> {
  const { sys } = call;
  if (!settings.startsDetached && !call.stdinIsTerminal) return needsTerminal(call);
  const startup = await readScreenrc(call, settings.file);
  if (startup === undefined) return 1;
  const term = call.env.get('TERM') ?? 'screen';
  const terminal = sys.terminalName(0);
  const tty = terminal.ok ? terminal.value.replace(/^\/dev\//, '').replaceAll('/', '-') : '';
  const name = settings.name ?? `${tty}.${sys.hostname}`;
  const size = sys.windowSize(0);
  const { columns, rows } = size.ok && size.value.columns > 0 && !settings.startsDetached ? size.value : { columns: 80, rows: 24 };
  const pipe = sys.pipe();
  if (!pipe.ok) return 1;
  const [readEnd, writeEnd] = pipe.value;
  const shell = settings.shell ?? startup.shell ?? call.env.get('SHELL') ?? '/bin/sh';
  const server = sys.fork(async (child) => {
    child.close(readEnd);
    return ScreenServer.run(child, {
      name, folder, argv: settings.rest, title: settings.title, term: settings.term ?? (term.startsWith('screen') ? term : /^(xterm|rxvt|linux|vt)/.test(term) && term.includes('256color') ? `screen.${term}` : 'screen'),
      shell, scrollback: settings.scrollback ?? startup.scrollback ?? 1024, logs: settings.logs, showsStartPage: call.args.length === 0 && startup.showsStartPage, columns, rows, ready: writeEnd,
    });
  }, { newSession: true, argv: ['SCREEN', ...call.args] });
  sys.close(writeEnd);
  if (!server.ok) return 1;
  const ready = await sys.read(readEnd, 1);
  sys.close(readEnd);
  if (!ready.ok || ready.value.length === 0) {
    call.write('[screen is terminating]\r\n');
    return 0;
  }
  if (settings.startsDetached) return 0;
  await call.flush();
  return attach(sys, { path: `${folder}/${server.value}.${name}`, detachesOthers: 'no', allowsOthers: true, window: settings.window });
}

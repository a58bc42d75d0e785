/**
 * A session: windows, attached displays, commands. It lives on when nobody is attached. Read first: screen's screen.c (main loop),
 * process.c (commands and keys), attacher.c.
 */
import type { Fd, Sys } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { utf8 } from '../../ports/bytes.ts';
import { Channel } from './channel.ts';
import type { Ending, ToClient, ToServer } from './channel.ts';
import { Display } from './display.ts';
import { plainRow } from './grid.ts';
import { copyMode, pages, windowList } from './overlays.ts';
import { helpPages, startPages, version } from './texts.ts';
import { ScreenWindow } from './window.ts';

export interface SessionSettings {
  name: string;
  readonly folder: string;
  readonly argv: readonly string[];
  readonly title: string | undefined;
  readonly term: string;
  readonly shell: string;
  readonly scrollback: number;
  readonly logs: boolean;
  readonly showsStartPage: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Written to once the socket listens. */
  readonly ready: Fd;
}

export class ScreenServer {
  private readonly sys: Sys;
  private readonly settings: SessionSettings;
  private readonly listener: Fd;
  private path: string;
  private readonly windows: ScreenWindow[] = [];
  private displays: Display[] = [];
  private visitors: Channel<ToServer, ToClient>[] = [];
  private pasteBuffer = '';
  private isOver = false;
  private hasShownStartPage = false;
  private lastColumns: number;
  private lastRows: number;

  private constructor(sys: Sys, settings: SessionSettings, listener: Fd, path: string) {
    this.sys = sys;
    this.settings = settings;
    this.listener = listener;
    this.path = path;
    this.lastColumns = settings.columns;
    this.lastRows = settings.rows;
  }

  /** Runs as the session's server process until its last window closes. */
  static async run(sys: Sys, settings: SessionSettings): Promise<number> {
    const path = `${settings.folder}/${sys.pid}.${settings.name}`;
    const listener = sys.listenLocal(path);
    if (!listener.ok) return 1;
    sys.chmod(path, 0o600);
    sys.setCloseOnExec(listener.value, true);
    const nothing = await sys.open('/dev/null', { read: true, write: true });
    if (nothing.ok) for (const fd of [0, 1, 2]) sys.duplicate(nothing.value, fd);
    for (const signal of ['INT', 'QUIT', 'TSTP', 'PIPE', 'HUP'] as const) sys.onSignal(signal, 'ignore');
    const server = new ScreenServer(sys, settings, listener.value, path);
    sys.onSignal('TERM', () => {
      server.isOver = true;
    });
    sys.onSignal('CHLD', () => undefined);
    sys.setName('screen');
    server.tell();
    await server.openWindow(settings.argv, settings.title);
    await sys.write(settings.ready, utf8('.'));
    sys.close(settings.ready);
    try {
      await server.loop();
    } finally {
      sys.unlink(server.path);
    }
    return 0;
  }

  private get name(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }

  /** For whoever watches the lab: the session's name, and whether somebody sees it. */
  private tell(): void {
    this.sys.note({ kind: 'screen', name: this.name.slice(this.name.indexOf('.') + 1), isAttached: this.displays.length > 0 });
  }

  private async loop(): Promise<void> {
    while (!this.isOver && this.windows.length > 0) {
      const now = this.sys.monotonicUs();
      const messages = this.displays.flatMap((display) => (display.message === undefined ? [] : [display.message.untilUs]));
      const timeout = messages.length === 0 ? undefined : Math.max(0, Math.min(...messages) - now);
      const fds = [this.listener, ...this.windows.map(({ master }) => master), ...this.displays.map(({ channel }) => channel.fd), ...this.visitors.map(({ fd }) => fd)];
      const ready = await this.sys.poll(fds.map((fd) => ({ fd, read: true })), timeout);
      await this.reap();
      if (!ready.ok) {
        if (ready.error === 'EINTR') continue;
        break;
      }
      const readable = new Set(ready.value.filter((entry) => entry.readable || entry.hangup || entry.error).map(({ fd }) => fd));
      const changed = new Set<Display>();
      for (const display of this.displays) {
        if (display.message !== undefined && display.message.untilUs <= this.sys.monotonicUs()) {
          display.message = undefined;
          changed.add(display);
        }
      }
      for (const window of this.windows.slice()) {
        if (!readable.has(window.master)) continue;
        const isAlive = await window.pump();
        for (const display of this.displays) if (display.window === window) changed.add(display);
        if (!isAlive) await this.closeWindow(window);
        else if (window.isMonitored) this.noticeActivity(window, changed);
      }
      if (readable.has(this.listener)) await this.welcome();
      for (const visitor of this.visitors.slice()) if (readable.has(visitor.fd)) await this.hear(visitor);
      for (const display of this.displays.slice()) {
        if (!readable.has(display.channel.fd)) continue;
        await this.obey(display);
        changed.add(display);
      }
      if (this.windows.length > 0 && !this.isOver) for (const display of changed) if (this.displays.includes(display)) await display.draw();
    }
    for (const window of this.windows) {
      this.sys.kill(-window.pid, 'HUP');
      window.close();
    }
    for (const display of this.displays.slice()) await this.detach(display, 'terminating');
    await this.reap();
  }

  private noticeActivity(window: ScreenWindow, changed: Set<Display>): void {
    for (const display of this.displays) {
      if (display.window === window) continue;
      display.say(`Activity in window ${window.number}`, this.sys.monotonicUs());
      changed.add(display);
    }
  }

  private async reap(): Promise<void> {
    for (;;) {
      const ended = await this.sys.wait(-1, { noHang: true });
      if (!ended.ok || ended.value === undefined) return;
    }
  }

  // ---- windows

  private async openWindow(argv: readonly string[], title?: string): Promise<ScreenWindow | undefined> {
    let number = 0;
    while (this.windows.some((window) => window.number === number)) number += 1;
    const command = argv.length === 0 ? [this.settings.shell] : argv;
    const env = new Map(this.sys.env);
    env.set('TERM', this.settings.term);
    env.set('STY', this.name);
    env.set('WINDOW', String(number));
    env.delete('COLUMNS');
    env.delete('LINES');
    const window = await ScreenWindow.open(this.sys, {
      number, title: title ?? command[0]!.replace(/^.*\//, ''), argv: command, env, cwd: this.sys.cwd, columns: this.lastColumns, rows: this.lastRows, scrollback: this.settings.scrollback,
    });
    if (window === undefined) return undefined;
    this.windows.push(window);
    this.windows.sort((a, b) => a.number - b.number);
    if (this.settings.logs) await this.toggleLog(window);
    return window;
  }

  private async closeWindow(window: ScreenWindow): Promise<void> {
    const index = this.windows.indexOf(window);
    if (index < 0) return;
    this.windows.splice(index, 1);
    window.close();
    for (const display of this.displays) {
      if (display.other === window) display.other = undefined;
      if (display.window !== window) continue;
      display.overlay = undefined;
      const next = display.other !== undefined && this.windows.includes(display.other) ? display.other : (this.windows[index] ?? this.windows[index - 1]);
      display.window = undefined;
      display.show(next);
      display.other = undefined;
      display.forget();
    }
  }

  private fit(display: Display): void {
    this.lastColumns = display.columns;
    this.lastRows = display.rows;
    for (const window of this.windows) if (window === display.window || this.displays.length <= 1) window.resize(display.columns, display.rows);
  }

  private async toggleLog(window: ScreenWindow): Promise<string> {
    const name = `screenlog.${window.number}`;
    if (window.logFd !== undefined) {
      this.sys.close(window.logFd);
      window.logFd = undefined;
      return `Logfile "${name}" closed.`;
    }
    const isNew = !this.sys.stat(name).ok;
    const opened = await this.sys.open(name, { write: true, create: true, append: true, mode: 0o644, closeOnExec: true });
    if (!opened.ok) return `Error opening logfile "${name}"`;
    window.logFd = opened.value;
    return isNew ? `Creating logfile "${name}".` : `Appending to logfile "${name}".`;
  }

  // ---- clients

  private async welcome(): Promise<void> {
    const accepted = await this.sys.acceptLocal(this.listener);
    if (!accepted.ok) return;
    this.sys.setCloseOnExec(accepted.value, true);
    this.visitors.push(new Channel(this.sys, accepted.value));
  }

  private async hear(visitor: Channel<ToServer, ToClient>): Promise<void> {
    const messages = await visitor.receive();
    if (messages === undefined) {
      this.visitors = this.visitors.filter((other) => other !== visitor);
      visitor.close();
      return;
    }
    for (const message of messages) {
      if (message.kind === 'attach') {
        this.visitors = this.visitors.filter((other) => other !== visitor);
        await this.attach(visitor, message);
      } else if (message.kind === 'command') {
        const result = await this.remoteCommand(message.words, message.window);
        await visitor.send({ kind: 'answer', text: result.text, code: result.code });
      }
    }
  }

  private async attach(channel: Channel<ToServer, ToClient>, request: Extract<ToServer, { kind: 'attach' }>): Promise<void> {
    if (request.detachesOthers !== 'no') for (const other of this.displays.slice()) await this.detach(other, request.detachesOthers === 'power' ? 'remote power detached' : 'remote detached');
    if (this.displays.length > 0 && !request.allowsOthers) {
      await channel.send({ kind: 'end', how: 'refused' });
      channel.close();
      return;
    }
    const display = new Display(channel, request);
    this.displays.push(display);
    this.tell();
    this.sys.chmod(this.path, 0o700);
    const wanted = request.window === undefined ? undefined : this.findWindow(request.window);
    display.show(wanted ?? this.lastShown ?? this.windows[0]);
    this.fit(display);
    await display.take();
    if (this.settings.showsStartPage && !this.hasShownStartPage) display.overlay = pages(startPages);
    this.hasShownStartPage = true;
    await display.draw();
  }

  private lastShown: ScreenWindow | undefined;

  private async detach(display: Display, how: Ending): Promise<void> {
    this.displays = this.displays.filter((other) => other !== display);
    this.tell();
    this.lastShown = display.window;
    await display.leave();
    await display.channel.send({ kind: 'end', how });
    display.channel.close();
    if (this.displays.length === 0) this.sys.chmod(this.path, 0o600);
  }

  private async obey(display: Display): Promise<void> {
    const messages = await display.channel.receive();
    if (messages === undefined) {
      this.displays = this.displays.filter((other) => other !== display);
      this.tell();
      this.lastShown = display.window;
      display.channel.close();
      if (this.displays.length === 0) this.sys.chmod(this.path, 0o600);
      return;
    }
    for (const message of messages) {
      if (message.kind === 'resize') {
        display.columns = message.columns;
        display.rows = message.rows;
        display.forget();
        this.fit(display);
      } else if (message.kind === 'input') await this.input(display, message.data);
      if (!this.displays.includes(display)) return;
    }
  }

  // ---- keys

  private async input(display: Display, data: string): Promise<void> {
    const all = display.partial + data;
    display.partial = '';
    let plain = '';
    const flush = async (): Promise<void> => {
      const text = plain;
      plain = '';
      if (text === '' || display.window === undefined) return;
      // Our terminal sends application cursor keys; the program in the window may want the plain ones.
      const wantsApplication = display.window.terminal.xterm.modes.applicationCursorKeysMode;
      await display.window.type(wantsApplication ? text : text.replaceAll(/\x1bO([ABCDHF])/g, '\x1b[$1'));
    };
    let i = 0;
    while (i < all.length && this.displays.includes(display)) {
      const takesKeys = display.overlay !== undefined || display.question !== undefined;
      const c = all[i]!;
      if (display.isCommand) {
        display.isCommand = false;
        i += 1;
        await this.key(display, c);
        continue;
      }
      if (c === '\x01') {
        await flush();
        display.isCommand = true;
        this.dismiss(display);
        i += 1;
        continue;
      }
      if (!takesKeys) {
        this.dismiss(display);
        plain += c;
        i += 1;
        continue;
      }
      await flush();
      const escape = /^\x1b(?:[[][0-9;]*[A-Za-z~]|O[A-Za-z])/.exec(all.slice(i));
      const key = escape === null ? c : escape[0];
      i += key.length;
      if (display.question !== undefined) await this.questionKey(display, key);
      else if (display.overlay !== undefined) {
        const { overlay } = display;
        this.dismiss(display);
        if ((await overlay.key(display, key)) && display.overlay === overlay) {
          display.overlay = undefined;
          display.forget();
        }
      }
    }
    await flush();
  }

  private dismiss(display: Display): void {
    display.message = undefined;
  }

  private async questionKey(display: Display, key: string): Promise<void> {
    const question = display.question!;
    if (question.isSingleKey) {
      display.question = undefined;
      await question.answer(key);
    } else if (key === '\r' || key === '\n') {
      display.question = undefined;
      await question.answer(question.text);
    } else if (key === '\x1b' || key === '\x07' || key === '\x03') {
      display.question = undefined;
      await question.answer(undefined);
    } else if (key === '\x7f' || key === '\b') question.text = question.text.slice(0, -1);
    else if (key === '\x15') question.text = '';
    else if (key >= ' ' && key.length === 1) question.text += key;
  }

  private async key(display: Display, key: string): Promise<void> {
    const say = (text: string): void => display.say(text, this.sys.monotonicUs());
    if (/^\d$/.test(key)) return this.command(display, ['select', key], say);
    const words: Readonly<Record<string, readonly string[]>> = {
      c: ['screen'], '\x03': ['screen'], n: ['next'], ' ': ['next'], '\x0e': ['next'], '\0': ['next'], p: ['prev'], '\x10': ['prev'], '\b': ['prev'], '\x7f': ['prev'], '\x01': ['other'], a: ['meta'],
      d: ['detach'], '\x04': ['detach'], D: ['pow_detach'], z: ['suspend'], '\x1a': ['suspend'], k: ['kill'], K: ['kill'], '\\': ['quit'], w: ['windows'], '\x17': ['windows'], '"': ['windowlist'], "'": ['select'],
      A: ['title'], '[': ['copy'], '\x1b': ['copy'], ']': ['paste', '.'], '?': ['help'], ':': ['colon'], l: ['redisplay'], '\x0c': ['redisplay'], C: ['clear'], i: ['info'], v: ['version'], t: ['time'], '\x14': ['time'],
      h: ['hardcopy'], H: ['log'], M: ['monitor'], m: ['lastmsg'], '\r': ['lastmsg'], N: ['number'], '*': ['displays'], S: ['split'], '|': ['split', '-v'], '\t': ['focus'], Q: ['only'], X: ['remove'], F: ['fit'], x: ['lockscreen'], '\x18': ['lockscreen'],
      ',': ['license'], r: ['wrap'], '\x12': ['wrap'], W: ['width'], f: ['flow'], '\x06': ['flow'], L: ['login'], _: ['silence'], q: ['xon'], '\x11': ['xon'], s: ['xoff'], '\x13': ['xoff'], Z: ['reset'], '-': ['select', '-'], b: ['break'], '.': ['dumptermcap'],
    };
    const command = words[key];
    if (command !== undefined) await this.command(display, command, say);
  }

  // ---- commands

  private findWindow(text: string): ScreenWindow | undefined {
    if (/^\d+$/.test(text)) return this.windows.find(({ number }) => number === Number(text));
    return this.windows.find(({ title }) => title === text) ?? this.windows.find(({ title }) => title.startsWith(text));
  }

  private windowsText(current: ScreenWindow | undefined, other: ScreenWindow | undefined): string {
    return this.windows.map((window) => `${window.number}${window === current ? '*' : window === other ? '-' : ''}$ ${window.title}`).join('  ');
  }

  private ask(display: Display, prompt: string, isSingleKey: boolean, answer: (text: string | undefined) => void | Promise<void>, initial = ''): void {
    display.question = { prompt, text: initial, isSingleKey, answer };
  }

  private async command(display: Display, [name = '', ...rest]: readonly string[], say: (text: string) => void): Promise<void> {
    const { window } = display;
    switch (name) {
      case 'screen': {
        const opened = await this.openWindow(rest.filter((word) => !word.startsWith('-')));
        if (opened !== undefined) display.show(opened);
        return;
      }
      case 'next': case 'prev': {
        if (this.windows.length < 2) return say('No other window.');
        const index = this.windows.indexOf(window!);
        return display.show(this.windows[(index + (name === 'next' ? 1 : -1) + this.windows.length) % this.windows.length]);
      }
      case 'other':
        if (this.windows.length < 2) return say('No other window.');
        return display.show(display.other ?? this.windows.find((candidate) => candidate !== window));
      case 'select': {
        if (rest[0] === undefined) {
          return this.ask(display, 'Switch to window: ', false, (text) => {
            if (text !== undefined && text !== '') return this.command(display, ['select', text], say);
            return undefined;
          });
        }
        const found = this.findWindow(rest[0]);
        if (found === undefined) return say(this.windowsText(window, display.other));
        if (found === window) return say(`This IS window ${found.number} (${found.title}).`);
        return display.show(found);
      }
      case 'meta': return window?.type('\x01');
      case 'detach': return this.detach(display, 'detached');
      case 'pow_detach': return this.detach(display, 'power detached');
      case 'suspend': return this.detach(display, 'suspended');
      case 'kill':
        return this.ask(display, 'Really kill this window [y/n]', true, async (text) => {
          if (text !== 'y' || window === undefined) return;
          this.sys.kill(-window.pid, 'HUP');
          await this.closeWindow(window);
          for (const other of this.displays) other.say(`Window ${window.number} (${window.title}) killed.`, this.sys.monotonicUs());
        });
      case 'quit':
        return this.ask(display, 'Really quit and kill all your windows [y/n]', true, (text) => {
          if (text === 'y') this.isOver = true;
        });
      case 'windows': return say(this.windowsText(window, display.other));
      case 'windowlist':
        display.overlay = windowList(this.windows.slice(), window, (chosen) => display.show(chosen));
        return display.forget();
      case 'title':
        if (rest[0] !== undefined) {
          if (window !== undefined) window.title = rest[0];
          return;
        }
        return this.ask(display, "Set window's title to: ", false, (text) => {
          if (text !== undefined && window !== undefined) window.title = text;
        }, window?.title ?? '');
      case 'copy': {
        if (window === undefined) return;
        const buffer = window.terminal.xterm.buffer.active;
        say(`Copy mode - Column ${buffer.cursorX + 1} Line ${buffer.cursorY + 1}(+${this.settings.scrollback}) (${display.columns},${display.rows})`);
        display.overlay = copyMode(window, (text) => {
          if (text === undefined) return say('Copy mode aborted');
          this.pasteBuffer = text;
          return say(`Copied ${[...text].length} characters into buffer`);
        }, say);
        return display.forget();
      }
      case 'paste':
        if (this.pasteBuffer === '') return say('empty buffer');
        return window?.type(latin(this.pasteBuffer.replaceAll('\n', '\r')));
      case 'help':
        display.overlay = pages(helpPages);
        return display.forget();
      case 'license':
        display.overlay = pages(startPages);
        return display.forget();
      case 'colon':
        return this.ask(display, ':', false, async (text) => {
          if (text === undefined || text.trim() === '') return;
          const words = split(text);
          if (words[0] === 'quit') {
            this.isOver = true;
            return;
          }
          if (words[0] === 'kill' && window !== undefined) {
            this.sys.kill(-window.pid, 'HUP');
            await this.closeWindow(window);
            return;
          }
          await this.command(display, words, say);
        });
      case 'redisplay': return display.forget();
      case 'clear':
        window?.terminal.write('\x1b[H\x1b[2J');
        return;
      case 'reset':
        window?.terminal.write('\x1bc');
        return;
      case 'info': {
        if (window === undefined) return;
        const buffer = window.terminal.xterm.buffer.active;
        return say(`(${buffer.cursorX + 1},${buffer.cursorY + 1})/(${display.columns},${display.rows})+${this.settings.scrollback} +flow UTF-8 ${window.number}(${window.title})`);
      }
      case 'version': return say(`screen ${version}`);
      case 'time': {
        const load = await this.sys.readText('/proc/loadavg');
        return say(`${formatTime('%k:%M:%S %b %d', Math.floor(this.sys.now() / 1_000_000))} ${this.sys.hostname}${load.ok ? ` ${load.value.split(' ').slice(0, 3).join(' ')}` : ''}`);
      }
      case 'hardcopy': {
        const result = await this.remoteCommand(['hardcopy', ...rest], String(window?.number ?? 0));
        return say(result.text === '' ? `Screen image written to "hardcopy.${window?.number ?? 0}".` : result.text);
      }
      case 'log':
        if (window !== undefined) say(await this.toggleLog(window));
        return;
      case 'monitor':
        if (window === undefined) return;
        window.isMonitored = !window.isMonitored;
        return say(`Window ${window.number} (${window.title}) is ${window.isMonitored ? 'now' : 'no longer'} being monitored for all activity.`);
      case 'lastmsg':
        if (display.lastMessage !== '') say(display.lastMessage);
        return;
      case 'number':
        if (rest[0] !== undefined && window !== undefined) {
          const wanted = Number(rest[0]);
          const taken = this.windows.find(({ number }) => number === wanted);
          if (taken !== undefined) taken.number = window.number;
          window.number = wanted;
          this.windows.sort((a, b) => a.number - b.number);
          return;
        }
        return say(`This is window ${window?.number ?? 0} (${window?.title ?? ''}).`);
      case 'sessionname': return say(this.rename(rest[0]) ?? '');
      case 'echo': return say(rest.join(' '));
      case 'stuff': return window?.type(latin(unescape(rest.join(' '))));
      case 'xon': return window?.type('\x11');
      case 'xoff': return window?.type('\x13');
      case 'fit': return this.fit(display);
      case 'remove': case 'only': case 'focus': case 'login': case 'wrap': case 'flow': return;
      case 'split': case 'displays': case 'lockscreen': case 'width': case 'silence': case 'break': case 'dumptermcap': case 'exec': case 'layout': case 'acladd': case 'multiuser': case 'caption': case 'hardstatus':
        return say(`podwire: screen: command ${name} is not simulated yet`);
      default: return say(`: unknown command '${name}'`);
    }
  }

  private rename(name: string | undefined): string | undefined {
    if (name === undefined) return `This session is named '${this.name.slice(this.name.indexOf('.') + 1)}'`;
    const path = `${this.settings.folder}/${this.sys.pid}.${name}`;
    if (this.sys.rename(this.path, path).ok) this.path = path;
    this.tell();
    return undefined;
  }

  /** `screen -X`: acts on the window a display shows, or on the one given by -p. */
  private async remoteCommand([name = '', ...rest]: readonly string[], windowName: string | undefined): Promise<{ text: string; code: number }> {
    const fine = { text: '', code: 0 };
    const [display] = this.displays;
    const window = windowName === undefined ? (display?.window ?? this.lastShown ?? this.windows[0]) : this.findWindow(windowName);
    if (window === undefined) return { text: 'Could not find pre-select window.', code: 1 };
    switch (name) {
      case 'quit':
        this.isOver = true;
        return fine;
      case 'kill':
        this.sys.kill(-window.pid, 'HUP');
        await this.closeWindow(window);
        return fine;
      case 'stuff':
        await window.type(latin(unescape(rest.join(' '))));
        return fine;
      case 'detach': case 'pow_detach':
        for (const other of this.displays.slice()) await this.detach(other, name === 'detach' ? 'remote detached' : 'remote power detached');
        return fine;
      case 'windows': return { text: this.windowsText(display?.window, display?.other).replaceAll('$ ', ' '), code: 0 };
      case 'number': return rest[0] === undefined ? { text: `${window.number} (${window.title})`, code: 0 } : (window.number = Number(rest[0]), fine);
      case 'title':
        if (rest[0] === undefined) return { text: window.title, code: 0 };
        window.title = rest[0];
        return fine;
      case 'sessionname': {
        const text = this.rename(rest[0]);
        return { text: text ?? '', code: 0 };
      }
      case 'screen': {
        let title: string | undefined;
        const argv = rest.slice();
        while (argv[0]?.startsWith('-') === true) {
          const option = argv.shift();
          if (option === '-t') title = argv.shift();
        }
        const opened = await this.openWindow(argv, title);
        if (opened !== undefined) {
          for (const other of this.displays) {
            other.show(opened);
            await other.draw();
          }
          this.lastShown = opened;
        }
        return fine;
      }
      case 'select': {
        const found = this.findWindow(rest[0] ?? '');
        if (found === undefined) return { text: '', code: 1 };
        this.lastShown = found;
        for (const other of this.displays) {
          other.show(found);
          await other.draw();
        }
        return fine;
      }
      case 'hardcopy': {
        const buffer = window.terminal.xterm.buffer.active;
        const withHistory = rest[0] === '-h';
        const file = (withHistory ? rest[1] : rest[0]) ?? `hardcopy.${window.number}`;
        const from = withHistory ? 0 : buffer.baseY;
        const rows = Array.from({ length: buffer.baseY + window.terminal.xterm.rows - from }, (_, index) => plainRow(window.terminal, from + index));
        await this.sys.writeFile(file, `${rows.join('\n')}\n`);
        return fine;
      }
      case 'log':
        await this.toggleLog(window);
        return fine;
      case 'clear':
        window.terminal.write('\x1b[H\x1b[2J');
        return fine;
      case 'echo':
        for (const other of this.displays) {
          other.say(rest.join(' '), this.sys.monotonicUs());
          await other.draw();
        }
        return fine;
      default:
        if (display === undefined) return { text: '', code: 0 };
        await this.command(display, [name, ...rest], (text) => display.say(text, this.sys.monotonicUs()));
        if (this.displays.includes(display)) await display.draw();
        return fine;
    }
  }
}

/** Text as bytes, one character each. */
function latin(text: string): string {
  return [...utf8(text)].map((byte) => String.fromCharCode(byte)).join('');
}

/** ^M and \n in `stuff`. */
function unescape(text: string): string {
  return text.replaceAll(/\\(\d{3}|.)|\^(.)/g, (_all, escaped: string | undefined, control: string | undefined) => {
    if (control !== undefined) return control === '?' ? '\x7f' : String.fromCharCode(control.toUpperCase().charCodeAt(0) & 31);
    if (escaped === undefined) return '';
    if (/^\d{3}$/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
    return { n: '\n', r: '\r', t: '\t', e: '\x1b' }[escaped] ?? escaped;
  });
}

function split(line: string): string[] {
  return (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}

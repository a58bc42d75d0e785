/** One window of a session: a pseudo terminal, the program in it, and the virtual terminal that remembers what it shows. */
import type { Fd, Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../ports/bytes.ts';
import { VirtualTerminal } from '../../terminal/virtual-terminal.ts';

export interface WindowSettings {
  readonly number: number;
  readonly title: string;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
  readonly scrollback: number;
}

export class ScreenWindow {
  number: number;
  title: string;
  readonly terminal: VirtualTerminal;
  readonly master: Fd;
  readonly pid: number;
  isMonitored = false;
  hasActivity = false;
  rang = false;
  logFd: Fd | undefined;
  private readonly sys: Sys;
  private pendingReplies = '';

  private constructor(sys: Sys, settings: WindowSettings, master: Fd, pid: number) {
    this.sys = sys;
    this.number = settings.number;
    this.title = settings.title;
    this.master = master;
    this.pid = pid;
    this.terminal = new VirtualTerminal({ columns: settings.columns, rows: settings.rows }, (reply) => {
      this.pendingReplies += reply;
    }, settings.scrollback);
    const { parser } = this.terminal.xterm;
    // `altscreen off`, as Debian ships it: programs draw on the one screen there is.
    const isAlternate = (parameters: (number | number[])[]): boolean => parameters.some((value) => value === 47 || value === 1047 || value === 1049);
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, isAlternate);
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, isAlternate);
    this.terminal.xterm.onBell(() => {
      this.rang = true;
    });
  }

  static async open(sys: Sys, settings: WindowSettings): Promise<ScreenWindow | undefined> {
    const pty = sys.openPty({ columns: settings.columns, rows: settings.rows });
    if (!pty.ok) return undefined;
    const { master, slavePath } = pty.value;
    sys.setCloseOnExec(master, true);
    const child = sys.fork(async (own) => {
      const slave = await own.open(slavePath, { read: true, write: true });
      if (!slave.ok) return 1;
      own.setControllingTerminal(slave.value);
      for (const fd of [0, 1, 2]) if (fd !== slave.value) own.duplicate(slave.value, fd);
      if (slave.value > 2) own.close(slave.value);
      own.chdir(settings.cwd);
      for (const signal of ['INT', 'QUIT', 'TSTP', 'HUP', 'PIPE', 'WINCH', 'CHLD', 'TERM', 'TTIN', 'TTOU'] as const) own.onSignal(signal, 'default');
      const [name = '/bin/sh'] = settings.argv;
      const program = name.includes('/') ? { ok: true as const, value: name } : own.findProgram(name);
      if (program.ok) await own.exec(program.value, settings.argv.map((word, index) => (index === 0 ? word.replace(/^.*\//, '') : word)), settings.env);
      await own.write(1, utf8(`Cannot exec '${name}': No such file or directory\r\n`));
      return 1;
    }, { newSession: true });
    if (!child.ok) {
      sys.close(master);
      return undefined;
    }
    return new ScreenWindow(sys, settings, master, child.value);
  }

  /** Reads what the program wrote; false when it has ended. */
  async pump(): Promise<boolean> {
    const got = await this.sys.read(this.master, 65536);
    if (!got.ok) return got.error === 'EINTR' || got.error === 'EAGAIN';
    if (got.value.length === 0) return false;
    this.terminal.write(got.value);
    this.hasActivity = true;
    if (this.logFd !== undefined) await this.sys.write(this.logFd, got.value);
    if (this.pendingReplies !== '') {
      const replies = this.pendingReplies;
      this.pendingReplies = '';
      await this.sys.write(this.master, utf8(replies));
    }
    return true;
  }

  /** Bytes as typed, one character each. */
  async type(data: string): Promise<void> {
    const bytes = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i += 1) bytes[i] = data.charCodeAt(i);
    await this.sys.write(this.master, bytes);
  }

  resize(columns: number, rows: number): void {
    if (this.terminal.xterm.cols === columns && this.terminal.xterm.rows === rows) return;
    this.terminal.resize({ columns, rows });
    this.sys.setWindowSize(this.master, { columns, rows });
  }

  close(): void {
    if (this.logFd !== undefined) this.sys.close(this.logFd);
    this.sys.close(this.master);
  }
}

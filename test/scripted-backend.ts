/**
 * A second backend, scripted: a toy machine that knows five commands. It proves that the session, grading and the page never know which
 * backend they have. Its clock is virtual; its one program is its shell.
 */
import type { Lesson, Terminal } from '../contracts/course.ts';
import type { TerminalView } from '../contracts/lab.ts';
import { unavailableObserver, type CommandView, type LinkView, type Observer } from '../contracts/observer.ts';
import type { Backend, Lab } from '../labs/backend.ts';

const PROMPT = 'learner@debian:~$ ';
const EPOCH_MS = 1_795_396_440_000;

interface Link { name: string; isUp: boolean; kind: string }

export const scriptedBackend: Backend = {
  name: 'scripted',
  canReplay: true,
  open: async (lesson: Lesson) => {
    const lab = new ScriptedLab(lesson);
    await lab.runUntil(0);
    return lab;
  },
};

class ScriptedLab implements Lab {
  nowUs = 0;
  /** What was printed before anybody listened, as a real lab keeps its first prompts. */
  private early: [terminal: string, bytes: Uint8Array][] | undefined = [];
  private listener: Lab['onData'] = () => undefined;
  onChange: Lab['onChange'] = () => undefined;
  readonly observer: Observer;
  private readonly links: Link[] = [{ name: 'lo', isUp: true, kind: 'loopback' }, { name: 'eth0', isUp: true, kind: 'ether' }, { name: 'toy0', isUp: false, kind: 'bridge' }];
  private readonly commands: CommandView[] = [];
  private readonly open: { definition: Terminal; line: string; isOpen: boolean }[] = [];
  private readonly due: { atUs: number; run: () => void }[] = [];
  private shown = '';

  constructor(lesson: Lesson) {
    for (const terminal of lesson.terminals) this.openTerminal(terminal);
    const answer = <Value>(value: Value) => Promise.resolve({ atMs: Math.round(this.nowUs / 1000), value });
    this.observer = {
      ...unavailableObserver('scripted', 'the scripted backend does not know'),
      machines: () => answer(['host']),
      namespaces: () => answer([]),
      links: () => answer(this.links.map((link, index): LinkView => ({
        name: link.name, index: index + 1, kind: link.kind, mac: '02:00:00:00:00:01', flags: link.isUp ? ['UP'] : [], isUp: link.isUp, hasCarrier: link.isUp, operstate: link.isUp ? 'UP' : 'DOWN', master: null, peer: null, mtu: 1500, alias: null,
      }))),
      commands: () => answer([...this.commands]),
      sessions: () => answer(this.open.map(({ definition }) => ({ terminal: definition.id, machine: 'host', kind: 'terminal' as const, name: null, isAttached: true, shells: [{ pid: 1, argv: ['-bash'], netns: '', user: 'learner', cwd: '/home/learner' }], foreground: null }))),
      captures: () => answer([]),
    };
  }

  set onData(listener: Lab['onData']) {
    this.listener = listener;
    const { early } = this;
    this.early = undefined;
    for (const [terminal, bytes] of early ?? []) listener(terminal, bytes);
  }
  get onData(): Lab['onData'] {
    return this.listener;
  }

  get epochMs(): number {
    return EPOCH_MS + Math.floor(this.nowUs / 1000);
  }
  nextDueUs(): number | undefined {
    return this.due[0]?.atUs;
  }
  async runUntil(targetUs: number): Promise<void> {
    while (this.due[0] !== undefined && this.due[0].atUs <= targetUs) {
      const { atUs, run } = this.due.shift()!;
      this.nowUs = Math.max(this.nowUs, atUs);
      run();
    }
    this.nowUs = Math.max(this.nowUs, targetUs);
  }
  runUntilQuiet(quietUs: number, limitUs: number): Promise<void> {
    return this.runUntil(Math.min(limitUs, this.nowUs + quietUs));
  }

  openTerminal(definition: Terminal): void {
    this.open.push({ definition, line: '', isOpen: true });
    this.after(0, () => this.print(definition.id, PROMPT));
  }
  closeTerminal(id: string): void {
    this.open.splice(this.open.findIndex(({ definition }) => definition.id === id), 1);
    this.onChange();
  }
  input(terminal: string, data: string): void {
    const found = this.open.find(({ definition }) => definition.id === terminal);
    if (found === undefined) return;
    for (const key of data) {
      if (key !== '\r') {
        found.line += key;
        this.print(terminal, key);
        continue;
      }
      const { line } = found;
      found.line = '';
      this.print(terminal, '\r\n');
      // A command takes a millisecond, as everything does.
      this.after(1000, () => this.run(terminal, line));
    }
  }
  resize(): void {}
  terminals(): TerminalView[] {
    return this.open.map(({ definition, isOpen }) => ({ id: definition.id, title: definition.title, machine: 'host', netns: '', user: 'learner', cwd: '/home/learner', depth: 0, running: null, sinceMs: 0, isOpen }));
  }
  isPrompting(): boolean {
    return this.due.length === 0;
  }
  hash(): string {
    let hash = 5381;
    for (const character of `${JSON.stringify(this.links)}${this.shown}`) hash = (Math.imul(hash, 33) ^ character.charCodeAt(0)) >>> 0;
    return hash.toString(16).padStart(16, '0');
  }
  close(): void {}

  private run(terminal: string, line: string): void {
    const startedAtMs = Math.round(this.nowUs / 1000);
    const output = this.outputOf(line.trim());
    this.print(terminal, `${output.replaceAll('\n', '\r\n')}${PROMPT}`);
    if (line.trim() !== '') {
      this.commands.push({ id: this.commands.length + 1, terminal, machine: 'host', netns: '', user: 'learner', line: line.trim(), programs: [line.trim().split(/\s+/)], output, startedAtMs, endedAtMs: startedAtMs, exit: output.includes('not found') ? 127 : 0 });
    }
    this.onChange();
  }

  private outputOf(line: string): string {
    const set = /^sudo (?:ip link set|ifconfig) (\w+) (up|down)$/.exec(line);
    if (set !== null) {
      const link = this.links.find(({ name }) => name === set[1]);
      if (link === undefined) return `Cannot find device "${set[1]}"\n`;
      link.isUp = set[2] === 'up';
      return '';
    }
    if (line === 'ip -br link') return this.links.map(({ name, isUp }) => `${name.padEnd(16)} ${isUp ? 'UP' : 'DOWN'}\n`).join('');
    if (line.startsWith('echo ')) return `${line.slice(5)}\n`;
    return line === '' ? '' : `-bash: ${line.split(' ')[0]}: command not found\n`;
  }

  private print(terminal: string, text: string): void {
    this.shown += `${terminal}:${text}`;
    const bytes = new TextEncoder().encode(text);
    if (this.early === undefined) this.listener(terminal, bytes);
    else this.early.push([terminal, bytes]);
  }
  private after(us: number, run: () => void): void {
    this.due.push({ atUs: this.nowUs + us, run });
    this.due.sort((a, b) => a.atUs - b.atUs);
  }
}

/**
 * What has been typed and shown in a lab: the lines of interactive shells with the output of their jobs, captures, and who sits where.
 * Built from what the machines tell as it happens; asked by the observer. Plain data but for the processes it looks at.
 */
import type { CaptureView, CommandView, SessionView } from '../../contracts/observer.ts';
import type { MachineAudit } from '../../machine/audit.ts';
import type { Process } from '../../machine/process.ts';
import type { ProcessNote } from '../../machine/sys.ts';
import type { Tty } from '../../machine/tty/tty.ts';
import { concat, fromUtf8, utf8 } from '../../simulator/bytes.ts';
import * as pcap from '../../simulator/wire/pcap.ts';
import { HEADER_LENGTH as COOKED_LENGTH } from '../../simulator/wire/sll2.ts';
import { headerOf } from './trace.ts';

const OUTPUT_KEPT = 65_536;
const COMMANDS_KEPT = 1000;
const PACKETS_KEPT = 1000;
/** Of a capture as a file: the newest so many packets. */
const FILED_PACKETS_KEPT = 20_000;

/** What evidence needs to know of a machine beyond its processes. */
export interface EvidenceMachine {
  readonly name: string;
  nowMs(): number;
  /** '' for the first namespace, null for one without a name. */
  netnsName(id: number): string | null;
  userName(uid: number): string;
}

export interface Command {
  readonly id: number;
  readonly terminal: string;
  readonly machine: string;
  netns: string | null;
  readonly user: string;
  readonly line: string;
  readonly programs: string[][];
  chunks: Uint8Array[];
  size: number;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  exit: number | null;
  /** An interactive shell runs in it: then it is no job, what is typed there is. */
  isShell: boolean;
}

interface Shell { readonly process: Process; isPrompting: boolean; job: Command | undefined; readonly jobs: Map<number, Command>; readonly promptedAtMs: number }
interface Capture { readonly view: Omit<CaptureView, 'packets' | 'endedAtMs'>; endedAtMs: number | null; readonly packets: CaptureView['packets']; readonly linkType: number; readonly filed: pcap.CapturedPacket[] }

export class Evidence {
  private readonly commandList: Command[] = [];
  private readonly captureList: Capture[] = [];
  private nextCommand = 1;
  private nextCapture = 1;
  private readonly watchers: Watcher[] = [];
  /** Called when something an observer may show has changed. */
  onChange: () => void = () => undefined;

  watch(machine: EvidenceMachine, terminalOf: (tty: Tty) => string | undefined): MachineAudit {
    const watcher = new Watcher(this, machine, terminalOf);
    this.watchers.push(watcher);
    return watcher;
  }

  forget(): void {
    this.commandList.length = 0;
    this.captureList.length = 0;
  }

  begin(fields: Pick<Command, 'terminal' | 'machine' | 'netns' | 'user' | 'line' | 'startedAtMs'>): Command {
    const command: Command = { ...fields, id: this.nextCommand++, programs: [], chunks: [], size: 0, endedAtMs: null, exit: null, isShell: false };
    this.commandList.push(command);
    if (this.commandList.length > COMMANDS_KEPT) this.commandList.shift();
    return command;
  }

  /** What a visit of the browser has come to. */
  showed(command: Command, text: string, endedAtMs: number, exit: number): void {
    command.chunks = [utf8(text)];
    command.endedAtMs = endedAtMs;
    command.exit = exit;
  }

  beginCapture(fields: Omit<Capture['view'], 'id'>, linkType: number): Capture {
    const capture: Capture = { view: { ...fields, id: this.nextCapture++ }, endedAtMs: null, packets: [], linkType, filed: [] };
    this.captureList.push(capture);
    return capture;
  }

  commands(): CommandView[] {
    return this.commandList.filter(({ isShell }) => !isShell).map((command) => ({
      id: command.id, terminal: command.terminal, machine: command.machine, netns: command.netns, user: command.user, line: command.line, programs: command.programs.map((argv) => [...argv]),
      output: shownText(command), startedAtMs: command.startedAtMs, endedAtMs: command.endedAtMs, exit: command.exit,
    }));
  }

  captures(): CaptureView[] {
    return this.captureList.map(({ view, endedAtMs, packets }) => ({ ...view, endedAtMs, packets: [...packets] }));
  }

  /** A capture as `tcpdump -w` would have written it. */
  captureFile(id: number): { name: string; bytes: Uint8Array } | undefined {
    const capture = this.captureList.find(({ view }) => view.id === id);
    if (capture === undefined) return undefined;
    const { machine, netns } = capture.view.place;
    return { name: `${[machine, ...(netns === '' ? [] : [netns]), capture.view.device].join('-')}.pcap`, bytes: pcap.emit(capture.linkType, capture.filed) };
  }

  /** Whether screen runs anywhere. */
  get hasScreens(): boolean {
    return this.watchers.some((watcher) => watcher.hasScreens);
  }

  /** Of one terminal the session in front comes last: the one on the machine it was led on to. */
  sessions(): SessionView[] {
    return this.watchers.flatMap((watcher) => watcher.sessions()).toSorted((one, other) => one.sinceMs - other.sinceMs).map(({ sinceMs, ...view }) => {
      void sinceMs;
      return view;
    });
  }

  /** The line in the foreground of a terminal, null while its shell prompts; undefined for an unknown one. */
  foregroundOf(terminal: string): { line: string | null; sinceMs: number } | undefined {
    // Of the shells that hang on one terminal, on several machines when it leads on by ssh, the newest is in front.
    let newest: ReturnType<Watcher['foregroundOf']>;
    for (const watcher of this.watchers) {
      const found = watcher.foregroundOf(terminal);
      if (found !== undefined && (newest === undefined || found.shellSinceMs >= newest.shellSinceMs)) newest = found;
    }
    return newest;
  }
}

class Watcher implements MachineAudit {
  private readonly evidence: Evidence;
  private readonly machine: EvidenceMachine;
  private readonly labTerminalOf: (tty: Tty) => string | undefined;
  private readonly shells = new Map<number, Shell>();
  private readonly groups = new Map<number, Command>();
  private readonly captures = new Map<number, Capture>();
  private readonly screens = new Map<number, { readonly process: Process; name: string; isAttached: boolean }>();

  constructor(evidence: Evidence, machine: EvidenceMachine, labTerminalOf: (tty: Tty) => string | undefined) {
    this.evidence = evidence;
    this.machine = machine;
    this.labTerminalOf = labTerminalOf;
  }

  started(): void {
    this.evidence.onChange();
  }

  executed(process: Process): void {
    this.commandOf(process)?.programs.push([...process.argv]);
    this.evidence.onChange();
  }

  ended(process: Process): void {
    this.shells.delete(process.pid);
    this.screens.delete(process.pid);
    const capture = this.captures.get(process.pid);
    if (capture !== undefined) {
      capture.endedAtMs ??= this.machine.nowMs();
      this.captures.delete(process.pid);
    }
    this.evidence.onChange();
  }

  wrote(process: Process, _tty: Tty, bytes: Uint8Array): void {
    const shell = this.shells.get(process.pid);
    const command = shell === undefined ? this.commandOf(process) : shell.job;
    if (command === undefined || command.isShell) return;
    command.netns = this.machine.netnsName(process.netns.id);
    command.chunks.push(bytes.slice());
    command.size += bytes.length;
    if (command.size > 2 * OUTPUT_KEPT) {
      command.chunks = [lastBytes(command.chunks)];
      command.size = command.chunks[0]!.length;
    }
    this.evidence.onChange();
  }

  changed(): void {
    this.evidence.onChange();
  }

  noted(process: Process, note: ProcessNote): void {
    switch (note.kind) {
      case 'prompt': {
        const shell = this.shellOf(process);
        shell.isPrompting = true;
        break;
      }
      case 'line-started': {
        const shell = this.shellOf(process);
        shell.isPrompting = false;
        shell.job = this.evidence.begin({
          terminal: this.terminalOf(process), machine: this.machine.name, netns: this.machine.netnsName(process.netns.id), user: this.machine.userName(process.uid), line: note.line, startedAtMs: this.machine.nowMs(),
        });
        shell.jobs.set(note.job, shell.job);
        break;
      }
      case 'line-group': {
        const command = this.shells.get(process.pid)?.jobs.get(note.job);
        if (command !== undefined) this.groups.set(note.processGroup, command);
        break;
      }
      case 'line-ended': {
        const shell = this.shells.get(process.pid);
        const command = shell?.jobs.get(note.job);
        if (shell === undefined || command === undefined) break;
        command.endedAtMs = this.machine.nowMs();
        command.exit = note.exit;
        shell.jobs.delete(note.job);
        if (shell.job === command) shell.job = undefined;
        break;
      }
      case 'capture-started':
        this.captures.set(process.pid, this.evidence.beginCapture({ place: { machine: this.machine.name, netns: this.machine.netnsName(process.netns.id) ?? '' }, device: note.device, filter: note.filter, startedAtMs: this.machine.nowMs() }, note.linkType));
        break;
      case 'capture-packet': {
        const capture = this.captures.get(process.pid);
        if (capture === undefined) break;
        const { packets, filed, linkType } = capture;
        filed.push({ tsUs: note.atUs, bytes: note.frame.slice(), originalLength: note.originalLength });
        if (filed.length > FILED_PACKETS_KEPT) filed.shift();
        const header = headerOf(linkType === pcap.LINKTYPE_LINUX_SLL2 ? uncooked(note.frame) : note.frame);
        const { protocol = 'other', source = '', destination = '', sourcePort, destinationPort, icmpType, icmpId } = header ?? {};
        packets.push({
          atMs: this.machine.nowMs(), protocol, source, destination, text: note.text, ...(sourcePort === undefined ? {} : { sourcePort }), ...(destinationPort === undefined ? {} : { destinationPort }),
          ...(icmpType === undefined ? {} : { icmpType }), ...(icmpId === undefined ? {} : { icmpId }),
        });
        if (packets.length > PACKETS_KEPT) packets.shift();
        break;
      }
      case 'capture-ended': {
        const capture = this.captures.get(process.pid);
        if (capture !== undefined) capture.endedAtMs = this.machine.nowMs();
        break;
      }
      case 'screen':
        this.screens.set(process.pid, { process, name: note.name, isAttached: note.isAttached });
        break;
      default: note satisfies never;
    }
    this.evidence.onChange();
  }

  sessions(): (SessionView & { readonly sinceMs: number })[] {
    const byTerminal = new Map<string, Shell[]>();
    for (const shell of this.shells.values()) {
      const terminal = this.terminalOf(shell.process);
      byTerminal.set(terminal, [...(byTerminal.get(terminal) ?? []), shell]);
    }
    return [...byTerminal].map(([terminal, shells]) => {
      const screen = [...this.screens.values()].find(({ process, name }) => terminal === `screen:${process.pid}.${name}`);
      const last = shells.at(-1)!;
      return {
        sinceMs: last.promptedAtMs, terminal, machine: this.machine.name, kind: screen === undefined ? ('terminal' as const) : ('screen' as const), name: screen?.name ?? null, isAttached: screen?.isAttached ?? true,
        shells: shells.map(({ process }) => ({ pid: process.pid, argv: [...process.argv], netns: this.machine.netnsName(process.netns.id), user: this.machine.userName(process.uid), cwd: process.machine.tree.pathOf(process.cwd) })),
        foreground: last.isPrompting ? null : (last.job?.programs.at(-1) ?? (last.job === undefined ? null : last.job.line.split(/\s+/))),
      };
    });
  }

  get hasScreens(): boolean {
    return this.screens.size > 0;
  }

  foregroundOf(terminal: string): { line: string | null; sinceMs: number; shellSinceMs: number } | undefined {
    const last = [...this.shells.values()].filter((shell) => this.terminalOf(shell.process) === terminal).at(-1);
    if (last === undefined) return undefined;
    return { line: last.isPrompting ? null : (last.job?.line ?? null), sinceMs: last.job?.startedAtMs ?? last.promptedAtMs, shellSinceMs: last.promptedAtMs };
  }

  /** The line a process belongs to: its group's, or that of the shell it descends from, where the shell has not said. */
  private commandOf(process: Process): Command | undefined {
    const known = this.groups.get(process.group);
    if (known !== undefined) return known;
    // Not beyond its session: what runs in a window of screen is none of the line that started screen.
    for (let ancestor = process.parent; ancestor !== undefined && ancestor.session === process.session; ancestor = ancestor.parent) {
      const shell = this.shells.get(ancestor.pid);
      if (shell === undefined) continue;
      if (shell.job !== undefined && process.group !== ancestor.group) this.groups.set(process.group, shell.job);
      return shell.job;
    }
    return undefined;
  }

  private shellOf(process: Process): Shell {
    const known = this.shells.get(process.pid);
    if (known !== undefined) return known;
    const shell: Shell = { process, isPrompting: false, job: undefined, jobs: new Map(), promptedAtMs: this.machine.nowMs() };
    this.shells.set(process.pid, shell);
    // The line that started this shell is a door, not a job; so are those around it.
    for (let group: Process | undefined = process; group !== undefined; group = group.parent) {
      const command = this.groups.get(group.group);
      if (command !== undefined && command.terminal === this.terminalOf(process)) command.isShell = true;
    }
    return shell;
  }

  /** The lab's name of a process's terminal; a window of screen is called after its session. */
  private terminalOf(process: Process): string {
    const tty = process.session.tty;
    if (tty === undefined) return '';
    const own = this.labTerminalOf(tty);
    if (own !== undefined) return own;
    for (let ancestor = process.parent; ancestor !== undefined; ancestor = ancestor.parent) {
      const screen = this.screens.get(ancestor.pid);
      if (screen !== undefined) return `screen:${ancestor.pid}.${screen.name}`;
    }
    return tty.name;
  }
}

function lastBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = concat(...chunks);
  return whole.slice(Math.max(0, whole.length - OUTPUT_KEPT));
}

function shownText(command: Command): string {
  return fromUtf8(lastBytes(command.chunks)).replaceAll('\r\n', '\n');
}

/** With an Ethernet header of no addresses in place of the cooked one. */
function uncooked(packet: Uint8Array): Uint8Array {
  return concat(new Uint8Array(12), packet.subarray(0, 2), packet.subarray(COOKED_LENGTH));
}

/**
 * What has been typed and shown at the terminals of a lab on real Linux, and who sits where: built from the streams of terminals and of the
 * windows of screen. What a learner who is root in there makes of it is his own affair: it is evidence, not proof.
 */
import type { CapturedPacket, CaptureView, CommandView, SessionView, ShellView } from '../../contracts/observer.ts';
import { programsOf } from './command-line.ts';
import { LEARNER_ID } from './identity.ts';
import { MarkedStream, type Piece } from './marks.ts';

const OUTPUT_KEPT = 65_536;
const COMMANDS_KEPT = 1000;
const PACKETS_KEPT = 1000;

interface Command {
  readonly id: number;
  readonly terminal: string;
  readonly netns: string | null;
  readonly user: string;
  readonly line: string;
  readonly programs: string[][];
  chunks: Uint8Array[];
  size: number;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  exit: number | null;
  /** A shell was started by it: what is typed there counts, not this. */
  isShell: boolean;
}

interface Shell {
  readonly pid: number;
  netns: string | null;
  uid: number;
  cwd: string;
  command: Command | undefined;
  /** The one stopped last: what `fg` goes on with. */
  stopped: Command | undefined;
  isPrompting: boolean;
  sinceMs: number;
}

/** What a shell says of a command stopped by Ctrl+Z: 128 + SIGTSTP. */
const STOPPED = 148;

/** A place where shells prompt: a terminal of the lab, or a window of screen. */
class Seat {
  readonly stream = new MarkedStream();
  readonly shells: Shell[] = [];
  /** A prompt was announced, and has it been drawn? Only then does its shell read keys one by one. */
  isDrawn = false;
  /** Enter has been pressed since: the next prompt is another one. */
  isSent = false;
}

export class Evidence {
  readonly #machine: string;
  readonly #nowMs: () => number;
  readonly #seats = new Map<string, Seat>();
  readonly #commands: Command[] = [];
  #nextId = 1;

  constructor(machine: string, nowMs: () => number) {
    this.#machine = machine;
    this.#nowMs = nowMs;
  }

  /** Takes what a terminal or window wrote; answers what of it is to be shown. */
  take(terminal: string, bytes: Uint8Array): Uint8Array[] {
    const seat = this.#seat(terminal);
    const shown: Uint8Array[] = [];
    for (const piece of seat.stream.take(bytes)) {
      if (piece.kind === 'shown') {
        shown.push(piece.bytes);
        this.#shown(seat, piece.bytes);
      } else if (piece.kind === 'prompt') this.#prompted(seat, piece);
      else this.#started(terminal, seat, piece);
    }
    return shown;
  }

  forget(): void {
    this.#commands.length = 0;
    for (const seat of this.#seats.values()) for (const shell of seat.shells) shell.command = undefined;
  }

  leave(terminal: string): void {
    for (const shell of this.#seats.get(terminal)?.shells ?? []) this.#end(shell, null);
    this.#seats.delete(terminal);
  }

  /** Keys on their way to a terminal: after Enter its prompt is no longer the one that waits. */
  typed(terminal: string, data: string): void {
    const seat = this.#seats.get(terminal);
    if (seat !== undefined && /[\r\n\x04]/.test(data)) seat.isSent = true;
  }

  isPrompting(terminal: string): boolean {
    const seat = this.#seats.get(terminal);
    return seat !== undefined && seat.isDrawn && !seat.isSent && seat.shells.at(-1)?.isPrompting === true;
  }

  foregroundOf(terminal: string): { line: string | null; programs: string[][]; sinceMs: number } | undefined {
    const shell = this.#seats.get(terminal)?.shells.at(-1);
    if (shell === undefined) return undefined;
    return { line: shell.isPrompting ? null : (shell.command?.line ?? null), programs: shell.command?.programs ?? [], sinceMs: shell.command?.startedAtMs ?? shell.sinceMs };
  }

  shellsOf(terminal: string): ShellView[] {
    return (this.#seats.get(terminal)?.shells ?? []).map(({ pid, netns, uid, cwd }, depth) => ({ pid, argv: [depth === 0 && !terminal.startsWith('screen:') ? '-bash' : 'bash'], netns, user: userName(uid), cwd }));
  }

  commands(): CommandView[] {
    return this.#commands.filter(({ isShell }) => !isShell).map(({ id, terminal, netns, user, line, programs, chunks, startedAtMs, endedAtMs, exit }) => ({
      id, terminal, machine: this.#machine, netns, user, line, programs: programs.map((argv) => [...argv]), output: textOf(chunks), startedAtMs, endedAtMs, exit,
    }));
  }

  /** Captures are what tcpdump printed. */
  captures(): CaptureView[] {
    return this.commands().flatMap((command) => {
      const tcpdump = command.programs.find(([program]) => program?.endsWith('tcpdump') === true);
      if (tcpdump === undefined) return [];
      const device = optionOf(tcpdump, 'i') ?? 'any';
      const packets = command.output.split('\n').map((line) => packetOf(line, command.startedAtMs)).filter((packet) => packet !== undefined).slice(-PACKETS_KEPT);
      return [{ id: command.id, place: { machine: this.#machine, netns: command.netns ?? '' }, device, filter: filterOf(tcpdump), startedAtMs: command.startedAtMs, endedAtMs: command.endedAtMs, packets }];
    });
  }

  sessions(terminals: readonly string[], screens: readonly { pid: number; name: string; isAttached: boolean }[]): SessionView[] {
    const view = (terminal: string, more: Pick<SessionView, 'kind' | 'name' | 'isAttached'>): SessionView[] => {
      const shells = this.shellsOf(terminal);
      const foreground = this.foregroundOf(terminal);
      if (shells.length === 0 || foreground === undefined) return [];
      return [{ terminal, machine: this.#machine, ...more, shells, foreground: foreground.line === null ? null : (foreground.programs.at(-1) ?? foreground.line.split(/\s+/)) }];
    };
    return [
      ...terminals.flatMap((terminal) => view(terminal, { kind: 'terminal', name: null, isAttached: true })),
      ...screens.flatMap(({ pid, name, isAttached }) => view(`screen:${pid}.${name}`, { kind: 'screen', name, isAttached })),
    ];
  }

  // ---------------------------------------------------------------- how it comes about

  #seat(terminal: string): Seat {
    const known = this.#seats.get(terminal);
    if (known !== undefined) return known;
    const seat = new Seat();
    this.#seats.set(terminal, seat);
    return seat;
  }

  #shown(seat: Seat, bytes: Uint8Array): void {
    const shell = seat.shells.at(-1);
    if (shell === undefined) return;
    if (shell.isPrompting) {
      seat.isDrawn = true;
      return;
    }
    const { command } = shell;
    if (command === undefined) return;
    command.chunks.push(bytes);
    command.size += bytes.length;
    if (command.size <= 2 * OUTPUT_KEPT) return;
    const whole = Buffer.concat(command.chunks);
    command.chunks = [Uint8Array.from(whole.subarray(whole.length - OUTPUT_KEPT))];
    command.size = OUTPUT_KEPT;
  }

  #prompted(seat: Seat, { pid, status, uid, netns, cwd }: Extract<Piece, { kind: 'prompt' }>): void {
    const known = seat.shells.findIndex((shell) => shell.pid === pid);
    if (known < 0) {
      // The line that leads to a shell is a door, not a job.
      const outer = seat.shells.at(-1);
      if (outer?.command !== undefined) outer.command.isShell = true;
      seat.shells.push({ pid, netns, uid, cwd, command: undefined, stopped: undefined, isPrompting: true, sinceMs: this.#nowMs() });
    } else for (const gone of seat.shells.splice(known + 1)) this.#end(gone, null);
    const shell = seat.shells.at(-1)!;
    this.#end(shell, status);
    Object.assign(shell, { netns, uid, cwd, isPrompting: true, sinceMs: this.#nowMs() });
    seat.isDrawn = false;
    seat.isSent = false;
  }

  #started(terminal: string, seat: Seat, { pid, line }: Extract<Piece, { kind: 'line' }>): void {
    const shell = seat.shells.find((each) => each.pid === pid);
    if (shell === undefined) return;
    const { programs, netns } = programsOf(line);
    if (programs[0]?.[0] === 'fg' && shell.stopped !== undefined) programs.push(...shell.stopped.programs);
    const command: Command = {
      id: this.#nextId++, terminal, netns: netns ?? shell.netns, user: userName(shell.uid), line, programs, chunks: [], size: 0, startedAtMs: this.#nowMs(), endedAtMs: null, exit: null, isShell: false,
    };
    shell.command = command;
    shell.isPrompting = false;
    this.#commands.push(command);
    if (this.#commands.length > COMMANDS_KEPT) this.#commands.shift();
  }

  #end(shell: Shell, status: number | null): void {
    const { command } = shell;
    shell.command = undefined;
    if (command === undefined) return;
    if (status === STOPPED) shell.stopped = command;
    else if (command.programs[0]?.[0] === 'fg') shell.stopped = undefined;
    command.endedAtMs = this.#nowMs();
    command.exit = status;
  }
}

export function userName(uid: number): string {
  return uid === 0 ? 'root' : uid === LEARNER_ID ? 'learner' : String(uid);
}

function textOf(chunks: readonly Uint8Array[]): string {
  const whole = Buffer.concat(chunks);
  return whole.subarray(Math.max(0, whole.length - OUTPUT_KEPT)).toString('utf8').replaceAll('\r\n', '\n');
}

// ---------------------------------------------------------------- tcpdump's words

const valued = 'BcCDeEFGijmrsTVwWyzZ';

/** The value of a one-letter option, alone or at the end of a bundle: `-ni eth0`, `-ieth0`. */
function optionOf(argv: readonly string[], letter: string): string | undefined {
  for (const [index, word] of argv.entries()) {
    const at = /^-[a-zA-Z]/.test(word) ? word.indexOf(letter) : -1;
    if (at > 0) return at === word.length - 1 ? argv[index + 1] : word.slice(at + 1);
  }
  return undefined;
}

function filterOf([, ...words]: readonly string[]): string {
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (!words[at]!.startsWith('-')) rest.push(words[at]!);
    else if (valued.includes(words[at]!.at(-1)!)) at++;
  }
  return rest.join(' ');
}

/** One line of tcpdump: `12:00:00.000000 IP 10.0.0.1.80 > 10.0.0.2.1234: Flags [S] ...`; with `-i any`, a device and a direction come before IP. */
export function packetOf(line: string, startedAtMs: number): CapturedPacket | undefined {
  const found = /^(?:\d\d:\d\d:\d\d\.\d+ )?(?:\S+ +(?:In|Out|B|M|P) +)?IP (\d+\.\d+\.\d+\.\d+)(?:\.(\d+))? > (\d+\.\d+\.\d+\.\d+)(?:\.(\d+))?: (.*)$/.exec(line.trimEnd());
  if (found === null) return undefined;
  const [, source = '', sourcePort, destination = '', destinationPort, rest = ''] = found;
  const protocol = rest.startsWith('ICMP') ? 'icmp' : rest.startsWith('Flags') ? 'tcp' : 'udp';
  const icmpType = protocol !== 'icmp' ? undefined : rest.startsWith('ICMP echo request') ? 8 : rest.startsWith('ICMP echo reply') ? 0 : rest.includes('unreachable') ? 3 : rest.includes('exceeded') ? 11 : undefined;
  const icmpId = /\bid (\d+)/.exec(rest)?.[1];
  return {
    atMs: startedAtMs, protocol, source, destination, text: line.trimEnd(), ...(sourcePort === undefined ? {} : { sourcePort: Number(sourcePort) }), ...(destinationPort === undefined ? {} : { destinationPort: Number(destinationPort) }),
    ...(icmpType === undefined ? {} : { icmpType }), ...(protocol === 'icmp' && icmpId !== undefined ? { icmpId: Number(icmpId) } : {}),
  };
}

/**
 * A terminal with the kernel's line discipline between its master (the screen) and its slave (the programs).
 * Read first: termios(3), drivers/tty/n_tty.c, tty_ioctl(4)
 */
import type { Result } from '../../simulator/result.ts';
import { done, fail, ok } from '../../simulator/result.ts';
import type { TerminalModes, WindowSize } from '../sys.ts';
import type { Process, Session } from '../process.ts';
import { WaitQueue } from '../scheduler.ts';
import type { Wait } from '../files/open-file.ts';
import { NOTHING } from '../files/open-file.ts';

/** In the input buffer: end of file typed here (no byte of its own). */
const END_OF_FILE = 256;
/** Bytes the discipline keeps that nobody has read. */
const INPUT_LIMIT = 4096;
/** Bytes of output a master that is a process may leave unread. */
const OUTPUT_LIMIT = 65_536;
/** What a screen outside draws in a microsecond; writers wait for what lies undrawn beyond OUTPUT_LIMIT, as for any reader of a master. */
const DRAWN_BYTES_PER_US = 4;

export function defaultModes(): TerminalModes {
  return {
    canonical: true, echo: true, echoControl: true, echoErase: true, signals: true, extended: true, mapCrToNl: true, mapNlToCr: false, ignoreCr: false,
    outputProcess: true, outputNlToCrNl: true, flowControl: true, toStop: false, noFlush: false, ixany: false, utf8: true,
    controlCharacters: { interrupt: 3, quit: 28, erase: 127, kill: 21, endOfFile: 4, suspend: 26, wordErase: 23, literalNext: 22, reprint: 18, start: 17, stop: 19, endOfLine: 0 },
    minimum: 1, timeDeciseconds: 0,
  };
}

export class Tty {
  readonly index: number;
  modes: TerminalModes = defaultModes();
  size: WindowSize;
  session: Session | undefined;
  foregroundGroup = 0;
  /** Slave descriptions open. */
  slaves = 0;
  hasBeenOpened = false;
  isHungUp = false;
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  /** The master's side, when it is a process. */
  readonly masterReadable = new WaitQueue();
  /** The master's side, when it is outside: gets all output in order. */
  sink: ((bytes: Uint8Array) => void) | undefined;
  /** Both sides are closed: the device file goes. */
  onGone: (() => void) | undefined;
  /** The outside reader is behind: writers wait. */
  isPaused = false;
  /** When the screen outside has drawn all it was given. */
  private drawnAtUs = 0;
  private isStopped = false;
  private output: Uint8Array[] = [];
  private outputSize = 0;
  private input: number[] = [];
  /** Input before this index is complete lines (canonical mode). */
  private canonHead = 0;
  private isLiteralNext = false;
  private column = 0;
  private lineColumn = 0;
  private readonly signalGroup: (group: number, signal: 'INT' | 'QUIT' | 'TSTP' | 'WINCH' | 'TTIN' | 'TTOU' | 'HUP' | 'CONT') => void;

  constructor(index: number, size: WindowSize, signalGroup: Tty['signalGroup']) {
    this.index = index;
    this.size = size;
    this.signalGroup = signalGroup;
  }

  get name(): string {
    return `pts/${this.index}`;
  }

  // ---- what the keyboard sends

  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.receiveByte(byte);
    this.readable.wake();
  }

  private receiveByte(typed: number): void {
    const { modes } = this;
    const keys = modes.controlCharacters;
    let byte = typed;
    if (this.isLiteralNext) {
      this.isLiteralNext = false;
      this.store(byte);
      return;
    }
    if (byte === 13) {
      if (modes.ignoreCr) return;
      if (modes.mapCrToNl) byte = 10;
    } else if (byte === 10 && modes.mapNlToCr) {
      byte = 13;
    }
    if (modes.extended && modes.canonical && isKey(byte, keys.literalNext)) {
      this.isLiteralNext = true;
      if (modes.echo && modes.echoControl) this.emit([94, 8]);
      return;
    }
    if (modes.flowControl) {
      if (isKey(byte, keys.stop)) {
        this.isStopped = true;
        return;
      }
      if (isKey(byte, keys.start) || (this.isStopped && modes.ixany)) {
        this.isStopped = false;
        this.writable.wake();
        if (isKey(byte, keys.start)) return;
      }
    }
    if (modes.signals) {
      const signal = isKey(byte, keys.interrupt) ? 'INT' : isKey(byte, keys.quit) ? 'QUIT' : isKey(byte, keys.suspend) ? 'TSTP' : undefined;
      if (signal !== undefined) {
        if (!modes.noFlush) this.flushInput();
        this.isStopped = false;
        this.writable.wake();
        if (modes.echo) this.echo(byte);
        this.signalGroup(this.foregroundGroup, signal);
        return;
      }
    }
    if (modes.canonical) {
      if (isKey(byte, keys.erase) || (modes.extended && isKey(byte, keys.wordErase)) || isKey(byte, keys.kill)) {
        this.erase(isKey(byte, keys.kill) ? 'line' : isKey(byte, keys.erase) ? 'character' : 'word');
        return;
      }
      if (modes.extended && isKey(byte, keys.reprint) && modes.echo) {
        this.echo(byte);
        this.emit([10]);
        for (const stored of this.input.slice(this.canonHead)) this.echo(stored);
        return;
      }
      if (isKey(byte, keys.endOfFile)) {
        this.input.push(END_OF_FILE);
        this.canonHead = this.input.length;
        return;
      }
    }
    this.store(byte);
  }

  private store(byte: number): void {
    if (this.input.length >= INPUT_LIMIT - 1 && byte !== 10) {
      this.emit([7]);
      return;
    }
    if (this.modes.canonical && this.input.length === this.canonHead) this.lineColumn = this.column;
    this.input.push(byte);
    const ends = byte === 10 || isKey(byte, this.modes.controlCharacters.endOfLine);
    if (this.modes.canonical && ends) {
      this.canonHead = this.input.length;
      if (this.modes.echo) this.emit([byte]);
      return;
    }
    if (this.modes.echo) this.echo(byte);
  }

  private echo(byte: number): void {
    if (this.modes.echoControl && (byte < 32 || byte === 127) && byte !== 9 && byte !== 10) this.emit([94, byte ^ 64]);
    else this.emit([byte]);
  }

  private erase(what: 'character' | 'word' | 'line'): void {
    const { input, modes } = this;
    let sawWord = false;
    while (input.length > this.canonHead) {
      let start = input.length - 1;
      if (modes.utf8) while (start > this.canonHead && (input[start]! & 0xc0) === 0x80) start -= 1;
      const head = input[start]!;
      if (what === 'word') {
        const isWord = (head >= 48 && head <= 57) || (head >= 65 && head <= 90) || (head >= 97 && head <= 122) || head === 95 || head >= 128;
        if (isWord) sawWord = true;
        else if (sawWord) return;
      }
      input.length = start;
      if (modes.echo && modes.echoErase) this.eraseOnScreen(head);
      if (what === 'character') return;
    }
  }

  private eraseOnScreen(head: number): void {
    let columns = 1;
    if (head === 9) {
      let column = this.lineColumn;
      for (const byte of this.input.slice(this.canonHead)) column = byte === 9 ? (column | 7) + 1 : (byte & 0xc0) === 0x80 ? column : column + (byte < 32 ? 2 : 1);
      columns = ((column | 7) + 1) - column;
      for (let i = 0; i < columns; i += 1) this.emit([8]);
      return;
    }
    if (head < 32 || head === 127) columns = this.modes.echoControl ? 2 : 0;
    for (let i = 0; i < columns; i += 1) this.emit([8, 32, 8]);
  }

  flushInput(): void {
    this.input = [];
    this.canonHead = 0;
  }

  // ---- what programs do

  /** Modes change; what is pending changes its shape as n_tty_set_termios has it. */
  setModes(modes: TerminalModes): void {
    const wasCanonical = this.modes.canonical;
    this.modes = { ...modes, controlCharacters: { ...modes.controlCharacters } };
    if (wasCanonical && !modes.canonical) {
      this.input = this.input.filter((byte) => byte !== END_OF_FILE);
      this.canonHead = 0;
    } else if (!wasCanonical && modes.canonical) {
      this.canonHead = this.input.length;
    }
    this.readable.wake();
  }

  hasInput(): boolean {
    return this.isHungUp || (this.modes.canonical ? this.canonHead > 0 : this.input.length >= Math.max(1, this.modes.timeDeciseconds === 0 ? this.modes.minimum : 1));
  }

  /** `startedUs`: when this read began, for VTIME. */
  read(by: Process, max: number, startedUs: number): Result<Uint8Array> | Wait {
    const refused = this.checkJobControl(by, 'TTIN');
    if (refused !== undefined) return refused;
    const { modes } = this;
    if (modes.canonical) {
      if (this.canonHead === 0) return this.isHungUp ? ok(NOTHING) : { wait: [this.readable] };
      let length = 0;
      let consumed = 0;
      while (consumed < this.canonHead && length < max) {
        const byte = this.input[consumed]!;
        consumed += 1;
        if (byte === END_OF_FILE) break;
        length += 1;
        if (byte === 10 || isKey(byte, modes.controlCharacters.endOfLine)) break;
      }
      const taken = Uint8Array.from(this.input.slice(0, length));
      // A full read of a line that an end of file closes takes the mark along.
      if (length === max && this.input[consumed] === END_OF_FILE && consumed < this.canonHead) consumed += 1;
      this.input.splice(0, consumed);
      this.canonHead -= consumed;
      return ok(taken);
    }
    const least = Math.min(max, modes.minimum);
    if (this.input.length > 0 && this.input.length >= Math.min(least, INPUT_LIMIT)) {
      const taken = Uint8Array.from(this.input.slice(0, max));
      this.input.splice(0, taken.length);
      return ok(taken);
    }
    if (this.isHungUp || (modes.minimum === 0 && modes.timeDeciseconds === 0)) return ok(NOTHING);
    if (modes.timeDeciseconds > 0 && (modes.minimum === 0 || this.input.length > 0)) {
      const deadlineUs = startedUs + modes.timeDeciseconds * 100_000;
      if (by.machine.world.nowUs < deadlineUs) return { wait: [this.readable], deadlineUs };
      const taken = Uint8Array.from(this.input.slice(0, max));
      this.input.splice(0, taken.length);
      return ok(taken);
    }
    return { wait: [this.readable] };
  }

  write(by: Process, bytes: Uint8Array): Result<number> | Wait {
    if (this.isHungUp) return fail('EIO');
    if (this.modes.toStop) {
      const refused = this.checkJobControl(by, 'TTOU');
      if (refused !== undefined) return refused;
    }
    if (this.isStopped || this.isPaused || (this.sink === undefined && this.outputSize >= OUTPUT_LIMIT)) return { wait: [this.writable] };
    if (this.sink !== undefined) {
      const { nowUs } = by.machine.world;
      const deadlineUs = this.drawnAtUs - OUTPUT_LIMIT / DRAWN_BYTES_PER_US;
      if (nowUs < deadlineUs) return { wait: [this.writable], deadlineUs };
      this.drawnAtUs = Math.max(this.drawnAtUs, nowUs) + Math.ceil(bytes.length / DRAWN_BYTES_PER_US);
    }
    this.emit(bytes);
    return ok(bytes.length);
  }

  /** A process of a background group may not read (or change) the terminal: its group is told so. */
  checkJobControl(by: Process, signal: 'TTIN' | 'TTOU'): Result<never> | Wait | undefined {
    if (this.session === undefined || by.session !== this.session || by.group === this.foregroundGroup) return undefined;
    const isIgnored = by.dispositions.get(signal) === 'ignore' || by.blocked.has(signal);
    if (isIgnored) return signal === 'TTIN' ? fail('EIO') : undefined;
    if (by.machine.isOrphanedGroup(by.group, by.session)) return fail('EIO');
    this.signalGroup(by.group, signal);
    return { wait: [] };
  }

  private emit(bytes: ArrayLike<number>): void {
    const { modes } = this;
    let out: Uint8Array;
    if (modes.outputProcess && modes.outputNlToCrNl) {
      let newlines = 0;
      for (let i = 0; i < bytes.length; i += 1) if (bytes[i] === 10) newlines += 1;
      out = new Uint8Array(bytes.length + newlines);
      let at = 0;
      for (let i = 0; i < bytes.length; i += 1) {
        const byte = bytes[i]!;
        if (byte === 10) {
          out[at] = 13;
          at += 1;
        }
        out[at] = byte;
        at += 1;
      }
    } else {
      out = Uint8Array.from(bytes);
    }
    for (const byte of out) {
      if (byte === 13) this.column = 0;
      else if (byte === 8) this.column = Math.max(0, this.column - 1);
      else if (byte === 9) this.column = (this.column | 7) + 1;
      else if (byte >= 32 && (byte & 0xc0) !== 0x80) this.column += 1;
    }
    if (this.sink !== undefined) {
      this.sink(out);
      return;
    }
    this.output.push(out);
    this.outputSize += out.length;
    this.masterReadable.wake();
  }

  // ---- the master's side

  get masterHasOutput(): boolean {
    return this.outputSize > 0 || (this.hasBeenOpened && this.slaves === 0);
  }

  takeOutput(max: number): Result<Uint8Array> | Wait {
    const head = this.output[0];
    if (head === undefined) return this.hasBeenOpened && this.slaves === 0 ? fail('EIO') : { wait: [this.masterReadable] };
    const part = head.length <= max ? head : head.subarray(0, max);
    if (part.length === head.length) this.output.shift();
    else this.output[0] = head.subarray(max);
    this.outputSize -= part.length;
    this.writable.wake();
    return ok(part);
  }

  setSize(size: WindowSize): Result {
    if (size.columns === this.size.columns && size.rows === this.size.rows) return done;
    this.size = { ...size };
    if (this.foregroundGroup > 0) this.signalGroup(this.foregroundGroup, 'WINCH');
    return done;
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    if (!isPaused) this.writable.wake();
  }

  /** The master went away: the session loses its terminal. */
  hangUp(): void {
    if (this.isHungUp) return;
    this.isHungUp = true;
    const { session } = this;
    if (session !== undefined) {
      session.leader?.post('HUP');
      session.leader?.post('CONT');
      if (this.foregroundGroup > 0) this.signalGroup(this.foregroundGroup, 'HUP');
    }
    this.readable.wake();
    this.writable.wake();
  }
}

function isKey(byte: number, key: number): boolean {
  return key !== 0 && byte === key;
}

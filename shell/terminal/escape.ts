/**
 * Escape sequences of an xterm-256color terminal and what keys send. Read first: XTerm Control Sequences (ctlseqs), `infocmp xterm-256color`.
 */
import type { Sys, TerminalModes } from '../../machine/sys.ts';
import { utf8 } from '../ports/bytes.ts';

export const ESC = '\x1b';
export const clearToEndOfLine = `${ESC}[K`;
export const clearToEndOfScreen = `${ESC}[J`;
export const clearScreen = `${ESC}[H${ESC}[2J`;
export const enterAlternateScreen = `${ESC}[?1049h${ESC}[22;0;0t`;
export const leaveAlternateScreen = `${ESC}[?1049l${ESC}[23;0;0t`;
export const keypadOn = `${ESC}[?1h${ESC}=`;
export const keypadOff = `${ESC}[?1l${ESC}>`;
export const reverseOn = `${ESC}[7m`;
export const reverseOff = `${ESC}[27m`;
export const attributesOff = `${ESC}[0m`;

/** Row and column count from 0. */
export function moveTo(row: number, column: number): string {
  return `${ESC}[${row + 1};${column + 1}H`;
}

/** Keys of a full-screen program: one printable character, or a name such as 'up', 'page-down', 'ctrl-x', 'alt-u', 'enter', 'escape'. */
export type Key = string;

const csiNames: Record<string, string> = {
  A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', Z: 'shift-tab', P: 'f1', Q: 'f2', R: 'f3', S: 'f4',
  '1~': 'home', '2~': 'insert', '3~': 'delete', '4~': 'end', '5~': 'page-up', '6~': 'page-down', '7~': 'home', '8~': 'end',
  '11~': 'f1', '12~': 'f2', '13~': 'f3', '14~': 'f4', '15~': 'f5', '17~': 'f6', '18~': 'f7', '19~': 'f8', '20~': 'f9', '21~': 'f10', '23~': 'f11', '24~': 'f12',
  '200~': 'paste-begin', '201~': 'paste-end',
  '1;5C': 'ctrl-right', '1;5D': 'ctrl-left', '1;5A': 'ctrl-up', '1;5B': 'ctrl-down', '1;5H': 'ctrl-home', '1;5F': 'ctrl-end', '3;5~': 'ctrl-delete',
  '1;3C': 'alt-right', '1;3D': 'alt-left', '1;3A': 'alt-up', '1;3B': 'alt-down', '1;2A': 'shift-up', '1;2B': 'shift-down', '1;2C': 'shift-right', '1;2D': 'shift-left',
};

/** Bytes to keys, across reads. A lone ESC is a key once `flushEscape` says nothing follows. */
export class KeyDecoder {
  private pending: number[] = [];

  push(bytes: Uint8Array): Key[] {
    for (const byte of bytes) this.pending.push(byte);
    const keys: Key[] = [];
    for (let key = this.take(); key !== undefined; key = this.take()) keys.push(key);
    return keys;
  }

  get hasPartial(): boolean {
    return this.pending.length > 0;
  }

  /** Nothing followed an ESC in time: it was the Escape key itself. */
  flushEscape(): Key[] {
    if (this.pending[0] !== 27) return [];
    this.pending.shift();
    return ['escape', ...this.push(new Uint8Array(0))];
  }

  private take(): Key | undefined {
    const [first, second] = this.pending;
    if (first === undefined) return undefined;
    if (first === 27) {
      if (second === undefined) return undefined;
      if (second === 0x5b || second === 0x4f) return this.takeSequence(second);
      if (second === 27) {
        this.pending.shift();
        return 'escape';
      }
      this.pending.shift();
      const key = this.take();
      if (key === undefined) {
        this.pending.unshift(27);
        return undefined;
      }
      return `alt-${key}`;
    }
    if (first >= 0x80) {
      const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
      if (this.pending.length < length) return undefined;
      const bytes = new Uint8Array(this.pending.splice(0, length));
      return new TextDecoder('utf-8').decode(bytes);
    }
    this.pending.shift();
    return controlKey(first);
  }

  private takeSequence(second: number): Key | undefined {
    if (second === 0x4f) {
      const third = this.pending[2];
      if (third === undefined) return undefined;
      this.pending.splice(0, 3);
      return csiNames[String.fromCharCode(third)] ?? 'unknown';
    }
    for (let at = 2; at < this.pending.length; at += 1) {
      const byte = this.pending[at]!;
      if (byte < 0x40 || byte > 0x7e) continue;
      const body = String.fromCharCode(...this.pending.slice(2, at + 1));
      this.pending.splice(0, at + 1);
      return csiNames[body] ?? 'unknown';
    }
    return undefined;
  }
}

function controlKey(code: number): Key {
  if (code === 13) return 'enter';
  if (code === 9) return 'tab';
  if (code === 127) return 'backspace';
  if (code === 0) return 'ctrl-space';
  if (code < 27) return `ctrl-${String.fromCharCode(code + 96)}`;
  if (code < 32) return `ctrl-${String.fromCharCode(code + 64)}`;
  return String.fromCharCode(code);
}

/** Terminal modes of a program that reads keys as they come; `signals` keeps Ctrl+C and Ctrl+Z with the line discipline. */
export function keyModes(modes: TerminalModes, options: { readonly signals: boolean; readonly mapCr?: boolean }): TerminalModes {
  return {
    ...modes, canonical: false, echo: false, signals: options.signals, mapCrToNl: options.mapCr ?? false, flowControl: options.signals && modes.flowControl, minimum: 1, timeDeciseconds: 0,
  };
}

/** Writes text and ignores a terminal that has gone. */
export async function put(sys: Sys, fd: number, text: string): Promise<void> {
  if (text !== '') await sys.write(fd, utf8(text));
}

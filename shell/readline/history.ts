/**
 * The history list. Read first: history(3); bash(1) "HISTORY"; bash's bashhist.c (HISTCONTROL, joining of lines, cmdhist).
 */
import type { Sys } from '../../machine/sys.ts';
import { utf8 } from '../ports/bytes.ts';
import { joinDelimiter } from './history-join.ts';

export interface HistoryEntry {
  text: string;
  /** Epoch seconds. */
  stampS: number | undefined;
  /** Changed while it was recalled: `history` marks it. */
  isEdited?: boolean;
}

export interface HistoryRules {
  /** $HISTCONTROL, colon separated: ignorespace, ignoredups, ignoreboth, erasedups. */
  readonly control: string;
  /** Does $HISTIGNORE refuse this line? */
  readonly isIgnored?: (line: string) => boolean;
}

export class History {
  /** Oldest first. Entry i has the number base + i. */
  readonly entries: HistoryEntry[] = [];
  base = 1;
  /** HISTSIZE; undefined is unlimited. */
  maximum: number | undefined = 500;
  /** Entries made in this session and not yet in the file (`history -a`). */
  newInSession = 0;
  /** Did the last `add` keep its line? Continuation lines follow the fate of the first. */
  private lastWasKept = false;

  get length(): number {
    return this.entries.length;
  }

  /** Saves a first line as HISTCONTROL and HISTIGNORE say; answers whether it was kept. */
  add(text: string, rules: HistoryRules, stampS?: number): boolean {
    this.lastWasKept = false;
    const control = new Set(rules.control.split(':'));
    const both = control.has('ignoreboth');
    if ((both || control.has('ignorespace')) && /^[ \t]/.test(text)) return false;
    const last = this.entries.at(-1);
    if ((both || control.has('ignoredups')) && last?.text === text) return false;
    if (rules.isIgnored?.(text) === true) return false;
    if (control.has('erasedups')) {
      for (let index = this.entries.length - 1; index >= 0; index -= 1) if (this.entries[index]!.text === text) this.removeAt(index);
    }
    this.push(text, stampS);
    this.lastWasKept = true;
    return true;
  }

  /** cmdhist: a further line of the command whose first line was added last. `shopt -u cmdhist` passes `join: false`. */
  continueCommand(line: string, options: { readonly join?: boolean; readonly literal?: boolean } = {}): void {
    if (!this.lastWasKept) return;
    const last = this.entries.at(-1);
    if (last === undefined) return;
    if (options.join === false) {
      this.push(line, last.stampS);
      return;
    }
    if (options.literal === true) {
      last.text += `\n${line}`;
      return;
    }
    const join = joinDelimiter(last.text, line);
    last.text = join.before + join.delimiter + line + (join.closesDocument === true ? '\n' : '');
  }

  /** Adds without rules (`history -s`, files). */
  push(text: string, stampS?: number): void {
    this.entries.push({ text, stampS });
    this.newInSession += 1;
    this.stifle();
  }

  stifle(): void {
    if (this.maximum === undefined) return;
    const surplus = this.entries.length - this.maximum;
    if (surplus <= 0) return;
    this.entries.splice(0, surplus);
    // stifle_history counts anew, add_history counts on.
    this.base = surplus > 1 ? surplus : this.base + 1;
  }

  removeAt(index: number): void {
    this.entries.splice(index, 1);
    if (this.newInSession > this.entries.length) this.newInSession = this.entries.length;
  }

  /** `history -d N` counts from base, negative from the end. */
  indexOfNumber(number: number): number | undefined {
    const index = number < 0 ? this.entries.length + number : number - this.base;
    return index >= 0 && index < this.entries.length ? index : undefined;
  }

  clear(): void {
    this.entries.length = 0;
    this.newInSession = 0;
  }

  /** Reads a history file's text; `#1700000000` lines are stamps of the line that follows. */
  load(text: string): void {
    let stampS: number | undefined;
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      if (/^#\d+$/.test(line)) {
        stampS = Number(line.slice(1));
        continue;
      }
      if (line === '') continue;
      this.entries.push({ text: line, stampS });
      stampS = undefined;
    }
    this.stifle();
  }

  /** The last `count` entries as a file holds them. */
  fileText(count: number, withStamps: boolean): string {
    if (count <= 0) return '';
    return this.entries.slice(-count).map((entry) => `${withStamps && entry.stampS !== undefined ? `#${entry.stampS}\n` : ''}${entry.text}\n`).join('');
  }

  /** `history -w`, or at the end of the session `history -a` (histappend); `maximumLines` is HISTFILESIZE. */
  async save(sys: Sys, path: string, options: { readonly append: boolean; readonly withStamps: boolean; readonly maximumLines?: number }): Promise<boolean> {
    const fresh = this.fileText(options.append ? this.newInSession : this.entries.length, options.withStamps);
    let text = fresh;
    if (options.append) {
      const old = await sys.readText(path);
      text = (old.ok ? old.value : '') + fresh;
    }
    if (options.maximumLines !== undefined) {
      const lines = text.split('\n');
      lines.pop();
      const kept = lines.slice(Math.max(0, lines.length - options.maximumLines));
      text = kept.map((line) => `${line}\n`).join('');
    }
    const written = await sys.writeFile(path, utf8(text), { mode: 0o600 });
    if (written.ok) this.newInSession = 0;
    return written.ok;
  }
}

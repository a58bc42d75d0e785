/** `:s`: with groups, flags and questions. Read first: vim's change.txt, "4. Substitute". */
import type { Key } from '../../terminal/escape.ts';
import type { RegexMatch } from '../../lib/regex/regex.ts';
import type { ViEditor } from './editor.ts';
import { compilePattern, type SearchPattern } from './search.ts';
import { firstText, type Place } from './text.ts';

export interface Substitution { readonly pattern: SearchPattern; readonly to: string; readonly flags: string }
/** A question that waits for its answer. */
export interface Confirmation { readonly run: Run; readonly match: RegexMatch }
interface Run {
  readonly substitution: Substitution;
  asks: boolean;
  line: number;
  to: number;
  /** Where the next match of the line is looked for. */
  at: number;
  isLineStart: boolean;
  count: number;
  lines: number;
  lastChanged: Place | undefined;
  readonly linesBefore: number;
}

/** What follows `:s`. */
export function substitute(editor: ViEditor, text: string, from: number, to: number): void {
  const delimiter = text[0];
  if (delimiter === undefined || /[\s\w"|]/.test(delimiter)) return repeatSubstitution(editor, false, from, to, text);
  const parts: string[] = [''];
  let i = 1;
  for (; i < text.length; i += 1) {
    if (text[i] === '\\' && text[i + 1] === delimiter) {
      parts[parts.length - 1] += delimiter;
      i += 1;
    } else if (text[i] === '\\' && i + 1 < text.length) {
      parts[parts.length - 1] += text.slice(i, i + 2);
      i += 1;
    } else if (text[i] === delimiter && parts.length < 3) {
      parts.push('');
      if (parts.length === 3) break;
    } else parts[parts.length - 1] += text[i]!;
  }
  const flags = parts.length === 3 ? text.slice(i + 1).trim() : '';
  const counted = /^([&cegiInp#lr]*)\s*(\d*)$/.exec(flags);
  if (counted === null) {
    editor.fail(`E488: Trailing characters: ${flags}`);
    return;
  }
  const ignoresCase = counted[1]!.includes('I') ? false : counted[1]!.includes('i') ? true : editor.options.ignoresCase;
  let pattern = editor.search?.pattern;
  if (parts[0] !== '') pattern = compilePattern(editor, parts[0]!, ignoresCase);
  if (pattern === undefined) {
    if (parts[0] === '') editor.fail('E35: No previous regular expression');
    return;
  }
  editor.search = { pattern, direction: editor.search?.direction ?? 1, offset: '' };
  // ~ stands for what was put in last time.
  const before = editor.lastSubstitution?.to ?? '';
  const replacement = (parts[1] ?? '').replaceAll(/\\[^]|~/g, (found) => (found === '~' ? before : found === '\\~' ? '~' : found));
  const start = counted[2] === '' ? from : to;
  begin(editor, { pattern, to: replacement, flags: counted[1]! }, start, counted[2] === '' ? to : Math.min(editor.lines.length, to + Number(counted[2])) - 1);
}

/** & and :&&: the last substitution once more. */
export function repeatSubstitution(editor: ViEditor, keepsFlags: boolean, from: number, to: number, flags: string): void {
  const { lastSubstitution } = editor;
  if (lastSubstitution === undefined) {
    editor.fail('E35: No previous regular expression');
    return;
  }
  begin(editor, { ...lastSubstitution, flags: (keepsFlags ? lastSubstitution.flags : '') + flags.trim() }, from, to);
}

function begin(editor: ViEditor, substitution: Substitution, from: number, to: number): void {
  editor.lastSubstitution = substitution;
  editor.openChange();
  goOn(editor, { substitution, asks: substitution.flags.includes('c'), line: from, to, at: 0, isLineStart: true, count: 0, lines: 0, lastChanged: undefined, linesBefore: editor.lines.length });
}

function goOn(editor: ViEditor, run: Run): void {
  const { pattern, flags } = run.substitution;
  while (run.line <= run.to && run.line < editor.lines.length) {
    const text = editor.lines[run.line]!;
    const match = run.at > text.length ? undefined : pattern.regex.exec(text, run.at);
    if (match === undefined || (!run.isLineStart && match.index === match.end && match.index >= text.length && text !== '')) {
      run.line += 1;
      run.at = 0;
      run.isLineStart = true;
      continue;
    }
    if (run.asks && !flags.includes('n')) {
      editor.mode = 'confirm';
      editor.confirmation = { run, match };
      editor.cursor = { line: run.line, at: match.index };
      editor.say(`replace with ${run.substitution.to} (y/n/a/q/l/^E/^Y)?`, 'question');
      return;
    }
    replace(editor, run, match);
  }
  finish(editor, run);
}

function replace(editor: ViEditor, run: Run, match: RegexMatch): void {
  const { to, flags } = run.substitution;
  run.count += 1;
  if (run.isLineStart) run.lines += 1;
  run.isLineStart = false;
  if (flags.includes('n')) return skip(editor, run, match);
  const text = editor.lines[run.line]!;
  const rows = expand(to, match).split('\r');
  const rest = text.slice(match.end);
  const next = text.slice(0, match.index) + rows.join('\n') + rest;
  const parts = next.split('\n');
  editor.spliceLines(run.line, 1, parts);
  run.line += parts.length - 1;
  run.to += parts.length - 1;
  run.lastChanged = { line: run.line, at: 0 };
  run.at = parts.at(-1)!.length - rest.length + (match.end === match.index ? 1 : 0);
  if (!flags.includes('g')) nextLine(run);
}

function skip(editor: ViEditor, run: Run, match: RegexMatch): void {
  run.at = match.end > match.index ? match.end : match.end + 1;
  if (!run.substitution.flags.includes('g') || run.at > editor.lines[run.line]!.length) nextLine(run);
}

function nextLine(run: Run): void {
  run.line += 1;
  run.at = 0;
  run.isLineStart = true;
}

function finish(editor: ViEditor, run: Run): void {
  editor.confirmation = undefined;
  editor.mode = 'normal';
  editor.closeChange();
  const { flags } = run.substitution;
  if (run.count === 0) {
    if (run.asks || flags.includes('e')) editor.say('');
    else editor.fail(`E486: Pattern not found: ${run.substitution.pattern.source}`);
    editor.clampCursor();
    return;
  }
  if (run.lastChanged !== undefined) editor.cursor = { line: run.lastChanged.line, at: firstText(editor.lines[run.lastChanged.line]!) };
  const isCounted = flags.includes('n');
  const noun = isCounted ? (run.count === 1 ? 'match' : 'matches') : `substitution${run.count === 1 ? '' : 's'}`;
  if (run.count > editor.options.report || isCounted) editor.report(`${run.count} ${noun} on ${run.lines} line${run.lines === 1 ? '' : 's'}`);
  else if (run.asks) editor.say('');
  editor.clampCursor();
}

export function pressConfirm(editor: ViEditor, key: Key): void {
  const { run, match } = editor.confirmation!;
  switch (key) {
    case 'y': case 'l':
      replace(editor, run, match);
      return key === 'l' ? finish(editor, run) : goOn(editor, run);
    case 'n':
      skip(editor, run, match);
      return goOn(editor, run);
    case 'a':
      run.asks = false;
      replace(editor, run, match);
      return goOn(editor, run);
    case 'q': case 'escape': case 'ctrl-c': return finish(editor, run);
    default:
  }
}

/** & \1 \u \r and the like in what is put in. */
function expand(to: string, { groups }: RegexMatch): string {
  let out = '';
  let once: 'u' | 'l' | undefined;
  let all: 'U' | 'L' | undefined;
  const add = (text: string): void => {
    let next = all === 'U' ? text.toUpperCase() : all === 'L' ? text.toLowerCase() : text;
    if (once !== undefined && next !== '') {
      next = (once === 'u' ? next[0]!.toUpperCase() : next[0]!.toLowerCase()) + next.slice(1);
      once = undefined;
    }
    out += next;
  };
  for (let i = 0; i < to.length; i += 1) {
    const c = to[i]!;
    if (c === '&') add(groups[0] ?? '');
    else if (c !== '\\' || i + 1 >= to.length) add(c);
    else {
      i += 1;
      const next = to[i]!;
      if (/\d/.test(next)) add(groups[Number(next)] ?? '');
      else if (next === 'u' || next === 'l') once = next;
      else if (next === 'U' || next === 'L') all = next;
      else if (next === 'e' || next === 'E') all = undefined;
      else if (next === 'r') out += '\r';
      else if (next === 'n') out += '\0';
      else if (next === 't') out += '\t';
      else add(next);
    }
  }
  return out;
}

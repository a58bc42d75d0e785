/** vi's patterns and where they are found. Read first: vim's pattern.txt. The matching itself is shell/lib/regex, which no pattern can make hang. */
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';
import type { ViEditor } from './editor.ts';
import { firstText, nextCharacter, previousCharacter, type Motion, type Place } from './text.ts';

export interface SearchPattern { readonly source: string; readonly regex: Regex }
type Translated = { readonly ok: true; readonly source: string; readonly case: 'ignored' | 'minded' | undefined } | { readonly ok: false; readonly error: string };

const classes: Readonly<Record<string, string>> = {
  d: '[0-9]', D: '[^0-9]', s: '[ \t]', S: '[^ \t]', w: '[0-9A-Za-z_]', W: '[^0-9A-Za-z_]', a: '[A-Za-z]', A: '[^A-Za-z]', l: '[a-z]', L: '[^a-z]', u: '[A-Z]', U: '[^A-Z]', x: '[0-9A-Fa-f]', X: '[^0-9A-Fa-f]',
  o: '[0-7]', O: '[^0-7]', h: '[A-Za-z_]', H: '[^A-Za-z_]', i: '[0-9A-Za-z_]', k: '[0-9A-Za-z_]', f: '[-0-9A-Za-z_/.,+#$%~=]', t: '\t', e: '\x1b', r: '\r', b: '\b',
};
/** What each kind of magic reads as an operator without a backslash. */
const magics = { v: '^$.[*~(){}|+?=<>', m: '^$.[*~', M: '^$', V: '^' } as const;

/** A pattern of vim's as an extended POSIX one. `~` stands for the last replacement. */
export function translate(pattern: string, replacement: string): Translated {
  let out = '';
  let bare: string = magics.m;
  let depth = 0;
  let sense: 'ignored' | 'minded' | undefined;
  let isStart = true;
  const missing = (what: string): Translated => ({ ok: false, error: `podwire: vi: ${what} in a pattern is not simulated yet` });
  for (let i = 0; i < pattern.length; i += 1) {
    let c = pattern[i]!;
    let isOperator = bare.includes(c);
    if (c === '\\') {
      i += 1;
      c = pattern[i] ?? '\\';
      if (c in magics) {
        bare = magics[c as keyof typeof magics];
        continue;
      }
      if (c === 'c' || c === 'C') {
        sense = c === 'c' ? 'ignored' : 'minded';
        continue;
      }
      const set = classes[c];
      if (set !== undefined) {
        out += set;
        isStart = false;
        continue;
      }
      if (/[1-9]/.test(c)) {
        out += `\\${c}`;
        continue;
      }
      if (c === 'z' || c === '%' || c === '_' || c === '&' || c === '@' || c === 'n') return missing(`\\${c}`);
      isOperator = '(){}|+?=<>.[*~'.includes(c) && !bare.includes(c);
    } else if (bare === magics.v && (c === '@' || c === '&' || c === '%')) return missing(c);
    if (!isOperator) {
      out += quoted(c);
      isStart = false;
      continue;
    }
    const wasStart: boolean = isStart;
    isStart = false;
    if (c === '^') {
      out += wasStart ? '^' : '\\^';
      isStart = wasStart;
    } else if (c === '$') out += /^($|\\?[|)&])/.test(pattern.slice(i + 1)) && (bare === magics.v || /^($|\\[|)])/.test(pattern.slice(i + 1))) ? '$' : '\\$';
    else if (c === '(' || c === '|') {
      if (c === '(') depth += 1;
      out += c;
      isStart = true;
    } else if (c === ')') {
      depth -= 1;
      if (depth < 0) return { ok: false, error: 'E55: Unmatched \\)' };
      out += c;
    } else if (c === '{') {
      const bounds = /^(-?)(\d*)(,?)(\d*)\\?\}/.exec(pattern.slice(i + 1));
      if (bounds === null) return { ok: false, error: 'E554: Syntax error in \\{...}' };
      if (bounds[1] === '-') return missing('\\{-}');
      i += bounds[0].length;
      out += bounds[3] === '' && bounds[2] === '' ? '*' : `{${bounds[2] === '' ? '0' : bounds[2]!}${bounds[3]!}${bounds[4]!}}`;
    } else if (c === '[') {
      const set = bracket(pattern, i);
      if (set === undefined) out += '\\[';
      else {
        out += set.source;
        i = set.end;
      }
    } else if (c === '*') out += wasStart ? '\\*' : '*';
    else if (c === '~') out += [...replacement].map(quoted).join('');
    else if (c === '<' || c === '>') out += `\\${c}`;
    else out += c === '=' ? '?' : c;
  }
  return depth > 0 ? { ok: false, error: 'E54: Unmatched \\(' } : { ok: true, source: out, case: sense };
}

function quoted(c: string): string {
  return /[\\^$.[\]*+?(){}|]/.test(c) ? `\\${c}` : c;
}

/** A bracket expression, in which vim knows backslashes and POSIX does not; undefined: an ordinary `[`. */
function bracket(pattern: string, at: number): { readonly source: string; readonly end: number } | undefined {
  const found = /^\[\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*\]/.exec(pattern.slice(at));
  if (found === null) return undefined;
  const inner = found[0].slice(1, -1);
  const isNegated = inner.startsWith('^');
  let hasBracket = false;
  let hasMinus = false;
  const rest = inner.slice(isNegated ? 1 : 0).replaceAll(/\\([^])/g, (whole, c: string) => {
    if (c === ']') hasBracket = true;
    else if (c === '-') hasMinus = true;
    else if (c === '\\' || c === '^') return c;
    else return { t: '\t', e: '\x1b', r: '\r', b: '\b' }[c] ?? whole;
    return '';
  });
  return { source: `[${isNegated ? '^' : ''}${hasBracket ? ']' : ''}${rest}${hasMinus ? '-' : ''}]`, end: at + found[0].length - 1 };
}

/** Says what is wrong and answers undefined. */
export function compilePattern(editor: ViEditor, source: string, ignoresCase = editor.options.ignoresCase): SearchPattern | undefined {
  const translated = translate(source, editor.lastSubstitution?.to ?? '');
  if (!translated.ok) {
    editor.fail(translated.error);
    return undefined;
  }
  const isIgnored = translated.case === undefined ? ignoresCase && !(editor.options.smartCase && /[A-Z]/.test(source)) : translated.case === 'ignored';
  const compiled = compileRegex(translated.source, 'extended', { ignoreCase: isIgnored, isForgiving: true });
  if (!compiled.ok) {
    editor.fail(`E486: Pattern not found: ${source}`);
    return undefined;
  }
  return { source, regex: compiled.regex };
}

/** `/pattern/offset` as typed after / or ?. Answers false when the pattern is no good. */
export function setSearch(editor: ViEditor, typed: string, direction: 1 | -1): boolean {
  const delimiter = direction > 0 ? '/' : '?';
  let end = 0;
  while (end < typed.length && typed[end] !== delimiter) end += typed[end] === '\\' ? 2 : typed[end] === '[' ? Math.max(1, (bracket(typed, end)?.end ?? end) - end + 1) : 1;
  const source = typed.slice(0, end).replaceAll(`\\${delimiter}`, delimiter);
  const offset = end < typed.length ? typed.slice(end + 1) : typed === '' ? (editor.search?.offset ?? '') : '';
  if (source === '') {
    if (editor.search === undefined) {
      editor.fail('E35: No previous regular expression');
      return false;
    }
    editor.search = { ...editor.search, direction, offset };
    return true;
  }
  const pattern = compilePattern(editor, source);
  if (pattern === undefined) return false;
  editor.search = { pattern, direction, offset };
  return true;
}

/** To the next match; what was searched for is said, and that the search went round. */
export function searchMotion(editor: ViEditor, direction: 1 | -1, times: number): Motion | undefined {
  const { search } = editor;
  if (search === undefined) {
    editor.fail('E35: No previous regular expression');
    return undefined;
  }
  const sign = direction > 0 ? '/' : '?';
  editor.say(`${sign}${search.pattern.source}${search.offset === '' ? '' : `${sign}${search.offset}`}`);
  const offset = /^([esb]?)([+-]?\d*)/.exec(search.offset)!;
  const lines = offset[1] === '' && offset[2] !== '' ? stepsOf(offset[2]!) : undefined;
  let place = editor.cursor;
  // An offset must not find the same match again.
  if (offset[1] === 'e') place = { line: place.line, at: Math.max(-1, place.at - (direction > 0 ? 0 : 1)) };
  else if (lines !== undefined && direction > 0) place = { line: place.line, at: editor.line.length };
  else if (lines !== undefined) place = { line: place.line, at: 0 };
  let end = place;
  for (let i = 0; i < times; i += 1) {
    const found = findFrom(editor, search.pattern.regex, place, direction);
    if (found === undefined) {
      editor.fail(`E486: Pattern not found: ${search.pattern.source}`);
      return undefined;
    }
    if (found.hasWrapped) {
      if (!editor.options.wrapsSearch) {
        editor.fail(`E38${direction > 0 ? 5 : 4}: Search hit ${direction > 0 ? 'BOTTOM' : 'TOP'} without match for: ${search.pattern.source}`);
        return undefined;
      }
      editor.say(direction > 0 ? 'search hit BOTTOM, continuing at TOP' : 'search hit TOP, continuing at BOTTOM', 'warning', true);
    }
    place = found.from;
    end = found.to;
  }
  if (lines !== undefined) {
    const line = Math.max(0, Math.min(editor.lines.length - 1, place.line + lines));
    return { to: { line, at: firstText(editor.lines[line]!) }, isLinewise: true, isJump: true };
  }
  const text = editor.lines[place.line]!;
  const steps = stepsOf(offset[2] ?? '');
  let at = offset[1] === 'e' ? previousCharacter(text, Math.max(end.at, place.at + 1)) : place.at;
  for (let i = 0; i < Math.abs(steps); i += 1) at = steps > 0 ? nextCharacter(text, at) : previousCharacter(text, at);
  return { to: { line: place.line, at }, isInclusive: offset[1] === 'e', isJump: true };
}

function stepsOf(text: string): number {
  return text === '' ? 0 : text === '+' ? 1 : text === '-' ? -1 : Number(text);
}

interface Found { readonly from: Place; readonly to: Place; readonly hasWrapped: boolean }

export function findFrom(editor: ViEditor, regex: Regex, from: Place, direction: 1 | -1): Found | undefined {
  const count = editor.lines.length;
  for (let step = 0; step <= count; step += 1) {
    const line = (((from.line + step * direction) % count) + count) % count;
    const text = editor.lines[line]!;
    let found: { readonly index: number; readonly end: number } | undefined;
    if (direction > 0) {
      const start = step > 0 ? 0 : from.at < 0 ? 0 : nextCharacter(text, from.at);
      if (step === 0 && from.at >= text.length) continue;
      found = regex.exec(text, start);
      if (step === 0 && found !== undefined && found.index >= text.length) found = undefined;
    } else {
      for (const match of regex.matchesIn(text)) {
        if (step === 0 && match.index >= from.at) break;
        found = match;
      }
    }
    if (found === undefined) continue;
    return { from: { line, at: found.index }, to: { line, at: found.end }, hasWrapped: step > 0 && (direction > 0 ? line <= from.line : line >= from.line) };
  }
  return undefined;
}

/** The word under or after the cursor, for * and #. */
export function searchWord(editor: ViEditor, direction: 1 | -1, isWhole: boolean, times: number): Motion | undefined {
  const { line, cursor } = editor;
  let start = cursor.at;
  while (start < line.length && !/\w/.test(line[start]!)) start += 1;
  while (start > 0 && /\w/.test(line[start - 1]!)) start -= 1;
  const word = /^\w+/.exec(line.slice(start))?.[0];
  if (word === undefined) {
    editor.fail('E348: No string under cursor');
    return undefined;
  }
  const typed = isWhole ? `\\<${word}\\>` : word;
  if (!setSearch(editor, typed, direction)) return undefined;
  editor.searchHistory.push(typed);
  const saved = editor.cursor;
  // From the word's start, or a search back would find the word itself.
  editor.cursor = { line: saved.line, at: start };
  const motion = searchMotion(editor, direction, times);
  editor.cursor = saved;
  return motion;
}

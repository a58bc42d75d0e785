/** A sed script, parsed. Errors are those of GNU sed with the place in characters. */
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';

export type Address =
  | { kind: 'line'; line: number } | { kind: 'step'; first: number; step: number } | { kind: 'last' } | { kind: 'regex'; regex: Regex | undefined }
  | { kind: 'zero' } | { kind: 'plus'; count: number } | { kind: 'multiple'; of: number };
export type ReplacementPart = string | number | { case: 'U' | 'L' | 'u' | 'l' | 'E' };

export interface SedCommand {
  name: string; from: Address | undefined; to: Address | undefined; isNegated: boolean;
  text?: string; regex?: Regex | undefined; replacement?: ReplacementPart[]; occurrence?: number; isGlobal?: boolean; isPrinting?: boolean; file?: string; map?: Map<string, string>;
  label?: string; target?: number; end?: number; code?: number; /** Of l: where its lines are broken. */ width?: number; /** s///e: runs what it made. */ isRun?: boolean;
}

export class ScriptError extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

export function compileScript(script: string, isExtended: boolean): { commands: SedCommand[]; isQuiet: boolean } {
  let at = 0;
  let isQuiet = false;
  const commands: SedCommand[] = [];
  const blocks: { index: number; at: number }[] = [];
  const labels = new Map<string, number>();
  const fail = (message: string): never => {
    throw new ScriptError(at, message);
  };
  /** Counts the character that told. */
  const failAfter = (message: string): never => {
    at += 1;
    return fail(message);
  };
  const skip = (pattern: RegExp): void => {
    while (at < script.length && pattern.test(script[at]!)) at += 1;
  };
  if (script.startsWith('#n\n') || script === '#n') {
    isQuiet = true;
    at = 2;
  }

  /** Up to the delimiter; `\n` becomes a newline, an escaped delimiter itself. */
  const delimited = (delimiter: string, isRegex: boolean, error: string): string => {
    let text = '';
    let inBracket = false;
    for (; at < script.length; at += 1) {
      const character = script[at]!;
      if (character === '\\') {
        at += 1;
        const next = script[at];
        if (next === undefined) break;
        if (next === delimiter && !inBracket) text += isRegex && /[.*[\]^$+?(){}|]/.test(delimiter) ? `\\${delimiter}` : isRegex ? delimiter : delimiter === '&' ? '\\&' : delimiter;
        else if (next === 'n' && isRegex) text += inBracket ? '\n' : '\\n';
        else if (next === '\n' && isRegex) text += '\\\n';
        else text += `\\${next}`;
        continue;
      }
      if (isRegex && character === '[' && !inBracket) {
        inBracket = true;
        text += character;
        if (script[at + 1] === '^') { at += 1; text += '^'; }
        if (script[at + 1] === ']') { at += 1; text += ']'; }
        continue;
      }
      if (inBracket && character === '[' && /[:.=]/.test(script[at + 1] ?? '')) {
        const end = script.indexOf(`${script[at + 1]!}]`, at + 2);
        if (end > 0) {
          text += script.slice(at, end + 2);
          at = end + 1;
          continue;
        }
      }
      if (inBracket && character === ']') inBracket = false;
      else if (character === delimiter && !inBracket) {
        at += 1;
        return text;
      } else if (character === '\n' && isRegex) fail(error);
      text += character;
    }
    return fail(error);
  };

  const makeRegex = (text: string, flags: string): Regex | undefined => {
    if (text === '') return undefined;
    const made = compileRegex(withEscapes(text), isExtended ? 'extended' : 'basic', { ignoreCase: /[Ii]/.test(flags), multiline: flags.includes('M') });
    if (!made.ok) return fail(made.error);
    return made.regex;
  };

  const address = (): Address | undefined => {
    const character = script[at];
    if (character === undefined) return undefined;
    if (/\d/.test(character)) {
      const digits = /^\d+/.exec(script.slice(at))![0];
      at += digits.length;
      if (script[at] === '~') {
        at += 1;
        const step = /^\d*/.exec(script.slice(at))![0];
        at += step.length;
        return { kind: 'step', first: Number(digits), step: Number(step) };
      }
      return Number(digits) === 0 ? { kind: 'zero' } : { kind: 'line', line: Number(digits) };
    }
    if (character === '$') {
      at += 1;
      return { kind: 'last' };
    }
    if (character === '/' || character === '\\') {
      at += 1;
      const delimiter = character === '/' ? '/' : script[at++]!;
      const text = delimited(delimiter, true, 'unterminated address regex');
      const flags = /^[IM]*/.exec(script.slice(at))![0];
      at += flags.length;
      return { kind: 'regex', regex: makeRegex(text, flags) };
    }
    return undefined;
  };

  /**
   * a, i, c: the text behind the command, or on the lines after a backslash. A backslash keeps the blanks behind it; within the text it makes
   * escapes, and a newline of the line's end.
   */
  const text = (): string => {
    skip(/[ \t]/);
    if (at >= script.length) fail('expected \\ after `a\', `c\' or `i\'');
    if (script[at] === '\\') at += /^\\[ \t]*\n/.exec(script.slice(at))?.[0].length ?? 1;
    let made = '';
    for (let isFirst = true; at < script.length && script[at] !== '\n'; at += 1, isFirst = false) {
      if (script[at] !== '\\') {
        made += script[at]!;
        continue;
      }
      at += 1;
      const next = script[at];
      if (next === undefined) break;
      made += isFirst && script[at - 2] !== '\\' && script[at - 2] !== '\n' ? next : ({ a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[next] ?? next);
    }
    return made;
  };

  const word = (): string => {
    skip(/[ \t]/);
    const found = /^[^\n;}]*/.exec(script.slice(at))![0];
    at += found.length;
    return found.trim();
  };

  while (at < script.length) {
    skip(/[\s;]/);
    if (at >= script.length) break;
    if (script[at] === '#') {
      skip(/[^\n]/);
      continue;
    }
    const from = address();
    let to: Address | undefined;
    skip(/[ \t]/);
    if (from !== undefined && script[at] === ',') {
      at += 1;
      skip(/[ \t]/);
      if (script[at] === '+' || script[at] === '~') {
        const sign = script[at]!;
        at += 1;
        const digits = /^\d*/.exec(script.slice(at))![0];
        at += digits.length;
        to = sign === '+' ? { kind: 'plus', count: Number(digits) } : { kind: 'multiple', of: Number(digits) };
      } else to = address();
      if (to === undefined) failAfter('unexpected `,\'');
      if (from.kind === 'zero' && to?.kind !== 'regex') failAfter('invalid usage of line address 0');
    } else if (from?.kind === 'zero') failAfter('invalid usage of line address 0');
    skip(/[ \t]/);
    let isNegated = false;
    if (script[at] === '!') {
      isNegated = true;
      at += 1;
      skip(/[ \t]/);
      if (script[at] === '!') failAfter("multiple `!'s");
    }
    const name = script[at];
    if (name === undefined) {
      fail('missing command');
      break;
    }
    at += 1;
    const command: SedCommand = { name, from, to, isNegated };
    switch (name) {
      case '{':
        blocks.push({ index: commands.length, at });
        break;
      case '}': {
        const block = blocks.pop();
        if (block === undefined) fail("unexpected `}'");
        if (from !== undefined) fail('} doesn\'t want any addresses');
        commands[block!.index]!.end = commands.length;
        break;
      }
      case '=': case 'd': case 'D': case 'g': case 'G': case 'h': case 'H': case 'n': case 'N': case 'p': case 'P': case 'x': case 'z': case 'F':
        break;
      case 'l': {
        const digits = /^[ \t]*(\d*)/.exec(script.slice(at))!;
        at += digits[0].length;
        if (digits[1] !== '') command.width = Number(digits[1]);
        break;
      }
      case 'e':
        skip(/[ \t]/);
        command.text = /^[^\n]*/.exec(script.slice(at))![0];
        at += command.text.length;
        break;
      case 'v': {
        const version = word();
        if (/^(\d+)(\.\d+)*$/.test(version) && Number.parseFloat(version) > 4.9) fail('expected newer version of sed');
        break;
      }
      case 'a': case 'i': case 'c':
        command.text = text();
        break;
      case ':':
        if (from !== undefined) fail(': doesn\'t want any addresses');
        skip(/[ \t]/);
        command.label = /^[^\s;]*/.exec(script.slice(at))![0];
        at += command.label.length;
        if (command.label === '') fail('":" lacks a label');
        labels.set(command.label, commands.length);
        break;
      case 'b': case 't': case 'T':
        command.label = word();
        break;
      case 'r': case 'w': case 'R': case 'W': {
        skip(/[ \t]/);
        const file = /^[^\n]*/.exec(script.slice(at))![0];
        at += file.length;
        if (file === '') fail('missing filename in r/R/w/W commands');
        command.file = file;
        break;
      }
      case 'q': case 'Q': {
        const digits = /^[ \t]*(\d*)/.exec(script.slice(at))!;
        at += digits[0].length;
        if (digits[1] !== '') command.code = Number(digits[1]);
        break;
      }
      case 's': {
        const delimiter = script[at++];
        if (delimiter === undefined || delimiter === '\n' || delimiter === '\\') fail("unterminated `s' command");
        const pattern = delimited(delimiter!, true, "unterminated `s' command");
        const made = delimited(delimiter!, false, "unterminated `s' command");
        let flags = '';
        for (;;) {
          const flag = script[at];
          if ((flag === 'g' && command.isGlobal === true) || (flag === 'p' && command.isPrinting === true)) failAfter(`multiple \`${flag}' options to \`s' command`);
          if (flag === 'g') command.isGlobal = true;
          else if (flag === 'p') command.isPrinting = true;
          else if (flag === 'e') command.isRun = true;
          else if (flag === 'i' || flag === 'I' || flag === 'M' || flag === 'm') flags += flag === 'm' ? 'M' : flag;
          else if (flag !== undefined && /\d/.test(flag)) {
            const digits = /^\d+/.exec(script.slice(at))![0];
            if (Number(digits) === 0) failAfter("number option to `s' command may not be zero");
            if (command.occurrence !== undefined) failAfter("multiple number options to `s' command");
            command.occurrence = Number(digits);
            at += digits.length - 1;
          } else if (flag === 'w') {
            at += 1;
            skip(/[ \t]/);
            command.file = /^[^\n]*/.exec(script.slice(at))![0];
            at += command.file.length;
            break;
          } else break;
          at += 1;
        }
        if (at < script.length && !/[\s;}#]/.test(script[at]!)) {
          at += 1;
          fail("unknown option to `s'");
        }
        command.regex = makeRegex(pattern, flags);
        command.replacement = parseReplacement(made);
        const most = Math.max(0, ...command.replacement.map((part) => (typeof part === 'number' ? part : 0)));
        if (command.regex !== undefined && most > command.regex.groups) fail(`invalid reference \\${most} on \`s' command's RHS`);
        break;
      }
      case 'y': {
        const delimiter = script[at++]!;
        const source = [...unescapeY(delimited(delimiter, false, "unterminated `y' command"))];
        const target = [...unescapeY(delimited(delimiter, false, "unterminated `y' command"))];
        if (source.length !== target.length) fail("strings for `y' command are different lengths");
        command.map = new Map(source.map((character, index) => [character, target[index]!]));
        break;
      }
      default:
        fail(`unknown command: \`${name}'`);
    }
    commands.push(command);
    if (name === '{' || name === 'a' || name === 'i' || name === 'c') continue;
    skip(/[ \t]/);
    if (at < script.length && !/[\n;}#]/.test(script[at]!)) {
      at += 1;
      fail('extra characters after command');
    }
  }
  if (blocks.length > 0) throw new ScriptError(0, "unmatched `{'");
  for (const command of commands) {
    if (command.name !== 'b' && command.name !== 't' && command.name !== 'T') continue;
    if (command.label === '') command.target = commands.length;
    else {
      const target = labels.get(command.label!);
      if (target === undefined) throw new ScriptError(at, `can't find label for jump to \`${command.label!}'`);
      command.target = target;
    }
  }
  return { commands, isQuiet };
}

/** GNU sed's own escapes, put in before the expression is read: what they make is never special. */
function withEscapes(text: string): string {
  const letters: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  return text.replace(/\\(?:([afnrtv])|c(.)|d(\d{3})|o([0-7]{3})|x([0-9A-Fa-f]{2})|([^]))/g, (whole, letter: string | undefined, control: string | undefined, decimal: string | undefined, octal: string | undefined, hexadecimal: string | undefined) => {
    if (letter !== undefined) return letters[letter]!;
    if (control !== undefined) return String.fromCharCode(control.toUpperCase().charCodeAt(0) ^ 0x40);
    const code = decimal !== undefined ? Number(decimal) : octal !== undefined ? Number.parseInt(octal, 8) : hexadecimal !== undefined ? Number.parseInt(hexadecimal, 16) : -1;
    if (code === -1) return whole;
    const character = String.fromCharCode(code & 0xff);
    return /[\\^$.*[\]]/.test(character) ? `\\${character}` : character;
  });
}

function unescapeY(text: string): string {
  return text.replace(/\\(n|\\|.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : letter));
}

function parseReplacement(text: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  let plain = '';
  const push = (part: ReplacementPart): void => {
    if (plain !== '') parts.push(plain);
    plain = '';
    parts.push(part);
  };
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i]!;
    if (character === '&') push(0);
    else if (character === '\\' && i + 1 < text.length) {
      i += 1;
      const next = text[i]!;
      if (/\d/.test(next)) push(Number(next));
      else if ('ULulE'.includes(next)) push({ case: next as 'U' });
      else plain += { n: '\n', t: '\t', r: '\r', a: '\x07', f: '\f', v: '\v' }[next] ?? next;
    } else plain += character;
  }
  if (plain !== '') parts.push(plain);
  return parts;
}

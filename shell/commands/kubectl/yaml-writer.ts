/**
 * YAML as sigs.k8s.io/yaml prints it: keys sorted, lists not indented, strings quoted where YAML 1.1 would read something else, plain and quoted
 * text folded past column 80. Read first: gopkg.in/yaml.v2 emitterc.go (yaml_emitter_analyze_scalar), resolve.go
 */

const BEST_WIDTH = 80;
/** What a plain scalar would be read as instead of a string. */
const NOT_A_STRING = [
  /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF|true|True|TRUE|false|False|FALSE)$/,
  /^(?:~|null|Null|NULL|)$/,
  /^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+)$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:Z|[ \t]*[-+]\d{1,2}(?::?\d\d)?)?)?$/,
  /^(?:<<|=)$/,
];

export function toYaml(value: unknown): string {
  if (isEmpty(value) || typeof value !== 'object' || value === null) return `${scalar(value, 0, 0)}\n`;
  const out: string[] = [];
  node(value, 0, out);
  return `${out.join('\n')}\n`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Array.isArray(value) ? value.length === 0 : fieldsOf(value).length === 0);
}

/** sigs.k8s.io/yaml goes through JSON, so absent fields are gone and keys come in yaml.v2's natural order: letters before digits apart, digits by value. */
function fieldsOf(value: object): string[] {
  return Object.entries(value).filter(([, field]) => field !== undefined).map(([name]) => name).toSorted(naturally);
}

/** keyList.Less of yaml.v2's sorter.go. */
function naturally(one: string, other: string): number {
  const a = [...one];
  const b = [...other];
  const isLetter = (character: string): boolean => /[A-Za-z]/.test(character) || character.charCodeAt(0) > 127;
  const isDigit = (character: string): boolean => character >= '0' && character <= '9';
  for (let at = 0; at < a.length && at < b.length; at++) {
    if (a[at] === b[at]) continue;
    const [left, right] = [a[at]!, b[at]!];
    if (isLetter(left) && isLetter(right)) return left < right ? -1 : 1;
    if (isLetter(left) || isLetter(right)) return isLetter(left) ? 1 : -1;
    let start = at;
    while (start > 0 && isDigit(a[start - 1]!)) start -= 1;
    if (isDigit(left) || isDigit(right)) {
      const numberAt = (letters: readonly string[]): string => /^\d*/.exec(letters.slice(start).join(''))![0];
      const [one1, two1] = [numberAt(a), numberAt(b)];
      if (one1 !== '' && two1 !== '' && Number(one1) !== Number(two1)) return Number(one1) - Number(two1);
      if (one1.length !== two1.length && one1 !== '' && two1 !== '') return one1.length - two1.length;
    }
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function node(value: object, indent: number, out: string[]): void {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      if (typeof item !== 'object' || item === null || isEmpty(item)) out.push(`${pad}- ${scalar(item, indent + 2, indent + 2)}`);
      else {
        const inner: string[] = [];
        node(item, indent + 2, inner);
        out.push(`${pad}- ${inner[0]!.slice(indent + 2)}`, ...inner.slice(1));
      }
    }
    return;
  }
  for (const name of fieldsOf(value)) {
    const field = (value as Record<string, unknown>)[name];
    const key = `${pad}${scalar(name, indent, indent, true)}:`;
    if (typeof field !== 'object' || field === null || isEmpty(field)) out.push(`${key} ${scalar(field, key.length + 1, indent + 2)}`);
    else {
      out.push(key);
      node(field, Array.isArray(field) ? indent : indent + 2, out);
    }
  }
}

/** `column`: where it begins; `indent`: where its further lines begin. */
function scalar(value: unknown, column: number, indent: number, isKey = false): string {
  if (Array.isArray(value)) return '[]';
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return '{}';
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'string') return String(value);
  if (NOT_A_STRING.some((pattern) => pattern.test(value))) return doubleQuoted(value, column, indent, isKey);
  const { plain, single, block } = analyze(value);
  if (value.includes('\n') && !isKey) return block ? literal(value, indent) : doubleQuoted(value, column, indent, isKey);
  if (plain) return isKey ? value : folded(value, column, indent);
  if (single && !value.includes('\n')) return isKey ? `'${value.replaceAll("'", "''")}'` : `'${folded(value, column + 1, indent).replaceAll("'", "''")}'`;
  return doubleQuoted(value, column, indent, isKey);
}

/** Floats as Go's %g of JSON numbers: whole numbers without a point. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function analyze(text: string): { readonly plain: boolean; readonly single: boolean; readonly block: boolean } {
  let plain = !/^(?:---|\.\.\.)/.test(text) && text !== '';
  let single = true;
  let block = true;
  const letters = [...text];
  for (const [at, letter] of letters.entries()) {
    const next = letters[at + 1];
    const before = letters[at - 1];
    const isBlankNext = next === undefined || /\s/.test(next);
    if (at === 0) {
      if ('#,[]{}&*!|>\'"%@`'.includes(letter)) plain = false;
      if ((letter === '?' || letter === ':' || letter === '-') && isBlankNext) plain = false;
    }
    if (letter === ':' && isBlankNext) plain = false;
    if (letter === '#' && before !== undefined && /\s/.test(before)) plain = false;
    const code = letter.codePointAt(0)!;
    if ((code < 0x20 && letter !== '\n') || code === 0x7f || code === 0xfeff || (code >= 0x80 && code < 0xa0 && code !== 0x85)) {
      plain = false;
      single = false;
      block = false;
    }
  }
  if (/^[ \n]|[ \n]$/.test(text)) plain = false;
  if (/ \n|\n /.test(text)) {
    plain = false;
    single = false;
  }
  if (/ $/.test(text)) block = false;
  if (/\n/.test(text)) plain = false;
  if (/^ /.test(text) && text.includes('\n')) block = true;
  return { plain, single, block };
}

/** Breaks at single spaces once the line is past the best width. */
function folded(text: string, column: number, indent: number): string {
  let at = column;
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]!;
    if (letter === ' ' && at > BEST_WIDTH && index > 0 && index < text.length - 1 && text[index - 1] !== ' ' && text[index + 1] !== ' ') {
      out += `\n${' '.repeat(indent)}`;
      at = indent;
    } else {
      out += letter;
      at += 1;
    }
  }
  return out;
}

function literal(text: string, indent: number): string {
  const trailing = /\n*$/.exec(text)![0].length;
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = trailing === 0 ? '-' : trailing === 1 ? '' : '+';
  const lines = text.slice(0, text.length - trailing).split('\n');
  const body = [...lines, ...Array.from({ length: Math.max(0, trailing - 1) }, () => '')];
  return `|${hint}${chomp}\n${body.map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`)).join('\n')}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\0': '\\0', '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '\x1b': '\\e', '"': '\\"', '\\': '\\\\', '\x85': '\\N', '\xa0': '\\_' };

function doubleQuoted(text: string, column: number, indent: number, isKey: boolean): string {
  let at = column + 1;
  let out = '"';
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]!;
    const code = letter.charCodeAt(0);
    if (letter === ' ' && !isKey && at > BEST_WIDTH && index > 0 && index < text.length - 1) {
      out += `\n${' '.repeat(indent)}`;
      at = indent;
      if (text[index + 1] === ' ') out += '\\';
      continue;
    }
    const shown = ESCAPES[letter] ?? (code < 0x20 || code === 0x7f ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : letter);
    out += shown;
    at += shown.length;
  }
  return `${out}"`;
}

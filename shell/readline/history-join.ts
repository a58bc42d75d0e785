/**
 * How the lines of one command become one history entry (cmdhist). Read first: bash's parse.y, history_delimiting_chars, and
 * bashhist.c, bash_add_history.
 */

/** After these a newline needs no semicolon. */
const openWords = new Set(['case', 'do', 'else', 'if', 'then', 'until', 'while', 'in', '{', '!', 'elif']);

interface Scan {
  readonly isQuoted: boolean;
  /** Inside the body of a here-document, or the line that starts one has just ended. */
  readonly isHereDocument: boolean;
  readonly endsInBackslash: boolean;
  /** Between the brackets of name=( ... ). */
  readonly isInArray: boolean;
  readonly lastToken: string;
  readonly tokenBefore: string;
  readonly endsInComment: boolean;
}

/** What stands between the command so far and its next line; `before` is the command so far, without a joining backslash. */
export function joinDelimiter(command: string, next: string): { readonly before: string; readonly delimiter: string; readonly closesDocument?: boolean } {
  const scan = scanCommand(command);
  if (scan.isQuoted) return { before: command, delimiter: '\n' };
  if (scan.isHereDocument) return { before: command, delimiter: '\n', closesDocument: !scanCommand(`${command}\n${next}`).isHereDocument };
  if (command.endsWith('\n')) return { before: command, delimiter: '' };
  if (scan.isInArray) return { before: command, delimiter: ' ' };
  if (scan.endsInBackslash) return { before: command.slice(0, -1), delimiter: '' };
  if (scan.endsInComment) return { before: command, delimiter: '\n' };
  if (next.trim() === '') return { before: command, delimiter: '' };
  if (/(^|[;&|({)\s])$/.test(scan.lastToken) || scan.lastToken === '') return { before: command, delimiter: ' ' };
  if (openWords.has(scan.lastToken) || scan.tokenBefore === 'function') return { before: command, delimiter: ' ' };
  if (scan.tokenBefore === 'for' || scan.tokenBefore === 'select' || scan.tokenBefore === 'case') return { before: command, delimiter: /^\s*in\b/.test(next) ? ' ' : '; ' };
  return { before: command, delimiter: '; ' };
}

function scanCommand(text: string): Scan {
  let quote = '';
  const hereDocuments: { word: string; stripsTabs: boolean }[] = [];
  const tokens: string[] = [];
  let token = '';
  let isInArray = false;
  /** Open $( and $((. */
  let substitutions = 0;
  let endsInBackslash = false;
  let endsInComment = false;
  const finish = (): void => {
    if (token !== '') tokens.push(token);
    token = '';
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i]!;
    endsInBackslash = false;
    endsInComment = false;
    if (quote === "'") {
      if (c === "'") quote = '';
      token += c;
      i += 1;
      continue;
    }
    if (c === '\\') {
      endsInBackslash = i === text.length - 1;
      token += text.slice(i, i + 2);
      i += 2;
      continue;
    }
    if (quote !== '') {
      if (c === quote) quote = '';
      token += c;
      i += 1;
      continue;
    }
    if (c === "'" || c === '"' || c === '`') {
      quote = c;
      token += c;
      i += 1;
      continue;
    }
    if (c === '$' && text[i + 1] === '(') {
      substitutions += 1;
      token += '$(';
      i += 2;
      continue;
    }
    if (substitutions > 0 && (c === '(' || c === ')')) {
      substitutions += c === '(' ? 1 : -1;
      token += c;
      i += 1;
      continue;
    }
    if (substitutions > 0) {
      token += c;
      i += 1;
      continue;
    }
    if (c === '(' && /^\w+\+?=$/.test(token)) isInArray = true;
    if (c === ')') isInArray = false;
    if (c === '#' && token === '') {
      const end = text.indexOf('\n', i);
      endsInComment = end < 0;
      i = end < 0 ? text.length : end;
      continue;
    }
    const here = c === '<' ? /^<<(-?)\s*(?:'([^']*)'|"([^"]*)"|\\?([^\s<>;&|()'"]+))/.exec(text.slice(i)) : null;
    if (here !== null && text[i + 2] !== '<') {
      finish();
      hereDocuments.push({ word: here[2] ?? here[3] ?? here[4] ?? '', stripsTabs: here[1] === '-' });
      tokens.push('<<', 'word');
      i += here[0].length;
      continue;
    }
    if (c === '\n') {
      finish();
      i += 1;
      const first = hereDocuments[0];
      if (first !== undefined) {
        // Skip bodies; when the text ends inside one, the command is still in its here-document.
        while (hereDocuments.length > 0) {
          if (i > text.length) return { isQuoted: false, isHereDocument: true, isInArray: false, endsInBackslash: false, lastToken: '', tokenBefore: '', endsInComment: false };
          const end = text.indexOf('\n', i);
          const line = end < 0 ? text.slice(i) : text.slice(i, end);
          i = end < 0 ? text.length + 1 : end + 1;
          const current = hereDocuments[0]!;
          if ((current.stripsTabs ? line.replace(/^\t+/, '') : line) === current.word) hereDocuments.shift();
        }
        tokens.push('\n');
      }
      continue;
    }
    if (c === ' ' || c === '\t') {
      finish();
      i += 1;
      continue;
    }
    if (';&|()<>'.includes(c)) {
      finish();
      tokens.push(c);
      i += 1;
      continue;
    }
    token += c;
    i += 1;
  }
  finish();
  return {
    isQuoted: quote !== '' || substitutions > 0, isHereDocument: hereDocuments.length > 0, isInArray, endsInBackslash, endsInComment,
    lastToken: tokens.at(-1) ?? '', tokenBefore: tokens.at(-2) ?? '',
  };
}

/** JSON as Go reads it, where it is none, and several texts one after the other. Read first: Go encoding/json scanner.go, stream.go */

const TOO_SHORT = 'unexpected end of JSON input';

type State = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'after' | 'end';

/** What encoding/json of Go says of a text that is no JSON. */
export function jsonProblem(text: string): string {
  return jsonFault(text).problem;
}

/** The same, with where it stopped reading. */
export function jsonFault(text: string): { readonly problem: string; readonly offset: number } {
  const scanner = /[ \t\r\n]*(?:"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[{}[\],:])/y;
  const stack: string[] = [];
  // What may come next: a value, a key, a colon, a comma or the end of what is open.
  let state = 'value' as State;
  const where: Record<State, string> = {
    value: 'looking for beginning of value', first: 'looking for beginning of value', key: 'looking for beginning of object key string',
    firstKey: 'looking for beginning of object key string', colon: 'after object key', after: '', end: 'after top-level value',
  };
  for (;;) {
    const start = scanner.lastIndex;
    const match = scanner.exec(text);
    if (match === null) {
      const rest = text.slice(start).trimStart();
      if (rest === '') return { problem: state === 'end' ? '' : TOO_SHORT, offset: text.length };
      if (/^"(?:[^"\\]|\\.)*$/s.test(rest) && !/[\x00-\x1f]/.test(rest)) return { problem: TOO_SHORT, offset: text.length };
      const word = ['true', 'false', 'null'].find((one) => state !== 'key' && one.startsWith(rest[0]!));
      if (word !== undefined && (state === 'value' || state === 'first')) {
        let same = 1;
        while (same < rest.length && rest[same] === word[same]) same += 1;
        if (same === rest.length) return { problem: TOO_SHORT, offset: text.length };
        return { problem: `invalid character ${shownCharacter(rest[same]!)} in literal ${word} (expecting ${shownCharacter(word[same]!)})`, offset: text.length - rest.length + same };
      }
      return { problem: `invalid character ${shownCharacter(rest[0]!)} ${problemPlace()}`, offset: text.length - rest.length };
    }
    const token = match[0].trimStart();
    const opens = token === '{' || token === '[';
    const isAllowed = state === 'value' ? opens || !'}],:'.includes(token) : state === 'first' ? token === ']' || opens || !'},:'.includes(token)
      : state === 'key' ? token.startsWith('"') : state === 'firstKey' ? token.startsWith('"') || token === '}' : state === 'colon' ? token === ':'
        : state === 'after' ? token === ',' || token === (stack.at(-1) === '{' ? '}' : ']') : false;
    if (!isAllowed) return { problem: `invalid character ${shownCharacter(token[0]!)} ${problemPlace()}`, offset: scanner.lastIndex - token.length };
    if (opens) {
      stack.push(token);
      state = token === '{' ? 'firstKey' : 'first';
    } else if (token === '}' || token === ']') {
      stack.pop();
      state = stack.length === 0 ? 'end' : 'after';
    } else if (token === ',') state = stack.at(-1) === '{' ? 'key' : 'value';
    else if (token === ':') state = 'value';
    else state = state === 'key' || state === 'firstKey' ? 'colon' : stack.length === 0 ? 'end' : 'after';
  }

  function problemPlace(): string {
    return state === 'after' ? stack.at(-1) === '{' ? 'after object key:value pair' : 'after array element' : where[state];
  }
}

function shownCharacter(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  const code = character.charCodeAt(0);
  const named: Record<number, string> = { 10: String.raw`\n`, 13: String.raw`\r`, 9: String.raw`\t` };
  return `'${named[code] ?? (code < 32 ? `\\x${code.toString(16).padStart(2, '0')}` : character)}'`;
}

/** The values of texts that stand one after the other; after what is wrong, nothing more. */
export function* jsonStream(text: string): Generator<{ readonly value: unknown } | { readonly problem: string }> {
  let line = 0;
  for (let rest = text; rest.trim() !== '';) {
    const { problem, offset } = jsonFault(rest);
    const isWhole = problem === '' || problem.endsWith('after top-level value');
    if (!isWhole) {
      yield { problem: problem === TOO_SHORT ? 'unexpected EOF' : `json: line ${line + rest.slice(0, offset).split('\n').length - 1}: ${problem}` };
      return;
    }
    yield { value: JSON.parse(rest.slice(0, offset)) as unknown };
    line += rest.slice(0, offset).split('\n').length - 1;
    rest = rest.slice(offset);
  }
}

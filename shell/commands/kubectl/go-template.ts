/** Go's text/template as far as -o go-template and `docker inspect --format` use it: fields, range, if, with, pipes and the usual functions. */
import { fromBase64, fromUtf8 } from '../../ports/bytes.ts';
import { toJson } from './json-writer.ts';
import { KubectlProblem } from './problem.ts';

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | { readonly kind: 'assign'; readonly name: string; readonly pipe: Pipe }
  | { readonly kind: 'range' | 'if' | 'with'; readonly names: readonly string[]; readonly pipe: Pipe; readonly body: Node[]; readonly otherwise: Node[] };
type Pipe = readonly (readonly string[])[];
interface Scope { readonly dot: unknown; readonly root: unknown; readonly variables: Map<string, unknown> }

export function goTemplate(text: string): (data: unknown) => string {
  const nodes = parseTemplate(text);
  return (data) => render(nodes, { dot: data, root: data, variables: new Map() });
}

function problem(message: string): KubectlProblem {
  return new KubectlProblem(`error parsing template: template: output:1: ${message}`);
}

function parseTemplate(text: string): Node[] {
  const root: Node[] = [];
  const open: { node: Extract<Node, { body: Node[] }>; isElse: boolean }[] = [];
  const into = (): Node[] => {
    const inner = open.at(-1);
    return inner === undefined ? root : inner.isElse ? inner.node.otherwise : inner.node.body;
  };
  let trimNext = false;
  for (const [, before = '', action] of text.matchAll(/([\s\S]*?)(?:\{\{([\s\S]*?)\}\}|$)/g)) {
    let piece = trimNext ? before.trimStart() : before;
    if (action?.startsWith('- ') === true) piece = piece.trimEnd();
    if (piece !== '') into().push({ kind: 'text', text: piece });
    if (action === undefined) break;
    trimNext = action.endsWith(' -');
    const code = action.replace(/^- /, '').replace(/ -$/, '').trim();
    if (code === '' ) throw problem('missing value for command');
    if (code.startsWith('/*')) continue;
    const block = /^(range|if|with)\s+(.*)$/s.exec(code);
    if (block !== null) {
      const names = /^((?:\$\w+\s*,\s*)?\$\w+)\s*:=\s*(.*)$/s.exec(block[2]!);
      const node = { kind: block[1] as 'range', names: names === null ? [] : names[1]!.split(',').map((name) => name.trim()), pipe: parsePipe(names === null ? block[2]! : names[2]!), body: [], otherwise: [] };
      into().push(node);
      open.push({ node, isElse: false });
    } else if (code === 'end') {
      if (open.pop() === undefined) throw problem('unexpected {{end}}');
    } else if (/^else\b/.test(code)) {
      const inner = open.at(-1);
      if (inner === undefined) throw problem('unexpected {{else}}');
      inner.isElse = true;
    } else {
      const assign = /^(\$\w+)\s*:?=\s*(.*)$/s.exec(code);
      into().push(assign === null ? { kind: 'print', pipe: parsePipe(code) } : { kind: 'assign', name: assign[1]!, pipe: parsePipe(assign[2]!) });
    }
  }
  if (open.length > 0) throw problem('unexpected EOF');
  return root;
}

function parsePipe(text: string): Pipe {
  const words = text.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)|\||[^\s|()]+/g) ?? [];
  const commands: string[][] = [[]];
  for (const word of words) {
    if (word === '|') commands.push([]);
    else commands.at(-1)!.push(word);
  }
  if (commands.some((command) => command.length === 0)) throw problem('missing value for command');
  for (const [first] of commands) if (/^[A-Za-z]\w*$/.test(first!) && FUNCTIONS[first!] === undefined && !/^(?:true|false|nil)$/.test(first!)) throw problem(`function "${first}" not defined`);
  return commands;
}

const FUNCTIONS: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> = {
  len: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys((value ?? {}) as object).length),
  index: (value, ...keys) => keys.reduce((inner: unknown, key) => (inner as Record<string, unknown> | undefined)?.[String(key)], value),
  eq: (one, ...others) => others.some((other) => one === other),
  ne: (one, other) => one !== other, lt: (one, other) => (one as number) < (other as number), le: (one, other) => (one as number) <= (other as number),
  gt: (one, other) => (one as number) > (other as number), ge: (one, other) => (one as number) >= (other as number),
  not: (value) => !isTrue(value), and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1), or: (...values) => values.find(isTrue) ?? values.at(-1),
  print: (...values) => values.map(text).join(''), println: (...values) => `${values.map(text).join(' ')}\n`, printf: (format, ...values) => printf(String(format), values),
  json: (value) => toJson(value, 0), join: (list, separator) => (Array.isArray(list) ? list.map(text).join(String(separator)) : ''), lower: (value) => String(value).toLowerCase(), upper: (value) => String(value).toUpperCase(),
  title: (value) => String(value).replace(/^./, (letter) => letter.toUpperCase()), split: (value, separator) => String(value).split(String(separator)), base64decode: (value) => fromUtf8(fromBase64(String(value)) ?? new Uint8Array(0)), exists: (value, ...keys) => keys.reduce((inner: unknown, key) => (inner as Record<string, unknown> | undefined)?.[String(key)], value) !== undefined,
};

function printf(format: string, values: readonly unknown[]): string {
  let at = 0;
  return format.replace(/%(-?\d*)([svdqt%])/g, (_, width: string, verb: string) => {
    if (verb === '%') return '%';
    const value = values[at++];
    const shown = verb === 'q' ? JSON.stringify(String(value)) : text(value);
    return width.startsWith('-') ? shown.padEnd(Number(width.slice(1))) : shown.padStart(Number(width || 0));
  });
}

function isTrue(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false;
  return typeof value !== 'object' || (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0);
}

function run(pipe: Pipe, scope: Scope): unknown {
  let value: unknown;
  for (const [at, command] of pipe.entries()) {
    const [first, ...rest] = command;
    const call = FUNCTIONS[first!];
    if (call === undefined) value = operand(first!, scope);
    else value = call(...rest.map((word) => operand(word, scope)), ...(at > 0 ? [value] : []));
  }
  return value;
}

function operand(word: string, scope: Scope): unknown {
  if (word.startsWith('"')) return JSON.parse(word) as string;
  if (word.startsWith('`')) return word.slice(1, -1);
  if (word.startsWith('(')) return run(parsePipe(word.slice(1, -1)), scope);
  if (/^-?\d+(?:\.\d+)?$/.test(word)) return Number(word);
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'nil') return null;
  const [head = '', ...fields] = word.split('.');
  let value: unknown = head === '' ? scope.dot : head === '$' ? scope.root : head.startsWith('$') ? scope.variables.get(head) : undefined;
  for (const field of fields) if (field !== '') value = (value as Record<string, unknown> | undefined | null)?.[field];
  return value;
}

function render(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'text': return node.text;
      case 'print': return text(run(node.pipe, scope));
      case 'assign':
        scope.variables.set(node.name, run(node.pipe, scope));
        return '';
      default: return block(node, scope);
    }
  }).join('');
}

function block(node: Extract<Node, { body: Node[] }>, scope: Scope): string {
  const value = run(node.pipe, scope);
  if (node.kind !== 'range') {
    const inner = node.kind === 'with' ? { ...scope, dot: value } : scope;
    if (node.names[0] !== undefined) inner.variables.set(node.names[0], value);
    return isTrue(value) ? render(node.body, inner) : render(node.otherwise, scope);
  }
  const entries: [unknown, unknown][] = Array.isArray(value) ? value.map((item, at) => [at, item]) : Object.entries((value ?? {}) as object).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return render(node.otherwise, scope);
  return entries.map(([key, item]) => {
    const [first, second] = node.names;
    if (second !== undefined) {
      scope.variables.set(first!, key);
      scope.variables.set(second, item);
    } else if (first !== undefined) scope.variables.set(first, item);
    return render(node.body, { ...scope, dot: item });
  }).join('');
}

/** fmt's %v. */
function text(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(text).join(' ')}]`;
  if (typeof value === 'object') return `map[${Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, field]) => `${name}:${text(field)}`).join(' ')}]`;
  return String(value);
}

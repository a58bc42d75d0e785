/**
 * JSONPath as Kubernetes has it: text with {expressions}, `range` and `end`, filters, slices, unions, recursive descent.
 * Read first: k8s.io/client-go/util/jsonpath (parser.go, jsonpath.go), https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
import { toJson } from './json-writer.ts';

export class JsonPathProblem extends Error {
  override readonly name = 'JsonPathProblem';
}

type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' } | { readonly kind: 'recursive' }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly step: number | undefined; readonly isIndex: boolean }
  | { readonly kind: 'filter'; readonly left: List; readonly operator: string; readonly right: List }
  | { readonly kind: 'union'; readonly lists: readonly List[] }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'list'; readonly list: List };
type List = readonly Step[];

export interface JsonPath { readonly steps: List }

export function parseJsonPath(text: string): JsonPath {
  const steps: Step[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    if (open < 0 || open > at) steps.push({ kind: 'text', text: text.slice(at, open < 0 ? undefined : open) });
    if (open < 0) break;
    const parser = new Parser(text, open + 1);
    steps.push({ kind: 'list', list: parser.action() });
    at = parser.at;
  }
  return { steps };
}

class Parser {
  private readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** Up to and including the closing brace. */
  action(): List {
    const steps: Step[] = [];
    for (;;) {
      const letter = this.text[this.at];
      if (letter === undefined) throw new JsonPathProblem('unclosed action');
      if (letter === '}') {
        this.at += 1;
        return steps;
      }
      this.step(steps);
    }
  }

  private step(steps: Step[]): void {
    const letter = this.text[this.at]!;
    const rest = this.text.slice(this.at);
    if (/\s/.test(letter) || letter === '@' || letter === '$') this.at += 1;
    else if (letter === '[') this.bracket(steps);
    else if (letter === '"' || letter === "'") steps.push({ kind: 'text', text: this.quoted(letter) });
    else if (rest.startsWith('..')) {
      steps.push({ kind: 'recursive' });
      this.at += 2;
      // A name may follow at once: ..image
      if (/[A-Za-z_*]/.test(this.text[this.at] ?? '')) this.field(steps);
    } else if (letter === '.') {
      this.at += 1;
      this.field(steps);
    } else if (/[-+\d]/.test(letter)) {
      const number = /^[-+]?\d+(?:\.\d+)?/.exec(rest);
      if (number === null) throw new JsonPathProblem(`cannot parse number ${letter}`);
      steps.push({ kind: 'constant', value: Number(number[0]) });
      this.at += number[0].length;
    } else if (/[A-Za-z]/.test(letter)) {
      const word = /^[A-Za-z0-9_]+/.exec(rest)![0];
      this.at += word.length;
      if (word === 'true' || word === 'false') steps.push({ kind: 'constant', value: word === 'true' });
      else steps.push({ kind: 'identifier', name: word });
    } else throw new JsonPathProblem(`unrecognized character in action: U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${letter}'`);
  }

  private field(steps: Step[]): void {
    let name = '';
    for (let letter = this.text[this.at]; letter !== undefined && !/[\s{}[\].,)(]/.test(letter); letter = this.text[this.at]) {
      if (letter === '\\') {
        this.at += 1;
        name += this.text[this.at] ?? '';
      } else name += letter;
      this.at += 1;
    }
    if (name === '*') steps.push({ kind: 'wildcard' });
    else if (name !== '') steps.push({ kind: 'field', name });
  }

  private quoted(quote: string): string {
    let value = '';
    for (this.at += 1; ; this.at += 1) {
      const letter = this.text[this.at];
      if (letter === undefined) throw new JsonPathProblem('unterminated quoted string');
      if (letter === quote) break;
      if (letter !== '\\') value += letter;
      else {
        this.at += 1;
        const escaped = this.text[this.at] ?? '';
        value += { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped;
      }
    }
    this.at += 1;
    return value;
  }

  /** [0], [1:2], [*], ['name'], [a,b], [?(@.x=="y")] */
  private bracket(steps: Step[]): void {
    const start = this.at;
    let depth = 0;
    let quote = '';
    for (; this.at < this.text.length; this.at += 1) {
      const letter = this.text[this.at]!;
      if (quote !== '') {
        if (letter === '\\') this.at += 1;
        else if (letter === quote) quote = '';
      } else if (letter === '"' || letter === "'") quote = letter;
      else if (letter === '[') depth += 1;
      else if (letter === ']' && --depth === 0) break;
    }
    if (this.at >= this.text.length) throw new JsonPathProblem('unterminated array');
    const inside = this.text.slice(start + 1, this.at);
    this.at += 1;
    const filter = /^\?\((.*)\)$/s.exec(inside);
    if (filter !== null) steps.push(filterOf(filter[1]!));
    else if (inside === '*') steps.push({ kind: 'wildcard' });
    else {
      const parts = splitOutside(inside, ',');
      if (parts.length > 1) steps.push({ kind: 'union', lists: parts.map((part) => bracketPart(part.trim())) });
      else steps.push(...bracketPart(inside.trim()));
    }
  }
}

function bracketPart(text: string): List {
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  if (quoted !== null) return [{ kind: 'field', name: quoted[2]!.replace(/\\(.)/g, '$1') }];
  const slice = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(text);
  if (slice === null || text === '') throw new JsonPathProblem(`invalid array index ${text}`);
  const number = (part: string | undefined): number | undefined => (part === undefined || part === '' ? undefined : Number(part));
  return [{ kind: 'slice', from: number(slice[1]), to: number(slice[2]), step: number(slice[3]), isIndex: !text.includes(':') }];
}

function filterOf(text: string): Step {
  const match = /^(.*?)(==|!=|>=|<=|<|>)(.*)$/s.exec(text);
  const side = (part: string): List => new Parser(`${part.trim()}}`, 0).action();
  if (match === null) return { kind: 'filter', left: side(text), operator: 'exists', right: [] };
  return { kind: 'filter', left: side(match[1]!), operator: match[2]!, right: side(match[3]!) };
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [''];
  let quote = '';
  for (const letter of text) {
    if (quote === '' && letter === separator) parts.push('');
    else {
      if (quote === '' && (letter === '"' || letter === "'")) quote = letter;
      else if (letter === quote) quote = '';
      parts[parts.length - 1] += letter;
    }
  }
  return parts;
}

// ---------------------------------------------------------------- evaluation

export interface EvaluateOptions { readonly allowMissing: boolean }

/** The lists of values of each top-level part; `range` bodies are flattened, as they print. */
export function evaluate({ steps }: JsonPath, data: unknown, { allowMissing }: EvaluateOptions = { allowMissing: true }): unknown[][] {
  const results: unknown[][] = [];
  run(steps, data, allowMissing, results, 0);
  return results;
}

/** Runs steps from `from` until `end` of this range or the last; answers where it stopped. */
function run(steps: List, data: unknown, allowMissing: boolean, results: unknown[][], from: number): number {
  for (let at = from; at < steps.length; at++) {
    const step = steps[at]!;
    if (step.kind !== 'list') {
      results.push(walk([step], [data], data, allowMissing));
      continue;
    }
    const [first, ...body] = step.list;
    if (first?.kind === 'identifier' && first.name === 'end') return at;
    if (first?.kind !== 'identifier' || first.name !== 'range') {
      results.push(walk(step.list, [data], data, allowMissing));
      continue;
    }
    let end = -1;
    for (const value of walk(body, [data], data, allowMissing)) end = run(steps, value, allowMissing, results, at + 1);
    if (end < 0) end = endOf(steps, at + 1);
    at = end;
  }
  return steps.length;
}

function endOf(steps: List, from: number): number {
  let depth = 1;
  for (let at = from; at < steps.length; at++) {
    const first = steps[at]!.kind === 'list' ? (steps[at] as { list: List }).list[0] : undefined;
    if (first?.kind !== 'identifier') continue;
    if (first.name === 'range') depth += 1;
    else if (first.name === 'end' && --depth === 0) return at;
  }
  return steps.length;
}

function walk(steps: List, start: readonly unknown[], root: unknown, allowMissing: boolean): unknown[] {
  let values: unknown[] = [...start];
  for (const step of steps) values = advance(step, values, root, allowMissing);
  return values;
}

function advance(step: Step, values: readonly unknown[], root: unknown, allowMissing: boolean): unknown[] {
  switch (step.kind) {
    case 'text': return [step.text];
    case 'constant': return [step.value];
    case 'list': return walk(step.list, values, root, allowMissing);
    case 'union': return step.lists.flatMap((list) => walk(list, values, root, allowMissing));
    case 'identifier': throw new JsonPathProblem(step.name === 'end' ? 'not in range, nothing to end' : `unrecognized identifier ${step.name}`);
    case 'wildcard': return values.flatMap(children);
    case 'recursive': return values.flatMap((value) => descend(value));
    case 'filter': return values.flatMap((value) => (Array.isArray(value) ? value : [])).filter((value) => passes(step, value, root));
    case 'field': {
      const found: unknown[] = [];
      let isAny = values.length === 0;
      for (const value of values) {
        if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, step.name)) {
          isAny = true;
          found.push((value as Record<string, unknown>)[step.name]);
        }
      }
      if (!isAny && !allowMissing) throw new JsonPathProblem(`${step.name} is not found`);
      return found;
    }
    case 'slice': return values.flatMap((value) => {
      if (!Array.isArray(value)) {
        if (value === null || value === undefined) return [];
        throw new JsonPathProblem(`${Array.isArray(value) ? '' : typeof value === 'object' ? 'map' : typeof value} is not array or slice`);
      }
      return sliceOf(value as readonly unknown[], step, allowMissing);
    });
  }
}

function sliceOf(list: readonly unknown[], { from, to, step = 1, isIndex }: Extract<Step, { kind: 'slice' }>, allowMissing: boolean): unknown[] {
  const { length } = list;
  if (isIndex) {
    const index = from! < 0 ? from! + length : from!;
    if (index < 0 || index >= length) {
      if (allowMissing && length === 0) return [];
      throw new JsonPathProblem(`array index out of bounds: index ${from}, length ${length}`);
    }
    return [list[index]];
  }
  const clamp = (index: number): number => Math.max(0, Math.min(length, index < 0 ? index + length : index));
  return list.slice(clamp(from ?? 0), clamp(to ?? length)).filter((_, at) => at % Math.max(1, step) === 0);
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return [...(value as readonly unknown[])];
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).toSorted().map((name) => (value as Record<string, unknown>)[name]);
}

function descend(value: unknown): unknown[] {
  const inner = children(value);
  return typeof value === 'object' && value !== null ? [value, ...inner.flatMap(descend)] : inner;
}

function passes({ left, operator, right }: Extract<Step, { kind: 'filter' }>, value: unknown, root: unknown): boolean {
  const [one] = walk(left, [value], root, true);
  if (operator === 'exists') return one !== undefined;
  if (one === undefined) return false;
  const [other] = walk(right, [value], root, true);
  if (other === undefined) return false;
  switch (operator) {
    case '==': return one === other;
    case '!=': return one !== other;
    case '<': return (one as number) < (other as number);
    case '>': return (one as number) > (other as number);
    case '<=': return (one as number) <= (other as number);
    default: return (one as number) >= (other as number);
  }
}

/** What kubectl prints: values of one part separated by spaces, maps and lists as JSON. */
export function printJsonPath(path: JsonPath, data: unknown, options: EvaluateOptions): string {
  return evaluate(path, data, options).map((values) => values.map(valueText).join(' ')).join('');
}

export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return '<nil>';
  return typeof value === 'object' ? toJson(value, 0) : String(value);
}

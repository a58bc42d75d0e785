/**
 * What a decoder says of a value that its field cannot hold. Up to 1.22 that is json-iterator, which tells the reader's place in the
 * text (vendor/github.com/json-iterator/go, iter.go ReportError); later it is sigs.k8s.io/json, which names the field.
 */
import { type WrongType } from '../api/decode.ts';
import { goTypeName, type Type } from '../api/schema.ts';
import { jsonKind } from './bodies.ts';

export function typeProblem(problem: WrongType, text: string, minor: number): string {
  return minor >= 23 ? modern(problem) : iterator(problem, text);
}

function modern({ steps, expected, found, message }: WrongType): string {
  if (message !== '') return message;
  const names = steps.flatMap((step) => (step.in === 'struct' ? [step.field.name] : step.in === 'map' ? [step.key] : []));
  const owner = [...steps].reverse().find((step) => step.in === 'struct');
  const where = owner === undefined ? `Go value of type ${goTypeName(expected)}` : `Go struct field ${owner.in === 'struct' ? owner.struct.name : ''}.${names.join('.')} of type ${goTypeName(expected)}`;
  const kind = jsonKind(found);
  return `json: cannot unmarshal ${kind === 'number' && expected.is === 'scalar' && expected.scalar.startsWith('int') ? `number ${String(found)}` : kind} into ${where}`;
}

function iterator(problem: WrongType, text: string): string {
  const { steps, expected, found } = problem;
  const start = offsetOf(text, problem);
  let chain = '';
  for (const step of steps) {
    if (step.in === 'struct') chain += `${step.struct.goPackage}.${step.struct.name}.${step.field.goName}: `;
    else if (step.in === 'list') chain += `${goTypeName(step.type)}: `;
  }
  // How far the reader had come when it gave up: past the first character, or past a whole value that is parsed on its own.
  let head = start + 1;
  let what: string;
  const first = text[start] ?? '';
  if (problem.message !== '') {
    // Quantities and times read themselves.
    what = expected.is === 'scalar' && expected.scalar !== 'bytes' ? `unmarshalerDecoder: ${problem.message}` : problem.message;
    head = endOfValue(text, start);
  } else {
    switch (expected.is) {
      case 'struct':
        what = `readObjectStart: expect { or n, but found ${first}`;
        break;
      case 'list':
        what = `${goTypeName(expected)}: decode slice: expect [ or n, but found ${first}`;
        break;
      case 'map':
        what = `ReadMapCB: expect { or n, but found ${first}`;
        break;
      case 'scalar': what = scalarProblem(expected, found, first, () => {
        // A number is read up to its point.
        head = typeof found === 'number' && !Number.isInteger(found) ? text.indexOf('.', start) : endOfValue(text, start);
      });
    }
  }
  return `${chain}${what}, error found in #${Math.min(10, head)} byte of ...|${text.slice(Math.max(0, head - 10), head + 10)}|..., bigger context ...|${text.slice(Math.max(0, head - 50), head + 50)}|...`;
}

function scalarProblem({ scalar }: Type & { is: 'scalar' }, found: unknown, first: string, readAll: () => void): string {
  switch (scalar) {
    case 'string':
    case 'bytes': return `ReadString: expects " or n, but found ${first}`;
    case 'bool':
      return `ReadBool: expect t or f, but found ${first}`;
    case 'int32':
    case 'int64':
      if (typeof found === 'number') {
        readAll();
        return Number.isInteger(found) ? `read${scalar === 'int32' ? 'Uint32' : 'Uint64'}: overflow` : 'assertInteger: can not decode float as int';
      }
      return `read${scalar === 'int32' ? 'Uint32' : 'Uint64'}: unexpected character: \ufffd`;
    case 'Quantity':
    case 'Time':
    case 'MicroTime':
    case 'IntOrString':
      readAll();
      return `unmarshalerDecoder: ${scalar === 'Quantity' ? "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        : `json: cannot unmarshal ${jsonKind(found)} into Go value of type ${scalar === 'IntOrString' ? 'int32' : 'string'}`}`;
    default: return `unexpected character ${first}`;
  }
}

/** Where in a JSON text the value of a path begins. */
function offsetOf(text: string, { steps }: WrongType): number {
  let at = skipSpace(text, 0);
  for (const step of steps) {
    const wanted = step.in === 'list' ? step.index : step.in === 'map' ? step.key : step.field.name;
    const isObject = text[at] === '{';
    at = skipSpace(text, at + 1);
    for (let index = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; index += 1) {
      let name: string | number = index;
      if (isObject) {
        const end = endOfValue(text, at);
        name = JSON.parse(text.slice(at, end)) as string;
        at = skipSpace(text, skipSpace(text, end) + 1);
      }
      if (name === wanted) break;
      at = skipSpace(text, endOfValue(text, at));
      if (text[at] === ',') at = skipSpace(text, at + 1);
    }
  }
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1;
  return at;
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (depth === 0 && (character === ',' || character === ':')) return at;
    if (depth === 0 && '"}]'.includes(text[at] ?? '')) return at + 1;
  }
  return text.length;
}

/** `--format`: which printer, with which attributes and columns. Read first: `gcloud topic formats`, `gcloud topic projections` */
import { Lexer, type ExpressionProblem } from './lexer.ts';
import { labelOf, type Key } from './keys.ts';
import { isTransform, type Call } from './transforms.ts';

export interface Column {
  readonly key: Key;
  readonly calls: readonly Call[];
  readonly label: string;
  readonly align: 'left' | 'right' | 'center';
  readonly sort: number | undefined;
  readonly isReversed: boolean;
  readonly isOptional: boolean;
  readonly hasOwnLabel: boolean;
}

export interface Format {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** undefined: the whole resource. */
  readonly columns: readonly Column[] | undefined;
}

export const formatNames = ['config', 'csv', 'default', 'diff', 'disable', 'flattened', 'get', 'json', 'list', 'multi', 'none', 'object', 'table', 'text', 'value', 'yaml'];

export class UnknownFormat extends Error {}

/** `defaults`: the command's own format, whose columns lend their transforms and labels to plain keys. */
export function parseFormat(text: string, defaults: Format | undefined): Format {
  const lexer = new Lexer(text.trim());
  lexer.skipSpace();
  const name = /^[a-z]*/.exec(lexer.text.slice(lexer.position))![0];
  lexer.position += name.length;
  if (name !== '' && !formatNames.includes(name)) throw new UnknownFormat(name);
  const attributes = new Map<string, string>();
  if (lexer.take('[', true) !== undefined) {
    for (;;) {
      lexer.skipSpace('name expected');
      if (lexer.take(']') !== undefined) break;
      if (lexer.take(',') !== undefined) continue;
      const attribute = lexer.token('],=') ?? '';
      attributes.set(attribute, lexer.take('=', true) === undefined ? '1' : (lexer.token('],') ?? ''));
    }
  }
  lexer.skipSpace();
  const columns = lexer.take('(', true) === undefined ? undefined : readColumns(lexer, defaults);
  lexer.skipSpace();
  if (!lexer.isAtEnd) throw lexer.problem('Unexpected tokens');
  return { name: name === '' ? (defaults?.name ?? 'table') : name, attributes, columns };
}

function readColumns(lexer: Lexer, defaults: Format | undefined): Column[] {
  const columns: Column[] = [];
  for (;;) {
    lexer.skipSpace();
    if (lexer.take(')') !== undefined) return columns;
    if (lexer.take(',') !== undefined) continue;
    columns.push(readColumn(lexer, defaults));
  }
}

function readColumn(lexer: Lexer, defaults: Format | undefined): Column {
  const { key, calls } = readKeyAndCalls(lexer);
  const given = new Map<string, string>();
  let isOptional = false;
  for (lexer.skipSpace(); lexer.take(':', true) !== undefined; lexer.skipSpace()) {
    const name = lexer.token(':,)=') ?? '';
    if (name === 'optional') isOptional = true;
    given.set(name, lexer.take('=', true) === undefined ? '' : (lexer.token(':,)') ?? ''));
  }
  if (!lexer.isAtEnd && !lexer.peek(',)')) throw unexpected(lexer);
  const like = calls.length === 0 ? defaults?.columns?.find((column) => sameKey(column.key, key)) : undefined;
  const sort = given.get('sort');
  const label = given.get('label');
  const align = given.get('align');
  return {
    key, calls: like?.calls ?? calls, label: label ?? like?.label ?? labelOf(key), hasOwnLabel: label !== undefined, align: align === 'right' || align === 'center' ? align : 'left', sort: sort === undefined ? undefined : Number(sort), isReversed: given.has('reverse'), isOptional,
  };
}

function unexpected(lexer: Lexer): ExpressionProblem {
  return lexer.problem('Expected ) in projection expression');
}

function sameKey(left: Key, right: Key): boolean {
  return left.length === right.length && left.every((part, at) => part === right[at]);
}

/** A key with its transforms: the last name before a parenthesis is a call. */
export function readKeyAndCalls(lexer: Lexer): { key: Key; calls: Call[] } {
  let key = lexer.key();
  const calls: Call[] = [];
  const start = lexer.position;
  while (lexer.take('(', true) !== undefined) {
    const name = key.at(-1);
    if (typeof name !== 'string' || !isTransform(name)) throw lexer.problem(`Unknown transform function ${String(name)}`, start);
    calls.push({ name, args: lexer.callArguments() });
    key = key.slice(0, -1);
    if (lexer.take('.', true) === undefined) break;
    const next = lexer.token('.[](){}|,:=!<>~');
    if (next === undefined) throw lexer.problem('Non-empty key name expected');
    key = [...key, next];
    if (!lexer.peek('(')) throw lexer.problem('Transform function expected');
  }
  return { key, calls };
}

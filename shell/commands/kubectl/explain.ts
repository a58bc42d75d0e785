/** `kubectl explain`: what a kind or a field of it is for (kubectl/pkg/explain). The server's tables are asked as they are, not as a document. */
import { descriptionOf, fieldOf, scalarSchema, structOfKind, type Field, type Struct, type Type } from '../../ports/kube.ts';
import { KubectlProblem } from './problem.ts';
import type { Command } from './session.ts';

const WIDTH = 80;

export const explain: Command = async (session) => {
  const { flags } = session;
  const [word, ...more] = flags.operands;
  if (word === undefined) throw new KubectlProblem('You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.');
  if (more.length > 0) throw new KubectlProblem('We accept only this format: explain RESOURCE');
  const [resource = '', ...path] = word.replace(/\.$/, '').split('.');
  const info = await (await session.discovery()).find(resource).catch((error: unknown) => {
    throw error instanceof KubectlProblem ? new KubectlProblem(error.message, { isWhole: true }) : error;
  });
  const apiVersion = flags.text('api-version') || (info.group === '' ? info.version : `${info.group}/${info.version}`);
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const { minor: minorText } = await (await session.api()).get('/version');
  const minor = parseInt(String(minorText), 10);
  const struct = structOfKind(group, version, info.kind);
  if (struct === undefined) throw new KubectlProblem(`couldn't find resource for "${apiVersion}, Kind=${info.kind}"`);
  const { type, field, owner } = lookUp(struct, path, minor);
  const write = (indent: number, line: string): void => session.out(line === '' ? '' : `${' '.repeat(indent)}${line}`);
  write(0, `KIND:     ${info.kind}`);
  write(0, `VERSION:  ${apiVersion}`);
  write(0, '');
  const inside = within(type);
  if (field !== undefined && !isRaw(inside)) {
    write(0, `${inside.is === 'struct' ? 'RESOURCE:' : 'FIELD:   '} ${path.at(-1)!} <${typeName(type)}>`);
    write(0, '');
  }
  write(0, 'DESCRIPTION:');
  const words = [...(field === undefined ? [] : [descriptionOf(owner, field.name)]), ...(type.is === 'list' || type.is === 'map' ? [''] : []), ownDescription(inside), ...(isRaw(inside) ? [ownDescription(inside)] : [])];
  for (const [index, text] of words.entries()) {
    if (text === '') continue;
    if (index > 0) write(0, '');
    for (const line of wrapped(text, WIDTH - 5)) write(5, line);
  }
  if (words.every((text) => text === '')) write(5, '<empty>');
  if (inside.is !== 'struct') return 0;
  write(0, '');
  write(0, 'FIELDS:');
  if (flags.is('recursive')) {
    recurse(inside.struct, 3, new Set(), minor, write);
    return 0;
  }
  for (const one of fieldsOf(inside.struct, minor)) {
    write(3, `${one.name}\t<${typeName(one.type)}>${one.isRequired ? ' -required-' : ''}`);
    for (const line of wrapped(descriptionOf(inside.struct, one.name), WIDTH - 5)) write(5, line);
    write(0, '');
  }
  return 0;
};

/** Lists and maps are walked through; a value that is none of these is the end, whatever is asked of it. */
function lookUp(struct: Struct, path: readonly string[], minor: number): { readonly type: Type; readonly field: Field | undefined; readonly owner: Struct } {
  let type: Type = { is: 'struct', struct, isPointer: false };
  let field: Field | undefined;
  let owner = struct;
  for (const name of path) {
    const inside = within(type);
    if (inside.is !== 'struct') break;
    const found = fieldOf(inside, name);
    if (found === undefined || found.sinceMinor > minor) throw new KubectlProblem(`field "${name}" does not exist`);
    [field, owner, type] = [found, inside.struct, found.type];
  }
  return { type, field, owner };
}

function fieldsOf(struct: Struct, minor: number): Field[] {
  return [...struct.fields.values()].filter(({ sinceMinor }) => sinceMinor <= minor).sort((one, other) => (one.name < other.name ? -1 : 1));
}

function within(type: Type): Type {
  return type.is === 'list' || type.is === 'map' ? within(type.item) : type;
}

function isRaw(type: Type): boolean {
  return type.is === 'scalar' && type.scalar === 'Raw';
}

/** What a type says of itself, whatever field has it. */
function ownDescription(type: Type): string {
  if (type.is === 'struct') return descriptionOf(type.struct);
  const [name, schema] = type.is === 'scalar' ? scalarSchema(type.scalar) : [undefined, undefined];
  return name === undefined ? '' : schema?.description ?? '';
}

function typeName(type: Type): string {
  switch (type.is) {
    case 'list': return `[]${typeName(type.item)}`;
    case 'map': return `map[string]${typeName(type.item)}`;
    case 'struct': return 'Object';
    case 'scalar': return isRaw(type) ? 'map[string]' : scalarSchema(type.scalar)[1].type ?? '';
  }
}

function recurse(struct: Struct, indent: number, above: ReadonlySet<Struct>, minor: number, write: (indent: number, line: string) => void): void {
  for (const { name, type } of fieldsOf(struct, minor)) {
    write(indent, `${name}\t<${typeName(type)}>`);
    const inside = within(type);
    if (inside.is === 'struct' && !above.has(inside.struct)) recurse(inside.struct, indent + 3, new Set([...above, inside.struct]), minor, write);
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

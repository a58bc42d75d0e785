/** -o FORMAT: json, yaml, name, jsonpath, custom-columns, go-template (cli-runtime genericclioptions). */
import type { Flags } from './flags.ts';
import { valueText, evaluate, JsonPathProblem, parseJsonPath, printJsonPath, type JsonPath } from './jsonpath.ts';
import { toJson } from './json-writer.ts';
import { resourceName, type ResourceInfo } from './discovery.ts';
import { KubectlProblem } from './problem.ts';
import { goTemplate } from './go-template.ts';
import { TABLE, TabWriter } from './tabwriter.ts';
import { toYaml } from './yaml-writer.ts';
import type { KubeObject } from './session.ts';
import type { Sys } from '../../../machine/sys.ts';

export interface Printed { readonly info: Pick<ResourceInfo, 'singular' | 'kind' | 'group'>; readonly object: KubeObject }

/** Prints one object, or a List; undefined: the format is a table for people ('' or 'wide'). */
export type Printer = (objects: readonly Printed[], isList: boolean) => string;

const FORMATS = 'custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml';

export async function printerFor(flags: Flags, sys: Pick<Sys, 'readText'>): Promise<Printer | undefined> {
  const word = flags.text('output');
  const equals = word.indexOf('=');
  const format = equals < 0 ? word : word.slice(0, equals);
  let argument = equals < 0 ? (flags.has('template') ? flags.text('template') : undefined) : word.slice(equals + 1);
  if (/-file$|^templatefile$/.test(format) && argument !== undefined) {
    const text = await sys.readText(argument);
    if (!text.ok) throw new KubectlProblem(`error reading --template ${argument}, open ${argument}: no such file or directory`);
    argument = text.value;
  }
  switch (format) {
    case '': case 'wide': return undefined;
    case 'json': return (objects, isList) => `${toJson(whole(objects, isList))}\n`;
    case 'yaml': return (objects, isList) => (isList ? toYaml(whole(objects, true)) : objects.map(({ object }) => toYaml(shown(object))).join('---\n'));
    case 'name': return (objects) => objects.map(({ info, object }) => `${resourceName(info)}/${object.metadata?.name}\n`).join('');
    case 'jsonpath': case 'jsonpath-file': case 'jsonpath-as-json': return jsonPathPrinter(format, argument, flags);
    case 'custom-columns': case 'custom-columns-file': return columnsPrinter(argument, flags, format.endsWith('file'));
    case 'go-template': case 'go-template-file': case 'template': case 'templatefile': {
      if (argument === undefined) throw new KubectlProblem(`template format specified but no template given`);
      const template = goTemplate(argument);
      return (objects, isList) => template(isList ? whole(objects, true) : shown(objects[0]!.object));
    }
    default: throw new KubectlProblem(`unable to match a printer suitable for the output format "${format}", allowed formats are: ${FORMATS}`);
  }
}

/** managedFields are for machines; 1.21 and later hide them, and so do we. */
function shown(object: KubeObject): KubeObject {
  if (object.metadata === undefined || !('managedFields' in object.metadata)) return object;
  const metadata = { ...object.metadata } as Record<string, unknown>;
  delete metadata['managedFields'];
  return { ...object, metadata: metadata as unknown as NonNullable<KubeObject['metadata']> };
}

function whole(objects: readonly Printed[], isList: boolean): unknown {
  if (!isList && objects.length === 1) return shown(objects[0]!.object);
  return { apiVersion: 'v1', items: objects.map(({ object }) => shown(object)), kind: 'List', metadata: { resourceVersion: '', selfLink: '' } };
}

function jsonPathPrinter(format: string, argument: string | undefined, flags: Flags): Printer {
  if (argument === undefined) throw new KubectlProblem('template format specified but no template given');
  const path = reading(`error parsing jsonpath ${argument}, `, () => parseJsonPath(argument));
  const allowMissing = flags.text('allow-missing-template-keys') !== 'false';
  return (objects, isList) => {
    const data = isList ? whole(objects, true) : shown(objects[0]!.object);
    return reading(`error executing jsonpath ${JSON.stringify(argument)}: Error executing template: `, () => (format === 'jsonpath-as-json' ? `${toJson(evaluate(path, data).flat())}\n` : printJsonPath(path, data, { allowMissing })));
  };
}

function reading<T>(before: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof JsonPathProblem) throw new KubectlProblem(`${before}${error.message}`);
    throw error;
  }
}

/** `NAME:.metadata.name,IP:.status.podIP`; in a file, a line of headings and a line of paths. */
function columnsPrinter(argument: string | undefined, flags: Flags, isFile: boolean): Printer {
  if (argument === undefined || argument === '') throw new KubectlProblem('custom-columns format specified but no custom columns given');
  const pairs = isFile ? fileColumns(argument) : argument.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0) throw new KubectlProblem(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return [part.slice(0, colon), part.slice(colon + 1)] as const;
  });
  const columns = pairs.map(([heading, path]) => ({ heading, path: columnPath(path) }));
  return (objects) => {
    const rows = objects.map(({ object }) => columns.map(({ path }) => {
      const values = reading('', () => evaluate(path, shown(object))).flat();
      return values.length === 0 ? '<none>' : values.map(valueText).join(',');
    }));
    const lines = [...(flags.is('no-headers') ? [] : [columns.map(({ heading }) => heading)]), ...rows];
    return `${new TabWriter(TABLE).format(lines.map((cells) => cells.join('\t')).join('\n'))}\n`;
  };
}

function fileColumns(text: string): [string, string][] {
  const [headings = '', paths = ''] = text.split('\n');
  const names = headings.trim().split(/\s+/);
  const expressions = paths.trim().split(/\s+/);
  if (names.length !== expressions.length) throw new KubectlProblem(`number of headers (${names.length}) and field specifications (${expressions.length}) don't match`);
  return names.map((name, at) => [name, expressions[at]!]);
}

/** RelaxedJSONPathExpression: braces and the leading dot may be left out. */
function columnPath(text: string): JsonPath {
  const inner = /^\{?\.?([^{}]*)\}?$/.exec(text);
  if (inner === null) throw new KubectlProblem(`unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`);
  return reading('', () => parseJsonPath(inner[1]!.startsWith('[') ? `{${inner[1]}}` : `{.${inner[1]}}`));
}

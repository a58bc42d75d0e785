/**
 * YAML as Kubernetes reads it: sigs.k8s.io/yaml over go-yaml v2, whose plain scalars are those of YAML 1.1 (`yes`, `on` and `y` are booleans, 0644 is
 * octal) and whose complaints are libyaml's. Read first: go-yaml v2 resolve.go, scannerc.go, decode.go (fail); sigs.k8s.io/yaml yaml.go
 */
import { isScalar, LineCounter, parseAllDocuments, visit, type ScalarTag, type YAMLError } from 'yaml';
import { base64Bytes } from './base64.ts';
import { isObject } from './values.ts';

/** What is wrong, as Go says it. */
export class YamlProblem extends Error {
  override readonly name = 'YamlProblem';
}

/** How much aliases may multiply; go-yaml looks at how many of its steps come from aliases. */
const MOST_ALIASES = 10_000;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

const tag = (name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({ tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve });
const scalarTags: readonly ScalarTag[] = [
  tag('null', /^(?:~|null|Null|NULL)?$/, () => null),
  tag('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, (text) => /^(?:y|t|on)/i.test(text)),
  tag('float', /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/, (text) => (/n$/i.test(text) ? NaN : text.startsWith('-') ? -Infinity : Infinity)),
  tag('int', /^(?:[-+]?[\d.]|[-+]$)/, numberOf),
  { tag: 'tag:yaml.org,2002:binary', resolve: binaryText },
];

/** `!!binary`: the text whose bytes are written in base64. */
function binaryText(text: string): string {
  const bytes = base64Bytes(text.replaceAll(/[\r\n]/g, ''));
  if (bytes === undefined) throw new YamlProblem('yaml: !!binary value contains invalid base64 data');
  return new TextDecoder().decode(bytes);
}

/** strconv.ParseInt with the base that the prefix tells, then ParseFloat; what is neither is text, as are dates. */
function numberOf(text: string): unknown {
  const plain = text.replaceAll('_', '');
  const [, sign = '', prefix = '', digits = ''] = /^([-+]?)(0x|0b|0o?)?(\w*)$/i.exec(plain) ?? [];
  const base = { '0x': '0x', '0b': '0b', '0': '0o', '0o': '0o', '': '' }[prefix.toLowerCase()]!;
  const isWhole = { '0x': /^[\da-f]+$/i, '0b': /^[01]+$/, '0o': /^[0-7]+$/, '': /^\d+$/ }[base]!.test(digits);
  if (isWhole) return (sign === '-' ? -1 : 1) * Number(`${base}${digits}`) || 0;
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain))) return Number(plain);
  return text;
}

/** The first document of a text, with the keys of its maps in order, as they are after a walk through Go's JSON. */
export function readGoYaml(text: string): unknown {
  if (CONTROL.test(text)) throw new YamlProblem('yaml: control characters are not allowed');
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { schema: 'failsafe', customTags: (tags) => [...tags, ...scalarTags], merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent', lineCounter: lines });
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined) return null;
  const [error] = document.errors;
  if (error !== undefined) throw new YamlProblem(`yaml: ${complaint(error, text, lines)}`);
  visit(document, { Pair: (_, { key, value }) => {
    if (isScalar(key) && key.value === null) throw new YamlProblem(`Unsupported map key of type: %!s(<nil>), key: <nil>, value: ${goSyntax((value as { toJS?(of: unknown): unknown } | null)?.toJS?.(document))}`);
    if (!isScalar(key) && key !== null && typeof key === 'object' && 'items' in key) throw new YamlProblem(`yaml: invalid map key: ${goSyntax((key as unknown as { toJS(of: unknown): unknown }).toJS(document))}`);
  } });
  try {
    return inOrder(document.toJS({ maxAliasCount: MOST_ALIASES }));
  } catch (problem) {
    if (!(problem instanceof ReferenceError)) throw problem;
    const unknown = /^Unresolved alias .*: (.*)$/.exec(problem.message)?.[1];
    throw new YamlProblem(unknown === undefined ? 'yaml: document contains excessive aliasing' : `yaml: unknown anchor '${unknown}' referenced`);
  }
}

/** A value with the keys of its objects in order. Numbers that JSON has no words for are refused. */
export function inOrder(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new YamlProblem(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, inOrder(value[key])]));
}

/** Go's %#v. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isObject(value)) return `map[interface {}]interface {}{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`;
  return value === null || value === undefined ? 'interface {}(nil)' : typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** libyaml's words, and the line: the scanner counts from one, the parser from nought. */
function complaint({ code, message, pos }: YAMLError, text: string, lines: LineCounter): string {
  const lineAt = (offset: number): number => lines.linePos(Math.min(offset, text.length)).line;
  const scanner = (words: string, offset: number = pos[0]): string => `line ${lineAt(offset)}: ${words}`;
  /** A key may not go on in the next line, which is where the scanner sees that no colon has come. */
  const colonless = (): string => `line ${lineAt(pos[0]) + 1}: could not find expected ':'`;
  const parser = (words: string): string => (lineAt(pos[0]) === 1 ? words : `line ${lineAt(pos[0]) - 1}: ${words}`);
  if (code === 'RESOURCE_EXHAUSTION') return scanner('exceeded max depth of 10000');
  if (/^Missing closing ['"]quote/.test(message)) return scanner('found unexpected end of stream');
  if (/^Anchor|^Alias cannot/.test(message)) return scanner('did not find expected alphabetic or numeric character');
  const flow = /(?:Flow|flow) (map|seq)/.exec(message)?.[1];
  switch (code) {
    case 'BAD_DQ_ESCAPE': return scanner('found unknown escape character');
    case 'BAD_SCALAR_START':
    case 'TAB_AS_INDENT': return scanner('found character that cannot start any token');
    case 'BLOCK_AS_IMPLICIT_KEY': {
      const colon = text.slice(pos[0]).search(/:(?=\s|$)/);
      return scanner('mapping values are not allowed in this context', pos[0] + Math.max(0, colon));
    }
    case 'MULTILINE_IMPLICIT_KEY': return colonless();
    case 'MISSING_CHAR':
      if (flow !== undefined) return parser(`did not find expected ',' or '${flow === 'map' ? '}' : ']'}'`);
      return /Implicit map keys/.test(message) ? colonless() : parser('did not find expected key');
    case 'BAD_INDENT':
      if (flow !== undefined) return parser(`did not find expected ',' or '${flow === 'map' ? '}' : ']'}'`);
      return parser(/sequence/.test(message) ? "did not find expected '-' indicator" : 'did not find expected key');
    default: return parser(/at node end/.test(message) ? 'did not find expected key' : 'did not find expected node content');
  }
}

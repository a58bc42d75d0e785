/** Bodies of requests: their size, their form, and what the real server says when they have neither. */
import { parseDocument } from 'yaml';
import { structNamed } from '../api/schema.ts';
import { badRequest, StatusError } from '../api/status.ts';
import { isObject, type JsonObject } from '../api/values.ts';
import type { ApiRequest } from './http.ts';
import { openEnvelope, protobufType, readMessage } from './protobuf.ts';

const mostBytes = 3_145_728;
/** Go gives up at 10,000; nobody writes a manifest of more than a few dozen. */
const deepest = 1000;

export function textOf(request: ApiRequest): string {
  if (request.body.length > mostBytes) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${mostBytes}`);
  }
  return new TextDecoder().decode(request.body);
}

export function mediaType(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

export const unsupportedMediaType = (): StatusError => new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

/** An object in JSON or YAML, or in the binary form of the struct. `wanted` is the kind that the path asks for, for the message. */
export function readObject(request: ApiRequest, wanted: string, struct?: string): JsonObject {
  if (mediaType(request) === protobufType && struct !== undefined) return readMessage(openEnvelope(request.body).raw, structNamed(struct));
  const text = textOf(request);
  const type = mediaType(request);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') throw unsupportedMediaType();
  const value = (type === 'application/yaml' ? readYaml(text, wanted) : readJson(text, wanted)) ?? {};
  if (!isObject(value)) throw unrecognized(text, wanted, `json: cannot unmarshal ${jsonKind(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`);
  return value;
}

function readJson(text: string, wanted: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unrecognized(text, wanted, jsonProblem(text));
  }
}

export function readYaml(text: string, wanted = 'object'): unknown {
  checkDepth(text);
  try {
    const document = parseDocument(text, { maxAliasCount: 100, uniqueKeys: false } as never);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (error instanceof ReferenceError) throw unrecognized(text, wanted, 'yaml: document contains excessive aliasing', true);
    const line = (error as { linePos?: { line: number }[] }).linePos?.[0]?.line;
    const problem = yamlWords[(error as { code?: string }).code ?? ''] ?? (error as Error).message.split(' at line ')[0]!.split('\n')[0]!;
    throw unrecognized(text, wanted, `yaml: ${line === undefined ? '' : `line ${line}: `}${problem}`, true);
  }
}

/** go-yaml's words for what our parser calls by a code. */
const yamlWords: Record<string, string> = {
  TAB_AS_INDENT: 'found character that cannot start any token', BAD_INDENT: 'did not find expected key', MISSING_CHAR: 'could not find expected \':\'',
  UNEXPECTED_TOKEN: 'did not find expected node content', BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
};

/** Brackets within brackets: refused before anything walks them. */
export function checkDepth(text: string): void {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isText) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) isText = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) throw badRequest('exceeded max depth');
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

export function unrecognized(text: string, wanted: string, problem: string, isYaml = false): StatusError {
  // Text that is no object is shown as the bytes it is.
  const isObjectLike = text.startsWith('{');
  const bytes = [...new TextEncoder().encode(text.slice(0, 31))].map((byte) => byte.toString(16).padStart(2, '0'));
  const whole = isObjectLike ? text.slice(0, 30) : bytes.slice(0, 30).join('');
  const shown = text === '' ? '<empty>' : text.length > 30 ? `${whole} ...` : whole;
  return badRequest(`the object provided is unrecognized (must be of type ${wanted}): ${isYaml ? '' : "couldn't get version/kind; json parse error: "}${problem} (${shown})`);
}

export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}

type State = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'after' | 'end';

/** What encoding/json of Go says of a text that is no JSON. */
export function jsonProblem(text: string): string {
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
      if (rest === '') return state === 'end' ? '' : 'unexpected end of JSON input';
      if (/^"(?:[^"\\]|\\.)*$/s.test(rest) && !/[\x00-\x1f]/.test(rest)) return 'unexpected end of JSON input';
      const word = ['true', 'false', 'null'].find((one) => state !== 'key' && one.startsWith(rest[0]!));
      if (word !== undefined && (state === 'value' || state === 'first')) {
        let same = 1;
        while (same < rest.length && rest[same] === word[same]) same += 1;
        if (same === rest.length) return 'unexpected end of JSON input';
        return `invalid character ${shownCharacter(rest[same]!)} in literal ${word} (expecting ${shownCharacter(word[same]!)})`;
      }
      return `invalid character ${shownCharacter(rest[0]!)} ${problemPlace()}`;
    }
    const token = match[0].trimStart();
    const opens = token === '{' || token === '[';
    const isAllowed = state === 'value' ? opens || !'}],:'.includes(token) : state === 'first' ? token === ']' || opens || !'},:'.includes(token)
      : state === 'key' ? token.startsWith('"') : state === 'firstKey' ? token.startsWith('"') || token === '}' : state === 'colon' ? token === ':'
        : state === 'after' ? token === ',' || token === (stack.at(-1) === '{' ? '}' : ']') : false;
    if (!isAllowed) return `invalid character ${shownCharacter(token[0]!)} ${problemPlace()}`;
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

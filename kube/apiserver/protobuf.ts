/**
 * Objects in Kubernetes' binary form, which newer clients send when they create something: `k8s\0`, then a runtime.Unknown around
 * the object's own message (apimachinery/pkg/runtime/serializer/protobuf). It is only read: answers are JSON, which every client takes.
 */
import { base64 } from '../api/base64.ts';
import type { Field, Scalar, Struct, Type } from '../api/schema.ts';
import { badRequest } from '../api/status.ts';
import type { JsonObject } from '../api/values.ts';
import { timestamp } from '../runtime.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

interface Part {
  readonly number: number;
  /** A number, or the bytes of text, message or list. */
  readonly value: bigint | Uint8Array;
}

const damaged = (): Error => badRequest('the body is not a protobuf message of Kubernetes');

function* partsOf(bytes: Uint8Array): Generator<Part> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw damaged();
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number, value: varint() };
        break;
      case 2: {
        const length = Number(varint());
        if (length < 0 || at + length > bytes.length) throw damaged();
        yield { number, value: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      default: throw damaged();
    }
  }
}

function textOf(value: bigint | Uint8Array | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}

/** The kind and version that the envelope names, and the object's own bytes. */
export function openEnvelope(body: Uint8Array): { readonly kind: string; readonly apiVersion: string; readonly raw: Uint8Array } {
  if (body.length < 4 || body[0] !== 0x6b || body[1] !== 0x38 || body[2] !== 0x73 || body[3] !== 0) throw damaged();
  let [kind, apiVersion, raw] = ['', '', new Uint8Array()];
  for (const { number, value } of partsOf(body.subarray(4))) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 2) raw = new Uint8Array(value);
    if (number === 1) {
      for (const part of partsOf(value)) {
        if (part.number === 1) apiVersion = textOf(part.value);
        if (part.number === 2) kind = textOf(part.value);
      }
    }
  }
  return { kind, apiVersion, raw };
}

/** The object as it would be in JSON. */
export function readMessage(bytes: Uint8Array, struct: Struct): JsonObject {
  return message(bytes, struct, '');
}

function message(bytes: Uint8Array, struct: Struct, prefix: string): JsonObject {
  const read: JsonObject = {};
  for (const { number, value } of partsOf(bytes)) {
    const path = `${prefix}${number}`;
    const field = fieldNumbered(struct, path);
    if (field !== undefined) read[field.name] = joined(read[field.name], value, field.type);
    // An embedded message: its fields are the struct's own.
    else if (value instanceof Uint8Array && [...struct.fields.values()].some((one) => one.number?.startsWith(`${path}.`) === true)) Object.assign(read, message(value, struct, `${path}.`));
  }
  return read;
}

function fieldNumbered(struct: Struct, number: string): Field | undefined {
  for (const field of struct.fields.values()) if (field.number === number) return field;
  return undefined;
}

/** Lists and maps come one item after the other. */
function joined(before: unknown, value: bigint | Uint8Array, type: Type): unknown {
  if (type.is === 'list') return [...(before as unknown[] | undefined ?? []), single(value, type.item)];
  if (type.is !== 'map') return single(value, type);
  let [key, item] = ['', undefined as unknown];
  for (const part of value instanceof Uint8Array ? partsOf(value) : []) {
    if (part.number === 1) key = textOf(part.value);
    if (part.number === 2) item = single(part.value, type.item);
  }
  return { ...(before as JsonObject | undefined), [key]: item ?? '' };
}

function single(value: bigint | Uint8Array, type: Type): unknown {
  if (type.is === 'struct') return value instanceof Uint8Array ? message(value, type.struct, '') : {};
  if (type.is === 'scalar') return scalar(value, type.scalar);
  // Lists of lists are wrapped; nothing that a client creates has them.
  throw damaged();
}

function scalar(value: bigint | Uint8Array, kind: Scalar): unknown {
  if (typeof value === 'bigint') return kind === 'bool' ? value !== 0n : Number(value);
  switch (kind) {
    case 'string': return textOf(value);
    case 'bytes': return base64(value);
    case 'Raw': return JSON.parse(textOf([...partsOf(value)][0]?.value) || 'null') as unknown;
    case 'Quantity': return textOf([...partsOf(value)][0]?.value);
    case 'IntOrString': {
      const parts = new Map([...partsOf(value)].map((part) => [part.number, part.value]));
      return parts.get(1) === 1n ? textOf(parts.get(3)) : Number(parts.get(2) ?? 0n);
    }
    case 'Time':
    case 'MicroTime': {
      const seconds = [...partsOf(value)].find(({ number }) => number === 1)?.value;
      return typeof seconds === 'bigint' ? timestamp(Number(seconds) * 1000) : null;
    }
    default: throw damaged();
  }
}

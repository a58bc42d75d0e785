/**
 * An OpenAPI document in the binary form that kubectl asks for: messages of gnostic's OpenAPIv2.proto
 * (github.com/googleapis/gnostic/openapiv2), as far as the document uses them.
 */
import type { OpenApiDocument, OpenApiOperation, OpenApiSchema } from '../api/openapi.ts';

/** Bytes come as lists of pieces, and are joined once. */
type Pieces = readonly Uint8Array[];

const utf8 = new TextEncoder();

export function encodeDocument({ swagger, info, paths, definitions }: OpenApiDocument): Uint8Array {
  return joined([
    ...text(1, swagger), ...message(2, [...text(1, info.title), ...text(2, info.version)]),
    ...message(8, Object.entries(paths).flatMap(([path, { patch }]) => message(2, [...text(1, path), ...message(2, message(8, operation(patch)))]))),
    ...message(9, namedSchemas(definitions)),
  ]);
}

function namedSchemas(schemas: Readonly<Record<string, OpenApiSchema>>): Pieces {
  return Object.entries(schemas).flatMap(([name, one]) => message(1, [...text(1, name), ...message(2, schema(one))]));
}

function schema(given: OpenApiSchema): Pieces {
  const { $ref, type, format, description, properties, required, items, additionalProperties, ...rest } = given;
  return [
    ...text(1, $ref), ...text(2, format), ...text(4, description), ...(required ?? []).flatMap((name) => text(19, name)),
    ...(additionalProperties === undefined ? [] : message(21, message(1, schema(additionalProperties)))),
    ...(type === undefined ? [] : message(22, text(1, type))), ...(items === undefined ? [] : message(23, message(1, schema(items)))),
    ...(properties === undefined ? [] : message(25, namedSchemas(properties))), ...extensions(31, rest),
  ];
}

function operation(given: OpenApiOperation): Pieces {
  const { operationId, parameters, responses, ...rest } = given;
  return [
    ...text(5, operationId),
    ...parameters.flatMap((one) => message(8, message(1, message(2, message(3, [...text(2, one.in), ...text(4, one.name), ...text(6, one.type), ...truth(20)]))))),
    ...message(9, Object.entries(responses).flatMap(([code, { description }]) => message(1, [...text(1, code), ...message(2, message(1, text(1, description)))]))),
    ...extensions(13, rest),
  ];
}

/** Each is a piece of YAML, of which JSON is a part. */
function extensions(number: number, given: Readonly<Record<string, unknown>>): Pieces {
  return Object.entries(given).flatMap(([name, value]) => message(number, [...text(1, name), ...message(2, text(2, `${JSON.stringify(value)}\n`))]));
}

function text(number: number, value: string | undefined): Pieces {
  return value === undefined ? [] : message(number, [utf8.encode(value)]);
}

function truth(number: number): Pieces {
  return [varint(number << 3), varint(1)];
}

function message(number: number, pieces: Pieces): Pieces {
  return [varint((number << 3) | 2), varint(pieces.reduce((sum, { length }) => sum + length, 0)), ...pieces];
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) {
      bytes.push(rest);
      return Uint8Array.from(bytes);
    }
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function joined(pieces: Pieces): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** /openapi/v2, in the form that is asked for. */
import { openApiDocument } from '../api/openapi.ts';
import { StatusError } from '../api/status.ts';
import { methodNotAllowed } from './call.ts';
import type { ApiAnswer, ApiRequest } from './http.ts';
import { encodeDocument } from './openapi-protobuf.ts';

type Form = 'binary' | 'json';

const binaryTypes = ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'];

/** A document is always the same for a version: made when it is first asked for. */
const made = new Map<string, Uint8Array>();

export function serveOpenApi(request: ApiRequest, minor: number): ApiAnswer {
  if (request.method !== 'GET') throw methodNotAllowed();
  const form = formOf(request.headers['accept'] ?? '');
  const key = `${minor} ${form}`;
  let body = made.get(key);
  if (body === undefined) {
    const document = openApiDocument(minor);
    body = form === 'binary' ? encodeDocument(document) : new TextEncoder().encode(JSON.stringify(document));
    made.set(key, body);
  }
  // The binary form is called a stream of bytes: its own name is none that Go can parse.
  return { status: 200, headers: { 'content-type': form === 'binary' ? 'application/octet-stream' : 'application/json', 'cache-control': 'no-cache, private' }, body };
}

function formOf(accept: string): Form {
  for (const clause of accept.split(',')) {
    const type = clause.split(';')[0]!.trim();
    if (binaryTypes.includes(type)) return 'binary';
    if (['', '*/*', 'application/*', 'application/json'].includes(type)) return 'json';
  }
  throw new StatusError(406, 'NotAcceptable', '406: Not Acceptable', {});
}

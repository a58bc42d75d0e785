/** Several requests in one: multipart/mixed with a request in each part. https://cloud.google.com/compute/docs/api/how-tos/batch */
import { concat, fromUtf8, utf8 } from '../../simulator/bytes.ts';
import type { CloudRequest, CloudResponse } from './http.ts';

const reasons: Readonly<Record<number, string>> = { 200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 409: 'Conflict', 412: 'Precondition Failed' };

/** Answers each part by `handle`, in order; undefined when the body is not a batch. */
export function handleBatch(request: CloudRequest, handle: (request: CloudRequest) => CloudResponse): CloudResponse | undefined {
  const body = fromUtf8(request.body ?? new Uint8Array(0));
  const boundary = /^--([^\r\n]+)/.exec(body)?.[1];
  if (boundary === undefined) return undefined;
  const answers = body.split(`--${boundary}`).slice(1, -1).map((part) => {
    const [head = '', requestHead = '', ...content] = part.replaceAll('\r\n', '\n').replace(/^\n/, '').split('\n\n');
    const id = /^content-id: *<?([^>\n]+)>?$/im.exec(head)?.[1] ?? '';
    const [method = 'GET', path = '/'] = requestHead.split('\n')[0]!.split(' ');
    const text = content.join('\n\n').trim();
    const response = handle({ method, path, ...(text === '' ? {} : { body: utf8(text) }) });
    const status = `HTTP/1.1 ${response.status} ${reasons[response.status] ?? 'Error'}`;
    return concat(utf8(`--batch_answer\r\nContent-Type: application/http\r\nContent-ID: <response-${id}>\r\n\r\n${status}\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: ${response.body.length}\r\n\r\n`), response.body, utf8('\r\n'));
  });
  return { status: 200, headers: { 'content-type': 'multipart/mixed; boundary=batch_answer' }, body: concat(...answers, utf8('--batch_answer--\r\n')) };
}

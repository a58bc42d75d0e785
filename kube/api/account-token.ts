/**
 * Tokens of service accounts: JSON Web Tokens (RFC 7519) that name the account. Nobody checks the signature, which is no more than a number:
 * a lab has nobody to keep out.
 */
import { base64, base64Bytes } from './base64.ts';

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

export function accountToken({ namespace, name }: Account, signature: Uint8Array): string {
  const part = (value: object): string => urlSafe(base64(new TextEncoder().encode(JSON.stringify(value))));
  const claims = { iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': namespace, 'kubernetes.io/serviceaccount/service-account.name': name, sub: `system:serviceaccount:${namespace}:${name}` };
  return `${part({ alg: 'RS256', kid: '' })}.${part(claims)}.${urlSafe(base64(signature))}`;
}

/** The account that a token names; undefined when it is no such token. */
export function accountOf(token: string): Account | undefined {
  const [, claims = ''] = token.split('.');
  const bytes = base64Bytes(`${claims.replaceAll('-', '+').replaceAll('_', '/')}${'='.repeat((4 - (claims.length % 4)) % 4)}`);
  const [, namespace, name] = /"sub":"system:serviceaccount:([-.a-z0-9]+):([-.a-z0-9]+)"/.exec(bytes === undefined ? '' : new TextDecoder().decode(bytes)) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

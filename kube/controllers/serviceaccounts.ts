/** Every namespace has a ServiceAccount called default, and every account a token (pkg/controller/serviceaccount). */
import { accountToken } from '../api/account-token.ts';
import { base64 } from '../api/base64.ts';
import { isTerminating, type ControllerContext } from './controller.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

const ROOT_CERTIFICATES = 'kube-root-ca.crt';
/** Nobody checks it: the simulated TLS has no certificates. */
const ROOT_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n';
const ACCOUNT = 'kubernetes.io/service-account.name';

export interface AccountOptions {
  /** Before Kubernetes 1.24 each account had a Secret that holds its token. */
  readonly hasTokenSecrets: boolean;
}

export function startServiceAccountController({ client, runtime }: ControllerContext, { hasTokenSecrets }: AccountOptions): void {
  const namespaces = new WorkQueue(runtime, (name) => {
    const namespace = client.find('namespaces', { name });
    if (namespace === undefined || isTerminating(namespace) || client.find('serviceaccounts', { namespace: name, name: 'default' }) !== undefined) return;
    client.create('serviceaccounts', { metadata: { name: 'default', namespace: name } });
  });
  const accounts = new WorkQueue(runtime, (key) => {
    const account = client.find('serviceaccounts', parseKey(key));
    if (account === undefined || isTerminating(account) || (account.secrets ?? []).length > 0) return;
    const { name, namespace, uid } = account.metadata;
    const secret = client.create('secrets', {
      metadata: { generateName: `${name}-token-`, namespace, annotations: { [ACCOUNT]: name, 'kubernetes.io/service-account.uid': uid } },
      type: 'kubernetes.io/service-account-token',
      data: { namespace: base64(utf8(namespace ?? '')), token: base64(utf8(accountToken({ namespace: namespace ?? '', name }, runtime.dice.bytes(24)))) },
    });
    client.edit('serviceaccounts', account.metadata, (draft) => void (draft.secrets = [{ name: secret.metadata.name }]));
  });
  // Their tokens come in a volume of the pod, with the certificates of the control plane (pkg/controller/certificates/rootcacertpublisher).
  const certificates = new WorkQueue(runtime, (name) => {
    const namespace = client.find('namespaces', { name });
    if (namespace === undefined || isTerminating(namespace) || client.find('configmaps', { namespace: name, name: ROOT_CERTIFICATES }) !== undefined) return;
    client.create('configmaps', { metadata: { name: ROOT_CERTIFICATES, namespace: name }, data: { 'ca.crt': ROOT_CERTIFICATE } });
  });
  client.watch('namespaces', {}, ({ object }) => {
    namespaces.add(object.metadata.name);
    if (!hasTokenSecrets) certificates.add(object.metadata.name);
  });
  if (!hasTokenSecrets) {
    client.watch('configmaps', {}, ({ type, object }) => {
      if (type === 'DELETED' && object.metadata.name === ROOT_CERTIFICATES) certificates.add(object.metadata.namespace ?? '');
    });
  }
  client.watch('serviceaccounts', {}, ({ type, object }) => {
    if (type === 'DELETED') namespaces.add(object.metadata.namespace ?? '');
    else if (hasTokenSecrets) accounts.add(keyOf(object));
  });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

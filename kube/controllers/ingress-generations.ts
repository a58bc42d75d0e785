/** How ingress controllers of two times differ: names, words of events, whether they hold on to an Ingress until its objects are gone. */
import type { ServiceBackendPort } from 'kubernetes-types/networking/v1';
import type { ApiClient } from '../client.ts';
import { firstScheme, secondScheme, type FrontNames, type IngressKey } from './ingress-names.ts';

export type IngressGenerationName = '1.3' | '1.20';
type Told = readonly [reason: string, message: string];

export interface IngressGeneration {
  readonly finalizer: string | undefined;
  /** Objects of the front have a description that names the Ingress. */
  readonly describes: boolean;
  /** A reserved address that is not there is an error; otherwise a new one is taken. */
  readonly insistsOnAddress: boolean;
  names(cluster: { readonly client: ApiClient; readonly clusterId: string }, key: IngressKey): FrontNames;
  portText(port: ServiceBackendPort): string;
  /** `changed` is told each time somebody has changed the Ingress. */
  readonly words: { added(key: string): Told; readonly changed: Told | undefined; made(kind: 'urlMap' | 'proxy' | 'rule', name: string): Told | undefined; address(ip: string): Told; problems(text: string): Told; failed(message: string): Told; removing(message: string): Told };
}

const kinds = { urlMap: 'UrlMap', proxy: 'TargetProxy', rule: 'ForwardingRule' } as const;

export const ingressGenerations: Readonly<Record<IngressGenerationName, IngressGeneration>> = {
  /** ingress-gce 1.3, of 2018. */
  '1.3': {
    finalizer: undefined, describes: false, insistsOnAddress: false,
    names: ({ clusterId }, key) => firstScheme(clusterId, key),
    portText: ({ name, number }) => name ?? String(number ?? 0),
    words: {
      added: (key) => ['ADD', key], changed: undefined, made: () => undefined, address: (ip) => ['CREATE', `ip: ${ip}`],
      problems: (text) => ['Sync', `Error during sync: error while evaluating the ingress spec: ${text}`], failed: (message) => ['Sync', `Error during sync: ${message}`], removing: (message) => ['GC', `Error during GC: ${message}`],
    },
  },
  /** ingress-gce 1.20, of 2022. Ports are shown as Go prints the message. */
  '1.20': {
    finalizer: 'networking.gke.io/ingress-finalizer-V2', describes: true, insistsOnAddress: true,
    names: ({ client }, key) => secondScheme(client.get('namespaces', { name: 'kube-system' }).metadata.uid, key),
    portText: ({ name = '', number = 0 }) => `&ServiceBackendPort{Name:${name},Number:${number},}`,
    words: {
      added: () => ['Sync', 'Scheduled for sync'], changed: ['Sync', 'Scheduled for sync'], made: (kind, name) => ['Sync', `${kinds[kind]} "${name}" created`], address: (ip) => ['IPChanged', `IP is now ${ip}`],
      problems: (text) => ['Translate', `Translation failed: invalid ingress spec: ${text}`], failed: (message) => ['Sync', `Error syncing to GCP: ${message}`], removing: (message) => ['GarbageCollection', `Error: ${message}`],
    },
  },
};

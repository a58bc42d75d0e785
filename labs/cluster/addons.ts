/** What Google puts into kube-system of every cluster: the Services that `kubectl cluster-info` lists, and what stands behind them. */
import type { Kinds } from '../../kube/api/kinds.ts';
import type { ApiClient } from '../../kube/client.ts';
import { ANETD_IMAGE, CALICO_IMAGE } from '../../kube/node/node.ts';
import type { Profile } from '../../kube/profiles/index.ts';

const NAMESPACE = 'kube-system';

interface Addon {
  readonly name: string;
  /** As cluster-info calls it. */
  readonly title: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: NonNullable<NonNullable<Kinds['services']['spec']>['ports']>;
  readonly type?: string;
  readonly clusterIp?: string;
  readonly deployment?: { readonly name: string; readonly replicas: number; readonly images: readonly (readonly [name: string, image: string, cpu: string])[] };
}

function addonsOf({ name, clusterDns }: Profile): readonly Addon[] {
  const dns: Addon = {
    name: 'kube-dns', title: 'KubeDNS', selector: { 'k8s-app': 'kube-dns' }, clusterIp: clusterDns,
    ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }, { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 }],
    deployment: { name: 'kube-dns', replicas: 2, images: [['kubedns', 'k8s.gcr.io/k8s-dns-kube-dns-amd64:1.14.10', '100m']] },
  };
  const backend: Addon = {
    name: 'default-http-backend', title: 'GLBCDefaultBackend', selector: { 'k8s-app': 'glbc' }, type: 'NodePort', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    deployment: { name: 'l7-default-backend', replicas: 1, images: [['default-http-backend', 'k8s.gcr.io/defaultbackend:1.3', '10m']] },
  };
  const metrics: Addon = {
    name: 'metrics-server', title: 'Metrics-server', selector: { 'k8s-app': 'metrics-server' }, ports: [{ port: 443, protocol: 'TCP', targetPort: 443 }],
    deployment: { name: 'metrics-server-v0.2.1', replicas: 1, images: [['metrics-server', 'k8s.gcr.io/metrics-server-amd64:v0.2.1', '48m']] },
  };
  const heapster: Addon = {
    name: 'heapster', title: 'Heapster', selector: { 'k8s-app': 'heapster' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 8082 }],
    deployment: { name: 'heapster-v1.5.3', replicas: 1, images: [['heapster', 'k8s.gcr.io/heapster-amd64:v1.5.3', '63m']] },
  };
  return name === '2018' ? [backend, heapster, dns, metrics] : [backend, dns, metrics];
}

export function installAddons(client: ApiClient, profile: Profile): void {
  if (profile.policy === 'calico') installCalico(client);
  if (profile.datapath === 'ebpf') installAnetd(client);
  for (const { name, title, selector, ports, type = 'ClusterIP', clusterIp, deployment } of addonsOf(profile)) {
    client.create('services', {
      metadata: { name, namespace: NAMESPACE, labels: { ...selector, 'addonmanager.kubernetes.io/mode': 'Reconcile', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': title } },
      spec: { type, selector, ports, ...(clusterIp === undefined ? {} : { clusterIP: clusterIp }) },
    });
    if (deployment === undefined) continue;
    const labels = { ...selector, 'kubernetes.io/cluster-service': 'true' };
    const object: Kinds['deployments'] = {
      metadata: { name: deployment.name, namespace: NAMESPACE, labels },
      spec: {
        replicas: deployment.replicas, selector: { matchLabels: { ...selector } },
        template: { metadata: { labels: { ...selector } }, spec: { containers: deployment.images.map(([container, image, cpu]) => ({ name: container, image, resources: { requests: { cpu } } })) } },
      },
    };
    client.create('deployments', object);
  }
}

/** cluster/addons/calico-policy-controller/calico-node-daemonset.yaml, without Typha, which stands between agents and the API server in large clusters. */
function installCalico(client: ApiClient): void {
  const labels = { 'k8s-app': 'calico-node' };
  client.create('serviceaccounts', { metadata: { name: 'calico', namespace: NAMESPACE, labels: { 'kubernetes.io/cluster-service': 'true', 'addonmanager.kubernetes.io/mode': 'Reconcile' } } });
  client.create('daemonsets', {
    metadata: { name: 'calico-node', namespace: NAMESPACE, labels: { ...labels, 'addonmanager.kubernetes.io/mode': 'Reconcile' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true, serviceAccountName: 'calico', terminationGracePeriodSeconds: 0, nodeSelector: { 'projectcalico.org/ds-ready': 'true' },
          containers: [{ name: 'calico-node', image: CALICO_IMAGE, securityContext: { privileged: true }, env: [['FELIX_DEFAULTENDPOINTTOHOSTACTION', 'ACCEPT'], ['FELIX_INTERFACEPREFIX', 'gke'], ['FELIX_IPV6SUPPORT', 'false'], ['CALICO_NETWORKING_BACKEND', 'none']].map(([name = '', value = '']) => ({ name, value })) }],
          tolerations: [{ effect: 'NoSchedule', operator: 'Exists' }, { effect: 'NoExecute', operator: 'Exists' }, { key: 'CriticalAddonsOnly', operator: 'Exists' }],
        },
      },
    },
  });
}

/** The agent of Dataplane V2 (https://cloud.google.com/kubernetes-engine/docs/concepts/dataplane-v2): the DaemonSet is GKE's, its label Cilium's. */
function installAnetd(client: ApiClient): void {
  const labels = { 'k8s-app': 'cilium' };
  client.create('serviceaccounts', { metadata: { name: 'cilium', namespace: NAMESPACE, labels: { 'addonmanager.kubernetes.io/mode': 'Reconcile' } } });
  client.create('daemonsets', {
    metadata: { name: 'anetd', namespace: NAMESPACE, labels: { ...labels, 'addonmanager.kubernetes.io/mode': 'Reconcile' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true, serviceAccountName: 'cilium', priorityClassName: 'system-node-critical', terminationGracePeriodSeconds: 1,
          containers: [{ name: 'cilium-agent', image: ANETD_IMAGE, command: ['cilium-agent'], args: ['--config-dir=/tmp/cilium/config-map'], securityContext: { privileged: true } }],
          tolerations: [{ operator: 'Exists' }],
        },
      },
    },
  });
}

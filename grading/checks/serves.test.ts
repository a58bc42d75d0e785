import { expect, it } from 'vitest';
import type { ConnectView, SocketView } from '../../contracts/observer.ts';
import type { Death } from '../../contracts/trace.ts';
import { judgeAssertion } from '../assertion.ts';
import { Look } from '../look.ts';
import { noPacket, scripted } from '../test-observer.ts';

const inPod = { machine: 'node', netns: 'web-1' };
const outside = { machine: 'laptop', netns: '' };
const service = {
  metadata: { name: 'web' },
  spec: { type: 'LoadBalancer', clusterIP: '10.43.0.9', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30001 }] },
  status: { loadBalancer: { ingress: [{ ip: '35.1.2.3' }] } },
};
const pod = (more: object = {}) => ({ metadata: { name: 'web-1', labels: { app: 'web', hash: '1' } }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...more } });
const listens: SocketView = { protocol: 'tcp6', state: 'LISTEN', localAddress: '::', localPort: 8080, peerAddress: '::', peerPort: 0, pid: 7 };
const died = (layer: Death['layer'], reason: string): ConnectView => ({ outcome: 'refused', request: noPacket, died: { cause: '', reason, at: { place: inPod }, layer } });
const rejected = died('filter', 'At OUTPUT in node: a rule rejected it (-A KUBE-SERVICES -m comment --comment "default/web: has no endpoints" -j REJECT).');

interface Told { services?: object[]; pods?: object[]; connect?: ConnectView }

it.each<[string, object, Told, string | true]>([
  ['it answers', {}, { connect: { outcome: 'connected', request: noPacket } }, true],
  ['there is none', {}, { services: [] }, 'There is no Service called web.'],
  ['the load balancer is being built', { door: 'loadBalancer' }, { services: [{ ...service, status: {} }] }, 'The load balancer is being built.'],
  ['nobody will build one', { door: 'loadBalancer' }, { services: [{ ...service, spec: { ...service.spec, type: 'NodePort' } }] }, 'The Service is of type NodePort: nobody builds a load balancer for it.'],
  ['no port on nodes', { door: 'nodePort', node: '10.0.0.2' }, { services: [{ ...service, spec: { clusterIP: '10.43.0.9', ports: [{ port: 80 }] } }] }, 'The Service is of type ClusterIP: nodes have no port for it.'],
  ['a network that does not lead there comes before pods', {}, { connect: died('route', 'No route.'), pods: [] }, 'No route.'],
  ['a label that no pod has', {}, { connect: rejected, services: [{ ...service, spec: { ...service.spec, selector: { app: 'wbe' } } }] }, 'The Service selects pods with app=wbe, and there is none; the pods have app=web.'],
  ['no pods at all', {}, { connect: rejected, pods: [] }, 'The Service selects pods with app=web, and there is none.'],
  ['a pod that is not ready', {}, { connect: rejected, pods: [pod({ phase: 'Pending', conditions: [], containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }] })] }, 'No pod with app=web is ready: web-1 is ErrImagePull.'],
  ['a port where the pod does not listen', {}, { connect: died('service', 'At eth0 in web-1: no socket is listening on TCP port 81.') }, 'The Service sends to port 81 of web-1, where nobody listens; it listens on 8080.'],
])('%s', async (_, fields, told, expected) => {
  const { passed, because } = await judged(fields, told);
  expect(passed ? true : because).toBe(expected);
});

it.each([
  ['clusterIP', {}, '10.43.0.9', 80],
  ['nodePort', { node: '10.0.0.2' }, '10.0.0.2', 30001],
  ['loadBalancer', {}, '35.1.2.3', 80],
])('calls %s', async (door, fields, host, port) => {
  const asked: object[] = [];
  await judged({ door, ...fields }, {}, (question) => asked.push(question));
  expect(asked).toEqual([{ from: outside, host, port, protocol: 'tcp' }]);
});

function judged(fields: object, { services = [service], pods = [pod()], connect = rejected }: Told, onCall: (question: object) => void = () => undefined): ReturnType<typeof judgeAssertion> {
  const look = new Look({
    ...scripted({}),
    objects: ({ kind }) => Promise.resolve({ atMs: 0, value: (kind === 'services' ? services : pods) as never }),
    sockets: () => Promise.resolve({ atMs: 0, value: [listens] }),
    connect: (question) => {
      onCall(question);
      return Promise.resolve({ atMs: 0, value: connect });
    },
  }, { outside });
  return judgeAssertion({ kind: 'serves', service: 'web', from: 'outside', ...fields }, look, 'c1');
}

/** A node that is cut off, as the rest of the cluster sees it. */
import { afterEach, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../simulator/bytes.ts';
import { nodeLab, type NodeLab } from './test-node.ts';

const HELLO = 'gcr.io/google-samples/hello-app:1.0';
let lab: NodeLab;
afterEach(() => expect(lab.faults).toEqual([]));

const ready = (): (string | undefined)[] => lab.client.list('nodes').map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.status);
const pods = (): string[] => lab.client.list('pods', { namespace: 'default' }).map(({ spec, metadata }) => `${spec?.nodeName ?? ''}${metadata.deletionTimestamp === undefined ? '' : ' terminating'}`).sort();
const addresses = (): number => lab.client.list('endpoints', { namespace: 'default' }).find(({ metadata }) => metadata.name === 'web')?.subsets?.[0]?.addresses?.length ?? 0;
const link = (isUp: boolean): void => {
  const { netlink } = lab.machines[0]!.kernel;
  const { index } = netlink.link(0, 'eth0')!;
  netlink.setLink(0, index, { up: isUp });
  if (!isUp) return;
  netlink.addRoute(0, { family: 'inet', destination: '10.142.0.1', prefixLength: 32, scope: 'link', nextHops: [{ device: index }] }, 'add');
  netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway: '10.142.0.1', device: index }] }, 'add');
};

describe('a node that is cut off', () => {
  it('is not ready after its grace period, loses its endpoints at once and its pods after five minutes, and takes part again when it is back', async () => {
    lab = await nodeLab({ nodes: 2 });
    lab.client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } });
    lab.client.create('deployments', { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: HELLO }] } } } });
    await lab.run(8);
    expect([ready(), pods(), addresses()]).toEqual([['True', 'True'], ['node-1', 'node-2'], 2]);
    link(false);
    const { metadata } = lab.client.list('pods', { namespace: 'default' }).find(({ spec }) => spec?.nodeName === 'node-1')!;
    const asked = (path: string): unknown => JSON.parse(fromUtf8(lab.server.handle({ method: 'GET', path: `/api/v1/namespaces/default/pods/${metadata.name}/${path}`, headers: {}, body: new Uint8Array() }).body!));
    expect(asked('log')).toMatchObject({ code: 500, message: `Get "https://10.142.0.8:10250/containerLogs/default/${metadata.name}/c": dial tcp 10.142.0.8:10250: i/o timeout` });
    expect(asked('exec?command=date&stdout=true')).toMatchObject({ code: 500, message: 'error dialing backend: dial tcp 10.142.0.8:10250: i/o timeout' });
    await lab.run(30);
    expect([ready(), addresses()]).toEqual([['True', 'True'], 2]);
    await lab.run(25);
    expect([ready(), pods(), addresses()]).toEqual([['Unknown', 'True'], ['node-1', 'node-2'], 1]);
    expect([...lab.nodes[0]!.runtime.containers.values()].filter(({ spec, state }) => spec.name === 'c' && state === 'running')).toHaveLength(1);
    await lab.run(310);
    expect([pods(), addresses()]).toEqual([['node-1 terminating', 'node-2', 'node-2'], 2]);
    link(true);
    await lab.run(60);
    expect([ready(), pods(), addresses()]).toEqual([['True', 'True'], ['node-2', 'node-2'], 2]);
    expect([...lab.nodes[0]!.runtime.containers.values()].filter(({ spec }) => spec.name === 'c')).toEqual([]);
  });
});

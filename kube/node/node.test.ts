import { describe, expect, it } from 'vitest';
import { nodeLab } from './test-node.ts';

describe('a node', () => {
  it('runs a pod', async () => {
    const lab = await nodeLab();
    lab.client.create('pods', { metadata: { name: 'hello', namespace: 'default' }, spec: { containers: [{ name: 'hello', image: 'gcr.io/google-samples/hello-app:1.0' }] } });
    await lab.run(10);
    console.log(lab.faults, JSON.stringify(lab.client.get('pods', { name: 'hello', namespace: 'default' }).status, null, 1), lab.events());
    console.log(await lab.ask(0, ['get', lab.podAddress('hello'), '8080']));
    console.log(lab.machines[0]!.processViews().map(({ pid, ppid, argv }) => `${pid} ${ppid} ${argv.join(' ')}`).join('\n'));
    expect(lab.faults).toEqual([]);
  });
});

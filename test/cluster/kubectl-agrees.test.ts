/**
 * The simulated kubectl says what a real one says (Debian's kubernetes-client, 1.20.2; KUBECTL names another program). Skipped, loudly, where there is
 * none; under CI that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestControllers } from '../../kube/controllers/test-controllers.ts';
import { badCommands, badFiles } from './bad-manifests.ts';
import { commands, files } from './kubectl-commands.ts';
import { fieldCommands, fieldFiles } from './field-manifests.ts';
import { drainCommands, drainFiles } from './drains.ts';
import { ingressCommands, ingressFiles, prepareIngresses } from './ingress-commands.ts';
import { measured, prepareMeasured, topCommands } from './top-commands.ts';
import { workloadCommands, workloadFiles } from './workload-commands.ts';
import { comparable, realKubectl, simulatedKubectl, type Kubectl } from './two-kubectls.ts';

const program = process.env['KUBECTL'] ?? 'kubectl';
const isThere = spawnSync(program, ['version', '--client']).status === 0;
if (!isThere && process.env['CI'] === '1') throw new Error('kubectl is missing: apt-get install kubernetes-client');
if (!isThere) console.warn('kubectl is missing (apt-get install kubernetes-client): the simulated one is not compared with it');

function prepare({ client, runtime }: TestControllers): void {
  client.create('deployments', {
    metadata: { name: 'hello-server', namespace: 'default', labels: { app: 'hello-server' } },
    spec: {
      replicas: 2, selector: { matchLabels: { app: 'hello-server' } },
      template: { metadata: { labels: { app: 'hello-server' } }, spec: { containers: [{ name: 'hello-server', image: 'gcr.io/google-samples/hello-app:1.0', ports: [{ containerPort: 8080 }], resources: { requests: { cpu: '100m', memory: '64Mi' } } }] } },
    },
  });
  client.create('services', { metadata: { name: 'hello-server', namespace: 'default', labels: { app: 'hello-server' } }, spec: { type: 'LoadBalancer', selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } });
  client.create('services', { metadata: { name: 'inside', namespace: 'default' }, spec: { selector: { app: 'other' }, ports: [{ name: 'http', port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }] } });
  client.create('configmaps', { metadata: { name: 'notes', namespace: 'default' }, data: { 'app.conf': 'one=1\ntwo=2\n' } });
  client.create('secrets', { metadata: { name: 'keys', namespace: 'default' }, type: 'Opaque', data: { password: 'aHVudGVyMg==' } });
  client.create('pods', { metadata: { name: 'stuck', namespace: 'default' }, spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'a', image: 'nginx:1', env: [{ name: 'COLOUR', value: 'red' }] }] } });
  runtime.run(20_000);
}

describe.skipIf(!isThere).each([
  { about: 'a cluster in use', made: { prepare }, given: { ...files, ...badFiles }, lines: [...commands, ...badCommands] },
  { about: 'fields that are wrong', made: { prepare: () => undefined }, given: fieldFiles, lines: fieldCommands },
  { about: 'workloads and rights', made: { prepare: () => undefined }, given: workloadFiles, lines: workloadCommands },
  { about: 'nodes made free', made: { prepare: () => undefined }, given: drainFiles, lines: drainCommands },
  { about: 'ingresses', made: { prepare: prepareIngresses }, given: ingressFiles, lines: ingressCommands },
  { about: 'what is used', made: { prepare: prepareMeasured, more: measured }, given: {}, lines: topCommands },
])('kubectl, real and simulated: $about', ({ made, given, lines }) => {
  let real: Kubectl;
  let simulated: Kubectl;
  beforeAll(async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    real = await realKubectl(program, given, nowMs, made);
    simulated = await simulatedKubectl(given, nowMs, made);
  }, 60_000);
  afterAll(() => real.close());

  test.each(lines)('%s', async (line) => {
    const wanted = comparable(await real.run(line));
    expect(comparable(await simulated.run(line))).toEqual(wanted);
  }, 60_000);
});

/**
 * Two clusters made alike, one for a real kubectl (Debian's kubernetes-client, 1.20.2, through a loopback port), one for the simulated kubectl on a
 * simulated machine. What changes one is done to the other, so that both answer from the same state.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../../host/apiserver/server.ts';
import type { ApiResponse } from '../../kube/apiserver/http.ts';
import type { ControllerOptions } from '../../kube/controllers/index.ts';
import { testControllers, type TestControllers } from '../../kube/controllers/test-controllers.ts';
import type { KubeRuntime } from '../../kube/runtime.ts';
import { apiEndpoint } from '../../labs/cluster/api-endpoint.ts';
import { imageFor } from '../../labs/images/index.ts';
import { createMachine } from '../../machine/machine.ts';
import { Scheduler } from '../../machine/scheduler.ts';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import { createWorld } from '../../simulator/index.ts';

export interface Outcome { readonly stdout: string; readonly stderr: string; readonly exit: number }

export interface Kubectl {
  run(line: string): Promise<Outcome>;
  close(): Promise<void>;
}

/** What the cluster has besides its nodes. */
export interface Made {
  readonly prepare: (cluster: TestControllers) => void;
  readonly more?: (runtime: KubeRuntime) => Partial<ControllerOptions>;
}

/** How old objects are when commands begin: of an age that is told in whole hours. */
const AGE_MS = 9.5 * 3_600_000;
const AT_MOST_MS = 30_000;

const kubeconfig = (server: string): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Config', preferences: {}, clusters: [{ name: 'lab', cluster: { server, 'insecure-skip-tls-verify': true } }], users: [{ name: 'learner', user: { token: 'secret' } }],
  contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'learner' } }, { name: 'system', context: { cluster: 'lab', user: 'learner', namespace: 'kube-system' } }], 'current-context': 'lab',
});

/** A cluster as old as it should be at `nowMs`. */
function agedCluster(nowMs: number, { prepare, more }: Made): TestControllers {
  const cluster = testControllers(undefined, nowMs - AGE_MS, more);
  prepare(cluster);
  cluster.runtime.run(nowMs - cluster.runtime.nowMs());
  return cluster;
}

export async function realKubectl(program: string, files: Readonly<Record<string, string>>, nowMs: number, made: Made): Promise<Kubectl> {
  const cluster = agedCluster(nowMs, made);
  const listener = await listen((request) => withoutManagedFields(cluster.server.handle(request)), 0);
  const home = mkdtempSync(join(tmpdir(), 'podwire-kubectl-'));
  for (const [name, text] of Object.entries({ ...files, config: kubeconfig(listener.url) })) writeFileSync(join(home, name), text);
  return {
    run: (line) => new Promise((resolve) => {
      const turn = setInterval(() => { cluster.runtime.run(100); }, 20);
      execFile('bash', ['-c', `kubectl() { "${program}" "$@"; }\n${line}`], { cwd: home, env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'config'), TZ: 'UTC' }, timeout: AT_MOST_MS }, (error, stdout, stderr) => {
        clearInterval(turn);
        cluster.runtime.run(5000);
        resolve({ stdout, stderr, exit: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1 });
      });
    }),
    async close() {
      await listener.close();
      rmSync(home, { recursive: true });
    },
  };
}

/** The simulated kubectl hides them, as the real one does since 1.21; a real server of 2018 did not have them. */
function withoutManagedFields(answer: ApiResponse): ApiResponse {
  if (answer.stream !== undefined || answer.headers['content-type'] !== 'application/json') return answer;
  const text = JSON.stringify(JSON.parse(fromUtf8(answer.body)), (name, value: unknown) => (name === 'managedFields' ? undefined : value));
  return { ...answer, body: utf8(text) };
}

export async function simulatedKubectl(files: Readonly<Record<string, string>>, nowMs: number, made: Made): Promise<Kubectl> {
  const cluster = agedCluster(nowMs, made);
  const world = createWorld({ seed: 1, epochUs: nowMs * 1000 });
  const scheduler = new Scheduler(world);
  const kernel = world.addKernel('cloudshell');
  const machine = createMachine({ world, kernel, scheduler, name: 'cloudshell', hostname: 'cloudshell', image: imageFor({ name: 'cloudshell', hostname: 'cloudshell', image: 'cloud-shell', devices: [], boot: [] }) });
  kernel.netlink.setLink(0, 1, { up: true });
  machine.runProgram({ argv: ['kube-apiserver'], env: new Map(), cwd: '/', program: apiEndpoint(cluster.server, 443, machine) });
  machine.putFile({ path: '/manifests' });
  for (const [name, text] of Object.entries({ ...files, config: kubeconfig('https://127.0.0.1') })) machine.putFile({ path: `/manifests/${name}`, content: text });
  await scheduler.runUntil(world.nowUs + 1_000_000);
  return {
    async run(line) {
      let stdout = '';
      let stderr = '';
      const handle = machine.run({
        argv: ['bash', '-c', line], cwd: '/manifests', uid: 0, env: new Map([['PATH', '/usr/sbin:/usr/bin:/sbin:/bin'], ['HOME', '/root'], ['KUBECONFIG', '/manifests/config'], ['TZ', 'UTC']]),
        stdout: (bytes) => (stdout += fromUtf8(bytes)), stderr: (bytes) => (stderr += fromUtf8(bytes)),
      });
      for (let passedMs = 0; handle.status === undefined && passedMs < AT_MOST_MS; passedMs += 100) {
        await scheduler.runUntil(world.nowUs + 100_000, { stopWhen: () => handle.status !== undefined });
        cluster.runtime.run(100);
      }
      cluster.runtime.run(5000);
      return { stdout, stderr, exit: handle.status?.kind === 'exited' ? handle.status.code : 124 };
    },
    close: () => Promise.resolve(),
  };
}

/** What may differ: addresses of the server, moments, young ages and the columns they move, versions that count writes. */
export function comparable({ stdout, stderr, exit }: Outcome): Outcome {
  return { stdout: told(stdout), stderr: told(stderr).replaceAll(/^[WI]\d{4} .*\n/gm, ''), exit };
}

function told(text: string): string {
  return text
    .replaceAll(/https?:\/\/127\.0\.0\.1(?::\d+)?/g, 'SERVER')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]+ [+-]\d{4}/g, 'MOMENT')
    .replaceAll(/(resourceVersion"?: *)"\d+"/g, '$1VERSION')
    .replaceAll(/(Resource Version: +)\d+/g, '$1VERSION')
    .replaceAll(/^.*(?:\b\d+[smh](?:\d+[smh])?\b|<invalid>).*$/gm, (line) => line.replaceAll(/\b\d+[smh](?:\d+[smh])?\b|<invalid>/g, 'AGE').replaceAll(/ +/g, ' '))
    .replaceAll(/^(?:NAME|NAMESPACE|LAST SEEN|REVISION) .*$/gm, (line) => line.replaceAll(/ +/g, ' '));
}

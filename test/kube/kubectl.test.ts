/**
 * A real kubectl against the API server (Debian's kubernetes-client, 1.20.2; KUBECTL names another). Skipped, loudly, where there is none;
 * under CI that is a failure.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveCluster, type ServedCluster } from './wall-clock.ts';

const program = process.env['KUBECTL'] ?? 'kubectl';
const isThere = spawnSync(program, ['version', '--client']).status === 0;
if (!isThere && process.env['CI'] === '1') throw new Error('kubectl is missing: apt-get install kubernetes-client');
if (!isThere) console.warn('kubectl is missing (apt-get install kubernetes-client): the API server is not tried with it');

let cluster: ServedCluster;
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: dirname(cluster.kubeconfig), KUBECONFIG: cluster.kubeconfig });

interface Outcome { readonly stdout: string; readonly stderr: string; readonly exit: number }

function kubectl(line: string | readonly string[], input?: string): Promise<Outcome> {
  const args = typeof line === 'string' ? line.split(' ') : [...line];
  return new Promise((resolve) => {
    const child = execFile(program, args, { env: environment(), timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr: stderr.replaceAll(/^(?:[WI]\d{4}|Warning:).*\n/gm, ''), exit: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1 });
    });
    child.stdin?.end(input ?? '');
  });
}

const deployment = JSON.stringify({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'hello-server' },
  spec: {
    replicas: 1, selector: { matchLabels: { app: 'hello-server' } },
    template: { metadata: { labels: { app: 'hello-server' } }, spec: { containers: [{ name: 'hello-server', image: 'gcr.io/google-samples/hello-app:1.0', ports: [{ containerPort: 8080 }] }] } },
  },
});

describe.skipIf(!isThere)('a real kubectl', () => {
  beforeAll(async () => {
    cluster = await serveCluster();
    const client = cluster.server.client();
    client.create('pods', { metadata: { namespace: 'default', name: 'web', labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1' }], nodeName: 'node-1' } });
    client.editStatus('pods', { namespace: 'default', name: 'web' }, (draft) => { draft.status = { phase: 'Running', podIP: '10.40.0.6', podIPs: [{ ip: '10.40.0.6' }] }; });
  });
  afterAll(() => cluster.listener.close());

  const steps: readonly (readonly [command: string | readonly string[], input: string | undefined, stdout: string, exit?: number, stderr?: string])[] = [
    ['apply -f -', deployment, 'deployment.apps/hello-server created\n'],
    ['apply -f -', deployment, 'deployment.apps/hello-server unchanged\n'],
    ['apply -f -', deployment.replace('"replicas":1', '"replicas":2'), 'deployment.apps/hello-server configured\n'],
    ['get deployment -o name', undefined, 'deployment.apps/hello-server\n'],
    [['patch', 'deployment', 'hello-server', '--patch', '{"spec":{"template":{"spec":{"containers":[{"name":"hello-server","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}}}'], undefined, 'deployment.apps/hello-server patched\n'],
    ['expose deployment hello-server --type LoadBalancer --port 80 --target-port 8080', undefined, 'service/hello-server exposed\n'],
    ['expose deployment hello-server --type LoadBalancer --port 80', undefined, '', 1, 'Error from server (AlreadyExists): services "hello-server" already exists\n'],
    ['scale deployment hello-server --replicas=3', undefined, 'deployment.apps/hello-server scaled\n'],
    ['get deployment hello-server -o jsonpath={.spec.replicas}', undefined, '3'],
    ['label pod web tier=front', undefined, 'pod/web labeled\n'],
    ['annotate pod web note=here', undefined, 'pod/web annotated\n'],
    ['get pods -l tier=front -o name', undefined, 'pod/web\n'],
    ['set image deployment/hello-server hello-server=nginx:2', undefined, 'deployment.apps/hello-server image updated\n'],
    ['rollout pause deployment hello-server', undefined, 'deployment.apps/hello-server paused\n'],
    ['create namespace blue', undefined, 'namespace/blue created\n'],
    ['create configmap notes --from-literal=a=1 -n blue', undefined, 'configmap/notes created\n'],
    ['get configmap notes -n blue -o jsonpath={.data}', undefined, '{"a":"1"}'],
    ['create service nodeport np --tcp=80:8080', undefined, 'service/np created\n'],
    ['auth can-i delete pods', undefined, 'yes\n'],
    ['apply --server-side -f -', deployment.replace('hello-server"},"spec"', 'applied"},"spec"'), 'deployment.apps/applied serverside-applied\n'],
    ['logs web', undefined, 'one\ntwo\nthree\n'],
    ['logs web --tail=1', undefined, 'three\n'],
    ['logs web -f', undefined, 'one\ntwo\nthree\nfour\n'],
    ['exec -i web -- cat', 'through the pod\n', 'through the pod\n'],
    ['exec web -- exit 7', undefined, '', 7, 'going\ncommand terminated with exit code 7\n'],
    ['attach -i web', 'to the pod\n', 'to the pod\n'],
    ['get bogus', undefined, '', 1, "error: the server doesn't have a resource type \"bogus\"\n"],
    ['get pod nope', undefined, '', 1, 'Error from server (NotFound): pods "nope" not found\n'],
    ['delete service hello-server', undefined, 'service "hello-server" deleted\n'],
    ['delete deployment hello-server', undefined, 'deployment.apps "hello-server" deleted\n'],
    ['delete pod web --grace-period=0 --force', undefined, 'pod "web" force deleted\n'],
  ];
  test('gets what it expects, command by command', async () => {
    for (const [command, input, stdout, exit = 0, stderr] of steps) {
      const outcome = await kubectl(command, input);
      const label = Array.isArray(command) ? command.join(' ') : command;
      expect({ command: label, stdout: outcome.stdout, exit: outcome.exit, ...(stderr === undefined ? { stderr: exit === 0 ? outcome.stderr : '' } : { stderr: outcome.stderr }) })
        .toEqual({ command: label, stdout, exit, stderr: stderr ?? outcome.stderr });
    }
  }, 120_000);

  test('moves bytes through port-forward, and hears of a refused connection', async () => {
    cluster.server.client().create('pods', { metadata: { namespace: 'default', name: 'shout' }, spec: { containers: [{ name: 'a', image: 'a:1' }], nodeName: 'node-1' } });
    cluster.server.client().editStatus('pods', { namespace: 'default', name: 'shout' }, (draft) => { draft.status = { phase: 'Running' }; });
    const child = spawn(program, ['port-forward', 'pod/shout', ':80'], { env: environment() });
    try {
      const port = await new Promise<number>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (data) => {
          text += String(data);
          const match = /127\.0\.0\.1:(\d+)/.exec(text);
          if (match !== null) resolve(Number(match[1]));
        });
        child.stderr.on('data', (data) => { reject(new Error(String(data))); });
      });
      const { connect } = await import('node:net');
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => { socket.write('hello there'); });
        socket.on('data', (data) => {
          resolve(String(data));
          socket.destroy();
        });
        socket.on('error', reject);
      });
      expect(answer).toBe('HELLO THERE');
    } finally {
      child.kill('SIGKILL');
    }
  }, 30_000);
});

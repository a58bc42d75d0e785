import { afterEach, describe, expect, it } from 'vitest';
import type { PodSpec } from 'kubernetes-types/core/v1';
import type { Program } from '../../machine/sys.ts';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import { isReason } from '../api/status.ts';
import type { ContainerStatus } from 'kubernetes-types/core/v1';
import { nodeLab, type NodeLab } from './test-node.ts';

const HELLO = 'gcr.io/google-samples/hello-app:1.0';
let lab: NodeLab;
afterEach(() => expect(lab.faults).toEqual([]));

function createPod(name: string, spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>, labels: Record<string, string> = {}): void {
  lab.client.create('pods', { metadata: { name, namespace: 'default', labels }, spec: spec as PodSpec });
}
const podOf = (name: string) => lab.client.find('pods', { name, namespace: 'default' });
const first = (name: string): ContainerStatus | undefined => podOf(name)?.status?.containerStatuses?.[0];
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const logOf = (): string => fromUtf8(lab.machines[0]!.readFileAt('/var/log/kube-proxy.log')!);

describe('a pod on a node', () => {
  it('is pulled, made, started and reported, with the events of each step', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    expect(lab.events('hello')).toEqual([`Normal Pulling Pulling image "${HELLO}"`, expect.stringMatching(/^Normal Pulled Successfully pulled image .* in [\d.]+m?s$/), 'Normal Created Created container hello', 'Normal Started Started container hello']);
    expect(podOf('hello')!.status).toMatchObject({ phase: 'Running', hostIP: '10.142.0.8', podIP: '10.40.0.2', qosClass: 'BestEffort', conditions: [{ type: 'Initialized', status: 'True' }, { type: 'Ready', status: 'True' }, { type: 'ContainersReady', status: 'True' }, { type: 'PodScheduled', status: 'True' }] });
    expect(first('hello')).toMatchObject({ ready: true, started: true, restartCount: 0, containerID: expect.stringMatching(/^docker:\/\/[0-9a-f]{64}$/), imageID: expect.stringMatching(/^docker-pullable:\/\/gcr\.io\/google-samples\/hello-app@sha256:[0-9a-f]{64}$/) });
    expect(bodyOf(await lab.ask(0, ['get', '10.40.0.2', '8080']))).toBe('Hello, world!\nVersion: 1.0.0\nHostname: hello\n');
  });

  it('has the network kubenet gives: a bridge port, a MAC of its address, a default route', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    const { netlink } = lab.machines[0]!.kernel;
    const { netns } = [...lab.nodes[0]!.runtime.sandboxes.values()].find(({ pod }) => pod.name === 'hello')!;
    const inside = netlink.link(netns, 'eth0')!;
    expect({ index: inside.index, mac: inside.mac, mtu: inside.mtu }).toEqual({ index: 3, mac: '0a:58:0a:28:00:02', mtu: 1460 });
    expect(netlink.routes(netns, 'inet', 254).map(({ destination, prefixLength, nextHops }) => `${destination}/${prefixLength} ${nextHops[0]!.gateway ?? ''}`)).toEqual(['0.0.0.0/0 10.40.0.1', '10.40.0.0/24 ']);
    const host = netlink.links(0).find(({ name }) => /^veth[0-9a-f]{8}$/.test(name))!;
    const bridge = netlink.link(0, 'cbr0')!;
    expect({ master: host.master, mac: bridge.mac, isPromiscuous: bridge.flags.includes('PROMISC'), mtu: bridge.mtu }).toEqual({ master: bridge.index, mac: '0a:58:0a:28:00:01', isPromiscuous: true, mtu: 1460 });
    expect(lab.machines[0]!.namedNetns()).toEqual([]);
  });

  it('gives back its address and leaves nothing when it is deleted', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    const linksBefore = lab.machines[0]!.kernel.netlink.links(0).length;
    lab.client.delete('pods', { name: 'hello', namespace: 'default' });
    await lab.run(2);
    expect(podOf('hello')).toBeUndefined();
    expect(lab.events('hello')).toContain('Normal Killing Stopping container hello');
    expect(lab.machines[0]!.kernel.netlink.links(0).length).toBe(linksBefore - 1);
    expect([...lab.nodes[0]!.runtime.containers.values()].map(({ spec }) => spec.name)).toEqual(['kube-proxy']);
    createPod('next', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    expect(lab.podAddress('next')).toBe('10.40.0.3');
  });

  it('is given its grace period when it does not listen to SIGTERM', async () => {
    lab = await nodeLab();
    createPod('deaf', { terminationGracePeriodSeconds: 7, containers: [{ name: 'deaf', image: 'alpine', command: ['sleep', '1000'] }] });
    await lab.run(4);
    lab.client.delete('pods', { name: 'deaf', namespace: 'default' });
    await lab.run(6);
    expect(first('deaf')?.state?.running).toBeDefined();
    await lab.run(2);
    expect(podOf('deaf')).toBeUndefined();
  });

  it('backs off from a container that ends again and again', async () => {
    lab = await nodeLab();
    createPod('crash', { containers: [{ name: 'crash', image: 'alpine:3.15', command: ['sleep', '1', '3'] }] });
    await lab.run(6);
    expect(first('crash')).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3, reason: 'Error' } } });
    await lab.run(3);
    expect(first('crash')!.state).toMatchObject({ waiting: { reason: 'CrashLoopBackOff', message: expect.stringMatching(/^back-off 10s restarting failed container=crash pod=crash_default\([-0-9a-f]{36}\)$/) } });
    await lab.run(12);
    expect(first('crash')!.restartCount).toBe(2);
    await lab.run(8);
    expect(first('crash')!.state!.waiting!.message).toContain('back-off 20s');
  });

  it('completes and stays so under restartPolicy Never and OnFailure', async () => {
    lab = await nodeLab();
    createPod('done', { restartPolicy: 'OnFailure', containers: [{ name: 'job', image: 'alpine:3.15', command: ['echo', 'hello', '$(WHO)'], env: [{ name: 'WHO', value: 'you' }] }] });
    createPod('failed', { restartPolicy: 'Never', containers: [{ name: 'job', image: 'alpine:3.15', command: ['sleep', '1', '4'] }] });
    await lab.run(6);
    expect([podOf('done')!.status!.phase, podOf('failed')!.status!.phase]).toEqual(['Succeeded', 'Failed']);
    expect(first('done')!.state!.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const target = { namespace: 'default', pod: 'done', uid: podOf('done')!.metadata.uid, nodeName: 'node-1', container: 'job' };
    let text = '';
    lab.nodes[0]!.streams.logs(target, { follow: false, previous: false, timestamps: false }, { write: (bytes) => void (text += fromUtf8(bytes)), end: () => void (text += '<end>') });
    await lab.run(0.1);
    expect(text).toBe('hello you\n<end>');
  });

  it('says what the registry says of an image that is not there', async () => {
    lab = await nodeLab();
    createPod('typo', { containers: [{ name: 'typo', image: 'gcr.io/google-samples/hello-app:9.9' }] });
    await lab.run(3);
    const error = 'rpc error: code = Unknown desc = Error response from daemon: manifest for gcr.io/google-samples/hello-app:9.9 not found: manifest unknown: Failed to fetch "9.9" from request "/v2/google-samples/hello-app/manifests/9.9".';
    expect(first('typo')!.state!.waiting).toEqual({ reason: 'ErrImagePull', message: error });
    expect(lab.events('typo').slice(1)).toEqual([`Warning Failed Failed to pull image "gcr.io/google-samples/hello-app:9.9": ${error}`, 'Warning Failed Error: ErrImagePull']);
    await lab.run(25);
    expect(first('typo')!.state!.waiting!.reason).toBe('ImagePullBackOff');
    expect(lab.events('typo').join('\n')).toContain('Normal BackOff Back-off pulling image "gcr.io/google-samples/hello-app:9.9"');
  });

  it('cannot start what is not in the image', async () => {
    lab = await nodeLab();
    createPod('lost', { containers: [{ name: 'lost', image: 'alpine:3.15', command: ['/bin/nothing'] }] });
    await lab.run(3);
    expect(lab.events('lost').join('\n')).toContain('Warning Failed Error: failed to start container "lost": Error response from daemon: OCI runtime create failed: container_linux.go:349: starting container process caused "exec: \\"/bin/nothing\\": stat /bin/nothing: no such file or directory": unknown');
    expect(JSON.stringify(first('lost'))).toContain('ContainerCannotRun');
  });

  it('waits for a ConfigMap it names', async () => {
    lab = await nodeLab();
    createPod('wants', { containers: [{ name: 'wants', image: 'alpine:3.15', command: ['sleep', '100'], envFrom: [{ configMapRef: { name: 'settings' } }] }] });
    await lab.run(3);
    expect(first('wants')!.state!.waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "settings" not found' });
    lab.client.create('configmaps', { metadata: { name: 'settings', namespace: 'default' }, data: { COLOUR: 'blue' } });
    await lab.run(13);
    expect(await lab.ask(0, ['env'], 'wants')).toContain('COLOUR=blue\n');
    expect(await lab.ask(0, ['env'], 'wants')).toContain('KUBERNETES_SERVICE_HOST=10.43.240.1\n');
    expect(await lab.ask(0, ['cat', '/etc/resolv.conf'], 'wants')).toBe('nameserver 10.43.240.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local c.lab.internal google.internal\noptions ndots:5\n');
  });

  it('runs init containers one after the other, first', async () => {
    lab = await nodeLab();
    createPod('staged', { initContainers: [{ name: 'one', image: 'alpine:3.15', command: ['sleep', '2'] }, { name: 'two', image: 'alpine:3.15', command: ['sleep', '2'] }], containers: [{ name: 'main', image: 'alpine:3.15', command: ['sleep', '100'] }] });
    await lab.run(4);
    expect(podOf('staged')!.status).toMatchObject({ phase: 'Pending', initContainerStatuses: [{ name: 'one', state: { terminated: { exitCode: 0 } }, ready: true }, { name: 'two', state: { running: {} } }], containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }] });
    await lab.run(5);
    expect(podOf('staged')!.status!.phase).toBe('Running');
  });

  it('shares its empty directories among its containers, and the node\'s own with them', async () => {
    const put: Program = async (sys) => {
      const [, path = '', text = ''] = sys.argv;
      const written = await sys.writeFile(path, utf8(text));
      if (!written.ok) await sys.write(2, utf8(written.error));
      return written.ok ? 0 : 1;
    };
    lab = await nodeLab({ containerPrograms: new Map([['/bin/put', put]]) });
    const [machine] = lab.machines;
    machine!.putFile({ path: '/opt/shared/motd', content: 'of the node\n' });
    createPod('pair', {
      volumes: [{ name: 'page', emptyDir: {} }, { name: 'node', hostPath: { path: '/opt/shared' } }, { name: 'memory', emptyDir: { medium: 'Memory' } }],
      initContainers: [{ name: 'writer', image: 'alpine:3.15', command: ['put', '/out/index.html', 'made before\n'], volumeMounts: [{ name: 'page', mountPath: '/out' }] }],
      containers: [{ name: 'main', image: 'alpine:3.15', command: ['sleep', '100'], volumeMounts: [{ name: 'page', mountPath: '/etc/page' }, { name: 'node', mountPath: '/mnt', readOnly: true }, { name: 'memory', mountPath: '/cache' }] }],
    });
    await lab.run(6);
    expect(await lab.ask(0, ['cat', '/etc/page/index.html'], 'pair')).toBe('made before\n');
    expect(await lab.ask(0, ['cat', '/mnt/motd'], 'pair')).toBe('of the node\n');
    expect(await lab.ask(0, ['put', '/mnt/more', 'x'], 'pair')).toBe('EROFS');
    expect(await lab.ask(0, ['cat', '/proc/mounts'], 'pair')).toContain('tmpfs /cache tmpfs rw,relatime 0 0\n');
    const path = `/var/lib/kubelet/pods/${podOf('pair')!.metadata.uid}`;
    expect(fromUtf8(machine!.readFileAt(`${path}/volumes/kubernetes.io~empty-dir/page/index.html`)!)).toBe('made before\n');
    lab.client.delete('pods', { name: 'pair', namespace: 'default' }, { gracePeriodSeconds: 1 });
    await lab.run(4);
    expect(machine!.tree.resolve(machine!.init, path).ok).toBe(false);
    expect(fromUtf8(machine!.readFileAt('/opt/shared/motd')!)).toBe('of the node\n');
    expect(machine!.tree.fileSystems.filter(({ target }) => target.startsWith('/var/lib/kubelet'))).toEqual([]);
  });
});

describe('probes', () => {
  it('are real connections: readiness follows the server', async () => {
    lab = await nodeLab();
    createPod('web', { containers: [{ name: 'web', image: HELLO, env: [{ name: 'PORT', value: '9000' }], readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 2, failureThreshold: 1 } }] });
    await lab.run(8);
    expect(first('web')!.ready).toBe(false);
    expect(lab.events('web').at(-1)).toContain('Warning Unhealthy Readiness probe failed: Get "http://10.40.0.2:8080/": dial tcp 10.40.0.2:8080: connect: connection refused');
    createPod('good', { containers: [{ name: 'good', image: HELLO, readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 2 } }] });
    await lab.run(8);
    expect(first('good')!.ready).toBe(true);
  });

  it('restart a container whose liveness fails', async () => {
    lab = await nodeLab();
    createPod('sick', { terminationGracePeriodSeconds: 1, containers: [{ name: 'sick', image: HELLO, livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 2 } }] });
    await lab.run(9);
    expect(lab.events('sick').join('\n')).toContain('Normal Killing Container sick failed liveness probe, will be restarted');
    expect(first('sick')!.restartCount).toBeGreaterThanOrEqual(1);
  });

  it('run commands in the container', async () => {
    lab = await nodeLab();
    createPod('exec', { containers: [{ name: 'exec', image: 'alpine:3.15', command: ['sleep', '100'], readinessProbe: { exec: { command: ['cat', '/etc/nothing'] }, periodSeconds: 1 } }] });
    await lab.run(6);
    expect(first('exec')!.ready).toBe(false);
    expect(lab.events('exec').at(-1)).toContain('Warning Unhealthy Readiness probe failed: ');
  });
});

describe('streams', () => {
  it('execute a command with input, output and exit code, or on a terminal', async () => {
    lab = await nodeLab();
    createPod('box', { containers: [{ name: 'box', image: 'alpine:3.15', command: ['sleep', '100'] }] });
    await lab.run(4);
    const target = { namespace: 'default', pod: 'box', uid: podOf('box')!.metadata.uid, nodeName: 'node-1', container: 'box' };
    const heard: string[] = [];
    const output = { stdout: (bytes: Uint8Array) => void heard.push(fromUtf8(bytes)), stderr: (bytes: Uint8Array) => void heard.push(`!${fromUtf8(bytes)}`), exit: (result: unknown) => void heard.push(JSON.stringify(result)) };
    const input = lab.nodes[0]!.streams.exec(target, { command: ['cat'], tty: false, stdin: true, stdout: true, stderr: true }, output);
    input.stdin(utf8('ping'));
    await lab.run(0.2);
    input.endStdin();
    await lab.run(0.2);
    expect(heard.splice(0)).toEqual(['ping', '{"exitCode":0}']);
    const terminal = lab.nodes[0]!.streams.exec(target, { command: ['cat'], tty: true, stdin: true, stdout: true, stderr: false }, output);
    await lab.run(0.1);
    terminal.stdin(utf8('hi\r'));
    await lab.run(0.2);
    terminal.stdin(utf8('\x04'));
    await lab.run(0.2);
    expect(heard.splice(0).join('')).toBe('hi\r\nhi\r\n{"exitCode":0}');
    lab.nodes[0]!.streams.exec(target, { command: ['vim'], tty: false, stdin: false, stdout: true, stderr: true }, output);
    await lab.run(0.1);
    expect(heard).toEqual(['OCI runtime exec failed: exec failed: container_linux.go:349: starting container process caused "exec: \\"vim\\": executable file not found in $PATH": unknown\n', '{"exitCode":126}']);
    expect(() => lab.nodes[0]!.streams.exec({ ...target, container: 'other' }, { command: ['cat'], tty: false, stdin: false, stdout: true, stderr: true }, output)).toThrow('container not found ("other")');
  });

  it('forward a port into the pod', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    let text = '';
    const target = { namespace: 'default', pod: 'hello', uid: podOf('hello')!.metadata.uid, nodeName: 'node-1' };
    const forward = (port: number) => lab.nodes[0]!.streams.portForward(target, port, { data: (bytes) => void (text += fromUtf8(bytes)), end: (message) => void (text += `<${message ?? ''}>`) });
    forward(8080).data(utf8('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    await lab.run(0.5);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Hostname: hello\n<>$/);
    text = '';
    forward(81);
    await lab.run(0.5);
    expect(text).toMatch(/^<error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to connect to localhost:81 inside namespace "[0-9a-f]{64}": dial tcp4 127\.0\.0\.1:81: connect: connection refused>$/);
  });

  it('refuse the log of what never ran', async () => {
    lab = await nodeLab();
    createPod('typo', { containers: [{ name: 'typo', image: 'gcr.io/google-samples/hello-app:9.9' }] });
    await lab.run(15);
    const target = { namespace: 'default', pod: 'typo', uid: podOf('typo')!.metadata.uid, nodeName: 'node-1', container: 'typo' };
    const ask = (): void => void lab.nodes[0]!.streams.logs(target, { follow: false, previous: false, timestamps: false }, { write: () => {}, end: () => {} });
    expect(ask).toThrow('container "typo" in pod "typo" is ');
    try {
      ask();
    } catch (cause) {
      expect(isReason(cause, 'BadRequest')).toBe(true);
    }
  });
});

describe('Services on nodes', () => {
  const service = (change: Record<string, unknown> = {}): void => void lab.client.create('services', { metadata: { name: 'hello-server', namespace: 'default' }, spec: { selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080, nodePort: 31830 }], type: 'NodePort', ...change } });
  const ready = async (nodes = 1): Promise<string> => {
    lab = await nodeLab({ nodes });
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] }, { app: 'hello-server' });
    service();
    await lab.run(5);
    return lab.client.get('services', { name: 'hello-server', namespace: 'default' }).spec!.clusterIP!;
  };

  it('are reached by cluster IP and NodePort, from the node, from another and from the pod itself', async () => {
    const clusterIp = await ready(2);
    const home = podOf('hello')!.spec!.nodeName === 'node-1' ? 0 : 1;
    const away = 1 - home;
    createPod('client', { nodeName: `node-${away + 1}`, containers: [{ name: 'client', image: 'alpine:3.15', command: ['sleep', '1000'] }] } as never);
    await lab.run(4);
    for (const node of [home, away]) {
      expect(bodyOf(await lab.ask(node, ['get', clusterIp, '80']))).toContain('Hostname: hello');
      for (const target of ['10.142.0.8', '10.142.0.9']) expect(bodyOf(await lab.ask(node, ['get', target, '31830']))).toContain('Hostname: hello');
    }
    expect(bodyOf(await lab.ask(away, ['get', clusterIp, '80'], 'client'))).toContain('Hostname: hello');
    // Hairpin: the pod's own request comes back to it.
    expect(bodyOf(await lab.ask(home, ['get', clusterIp, '80'], 'hello'))).toContain('Hostname: hello');
  });

  it('are held open and logged as the generation does it', async () => {
    const clusterIp = await ready();
    expect(logOf()).toMatch(new RegExp(`I0714 19:45:\\d\\d\\.\\d{6}       1 proxier\\.go:329\\] Adding new service port "default/hello-server:" at ${clusterIp}:80/TCP\\nI0714 19:45:\\d\\d\\.\\d{6}       1 proxier\\.go:1754\\] Opened local port "nodePort for default/hello-server:" \\(:31830/tcp\\)\\n`));
    const listener = lab.machines[0]!.kernel.sockets.sockets(0).find(({ local, state }) => local.port === 31830 && state === 'LISTEN')!;
    const owner = [...lab.machines[0]!.processes.values()].find(({ sockets }) => sockets.has(listener.id))!;
    expect({ family: listener.family, owner: owner.name }).toEqual({ family: 'inet6', owner: 'kube-proxy' });
    lab.client.delete('services', { name: 'hello-server', namespace: 'default' });
    await lab.run(3);
    expect(logOf()).toContain('Removing service port "default/hello-server:"');
    expect(lab.machines[0]!.kernel.sockets.sockets(0).some(({ local }) => local.port === 31830)).toBe(false);
  });

  it('are written again a minute after somebody flushed the rules', async () => {
    const clusterIp = await ready();
    const { netfilter } = lab.machines[0]!.kernel;
    netfilter.deleteTable(0, 'inet', 'nat');
    expect(await lab.ask(0, ['get', clusterIp, '80'])).not.toContain('Hostname');
    await lab.run(65);
    expect(bodyOf(await lab.ask(0, ['get', clusterIp, '80']))).toContain('Hostname: hello');
  });

  it('keep working, but no longer change, while kube-proxy is down; it comes back', async () => {
    const clusterIp = await ready();
    const proxy = (): { post(signal: 'KILL'): void } | undefined => [...lab.machines[0]!.processes.values()].find(({ name }) => name === 'kube-proxy');
    proxy()!.post('KILL');
    await lab.run(5);
    // Once more: now the kubelet waits before it starts it again.
    proxy()!.post('KILL');
    await lab.run(0.2);
    const late = lab.client.create('services', { metadata: { name: 'late', namespace: 'default' }, spec: { selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080 }] } }).spec!.clusterIP!;
    await lab.run(1);
    expect(bodyOf(await lab.ask(0, ['get', clusterIp, '80']))).toContain('Hostname: hello');
    expect(await lab.ask(0, ['get', late, '80'])).not.toContain('Hostname');
    expect(proxy()).toBeUndefined();
    await lab.run(15);
    expect(proxy()).toBeDefined();
    expect(bodyOf(await lab.ask(0, ['get', late, '80']))).toContain('Hostname: hello');
    expect(lab.client.get('pods', { name: 'kube-proxy-node-1', namespace: 'kube-system' }).status!.containerStatuses![0]!.restartCount).toBe(2);
  });

  it('keep working, but no longer change, while kube-proxy is stopped; it catches up when it goes on', async () => {
    const clusterIp = await ready();
    const proxy = [...lab.machines[0]!.processes.values()].find(({ name }) => name === 'kube-proxy')!;
    proxy.post('STOP');
    const late = lab.client.create('services', { metadata: { name: 'late', namespace: 'default' }, spec: { selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080 }] } }).spec!.clusterIP!;
    await lab.run(5);
    expect(bodyOf(await lab.ask(0, ['get', clusterIp, '80']))).toContain('Hostname: hello');
    expect(await lab.ask(0, ['get', late, '80'])).not.toContain('Hostname');
    proxy.post('CONT');
    await lab.run(2);
    expect(bodyOf(await lab.ask(0, ['get', late, '80']))).toContain('Hostname: hello');
  });

  it('say on the health check port how many endpoints a node has, under the policy Local', async () => {
    lab = await nodeLab({ nodes: 2 });
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] }, { app: 'hello-server' });
    service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    await lab.run(6);
    const home = podOf('hello')!.spec!.nodeName === 'node-1' ? 0 : 1;
    const port = String(lab.client.get('services', { name: 'hello-server', namespace: 'default' }).spec!.healthCheckNodePort!);
    expect(await lab.ask(home, ['get', '127.0.0.1', port])).toMatch(/^HTTP\/1\.1 200 OK[^]*"localEndpoints": 1/);
    expect(await lab.ask(1 - home, ['get', '127.0.0.1', port])).toMatch(/^HTTP\/1\.1 503 Service Unavailable[^]*"localEndpoints": 0/);
  });
});

describe('a node at rest', () => {
  it('costs little: two idle hours', async () => {
    lab = await nodeLab({ nodes: 3 });
    for (let index = 0; index < 6; index += 1) createPod(`hello-${index}`, { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(20);
    const before = lab.client.list('events').length;
    await lab.run(7200);
    expect(lab.client.list('pods').every(({ status }) => status?.phase === 'Running')).toBe(true);
    expect(lab.client.list('events').length).toBeLessThanOrEqual(before);
  });

  it('keeps its static pods when their mirrors are deleted', async () => {
    lab = await nodeLab();
    const key = { name: 'kube-proxy-node-1', namespace: 'kube-system' };
    const { uid } = lab.client.get('pods', key).metadata;
    const { pid } = [...lab.machines[0]!.processes.values()].find(({ name }) => name === 'kube-proxy')!;
    lab.client.delete('pods', key);
    await lab.run(4);
    expect(lab.client.get('pods', key).metadata.uid).not.toBe(uid);
    expect([...lab.machines[0]!.processes.values()].find(({ name }) => name === 'kube-proxy')!.pid).toBe(pid);
  });

  it('is looked after again when its kubelet comes back', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    const kubelet = (): number | undefined => [...lab.machines[0]!.processes.values()].find(({ name }) => name === 'kubelet')?.pid;
    lab.machines[0]!.processes.get(kubelet()!)!.post('KILL');
    await lab.run(1);
    expect(kubelet()).toBeUndefined();
    createPod('late', { nodeName: 'node-1', containers: [{ name: 'hello', image: HELLO }] });
    lab.client.delete('pods', { name: 'hello', namespace: 'default' });
    await lab.run(3);
    expect([podOf('late')!.status?.containerStatuses, podOf('hello')!.metadata.deletionTimestamp === undefined]).toEqual([undefined, false]);
    await lab.run(15);
    expect([first('late')?.ready, podOf('hello')]).toEqual([true, undefined]);
  });

  it('ends with its machine, for good', async () => {
    lab = await nodeLab();
    createPod('hello', { containers: [{ name: 'hello', image: HELLO }] });
    await lab.run(4);
    lab.nodes[0]!.kubelet.stop();
    await lab.run(60);
    expect([...lab.machines[0]!.processes.values()].map(({ name }) => name)).toEqual(['systemd', 'dockerd', 'docker-containe', 'kubelet']);
    expect(lab.client.get('nodes', { name: 'node-1' }).status!.conditions!.find(({ type }) => type === 'Ready')!.status).toBe('Unknown');
  });
});

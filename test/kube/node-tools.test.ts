/** docker, crictl, nsenter and toolbox on a node, with the tools learners have. */
import { afterEach, describe, expect, it } from 'vitest';
import { nodeLab, type LabOptions, type NodeLab } from '../../kube/node/test-node.ts';
import { debianFiles } from '../../machine/files/base-tree.ts';
import type { Program } from '../../machine/sys.ts';
import { bash } from '../../shell/bash/bash.ts';
import { toProgram } from '../../shell/commands/define.ts';
import { commands } from '../../shell/commands/index.ts';
import { fromUtf8 } from '../../simulator/bytes.ts';

const every: ReadonlyMap<string, Program> = new Map([['/usr/bin/bash', bash] as const, ...commands.flatMap((command) => [command.name, ...(command.aliases ?? [])].map((name) => [`/usr/bin/${name}`, toProgram(command)] as const))]);
const IMAGE = 'gcr.io/google-samples/hello-app:1.0';
let lab: NodeLab;
afterEach(() => expect(lab.faults).toEqual([]));

async function open(options: LabOptions = {}): Promise<void> {
  lab = await nodeLab({ programs: every, containerPrograms: every, ...options });
  lab.client.create('pods', { metadata: { name: 'hello', namespace: 'default' }, spec: { containers: [{ name: 'hello-server', image: IMAGE, securityContext: { capabilities: { add: ['NET_ADMIN'] } } }] } });
  await lab.run(5);
}

async function run(line: string, uid = 0): Promise<string> {
  let text = '';
  const handle = lab.machines[0]!.run({ argv: ['bash', '-c', line], env: new Map([['PATH', '/usr/sbin:/usr/bin:/sbin:/bin'], ['HOME', '/root']]), cwd: '/', uid, stdout: (bytes) => (text += fromUtf8(bytes)), stderr: (bytes) => (text += fromUtf8(bytes)) });
  for (let left = 400; left > 0 && handle.status === undefined; left -= 1) await lab.run(0.05);
  return text + (handle.status?.kind === 'exited' && handle.status.code !== 0 ? `[${handle.status.code}]` : '');
}

describe('docker on a node', () => {
  it('lists containers by the names the kubelet gives them', async () => {
    await open();
    const rows = (await run('docker ps')).trimEnd().split('\n');
    expect(rows[0]).toMatch(/^CONTAINER ID {3}IMAGE {3,}COMMAND {3,}CREATED {3,}STATUS {3,}PORTS {3,}NAMES$/);
    expect(rows.slice(1).map((row) => row.split(/ {2,}/).slice(1)).map(([image, command, , status, name]) => [image, command, status?.replace(/\d+/, 'N'), name?.replace(/_[-0-9a-f]{36}_/, '_UID_')])).toEqual([
      ['gcr.io/google-samples/hello-app', '"./hello-app"', 'Up N seconds', 'k8s_hello-server_hello_default_UID_0'],
      ['k8s.gcr.io/pause-amd64:3.1', '"/pause"', 'Up N seconds', 'k8s_POD_hello_default_UID_0'],
      ['k8s.gcr.io/kube-proxy', '"kube-proxy --cluste…"', 'Up N seconds', 'k8s_kube-proxy_kube-proxy-node-1_kube-system_UID_0'],
      ['k8s.gcr.io/pause-amd64:3.1', '"/pause"', 'Up N seconds', 'k8s_POD_kube-proxy-node-1_kube-system_UID_0'],
    ]);
  });

  it("answers the pid by which nsenter visits the pod's network", async () => {
    await open();
    const id = lab.client.get('pods', { name: 'hello', namespace: 'default' }).status!.containerStatuses![0]!.containerID!.slice(9, 21);
    expect(await run(`PID=$(docker inspect --format '{{ .State.Pid }}' ${id}); cat /proc/$PID/comm; nsenter -t $PID -n ip -4 -br address show eth0; nsenter -t $PID -n ip route`)).toBe('hello-app\neth0@if5         UP             10.40.0.2/24 \ndefault via 10.40.0.1 dev eth0 \n10.40.0.0/24 dev eth0 proto kernel scope link src 10.40.0.2 \n');
    expect(await run(`docker inspect --format '{% verbatim %}{{ .State.Pid }}{% endverbatim %}' ${id}`)).toMatch(/^\{% verbatim %\}\d+\{% endverbatim %\}\n$/);
    expect(await run('ip netns list')).toBe('');
    expect(await run('docker inspect nosuch')).toBe('[]\nError: No such object: nosuch\n[1]');
  });

  it('goes into a container, which has its own files, name and numbers', async () => {
    await open();
    const name = (await run("docker ps --filter name=k8s_hello-server --format '{{.Names}}'")).trim();
    expect(await run(`docker exec ${name} hostname`)).toBe('hello\n');
    expect(await run(`docker exec ${name} ps -o pid,comm`)).toMatch(/^ +PID COMMAND\n +1 hello-app\n +\d+ ps\n$/);
    expect(await run(`docker exec ${name} bash -c 'exit 3'`)).toBe('[3]');
    expect(await run(`docker exec ${name} iptables -S`)).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n');
    expect(await run(`docker exec ${name} nothing`)).toBe('OCI runtime exec failed: exec failed: container_linux.go:349: starting container process caused "exec: \\"nothing\\": executable file not found in $PATH": unknown\n[126]');
    expect(await run(`docker exec nosuch ls`)).toBe('Error: No such container: nosuch\n[1]');
    expect(await run(`docker exec ${name} hostname`, 1000)).toBe('hello\n');
    expect(await run(`nsenter -t $(docker inspect -f '{{.State.Pid}}' ${name}) -m -u -p hostname`)).toBe('hello\n');
  });

  it('shows logs, and what stops is started again by the kubelet', async () => {
    await open();
    await run('curl -s 10.40.0.2:8080');
    const name = (await run("docker ps --filter name=k8s_hello-server --format '{{.Names}}'")).trim();
    expect(await run(`docker logs ${name}`)).toMatch(/^2018\/07\/14 19:45:\d\d Server listening on port 8080\n2018\/07\/14 19:45:\d\d Serving request: \/\n$/);
    expect(await run(`docker kill ${name}`)).toBe(`${name}\n`);
    await lab.run(3);
    expect(await run("docker ps --filter name=k8s_hello-server --format '{{.Names}}'")).toBe(`${name.replace(/0$/, '1')}\n`);
  });

  it('says what real docker says of what it does not know', async () => {
    await open();
    expect(await run('docker foo')).toBe("docker: 'foo' is not a docker command.\nSee 'docker --help'\n[1]");
    expect(await run('docker ps --bogus')).toBe("unknown flag: --bogus\nSee 'docker ps --help'.\n[125]");
    expect(await run('docker logs')).toBe('"docker logs" requires exactly 1 argument.\nSee \'docker logs --help\'.\n\nUsage:  docker logs [OPTIONS] CONTAINER\n\nFetch the logs of a container\n[1]');
    expect(await run('docker run alpine')).toBe('podwire: docker: run is not simulated yet\n[125]');
  });
});

describe('crictl on a node', () => {
  it('lists pods and containers, inspects and goes in', async () => {
    await open({ profile: 'vpc-native' });
    const rows = (await run('crictl pods')).trimEnd().split('\n').map((row) => row.split(/ {2,}/));
    expect(rows[0]).toEqual(['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME']);
    expect(rows[1]!.slice(2)).toEqual(['Ready', 'hello', 'default', '0', '(default)']);
    const id = (await run('crictl ps -q --name hello-server')).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await run(`PID=$(crictl inspect --output go-template --template '{{.info.pid}}' ${id}); nsenter -t $PID -n ip -4 -br address show eth0`)).toMatch(/^eth0@if\d+ +UP +10\.40\.0\.2\/24 \n$/);
    expect(await run(`crictl exec ${id.slice(0, 13)} hostname`)).toBe('hello\n');
    expect(await run('docker ps')).toBe('Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n[1]');
    expect(await run('ip route show 10.40.0.2')).toMatch(/^10\.40\.0\.2 dev gke[0-9a-f]{11} scope host \n$/);
    expect(await run('curl -s 10.40.0.2:8080')).toContain('Hostname: hello\n');
  });
});

describe('toolbox', () => {
  it("brings a Debian once, that sees the node's network and keeps what is put into it", async () => {
    await open();
    lab.machines[0]!.rootImages.set('gcr.io/google-containers/toolbox:20170504-00', { base: 'debian', files: debianFiles('toolbox'), users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: 'root' }], groups: [], packages: [], programs: every });
    const first = await run('toolbox ip -br link show cbr0');
    expect(first).toContain('Status: Downloaded newer image for gcr.io/google-containers/toolbox:20170504-00\nroot-gcr.io_google-containers_toolbox-20170504-00\nSpawning container root-gcr.io_google-containers_toolbox-20170504-00 on /var/lib/toolbox/root-gcr.io_google-containers_toolbox-20170504-00.\nPress ^] three times within 1s to kill container.\ncbr0 ');
    expect(first).toMatch(/Container root-gcr\.io_google-containers_toolbox-20170504-00 exited successfully\.\n$/);
    expect(await run("toolbox bash -c 'echo kept > /etc/note; hostname; cat /etc/debian_version; ls /media/root/var/lib/toolbox; cd /media/root/..; pwd'")).toContain('node-1\n12.8\nroot-gcr.io_google-containers_toolbox-20170504-00\n/media\n');
    expect(await run('toolbox cat /etc/note')).toContain('kept\n');
    expect(await run('cat /etc/note')).toContain('No such file');
    expect(await run("toolbox bash -c 'exit 4'")).toContain('failed with error code 4.\n[4]');
    expect((await run('toolbox sleep 3 & sleep 1; toolbox true')).split('\n')).toContain('Directory tree /var/lib/toolbox/root-gcr.io_google-containers_toolbox-20170504-00 is currently busy.');
  });
});

describe('packets through a NodePort', () => {
  it('are translated in between, and answers are back in the client\'s terms when the bridge shows them', async () => {
    lab = await nodeLab({ nodes: 2, programs: every });
    const name = 'hello-server-7f8fd4d44b-hgwtj';
    lab.client.create('pods', { metadata: { name, namespace: 'default', labels: { app: 'hello-server' } }, spec: { nodeName: 'node-1', containers: [{ name: 'hello-server', image: IMAGE }] } });
    lab.client.create('services', { metadata: { name: 'hello-server', namespace: 'default' }, spec: { selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080, nodePort: 31830 }], type: 'NodePort' } });
    await lab.run(6);
    const capture = (device: string): (() => string[]) => {
      let text = '';
      lab.machines[0]!.run({ argv: ['tcpdump', '-lntqi', device, 'tcp'], env: new Map([['PATH', '/usr/bin']]), cwd: '/', stdout: (bytes) => (text += fromUtf8(bytes)) });
      return () => text.split('\n').filter((line) => /tcp (80|186)$/.test(line)).map((line) => line.replace(/\.3\d{4}|\.[456]\d{4}/g, (port) => (port === '.31830' ? port : '.P')));
    };
    const seen = ['eth0', 'cbr0', lab.machines[0]!.kernel.netlink.links(0).find(({ name: link }) => link.startsWith('veth'))!.name].map(capture);
    await lab.run(0.5);
    let page = '';
    lab.machines[1]!.run({ argv: ['curl', '-s', '10.142.0.8:31830'], env: new Map([['PATH', '/usr/bin']]), cwd: '/', stdout: (bytes) => (page += fromUtf8(bytes)) });
    await lab.run(3);
    expect(page).toBe(`Hello, world!\nVersion: 1.0.0\nHostname: ${name}\n`);
    expect(seen.map((lines) => lines())).toEqual([
      ['IP 10.142.0.9.P > 10.142.0.8.31830: tcp 80', 'IP 10.142.0.8.31830 > 10.142.0.9.P: tcp 186'],
      ['IP 10.40.0.1.P > 10.40.0.2.8080: tcp 80', 'IP 10.40.0.2.8080 > 10.142.0.9.P: tcp 186'],
      ['IP 10.40.0.1.P > 10.40.0.2.8080: tcp 80', 'IP 10.40.0.2.8080 > 10.40.0.1.P: tcp 186'],
    ]);
    expect(await run('conntrack -L 2>/dev/null | grep 31830')).toMatch(/^tcp +6 \d+ TIME_WAIT src=10\.142\.0\.9 dst=10\.142\.0\.8 sport=(\d+) dport=31830 src=10\.40\.0\.2 dst=10\.40\.0\.1 sport=8080 dport=\1 \[ASSURED\] mark=0 use=1\n$/);
    expect(await run('netstat -tnlp | grep 31830')).toMatch(/^tcp6 +0 +0 :::31830 +:::\* +LISTEN +\d+\/kube-proxy +\n$/);
  });
});

describe('names in a pod', () => {
  it('are those of Services, by way of kube-dns on another node', async () => {
    lab = await nodeLab({ nodes: 2, programs: every, containerPrograms: every });
    lab.client.create('pods', { metadata: { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }, spec: { nodeName: 'node-2', containers: [{ name: 'kubedns', image: 'k8s.gcr.io/k8s-dns-kube-dns-amd64:1.14.10' }] } });
    lab.client.create('services', { metadata: { name: 'kube-dns', namespace: 'kube-system' }, spec: { selector: { 'k8s-app': 'kube-dns' }, clusterIP: '10.43.240.10', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, protocol: 'TCP' }] } });
    lab.client.create('pods', { metadata: { name: 'hello', namespace: 'default', labels: { app: 'hello' } }, spec: { nodeName: 'node-1', containers: [{ name: 'hello-server', image: IMAGE }] } });
    lab.client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'hello' }, ports: [{ port: 80, targetPort: 8080 }] } });
    await lab.run(8);
    const name = (await run("docker ps --filter name=k8s_hello-server --format '{{.Names}}'")).trim();
    expect(await run(`docker exec ${name} curl -s http://web`)).toBe('Hello, world!\nVersion: 1.0.0\nHostname: hello\n');
    expect(await run(`docker exec ${name} dig +short kubernetes.default.svc.cluster.local`)).toBe('10.43.240.1\n');
    expect(await run(`docker exec ${name} curl -s http://nothing`)).toBe('[6]');
  });
});

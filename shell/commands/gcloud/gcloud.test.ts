/** gcloud beside recordings of the real gcloud 528.0.0, which was run against this project's own API: test/conformance/recordings/gcloud. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildHttpBalancer } from '../../../cloud/test-http-balancer.ts';
import { testCloud, PROJECT, type TestCloud } from '../../../cloud/test-cloud.ts';
import { createMachine, type Machine } from '../../../machine/machine.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { connectCloud } from '../../ports/cloud.ts';
import { toProgram } from '../define.ts';
import { gcloud } from './gcloud.ts';
import { commands } from './commands.ts';
import { commandAt } from './surface/surface.ts';

const NODES = ['2jdh', 'm69d', '33fg'].map((suffix) => `gke-lab-cluster-default-pool-9e4ce61e-${suffix}`);

interface Run { out: string; err: string; code: number | undefined }

class Shell {
  readonly lab: TestCloud;
  readonly machine: Machine;
  constructor() {
    this.lab = testCloud({ identity: { hash: '9e4ce61e', endpoint: '35.231.234.26', nodes: [{ suffix: '2jdh', address: '10.142.0.8', external: '35.231.173.178' }, { suffix: 'm69d', address: '10.142.0.7', external: '35.231.173.177' }, { suffix: '33fg', address: '10.142.0.6', external: '35.231.173.176' }] } });
    const { lab } = this;
    lab.request('POST', `/v1/projects/${PROJECT}/locations/us-east1-b/clusters`, { cluster: { name: 'lab-cluster', nodePools: [{ name: 'default-pool', initialNodeCount: 3, config: {} }] } });
    lab.run(150);
    lab.change('POST', 'regions/us-east1/addresses', { name: 'lbip', address: '35.231.121.11' });
    lab.cloud.loadBalancers.ensure({ metadata: { namespace: 'default', name: 'hello-server', uid: '88cd35f5-879e-11e8-92a2-42010a8e0071' }, spec: { loadBalancerIP: '35.231.121.11', ports: [{ port: 80, protocol: 'TCP' }] } }, NODES, () => undefined);
    lab.run(60);
    this.machine = createMachine({
      world: lab.world, kernel: lab.world.addKernel('shell'), scheduler: lab.scheduler, name: 'shell', hostname: 'shell',
      image: { files: [], programs: new Map([['/usr/bin/gcloud', toProgram(gcloud)]]), packages: [], users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: '' }], groups: [{ name: 'root', gid: 0, members: [] }] },
    });
    this.machine.onFault = (_process, thrown) => {
      lab.scheduler.failure ??= { error: thrown };
    };
    connectCloud(this.machine.ports, { account: '', project: PROJECT, request: (request) => lab.cloud.handle(request) });
  }

  async run(args: readonly string[], { stdin, env = {} }: { stdin?: string; env?: Record<string, string> } = {}): Promise<Run> {
    const out: Uint8Array[] = [];
    const err: Uint8Array[] = [];
    const handle = this.machine.run({ argv: ['gcloud', ...args], env: new Map(Object.entries({ PATH: '/usr/bin', HOME: '/root', ...env })), cwd: '/', stdin: stdin === undefined ? 'null' : utf8(stdin), stdout: (bytes) => out.push(bytes), stderr: (bytes) => err.push(bytes) });
    await this.lab.scheduler.runUntil(this.lab.world.nowUs + 600_000_000, { stopWhen: () => handle.status !== undefined });
    const text = (parts: readonly Uint8Array[]): string => parts.map(fromUtf8).join('');
    return { out: text(out), err: text(err), code: handle.status?.kind === 'exited' ? handle.status.code : undefined };
  }

  async text(line: string, stdin?: string): Promise<string> {
    const { out, err, code } = await this.run(words(line), stdin === undefined ? {} : { stdin });
    return `${out}--err\n${err}[rc ${code}]\n`;
  }
}

/** Shell words with single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** What chance decides, how long things took, and how many marks were drawn meanwhile. */
function masked(text: string): string {
  return text.replace(/(fingerprint"?: *"?)[\w+/-]{11}=/gi, '$1F=').replace(/(\n)\.+(Created|done|Updated|Deleted)/g, '$1$2').replace(/\b\d{19}\b/g, 'ID').replace(/operation-\d+-[0-9a-f]+/g, 'OPERATION').replace(/T\d\d:\d\d:\d\d\.0{9}Z/g, 'TIME');
}

/** When things were made. */
function untimed(text: string): string {
  return masked(text).replace(/creationTimestamp: '[^']*'/g, 'creationTimestamp: TIME');
}

function recordings(name: string): (readonly [line: string, text: string])[] {
  const recorded = readFileSync(new URL(`../../../test/conformance/recordings/gcloud/${name}.txt`, import.meta.url), 'utf8');
  return [...recorded.matchAll(/^\$ gcloud ([^\n]*)\n(.*?\[rc \d+\]\n)(?=\$ gcloud |$(?![^]))/gms)].map(([, line = '', text = '']) => [line, text] as const);
}
const sessions = recordings('528.0.0');

describe('prints what the real gcloud prints', () => {
  let shell: Shell;
  beforeAll(() => {
    shell = new Shell();
  });
  it('has recordings to compare with', () => {
    expect(sessions.length).toBeGreaterThan(60);
  });
  it.each(sessions)('%s', async (line, text) => {
    const { out, err, code } = await shell.run(words(line), { env: { CLOUDSDK_CORE_DISABLE_PROMPTS: '1' } });
    expect(masked(`${out}--err\n${err}[rc ${code}]\n`)).toBe(masked(text));
  });
});

describe('prints what the real gcloud prints of an HTTP load balancer', () => {
  let shell: Shell;
  beforeAll(() => {
    shell = new Shell();
    buildHttpBalancer(shell.lab, NODES);
  });
  it.each(recordings('528.0.0-http-load-balancing'))('%s', async (line, text) => {
    const { out, err, code } = await shell.run(words(line), { env: { CLOUDSDK_CORE_DISABLE_PROMPTS: '1' } });
    expect(untimed(`${out}--err\n${err}[rc ${code}]\n`)).toBe(untimed(text));
  });
});

describe('configuration', () => {
  let shell: Shell;
  beforeAll(() => {
    shell = new Shell();
  });
  it.each([
    ['config set compute/zone us-east1-z', '--err\nWARNING: us-east1-z is not a valid zone. Run `gcloud compute zones list` to get all zones.\nUpdated property [compute/zone].\n[rc 0]\n'],
    ['config set compute/zone us-east1-b', '--err\nUpdated property [compute/zone].\n[rc 0]\n'],
    ['config get-value compute/zone', 'us-east1-b\n--err\n[rc 0]\n'],
    ['config list', '[compute]\nzone = us-east1-b\n--err\n\nYour active configuration is: [default]\n[rc 0]\n'],
    ['config configurations create work', '--err\nCreated [work].\nActivated [work].\n[rc 0]\n'],
    ['config get compute/zone', '--err\n(unset)\n[rc 0]\n'],
    ['config configurations activate default', '--err\nActivated [default].\n[rc 0]\n'],
    ['config unset compute/zone', '--err\nUnset property [compute/zone].\n[rc 0]\n'],
  ])('%s', async (line, text) => {
    expect(await shell.text(line)).toBe(text);
  });
  it('takes variables and flags before the file', async () => {
    await shell.run(['config', 'set', 'core/project', 'fileproject']);
    expect((await shell.run(['config', 'get', 'project'], { env: { CLOUDSDK_CORE_PROJECT: 'variable' } })).out).toBe('variable\n');
    expect((await shell.run(['config', 'get', 'project', '--project', 'flag'], { env: { CLOUDSDK_CORE_PROJECT: 'variable' } })).out).toBe('flag\n');
  });
});

describe('a session of changes', () => {
  let shell: Shell;
  const ROOT = `https://www.googleapis.com/compute/v1/projects/${PROJECT}`;
  beforeAll(async () => {
    shell = new Shell();
    await shell.text('config set compute/zone us-east1-b');
  });
  it.each<[string, string | undefined, string]>([
    ['compute instances create client --image-family=debian-12 --image-project=debian-cloud --format=value(name,status)', undefined, `client\tRUNNING\n--err\nCreated [${ROOT}/zones/us-east1-b/instances/client].\n[rc 0]\n`],
    [`compute routes create to-svc --destination-range=10.43.246.223/32 --next-hop-instance=${NODES[0]!}`, undefined, `NAME    NETWORK  DEST_RANGE        NEXT_HOP                                                         PRIORITY\nto-svc  default  10.43.246.223/32  us-east1-b/instances/${NODES[0]!}  1000\n--err\nCreated [${ROOT}/global/routes/to-svc].\n[rc 0]\n`],
    ['compute routes delete to-svc', 'n\n', '--err\nThe following routes will be deleted:\n - [to-svc]\n\nDo you want to continue (Y/n)?  \nERROR: (gcloud.compute.routes.delete) Aborted by user.\n[rc 1]\n'],
    ['compute routes delete to-svc', 'y\n', `--err\nThe following routes will be deleted:\n - [to-svc]\n\nDo you want to continue (Y/n)?  \nDeleted [${ROOT}/global/routes/to-svc].\n[rc 0]\n`],
    ['compute firewall-rules create test-node-port --allow tcp:31830', undefined, `NAME            NETWORK  DIRECTION  PRIORITY  ALLOW      DENY  DISABLED\ntest-node-port  default  INGRESS    1000      tcp:31830        False\n--err\nCreating firewall...\nCreated [${ROOT}/global/firewalls/test-node-port].\ndone.\n[rc 0]\n`],
    ['compute firewall-rules delete test-node-port --quiet', undefined, `--err\nDeleted [${ROOT}/global/firewalls/test-node-port].\n[rc 0]\n`],
    ['compute instances create client', undefined, `--err\nERROR: (gcloud.compute.instances.create) Could not fetch resource:\n - The resource 'projects/${PROJECT}/zones/us-east1-b/instances/client' already exists\n\n[rc 1]\n`],
    ['compute instances add-tags client --tags web', undefined, `--err\nUpdated [${ROOT}/zones/us-east1-b/instances/client].\n[rc 0]\n`],
    ['compute instances list --filter=tags.items:web --format=value(name)', undefined, 'client\n--err\n[rc 0]\n'],
    ['container clusters get-credentials lab-cluster', undefined, '--err\nFetching cluster endpoint and auth data.\nkubeconfig entry generated for lab-cluster.\n[rc 0]\n'],
    ['container clusters delete lab-cluster --quiet', undefined, `--err\nDeleting cluster lab-cluster...\ndone.\nDeleted [https://container.googleapis.com/v1/projects/${PROJECT}/zones/us-east1-b/clusters/lab-cluster].\n[rc 0]\n`],
    ['container clusters list', undefined, '--err\nListed 0 items.\n[rc 0]\n'],
  ])('%s', async (line, stdin, text) => {
    expect(masked(await shell.text(line, stdin))).toBe(text);
  });
  it('leaves a kubeconfig without the deleted cluster', () => {
    expect(fromUtf8(shell.machine.readFileAt('/root/.kube/config')!)).toMatch(/^apiVersion: v1\nclusters: \[\]\n/);
  });
});

it('writes the context as gke_PROJECT_ZONE_NAME and keeps other entries', async () => {
  const shell = new Shell();
  shell.machine.putFile({ path: '/root/.kube/config', content: 'apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    server: https://other\n  name: other\ncontexts: []\nusers: []\ncurrent-context: ""\n' });
  await shell.text('container clusters get-credentials lab-cluster --zone us-east1-b');
  const text = fromUtf8(shell.machine.readFileAt('/root/.kube/config')!);
  expect(text).toContain(`current-context: gke_${PROJECT}_us-east1-b_lab-cluster\n`);
  expect(text).toContain('    server: https://35.231.234.26\n');
  expect(text).toContain('    server: https://other\n');
  expect(text.split('\n').find((line) => line.includes('command:'))).toBe('      command: gke-gcloud-auth-plugin');
});

it('refuses loudly what is real but not simulated', async () => {
  const shell = new Shell();
  expect(await shell.text('compute instances create x --zone us-east1-b --accelerator type=nvidia')).toBe('--err\npodwire: gcloud: option --accelerator is not simulated yet\n[rc 125]\n');
  expect(await shell.text('compute snapshots list')).toMatch(/^--err\npodwire: gcloud: command compute snapshots is not simulated yet\n\[rc 125\]/);
});

it('supports only flags that the real command has', () => {
  for (const { path, supports } of commands.values()) {
    const surface = commandAt(path);
    expect(surface, path).toBeDefined();
    expect(supports.includes('--'), path).toBe(false);
  }
});

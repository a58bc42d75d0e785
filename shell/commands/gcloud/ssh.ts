/** `gcloud compute ssh` and `scp`: a key of one's own, its public half in the project's metadata, then the real ssh. Read first: googlecloudsdk/command_lib/compute/{ssh_utils,ssh}.py */
import { baseName, child, objects, text, type JsonObject } from '../../ports/cloud.ts';
import type { GcloudCommand } from './commands.ts';
import { GcloudProblem } from './problem.ts';
import { scopeOf } from './scopes.ts';
import type { Gcloud } from './session.ts';

const PROPAGATION_US = 3_000_000;

export const sshCommands: readonly GcloudCommand[] = [
  { path: 'compute ssh', supports: 'zone command dry-run internal-ip ssh-flag strict-host-key-checking plain', run: ssh },
  { path: 'compute scp', supports: 'zone dry-run internal-ip recurse strict-host-key-checking plain', run: scp },
];

interface Target { readonly user: string; readonly name: string; readonly instance: JsonObject; readonly address: string }

async function targetOf(gcloud: Gcloud, given: string): Promise<Target> {
  const [before = '', after] = given.split('@');
  const name = after ?? before;
  const user = after === undefined ? userName(gcloud) : before;
  const scope = await scopeOf(gcloud, ['zone'], 'instance', [name]);
  const instance = await gcloud.compute('GET', `${scope}/instances/${baseName(name)}`);
  const [nic] = objects(instance, 'networkInterfaces');
  const external = text(objects(nic, 'accessConfigs')[0], 'natIP');
  const address = gcloud.isSet('internal-ip') ? text(nic, 'networkIP') : external;
  if (address === '') throw new GcloudProblem(`Instance [${text(instance, 'name')}] in zone [${baseName(text(instance, 'zone'))}] does not have an external IP address, so you cannot SSH into it. To add an external IP address to the instance, use [gcloud compute instances add-access-config].`);
  return { user, name: text(instance, 'name'), instance, address };
}

/** Who runs gcloud; a domain's user is written with underscores. */
function userName(gcloud: Gcloud): string {
  const { sys, env } = gcloud.call;
  return sys.machine.users().find(({ uid }) => uid === sys.uid)?.name ?? env.get('USER') ?? 'root';
}

function keyFile(gcloud: Gcloud): string {
  return `${gcloud.call.env.get('HOME') ?? '/root'}/.ssh/google_compute_engine`;
}

/** Makes a key on first use, with ssh-keygen; answers its public half. */
async function ensureKey(gcloud: Gcloud): Promise<string> {
  const { sys } = gcloud.call;
  const path = keyFile(gcloud);
  const present = await sys.readText(`${path}.pub`);
  if (present.ok) return present.value.trim();
  gcloud.warning('The private SSH key file for gcloud does not exist.');
  gcloud.warning('The public SSH key file for gcloud does not exist.');
  gcloud.warning('You do not have an SSH key for gcloud.');
  gcloud.warning('SSH keygen will be executed to generate a key.');
  const directory = path.slice(0, path.lastIndexOf('/'));
  if (!sys.stat(directory).ok) {
    if (!(await gcloud.asks(`This tool needs to create the directory [${directory}] before being able to generate SSH keys.`, true))) throw new GcloudProblem('SSH key generation aborted by user.');
    sys.makeDirectory(directory, 0o700);
  }
  const code = await run(gcloud, 'ssh-keygen', ['-t', 'rsa', '-f', path, ...(gcloud.canPrompt ? [] : ['-N', '']), '-C', `${userName(gcloud)}@${sys.hostname}`]);
  if (code !== 0) throw new GcloudProblem(`ssh-keygen exited with return code [${code}].`);
  const made = await sys.readText(`${path}.pub`);
  if (!made.ok) throw new GcloudProblem('Public key file not found.');
  return made.value.trim();
}

async function run(gcloud: Gcloud, program: string, args: readonly string[]): Promise<number> {
  const { sys } = gcloud.call;
  const found = sys.findProgram(program, gcloud.call.env.get('PATH'));
  if (!found.ok) throw new GcloudProblem(`Your platform does not support SSH.`);
  await gcloud.call.flush();
  const child0 = await sys.spawn(found.value, { argv: [program, ...args], env: gcloud.call.env });
  if (!child0.ok) throw new GcloudProblem(`[${program}] could not be started: ${child0.error}`);
  const waited = await sys.wait(child0.value);
  return waited.ok && waited.value?.status.kind === 'exited' ? waited.value.status.code : 255;
}

/** Adds the key to the project's metadata unless it is there; guests learn of it within seconds. */
async function ensureKeyInProject(gcloud: Gcloud, user: string, publicKey: string): Promise<boolean> {
  const project = await gcloud.compute('GET', '');
  const metadata = child(project, 'commonInstanceMetadata');
  const items = objects(metadata, 'items');
  const old = text(items.find((item) => text(item, 'key') === 'ssh-keys'), 'value');
  const line = `${user}:${publicKey}`;
  if (old.split('\n').includes(line)) return false;
  await gcloud.progress('Updating project ssh metadata', async (tick) => {
    const operation = await gcloud.compute('POST', 'setCommonInstanceMetadata', { fingerprint: text(metadata, 'fingerprint'), items: [...items.filter((item) => text(item, 'key') !== 'ssh-keys'), { key: 'ssh-keys', value: [...old.split('\n').filter((one) => one !== ''), line].join('\n') }] });
    await gcloud.finished(operation, tick);
    tick();
    gcloud.status(`Updated [https://www.googleapis.com/compute/v1/projects/${gcloud.project}].`);
  });
  return true;
}

function options(gcloud: Gcloud, target: Target): string[] {
  if (gcloud.isSet('plain')) return [];
  const strict = gcloud.flag('strict-host-key-checking') ?? 'no';
  return ['-i', keyFile(gcloud), '-o', 'CheckHostIP=no', '-o', 'HashKnownHosts=no', '-o', `HostKeyAlias=compute.${text(target.instance, 'id')}`, '-o', 'IdentitiesOnly=yes', '-o', `StrictHostKeyChecking=${strict}`, '-o', `UserKnownHostsFile=${keyFile(gcloud).replace(/google_compute_engine$/, 'google_compute_known_hosts')}`];
}

async function ssh(gcloud: Gcloud): Promise<number> {
  const publicKey = gcloud.isSet('plain') ? '' : await ensureKey(gcloud);
  const target = await targetOf(gcloud, gcloud.names[0] ?? '');
  const command = gcloud.flag('command');
  const words = [...(command === undefined ? ['-t'] : ['-T']), ...options(gcloud, target), ...gcloud.list('ssh-flag'), `${target.user}@${target.address}`, ...(gcloud.rest.length > 0 ? gcloud.rest : []), ...(command === undefined ? [] : ['--', command])];
  return connect(gcloud, 'ssh', words, target, publicKey);
}

async function scp(gcloud: Gcloud): Promise<number> {
  const publicKey = gcloud.isSet('plain') ? '' : await ensureKey(gcloud);
  const { words } = gcloud;
  const remote = words.find((name) => /^[^/]*:/.test(name));
  if (remote === undefined) throw new GcloudProblem('Source(s) must be remote when destination is local, or the other way round.');
  const target = await targetOf(gcloud, remote.slice(0, remote.indexOf(':')));
  const shown = words.map((name) => (/^[^/]*:/.test(name) ? `${target.user}@${target.address}:${name.slice(name.indexOf(':') + 1)}` : name));
  return connect(gcloud, 'scp', [...(gcloud.isSet('recurse') ? ['-r'] : []), ...options(gcloud, target), ...shown], target, publicKey);
}

async function connect(gcloud: Gcloud, program: string, words: readonly string[], target: Target, publicKey: string): Promise<number> {
  if (gcloud.isSet('dry-run')) {
    gcloud.call.out(`/usr/bin/${program} ${words.map((word) => (/[\s'"$&|;]/.test(word) ? `'${word.replaceAll("'", `'"'"'`)}'` : word)).join(' ')}`);
    return 0;
  }
  if (publicKey !== '' && (await ensureKeyInProject(gcloud, target.user, publicKey))) {
    gcloud.status('Waiting for SSH key to propagate.');
    await gcloud.call.sys.sleep(PROPAGATION_US);
  }
  const code = await run(gcloud, program, words);
  if (code === 255) throw new GcloudProblem(`[/usr/bin/${program}] exited with return code [255].`);
  return code;
}

/**
 * toolbox: a Debian with package manager beside a node's lean system. A script that has docker pull an image once, unpacks it, and starts systemd-nspawn there with the
 * node's own network, processes and names. Read first: github.com/coreos/toolbox; systemd-nspawn(1), --share-system
 */
import type { ExitCode } from '../../../machine/sys.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { NSPAWN_HELP } from './nspawn-help.ts';

const IMAGE = 'gcr.io/google-containers/toolbox';
const TAG = '20170504-00';
const DIRECTORY = '/var/lib/toolbox';
const LOCKS = '/run/systemd/nspawn/locks';
/** The image's layers: digits, and the time each takes to come and to be unpacked. */
const LAYERS: readonly (readonly [string, number, number])[] = [['10a267c67f42', 900_000, 700_000], ['e58fe9ab8eef', 300_000, 150_000], ['ea8f9a4a1a4b', 1_400_000, 900_000], ['0b1edc8f8fa2', 250_000, 100_000], ['6ec8c9369e08', 400_000, 250_000]];
const DIGEST = 'sha256:efa66dd6a9e4b9d4e2c1f1ea4a1d1eb1be8a5c7bf3e66c0f64d5b3a1d8b57f21';

export const toolbox = defineCommand({
  name: 'toolbox', summary: 'bring your tools to a lean system', package: 'toolbox', path: '/usr/bin/toolbox',
  async run(call) {
    const { sys } = call;
    if (sys.uid !== 0) {
      // The script asks sudo for each step; on a node it never asks back.
      const again = sys.findProgram('sudo');
      if (again.ok) {
        await call.flush();
        const failed = await sys.exec(again.value, ['sudo', 'toolbox', ...call.args]);
        call.err(`toolbox: ${failed.ok ? '' : failed.error}`);
      }
      return 1;
    }
    const machine = `root-${IMAGE}-${TAG}`.replace(/[^a-zA-Z0-9_.-]/g, '_');
    const path = `${DIRECTORY}/${machine}`;
    if (!sys.stat(`${path}/etc/os-release`).ok) {
      const failed = await download(call, machine, path);
      if (failed !== undefined) return failed;
    }
    const args = call.args[0] === '-c' ? ['/bin/sh', ...call.args] : call.args;
    const [first] = args;
    if (first === '-h' || first === '--help') {
      call.write(NSPAWN_HELP);
      return 0;
    }
    if (first !== undefined && first.startsWith('-')) return notSimulated(call, `systemd-nspawn's option ${first}`);
    return spawn(call, machine, path, args);
  },
});

async function download(call: Invocation, machine: string, path: string): Promise<ExitCode | undefined> {
  const { sys } = call;
  call.out(`${TAG}: Pulling from google-containers/toolbox`);
  await call.flush();
  for (const [layer] of LAYERS) call.out(`${layer}: Pulling fs layer`);
  await call.flush();
  for (const step of ['Download complete', 'Pull complete'] as const) {
    for (const [layer, comesUs, unpacksUs] of LAYERS) {
      await sys.sleep(step === 'Download complete' ? comesUs : unpacksUs);
      // A terminal sees the lines above change; what is printed in the end is the same.
      call.out(`${layer}: ${step}`);
      await call.flush();
    }
  }
  call.out(`Digest: ${DIGEST}`);
  call.out(`Status: Downloaded newer image for ${IMAGE}:${TAG}`);
  const made = sys.unpackRoot(`${IMAGE}:${TAG}`, path);
  if (!made.ok) {
    call.err(`docker: Error response from daemon: manifest for ${IMAGE}:${TAG} not found.`);
    return 125;
  }
  call.out(machine);
  await call.flush();
  await sys.sleep(2_500_000);
  return undefined;
}

async function spawn(call: Invocation, machine: string, path: string, args: readonly string[]): Promise<ExitCode> {
  const { sys } = call;
  const lock = `${LOCKS}/${machine}`;
  const holder = await sys.readText(lock);
  if (holder.ok && holder.value !== '' && sys.process(Number(holder.value)) !== undefined) {
    call.err(`Directory tree ${path} is currently busy.`);
    return 1;
  }
  for (const directory of ['/run/systemd', '/run/systemd/nspawn', LOCKS]) sys.makeDirectory(directory, 0o755);
  await sys.writeFile(lock, String(sys.pid));
  call.err(`Spawning container ${machine} on ${path}.`);
  call.err('Press ^] three times within 1s to kill container.');
  await call.flush();
  const env = new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ['container', 'systemd-nspawn'], ['HOME', '/root'], ['USER', 'root'], ['LOGNAME', 'root'], ['SHELL', '/bin/bash'], ['TERM', sys.env.get('TERM') ?? 'vt102']]);
  const argv = args.length > 0 ? args : ['-bash'];
  const child = await sys.spawn(args[0] ?? '/bin/bash', { argv, env, cwd: '/root', root: path });
  if (!child.ok) {
    await sys.writeFile(lock, '');
    call.err(`execv(${args[0] ?? '/bin/bash'}) failed: ${child.error === 'EACCES' ? 'Permission denied' : 'No such file or directory'}`);
    call.err(`Container ${machine} failed with error code 1.`);
    return 1;
  }
  const inside = sys.readLink(`/proc/${child.value}/ns/mnt`);
  const ignored = (['INT', 'QUIT'] as const).map((signal) => [signal, sys.onSignal(signal, 'ignore')] as const);
  let code = 1;
  for (;;) {
    const ended = await sys.wait(child.value);
    if (!ended.ok && ended.error === 'EINTR') continue;
    const status = ended.ok ? ended.value?.status : undefined;
    if (status?.kind === 'exited') code = status.code;
    else if (status?.kind === 'signalled') code = status.signal === 'INT' ? 130 : 1;
    break;
  }
  for (const [signal, before] of ignored) sys.onSignal(signal, before);
  // What was left running in there ends with the container.
  for (const { pid } of sys.processes()) {
    const own = sys.readLink(`/proc/${pid}/ns/mnt`);
    if (own.ok && inside.ok && own.value === inside.value) sys.kill(pid, 'KILL');
  }
  await sys.writeFile(lock, '');
  call.err(code === 0 ? `Container ${machine} exited successfully.` : `Container ${machine} failed with error code ${code}.`);
  return code;
}

/**
 * Labs in containers, where an engine answers and has the image (`podwire doctor` tells how it is built): that they are the same labs, that nothing of them
 * stays, and that nobody gets out.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { describeUnless } from '../../test/linux.ts';
import { readCourse } from '../course-files.ts';
import { productDir } from '../paths.ts';
import { linuxBackend, terminalSpawner } from './backend.ts';
import { engines, IMAGE, inContainer, listContainers, stateOf, type Engine } from './container.ts';
import { runCaseOnLinux } from './exec.ts';
import { LinuxLab } from './lab.ts';
import type { Sandbox } from './sandbox.ts';

const states = await Promise.all(engines.map(async (engine) => ({ engine, state: await stateOf(engine) })));
const engine = states.find(({ state }) => state.isReady)?.engine as Engine;
const whyNot = engine === undefined ? states.map(({ state }) => (state.isReady ? '' : state.because)).join(' ') : terminalSpawner() === undefined ? 'node-pty was not built' : undefined;

function containers(): string[] {
  const [program = '', ...words] = listContainers(engine);
  return execFileSync(program, words, { encoding: 'utf8' }).split('\n').filter((name) => name !== '');
}

async function run(sandbox: Sandbox, command: string): Promise<{ status: number | null; said: string }> {
  const child = sandbox.start(['bash', '-c', command], { stdio: ['ignore', 'pipe', 'pipe'], env: { HOME: '/root' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { said += bytes.toString(); });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, said };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > 15_000) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describeUnless(whyNot, 'a lab in a container', () => {
  // Waits are real there: a few minutes for all.
  const taught = process.env['PODWIRE_LINUX_LESSONS'] === '1' ? readdirSync(join(productDir(), 'courses/gke-networking/u1')) : ['u1-software-switch'];
  test.each(taught)('%s: its solution reaches every goal, as grading sees it', async (id) => {
    // Who proves lessons knows the simulator, and that is slow to load where nothing is to be proved.
    const { lessonsOf, loadCourse, proveLesson } = await import('../../labs/course/index.ts');
    const { course } = loadCourse(new Map(Object.entries(readCourse(join(productDir(), 'courses/gke-networking')))));
    const lessons = lessonsOf(course!);
    const { failures } = await proveLesson(lessons.get(id)!, { backend: linuxBackend(inContainer(engine)), rules: ['solution'], lessons, seed: 1 });
    expect(failures).toEqual([]);
  }, 120_000);

  test('runs cases, answers who serves and who is stopped', async () => {
    const { ExecCase } = await import('../../labs/exec.ts');
    const { steps } = await runCaseOnLinux(ExecCase.parse({
      id: 'case', lab: 'linux-host', setup: [{ serve: { port: 8080, body: 'hello' } }], files: { '/root/a.txt': 'a\n' },
      steps: [{ cmd: 'cat /root/a.txt; mkdir nd; mkdir nd; exit 3' }, { cmd: 'curl -s http://127.0.0.1:8080/' }, { cmd: 'ping -c 100 127.0.0.1', bg: 'ping' }, { sleep: 1.5 }, { stop: 'ping', signal: 'INT' }, { cmd: 'sleep 100', timeout: 1 }],
    }), inContainer(engine));
    expect(steps).toMatchObject([{ stdout: 'a\n', stderr: expect.stringMatching(/File exists\n$/) as string, exit: 3 }, { stdout: 'hello', exit: 0 }, {}, {}, { exit: 0 }, { timedOut: true }]);
    expect(String(steps[4]!['stdout'])).toMatch(/--- 127\.0\.0\.1 ping statistics ---/);
  }, 60_000);

  test('has terminals of a size, that can be interrupted, and end what runs in them when they are closed', async () => {
    const lab = new LinuxLab(await inContainer(engine)(scenarioNamed('linux-host')), terminalSpawner()!);
    let shown = '';
    lab.onData = (_terminal, bytes) => { shown += Buffer.from(bytes).toString(); };
    lab.openTerminal({ id: 'vm', title: 'vm', place: 'host' }, { columns: 100, rows: 30 });
    await lab.settle();
    lab.resize('vm', 91, 17);
    lab.input('vm', 'sleep 0.3; stty size; sudo whoami\r');
    await until('the new size', () => shown.includes('17 91'));
    await until('sudo', () => /\broot\b/.test(shown));
    const runs = async (line: string): Promise<boolean> => {
      const answer = await lab.observer.processes('host');
      return 'value' in answer && answer.value.some(({ argv }) => argv.join(' ') === line);
    };
    lab.input('vm', 'sleep 1111\r');
    await until('the program to run', () => runs('sleep 1111'));
    lab.input('vm', '\x03');
    await until('Ctrl+C', async () => !(await runs('sleep 1111')));
    lab.input('vm', 'sleep 2222\r');
    await until('the next program to run', () => runs('sleep 2222'));
    lab.closeTerminal('vm');
    await until('the program to end', async () => !(await runs('sleep 2222')));
    lab.close();
    await until('the container to go', () => containers().length === 0);
  }, 60_000);
});

describeUnless(whyNot, 'who is root in a container', () => {
  let sandbox: Sandbox;
  beforeAll(async () => { sandbox = await inContainer(engine)(scenarioNamed('linux-host')); }, 30_000);
  afterAll(() => sandbox.close());

  test.each([
    ['a file of /usr', 'echo x > /usr/bin/true'],
    ['the read-only mount made writable', 'mount -o remount,bind,rw /usr && touch /usr/lib/escape'],
    ['a kernel setting that is not of its network', 'echo 1 > /proc/sys/kernel/panic'],
    ['the magic key', 'echo h > /proc/sysrq-trigger'],
    ['a disk', 'mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk'],
    ['a control group made bigger', 'mount -t cgroup -o memory none /mnt && ls /mnt; mount -t cgroup2 none /mnt && echo 1 > /mnt/cgroup.procs'],
    ['the first process ended', 'kill -9 1; sleep 0.1; ! [ -d /proc/1 ]'],
    ['a module loaded', 'insmod /dev/null'],
  ])('is refused %s', async (_what, command) => {
    expect((await run(sandbox, command)).status).not.toBe(0);
    expect(sandbox.isOver).toBe(false);
  });

  test('sees none of the processes and networks around it', async () => {
    const { said } = await run(sandbox, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; ls /run/podwire; ip -o link');
    expect(said).not.toMatch(/INIT|read -r -d|launcher|vitest/);
    expect(said.match(/\d+: \w+(?=[@:])/g)).toEqual(['1: lo', '2: eth0']);
  });

  test('has as many processes as a lab may have, and no more', async () => {
    const { said } = await run(sandbox, '(seq 2000 | xargs -P 2000 -I{} sleep 60) 2> /dev/null & sleep 5; set -- /proc/[0-9]*; echo "$# processes"; kill -9 -1');
    expect(Number(/(\d+) processes/.exec(said)?.[1])).toBeLessThanOrEqual(600);
    expect((await run(sandbox, 'echo still here')).said).toContain('still here');
  }, 30_000);
});

describeUnless(whyNot, 'nothing of a container stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-app-'));
  let child: ChildProcess | undefined;
  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('when the app is killed; and what did stay of another the next one clears away', async () => {
    const from = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
    const contents = `import { inContainer } from ${from('container.ts')}; import { scenarioNamed } from ${from('../../labs/scenarios/index.ts')};
      const sandbox = await inContainer('${engine}')(scenarioNamed('linux-host')); sandbox.start(['sleep', '1000'], { stdio: 'ignore' }); setTimeout(() => console.log('runs'), 500); setInterval(() => {}, 1000);`;
    const app = join(folder, 'app.mjs');
    await build({ stdin: { contents, resolveDir: folder, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile: app, logLevel: 'silent', external: ['node-pty'] });
    execFileSync(engine, ['run', '--detach', '--name', 'podwire-999999999-0', '--label', 'app=podwire', '--pull', 'never', '--network', 'none', IMAGE, 'sleep', '1000'], { stdio: 'ignore' });
    child = spawn(process.execPath, [app], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child?.stdout?.once('data', resolve));
    expect(containers()).toEqual([`podwire-${child.pid}-0`]);
    child.kill('SIGKILL');
    await until('the container to go', () => containers().length === 0);
  }, 60_000);
});

/** The words an engine is given, tried on one where one answers: an image of this machine's own shell and ip, since no registry may be reached. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless } from '../../test/linux.ts';
import { buildImage, engines, execInContainer, IMAGE, leftovers, removeContainers, runContainer, type Engine } from './container.ts';
import { engineAnswers } from './doctor.ts';
import { findProgram } from './identity.ts';

const engine = engines.find(({ program }) => engineAnswers(program)) as Engine;
const NAME = `podwire-test-${process.pid}`;

function run([program = '', ...words]: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A root folder of a few programs and what they are linked with. */
function rootOf(programs: readonly string[], folder: string): void {
  for (const name of programs) {
    const program = findProgram(name)!;
    const libraries = run(['ldd', program]).match(/\/\S+/g) ?? [];
    for (const [from, to] of [[program, `/bin/${name}`], ...libraries.map((path) => [path, path])] as [string, string][]) {
      mkdirSync(dirname(join(folder, to)), { recursive: true });
      copyFileSync(from, join(folder, to));
    }
  }
}

describeUnless(engine === undefined ? `neither ${engines.map(({ program }) => program).join(' nor ')} answers here` : undefined, 'a container', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-image-'));
  beforeAll(() => {
    rootOf(['bash', 'cat', 'ip'], join(folder, 'root'));
    writeFileSync(join(folder, 'Containerfile'), 'FROM scratch\nCOPY root /\nENV PATH=/bin\n');
    run(buildImage(engine, join(folder, 'Containerfile'), folder));
  });
  afterAll(() => {
    spawnSync(engine.program, removeContainers(engine, [NAME]).slice(1));
    spawnSync(engine.program, ['rmi', '--force', IMAGE]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test('has networks of its own and none of this machine, can be entered, and goes when its standard input does', async () => {
    const [program = '', ...words] = runContainer(engine, NAME);
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { said += bytes.toString(); });
    const over = new Promise((resolve) => child.once('close', resolve));
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => { if (said.includes('ready')) resolve(); });
      child.once('close', () => reject(new Error(said)));
    });
    child.stdin.write('ip netns add red && ip -n red link add cbr0 type bridge && ip -br -n red link; ip -br link; echo 1 > /proc/sys/net/ipv4/ip_forward; echo ready\n');
    await ready;
    expect(said).toMatch(/^cbr0 /m);
    expect(said.match(/^[\w.@]+(?= )/gm)?.filter((name) => name !== 'lo' && name !== 'cbr0')).toEqual([]);
    expect(run(execInContainer(engine, NAME, ['bash', '-c', 'echo "$(< /proc/sys/net/ipv4/ip_forward)"'], { isTerminal: false }))).toBe('1\n');
    child.stdin.end();
    expect(await over).toBe(0);
    expect(run(leftovers(engine)).trim()).toBe('');
  });
});

/** `podwire diff`: the same steps in the simulator and on real Linux, and side by side what differs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lesson } from '../contracts/course.ts';
import { compare, compareSession, shrink, signatureOf, type Comparison, type Difference } from '../host/linux/differential.ts';
import { RealSessions } from '../host/linux/differential-sessions.ts';
import { compareLesson } from '../host/linux/differential-lessons.ts';
import { inParallel } from '../host/linux/differential-jobs.ts';
import { canRunLinuxLabs } from '../host/linux/doctor.ts';
import { readPackAt, textsOf } from '../host/packs/read-pack.ts';
import { productDir } from '../host/paths.ts';
import { version } from '../host/version.ts';
import { judgePack, lessonsOf } from '../labs/course/index.ts';
import { ExecCase } from '../labs/exec.ts';
import { randomCommands } from '../labs/random-commands.ts';
import type { CliCommand } from './command.ts';

const WIDTH = 60;

export const diff: CliCommand = {
  name: 'diff',
  usage: 'diff [--random N [--seed S]] [--jobs N] [CASE.json...] [LESSON...]',
  summary: 'compare the simulator with this kernel',
  async run(args) {
    const { numbers, files, problem } = parse(args);
    if (problem !== undefined) {
      process.stderr.write(`podwire: diff: ${problem}\n`);
      return 2;
    }
    const real = canRunLinuxLabs();
    if (!real.isAvailable) {
      process.stderr.write(`podwire: diff: ${real.because}\n`);
      return 69;
    }
    const isSame = numbers.random > 0 ? await random(numbers.random, numbers.seed, numbers.jobs) : await recorded(files, numbers.jobs);
    return isSame ? 0 : 1;
  },
};

const defaults = { random: 0, seed: 1, jobs: 2 };

function parse(args: readonly string[]): { numbers: typeof defaults; files: string[]; problem?: string } {
  const numbers = { ...defaults };
  const files: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const name = args[at]!.replace(/^--/, '') as keyof typeof defaults;
    if (!args[at]!.startsWith('--')) files.push(args[at]!);
    else if (!(name in numbers)) return { numbers, files, problem: `there is no option ${args[at]}; diff takes --random, --seed and --jobs` };
    else {
      const value = Number(args[++at]);
      if (!Number.isInteger(value) || value < 1) return { numbers, files, problem: `--${name} wants a number from 1, found ${args[at] ?? 'nothing'}` };
      numbers[name] = value;
    }
  }
  if (numbers.random === 0 && files.length === 0) return { numbers, files, problem: 'say --random N, or name files with cases, or lessons' };
  return { numbers, files };
}

async function recorded(files: readonly string[], jobs: number): Promise<boolean> {
  let steps = 0;
  let same = 0;
  const lessons = files.every(isFile) ? new Map<string, Lesson>() : shippedLessons();
  const unknown = files.find((name) => !isFile(name) && !lessons.has(name));
  if (unknown !== undefined) throw new Error(`there is no lesson ${unknown}; the lessons are ${[...lessons.keys()].join(', ')}`);
  await inParallel(files, jobs, async (file) => {
    const comparison = isFile(file) ? await compareFile(file) : await compareLesson(lessons.get(file)!, lessons);
    steps += comparison.steps;
    same += comparison.steps - comparison.differences.length;
    tell(comparison);
  });
  process.stdout.write(`${same} of ${steps} steps are the same\n`);
  return same === steps;
}

const isFile = (name: string): boolean => name.endsWith('.json');

async function compareFile(file: string): Promise<Comparison> {
  const recorded: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const parsed = ExecCase.safeParse(recorded);
  if (!parsed.success) throw new Error(`${file}: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  return compare(parsed.data, (recorded as { steps: object[] }).steps);
}

function shippedLessons(): ReadonlyMap<string, Lesson> {
  const read = readPackAt(join(productDir(), 'courses', 'gke-networking'));
  const course = 'problems' in read ? null : judgePack(textsOf(read.files), version).course;
  if (course === null) throw new Error('the course that ships is not well formed: podwire course validate');
  return lessonsOf(course);
}

async function random(count: number, seed: number, jobs: number): Promise<boolean> {
  const seeds = Array.from({ length: count }, (_, index) => seed + index);
  const kinds = new Map<string, { count: number; seed: number; commands: string[]; difference: Difference }>();
  let different = 0;
  const onLinux = await RealSessions.open();
  await inParallel(seeds, jobs, async (each) => {
    const commands = randomCommands(each);
    const { differences } = await compareSession(`random-${each}`, commands, onLinux);
    const [first] = differences;
    if (first === undefined) return;
    different++;
    const known = kinds.get(signatureOf(first));
    if (known !== undefined) return void known.count++;
    kinds.set(signatureOf(first), { count: 1, seed: each, commands, difference: first });
    const shortest = await shrink(commands, async (fewer) => (await compareSession('shrinking', fewer, onLinux)).differences);
    kinds.set(signatureOf(first), { ...kinds.get(signatureOf(first))!, commands: shortest.commands, difference: shortest.differences[0] ?? first });
  });
  await onLinux.close();
  for (const { count: times, seed: of, commands, difference } of [...kinds.values()].sort((a, b) => b.count - a.count)) {
    process.stdout.write(`seed ${of}${times > 1 ? ` and ${times - 1} more` : ''}:\n${commands.map((command) => `  ${command}\n`).join('')}`);
    show(difference);
  }
  process.stdout.write(`${count - different} of ${count} sessions are the same (seeds ${seed} to ${seed + count - 1})\n`);
  return different === 0;
}

function tell({ id, steps, differences }: Comparison): void {
  process.stdout.write(`${differences.length === 0 ? 'same' : 'DIFF'} ${id} (${steps} steps${differences.length === 0 ? '' : `, ${differences.length} differ`})\n`);
  for (const difference of differences) show(difference);
}

function show({ step, command, simulator, linux }: Difference): void {
  process.stdout.write(`  step ${step}: ${command}\n  ${'simulator'.padEnd(WIDTH)} | real Linux\n`);
  for (let at = 0; at < Math.max(simulator.length, linux.length); at++) {
    const [left = '', right = ''] = [simulator[at], linux[at]];
    if (left !== right) process.stdout.write(`  ${left.padEnd(WIDTH)} | ${right}\n`);
  }
}

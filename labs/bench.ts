/** What `podwire bench` measures inside one process. Each figure names its unit and is the median of several runs, or a percentile where it says so. */
import type { Lesson } from '../contracts/course.ts';
import { measureClusters } from './bench-cluster.ts';
import { replayTime, sessionTimes, twoHours } from './bench-session.ts';
import { Attempt } from './course/attempt.ts';
import { lessonsOf, loadCourse } from './course/index.ts';
import { runCase, ExecCase } from './exec.ts';
import { scenarioNamed } from './scenarios/index.ts';
import { SimulatedLab } from './simulated-lab.ts';
import { simulatorBackend } from './simulator-backend.ts';

export interface Figure { readonly value: number; readonly unit: string; readonly limit?: number; readonly note?: string }

interface Measuring {
  readonly nowMs: () => number;
  /** What the processor has spent on us. */
  readonly cpuMs: () => number;
  readonly courseFiles: Readonly<Record<string, string>>;
  /** Bytes in use once everything that can be collected has been. */
  readonly heapBytes: () => number;
}

const SIZE = { columns: 80, rows: 24 };
const LAST_LESSON = 'u1-nat-and-memory';
const FIRST_LESSON = 'u0-first-five-minutes';
/** Every lab stands at its first prompt by then. */
const OPENED_BY_US = 300_000_000;

export async function measureAll({ nowMs, cpuMs, courseFiles, heapBytes }: Measuring): Promise<Record<string, Figure>> {
  const { course } = loadCourse(new Map(Object.entries(courseFiles)));
  if (course === null) throw new Error('the course cannot be read');
  const lessons = lessonsOf(course);
  const time = async (work: () => Promise<void>): Promise<number> => {
    const startedMs = nowMs();
    await work();
    return nowMs() - startedMs;
  };
  // The first lab compiles the engine; nobody waits for that twice.
  await openToPrompt();
  const open = await many(9, () => time(openToPrompt));
  const exercise = await many(3, () => time(() => replayUnit(lessons)));
  const judged = await judgeTimes(lessons, nowMs);
  const builtins = await rate(nowMs, 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done', 200_000);
  const externals = await rate(nowMs, 'for i in $(seq 20000); do /usr/bin/true; done', 20_000);
  const substitutions = await rate(nowMs, 'for i in $(seq 10000); do x=$(echo $i); done', 10_000);
  const pipelines = await rate(nowMs, 'for i in $(seq 4000); do echo x | cat | cat; done > /dev/null', 4_000);
  const hops = await packetHops(nowMs);
  const worked = twoHours(LAST_LESSON, OPENED_BY_US);
  const idle = twoHours(FIRST_LESSON, OPENED_BY_US, []);
  const replayed = await many(3, () => replayTime(worked, courseFiles, nowMs));
  const rested = await many(3, () => replayTime(idle, courseFiles, nowMs));
  const { undoMs, echoMs } = await sessionTimes(LAST_LESSON, worked, courseFiles, nowMs);
  const memory = await labMemory(heapBytes);
  return {
    labOpenToPrompt: { value: median(open), unit: 'ms', limit: 50 },
    exercise1ReplayedAndGraded: { value: median(exercise), unit: 'ms', limit: 300, note: 'the solutions of unit 1 done in one lab, judged after every step of its last lesson' },
    judgeLessonP95: { value: percentile(judged, 0.95), unit: 'ms', limit: 20 },
    builtins: { value: builtins, unit: '1/s', limit: 100_000 },
    externals: { value: externals, unit: '1/s', limit: 54_000 },
    substitutions: { value: substitutions, unit: '1/s', limit: 36_000 },
    pipelines: { value: pipelines, unit: '1/s', limit: 12_000 },
    packetHops: { value: hops, unit: '1/s', limit: 400_000, note: 'device to device through a bridge and two veth pairs, 20 iptables rules' },
    undoAfterTwoHours: { value: Math.max(...undoMs), unit: 'ms', limit: 300, note: 'the slowest of five lines taken back one after the other' },
    twoHoursReplayed: { value: median(replayed), unit: 'ms', limit: 2_000, note: 'a line every twelve seconds in the last lab of unit 1, its ping running; the lab is opened first' },
    twoIdleHoursReplayed: { value: median(rested), unit: 'ms', limit: 200 },
    keyEchoP95: { value: percentile(echoMs, 0.95), unit: 'ms', limit: 1, note: 'from a key handed to the session to its echo handed to the page' },
    labMemory: { value: memory, unit: 'MB', limit: 60 },
    ...(await measureClusters({ nowMs, cpuMs, heapBytes }, courseFiles, lessons)),
  };
}

async function openToPrompt(): Promise<void> {
  (await openLab()).close();
}

async function openLab(): Promise<SimulatedLab> {
  const lab = await SimulatedLab.open(scenarioNamed('linux-host'), { seed: 1 });
  lab.openTerminal({ id: 'host', title: 'host', place: 'host' }, SIZE);
  await lab.settle();
  return lab;
}

async function replayUnit(lessons: ReadonlyMap<string, Lesson>): Promise<void> {
  const lesson = lessons.get(LAST_LESSON);
  if (lesson === undefined) throw new Error(`the course has no ${LAST_LESSON}`);
  const attempt = await Attempt.open(lesson, { backend: simulatorBackend, lessons, seed: 1 });
  const report = await attempt.run(lesson.solution);
  attempt.close();
  if (!report.isComplete) throw new Error(`the solution of ${LAST_LESSON} earns ${report.pointsEarned} of ${report.points} points`);
}

async function judgeTimes(lessons: ReadonlyMap<string, Lesson>, nowMs: () => number): Promise<number[]> {
  const times: number[] = [];
  for (const lesson of lessons.values()) {
    const attempt = await Attempt.open(lesson, { backend: simulatorBackend, lessons, seed: 1 });
    for (const step of lesson.solution) {
      await attempt.do(step);
      await attempt.settleForJudging();
      const startedMs = nowMs();
      await attempt.judgeNow();
      times.push(nowMs() - startedMs);
    }
    attempt.close();
  }
  return times;
}

/** Units of work a second, the lab's opening taken off. */
async function rate(nowMs: () => number, script: string, units: number): Promise<number> {
  const run = async (text: string): Promise<number> => {
    const startedMs = nowMs();
    const { steps } = await runCase(ExecCase.parse({ id: 'bench', steps: [{ cmd: text, timeout: 86_400 }] }));
    if (steps[0]?.exit !== 0) throw new Error(`bench: ${text}: ${JSON.stringify(steps[0])}`);
    return nowMs() - startedMs;
  };
  const empty = median(await many(3, () => run('true')));
  return Math.round((units / (median(await many(3, () => run(script))) - empty)) * 1000);
}

/** Echo requests and replies across veth, bridge, veth; every packet a device transmits to the next one is a hop. */
async function packetHops(nowMs: () => number): Promise<number> {
  const lab = await SimulatedLab.open(scenarioNamed('linux-host'), { seed: 1 });
  const setup = [
    'ip link add br0 type bridge', 'ip link set br0 up', 'sysctl -qw net.bridge.bridge-nf-call-iptables=1',
    ...[1, 2].flatMap((n) => [`ip netns add n${n}`, `ip link add v${n} type veth peer name e0 netns n${n}`, `ip link set v${n} master br0 up`, `ip -n n${n} addr add 10.9.0.${n}/24 dev e0`, `ip -n n${n} link set e0 up`, `ip -n n${n} link set lo up`]),
    ...Array.from({ length: 20 }, (_, index) => `iptables -A FORWARD -p tcp --dport ${1000 + index} -j DROP`),
  ].join('\n');
  const command = lab.start(['bash', '-c', `set -e\n${setup}\nip netns exec n1 ping -c1 10.9.0.2 >/dev/null`], { cwd: '/', env: {} });
  await lab.runWhile(() => command.status === undefined, lab.nowUs + 60_000_000);
  if (command.status?.kind !== 'exited' || command.status.code !== 0) throw new Error(`bench: ${command.stderr()}`);
  const rates = await many(5, async () => {
    const { sent, ms } = lab.flood('n1', '10.9.0.2', 20_000, nowMs);
    return (sent / ms) * 1000;
  });
  lab.close();
  return Math.round(median(rates));
}

/** What one lab at its prompt adds to the heap, in megabytes: so little that only many of them stand out from what else comes and goes. */
async function labMemory(heapBytes: () => number): Promise<number> {
  const labs: SimulatedLab[] = [];
  const before = heapBytes();
  for (let count = 0; count < 64; count++) labs.push(await openLab());
  const bytes = (heapBytes() - before) / labs.length;
  for (const lab of labs) lab.close();
  return Math.round(bytes / 1e4) / 100;
}

async function many(times: number, work: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let turn = 0; turn < times; turn++) values.push(await work());
  return values;
}
function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0) * 100) / 100;
}

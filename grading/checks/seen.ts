/**
 * Evidence that was shown: a job's output at any terminal (a window of screen included), or the packets of a capture.
 * It asks what the learner could see, so it is never about the command alone.
 */
import { z } from 'zod';
import type { CapturedPacket, CommandView } from '../../contracts/observer.ts';
import type { Evidence } from '../../contracts/report.ts';
import { defineCheck, fail, type Finding, type JudgeCall, pass } from '../define.ts';
import { findLine, matchesLine } from '../pattern.ts';

const patterns = z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]);

const packet = z.strictObject({
  protocol: z.string().optional(),
  source: z.string().optional(),
  destination: z.string().optional(),
  sourcePort: z.number().optional(),
  destinationPort: z.number().optional(),
  icmpType: z.number().optional(),
});

const spec = z.strictObject({
  at: z.string(),
  /** Patterns over the words of any program of the job; one is enough. */
  by: patterns.optional(),
  /** Patterns that must each cover a line of the output. */
  shows: patterns.optional(),
  /** Patterns that may cover no line of the output. */
  lacks: patterns.optional(),
  /** 'ok' for exit 0, 'bad' for another; a job that still runs has neither. */
  exit: z.enum(['ok', 'bad']).optional(),
  /** Only the newest job of all terminals counts: for diagnoses of what was done just now. */
  last: z.boolean().optional(),
  /** A program (a pattern) that must be running at a place while the evidence is judged. */
  whileRunning: z.strictObject({ at: z.string(), runs: z.string() }).optional(),
  /** The device of a capture, and what one of its packets must be. */
  dev: z.string().optional(),
  packet: packet.optional(),
  /** What has been seen, in words, for the learner: "an echo request on cbr0". */
  what: z.string(),
}).refine(({ by, shows, lacks, exit, dev }) => [by, shows, lacks, exit, dev].some((each) => each !== undefined), 'say what must be seen: by, shows, lacks, exit or dev');

type Spec = z.infer<typeof spec>;

export const seen = defineCheck({
  kind: 'seen',
  summary: 'something has been shown in a terminal or a capture',
  spec,
  places: ({ at, whileRunning }) => (whileRunning === undefined ? [at] : [at, whileRunning.at]),
  async judge(wanted, call) {
    const { look } = call;
    const expected = `${wanted.what}, seen in ${look.title(wanted.at)}`;
    const { whileRunning } = wanted;
    if (whileRunning !== undefined && !(await runs(whileRunning, call))) {
      const program = whileRunning.runs.replaceAll('*', ' ').trim();
      return fail({ expected, found: `no ${program} runs in ${look.title(whileRunning.at)}`, because: `It is about a running program, and no ${program} runs in ${look.title(whileRunning.at)} now.`, layer: 'application' });
    }
    return wanted.dev === undefined ? inTerminal(wanted, expected, call) : inCapture(wanted, wanted.dev, expected, call);
  },
});

async function inTerminal(wanted: Spec, expected: string, { look }: JudgeCall): Promise<Finding> {
  const { machine, netns } = look.place(wanted.at);
  const all = await look.commands();
  const jobs = (wanted.last === true ? all.slice(-1) : all).filter((job) => job.machine === machine && namespaceOf(job) === netns && isBy(wanted, job));
  const match = jobs.find((job) => shows(wanted, job));
  if (match !== undefined) return pass(expected, expected, { see: [command(match)] });
  const last = jobs.at(-1);
  return fail({
    expected,
    found: last === undefined ? 'it has not been looked at' : `the last look was: ${last.line}`,
    because: last === undefined ? `Nothing that could show it has run in ${look.title(wanted.at)}.` : 'What it printed does not show it.',
    layer: 'application', see: last === undefined ? [] : [command(last)],
  });
}

async function inCapture(wanted: Spec, device: string, expected: string, { look }: JudgeCall): Promise<Finding> {
  const { machine, netns } = look.place(wanted.at);
  const captures = (await look.captures()).filter(({ place }) => place.machine === machine && place.netns === netns);
  const here = captures.filter((each) => each.device === device || each.device === 'any');
  for (const capture of here) {
    const match = capture.packets.find((each) => (capture.device === device || each.text.includes(` ${device} `) || each.text.startsWith(`${device} `)) && fits(wanted.packet ?? {}, each));
    if (match !== undefined) return pass(expected, match.text, { see: [{ kind: 'capture', label: match.text, place: look.place(wanted.at) }] });
  }
  const other = captures.at(-1);
  const shown = here.reduce((sum, { packets }) => sum + packets.length, 0);
  return fail({
    expected,
    found: here.length > 0 ? `${shown} packets captured on ${device}, none of them this` : other === undefined ? 'nothing has been captured' : `a capture on ${other.device}`,
    because: here.length > 0 ? `The capture on ${device} has not shown it.` : `Nobody has listened on ${device}.`,
    layer: 'application',
  });
}

function isBy({ by }: Spec, job: CommandView): boolean {
  if (by === undefined) return true;
  return by.some((pattern) => matchesLine(pattern, job.line) || job.programs.some((argv) => matchesLine(pattern, [basename(argv[0] ?? ''), ...argv.slice(1)].join(' '))));
}

function shows(wanted: Spec, job: CommandView): boolean {
  if (wanted.exit !== undefined && (job.exit === null || (job.exit === 0) !== (wanted.exit === 'ok'))) return false;
  return (wanted.shows ?? []).every((pattern) => findLine(pattern, job.output) !== undefined)
    && (wanted.lacks ?? []).every((pattern) => findLine(pattern, job.output) === undefined);
}

function fits(wanted: z.infer<typeof packet>, real: CapturedPacket): boolean {
  return Object.entries(wanted).every(([key, value]) => real[key as keyof CapturedPacket] === value);
}

async function runs({ at, runs: pattern }: { at: string; runs: string }, { look }: JudgeCall): Promise<boolean> {
  const { netns } = look.place(at);
  return (await look.processes(at)).some((each) => each.netns === netns && each.state !== 'zombie' && each.state !== 'stopped' && matchesLine(pattern, each.argv.join(' ')));
}

/** `ip -n NAME` looks into NAME without a process ever moving there, on backends that cannot see its setns. */
function namespaceOf({ netns, programs }: CommandView): string | null {
  for (const argv of programs) {
    const at = argv.findIndex((word) => word === '-n' || word === '-netns');
    if (basename(argv[0] ?? '') === 'ip' && at === 1) return argv[2] ?? netns;
  }
  return netns;
}

function command(job: CommandView): Evidence {
  return { kind: 'command', label: job.line };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

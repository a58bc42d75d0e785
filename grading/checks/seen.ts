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
  /** A pattern for a program that must be running at this place while the evidence is judged. */
  whileRunning: z.string().optional(),
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
  places: ({ at }) => [at],
  async judge(wanted, call) {
    const expected = `${wanted.what}, seen in ${wanted.at}`;
    if (wanted.whileRunning !== undefined && !(await runs(wanted.whileRunning, wanted.at, call))) {
      return fail({ expected, found: `nothing like ${wanted.whileRunning.replaceAll('*', ' ').trim()} runs`, because: 'The program it is about is not running.', layer: 'application' });
    }
    return wanted.dev === undefined ? inTerminal(wanted, expected, call) : inCapture(wanted, wanted.dev, expected, call);
  },
});

async function inTerminal(wanted: Spec, expected: string, { look }: JudgeCall): Promise<Finding> {
  const { machine, netns } = look.place(wanted.at);
  const jobs = (await look.commands()).filter((job) => job.machine === machine && job.netns === netns && isBy(wanted, job));
  const match = jobs.find((job) => shows(wanted, job));
  if (match !== undefined) return pass(expected, expected, { see: [command(match)] });
  const last = jobs.at(-1);
  return fail({
    expected,
    found: last === undefined ? 'it has not been looked at' : `the last look was: ${last.line}`,
    because: last === undefined ? `Nothing that could show it has run in ${wanted.at}.` : 'What it printed does not show it.',
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

async function runs(pattern: string, at: string, { look }: JudgeCall): Promise<boolean> {
  const { netns } = look.place(at);
  return (await look.processes(at)).some((each) => each.netns === netns && each.state !== 'zombie' && each.state !== 'stopped' && matchesLine(pattern, each.argv.join(' ')));
}

function command(job: CommandView): Evidence {
  return { kind: 'command', label: job.line };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A lesson's solution typed at a simulated lab and at a real one: what the terminals showed, step by step. */
import { Attempt, stepText } from '../../labs/course/attempt.ts';
import type { Lesson, SolutionStep } from '../../contracts/course.ts';
import type { Backend } from '../../labs/backend.ts';
import { answerLines, Normaliser } from '../../labs/normalise.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';
import { linuxBackend } from './backend.ts';
import type { Comparison, Difference } from './differential.ts';

/** Carriers are told within a second: both sides are given that after each step, with what judging waits for. */
const SETTLES_WITHIN_US = 900_000;
/** Wide enough that no line of a lesson's is folded: shells and screen fold in ways of their own. */
const SCREEN = { columns: 240, rows: 60 };

export async function compareLesson(lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): Promise<Comparison> {
  const [simulated, real] = await Promise.all([shownBy(simulatorBackend, lesson, lessons), shownBy(linuxBackend(), lesson, lessons)]);
  const normalisers = [new Normaliser(), new Normaliser()] as const;
  const differences: Difference[] = [];
  let steps = 0;
  for (const [index, step] of lesson.solution.entries()) {
    if (!('type' in step || 'keys' in step)) continue;
    steps++;
    const [simulator, linux] = [linesOf(normalisers[0], step, simulated[index]!), linesOf(normalisers[1], step, real[index]!)];
    if (simulator.join('\n') !== linux.join('\n')) differences.push({ step: index, command: stepText(step), simulator, linux });
  }
  return { id: lesson.id, steps, differences };
}

/**
 * What was shown in a step, each line once and in no order: how often a program that goes on speaks, and what of two programs comes first, is time's. Without
 * the typed line, which a terminal echoes where a shell is not there yet.
 */
function linesOf(normaliser: Normaliser, step: SolutionStep, shown: Shown): string[] {
  const typed = stepText(step);
  const lines = answerLines(normaliser, {}, shown).filter((line) => line.trim() !== '' && !typed.includes(line.trim()) && !OF_ITSELF.test(line));
  return [...new Set(lines.map(withoutChance))].sort();
}

/** What a kernel sends now and then without being asked. */
const OF_ITSELF = /ICMP6, (?:router|neighbor) (?:solicitation|advertisement)|multicast listener report/;

/** Of two addresses drawn by chance a bridge takes the lower one; process ids are the machine's; a ping that runs is as far as time is; sudo names programs by their path. */
function withoutChance(line: string): string {
  return line.replace(/\b(MAC|ID|EPH)\d+\b/g, '$1').replace(/\b\d+(?=\.[\w-]+(?:]|\t\())/g, 'PID').replace(/\bseq[ =]\d+/g, 'seq N').replace(/\(\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\)/g, '(DATE)')
    .replace(/\/usr\/s?bin\//g, '').replace(/^( *)\d+( packets? (?:captured|transmitted))/, '$1N$2').replace(/\b\d+ received, (?=[\d.]+% packet loss)/, 'N received, ');
}

interface Shown { readonly stdout: string; /** Of the lesson, so far. */ readonly exit: string }

async function shownBy(backend: Backend, lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): Promise<Shown[]> {
  const attempt = Attempt.on(lesson, await backend.open(lesson, lessons, { seed: 1, ...SCREEN }));
  const decoder = new TextDecoder();
  let text = '';
  attempt.lab.onData = (_, bytes) => {
    text += decoder.decode(bytes, { stream: true });
  };
  try {
    const shown: Shown[] = [];
    for (const step of lesson.solution) {
      text = '';
      await attempt.do(step);
      await attempt.lab.runUntil(attempt.lab.nowUs + SETTLES_WITHIN_US);
      const { pointsEarned, points } = await attempt.judge();
      shown.push({ stdout: plain(text), exit: `${pointsEarned} of ${points} points` });
    }
    return shown;
  } finally {
    attempt.close();
  }
}

/** Without what names windows (operating system commands) and moves cursors (ECMA-48 control sequences; to another row is to another line), and without lines being edited behind a prompt. */
function plain(text: string): string {
  return text.replace(/\x1b\[\d*;?\d*H/g, '\n').replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, '').replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/\x1b[()][0-9A-B]|\x1b[=>]|\x07/g, '').replace(/\r\n/g, '\n').split('\n').filter((line) => !/@\w+:.*[#$]/.test(line)).join('\n');
}

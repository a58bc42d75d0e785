/** A lesson's solution typed at a simulated lab and at a real one: what the terminals showed, step by step. */
import { Attempt, stepText } from '../../labs/course/attempt.ts';
import type { Lesson } from '../../contracts/course.ts';
import type { Backend } from '../../labs/backend.ts';
import { answerLines, Normaliser } from '../../labs/normalise.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';
import { linuxBackend } from './backend.ts';
import type { Comparison, Difference } from './differential.ts';

/** Carriers are told within a second: both sides are given that after each step. */
const SETTLES_WITHIN_US = 1_200_000;

export async function compareLesson(lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): Promise<Comparison> {
  const [simulated, real] = await Promise.all([shownBy(simulatorBackend, lesson, lessons), shownBy(linuxBackend(), lesson, lessons)]);
  const normalisers = [new Normaliser(), new Normaliser()] as const;
  const differences: Difference[] = [];
  let steps = 0;
  for (const [index, step] of lesson.solution.entries()) {
    if (!('type' in step || 'keys' in step)) continue;
    steps++;
    const lines = (of: number, shown: Shown): string[] => answerLines(normalisers[of]!, {}, shown).map(withoutChance);
    const [simulator, linux] = [lines(0, simulated[index]!), lines(1, real[index]!)];
    if (stepText(step).includes('showmacs')) [simulator, linux].forEach((each) => each.sort());
    if (simulator.join('\n') !== linux.join('\n')) differences.push({ step: index, command: stepText(step), simulator, linux });
  }
  return { id: lesson.id, steps, differences };
}

/** Of two addresses drawn by chance a bridge takes the lower one; process ids are the machine's; a ping that runs is as far as time is. */
function withoutChance(line: string): string {
  return line.replace(/\bMAC\d+\b/g, 'MAC').replace(/\b\d+(?=\.[\w-]+(?:]|\t\())/g, 'PID').replace(/\bseq[ =]\d+/g, 'seq N').replace(/\(\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\)/g, '(DATE)');
}

interface Shown { readonly stdout: string; /** Of the lesson, so far. */ readonly exit: string }

async function shownBy(backend: Backend, lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): Promise<Shown[]> {
  const attempt = await Attempt.open(lesson, { backend, lessons, seed: 1 });
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

/** Without what moves cursors and names windows (ECMA-48 control sequences, operating system commands), and without lines being edited behind a prompt. */
function plain(text: string): string {
  return text.replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, '').replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/\x1b[()][0-9A-B]|\x1b[=>]|\x07/g, '').replace(/\r\n/g, '\n').split('\n').filter((line) => !/@\w+:.*[#$]/.test(line)).join('\n');
}

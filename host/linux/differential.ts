/** The same steps in the simulator and on this kernel: what differs, and the shortest session that shows it. */
import { runCase, type ExecCase } from '../../labs/exec.ts';
import { answerLines, Normaliser } from '../../labs/normalise.ts';
import { caseOf, looks } from '../../labs/random-commands.ts';
import type { RealSessions } from './differential-sessions.ts';
import { runCaseOnLinux } from './exec.ts';

export interface Difference { readonly step: number; readonly command: string; readonly simulator: readonly string[]; readonly linux: readonly string[] }
export interface Comparison { readonly id: string; readonly steps: number; readonly differences: readonly Difference[] }

type Steps = readonly Readonly<Record<string, unknown>>[];

/** `how` each step is compared, where not in the usual way. */
export async function compare(testCase: ExecCase, how: readonly object[] = testCase.steps): Promise<Comparison> {
  const [simulated, real] = await Promise.all([runCase(testCase), runCaseOnLinux(testCase)]);
  return comparison(testCase, how, simulated.steps, real.steps);
}

/** A made-up session, its looks included. */
export async function compareSession(id: string, commands: readonly string[], onLinux: RealSessions): Promise<Comparison> {
  const testCase = caseOf(id, commands);
  const [simulated, answers] = await Promise.all([runCase(testCase), onLinux.run(commands, looks)]);
  let next = 0;
  return comparison(testCase, testCase.steps, simulated.steps, testCase.steps.map((step) => ('cmd' in step ? { ...answers[next++] } : step)));
}

function comparison({ id }: ExecCase, how: readonly object[], simulated: Steps, real: Steps): Comparison {
  const normalisers = [new Normaliser(), new Normaliser()] as const;
  const differences: Difference[] = [];
  let steps = 0;
  for (const [index, step] of simulated.entries()) {
    if (!('exit' in step)) continue;
    steps++;
    const [simulator, linux] = [answerLines(normalisers[0], how[index] ?? {}, step), answerLines(normalisers[1], how[index] ?? {}, real[index] ?? {})];
    if (simulator.join('\n') !== linux.join('\n')) differences.push({ step: index, command: String(step['cmd'] ?? step['wait'] ?? step['stop']), simulator, linux });
  }
  return { id: String(id), steps, differences };
}

/** Leaves away one command after the other as long as it still differs: in the same look, or in the words of a command that is still there. */
export async function shrink(commands: readonly string[], tryIt: (commands: readonly string[]) => Promise<readonly Difference[]>): Promise<{ commands: string[]; differences: readonly Difference[] }> {
  let shortest = [...commands];
  let differences = await tryIt(shortest);
  for (let at = shortest.length - 1; at >= 0; at--) {
    const shorter = shortest.filter((_, index) => index !== at);
    const found = await tryIt(shorter);
    if (!found.some(({ command }) => differences.some((other) => other.command === command))) continue;
    shortest = shorter;
    differences = found;
  }
  return { commands: shortest, differences };
}

/** How a difference shows: the command that differs, without what was drawn by chance. */
export function signatureOf({ command, simulator, linux }: Difference): string {
  const first = (lines: readonly string[], others: readonly string[]): string => (lines.find((line) => !others.includes(line)) ?? '').replace(/\b\d+(\.\d+)*(\/\d+)?\b/g, 'N').replace(/\b(br|v|d|t)N?\d?\b/g, 'DEV').slice(0, 60);
  return `${looks.includes(command) ? command : command.split(' ').slice(0, 3).join(' ')} | ${first(simulator, linux)} | ${first(linux, simulator)}`;
}

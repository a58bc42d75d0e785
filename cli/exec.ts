/** `podwire exec --jsonl`: one case per line in, one result per line out, in order, as it goes. */
import { createInterface } from 'node:readline';
import { runCaseOnLinux } from '../host/linux/exec.ts';
import { ExecCase, runCase, type CaseResult } from '../labs/exec.ts';
import { opensOn, takeBackend } from './backend-option.ts';
import type { CliCommand } from './command.ts';
import { writeLine } from './write-line.ts';

export const exec: CliCommand = {
  name: 'exec',
  usage: 'exec --jsonl [--backend linux|container]',
  summary: 'run cases from standard input, each in a fresh lab',
  async run(words) {
    const { backend, args, problem } = takeBackend(words);
    if (problem !== undefined) {
      process.stderr.write(`podwire: exec: ${problem}\n`);
      return 2;
    }
    const unknown = args.find((word) => word !== '--jsonl');
    if (unknown !== undefined || !args.includes('--jsonl')) {
      process.stderr.write(`podwire: exec: ${unknown === undefined ? 'say --jsonl: cases are read as JSON lines' : `there is no option ${unknown}; exec takes --jsonl and --backend`}\n`);
      return 2;
    }
    const run = backend === 'simulator' ? runCase : async (testCase: ExecCase): Promise<CaseResult> => runCaseOnLinux(testCase, await opensOn(backend));
    let answered = true;
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line.trim() === '') continue;
      const result = await answer(line, run);
      if ('error' in result) answered = false;
      await writeLine(JSON.stringify(result));
    }
    return answered ? 0 : 1;
  },
};

async function answer(line: string, run: (testCase: ExecCase) => Promise<CaseResult>): Promise<Record<string, unknown>> {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (cause) {
    return { id: null, error: `the line is not JSON: ${(cause as Error).message}` };
  }
  const id = (raw as { id?: unknown } | null)?.id ?? null;
  const parsed = ExecCase.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { id, error: `${issue?.path.join('.') || 'case'}: ${issue?.message ?? 'malformed'}` };
  }
  const startedMs = performance.now();
  try {
    const { steps, virtualMs } = await run(parsed.data);
    return { id, steps, virtualMs, wallMs: Math.round(performance.now() - startedMs) };
  } catch (cause) {
    return { id, error: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** jq(1): jq 1.8 itself, as WebAssembly. Here are only its arguments and files. Time stands still while it runs, but for what reading its own builtins takes. */
import { loadJq, type Jq } from 'jq-wasm';
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated } from '../define.ts';

/** What a run of Debian's jq takes at the least: a script that runs it without end must not do so in no time. */
const START_US = 25_000;
/** One instance serves every lab; after a failure of the module itself it is made anew. */
let instance: Promise<Jq> | undefined;

async function evaluate(sys: Sys, input: string, filter: string, flags: string[]): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  return sys.hold((async () => {
    instance ??= loadJq();
    try {
      const answer = (await instance).raw(input, filter, flags);
      if (answer.exitCode !== 0) instance = undefined;
      return answer;
    } catch (problem) {
      instance = undefined;
      return { stdout: '', stderr: `jq: error: ${problem instanceof Error ? problem.message : 'failed'}`, exitCode: 5 };
    }
  })());
}

/** While jq runs nothing can stop it: what would run for ever, as far as it is plain to see, is not begun. */
function neverEnds(filter: string): boolean {
  return /\brepeat\s*\(|\binfinite\b|\bwhile\s*\(\s*true\b|\buntil\s*\(\s*false\b/.test(filter) && !/\b(?:limit|first|until|label|input|halt)\b/.test(filter.replace(/\buntil\s*\(\s*false\b/g, ''));
}

const flagLetters = 'cnrjaSsReCM';
const longFlags: Readonly<Record<string, string>> = {
  'compact-output': '-c', 'null-input': '-n', 'raw-output': '-r', 'join-output': '-j', 'ascii-output': '-a', 'sort-keys': '-S', slurp: '-s', 'raw-input': '-R', 'exit-status': '-e', 'color-output': '-C', 'monochrome-output': '-M', tab: '--tab', 'raw-output0': '--raw-output0', stream: '--stream', seq: '--seq',
};

export const jq = defineCommand({
  name: 'jq', summary: 'process JSON', package: 'jq',
  run: async (call) => {
    const flags: string[] = [];
    const operands: string[] = [];
    const words = [...call.args];
    let positional: 'args' | 'jsonargs' | undefined;
    const extra: string[] = [];
    let isPlainFilter = true;
    let filter: string | undefined;
    const usage = (code: ExitCode): ExitCode => {
      const text = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -f FILE [FILES...]\n\tjq [OPTIONS] --args FILTER [ARGUMENTS...]\n\tjq [OPTIONS] --jsonargs FILTER [JSON_VALUES...]\n\njq is a tool for processing JSON inputs, applying the given filter to\nits JSON text inputs and producing the filter's results as JSON on\nstandard output.\n";
      if (code === 0) call.write(text);
      else call.writeErr(text);
      return code;
    };
    while (words.length > 0) {
      const word = words.shift()!;
      if (word === '--') {
        operands.push(...words.splice(0));
      } else if (word.startsWith('--')) {
        const name = word.slice(2);
        if (longFlags[name] !== undefined) flags.push(longFlags[name]);
        else if (name === 'arg' || name === 'argjson') flags.push(word, words.shift() ?? '', words.shift() ?? '');
        else if (name === 'slurpfile' || name === 'rawfile') {
          const variable = words.shift() ?? '';
          const path = words.shift() ?? '';
          const text = await call.sys.readText(path);
          if (!text.ok) {
            call.err(`jq: Bad JSON in --${name} ${variable} ${path}: Could not open ${path}: ${strerror(text.error)}`);
            return 2;
          }
          if (name === 'rawfile') flags.push('--arg', variable, text.value);
          else flags.push('--argjson', variable, (await evaluate(call.sys, text.value, '.', ['-c', '-s'])).stdout.trim());
        } else if (name === 'indent') flags.push('--indent', words.shift() ?? '2');
        else if (name === 'args' || name === 'jsonargs') positional = name;
        else if (name === 'from-file') isPlainFilter = false;
        else if (name === 'version') {
          call.out('jq-1.6');
          return 0;
        } else if (name === 'help') return usage(0);
        else return notSimulated(call, `option ${word}`);
      } else if (word.startsWith('-') && word.length > 1) {
        for (const letter of word.slice(1)) {
          if (flagLetters.includes(letter)) flags.push(`-${letter}`);
          else if (letter === 'f') isPlainFilter = false;
          else if (letter === 'h') return usage(0);
          else if (letter === 'V') {
            call.out('jq-1.6');
            return 0;
          } else {
            call.err(`jq: Unknown arguments: ${word}`);
            return usage(2);
          }
        }
      } else if (filter === undefined && isPlainFilter) filter = word;
      else if (positional !== undefined) extra.push(word);
      else operands.push(word);
    }
    if (!isPlainFilter) {
      const path = filter ?? operands.shift();
      const text = path === undefined ? undefined : await call.sys.readText(path);
      if (text?.ok !== true) {
        call.err(`jq: error: Could not open ${path ?? ''}: ${strerror(text === undefined ? 'ENOENT' : text.error)}`);
        return 2;
      }
      filter = text.value;
    }
    filter ??= call.stdinIsTerminal ? undefined : '.';
    if (filter === undefined) return usage(2);
    if (neverEnds(filter)) return notSimulated(call, 'a filter without end');
    if (positional !== undefined && extra.length > 0) flags.push(`--${positional}`, ...extra);
    let input = '';
    let code: ExitCode = 0;
    const hasInput = !flags.includes('-n') || /\binputs?\b/.test(filter);
    for (const path of operands.length > 0 ? operands : hasInput ? ['-'] : []) {
      const got = await readWhole(call.sys, path);
      if (got.ok) input += fromUtf8(got.value);
      else {
        call.err(`jq: error: Could not open ${path}: ${strerror(got.error)}`);
        code = 2;
      }
    }
    if (call.stdoutIsTerminal && !flags.includes('-M') && !flags.includes('-C') && call.env.get('NO_COLOR') === undefined) flags.push('-C');
    if (input.trim() === '' && !flags.includes('-n') && !flags.includes('-R') && !flags.includes('-s')) return code;
    const wait = call.sys.charge(START_US);
    if (wait !== undefined) await wait;
    const answer = await evaluate(call.sys, input, filter, flags);
    call.write(answer.stdout === '' || answer.stdout.endsWith('\n') || flags.includes('-j') ? answer.stdout : `${answer.stdout}\n`);
    if (answer.stderr !== '') call.writeErr(answer.stderr.endsWith('\n') ? answer.stderr : `${answer.stderr}\n`);
    return answer.exitCode !== 0 ? answer.exitCode : code;
  },
});

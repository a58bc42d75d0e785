/** gcloud 528.0.0: the command line of Google Cloud. Read first: googlecloudsdk/calliope/cli.py */
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { cloudOf } from '../../ports/cloud.ts';
import { commands } from './commands.ts';
import { groupPage } from './help.ts';
import { groupUsage, parseWords, splitWords, usageOf } from './parse.ts';
import { GcloudProblem, HttpProblem, NotSimulatedProblem, UsageProblem } from './problem.ts';
import { Properties } from './properties.ts';
import { Gcloud } from './session.ts';
import { commandAt, globalFlags, groupAt, type CommandSurface } from './surface/surface.ts';
import { VERSION } from './others.ts';

export const gcloud = defineCommand({
  name: 'gcloud',
  summary: 'manage Google Cloud resources and developer workflow',
  package: 'google-cloud-cli',
  async run(call) {
    const { path, others } = splitWords(call.args);
    try {
      return await dispatch(call, path, others);
    } catch (thrown) {
      return explain(call, path.join('.'), thrown);
    }
  },
});

async function dispatch(call: Invocation, path: readonly string[], others: readonly string[]): Promise<number> {
  const words = path.join(' ');
  if (path.length === 0 && (others.includes('--version') || others.includes('-v'))) {
    call.out(`Google Cloud SDK ${VERSION}`);
    return 0;
  }
  const group = groupAt(words);
  if (group !== undefined) {
    if (others.includes('--help') || others.includes('-h')) {
      call.write(groupPage(words));
      return 0;
    }
    error(call, words, 'Command name argument expected.');
    call.writeErr(`\n${groupPage(words)}`);
    return 2;
  }
  const command = commandAt(words);
  if (command === undefined) return unknown(call, path);
  const run = commands.get(words);
  if (run === undefined) return notSimulated(call, `command ${words}`);
  const parsed = parseWords(command, others);
  if (parsed.flags.get('--help') === true) return showHelp(call, command);
  for (const flag of parsed.flags.keys()) if (!globalFlags.some(({ name }) => name === flag) && !run.supports.split(' ').includes(flag.slice(2))) throw new NotSimulatedProblem(`option ${flag}`);
  const overrides = new Map<string, string>();
  for (const [flag, property] of [['--project', 'core/project'], ['--account', 'core/account'], ['--verbosity', 'core/verbosity']] as const) {
    const value = parsed.flags.get(flag);
    if (typeof value === 'string') overrides.set(property, value);
  }
  const configuration = parsed.flags.get('--configuration');
  const properties = await Properties.read(call, overrides, typeof configuration === 'string' ? configuration : undefined);
  const session = new Gcloud(call, command, parsed, properties, cloudOf(call.sys));
  await session.start();
  return (await run.run(session)) ?? 0;
}

const esc = (code: string): string => `\u001b[${code}`;

function error(call: Invocation, path: string, message: string): void {
  const label = call.sys.isTerminal(2) ? `${esc('1;31m')}ERROR:${esc('0m')}` : 'ERROR:';
  call.err(`${label} (${['gcloud', ...path.split(' ').filter((word) => word !== '')].join('.')}) ${message}`);
}

/** A word that names nothing, below a group that is there. */
function unknown(call: Invocation, path: readonly string[]): number {
  let depth = path.length - 1;
  while (depth > 0 && groupAt(path.slice(0, depth).join(' ')) === undefined) depth -= 1;
  const group = path.slice(0, depth).join(' ');
  const word = path[depth] ?? '';
  const known = groupAt(group)?.children.some(([, name]) => name === word) === true;
  if (known) return notSimulated(call, `command ${path.slice(0, depth + 1).join(' ')}`);
  if (['alpha', 'beta', 'preview'].includes(word) && depth === 0) return notSimulated(call, `the ${word} commands`);
  error(call, group, `Invalid choice: '${word}'.`);
  const elsewhere = [...commands.keys()].filter((one) => one.split(' ').includes(word)).slice(0, 3);
  call.err(elsewhere.length === 0 ? groupUsage(group) : `Maybe you meant:\n${elsewhere.map((one) => `  gcloud ${one}`).join('\n')}\n\nTo search the help text of gcloud commands, run:\n  gcloud help -- SEARCH_TERMS`);
  return 2;
}

function showHelp(call: Invocation, command: CommandSurface): number {
  call.write(`NAME\n    gcloud ${command.path} - ${command.help.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase())}\n\nSYNOPSIS\n    gcloud ${command.path} ${command.syntax.replace(' [optional flags]', '')} ${command.flags.replaceAll(/[±!]/g, '').split(' ').filter((word) => word !== '').map((word) => `[${word.replace(/=[#*%]?$/, '=VALUE')}]`).join(' ')}\n        [GCLOUD_WIDE_FLAG ...]\n\nDESCRIPTION\n    ${command.help}\n`);
  return 0;
}

function explain(call: Invocation, path: string, thrown: unknown): number {
  const words = path.replaceAll('.', ' ');
  if (thrown instanceof NotSimulatedProblem) return notSimulated(call, thrown.message);
  if (thrown instanceof UsageProblem) {
    error(call, words, thrown.message);
    const command = commandAt(words);
    if (thrown.hasUsage && command !== undefined) call.err(usageOf(command));
    return 2;
  }
  if (thrown instanceof GcloudProblem) {
    error(call, words, thrown.message);
    return thrown.exit;
  }
  if (thrown instanceof HttpProblem) {
    error(call, words, `HTTPError ${thrown.status}: ${thrown.message}`);
    return 1;
  }
  throw thrown;
}

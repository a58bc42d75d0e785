/** The command line: `podwire COMMAND`. Each command is a module with `run(args)`; answers the exit status. */
import { apiserver } from './apiserver.ts';
import { bench } from './bench.ts';
import type { CliCommand } from './command.ts';
import { course } from './course.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { exec } from './exec.ts';
import { grade } from './grade.ts';
import { kubeProxy } from './kube-proxy.ts';
import { labs } from './labs.ts';
import { replay } from './replay.ts';
import { serve } from './serve.ts';
import { version } from '../host/version.ts';

const commands: readonly CliCommand[] = [serve, labs, exec, kubeProxy, apiserver, course, grade, replay, bench, doctor, diff];

function help(): string {
  const rows = commands.map((command) => `  podwire ${command.usage.padEnd(38)} ${command.summary}`);
  return ['Podwire: learn how packets reach pods.', '', ...rows, '  podwire --version', ''].join('\n');
}

async function main(words: readonly string[]): Promise<number> {
  const [name, ...args] = words;
  if (name === '--version' || name === '-V') {
    process.stdout.write(`podwire ${version}\n`);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    process.stderr.write(`podwire: there is no command ${JSON.stringify(name)}; the commands are ${commands.map((known) => known.name).join(', ')}\n`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(`usage: podwire ${command.usage}\n${command.summary}\n`);
    return 0;
  }
  return command.run(args);
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (cause: unknown) => {
    process.stderr.write(`podwire: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
    process.exitCode = 70;
  },
);

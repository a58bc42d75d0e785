/** `podwire doctor`: where labs can run on this machine, what is missing, and the one command that installs it. */
import { examine } from '../host/linux/doctor.ts';
import type { CliCommand } from './command.ts';

const marks = { works: 'ok', limited: '--', missing: 'no', refused: 'no' } as const;

export const doctor: CliCommand = {
  name: 'doctor',
  usage: 'doctor [--json]',
  summary: 'say where labs can run here, and what is missing',
  async run(args) {
    const unknown = args.find((word) => word !== '--json');
    if (unknown !== undefined) {
      process.stderr.write(`podwire: doctor: there is no option ${unknown}; doctor takes --json\n`);
      return 2;
    }
    const report = await examine();
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else {
      for (const { title, works, because } of report.backends) process.stdout.write(`${works ? 'ok' : 'no'}  ${title.padEnd(16)} ${because}\n`);
      if (report.findings.length > 0) process.stdout.write('\n');
      for (const { title, status, because, command } of report.findings) process.stdout.write(`${marks[status]}  ${title.padEnd(16)} ${because}${command === null ? '' : ` Try: ${command}`}\n`);
      if (report.install !== null) process.stdout.write(`\nTo install what is missing: ${report.install}\n`);
    }
    return report.backends.every(({ backend, works }) => backend === 'container' || works) ? 0 : 1;
  },
};

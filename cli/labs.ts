/** `podwire labs`: what labs there are. */
import { scenarios } from '../labs/scenarios/index.ts';
import type { CliCommand } from './command.ts';

export const labs: CliCommand = {
  name: 'labs',
  usage: 'labs [--json]',
  summary: 'list the labs',
  async run(args) {
    const rows = scenarios.map(({ id, title, machines }) => ({ id, title, machines: machines.map((machine) => machine.name) }));
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    else for (const row of rows) process.stdout.write(`${row.id.padEnd(16)} ${row.title} (${row.machines.join(', ')})\n`);
    return 0;
  },
};

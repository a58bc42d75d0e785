/** Scripts without end: they take time, so that a signal finds them, and what they fill is not without end. */
import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import { toProgram } from '../define.ts';
import { sed } from './sed.ts';

const programs = { '/usr/bin/sed': toProgram(sed) };

describe('a sed script without end', () => {
  it.each([':a;ba', ':a;s/x/x/;ta', ':a;s/nothing//;Ta', 'G;P;D'])('%s goes on, and time with it', async (script) => {
    const { stdout, status } = await testMachine(programs).run(['sed', '-n', script], { stdin: 'x\n', limitUs: 20_000 });
    expect(status).toBeUndefined();
    expect(stdout.length > 100).toBe(script.includes('P'));
  });

  it('ends when its line has filled the memory', async () => {
    expect(await testMachine(programs).run(['sed', ':a;s/.*/&&/;ba'], { stdin: 'x\n' })).toMatchObject({ stderr: 'sed: memory exhausted\n', status: { kind: 'exited', code: 4 } });
  });
});

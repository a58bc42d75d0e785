/** What an endless or enormous expansion comes to: an error of the shell, never of the host. */
import { describe, expect, it } from 'vitest';
import type { Program } from '../../machine/sys.ts';
import { testMachine } from '../../machine/test-machine.ts';
import { bash } from './bash.ts';

const zeros: Program = async (sys) => {
  for (;;) if (!(await sys.write(1, new Uint8Array(1 << 20).fill(48))).ok) return 1;
};

describe('limits', () => {
  it.each([
    ['a variable that doubles for ever', 'x=aaaa; while :; do x=$x$x; done; echo after', 'bash: line 1: xrealloc: cannot allocate 134217728 bytes\n', 2],
    ['a field of a width nobody has', 'printf %1000000000d 1; echo after', 'bash: line 1: xrealloc: cannot allocate 1000000000 bytes\n', 2],
    ['a number with more digits than memory', 'printf %.1000000000d 1; echo after', 'bash: line 1: xrealloc: cannot allocate 1000000000 bytes\n', 2],
    ['a hundred million words', 'echo {1..1000}{1..1000}{1..100}', 'bash: line 1: brace expansion: failed to allocate memory for 100000000 elements\n', 1],
    ['a range of a hundred million', 'echo {1..100000000}', 'bash: line 1: brace expansion: failed to allocate memory for 100000000 elements\n', 1],
  ])('%s', async (_name, script, stderr, code) => {
    const { run } = testMachine({ '/bin/bash': bash });
    expect(await run(['bash', '-c', script])).toEqual({ stdout: '', stderr, status: { kind: 'exited', code } });
  });

  it.each(['\r', '\f', '\u00a0', '\u2003', '\u3000'])('a substitution with %j in it, which separates no words', async (blank) => {
    const { run } = testMachine({ '/bin/bash': bash });
    expect(await run(['bash', '-c', `echo $(echo a${blank}b)`])).toMatchObject({ stdout: `a${blank}b\n`, stderr: '' });
  });

  it('a fork bomb fills the table of processes, and who comes then has patience', async () => {
    const { run, machine } = testMachine({ '/bin/bash': bash });
    await run(['bash', '-c', ':(){ :|:& };:; while :; do :; done'], { limitUs: 500_000 });
    const { stderr, status } = await run(['bash', '-c', 'while (:); do :; done'], { limitUs: 500_000 });
    expect(machine.processes.size).toBeGreaterThan(990);
    expect(machine.processes.size).toBeLessThan(1010);
    expect([stderr, status]).toEqual(['bash: fork: retry: Resource temporarily unavailable\n', undefined]);
  });

  it('a command substitution that never ends', async () => {
    const { run } = testMachine({ '/bin/bash': bash, '/bin/zeros': zeros });
    const { stdout, stderr, status } = await run(['bash', '-c', 'x=$(zeros); echo after']);
    expect([stdout, stderr.replace(/\d{8,}/, 'N'), status]).toEqual(['', 'bash: line 1: xrealloc: cannot allocate N bytes\n', { kind: 'exited', code: 2 }]);
  });
});

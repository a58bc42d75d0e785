import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import { toProgram } from '../define.ts';
import { wget } from './wget.ts';

describe("wget's options", () => {
  it.each([
    [['--waitretry=0'], 125, 'podwire: wget: option --waitretry is not simulated yet\n'], [['-r'], 125, 'podwire: wget: option -r is not simulated yet\n'], [['-np'], 125, 'podwire: wget: option --no-parent is not simulated yet\n'],
    [['-A', 'x'], 125, 'podwire: wget: option -A is not simulated yet\n'], [['--frob'], 2, "wget: unrecognized option '--frob'\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"],
  ])('%j: the ones it has are told from the ones it has not', async (args, code, stderr) => {
    const { run } = testMachine({ '/usr/bin/wget': toProgram(wget) });
    expect(await run(['wget', ...args, 'http://10.0.0.1'])).toEqual({ stdout: '', stderr, status: { kind: 'exited', code } });
  });
});

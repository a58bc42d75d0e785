/** What od of coreutils 9.1, hexdump of util-linux 2.38 and xxd of vim 9.0 print (`recorded.json`: command line, which input, stdout, stderr, status). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import type { Program } from '../../../machine/sys.ts';
import { toProgram } from '../define.ts';
import { hexdump } from './hexdump.ts';
import { od } from './od.ts';
import { xxd } from './xxd.ts';

type Recorded = readonly [command: string, input: string, stdout: string, stderr: string, code: number];
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as Recorded[];

const bytes = Uint8Array.from([...'hello\0\x01\xff world\n\t\x7f'], (character) => character.charCodeAt(0));
const inputs: Readonly<Record<string, Uint8Array>> = {
  f: bytes, z: new Uint8Array(100), m: Uint8Array.from([...bytes, ...new Uint8Array(64), ...bytes]), s: new TextEncoder().encode(Array.from({ length: 40 }, (_, index) => `${index + 1}\n`).join('')),
};
const programs: Record<string, Program> = {};
for (const tool of [od, hexdump, xxd]) for (const name of [tool.name, ...(tool.aliases ?? [])]) programs[`/usr/bin/${name}`] = toProgram(tool);
const run = (argv: readonly string[], stdin: string | Uint8Array) => testMachine(programs).run(argv, { stdin });

describe('dumps', () => {
  it.each(recorded)('%s of %s', async (command, input, stdout, stderr, code) => {
    expect(await run(command.split(' '), inputs[input]!)).toMatchObject({ stdout, stderr, status: { kind: 'exited', code } });
  });

  it('turns a dump back into bytes', async () => {
    expect(await run(['xxd', '-r', '-p'], '48656c\n6c 6f0a')).toMatchObject({ stdout: 'Hello\n' });
    expect(await run(['xxd', '-r'], '00000000: 4865 6c6c 6f0a  Hello.\n00000008: 21  !\n')).toMatchObject({ stdout: 'Hello\n\0\0!' });
  });

  it('says loudly what is not simulated', async () => {
    expect(await run(['od', '-tf8'], '')).toMatchObject({ stderr: 'podwire: od: type string ‘f8’ is not simulated yet\n', status: { code: 125 } });
    expect(await run(['hexdump', '-e', '1/1 "%x"'], '')).toMatchObject({ status: { code: 125 } });
  });
});

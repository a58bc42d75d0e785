/** What GNU tar 1.34 wrote, byte for byte, and what it says. */
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../machine/sys.ts';
import { testMachine } from '../../../machine/test-machine.ts';
import { toProgram } from '../define.ts';
import { gzip } from '../gzip/gzip.ts';
import { tar } from './tar.ts';
import { readArchive } from './format.ts';

/** `tar --sort=name -cf t.tar d` of root's d/a.txt (hello), d/b (600 x), d/sub/ and d/sub/z (mode 4711), all of 2018-10-30 12:00 UTC; zlib, base64. */
const RECORDED = 'eNrt1k0KgzAYRdGMuwpX0CTmbz2KhQ4EQSOIq691qJDSQQK290wiibNHXr5OiuzUJji3r5vjun9rY7xX1oT3vt52tKicKGCeYjNWlRiHIab++3R+UZ1s7nGJ2fP31iby98f8g/OiUuSf3fPR98NN4E91si3S/4n7r7U59b+2ivtfwgJkQLNepf+nuZX5+//L+d+Fmvm/XP5r7vxt0DqRf32e/x3vfwkrsz8AAAAAAAAAAD/nBal7cyQ=';
const recorded = (): Uint8Array => new Uint8Array(inflateSync(Buffer.from(RECORDED, 'base64')));

const programs: Record<string, Program> = {
  '/usr/bin/make-tree': async (sys) => {
    for (const directory of ['d', 'd/sub']) sys.makeDirectory(directory, 0o755);
    for (const [path, text, mode] of [['d/a.txt', 'hello\n', 0o644], ['d/b', 'x'.repeat(600), 0o644], ['d/sub/z', 'z\n', 0o4711]] as const) {
      await sys.writeFile(path, text);
      sys.chmod(path, mode);
    }
    for (const path of ['d/a.txt', 'd/b', 'd/sub/z', 'd/sub', 'd']) sys.setTimes(path, 1540900800e6, 1540900800e6);
    return 0;
  },
  '/usr/bin/put': async (sys) => {
    await sys.writeFile(sys.argv[1]!, Uint8Array.from(Buffer.from(sys.argv[2]!, 'base64')));
    return 0;
  },
  '/usr/bin/show': async (sys) => {
    const read = await sys.readFile(sys.argv[1]!);
    await sys.write(1, new TextEncoder().encode(read.ok ? Buffer.from(read.value).toString('base64') : read.error));
    return 0;
  },
};
for (const tool of [tar, gzip]) for (const name of [tool.name, ...(tool.aliases ?? [])]) programs[`/usr/bin/${name}`] = toProgram(tool);

/** One machine, command by command: stdout, stderr and status of the last. */
async function after(...commands: readonly (readonly string[])[]): Promise<{ stdout: string; stderr: string; code: number | undefined }> {
  const machine = testMachine(programs);
  let last = { stdout: '', stderr: '', code: undefined as number | undefined };
  for (const argv of commands) {
    const { stdout, stderr, status } = await machine.run(argv, { cwd: '/tmp' });
    last = { stdout, stderr, code: status?.kind === 'exited' ? status.code : undefined };
  }
  return last;
}
const said = (stdout: string, code = 0, stderr = '') => ({ stdout, stderr, code });
const stored = ['put', 't.tar', Buffer.from(recorded()).toString('base64')] as const;
const listing = 'd/\nd/a.txt\nd/b\nd/sub/\nd/sub/z\n';

describe('tar', () => {
  it('reads what GNU tar wrote', () => {
    const { members, problem } = readArchive(recorded());
    expect(problem).toBeUndefined();
    expect(members.map(({ name, kind, mode, user, modifiedSeconds, content }) => [name, kind, mode.toString(8), user, modifiedSeconds, content.length])).toEqual([
      ['d/', 'directory', '755', 'root', 1540900800, 0], ['d/a.txt', 'file', '644', 'root', 1540900800, 6], ['d/b', 'file', '644', 'root', 1540900800, 600], ['d/sub/', 'directory', '755', 'root', 1540900800, 0], ['d/sub/z', 'file', '4711', 'root', 1540900800, 2],
    ]);
  });

  it('writes what GNU tar writes', async () => {
    const { stdout } = await after(['make-tree'], ['tar', '--sort=name', '-cf', 't.tar', 'd'], ['show', 't.tar']);
    expect(Buffer.from(stdout, 'base64').equals(recorded())).toBe(true);
  });

  it('lists, with letters in front or options', async () => {
    expect(await after(stored, ['tar', 'tf', 't.tar'])).toEqual(said(listing));
    expect(await after(stored, ['tar', '-tvf', 't.tar'])).toEqual(said(`drwxr-xr-x root/root         0 2018-10-30 12:00 d/
-rw-r--r-- root/root         6 2018-10-30 12:00 d/a.txt
-rw-r--r-- root/root       600 2018-10-30 12:00 d/b
drwxr-xr-x root/root         0 2018-10-30 12:00 d/sub/
-rws--x--x root/root         2 2018-10-30 12:00 d/sub/z
`));
  });

  it('packs with gzip and tells packed archives by themselves', async () => {
    expect(await after(stored, ['gzip', 't.tar'], ['tar', 'tf', 't.tar.gz'])).toEqual(said(listing));
    expect(await after(stored, ['tar', 'xf', 't.tar'], ['tar', '--sort=name', '-czvf', 'u.tgz', 'd'])).toEqual(said(listing));
    expect(await after(stored, ['tar', 'xf', 't.tar'], ['tar', '--sort=name', '-czf', 'u.tgz', 'd'], ['tar', 'tzf', 'u.tgz'])).toEqual(said(listing));
    expect(await after(stored, ['gzip', '-t', 't.tar'])).toEqual(said('', 1, '\ngzip: t.tar: not in gzip format\n'));
  });

  it('restores names, contents, modes and times', async () => {
    expect(await after(stored, ['tar', 'xvf', 't.tar', 'd/sub'])).toEqual(said('d/sub/\nd/sub/z\n'));
    const { stdout } = await after(stored, ['tar', 'xf', 't.tar'], ['tar', '--sort=name', '-cf', 'again.tar', 'd'], ['show', 'again.tar']);
    expect(Buffer.from(stdout, 'base64').equals(recorded())).toBe(true);
    expect(await after(stored, ['tar', 'xOf', 't.tar', 'd/a.txt'])).toEqual(said('hello\n'));
  });

  it.each([
    [['tf', 'nosuch.tar'], 'tar: nosuch.tar: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n'],
    [[], "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.\n"],
    [['cf', 'x.tar'], "tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n"],
    [['xf', 't.tar', 'nosuch'], 'tar: nosuch: Not found in archive\ntar: Exiting with failure status due to previous errors\n'],
    [['cf', 'e.tar', 'nosuch'], 'tar: nosuch: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n'],
    [['xf', 't.tar', '-C', '/nosuch'], 'tar: /nosuch: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n'],
    [['tzf', 't.tar'], '\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n'],
  ])('tar %j fails as GNU tar does', async (args, stderr) => {
    expect(await after(stored, ['tar', ...args])).toEqual(said('', 2, stderr));
  });

  it('keeps what a member may not reach', async () => {
    expect(await after(stored, ['tar', 'xf', 't.tar'], ['tar', 'cPf', 'up.tar', '../tmp/d/a.txt'], ['tar', 'xf', 'up.tar'])).toEqual(said('', 2, "tar: Removing leading `../' from member names\ntar: ../tmp/d/a.txt: Member name contains '..'\ntar: Exiting with failure status due to previous errors\n"));
  });

  it('says loudly what is not simulated', async () => {
    expect(await after(['tar', '-cJf', 'x.tar.xz', 'd'])).toEqual(said('', 125, 'podwire: tar: option -J is not simulated yet\n'));
  });
});

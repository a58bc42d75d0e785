/** What works on files, in short scripts: each prints what the real programs of the machine print, byte for byte, and exits alike. Skipped where the machine has other versions. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import type { Program } from '../../../machine/sys.ts';
import { bash } from '../../bash/bash.ts';
import { toProgram, type Command } from '../define.ts';
import { od } from '../dump/od.ts';
import * as digests from './digest.ts';
import * as encodings from './encodings.ts';
import * as fields from './fields.ts';
import * as files from './files.ts';
import * as streams from './streams.ts';
import { ls } from './ls.ts';
import { sed } from '../sed/sed.ts';

const modules: readonly object[] = [digests, encodings, fields, files, streams, { ls, od, sed }];
const programs: Record<string, Program> = { '/usr/bin/bash': bash };
for (const tool of modules.flatMap((module): Command[] => Object.values(module))) for (const name of [tool.name, ...(tool.aliases ?? [])]) programs[`/usr/bin/${name}`] = toProgram(tool);

interface Group { readonly package: string; readonly version: string; readonly setup: string; readonly cases: readonly string[] }
const coreutils = { package: 'coreutils', version: '9.1' };

const groups: Readonly<Record<string, Group>> = {
  digests: {
    ...coreutils, setup: "echo hello >a; echo world >b; seq 2000 >big; md5sum a b >m; cp m m2; printf 'junk line\\n0000 x\\n# c\\n' >>m2; sed 's/^b/0/' m >bad; echo 'd41d8cd98f00b204e9800998ecf8427e  nofile' >m3; printf x >'a\\b'; md5sum --tag a big >tagged",
    cases: [
      'md5sum a b', 'md5sum <a', 'sha1sum big a', 'sha224sum big a', 'sha256sum big a', 'sha384sum big a', 'sha512sum big a /dev/null', 'b2sum big a /dev/null', 'b2sum -l 128 a', 'b2sum -l 128 --tag a', 'b2sum -l 7 a', 'b2sum -l 1024 a', 'b2sum --length=x a',
      'md5sum -c m', 'md5sum -c m2', 'md5sum -cw m2', 'md5sum --strict -c m2', 'md5sum --quiet -c m', 'md5sum --status -c bad', 'md5sum -c bad', 'md5sum -c m3', 'md5sum --ignore-missing -c m3', 'md5sum -c /dev/null', 'md5sum -c <m', 'md5sum -c tagged', 'sha256sum -c tagged', 'sha256sum big a | sha256sum -c', 'b2sum a | b2sum --check', 'b2sum -c m',
      'md5sum --tag a', 'md5sum -b a', 'md5sum -z a b | od -c', "md5sum 'a\\b'", "md5sum 'a\\b' | md5sum -c", 'md5sum nope .', 'md5sum --tag -c m', 'md5sum --status a', 'md5sum -w a', 'md5sum --ignore-missing a', 'md5sum -bc m', 'md5sum -zc m', 'md5sum -x', 'md5sum --stat a',
      'cksum a b', 'cksum <a', 'cksum - <a', 'cksum -a md5 a', 'cksum -a sha512 --untagged a', 'cksum -a b2 a', 'cksum -a sha a', 'cksum -a blake2b -l 64 a', 'cksum -l 8 a', 'cksum -a sm3 big a', 'cksum -a crc -c m', 'cksum -a md5 -c m', 'cksum -c tagged', 'cksum -a bsd a', 'cksum -a sysv big', 'cksum --untagged a', 'cksum nope', 'sum a', 'sum a big', 'sum <big', 'sum -s a big', 'sum -sr a', 'sum nope',
    ],
  },
  encodings: {
    ...coreutils, setup: "echo hello >a; printf 'a\\377\\000b' >four; head -c 200 /dev/zero >zeros",
    cases: [
      'base32 a', 'base32 a | base32 -d', 'base32 zeros', 'base32 -w 10 zeros', 'echo "NBSWY3D@" | base32 -d', 'echo "NBSWY3D@PO@BI====" | base32 -di', 'echo NBSWY | base32 -d', 'base64 four', 'base64 -w0 zeros', 'base64 -w x a', 'base64 a b', 'base64 nope', 'base64 .', 'echo aGVsbG8 | base64 -d', 'echo aGVs-G8K | base64 -d', 'printf aGVs | base64 -d', 'echo "aGVsbG8K aGk=" | base64 -di',
      'basenc a', 'basenc --base64url four', 'basenc --base32hex a', 'basenc --base16 four', 'basenc --base2msbf a', 'basenc --base2lsbf a', 'basenc --z85 four', 'basenc --z85 a', 'basenc --base16 four | basenc --base16 -d | od -c', 'basenc --base2lsbf a | basenc -d --base2lsbf', 'basenc --z85 four | basenc --z85 -d | od -c', 'echo 616 | basenc --base16 -d', 'echo 616z | basenc --base16 -d', 'basenc --base64 --base32 a', 'basenc --base1 a',
    ],
  },
};

const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'dumb', COLUMNS: '80', TZ: 'UTC' };

/** Each case's exit code, output and complaints, one after the other. */
function whole({ setup, cases }: Group): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `${setup}\nmkdir .r\n${cases.map((each, index) => `( eval ${quoted(each)} ) >.r/out 2>.r/err </dev/null; echo "@@ ${index} $?"; cat .r/out .r/err; echo`).join('\n')}\n`;
}

function parts({ cases }: Group, text: string): string[] {
  return text.split(/^@@ /m).map((part, index) => `${index === 0 ? 'setup' : cases[index - 1]!} -> ${part}`);
}

describe.each(Object.entries(groups))('%s', (_name, group) => {
  const installed = spawnSync('dpkg-query', ['-Wf', '${Version}', group.package], { encoding: 'utf8' }).stdout ?? '';
  it.skipIf(!installed.includes(group.version))('agrees with the real programs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'podwire-scripts-'));
    try {
      const real = spawnSync('/bin/bash', ['--norc', '-c', whole(group)], { cwd: folder, env: environment, encoding: 'utf8' });
      const mine = await testMachine(programs, [{ path: '/w' }]).run(['bash', '-c', whole(group)], { env: environment, cwd: '/w' });
      expect(parts(group, mine.stdout + mine.stderr)).toEqual(parts(group, real.stdout + real.stderr));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

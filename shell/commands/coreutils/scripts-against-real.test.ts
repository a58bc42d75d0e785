/** What works on files, in short scripts: each prints what the real programs of the machine print, byte for byte, and exits alike. Skipped where the machine has other versions. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import type { Program } from '../../../machine/sys.ts';
import { bash } from '../../bash/bash.ts';
import { toProgram, type Command } from '../define.ts';
import { od } from '../dump/od.ts';
import { cmp } from '../diff/cmp.ts';
import { diff } from '../diff/diff.ts';
import { getopt } from '../getopt/getopt.ts';
import { grep, rgrep } from '../grep/grep.ts';
import { gzip } from '../gzip/gzip.ts';
import * as scripts from '../gzip/scripts.ts';
import { less } from '../less/less.ts';
import { more } from '../more/more.ts';
import { colrm, look } from '../text-columns/look.ts';
import * as digests from './digest.ts';
import * as encodings from './encodings.ts';
import * as splits from './csplit.ts';
import * as blocks from './dd.ts';
import * as fields from './fields.ts';
import { fmt } from './fmt.ts';
import * as files from './files.ts';
import * as nodes from './nodes.ts';
import * as numbers from './numbers.ts';
import * as sizes from './numfmt.ts';
import * as pieces from './split.ts';
import * as buffers from './stdbuf.ts';
import * as streams from './streams.ts';
import { ls } from './ls.ts';
import { printenv } from '../system/run.ts';
import { echo } from '../system/facts.ts';
import { sed } from '../sed/sed.ts';

const modules: readonly object[] = [digests, encodings, fields, files, streams, splits, blocks, nodes, numbers, sizes, pieces, buffers, scripts, { cmp, colrm, diff, echo, fmt, getopt, grep, gzip, less, look, ls, more, od, printenv, rgrep, sed }];
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
  dd: {
    ...coreutils, setup: "seq 30 >a; printf 'hello world' >h",
    cases: [
      'dd if=a of=b bs=4 count=3 status=noxfer; cat b', 'dd if=a bs=10 skip=1 count=1 status=none', 'dd if=a bs=4 2>/dev/null | tail -1', 'dd if=nope', 'dd of=/nope/x if=a', 'dd foo=1', 'dd foo', 'dd bs=x', 'dd bs=0', 'dd if=h of=o conv=ucase status=noxfer; cat o', 'dd if=h of=o bs=1 seek=20 conv=notrunc status=noxfer; od -c o',
      'dd if=h of=o bs=4 seek=1 status=noxfer; od -c o', 'dd if=/dev/zero of=z bs=1k count=5 status=noxfer; stat -c %s z', 'dd if=h bs=3 conv=swab status=noxfer', 'dd if=h conv=foo', 'dd if=h iflag=fullblock bs=4 count=1 status=noxfer', 'dd if=h ibs=2 obs=5 status=noxfer', 'dd if=h bs=5 count=1 iflag=count_bytes status=noxfer', 'dd if=h skip=3 iflag=skip_bytes status=noxfer', 'dd if=h skip=3B status=noxfer', 'dd if=h count=5B status=noxfer',
      'dd if=h of=z2 bs=1M conv=fsync,sync status=noxfer; stat -c %s z2', 'dd if=h bs=100 skip=5 status=noxfer', 'printf "ab\\ncdef\\n" | dd conv=block cbs=4 status=noxfer', 'printf "ab\\ncdefgh\\n" | dd conv=block cbs=4 status=noxfer', 'printf "ab  cdef" | dd conv=unblock cbs=4 status=noxfer', 'dd if=h of=o2 conv=excl status=noxfer; dd if=h of=o2 conv=excl', 'dd if=h of=nn conv=nocreat', 'dd if=h conv=lcase,ucase', 'dd status=foo if=h', 'dd -x',
      "dd if=/dev/zero of=/dev/null bs=1M count=3 2>&1 | sed 's/, .*s, .*s$/ T/'", "dd if=h of=o 2>&1 | sed 's/, .*//'", "dd if=a of=o bs=1k 2>&1 | sed 's/, .*//'", 'dd bs=2x4 if=h count=1 status=noxfer', 'dd if=. status=noxfer', 'dd if=h of=.', 'dd oflag=append conv=notrunc if=h of=b status=noxfer; tail -c 20 b', 'dd iflag=foo if=h', 'dd count=-1 if=h', 'dd if=h count=99999999999999999999999', 'dd if=h count=0 status=noxfer', 'cat a | dd skip=2 bs=3 count=2 status=none',
    ],
  },
  head: {
    ...coreutils, setup: 'seq 30000 >big',
    cases: ['yes | head -n -3 | head -n 2', 'printf "a\\nb" | head -n -1; seq 3 | head -n -0; seq 3 | head -n -7', 'printf abcdef | head -c -2; printf abc | head -c -0; printf abc | head -c -5', 'head -c -100000 big | tail -n 1; head -n -2000 big | tail -n 1', 'printf "a\\0b\\0c" | head -z -n -1 | od -c'],
  },
  split: {
    ...coreutils, setup: 'seq 12 >s; seq 30 >t',
    cases: [
      'split -l 5 s; ls x*; rm x*', 'split -b 10 s p; ls p*; cat pab; rm p*', 'split -n 3 s; wc -c x*; rm x*', 'split -n l/3 s; wc -l x*; rm x*', 'split -n r/3 s; paste x*; rm x*', 'split -n 2/3 s', 'split -n l/2/3 s', 'split -n r/2/3 s', 'split -d -l 5 s; ls x*; rm x*', 'split --numeric-suffixes=8 -l 5 s; ls x*; rm x*', 'split -x -a 3 -l 5 s q.; ls q*; rm q*', 'split -C 7 s; head -50 x*; rm x*', 'split -C 2 s; wc -c x*; rm x*', 'split --additional-suffix=.txt -l 6 s; ls x*; rm x*',
      'split -t 1 -l 2 s; tail x*; rm x*', 'split --verbose -l 6 s; rm x*', 'split nope', 'split .', 'split -l 0 s', 'split -l x s', 'split -b 0 s', 'split -b 1z s', 'split -n 0 s', 'split -n x s', 'split -l 2 -b 2 s', 'split -a 0 -l 5 s; ls x*; rm x*', 'split -a1 -l1 t; ls x* | wc -l; rm x*', 'seq 700 | split -l1; ls x* | tail -30; rm x*', 'split s a b', 'split -e -n 20 s; ls x*; rm x*', 'split -n 20 s; wc -c x*; rm x*', 'split -n l/20 s; wc -c x*; rm x*',
      'split -5 s; ls x*; rm x*', 'split -l 5 - z <s; ls z*; rm z*', 'split -n 4/3 s', 'split -x --additional-suffix=a/b s', 'split -a x s', 'split -n 100 -a 1 s', 'split -t ab s', 'split -n r/ s',
    ],
  },
  csplit: {
    ...coreutils, setup: 'seq 12 >s',
    cases: [
      'csplit s 4; ls x*; cat xx00; rm x*', 'csplit s /5/; rm x*', "csplit s /1/ '{*}'; rm x*", "csplit -s s /3/ '{1}'; ls x*", 'csplit s /5/+1; rm x*', 'csplit s /5/-1; rm x*', 'csplit s %5%; cat xx00; rm x*', 'csplit -f p -n 3 s 3 6; ls p*; rm p*', "csplit -b %02x.t s 3 '{2}'; ls x*; rm x*", 'csplit -k s 3 99; ls x*; rm x*', 'csplit s 3 99; ls x*', 'csplit s /nope/; ls x*', 'csplit -z s 1 3; ls x*; rm x*', 'csplit --suppress-matched s /5/; cat xx*; rm x*', 'csplit s', 'csplit', 'csplit s foo', 'csplit nope 3', 'csplit s 5 3', 'csplit s 0',
      'csplit s 3 3; rm x*', 'csplit s /3', 'csplit s "/[/"', 'csplit -q - 3 <s; cat xx01; rm x*', 'csplit -n x s 3', 'csplit -b foo s 3', "csplit s /2/ /5/ 9 '{*}'; ls", 'csplit s 4 /7/; rm x*', 'csplit s 5 /5/; rm x*', 'csplit s 4 %7% 9; rm x*', 'csplit s /3/ 3; rm x*', 'csplit s /3/ 2; rm x*', 'csplit s /7/-3 /6/', 'csplit s /3/+2 /4/', 'csplit s /3/+99', 'csplit s /3/-5', 'csplit --suppress-matched s 4 8; cat xx01; rm x*', 'csplit s 13', 'csplit s 12; rm x*', 'csplit s /3/x', "csplit s '{2}'", 'csplit -b "%d%d" s 3', 'csplit -b "%z" s 3', "csplit -z s /1/ '{*}'; rm x*",
    ],
  },
  numfmt: {
    ...coreutils, setup: '',
    cases: [
      'numfmt --to=si 1000', 'numfmt --to=iec 2048 1000000', 'numfmt --to=iec-i 4096 5', 'numfmt --from=si 1K', 'numfmt --from=iec 1K', 'numfmt --from=iec-i 1Ki 5', 'numfmt --from=auto 1K 1Ki 1G', 'numfmt --from=iec-i 1K', 'numfmt --from=si 1Ki', 'numfmt 1K', 'numfmt x', 'numfmt 1 2 3', 'numfmt --to=si --round=up 1234 1250', 'numfmt --round=down --to=si 1999', 'numfmt --round=nearest --to=si 1950', 'numfmt --round=towards-zero --to=si -- -1999', 'numfmt --padding=10 5', 'numfmt --padding=-10 5 | cat -A', 'numfmt --format="%10.2f" 3.14159', 'numfmt --format="%-10f|" 12', 'numfmt --format="%05.1f" 3.19 -- -4',
      "numfmt --format=\"%'d\" 3", 'numfmt --grouping 1234567', 'numfmt --suffix=B --to=si 15000', 'numfmt --suffix=B --from=si 15KB', 'numfmt --to-unit=1024 2048', 'numfmt --from-unit=512 4', 'numfmt --from-unit=Ki 4', 'numfmt --invalid=warn x 5', 'numfmt --invalid=ignore x 5', 'numfmt --invalid=fail x 5', 'numfmt --invalid=abort x 5', 'numfmt --field=2', 'printf "a 1000 b\\nc 2000 d\\n" | numfmt --field=2 --to=si', 'printf "a:1000:b\\n" | numfmt -d: --field=2- --to=si', 'printf "a:1000:2000\\n" | numfmt -d: --field=2- --to=si', 'printf "size x\\n1024\\n" | numfmt --header --to=iec', 'numfmt --debug 5', 'numfmt --to=foo 5', 'numfmt --round=foo 5', 'numfmt --field=0 5', 'numfmt --format="%s" 5', 'numfmt --format="5" 5', 'numfmt --format="%f%f" 5',
      'numfmt --to=si 999999 999500 1000000000000000 9.5 0.5 1e3', 'numfmt --to=si 1.5 1100 4100 2.5', 'numfmt 1.50', 'numfmt --from=si 1.5K', 'numfmt --to=iec 1023 1024 1025 10239 10240 1048575', 'numfmt 99999999999999999999', 'numfmt --to=si 99999999999999999999999999999', 'numfmt -z --to=si 5000 | od -c', 'numfmt --padding=0 4', 'numfmt --padding=x 4', 'numfmt --header=x 4', 'numfmt --from=si " 5K"', 'printf "   1000  x\\n" | numfmt --to=si', 'printf "  a   1000  x\\n" | numfmt --field 2 --to=si', 'numfmt --from=si --to=iec 1G', 'numfmt --from=iec --to=si 1.1M', 'numfmt --to=none 5.5', 'numfmt -- -5', 'numfmt --to=si -- -5000', 'numfmt --from-unit=x 5', 'numfmt --to=iec --format=%.3f 5000', 'numfmt --format=%.2f --to=si 123456', 'numfmt --grouping --to=si 5', 'numfmt --format=%f --grouping 5', 'numfmt -f 5', 'numfmt --from=si 5k', 'numfmt --from=si 5Kx', 'numfmt "5 K" --from=si', 'numfmt ""', 'numfmt 1,000', 'numfmt --padding=5 --suffix=B 7', 'numfmt --padding=2 12345',
    ],
  },
  nodes: {
    ...coreutils, setup: 'touch f1; mkdir d',
    cases: [
      'link f1 f2; stat -c %h f1', 'link f1 f2', 'link f1', 'link', 'link a b c', 'unlink f2', 'unlink nope', 'unlink', 'unlink a b', 'unlink d', 'sync f1', 'sync nope', 'sync -d', 'sync -d -f f1', 'hostid x', 'logname x', 'logname', 'pathchk a/b', 'pathchk -p "a b"', 'pathchk -P -- -a', 'pathchk ""', 'pathchk -P ""', 'pathchk', 'pathchk -p aaaaaaaaaaaaaaaaaaa', 'pathchk -p $(printf "a/%.0s" $(seq 150))', 'pathchk f1/x',
      'mkfifo p1; stat -c "%F %a" p1', 'mkfifo p1', 'mkfifo', 'mkfifo -m 600 p2; stat -c %a p2', 'mkfifo -m zzz p3', 'mknod p4 p; stat -c %F p4', 'mknod x', 'mknod x p 1 2', 'mknod x c 1', 'mknod x q 1 2', 'mknod x b a 2', 'mknod p4 p', 'mknod -m 640 p5 p; stat -c %a p5', 'mknod x c', '(echo through >p1 &); cat p1',
      'factor 12 97 1 0 600851475143', 'factor x -- -3', 'echo 4 6 | factor', 'factor 18446744073709551615 99999999999999999999', 'factor "" 1.5',
      'printf "a b\\nb c\\na c\\n" | tsort', 'printf "a b\\nb a\\n" | tsort', 'printf "a b c\\n" | tsort', 'tsort nope', 'tsort a b', 'printf "a a\\nb b\\nc d\\nd e\\nx c\\n" | tsort', 'printf "a b\\nb c\\nc a\\nc d\\n" | tsort', 'printf "shirt tie\\npants shoes\\nsocks shoes\\ntie jacket\\npants belt\\nbelt jacket\\n" | tsort',
      'stdbuf -oL echo hi', 'stdbuf -oL -e0 printenv _STDBUF_O _STDBUF_E LD_PRELOAD', 'stdbuf -o 1K printenv _STDBUF_O', 'stdbuf echo', 'stdbuf -oL', 'stdbuf -oX echo', 'stdbuf -iL echo', 'stdbuf -o0 nope', 'stdbuf',
      'echo hello >s1; shred -v -n 2 s1; stat -c %s s1', 'echo hello >s2; shred -u s2; ls s2', 'echo hi >s3; shred -z -v -n1 s3; od -c s3', 'shred', 'shred nope', 'shred -n x f1', 'shred d', 'echo hi >s4; shred -vu -n1 s4', 'echo hi >s5; shred -x s5; stat -c %s s5', 'shred -s 10 s5; stat -c %s s5',
    ],
  },
  gzip: {
    package: 'gzip', version: '1.12', setup: "printf 'foo\\nbar\\nfoobar\\n' >a; gzip -k a; printf 'foo\\nBAZ\\n' | gzip >b.gz",
    cases: [
      'zgrep foo a.gz', 'zgrep foo a.gz b.gz', 'zgrep -c foo a.gz b.gz', 'zgrep -l foo a.gz b.gz', 'zgrep -h foo a.gz b.gz', 'zgrep -n bar a.gz', 'zgrep nope a.gz', 'zgrep foo nope', 'zgrep -i baz b.gz', 'zgrep', 'zgrep -e foo -e bar a.gz', 'zcat a.gz | zgrep bar', 'zgrep -H foo a.gz', 'zgrep foo a', 'zegrep "foo|BAZ" a.gz b.gz', 'zfgrep foo. a.gz', 'zgrep -A1 foo a.gz', 'zgrep -q foo a.gz', 'zgrep -L BAZ a.gz b.gz', 'zgrep -r foo .', 'zgrep --color=always foo a.gz', 'zgrep --help', 'zgrep --version', 'zgrep -f a b.gz', 'zgrep -Z foo a.gz', 'zgrep foo -- a.gz', 'zgrep -m1 foo a.gz', 'zgrep -m 1 foo a.gz', 'zgrep -v foo a.gz', 'zgrep -cv foo b.gz', 'zegrep --help',
      'zdiff a.gz b.gz', 'zdiff a a.gz', 'zdiff a.gz a', 'zcmp a.gz b.gz', 'zcmp a a.gz', 'zdiff a', 'zdiff a.gz', 'zdiff', 'zdiff a.gz nope', 'zcmp --help', 'zdiff --help', 'zdiff --version', 'zdiff x y z', 'zdiff - a.gz <a', 'zdiff -q a.gz b.gz', 'zless a.gz', 'zless --help', 'zmore a.gz', 'zmore <a.gz', 'zmore a.gz b.gz', 'zmore nope', 'zmore --help', 'zmore -x', 'uncompress -kf a.gz; ls', 'uncompress --version', 'uncompress --help', 'zcat --help', 'gunzip --help', 'gunzip --version',
      'rgrep foo a', 'mkdir sub; cp a sub; rgrep bar sub; rgrep', 'rgrep -h foo sub a', 'gzip -cdf <a', 'gzip -cd <a',
    ],
  },
  'util-linux': {
    package: 'util-linux', version: '2.38.1', setup: "printf 'apple\\nbanana\\nberry\\ncherry\\n' >wd",
    cases: [
      'getopt ab:c -a -b x y -c', 'getopt -o ab:c:: -- -a -bx -cfoo y "a b"', 'getopt -o a -l alpha,beta:,gamma:: -- --alpha --beta=1 --gamma --gamma=2 x -- -y', 'getopt -o a -- -z', 'getopt -o a: -- -a', 'getopt -o a -l alpha -- --al --nope', 'getopt -o a -l alpha: -- --alpha', 'getopt -o a -l alpha -- --alpha=x', 'getopt -n prog -o a -- -z', 'getopt -q -o a -- -z', 'getopt -Q -o a -- -a b', 'getopt -T', 'getopt -u -o a: -- -a "x y" z', "getopt -s csh -o a: -- -a 'x!y'", 'getopt -s foo -o a --', 'getopt', 'getopt -o', 'getopt -o +a -- x -a', 'getopt -o -a -- x -a y', 'getopt -a -o a -l long -- -long x', `getopt -o a: -- -a "it's"`, 'getopt -o a', 'getopt -l al,alp -o "" -- --a', 'getopt --version', 'getopt --help', 'GETOPT_COMPATIBLE=1 getopt ab -a x', 'POSIXLY_CORRECT=1 getopt -o a -- x -a', 'getopt -x', 'getopt --foo', 'getopt a -b',
      'printf "abcdefgh\\n" | colrm 3 5', 'printf "abcdefgh\\n" | colrm 3', 'printf "abcdefgh\\n" | colrm', 'colrm x', 'colrm 1 2 3', 'printf "a\\tbcdefghij\\n" | colrm 3 9 | od -c', 'colrm --help', 'look b wd', 'look -f B wd', 'look zz wd', 'look b nope', 'look', 'look -t r ber wd', 'look --help', 'look -d a_p wd',
    ],
  },
  fmt: {
    ...coreutils, setup: `cat >p <<'END'
The quick brown fox jumps over the lazy dog.  It was a dark and stormy night; the rain fell in torrents, except at occasional intervals.
Second line of the same paragraph here (see "this").

  Indented paragraph with several words that should be wrapped at some point because it is long enough for it.
  - item one
  - item two

Short.
END
printf '# a comment that is rather long and goes on for a while, as comments do\\n# second line\\ncode();\\n\\tTabbed text with a tab before it and more words to fill the line up to the end and beyond\\nno newline' >q`,
    cases: ['fmt p', 'fmt -w 40 p', 'fmt -s -w 40 p', 'fmt -u p', 'fmt -c -w 40 p', 'fmt -t -w 40 p', 'fmt -p "  " -w 40 p', 'fmt -40 p', 'fmt -w 0 p', 'fmt -w x p', 'fmt nope', 'fmt -g 30 -w 40 p', 'fmt -g 30 p', 'fmt -w 3000 p', 'fmt -p "# " -w 30 q', 'fmt -p "#" q', 'fmt q', 'fmt -t q p', 'fmt -w 20 <q', 'fmt -s -30', 'fmt .', 'fmt /dev/null'],
  },
  help: { ...coreutils, setup: '', cases: 'b2sum base32 basenc cksum csplit dd factor fmt hostid link logname mkfifo mknod numfmt pathchk sha224sum sha384sum sha512sum shred split stdbuf sum sync tsort unlink'.split(' ').map((name) => `${name} --help; ${name} --version`) },
  encodings: {
    ...coreutils, setup: "echo hello >a; printf 'a\\377\\000b' >four; head -c 200 /dev/zero >zeros",
    cases: [
      'base32 a', 'base32 a | base32 -d', 'base32 zeros', 'base32 -w 10 zeros', 'echo "NBSWY3D@" | base32 -d', 'echo "NBSWY3D@PO@BI====" | base32 -di', 'echo NBSWY | base32 -d', 'base64 four', 'base64 -w0 zeros', 'base64 -w x a', 'base64 a b', 'base64 nope', 'base64 .', 'echo aGVsbG8 | base64 -d', 'echo aGVs-G8K | base64 -d', 'printf aGVs | base64 -d', 'echo "aGVsbG8K aGk=" | base64 -di',
      'basenc a', 'basenc --base64url four', 'basenc --base32hex a', 'basenc --base16 four', 'basenc --base2msbf a', 'basenc --base2lsbf a', 'basenc --z85 four', 'basenc --z85 a', 'basenc --base16 four | basenc --base16 -d | od -c', 'basenc --base2lsbf a | basenc -d --base2lsbf', 'basenc --z85 four | basenc --z85 -d | od -c', 'echo 616 | basenc --base16 -d', 'echo 616z | basenc --base16 -d', 'basenc --base64 --base32 a', 'basenc --base1 a',
    ],
  },
};

const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'dumb', COLUMNS: '80', TZ: 'UTC' };

/** Leaves each case's output, complaints and exit code in files of their own, for which no further program has to run. */
function whole({ setup, cases }: Group): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `mkdir .r\n${setup}\n${cases.map((each, index) => `( eval ${quoted(each)} ) >.r/${index}.out 2>.r/${index}.err </dev/null; echo $? >.r/${index}.code`).join('\n')}\n`;
}

function answers({ cases }: Group, read: (file: string) => string): string[] {
  return cases.map((each, index) => `$ ${each}\n${read(`${index}.out`)}${read(`${index}.err`)}[${read(`${index}.code`).trim()}]`);
}

describe.each(Object.entries(groups))('%s', (_name, group) => {
  const installed = spawnSync('dpkg-query', ['-Wf', '${Version}', group.package], { encoding: 'utf8' }).stdout ?? '';
  it.skipIf(!installed.includes(group.version))('agrees with the real programs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'podwire-scripts-'));
    try {
      spawnSync('/bin/bash', ['--norc', '-c', whole(group)], { cwd: folder, env: environment });
      const { machine, run } = testMachine(programs, [{ path: '/w' }]);
      await run(['bash', '-c', whole(group)], { env: environment, cwd: '/w' });
      expect(answers(group, (file) => new TextDecoder().decode(machine.readFileAt(`/w/.r/${file}`)))).toEqual(answers(group, (file) => readFileSync(join(folder, '.r', file), 'utf8')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

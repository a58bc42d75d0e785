/** The text tools answer what the real ones answer, byte for byte: stdout, stderr and status. Real programs of the machine, where present. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { testMachine } from '../../../machine/test-machine.ts';
import type { Program } from '../../../machine/sys.ts';
import { toProgram, type Command } from '../define.ts';
import { grep } from '../grep/grep.ts';
import { sed } from '../sed/sed.ts';
import { awk } from '../awk/awk.ts';
import { column } from '../column/column.ts';
import * as fields from './fields.ts';
import * as streams from './streams.ts';
import { md5sum, sha1sum, sha256sum } from './digest.ts';
import { base64 } from './encodings.ts';
import { basename, dirname } from './files.ts';
import { expr, test } from './test.ts';
import { echo, printf } from '../system/facts.ts';

const tools: readonly Command[] = [grep, sed, awk, basename, dirname, echo, printf, expr, test, base64, md5sum, sha1sum, sha256sum, fields.sort, fields.uniq, fields.cut, fields.tr, fields.paste, fields.fold, fields.rev, column, fields.expand,
  streams.cat, streams.head, streams.tail, streams.tac, streams.wc, streams.nl, streams.seq];
const programs: Record<string, Program> = {};
for (const tool of tools) for (const name of [tool.name, ...(tool.aliases ?? [])]) programs[`/usr/bin/${name}`] = toProgram(tool);

const route = `Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.142.0.1      0.0.0.0         UG    0      0        0 eth0
10.142.0.1      0.0.0.0         255.255.255.255 UH    0      0        0 eth0
192.168.255.0   0.0.0.0         255.255.255.0   U     0      0        0 cbr0
`;
const conntrack = `icmp     1 29 src=192.168.255.2 dst=8.8.8.8 type=8 code=0 id=63 [UNREPLIED] src=8.8.8.8 dst=192.168.255.2 type=0 code=0 id=63 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.142.0.2 dst=8.8.8.8 sport=40000 dport=80 src=8.8.8.8 dst=10.142.0.2 sport=80 dport=40000 [ASSURED] mark=0 use=1
`;
const words = 'banana 3 1.5K\napple 10 2M\ncherry 2 900\napple 9 3K\nBanana 33 1G\n\n  date 007 12\n';

type Case = readonly [argv: readonly string[], stdin?: string];
const table: Readonly<Record<string, readonly Case[]>> = {
  grep: [
    [['grep', 'cbr0'], route], [['grep', '-n', 'eth0'], route], [['grep', '-c', '0'], route], [['grep', '-v', 'eth0'], route], [['grep', '-o', '[0-9]*\\.[0-9]*\\.[0-9]*\\.[0-9]*'], route],
    [['grep', '-E', '^(0|10)\\.'], route], [['grep', '-i', 'APPLE'], words], [['grep', '-w', 'U'], route], [['grep', '-x', ''], words], [['grep', 'nothing'], route], [['grep', '-A1', 'UG'], route], [['grep', '-B1', '-n', 'cbr0'], route],
    [['grep', '-C', '1', 'UH'], route], [['grep', '-m', '1', 'eth0'], route], [['grep', '-q', 'eth0'], route], [['grep', '-e', 'UG', '-e', 'UH'], route], [['grep', '-F', '0.0.0.0 '], route], [['grep', '-cP', '(a|aa)+b'], 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\n'], [['grep', '-oP', '(?:foo|fo)+o'], 'foofoo fo foo\n'], [['grep', '-oP', '(a|ab)+'], 'abab\n'], [['grep', '-P', '\\d{3}\\.\\d+(?=\\.)'], route], [['grep', '-oP', 'src=\\K\\S+'], conntrack],
    [['grep', '--color=always', 'eth0'], route], [['grep', '-n', '--color=always', 'eth'], route], [['grep', 'a\\|b'], words], [['grep', '-E', 'a{2'], 'a{2\naa\n'], [['grep', 'a('], 'a(\n'], [['grep', '-E', 'a('], 'x'], [['grep', '['], 'x'], [['grep'], ''], [['grep', '-Y', 'x'], ''], [['grep', 'x', '/nonexistent'], ''],
    [['grep', '-bo', 'an'], words], [['grep', '-E', '\\<apple\\>'], words], [['grep', '-E', '(an)+'], words], [['grep', '-oE', '(an)+'], words], [['grep', '\\.0'], 'no newline 1.0'], [['grep', '-L', 'x'], 'y\n'], [['grep', '-l', 'y'], 'y\n'], [['grep', '-H', 'y'], 'y\n'], [['grep', '-A', 'x', 'y'], ''], [['grep', '-f', '-', '/dev/null'], ''], [['grep', '-c', '-v', '-f', '/dev/null'], words], [['grep', '-w', '-f', '/dev/null'], words], [['grep', '-E', 'a|'], words], [['grep', '\\(a\\)\\1'], 'aa\nab\n'],
  ],
  sed: [
    [['sed', 's/eth0/lo/'], route], [['sed', '-n', '2p'], route], [['sed', '-n', '/UG/,/cbr0/p'], route], [['sed', '2,3d'], route], [['sed', '$d'], route], [['sed', 's/0/X/2g'], route], [['sed', '-E', 's/([0-9]+)\\.([0-9]+)/\\2-\\1/'], route], [['sed', 'y/abc/ABC/'], words],
    [['sed', '1!G;h;$!d'], words], [['sed', '-n', '$='], words], [['sed', 'N;P;D'], words], [['sed', '/apple/a\\\nafter'], words], [['sed', '/apple/i before'], words], [['sed', '2c changed'], words], [['sed', '2,3c changed'], words], [['sed', 's/a/[&]/g'], words], [['sed', 's/.*/\\U&/'], words], [['sed', 's/\\w\\+/\\u&/g'], words],
    [['sed', ':a;s/^\\(\\s*\\)b/\\1_/;ta'], '  bbb\n'], [['sed', '-n', 'l'], 'a\tb\\c\u0001\n'], [['sed', '3q'], words], [['sed', '-n', '1~2p'], words], [['sed', '2,+1d'], words], [['sed', '0,/apple/d'], words], [['sed', 's/x*/-/g'], 'abxxc\n'], [['sed', 's/a/b'], ''], [['sed', 'k'], ''], [['sed', 's/\\(a/b/'], ''], [['sed', '1,2'], ''], [['sed', 'p;p'], 'no newline'],
    [['sed', '-n', '/a/{/b/p}'], words], [['sed', '-e', 's/a/1/', '-e', 's/b/2/'], words], [['sed', 's#/#|#g'], 'a/b/c\n'], [['sed', 's/a\\|e/_/g'], words], [['sed', '/^$/d'], words], [['sed', 's/[[:space:]]\\+/ /g'], words], [['sed', 'b x;p;:x'], words], [['sed', 'b nolabel'], words], [['sed', '-n', '2{p;q}'], words], [['sed', 's/\\n/,/;N'], 'a\nb\nc\n'], [['sed', '='], 'a\nb\n'], [['sed', 'q5'], 'a\nb\n'], [['sed', 's/a/\\n/'], 'bab\n'], [['sed', "s/b/x/I"], 'Bb\n'], [['sed', 'x;G'], 'a\nb\n'],
  ],
  awk: [
    [['awk', '{print $1}'], route], [['awk', 'NR>2{print $1,$NF}'], route], [['awk', '-F=', '{print $2}'], conntrack], [['awk', '{s+=$2} END{print s, s/NR}'], words], [['awk', '{c[$1]++} END{for(k in c) n++; print n, c["apple"]}'], words], [['awk', 'BEGIN{printf "%5d|%-5s|%05.2f|%x|%c|%e\\n", 42, "ab", 3.14159, 255, "z", 12345.678}'], ''],
    [['awk', '/apple/{print NR": "$0}'], words], [['awk', '$2>5'], words], [['awk', '$1 ~ /^b/'], words], [['awk', 'length > 12'], words], [['awk', '{gsub(/a/,"<&>"); print}'], words], [['awk', '{sub("a","\\\\&x"); print}'], words], [['awk', 'BEGIN{n=split("a:b:c",x,":"); print n, x[3]}'], ''], [['awk', '{print substr($0,2,3)}'], words], [['awk', '{print index($0,"a"), match($0,/an+/), RSTART, RLENGTH}'], words],
    [['awk', 'BEGIN{print length("héllo"), toupper("abc"), 1e3, 0.1+0.2, 100000000, 3/0.5, -7%3, 2^10}'], ''], [['awk', '-v', 'x=5', 'BEGIN{print x+1; x="a"; print x 1}'], ''], [['awk', 'function f(a,b){return a*b} BEGIN{print f(3,4)}'], ''], [['awk', 'BEGIN{while(i<3){i++; if(i==2)continue; print i}; do{j++}while(j<2); print j}'], ''], [['awk', 'BEGIN{for(i=0;i<3;i++) printf "%s ", i; print ""}'], ''],
    [['awk', '{$2="X"; print; print NF}'], words], [['awk', '{NF=2; print}'], words], [['awk', 'BEGIN{OFS="-"} {$1=$1; print}'], words], [['awk', '/apple/,/cherry/'], words], [['awk', 'END{print NR, $0}'], words], [['awk', 'NR==2{exit 3} {print}'], words], [['awk', 'BEGIN{RS=""}{print NR": "$1}'], 'a b\nc\n\n\nd e\n'], [['awk', 'BEGIN{while((getline l) > 0) n++; print n}'], words], [['awk', '{print ($2>5) ? "big" : "small"}'], words], [['awk', '!seen[$1]++'], words], [['awk', 'BEGIN{if(!("x" in a)) print "no"; a["x"]; if("x" in a) print "yes"; delete a["x"]; print length(a)}'], ''],
    [['awk', 'BEGIN{print 1==1.0, "a"<"b", "10"<"9", 10<9}'], ''], [['awk', '{print $1==$2, $2<10}'], words], [['awk', 'BEGIN{print substr("hello",2,3), substr("hello",4,100)}'], ''], [['awk', 'BEGIN{print -3 " " -3; print 1 " " 2, 3 4}'], ''], [['awk', 'BEGIN { x["a","b"]=1; for (k in x) { split(k, p, SUBSEP); print p[1], p[2] } }'], ''], [['awk', 'BEGIN{printf "%s %d %.3f %5s|%-5s|\\n", "x", "12abc", "1.5", "r", "l"}'], ''], [['awk', '-F', '[ =]+', '{print $3, NF}'], conntrack], [['awk', 'BEGIN{print index("abc","c") index("abc","z")}'], ''], [['awk', '{a[NR]=$0} END{for(i=NR;i>0;i--)print a[i]}'], words], [['awk', 'BEGIN { print length() }'], ''],
  ],
  lines: [
    [['sort'], words], [['sort', '-n', '-k2'], words], [['sort', '-k2,2n', '-k1,1'], words], [['sort', '-r'], words], [['sort', '-u'], words], [['sort', '-f'], words], [['sort', '-k3,3h'], words], [['sort', '-t.', '-k1,1n', '-k4,4n'], '10.0.0.2\n9.0.0.10\n10.0.0.1\n'], [['sort', '-V'], 'v1.10\nv1.9\nv1.2.3\n'], [['sort', '-c'], words], [['sort', '-k0'], ''], [['sort', '-s', '-k1,1'], words], [['sort', '-b', '-k2'], words], [['sort', '-k1.2'], words], [['sort', '/nonexistent'], ''],
    [['uniq'], 'a\na\nb\na\n'], [['uniq', '-c'], 'a\na\nb\na\n'], [['uniq', '-d'], 'a\na\nb\n'], [['uniq', '-u'], 'a\na\nb\n'], [['uniq', '-i'], 'a\nA\n'], [['uniq', '-f1'], '1 a\n2 a\n3 b\n'],
    [['cut', '-d ', '-f1'], words], [['cut', '-d:', '-f1,3-'], 'a:b:c:d\nnone\n'], [['cut', '-c2-4'], words], [['cut', '-f0'], ''], [['cut'], ''], [['cut', '-d:', '-s', '-f2'], 'a:b\nnone\n'], [['cut', '--complement', '-d:', '-f2'], 'a:b:c\n'], [['cut', '-b1,3'], 'abc\n'], [['cut', '-dab', '-f1'], ''], [['cut', '-f', 'x'], ''],
    [['tr', 'a-z', 'A-Z'], words], [['tr', '-d', '0-9'], words], [['tr', '-s', ' '], 'a   b\n'], [['tr', '-c', 'a-z', '\n'], words], [['tr', '[:lower:]', '[:upper:]'], words], [['tr', '-cd', '[:alnum:]'], words], [['tr', 'abc', 'x'], words], [['tr', '\\n', ','], words], [['tr', 'a'], ''], [['tr'], ''], [['tr', '-s', '[:space:]', '\\n'], words], [['tr', 'z-a', 'x'], ''], [['tr', '-ds', 'a', 'n'], words],
    [['head', '-n', '2'], words], [['head', '-3'], words], [['head', '-c', '5'], words], [['head', '-n', '-2'], words], [['head', '-n', 'x'], words], [['tail', '-n', '2'], words], [['tail', '-n', '+3'], words], [['tail', '-c', '4'], words], [['tail', '-1'], words], [['tac'], words], [['wc'], words], [['wc', '-l'], words], [['wc', '-cw'], words], [['nl'], words], [['nl', '-ba'], words], [['cat', '-A'], 'a\tb\u0001é\n'], [['cat', '-n'], words], [['cat', '-b'], words], [['cat', '-s'], 'a\n\n\nb\n'], [['cat', '/nonexistent'], ''], [['cat', '-z'], ''], [['head', '--foo'], ''],
    [['paste', '-sd,'], 'a\nb\nc\n'], [['paste', '-', '-'], 'a\nb\nc\n'], [['fold', '-w4'], 'abcdefghij\n'], [['fold', '-sw6'], 'ab cd ef gh\n'], [['rev'], 'abc\nde\n'], [['column', '-t'], route], [['column', '-t', '-s:'], 'a:bb:c\naaa:b:cc\n'], [['expand'], 'a\tb\n'], [['seq', '-f', '%f', '1', '2.5', '4']], [['seq', '-f', '%e', '1', '2.5', '4']], [['seq', '-f', '%.3g', '1', '2.5', '4']], [['seq', '-f', '%-6g|', '1', '2.5', '4']], [['seq', '-f', '%+g', '1', '2.5', '4']], [['seq', '-f', '%010.2f', '1', '2.5', '4']], [['seq', '-f', '%g%%', '1', '2.5', '4']], [['seq', '-f', '%.2fx', '1', '2.5', '4']], [['seq', '3'], ''], [['seq', '2', '2', '7'], ''], [['seq', '-s,', '3'], ''], [['seq', '-w', '8', '10'], ''], [['seq', '0', '.5', '2'], ''], [['seq', 'x'], ''], [['seq', '5', '1'], ''], [['seq', '3', '-1', '1'], ''],
    [['md5sum'], words], [['sha1sum'], ''], [['sha256sum'], words.repeat(40)], [['sha256sum'], 'abc'], [['base64'], words.repeat(3)], [['base64', '-d'], 'aGVsbG8K\n'], [['base64', '-w0'], words], [['expr', '9', '*', '9999999999999999']], [['expr', '-7', '%', '3']], [['expr', '7', '/', '-2']], [['expr', '10', '<', '9']], [['expr', '99999999999999999999', '+', '1']], [['expr', '1', '+', '2', '*', '3'], ''], [['expr', 'abc', ':', 'a\\(.\\)'], ''], [['expr', 'a', '+', '1'], ''], [['expr', '5', '>', '10'], ''], [['expr', 'length', 'hello'], ''], [['expr'], ''], [['test', '1', '-lt', '2'], ''], [['test', 'a', '=', 'b'], ''], [['test', '-d', '/'], ''], [['test', 'x', '-eq', '1'], ''],
    [['basename', '/a/b/c.txt', '.txt'], ''], [['basename', '/'], ''], [['dirname', '/a/b/'], ''], [['dirname', 'a'], ''], [['basename'], ''], [['printf', '%s %d %5.2f %x|%-5s|%05d\\n', 'a', '42', '3.14159', '255', 'l', '7'], ''], [['printf', '%s\\n', 'a', 'b'], ''], [['printf', '%d\\n', 'x'], ''], [['printf', '\\x41\\101\\t|%%|%c\\n', 'xyz'], ''], [['printf', '%b', 'a\\nb\\n'], ''], [['echo', '-e', 'a\\tb\\c', 'x'], ''], [['echo', '-n', 'a'], ''], [['printf', '%q\\n', 'a b'], ''],
  ],
};

const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'dumb', COLUMNS: '120' };

describe.each(Object.entries(table))('%s against the real program', (_group, cases) => {
  it.each(cases.map((each): [string, Case] => [each[0].join(' '), each]))('%s', async (_title, [argv, stdin = '']) => {
    const real = spawnSync(`/usr/bin/${argv[0]!}`, argv.slice(1), { input: stdin, env: environment, encoding: 'utf8' });
    if (real.error !== undefined) return;                    // this machine has no such program
    const mine = await testMachine(programs).run(argv, { stdin, env: environment });
    expect({ stdout: mine.stdout, stderr: mine.stderr, status: mine.status }).toEqual({
      stdout: real.stdout, stderr: real.stderr.replaceAll('/usr/bin/', ''), status: { kind: 'exited', code: real.status },
    });
  });
});

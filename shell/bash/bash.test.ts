import { describe, expect, it } from 'vitest';
import type { Program, Sys } from '../../machine/sys.ts';
import { testMachine } from '../../machine/test-machine.ts';
import { utf8 } from '../ports/bytes.ts';
import { bash } from './bash.ts';

const cat: Program = async (sys) => {
  for (;;) {
    const got = await sys.read(0, 65_536);
    if (!got.ok || got.value.length === 0) return 0;
    await sys.write(1, got.value);
  }
};
const sleep: Program = async (sys) => {
  await sys.sleep(Number(sys.argv[1]) * 1_000_000);
  return 0;
};
/** Answers Ctrl+C by saying so and leaving with 0, as ping does. */
const polite: Program = async (sys) => {
  sys.onSignal('INT', () => {});
  await sys.sleep(60_000_000);
  await sys.write(1, utf8('bye\n'));
  return 0;
};
const show: Program = async (sys) => {
  await sys.write(1, utf8(`${sys.argv.slice(1).map((word) => `<${word}>`).join('')}\n`));
  return 0;
};
const env: Program = async (sys) => {
  await sys.write(1, utf8([...sys.env].filter(([name]) => name.startsWith('T_')).map(([name, value]) => `${name}=${value}\n`).join('')));
  return 0;
};
const programs = { '/bin/bash': bash, '/bin/cat': cat, '/bin/sleep': sleep, '/bin/show': show, '/bin/envshow': env, '/bin/polite': polite, '/bin/fail': async () => 7, '/bin/true': async () => 0, '/bin/id': async (sys: Sys) => (await sys.write(1, utf8('1000\n'))).ok ? 0 : 1 };

async function sh(script: string, options: { stdin?: string; args?: string[] } = {}): Promise<string> {
  const { run } = testMachine(programs, [{ path: '/tmp/d/a.txt', content: 'A\n' }, { path: '/tmp/d/b.txt', content: 'B\n' }, { path: '/tmp/d/.hid', content: '' }, { path: '/tmp/d/sub/c.txt', content: '' }]);
  const { stdout, stderr, status } = await run(['bash', '-c', script, ...(options.args ?? [])], { cwd: '/tmp/d', ...(options.stdin === undefined ? {} : { stdin: options.stdin }) });
  const code = status?.kind === 'exited' ? status.code : status?.kind === 'signalled' ? status.signal : 'running';
  return `${stdout}${stderr === '' ? '' : `!${stderr}`}${code === 0 ? '' : `=${code}`}`;
}

/** Every answer here is what bash 5.2.15 prints. */
const tables: Record<string, readonly (readonly [script: string, output: string])[]> = {
  expansion: [
    ['x="a  b"; show $x "$x" \'$x\'', '<a><b><a  b><$x>\n'],
    ['set -- 1 "2 3" ""; show "$@" "$*" $# "${@:2}"', '<1><2 3><><1 2 3 ><3><2 3><>\n'],
    ['show "$@"', '\n'],
    ['IFS=:; x=a::b; show $x', '<a><><b>\n'],
    ['show {a,b}{1..3} {03..1} x{,y}', '<a1><a2><a3><b1><b2><b3><03><02><01><x><xy>\n'],
    ['show *.txt .h* no* "*.txt" */*', '<a.txt><b.txt><.hid><no*><*.txt><sub/c.txt>\n'],
    ['x=/usr/lib/x.tar.gz; show ${x##*/} ${x%.*} ${x%%.*} ${x#*/} ${x//\\//-} ${x/%gz/xz}', '<x.tar.gz></usr/lib/x.tar></usr/lib/x><usr/lib/x.tar.gz><-usr-lib-x.tar.gz></usr/lib/x.tar.xz>\n'],
    ['x=hello; show ${x:1:3} ${x: -2} ${x^} ${x^^} ${#x} ${x@Q}', "<ell><lo><Hello><HELLO><5><'hello'>\n"],
    ['show ${u-a b} "${u-a b}" ${u:+no} ${u=set} $u', '<a><b><a b><set><set>\n'],
    ['a=(x "y z" w); a[5]=v; show "${a[@]}" ${#a[@]} "${!a[@]}" "${a[@]:1:2}" "${a[-1]}"', '<x><y z><w><v><4><0><1><2><5><y z><w><v>\n'],
    ['declare -A m=([k]=1 ["a b"]=2); show "${m[a b]}" "${#m[@]}"; unset "m[k]"; show "${!m[@]}"', '<2><2>\n<a b>\n'],
    ['n=x; x=5; show ${!n}; declare -n r=x; r=6; show $x', '<5>\n<6>\n'],
    ['show $((2**10)) $((7/2)) $((-7%3)) $((x=3,x<<2)) $((010+0x10+2#11)) $((1?2:3))', '<1024><3><-1><12><27><2>\n'],
    ['show ~ ~root x=~ "~"', '</root></root><x=/root><~>\n'],
    ["show $'a\\tb\\x41' $'\\u00e9'", '<a\tbA><é>\n'],
    ['x=$(echo a; echo b; echo); show "$x" `echo \\`echo c\\``', '<a\nb><c>\n'],
    ['cat <(echo one) <(echo two) < /dev/null; cat < <(echo three)', 'three\n'],
    ['f() { echo $#; cat < $1; }; f <(echo {a,b})', '1\na b\n'],
    ['x=1; show "${x:+$\'a\\tb\'}"; cat <<E\n${x:+$\'q\'}\nE', "<a\tb>\n$'q'\n"],
    ['set -- a b; show "${@:5:-1}"; declare -A m; show "${m[@]:2:-2}"; show "${@:1:-1}"', '\n\n!bash: line 1: -1: substring expression < 0\n=1'],
    ['declare -A m=([a]=1 [b]=2 [c]=3); show "${m[@]:1:1}" "${m[@]: -1}"; a=(x); show "${a[@]:1:-1}"; echo "[${!1}]"; echo ${?^}', '<3><1>\n\n[]\n!bash: line 1: ${?^}: bad substitution\n=1'],
    ['n=1; echo $((2+++n)) $((n+++n)) $((3--1)) $((5 - -n))', '4 5 4 8\n'],
    ['arr=(); declare -a ab; ad=; echo ${!a@}', 'ad arr\n'],
    ['x=$(f() { case $1 in a) echo A;; *) echo B;; esac; }; f a); y=$(g() ( case q in q) echo Q;; esac ); g); echo "$x$y"', 'AQ\n'],
    ['cat < ${u:?m}; echo $?; set -u; cat <<< $v; echo $?; : <<< $v', '127\n127\n!bash: line 1: u: m\nbash: line 1: v: unbound variable\nbash: line 1: v: unbound variable\n=127'],
    ['declare x={a,b}; show $x; f() { local y={1..3}; show $y; }; f; z={a,b}; show $z', '<b>\n<3>\n<{a,b}>\n'],
    ['echo ${a b}; echo same', '!bash: line 1: ${a b}: bad substitution\n=1'],
    ['set -u; echo $zz; echo no', '!bash: line 1: zz: unbound variable\n=127'],
  ],
  redirection: [
    ['GLOBIGNORE=*.txt; echo *.* sub/*.*', '.hid sub/c.txt\n'],
    ['f() { nosuch; caller 0; caller; }\nf; nosuch', '2 NULL\n!environment: line 1: nosuch: command not found\nbash: line 2: nosuch: command not found\n=127'],
    ['set -u; f() {\n x=$zz\n}\nf', '!environment: line 2: zz: unbound variable\n=127'],
    ['( echo $BASH_SUBSHELL ) & wait; echo | ( echo $BASH_SUBSHELL ); ( ( echo $BASH_SUBSHELL ) ) & wait; echo | ( exit 4 ); echo $?', '1\n1\n2\n4\n'],
    ['echo a > f; echo b >> f; cat < f; cat <<< "$((1+1))"', 'a\nb\n2\n'],
    ['x=1; cat <<E\n$x \\$x $(echo s)\nE\ncat <<\'E\'\n$x\nE\ncat <<-E\n\ttab\n\tE', '1 $x s\n$x\ntab\n'],
    ['{ echo out; echo err >&2; } 2>&1 | cat', 'out\nerr\n'],
    ['{ set -u; echo $zz; } 2>&1', 'bash: line 1: zz: unbound variable\n=127'],
    ['f() { readonly r=1; r=2; }; f 2>&1; echo same\n{ : $((1/0)); } 2>&1\nfor r in a; do :; done 2>&1; echo $?', 'environment: line 1: r: readonly variable\nbash: line 2: 1/0: division by 0 (error token is "0")\nbash: line 3: r: readonly variable\n1\n'],
    ['exec 5> g; echo five >&5; exec 5>&-; cat < g; echo x >&5', 'five\n!bash: line 1: 5: Bad file descriptor\n=1'],
    ['exec {fd}<a.txt; read -u $fd l; show $l; exec {fd}<&-', '<A>\n'],
    ['echo x > /nowhere/x; echo $?', '1\n!bash: line 1: /nowhere/x: No such file or directory\n'],
    ['set -C; echo x > a.txt; echo $?; echo y >| a.txt; cat < a.txt', '1\ny\n!bash: line 1: a.txt: cannot overwrite existing file\n'],
  ],
  commands: [
    ['nosuch; echo $?; ./a.txt; echo $?; /tmp; echo $?', '127\n126\n126\n!bash: line 1: nosuch: command not found\nbash: line 1: ./a.txt: Permission denied\nbash: line 1: /tmp: Is a directory\n'],
    ['fail | true; echo $? ${PIPESTATUS[@]}; set -o pipefail; fail | true; echo $?', '0 7 0\n7\n'],
    ['! true; echo $?; false || echo or; true && echo and', '1\nor\nand\n'],
    ['f() { local x=in; echo $x $1 $#; return 3; }; x=out; f a b; echo $? $x', 'in a 2\n3 out\n'],
    ['for i in a b c; do [ $i = b ] && continue; echo $i; done; while :; do break; done; echo $?', 'a\nc\n0\n'],
    ['for ((i=0;i<3;i++)); do echo -n $i; done; echo; until [ $i = 0 ]; do ((i--)); done; echo $i', '012\n0\n'],
    ['case abc in a) echo 1;; a*) echo 2;& x) echo 3;; *) echo 4; esac', '2\n3\n'],
    ['[[ abc == a* && abc =~ ^a(.)c$ && ! -e zzz ]] && echo ${BASH_REMATCH[1]}', 'b\n'],
    ['[[ -n $((1+)) ]]; echo same\nn=-1; [[ ${!n} ]]; echo same\n[[ 1 -eq 1+ ]]; echo $?', '1\n!bash: line 1: 1+: syntax error: operand expected (error token is "+")\nbash: line 2: -1: invalid variable name\nbash: line 3: [[: 1+: syntax error: operand expected (error token is "+")\n'],
    ['for ((i=0; i<1; i++)); do : $((1/0)); done; echo same\nfor ((i=1+;;)); do :; done; echo $?', '1\n!bash: line 1: 1/0: division by 0 (error token is "0")\nbash: line 2: ((: i=1+: syntax error: operand expected (error token is "+")\n'],
    ['declare -i x=1+\necho next', '!bash: line 1: declare: 1+: syntax error: operand expected (error token is "+")\n=1'],
    ['arr[1 2]=3\necho next', '!bash: line 1: 1 2: syntax error in expression (error token is "2")\n=1'],
    ['(: ${u:?m}); echo $?; x=$(: ${u:?m}); echo $?; : ${u:?m} | cat; echo ${PIPESTATUS[0]}; : ${u:?m}', '1\n1\n127\n!bash: line 1: u: m\nbash: line 1: u: m\nbash: line 1: u: m\nbash: line 1: u: m\n=127'],
    ['(x=1; exit 4); echo $? $x; { y=2; }; echo $y', '4\n2\n'],
    ['T_A=1 envshow; T_B=2; envshow; export T_B; envshow', 'T_A=1\nT_B=2\n'],
    ['eval "echo $((1+1))"; echo "echo src $1" > s; . ./s; type -t echo if show f', '2\nsrc\nbuiltin\nkeyword\nfile\n=1'],
    ['echo one; if true; then', '!bash: -c: line 2: syntax error: unexpected end of file\n=2'],
    ['echo )', "!bash: -c: line 1: syntax error near unexpected token `)'\nbash: -c: line 1: `echo )'\n=2"],
    ['set -e; f() { false; echo no; }; if f; then echo in; fi; f && echo and; f; echo not', 'no\nin\nno\nand\n=1'],
    ['set -x; x=1; show "a b" $x', "<a b><1>\n!+ x=1\n+ show 'a b' 1\n"],
    ['trap "echo bye" EXIT; trap "echo err" ERR; false; exit 3', 'err\nbye\n=3'],
    ['trap "echo got" USR1; kill -USR1 $$; echo after', 'got\nafter\n'],
    ['kill -TERM $$; echo no', '=TERM'],
    ['sleep 5 & sleep 1 & wait -n; echo $?; kill %1; wait $!; echo $?', '0\n0\n'],
    ['sleep 3 & show "$(jobs)"; jobs | cat; jobs | { cat; jobs; }', '<[1]+  Running                 sleep 3 &>\n[1]+  Running                 sleep 3 &\n[1]+  Running                 sleep 3 &\n'],
    ['sleep 3 & (jobs); { jobs; } & wait $!; (jobs) & wait $!; jobs & wait $!; { jobs; } | cat; jobs | cat & wait $!', ''],
    ['for i in 3 1 2; do { sleep 0.0$i; echo $i; } & done; wait', '1\n2\n3\n'],
    ['coproc { read a; echo got $a; }; echo hi >&${COPROC[1]}; read l <&${COPROC[0]}; echo $l', 'got hi\n'],
    ['alias e="echo aliased"; e x', '!bash: line 1: e: command not found\n=127'],
    ['shopt -s expand_aliases\nalias e="echo aliased"\ne x', 'aliased x\n'],
    ['readonly r=1\nr=2; echo same\necho next $?', 'next 1\n!bash: line 2: r: readonly variable\n'],
  ],
  builtins: [
    ['printf "%5.2f|%-5s|%05d|%x|%q|%b|%c\\n" 3.14159 ab 42 255 "a b" "x\\ty" zed', ' 3.14|ab   |00042|ff|a\\ b|x\ty|z\n'],
    ['printf "%s-%s\\n" a b c', 'a-b\nc-\n'],
    ['printf -v v "%(%Y-%m-%d)T" 0; echo $v; echo -e "a\\nb\\c"; echo -n', '1970-01-01\na\nb'],
    ['printf "a b c\\n d\\n" | { read x y; read -r z; show "$x" "$y" "$z"; }', '<a><b c><d>\n'],
    ['while getopts ab:c o -a -b val -x 2>/dev/null; do echo $o $OPTARG; done; echo $OPTIND', 'a\nb val\n?\n5\n'],
    ['declare -i n=2+3; declare -u u=abc; declare -a a=(1 2); declare -p n u a', 'declare -i n="5"\ndeclare -u u="ABC"\ndeclare -a a=([0]="1" [1]="2")\n'],
    ['mapfile -t m < a.txt; show "${m[@]}"; cd sub; pwd; cd - ; pushd / > /dev/null; dirs', '<A>\n/tmp/d/sub\n/tmp/d\n/ /tmp/d\n'],
    ['f() { echo hi; }; declare -f f; unset -f f; f', 'f () \n{ \n    echo hi\n}\n!bash: line 1: f: command not found\n=127'],
    ["f() { x=$(echo   a; (echo  b)) y=$'a\\tb' z=$(\necho c\nif d; then e; fi); cat <(g &) $((1 +  2)); }; declare -f f", "f () \n{ \n    x=$(echo a; ( echo b )) y='a\tb' z=$(echo c\nif d; then\n    e;\nfi);\n    cat <(g &) $((1 +  2))\n}\n"],
    ['declare -A m; declare -a a; declare -p m a; m[k]=1; unset m[k]; a=(); declare -p m a; f() { local x y=1; local; }; f', 'declare -A m\ndeclare -a a\ndeclare -A m=()\ndeclare -a a=()\ndeclare -- x\ndeclare -- y="1"\n'],
    ["printf %q, a,b a#~ '#~' 'x=~' ':~'; printf '%c|a\\c' ''; printf -v v %c ''; echo ${#v}; x=1; unset -n x; echo $x", 'a\\,b,a#~,\\#~,x=\\~,:\\~,\0|a\\c0\n1\n'],
    ['set -a; a=(1); b[2]=3; c=x; declare -p a b c; printf "%.2s|%.3b\\n" äö abcd', 'declare -a a=([0]="1")\ndeclare -a b=([2]="3")\ndeclare -x c="x"\nä|abc\n'],
    ['f() { cat <> x 3<> y; }; declare -f f; a=(1); declare -n a; echo $?', 'f () \n{ \n    cat 0<> x 3<> y\n}\n1\n!bash: line 1: declare: a: reference variable cannot be an array\n'],
    ['umask 027; umask; umask -S; test 1 -lt 2 -a x != y; echo $?', '0027\nu=rwx,g=rx,o=\n0\n'],
    ['set -- a b c; shift; echo $1; set -o noglob; echo *; shopt -q extglob; echo $?', 'b\n*\n1\n'],
    ['let x=5 y=x*2; echo $y; ((0)); echo $?; hash -r; times > /dev/null; echo $?', '10\n1\n0\n'],
  ],
};

describe.each(Object.entries(tables))('%s', (_name, table) => {
  it.each(table)('%s', async (script, output) => {
    expect(await sh(script)).toBe(output);
  });
});

it('leaves the rest of standard input to the commands it runs', async () => {
  const { run } = testMachine(programs);
  const { stdout } = await run(['bash'], { stdin: 'read x\nhello\necho got $x\ncat\nrest\n' });
  expect(stdout).toBe('got hello\nrest\n');
});

describe('at a terminal', () => {
  const type = async (keys: readonly (string | number)[]): Promise<string> => {
    const { terminal, scheduler, machine } = testMachine(programs);
    const tty = terminal();
    await scheduler.runUntil(100_000);
    for (const key of keys) {
      if (typeof key === 'number') await scheduler.runUntil(machine.world.nowUs + key * 1_000_000);
      else {
        tty.write(utf8(key));
        await scheduler.runUntil(machine.world.nowUs + 200_000);
      }
    }
     
    return tty.shown().replace(/\u001b\[\?2004[hl]/g, '').replaceAll('\r', '').replaceAll('learner@debian:~$ ', '$ ');
  };

  it.each([
    ['Ctrl+C ends a list', ['sleep 30; echo after\r', '\x03', 'echo $?\r'], '$ sleep 30; echo after\n^C\n$ echo $?\n130\n$ '],
    ['a command that answers Ctrl+C with 0 lets the list go on', ['polite; echo after $?\r', '\x03', ''], '$ polite; echo after $?\n^Cbye\nafter 0\n$ '],
    ['Ctrl+C ends a loop of builtins', ['while :; do :; done\r', 1, '\x03', 'echo $?\r'], '$ while :; do :; done\n^C\n$ echo $?\n130\n$ '],
    ['Ctrl+Z stops, fg goes on', ['sleep 2\r', '\x1a', 'jobs\r', 'fg\r', 3], '$ sleep 2\n^Z\n[1]+  Stopped                 sleep 2\n$ jobs\n[1]+  Stopped                 sleep 2\n$ fg\nsleep 2\n$ '],
    ['exit warns of stopped jobs once', ['sleep 9\r', '\x1a', 'exit\r', 'exit\r'], '$ sleep 9\n^Z\n[1]+  Stopped                 sleep 9\n$ exit\nlogout\nThere are stopped jobs.\n$ exit\nlogout\n'],
    ['a background read is stopped', ['cat &\r', '\r'], '$ cat &\n[1] 62\n$ \n\n[1]+  Stopped                 cat\n$ '],
  ])('%s', async (_name, keys, shown) => {
    expect(await type(keys)).toBe(shown);
  });

  it('shows the same at any pace', async () => {
    const shown: string[] = [];
    for (const slice of [1_000_000, 977]) {
      const { terminal, scheduler } = testMachine(programs);
      const tty = terminal();
      const until = async (us: number): Promise<void> => {
        for (let at = 0; at < us; at = Math.min(us, at + slice)) await scheduler.runUntil(scheduler.world.nowUs + Math.min(slice, us - at));
      };
      await until(100_000);
      tty.write(utf8('i=0; while :; do i=$((i+1)); done\r'));
      await until(1_300_000);
      tty.write(utf8('\x03'));
      await until(100_000);
      tty.write(utf8('echo $i $RANDOM\r'));
      await until(100_000);
      shown.push(tty.shown());
    }
    expect(shown[0]).toBe(shown[1]);
    expect(shown[0]).toMatch(/\d{3,} \d+\r\n/);
  });
});

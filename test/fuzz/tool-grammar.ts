/** Command lines of the tools that work on text and files, with the small languages some of them carry. */
import type { FuzzDice } from './dice.ts';

/** Something to work on, made once a lab. */
export const TOOL_FILES = 'mkdir -p d/e; printf "one 1 eth0\\ntwo 2,lo\\n\\nthree\\t3.5 cbr0" > f; printf "one 1\\nTWO 2\\nthree\\n" > g; seq 30 > n; printf "\\377\\0x\\r\\né漢🐧\\n" > b; cp f d/f; ln -s ../f d/l; tar czf t.tgz f g d; tar cf t.tar f d; gzip -k g; echo \'{"a":[1,{"b":null}],"c":"x"}\' > j; printf "10.0.0.1 a b\\n::1 c\\n" > h';

const FILES = ['f', 'g', 'n', 'b', 'd', 'd/f', 'd/l', 't.tgz', 't.tar', 'g.gz', 'j', 'h', '-', 'nosuch', '/etc/passwd', '/dev/null', '/proc/net/route', '.', '/', 'd/*', '""', 'new'] as const;
const PATTERNS = ['a', '^', '$', '.*', '^$', '[0-9]+', '[[:space:]]', '[^a-z]', '\\(o\\)\\1', '(a|b)*c', 'o{2,}', 'o\\{1,3\\}', '[a', '(', '*', '\\', '[]a]', '[z-a]', '\\<t', '\\b', '(x+x+)+y', '[[:nope:]]', '.', 'é', '\\w\\+', '((((a))))', 'a{99999}', '^*', 'x\\?', '\\n', '[[.a.]]'] as const;
const AWK_EXPRESSIONS = ['$1', '$NF', '$(NF-1)', '$0', 'NR', 'FNR', 'x', 'x++', '--n', 'a[$1]', 'a[1,2]', 'length', 'length($2)', 'substr($0,2,3)', 'substr($0,-1)', 'index($0,"e")', 'split($0,a,/[ ,]/)', 'sub(/o/,"[&]")', 'gsub(/[0-9]/,"\\\\&")', 'match($0,/t.*e/)', 'RSTART', 'toupper($1)', 'sprintf("%05.2f|%s|%c",$2,$1,65)', 'sprintf("%*d",3)', 'int($2)', 'rand()', 'srand(1)', '2^10', '1/0', '5%0', '-x', '!x', '"a" "b"', '1e400', '$-1', '$1e9', 'f(3)', 'getline', '(getline y < "f")', '("echo hi" | getline)', 'system("")', 'x=y=3', 'x ~ /a/', '$1 ~ "["', '1 in a', '(1,2) in a', 'x?y:z', 'FS', 'NF=2', '$5="x"', 'strftime()', 'close("f")', '/re/', '"\\x41\\101"', 'atan2(0,-1)', 'log(-1)'] as const;
const SED_COMMANDS = ['s/o/0/', 's/\\(.\\)\\(.\\)/\\2\\1/g', 's/e/&&/2p', 's,/,|,w new', 's/x/y', 's/a*/x/g', 's/.*/\\U&/', 's/b/\\n/;P;D', 'y/abc/xyz/', 'y/ab/x/', 'p', 'd', 'N', 'n', 'P', 'D', 'G', 'H', 'h', 'g', 'x', 'l', 'l 5', '=', 'q', 'q5', 'Q', 'a\\\ntext', 'i text', 'c\\', 'r g', 'R n', 'w new', 'b', 'bx', ':x', 't', 'tx', 'T', '{p', '}', 'z', 'F', 'e', '!p', '$!N', 's//x/', '#n', 'k', 'v', 'W new'] as const;
const SED_ADDRESSES = ['', '', '1', '$', '2,4', '/o/', '/o/,/e/', '0,/o/', '2~3', '/x/,+2', '1,~4', '/[/', '\\,a,', '/o/I', '4,2', '99999999999', '0'] as const;
const FIND_WORDS = ['-name', '-iname', '-path', '-regex', '-type', '-size', '-mtime', '-newer', '-maxdepth', '-mindepth', '-perm', '-user', '-exec', '-print', '-print0', '-printf', '-prune', '-o', '-a', '!', '(', ')', '-not', '-delete', '-empty', '-ls', '-quit', '-true', '-mmin', '-links', '-depth', '-L', '-execdir', '-ok', '-samefile', '-inum', '-xdev', '-nogroup'] as const;
const FIND_VALUES = ['"*"', '"[a"', 'f', 'd', 'l', 'x', '+1', '-1k', '1M', '0', '-644', '/222', 'u+x', 'root', 'echo {} \\;', 'echo {} +', 'false \\;', '"%p %s %m %M %u %T@ %y %%\\n"', '"%"', '"%Tq"', '"\\777"', '"-5"', '99999999999', '";"'] as const;
const DATES = ['now', 'yesterday', '2 days ago', '@0', '@-1', '@99999999999999', '2024-02-30', '2024-02-29 12:00:60', 'next monday', 'last friday 3pm', '12/31/1999', '1 month', 'Feb 30', 'noon tomorrow', '2024-01-01T00:00:00Z', 'TZ="Europe/Berlin" 09:00', '', '-1 year', 'fri', '10:00 +0530', '99999 years', '1970', '20240101', '0x10', 'utc'] as const;
const FORMATS = ['+%Y-%m-%d', '+%s.%N', '+%j %U %V %G', '+%-d|%_5d|%010Y|%^a|%#Z', '+%:z %::z %:::z', '+%', '+%E', '+%Oq', '+%999Y', '-R', '-Is', '--rfc-3339=ns', '-I=x', '-u', '+%c%x%X%r%p%P', '+%n%t%%'] as const;

const WORDS: Readonly<Record<string, readonly string[]>> = {
  grep: ['-E', '-F', '-P', '-v', '-i', '-n', '-c', '-o', '-l', '-L', '-q', '-r', '-w', '-x', '-A1', '-B', '-C', '2', '-m', '1', '-e', '-f', '-H', '-h', '-s', '-z', '-b', '--color=always', '--include=*', '-a'],
  diff: ['-u', '-U', '0', '-c', '-y', '-W', '40', '-r', '-q', '-s', '-N', '-i', '-w', '-b', '-B', '-e', '-n', '--brief', '--color=always', '-I', '-x', '--normal', '-a', '-p', '--left-column'],
  tar: ['-c', '-x', '-t', '-r', '-u', '-z', '-v', '-f', 't.tgz', 't.tar', 'cf', 'xzf', 'tvf', '-C', 'd', '--exclude=*', '-O', '-k', '--strip-components=1', '-T', '-p', '-h', '-a', '--to-stdout', '-A', '-d', '--wildcards', '--delete', '-j', '--numeric-owner'],
  gzip: ['-d', '-c', '-k', '-f', '-l', '-v', '-t', '-1', '-9', '-n', '-r', '-S', '.x'],
  gunzip: ['-c', '-k', '-f', '-t', '-l'],
  column: ['-t', '-s', ',', '-o', '|', '-N', 'A,B', '-J', '-R', '1', '-H', '-n', 'x', '-x', '-c', '20', '-e', '-L', '-d', '-r', '-T', '-O', '2,1', '-W'],
  xargs: ['-n', '1', '-I', '{}', '-0', '-d', ',', '-P', '2', '-r', '-t', '-L', '-s', '20', '-a', 'f', 'echo', 'sh -c', '-x', '-E', 'two', '-p', '-i'],
  sort: ['-n', '-r', '-k', '2', '-k2,2nr', '-k1.2b', '-t', ',', '-u', '-h', '-V', '-f', '-c', '-o', 'new', '-M', '-s', '-z', '-R', '-m', '-g', '-d', '-b', '-C', '--debug', '-k0'],
  cut: ['-d', ',', '-f', '1', '-f1-', '-f-2,4', '-c', '1-3', '-b', '2', '-s', '--complement', '--output-delimiter=:', '-f0', '-f3-1', '-c', '99999999999'],
  tr: ['a-z', 'A-Z', '-d', '-s', '-c', '[:upper:]', '[:lower:]', '[=a=]', '[x*3]', '\\n', '\\777', 'z-a', '-t', '""', '[:nope:]'],
  head: ['-n', '-1', '3', '-c', '5', '-q', '-v', '-n-2', '1K', '-z'], tail: ['-n', '+2', '-1', '3', '-c', '5', '-q', '-v', '-f', '-F', '-s', '0.1', '--pid=1', '-r'],
  ls: ['-l', '-a', '-A', '-h', '-R', '-t', '-S', '-r', '-1', '-d', '-i', '-n', '-F', '-C', '-m', '-x', '-X', '-s', '-Q', '--color=always', '--full-time', '--time-style=+%s', '-w', '20', '-T', '-I', 'f', '-p', '-b', '-g', '-o', '-L', '-H', '-Z', '-k', '-u', '-c', '-U', '-v', '-N', '-q'],
  stat: ['-c', '%n %s %a %A %U %y %F %h %i %t %T %d %b %B %o %Z %w %m %N', '-f', '-L', '-t', '--printf', '%n\\x41\\n%', '%Q', '%10s|%-10n|%.3n|%05a'],
  od: ['-c', '-A', 'x', '-t', 'x1', 'd4', 'fD', 'x1z', '-N', '3', '-j', '-w', '-v', '-b', '-x', 'q', '-An', '-S', '2'],
  hexdump: ['-C', '-n', '3', '-s', '-v', '-x', '-e', '\'1/1 "%02x "\'', '-b', '-c', '-d', '-o', '\'"%d'],
  printf: ['%s', '%5.2f', '%x', '%b', '%q', '%c', '%d', '%*d', '%-5s|', '%', '%z', '\\x', '\\u00e9', '1', 'abc', "'a", '0x1g', '%(%s)T', '99999999999999999999', '%1$s', '%.99999999999s', '%n'],
  seq: ['1', '5', '-1', '0.1', '-w', '-s', ',', '-f', '%g', '%05.1f', 'x', '1e3', 'inf', 'nan', '10', '3', '%d', '%%'],
  dig: ['+short', '+noall', '+answer', '@8.8.8.8', '@1.1.1.1', '-x', '8.8.8.8', 'example.com', 'ANY', 'AAAA', 'MX', '-t', 'A', '-p', '53', '+trace', '+tcp', '+time=1', '+tries=1', '-4', '-6', 'nosuch.invalid', '.', '..', 'a..b', '-f', 'f', '-q', '-c', 'CH', '+bufsize=9', '+nope', '-b', '1.2.3.4', '+norecurse', '-h', '-v'],
  host: ['example.com', '8.8.8.8', '-t', 'MX', 'A', '-a', '-v', '-W', '1', '-R', 'nosuch', '::1', '-4', '-6', '-C', '-l', '-T', '-c', 'IN', '..', '-N', '0'],
  getent: ['hosts', 'ahosts', 'ahostsv4', 'passwd', 'group', 'services', 'protocols', 'networks', 'localhost', 'root', '0', '80', 'tcp', '80/tcp', 'nosuch', '-s', '-i', 'shadow', 'netgroup', 'initgroups', 'ethers'],
  ps: ['aux', '-ef', '-e', '-o', 'pid,ppid,comm', 'pid=,args:20', '-p', '1', '-C', 'bash', '--forest', '-u', 'root', '--sort', '-pid', 'nope', '-L', '-T', 'f', 'l', 'j', '--no-headers', '--ppid', '-t', '?', '-H', 'ww', '-O', 'etime', '-N', '-G', '-s', '--cols', '20', 'e', '-q', '1', 'k', 'o', 'pid,x'],
  pgrep: ['-f', '-l', '-a', '-u', 'root', '-x', 'bash', '-n', '-o', '-v', '-c', '-d', ',', '-P', '1', '-t', '[', '-s', '0', '-g', '--ns', '1', '-i', '-r', 'S', '-F'],
  pkill: ['-0', '-f', '-x', 'nosuch', '-e', '-c', '-STOP', '-n', '[', '-99', '-H', '-u', 'nope'],
  top: ['-b', '-n', '1', '-d', '0.1', '-p', '1', '-o', '%MEM', '-c', '-H', '-u', 'root', '-w', '80', '-i', '-E', 'm', '-e', '-1', '-U', '-O', '-S', '-s', '-o', 'x'],
  lsns: ['-t', 'net', '-p', '1', '-o', 'NS,PID', '-n', '-r', '-J', '-l', '-T', '--output-all', '-W', '-u', 'nope', '4026531840', '-P'],
  mtr: ['-r', '-c', '1', '-n', '-w', '-i', '0.1', '8.8.8.8', '-b', '-T', '-u', '-P', '80', '-m', '2', '-C', '-j', '-x', '-l', '-p', '-s', '100', '-o', 'LSR', '-z', '-4', '-6', '-g', '-e', '-Z', '1', '-f', '-G'],
  wget: ['-q', '-O', '-', 'http://8.8.8.8/', 'http://127.0.0.1:9', '-S', '-T', '1', '-t', '--spider', '-nv', '-c', '-r', '--header', 'A: b', '-P', 'd', 'http://', 'x', 'ftp://a', '-i', 'f', '--tries=1', '-N', '-nc', '--post-data', 'http://[::1]/', 'https://8.8.8.8', '-b', '-o', 'new', 'http://8.8.8.8:0/', 'http://8.8.8.8:99999/'],
  curl: ['-m', '0.5', '-v', '-s', '-S', '-o', 'new', '-O', '-I', '-L', '-H', 'A: b', '-d', 'x=1', '-X', 'PUT', '-w', '%{http_code} %{time_total} %{nope} %', '--resolve', 'a:80:8.8.8.8', '-k', '-f', '-i', '-A', '-u', 'a:b', '-b', '-e', '-G', '-T', 'f', '--data-binary', '@f', '--max-time', '--connect-timeout', '0.1', 'http://8.8.8.8', 'a', 'http://[', 'file:///etc/passwd', 'http://127.0.0.1:1-3/{a,b}[1-2]', '--interface', 'lo', '-x', '8.8.8.8:1', '-4', '-6', '--next', '-#', '-r', '0-1', '-C', '-z', '-Z', '-K', '-n', '-N'],
  nc: ['-l', '-p', '5000', '-k', '-u', '-v', '-z', '-n', '-w', '1', '-q', '0', '8.8.8.8', '127.0.0.1', '80', '1-3', '-s', '-4', '-6', '-U', 'new', '-e', 'cat', '-c', '-i', '-x', '-X', '5', '-N', '-d', '-t', '-r', '-b', '-h', 'http', '0', '65536', '-o', '-g', '-G', '-T', '-C', '-O'],
  telnet: ['8.8.8.8', '80', '127.0.0.1', '9', '-e', 'x', '-l', 'root', '-4', '-6', '-b', 'lo', '-d', '-n', '-E', 'nosuch', '-8', '-a', '-r', 'http'],
  python3: ['-m', 'http.server', '0', '8000', '--bind', '127.0.0.1', '--directory', 'd', '-c', '"print(1)"', '-V', '-', 'f', '-h', '--cgi', '99999', '-u', '-m json.tool', 'j', 'x'],
  jq: ['.', '-r', '-c', '-n', '-s', '.a', '.a[]', '"[.a[]|.b?]"', '"."', '"("', '-e', '--arg', 'x', '1', 'keys', '"..|numbers"', '-R', '-S', '--tab', '"limit(3;repeat(1))"', '-j', '--indent', '9', '"error"', '"input"', '@base64', 'j', '"$__loc__"', '"test(\\"(\\")"'],
  date: [], awk: [], sed: [], find: [],
  watch: ['-n', '0.1', '-d', '-t', '-g', '-e', '-b', '-c', '-x', '-p', 'date', 'true', 'false', 'echo hi', '--', '-n', '-1', '0'],
  timeout: ['0.1', '-s', 'KILL', '-k', '1', '0', 'sleep 1', 'true', '-v', '--foreground', '--preserve-status', '1d', 'inf', 'x', 'nosuch', '-s', '99'],
  stty: ['-a', '-g', 'size', 'sane', 'raw', '-echo', 'rows', '3', 'intr', '^X', '-F', '/dev/tty', 'undef', 'speed', 'nope'],
  lsof: ['-i', '-n', '-P', ':80', '-p', '1', '-t', 'tcp:1-99', '-u', 'root', '-c', 'bash', '+D', 'd', 'f', '-iTCP', '-sTCP:LISTEN', '-U', '-a', '@1.2.3.4'],
  sysctl: ['-a', '-r', 'net.ipv4.conf', '-n', 'net.ipv4.ip_forward', '-w', 'x=1', '-p', 'f', '--system', '-N', '-e', '-b', '(', 'net.ipv4.tcp_mem="1 2"', 'kernel.pid_max=x'],
  apt: ['install', '-y', 'nmap', 'update', 'list', '--installed', 'search', 'show', 'remove', 'tcpdump', 'policy', 'nosuch', '-s', 'depends', 'purge', '--help', '*'],
  man: ['ip', '-k', 'route', '-f', 'ls', '8', '1', 'nosuch', '-w', '-a', '5', 'passwd', '-K', 'ip-route', '7'],
};

function awkProgram(dice: FuzzDice): string {
  const expression = (): string => (dice.once(3) ? `${dice.pick(AWK_EXPRESSIONS)} ${dice.pick(['+', '-', '*', '/', '%', '^', '<', '==', '~', '!~', '&&', '||', '', ',', '=', '+=', '>', 'in', '?1:'])} ${dice.pick(AWK_EXPRESSIONS)}` : dice.pick(AWK_EXPRESSIONS));
  const statement = (): string => {
    switch (dice.below(12)) {
      case 0: return `if (${expression()}) ${dice.once(2) ? `{ ${expression()} }` : expression()}${dice.once(2) ? `; else ${expression()}` : ''}`;
      case 1: return `for (k in a) ${expression()}`;
      case 2: return `for (i = 0; i < ${dice.below(4)}; i++) ${expression()}`;
      case 3: return `while (i++ < 3) ${dice.pick(['continue', 'break', expression()])}`;
      case 4: return `do ${expression()}; while (${dice.pick(['0', 'i++<3'])})`;
      case 5: return dice.pick(['next', 'exit', 'exit 3', 'nextfile', 'delete a', 'delete a[1]', 'return 1', 'getline', 'break', 'fflush()', 'print > "/dev/stderr"', 'print | "sort"', 'print > "new"']);
      case 6: return `printf "${dice.pick(['%s', '%d %d', '%5.1f', '%c', '%', '%*s', '%i%%', '%e %g', '%x\\n', '%.3s|%-4s|'])}", ${expression()}`;
      case 7: return `x = ${expression()}`;
      default: return `print ${dice.many(0, 2, expression).join(', ')}`;
    }
  };
  const rule = (): string => `${dice.pick(['', '', 'BEGIN', 'END', 'NR==2', '/o/', '/[/', 'NR==1,/e/', 'function f(a,b)', '!seen[$1]++', '$2 > 1', '1', 'BEGINFILE', expression()])} ${dice.once(6) ? '' : `{ ${dice.many(0, 3, statement).join(dice.pick(['; ', '\n', ' ']))} }`}`;
  return dice.many(1, 3, rule).join(dice.pick(['\n', ' ', '; ']));
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** One command line; the ones with a language of their own are told in it. */
export function toolCommand(dice: FuzzDice): string {
  const program = dice.pick(Object.keys(WORDS));
  const files = (): string => dice.many(0, 2, () => dice.pick(FILES)).join(' ');
  const pipe = dice.once(4) ? `cat ${dice.pick(FILES)} | ` : '';
  switch (program) {
    case 'awk': return `${pipe}awk ${dice.pick(['', '', '-F,', "-F'[ ,]+'", '-F "\\t"', '-v x=3', '-v "x=\\n"', '-F "["', '--version', '-f f'])} ${quoted(awkProgram(dice))} ${files()} ${dice.once(8) ? 'x=5' : ''}`;
    case 'sed': return `${pipe}sed ${dice.pick(['', '-n', '-E', '-i', '-i.bak', '-s', '-z', '-u', '-nE', '--posix', '--debug'])} ${quoted(dice.many(1, 3, () => `${dice.pick(SED_ADDRESSES)}${dice.pick(SED_COMMANDS)}`).join(dice.pick([';', '\n', ' '])))} ${files()}`;
    case 'find': return `find ${files()} ${dice.many(0, 5, () => (dice.once(2) ? dice.pick(FIND_WORDS) : `${dice.pick(FIND_WORDS)} ${dice.pick(FIND_VALUES)}`).replaceAll(/^[()!]/g, '\\$&')).join(' ')}`;
    case 'date': return `${dice.once(3) ? `TZ=${dice.pick(['UTC', 'Europe/Berlin', 'America/New_York', 'XYZ-3:30', '<+5>-5', 'EST5EDT,M3.2.0,M11.1.0', 'Nope/Nope', '""', ':'])} ` : ''}date ${dice.once(2) ? `-d ${quoted(dice.pick(DATES))} ` : dice.once(6) ? `-r ${dice.pick(FILES)} ` : ''}${quoted(dice.pick(FORMATS))}`;
    case 'grep': return `${pipe}grep ${dice.many(0, 3, () => dice.pick(WORDS[program]!)).join(' ')} ${quoted(dice.pick(PATTERNS))} ${files()}`;
    default: return `${pipe}${program} ${dice.many(0, 6, () => (dice.once(5) ? dice.pick(FILES) : quoted(dice.pick(WORDS[program]!)))).join(' ')} ${files()}`.replaceAll(/'(\w+)'/g, '$1');
  }
}

/** Every program this file knows: recordings that begin with one are mutated. */
export const TOOLS: readonly string[] = Object.keys(WORDS);

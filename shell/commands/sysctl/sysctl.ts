/** sysctl(8) of procps 4. Read first: src/sysctl.c of procps-ng. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';

export const sysctl = defineCommand({
  name: 'sysctl',
  summary: 'read and write kernel parameters',
  package: 'procps',
  path: '/usr/sbin/sysctl',
  run: (call) => runSysctl(call),
});

const ROOT = '/proc/sys/';

interface Mode { write: boolean; namesOnly: boolean; valuesOnly: boolean; quiet: boolean; ignore: boolean; noNewLine: boolean; /** With -a, what has newer names too. */ deprecated: boolean }

const DEPRECATED: ReadonlySet<string> = new Set(['base_reachable_time', 'retrans_time']);

async function runSysctl(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'bneNwfp::qoxaAXr:Vdhs', long: { binary: 'none=b', all: 'none=a', values: 'none=n', names: 'none=N', ignore: 'none=e', quiet: 'none=q', write: 'none=w', load: 'optional=p', system: 'none', pattern: 'required=r', help: 'none=h', version: 'none=V', 'dry-run': 'none', deprecated: 'none' } });
  if (options.error !== undefined) {
    call.err(`sysctl: ${options.error}`);
    return usage(call, 0);
  }
  if (options.has('V')) {
    call.out('sysctl from procps-ng 4.0.2');
    return 0;
  }
  if (options.has('h') || options.has('d')) return usage(call, 0);
  const mode: Mode = { write: options.has('w'), namesOnly: options.has('N'), valuesOnly: options.has('n') || options.has('b'), quiet: options.has('q'), ignore: options.has('e'), noNewLine: options.has('b'), deprecated: options.has('deprecated') };
  if (options.has('system')) return notSimulated(call, 'option --system');
  if (options.has('p') || options.has('f')) {
    const files = [options.value('p'), ...options.operands].filter((file) => file !== undefined);
    let code: ExitCode = 0;
    for (const file of files.length === 0 ? ['/etc/sysctl.conf'] : files) code = (await load(call, mode, file)) || code;
    return code;
  }
  if (options.has('a') || options.has('A') || options.has('X')) return showAll(call, mode, options.value('r'));
  if (options.operands.length === 0) {
    if (!mode.write) return usage(call, 1);
    call.err('sysctl: no variables specified\nTry `sysctl --help\' for more information.');
    return 1;
  }
  let code: ExitCode = 0;
  for (const [index, word] of options.operands.entries()) {
    const isSetting = mode.write || word.includes('=');
    // Settings are or-ed, values are added up.
    if (isSetting) code |= await set(call, mode, word, index);
    else code += await show(call, mode, word);
  }
  return code;
}

function usage(call: Invocation, code: ExitCode): ExitCode {
  const text = `
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -A                   alias of -a
  -X                   alias of -a
      --deprecated     include deprecated parameters to listing
      --dry-run        Print the key and values but do not write
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load[=<file>]  read values from file
  -f                   alias of -p
      --system         read values from all system directories
  -r, --pattern <expression>
                       select setting that match expression
  -q, --quiet          do not echo variable set
  -w, --write          enable writing a value to variable
  -o                   does nothing
  -x                   does nothing
  -d                   alias of -h

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see sysctl(8).
`;
  if (code === 0) call.write(text);
  else call.writeErr(text);
  return code;
}

/** `net.ipv4.ip_forward` and `net/ipv4/ip_forward` are one; the first separator seen decides, as in slashdot(). */
function toPath(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '.') return name;
  return [...name].map((character) => (character === '.' ? '/' : character === '/' ? '.' : character)).join('');
}

function toKey(path: string): string {
  return [...path].map((character) => (character === '/' ? '.' : character === '.' ? '/' : character)).join('');
}

async function show(call: Invocation, mode: Mode, name: string): Promise<ExitCode> {
  const path = toPath(name);
  const stat = call.sys.stat(ROOT + path);
  if (!stat.ok) {
    if (mode.ignore) return 0;
    call.err(`sysctl: cannot stat ${ROOT}${path}: ${strerror(stat.error)}`);
    return 1;
  }
  if (stat.value.kind === 'directory') return showTree(call, mode, path, undefined);
  return showFile(call, mode, path, false);
}

async function showFile(call: Invocation, mode: Mode, path: string, isListing: boolean): Promise<ExitCode> {
  const key = toKey(path);
  if (mode.namesOnly) {
    call.out(key);
    return 0;
  }
  const text = await call.sys.readText(ROOT + path);
  if (!text.ok) {
    if (isListing && text.error === 'EACCES') return 0;
    if (text.error === 'EACCES') call.err(`sysctl: permission denied on key '${key}'`);
    else call.err(`sysctl: reading key "${key}": ${strerror(text.error)}`);
    return 1;
  }
  for (const line of text.value.replace(/\n$/, '').split('\n')) {
    if (mode.noNewLine) call.write(line);
    else call.out(mode.valuesOnly ? line : `${key} = ${line}`);
  }
  return 0;
}

async function showTree(call: Invocation, mode: Mode, path: string, pattern: Regex | undefined): Promise<ExitCode> {
  const names = call.sys.list(ROOT + path);
  if (!names.ok) return 0;
  for (const name of [...names.value].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))) {
    const child = path === '' ? name : `${path}/${name}`;
    const stat = call.sys.stat(ROOT + child);
    if (!stat.ok) continue;
    if (stat.value.kind === 'directory') await showTree(call, mode, child, pattern);
    else if (!mode.deprecated && DEPRECATED.has(name)) continue;
    else if ((stat.value.mode & 0o444) !== 0 && (pattern === undefined || pattern.test(toKey(child)))) await showFile(call, mode, child, true);
  }
  return 0;
}

async function showAll(call: Invocation, mode: Mode, pattern: string | undefined): Promise<ExitCode> {
  if (pattern === undefined) return showTree(call, mode, '', undefined);
  const made = compileRegex(pattern, 'posixExtended', { isForgiving: true });
  return made.ok ? showTree(call, mode, '', made.regex) : 0;
}

async function set(call: Invocation, mode: Mode, word: string, index: number): Promise<ExitCode> {
  const equals = word.indexOf('=');
  if (equals === -1) {
    call.err(`sysctl: command line(${index}): invalid syntax, continuing...`);
    return 1;
  }
  if (word.trim() === '=') return 1;
  const path = toPath(word.slice(0, equals).trim());
  const value = word.slice(equals + 1).trim();
  return write(call, mode, path, value, mode.ignore);
}

async function write(call: Invocation, mode: Mode, path: string, value: string, isIgnored: boolean): Promise<ExitCode> {
  if (path === '') {
    call.err(`sysctl: Path is not under ${ROOT}: ${ROOT}`);
    return 1;
  }
  const key = toKey(path);
  const stat = call.sys.stat(ROOT + path);
  if (!stat.ok) {
    if (mode.ignore) return 0;
    call.err(`sysctl: cannot stat ${ROOT}${path}: ${strerror(stat.error)}`);
    return 1;
  }
  if (stat.value.kind === 'directory') {
    call.err(`sysctl: key "${key}" is a directory`);
    return 1;
  }
  if ((stat.value.mode & 0o222) === 0) {
    call.err(`sysctl: setting key "${key}": ${strerror('EROFS')}`);
    return 1;
  }
  const written = await call.sys.writeFile(ROOT + path, `${value}\n`);
  if (!written.ok) {
    if (written.error === 'EACCES' || written.error === 'EPERM') call.err(`sysctl: permission denied on key "${key}"${isIgnored ? ', ignoring' : ''}`);
    else call.err(`sysctl: setting key "${key}"${isIgnored ? ', ignoring' : ''}: ${strerror(written.error)}`);
    return isIgnored ? 0 : 1;
  }
  if (mode.quiet) return 0;
  if (mode.namesOnly) call.out(key);
  else call.out(mode.valuesOnly ? value : `${key} = ${value}`);
  return 0;
}

async function load(call: Invocation, mode: Mode, file: string): Promise<ExitCode> {
  const text = file === '-' ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(file);
  if (!text.ok) {
    call.err(`sysctl: cannot open "${file}": ${strerror(text.error)}`);
    return 1;
  }
  // All of it is read before anything is written.
  const settings: (() => Promise<ExitCode>)[] = [];
  for (const [index, line] of text.value.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const isOptional = trimmed.startsWith('-');
    const setting = isOptional ? trimmed.slice(1) : trimmed;
    const equals = setting.indexOf('=');
    if (equals === -1) {
      if (!isOptional) call.err(`sysctl: ${file}(${index + 1}): invalid syntax, continuing...`);
      continue;
    }
    settings.push(() => write(call, mode, toPath(setting.slice(0, equals).trim()), setting.slice(equals + 1).trim(), isOptional));
  }
  let code: ExitCode = 0;
  for (const apply of settings) code = (await apply()) || code;
  return code;
}

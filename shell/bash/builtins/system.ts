/** trap, umask, ulimit, times. */
import { SIGNAL_NUMBERS } from '../../../machine/signals.ts';
import type { SignalName } from '../../../machine/sys.ts';
import type { Shell } from '../shell.ts';
import { quotePlain } from '../escapes.ts';
import { PSEUDO_SIGNALS, setTrap, trapName } from '../traps.ts';
import { parseOptions } from './options.ts';

const ORDER = ['EXIT', ...Object.keys(SIGNAL_NUMBERS).sort((a, b) => SIGNAL_NUMBERS[a as SignalName] - SIGNAL_NUMBERS[b as SignalName]), 'DEBUG', 'ERR', 'RETURN'];

export function signalTable(): string {
  const entries: [number, string][] = Object.entries(SIGNAL_NUMBERS).map(([name, number]) => [number, `SIG${name}`]);
  entries.push([16, 'SIGSTKFLT']);
  for (let i = 34; i <= 64; i += 1) entries.push([i, i === 34 ? 'SIGRTMIN' : i === 64 ? 'SIGRTMAX' : i <= 49 ? `SIGRTMIN+${i - 34}` : `SIGRTMAX-${64 - i}`]);
  entries.sort((a, b) => a[0] - b[0]);
  let text = '';
  entries.forEach(([number, name], index) => {
    text += `${String(number).padStart(2)}) ${name}`;
    text += index % 5 === 4 || index === entries.length - 1 ? '\n' : '\t';
    if (index % 5 !== 4 && index !== entries.length - 1 && name.length < 5) text += '\t';
  });
  return text.replace(/^([^\n]*)$/gm, (line) => line);
}

export async function trapBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'trap', args, 'lp', 'trap [-lp] [[arg] signal_spec ...]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  if (flags.has('l')) {
    shell.out(signalTable());
    return 0;
  }
  const shown = shell.inheritedTraps.size > 0 ? shell.inheritedTraps : shell.traps;
  const show = (name: string): void => {
    const action = shown.get(name);
    if (action !== undefined) shell.out(`trap -- ${quotePlain(action)} ${PSEUDO_SIGNALS.includes(name) ? name : `SIG${name}`}\n`);
  };
  if (flags.has('p') || rest.length === 0) {
    let status = 0;
    for (const word of rest.length === 0 ? ORDER : rest) {
      const name = trapName(word);
      if (name === undefined) {
        await shell.error(`trap: ${word}: invalid signal specification`);
        status = 1;
      } else show(name);
    }
    return status;
  }
  const [first = '', ...others] = rest;
  // A single signal, or a number first, means: back to the default.
  const resets = rest.length === 1 || /^[0-9]+$/.test(first) || first === '-';
  if (rest.length === 1 && trapName(first) === undefined) {
    await shell.write(2, 'trap: usage: trap [-lp] [[arg] signal_spec ...]\n');
    return 2;
  }
  const names = rest.length === 1 || (/^[0-9]+$/.test(first) && first !== '-') ? rest : others;
  let status = 0;
  for (const word of names) {
    const name = trapName(word);
    if (name === undefined) {
      await shell.error(`trap: ${word}: invalid signal specification`);
      status = 1;
      continue;
    }
    setTrap(shell, name, resets ? undefined : first);
  }
  return status;
}

export async function umaskBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'umask', args, 'Sp', 'umask [-p] [-S] [mode]');
  if (options === undefined) return 2;
  const { flags } = options;
  const current = shell.sys.umask();
  const word = options.rest[0];
  const symbolic = (mask: number): string => ['u', 'g', 'o'].map((who, index) => {
    const bits = ~(mask >> (6 - index * 3)) & 7;
    return `${who}=${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
  }).join(',');
  if (word === undefined) {
    const text = flags.has('S') ? symbolic(current) : current.toString(8).padStart(4, '0');
    shell.out(flags.has('p') ? `umask ${flags.has('S') ? '-S ' : ''}${text}\n` : `${text}\n`);
    return 0;
  }
  if (/^[0-9]+$/.test(word)) {
    const value = Number.parseInt(word, 8);
    if (!/^[0-7]+$/.test(word) || value > 0o7777) {
      await shell.error(`umask: ${word}: octal number out of range`);
      return 1;
    }
    shell.sys.umask(value & 0o777);
    return 0;
  }
  let allowed = ~current & 0o777;
  for (const clause of word.split(',')) {
    const match = /^([ugoa]*)([-+=][rwx]*)$/.exec(clause);
    if (match === null) {
      const bad = [...clause].find((c) => !/[ugoa+=\-rwxXst]/.test(c)) ?? clause[0] ?? '';
      await shell.error(`umask: \`${bad}': invalid symbolic mode ${/^[ugoa]*[^-+=ugoa]/.test(clause) ? 'operator' : 'character'}`);
      return 1;
    }
    const who = match[1] === '' || match[1]!.includes('a') ? 'ugo' : match[1]!;
    for (const step of match[2]!.matchAll(/([-+=])([rwx]*)/g)) {
      let bits = 0;
      for (const letter of step[2]!) bits |= letter === 'r' ? 4 : letter === 'w' ? 2 : 1;
      for (const one of who) {
        const shift = one === 'u' ? 6 : one === 'g' ? 3 : 0;
        if (step[1] === '=') allowed &= ~(7 << shift);
        if (step[1] === '-') allowed &= ~(bits << shift);
        else allowed |= bits << shift;
      }
    }
  }
  shell.sys.umask(~allowed & 0o777);
  if (flags.has('S')) shell.out(`${symbolic(~allowed & 0o777)}\n`);
  return 0;
}

/** Letter, what `ulimit -a` calls it, unit, value. */
const LIMITS: readonly (readonly [string, string, string, string])[] = [
  ['R', 'real-time non-blocking time ', '(microseconds, -R)', 'unlimited'], ['c', 'core file size             ', '(blocks, -c)', '0'], ['d', 'data seg size              ', '(kbytes, -d)', 'unlimited'],
  ['e', 'scheduling priority        ', '(-e)', '0'], ['f', 'file size                  ', '(blocks, -f)', 'unlimited'], ['i', 'pending signals            ', '(-i)', '15585'], ['l', 'max locked memory          ', '(kbytes, -l)', '502662'],
  ['m', 'max memory size            ', '(kbytes, -m)', 'unlimited'], ['n', 'open files                 ', '(-n)', '1024'], ['p', 'pipe size                  ', '(512 bytes, -p)', '8'], ['q', 'POSIX message queues       ', '(bytes, -q)', '819200'],
  ['r', 'real-time priority         ', '(-r)', '0'], ['s', 'stack size                 ', '(kbytes, -s)', '8192'], ['t', 'cpu time                   ', '(seconds, -t)', 'unlimited'], ['u', 'max user processes         ', '(-u)', '15585'],
  ['v', 'virtual memory             ', '(kbytes, -v)', 'unlimited'], ['x', 'file locks                 ', '(-x)', 'unlimited'],
];

export async function ulimitBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'ulimit', args, 'SHabcdefiklmnpqrstuvxPRT', 'ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  const value = (letter: string): string => shell.limits.get(letter) ?? LIMITS.find(([known]) => known === letter)?.[3] ?? 'unlimited';
  if (flags.has('a')) {
    for (const [letter, name, unit] of LIMITS) shell.out(`${name} ${unit.padStart(20 + (28 - name.length - 1))} ${value(letter)}\n`);
    return 0;
  }
  const letter = [...flags].find((flag) => flag !== 'S' && flag !== 'H') ?? 'f';
  const wanted = rest[0];
  if (wanted === undefined) {
    shell.out(`${value(letter)}\n`);
    return 0;
  }
  if (!/^[0-9]+$|^unlimited$|^hard$|^soft$/.test(wanted)) {
    await shell.error(`ulimit: ${wanted}: invalid number`);
    return 1;
  }
  shell.limits.set(letter, wanted === 'hard' || wanted === 'soft' ? value(letter) : wanted);
  return 0;
}

export function timesBuiltin(shell: Shell): number {
  const { userUs, systemUs, childrenUserUs, childrenSystemUs } = shell.sys.times();
  const show = (us: number): string => `${Math.floor(us / 60_000_000)}m${((us / 1_000_000) % 60).toFixed(3)}s`;
  shell.out(`${show(userUs)} ${show(systemUs)}\n${show(childrenUserUs)} ${show(childrenSystemUs)}\n`);
  return 0;
}

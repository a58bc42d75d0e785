/** cd, pwd, pushd, popd, dirs. Read first: help cd, help dirs */
import { errnoText } from '../../../machine/errno.ts';
import type { Shell } from '../shell.ts';
import type { BuiltinCall } from './index.ts';
import { parseOptions } from './options.ts';

/** Lexical: `..` takes a name away. */
function logical(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${base}/`}${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Goes there; answers an error text or undefined. */
function enter(shell: Shell, path: string, physical: boolean): string | undefined {
  const here = current(shell);
  const wanted = physical ? path : logical(here, path);
  if (!physical && path !== '' && !path.startsWith('/')) {
    // `x/..` goes wrong when x is not there, although the text would cancel out.
    const prefix = /^(.*)\/\.\.(?:\/|$)/.exec(path);
    if (prefix !== null && !shell.sys.stat(prefix[1]! === '' ? '/' : prefix[1]!).ok) return errnoText('ENOENT');
  }
  let moved = shell.sys.chdir(wanted);
  if (!moved.ok && !physical) {
    const again = shell.sys.chdir(path);
    if (again.ok) moved = again;
  }
  if (!moved.ok) return errnoText(moved.error);
  const old = shell.get('PWD');
  if (old !== undefined) shell.assign('OLDPWD', undefined, old, false);
  shell.workingDirectory = physical || !sameDirectory(shell, wanted) ? shell.sys.cwd : wanted;
  shell.assign('PWD', undefined, shell.workingDirectory, false);
  return undefined;
}

/** Where we are, as we came there. */
function current(shell: Shell): string {
  return shell.workingDirectory !== '' && sameDirectory(shell, shell.workingDirectory) ? shell.workingDirectory : shell.sys.cwd;
}

function sameDirectory(shell: Shell, path: string): boolean {
  const a = shell.sys.stat(path);
  const b = shell.sys.stat('.');
  return a.ok && b.ok && a.value.inode === b.value.inode && a.value.device === b.value.device;
}

export async function cdBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'cd', args, 'LPe@', 'cd [-L|[-P [-e]] [-@]] [dir]');
  if (options === undefined) return 2;
  if (options.rest.length > 1) {
    await shell.error('cd: too many arguments');
    return 1;
  }
  let path = options.rest[0];
  let show = false;
  if (path === undefined) {
    path = shell.get('HOME');
    if (path === undefined) {
      await shell.error('cd: HOME not set');
      return 1;
    }
    if (path === '') return 0;
  } else if (path === '-') {
    path = shell.get('OLDPWD');
    if (path === undefined) {
      await shell.error('cd: OLDPWD not set');
      return 1;
    }
    show = true;
  }
  const physical = options.all.findLast(({ letter }) => letter === 'P' || letter === 'L')?.letter === 'P' || (shell.options.has('physical') && !options.flags.has('L'));
  const label = path;
  const search = shell.get('CDPATH');
  if (search !== undefined && search !== '' && options.rest[0] !== undefined && options.rest[0] !== '-' && !/^\.{0,2}(\/|$)/.test(path)) {
    for (const directory of search.split(':')) {
      const candidate = directory === '' ? path : `${directory}/${path}`;
      const found = shell.sys.stat(candidate);
      if (!found.ok || found.value.kind !== 'directory') continue;
      if (enter(shell, candidate, physical) === undefined) {
        if (directory !== '' && directory !== '.') shell.out(`${shell.get('PWD') ?? ''}\n`);
        return 0;
      }
    }
  }
  const trouble = path === '' ? undefined : enter(shell, path, physical);
  if (trouble !== undefined) {
    const variable = shell.options.shopt('cdable_vars') ? shell.get(path) : undefined;
    if (variable !== undefined && enter(shell, variable, physical) === undefined) {
      shell.out(`${shell.get('PWD') ?? ''}\n`);
      return 0;
    }
    await shell.error(`cd: ${label}: ${trouble}`);
    return 1;
  }
  if (show) shell.out(`${shell.get('PWD') ?? ''}\n`);
  return 0;
}

export async function pwdBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'pwd', args, 'LP', 'pwd [-LP]');
  if (options === undefined) return 2;
  const physical = options.all.at(-1)?.letter === 'P' || (shell.options.has('physical') && !options.flags.has('L'));
  shell.out(`${physical ? shell.sys.cwd : current(shell)}\n`);
  return 0;
}

function stack(shell: Shell): string[] {
  return [current(shell), ...shell.directoryStack];
}

function short(shell: Shell, path: string): string {
  const home = shell.get('HOME') ?? '';
  return home !== '' && home !== '/' && (path === home || path.startsWith(`${home}/`)) ? `~${path.slice(home.length)}` : path;
}

function showStack(shell: Shell): void {
  shell.out(`${stack(shell).map((path) => short(shell, path)).join(' ')}\n`);
}

/** +N and -N of dirs, pushd, popd. */
function stackIndex(word: string, size: number): number | undefined {
  const match = /^([+-])([0-9]+)$/.exec(word);
  if (match === null) return undefined;
  return match[1] === '+' ? Number(match[2]) : size - 1 - Number(match[2]);
}

export async function dirsBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  let long = false;
  let format: 'line' | 'lines' | 'numbered' = 'line';
  let index: number | undefined;
  const all = stack(shell);
  for (const word of args) {
    if (word === '--') continue;
    if (word === '-c') {
      shell.directoryStack = [];
      return 0;
    }
    const at = stackIndex(word, all.length);
    if (at !== undefined) {
      if (all[at] === undefined) {
        await shell.error(`dirs: ${word.slice(1)}: directory stack index out of range`);
        return 1;
      }
      index = at;
    } else if (/^-[lpv]+$/.test(word)) {
      if (word.includes('l')) long = true;
      if (word.includes('p')) format = 'lines';
      if (word.includes('v')) format = 'numbered';
    } else {
      const isOption = word.startsWith('-');
      await shell.error(`dirs: ${word}: ${isOption ? 'invalid option' : 'invalid number'}`);
      await shell.write(2, 'dirs: usage: dirs [-clpv] [+N] [-N]\n');
      return isOption ? 2 : 1;
    }
  }
  const shown = all.map((path) => (long ? path : short(shell, path)));
  if (index !== undefined) shell.out(`${shown[index]!}\n`);
  else if (format === 'line') shell.out(`${shown.join(' ')}\n`);
  else shown.forEach((path, at) => shell.out(format === 'numbered' ? `${String(at).padStart(2)}  ${path}\n` : `${path}\n`));
  return 0;
}

export async function pushdBuiltin(shell: Shell, args: readonly string[], { name }: BuiltinCall): Promise<number> {
  const noChange = args[0] === '-n';
  const words = (noChange ? args.slice(1) : args).filter((word) => word !== '--');
  const all = stack(shell);
  const word = words[0];
  if (words.length > 1) {
    await shell.error(`${name}: too many arguments`);
    return 1;
  }
  if (word === undefined) {
    if (all.length < 2) {
      await shell.error('pushd: no other directory');
      return 1;
    }
    if (!noChange) {
      const trouble = enter(shell, all[1]!, true);
      if (trouble !== undefined) {
        await shell.error(`pushd: ${all[1]}: ${trouble}`);
        return 1;
      }
      shell.directoryStack = [all[0]!, ...all.slice(2)];
    }
    showStack(shell);
    return 0;
  }
  const index = stackIndex(word, all.length);
  if (index !== undefined) {
    if (all[index] === undefined) {
      await shell.error(`pushd: ${word}: directory stack index out of range`);
      return 1;
    }
    const turned = [...all.slice(index), ...all.slice(0, index)];
    if (!noChange) {
      const trouble = enter(shell, turned[0]!, true);
      if (trouble !== undefined) {
        await shell.error(`pushd: ${turned[0]}: ${trouble}`);
        return 1;
      }
    }
    shell.directoryStack = turned.slice(1);
    showStack(shell);
    return 0;
  }
  if (/^-./.test(word) && word !== '-') {
    await shell.error(`pushd: ${word}: invalid number`);
    await shell.write(2, 'pushd: usage: pushd [-n] [+N | -N | dir]\n');
    return 2;
  }
  if (noChange) shell.directoryStack = [word, ...shell.directoryStack];
  else {
    const target = word === '-' ? (shell.get('OLDPWD') ?? word) : word;
    const trouble = enter(shell, target, false);
    if (trouble !== undefined) {
      await shell.error(`pushd: ${word}: ${trouble}`);
      return 1;
    }
    shell.directoryStack = [all[0]!, ...shell.directoryStack];
  }
  showStack(shell);
  return 0;
}

export async function popdBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const noChange = args[0] === '-n';
  const words = (noChange ? args.slice(1) : args).filter((word) => word !== '--');
  const all = stack(shell);
  if (words.length > 1) {
    await shell.error('popd: too many arguments');
    return words[0]!.startsWith('-') ? 2 : 1;
  }
  const word = words[0] ?? '+0';
  const index = stackIndex(word, all.length);
  if (index === undefined) {
    await shell.error(`popd: ${word}: ${word.startsWith('-') ? 'invalid number' : 'invalid argument'}`);
    await shell.write(2, 'popd: usage: popd [-n] [+N | -N]\n');
    return 2;
  }
  if (all.length < 2) {
    await shell.error('popd: directory stack empty');
    return 1;
  }
  if (all[index] === undefined) {
    await shell.error(`popd: ${word}: directory stack index out of range`);
    return 1;
  }
  if (index === 0 && !noChange) {
    const trouble = enter(shell, all[1]!, true);
    if (trouble !== undefined) {
      await shell.error(`popd: ${all[1]}: ${trouble}`);
      return 1;
    }
    shell.directoryStack = all.slice(2);
  } else {
    const at = index === 0 ? 1 : index;
    shell.directoryStack = all.filter((_path, position) => position !== at).slice(1);
  }
  showStack(shell);
  return 0;
}

/** Pathname expansion. Read first: bash(1) "Pathname Expansion", glob(7) */
import type { Shell } from './shell.ts';
import { ShellError } from './errors.ts';
import { isPattern, matches, shellPattern, unquotePattern } from '../lib/pattern.ts';
import type { Field } from './sinks.ts';

export async function expandPaths(shell: Shell, field: Field): Promise<string[]> {
  const extended = shell.options.extglob;
  if (!isPattern(field.pattern, extended)) return [field.text];
  const ignore = shell.get('GLOBIGNORE');
  let found = globPaths(shell, field.pattern);
  if (ignore !== undefined && ignore !== '') {
    const patterns = splitIgnore(ignore);
    found = found.filter((path) => {
      const name = path.split('/').at(-1)!;
      return name !== '.' && name !== '..' && !patterns.some((pattern) => isIgnored(path, pattern, extended));
    });
  }
  if (found.length > 0) return found;
  if (shell.options.shopt('failglob')) throw new ShellError(`no match: ${field.text}`);
  return shell.options.shopt('nullglob') ? [] : [field.text];
}

/** No star reaches over a slash (FNM_PATHNAME). */
function isIgnored(path: string, pattern: string, extended: boolean): boolean {
  const names = path.split('/');
  const patterns = pattern.split('/');
  return names.length === patterns.length && names.every((name, at) => matches(patterns[at]!, name, { extended, ignoreCase: false }));
}

function splitIgnore(text: string): string[] {
  const parts: string[] = [];
  let current = '';
  let inBracket = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\') {
      current += c + (text[i + 1] ?? '');
      i += 1;
    } else if (c === ':' && !inBracket) {
      parts.push(current);
      current = '';
    } else {
      if (c === '[') inBracket = true;
      if (c === ']') inBracket = false;
      current += c;
    }
  }
  return [...parts, current];
}

/** Paths that match, sorted as the C locale does. */
export function globPaths(shell: Shell, pattern: string): string[] {
  const { sys, options } = shell;
  const extended = options.extglob;
  const ignoreCase = options.shopt('nocaseglob');
  const dots = options.shopt('dotglob') || (shell.get('GLOBIGNORE') ?? '') !== '';
  const globstar = options.shopt('globstar');
  const parts = splitPath(pattern);
  const isAbsolute = pattern.startsWith('/');
  let prefixes: string[] = [isAbsolute ? /^\/+/.exec(pattern)![0] : ''];
  const components = parts.filter((part, index) => part !== '' || index === parts.length - 1).filter((part, index, all) => !(isAbsolute && index === 0 && part === '' && all.length > 1));
  components.forEach((part, index) => {
    const isLast = index === components.length - 1;
    const next: string[] = [];
    for (const prefix of prefixes) {
      if (part === '') {
        if (sys.stat(prefix === '' ? '.' : prefix).ok && isDirectory(shell, prefix)) next.push(prefix);
        continue;
      }
      if (globstar && part === '**') {
        const below = walk(shell, prefix, dots, !isLast);
        next.push(...(isLast ? below : ['', ...below.map((path) => path.slice(prefix.length))].map((path) => (path === '' ? prefix : `${prefix}${path}/`))));
        continue;
      }
      if (!isPattern(part, extended)) {
        const name = unquotePattern(part);
        const path = prefix + name;
        const exists = isLast ? sys.stat(path, false).ok : isDirectory(shell, path);
        if (exists) next.push(isLast ? path : `${path}/`);
        continue;
      }
      const listed = sys.list(prefix === '' ? '.' : prefix);
      if (!listed.ok) continue;
      const pattern = shellPattern(part, { extended, ignoreCase });
      const literalDot = part.startsWith('.') || part.startsWith('\\.') || (extended && /^[?*+@]\((?:[^()]*\|)?\\?\./.test(part));
      const names = listed.value;
      for (const name of names) {
        if (name.startsWith('.') && !literalDot && !dots) continue;
        if (!pattern.matches(name)) continue;
        if (isLast) next.push(prefix + name);
        else if (isDirectory(shell, prefix + name)) next.push(`${prefix}${name}/`);
      }
    }
    prefixes = next;
  });
  return [...new Set(prefixes.filter((path) => path !== ''))].sort(byCodePoint);
}

function byCodePoint(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Slashes inside brackets or groups do not separate. */
function splitPath(pattern: string): string[] {
  const parts: string[] = [];
  let current = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    const c = pattern[i]!;
    if (c === '\\') {
      current += c + (pattern[i + 1] ?? '');
      i += 1;
    } else if (c === '/' && depth === 0) {
      parts.push(current);
      current = '';
    } else {
      if (c === '(' && i > 0 && '?*+@!'.includes(pattern[i - 1]!)) depth += 1;
      else if (c === ')' && depth > 0) depth -= 1;
      current += c;
    }
  }
  return [...parts, current];
}

function isDirectory(shell: Shell, path: string): boolean {
  const found = shell.sys.stat(path === '' ? '.' : path);
  return found.ok && found.value.kind === 'directory';
}

/** Everything below, directories before what is in them. Links are shown, not followed. */
function walk(shell: Shell, prefix: string, dots: boolean, directoriesOnly: boolean): string[] {
  const listed = shell.sys.list(prefix === '' ? '.' : prefix);
  if (!listed.ok) return [];
  const out: string[] = [];
  for (const name of [...listed.value].sort(byCodePoint)) {
    if (name.startsWith('.') && !dots) continue;
    const path = prefix + name;
    const found = shell.sys.stat(path, false);
    const isPlainDirectory = found.ok && found.value.kind === 'directory';
    if (isPlainDirectory || !directoriesOnly) out.push(path);
    if (isPlainDirectory) out.push(...walk(shell, `${path}/`, dots, directoriesOnly));
  }
  return out;
}

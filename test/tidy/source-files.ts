/** The tree as the tidy tests see it: source files and what each of them names. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { rooms, tools } from '../../build/rooms.mjs';

export const root = resolve(import.meta.dirname, '../..');

const source = /\.(ts|mjs|cjs|js|svelte|css|html)$/;

/** Paths from the root with forward slashes, of the rooms and the tools. */
export function sourceFiles(): string[] {
  const folders = [...rooms.map((room) => room.name), ...tools].filter((name) => existsSync(join(root, name)));
  return folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => source.test(name) && statSync(join(root, name)).isFile()));
}

/** What a file names: other files (from the root) and packages. */
export function namedBy(file: string): { files: string[]; packages: string[] } {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = new Set<string>();
  if (/\.(ts|mjs|cjs|js)$/.test(file)) for (const { fileName } of ts.preProcessFile(text).importedFiles) specifiers.add(fileName);
  if (file.endsWith('.svelte')) {
    for (const [, script] of text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
      for (const { fileName } of ts.preProcessFile(script ?? '').importedFiles) specifiers.add(fileName);
    }
  }
  // TypeScript's quick scan overlooks this one form.
  for (const [, name] of text.matchAll(/^export \* as \w+ from '([^']+)'/gm)) specifiers.add(name ?? '');
  if (file.endsWith('.html')) for (const [, name] of text.matchAll(/(?:src|href)="([^":]+)"/g)) specifiers.add(name ?? '');
  for (const [, name] of text.matchAll(/@import\s+(?:url\()?['"]([^'"]+)['"]/g)) specifiers.add(name ?? '');
  for (const [, name] of text.matchAll(/new URL\(\s*['"]([^'"]+)['"]\s*,\s*import\.meta\.url/g)) specifiers.add(name ?? '');
  const files: string[] = [];
  const packages: string[] = [];
  for (const specifier of [...specifiers].map((name) => name.replace(/\?.*$/, ''))) {
    if (specifier.startsWith('.')) files.push(relative(root, join(root, dirname(file), specifier)).split(sep).join('/'));
    else if (!specifier.startsWith('node:') && !specifier.startsWith('/') && !specifier.startsWith('virtual:')) packages.push(packageName(specifier));
  }
  return { files, packages };
}

function packageName(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Everything that can be reached from some files by imports. */
export function reachableFrom(starts: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const queue = starts.filter((file) => existsSync(join(root, file)));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const next of namedBy(file).files) {
      if (existsSync(join(root, next)) && statSync(join(root, next)).isFile()) queue.push(next);
    }
  }
  return reached;
}

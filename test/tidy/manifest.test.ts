/** package.json, its lockfile, the table of rooms and the papers agree with the tree. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rooms } from '../../build/rooms.mjs';
import { namedBy, root, sourceFiles } from './source-files.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>> & { version: string };
const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

/** Used by name on a command line, by a configuration or by another package, not by an import. */
const usedByName = ['@types/node', '@types/ws', 'electron-builder', 'svelte-check', 'typescript', 'typescript-native', 'dependency-cruiser', 'eslint', 'jsdom',
  '@testing-library/svelte', 'electron', 'node-pty'];

describe('package.json', () => {
  test('pins every version exactly', () => {
    expect(Object.entries(declared).filter(([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))).toEqual([]);
  });

  test('names no package that nothing uses', () => {
    const used = new Set([...sourceFiles(), 'eslint.config.mjs', 'vitest.config.ts'].flatMap((file) => namedBy(file).packages));
    expect(Object.keys(declared).filter((name) => !used.has(name) && !usedByName.includes(name))).toEqual([]);
  });

  test('the lockfile names no registry but the public one', () => {
    const addresses = [...read('package-lock.json').matchAll(/"resolved": "([^"]+)"/g)].map(([, address]) => address as string);
    expect(addresses.filter((address) => !address.startsWith('https://registry.npmjs.org/'))).toEqual([]);
  });
});

describe('the table of rooms', () => {
  const fromTypesOnly = new Set(['mdast', 'hast', 'unist', 'vfile', 'mdast-util-directive', 'mdast-util-to-hast', 'hast-util-sanitize', 'kubernetes-types']);

  test('allows only packages that are installed', () => {
    const wanted = rooms.flatMap((room) => [...room.packages, ...(room.doors ?? []).flatMap((door) => door.packages ?? [])]);
    expect([...new Set(wanted)].filter((name) => !(name in declared) && !fromTypesOnly.has(name))).toEqual([]);
  });

  test('is a house: no room uses one that uses it', () => {
    const uses = new Map(rooms.map((room) => [room.name, [...room.uses, ...(room.doors ?? []).flatMap((door) => door.uses)].filter((name) => name !== room.name)]));
    const below = (name: string, seen: readonly string[] = []): string[] => (uses.get(name) ?? []).flatMap((next) => {
      if (seen.includes(next)) throw new Error(`rooms in a circle: ${[...seen, next].join(' > ')}`);
      return [next, ...below(next, [...seen, next])];
    });
    for (const room of rooms) expect(below(room.name, [room.name])).not.toContain(room.name);
  });
});

describe('the papers', () => {
  test('docs/ARCHITECTURE.md has a line for every folder at the root', () => {
    const text = read('docs/ARCHITECTURE.md');
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !['node_modules', 'dist', 'coverage', 'test-results'].includes(entry.name));
    expect(folders.map((folder) => folder.name).filter((name) => !text.includes(`${name}/`))).toEqual([]);
  });

  test('CHANGELOG.md begins with the version of package.json', () => {
    expect(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });

  test('links of the papers lead to files that are there', () => {
    const papers = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
    const broken = papers.flatMap((paper) => [...read(paper).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, target]) => target as string).filter((target) => !existsSync(join(root, paper, '..', target))).map((target) => `${paper}: ${target}`));
    expect(broken).toEqual([]);
  });

  test('the scripts that the papers name are there', () => {
    const { scripts } = manifest as unknown as { scripts: Record<string, string> };
    const named = ['README.md', 'CONTRIBUTING.md'].flatMap((paper) => [...read(paper).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string));
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });
});

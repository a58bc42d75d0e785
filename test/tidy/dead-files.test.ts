/** Files that nothing uses. A tool, a check or a kind that is not in its room's list is found here too: nobody imports it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entries, tools } from '../../build/rooms.mjs';
import { reachableFrom, root, sourceFiles } from './source-files.ts';

const isTest = (file: string): boolean => file.endsWith('.test.ts');
const forTestsByName = /\/(testing\/|test-)[^/]*/;
const isDeclaration = (file: string): boolean => file.endsWith('.d.ts');
const isTool = (file: string): boolean => tools.some((folder) => file.startsWith(`${folder}/`));

describe('dead files', () => {
  const files = sourceFiles();
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const run = Object.values(manifest.scripts).flatMap((script) => [...script.matchAll(/\b((?:build|test)\/[\w./-]+)/g)].map(([, path]) => path as string));

  test('every file of a room is reached from where the product begins', () => {
    const alive = reachableFrom([...entries, 'renderer/index.html']);
    // What only tests use says so by its name: a folder testing/, or test-machine.ts.
    const forTests = reachableFrom(files.filter(isTest));
    const dead = files.filter((file) => !isTool(file) && !isTest(file) && !isDeclaration(file) && !alive.has(file) && !(forTestsByName.test(file) && forTests.has(file)));
    expect(dead, 'delete these files, or add the missing line to the list of their room (build/rooms.mjs names the entries)').toEqual([]);
  });

  test('every file of build/ and test/ is run by a script or used by a test', () => {
    // `podwire bench` starts build/bench-echo.mjs as a program of its own; icons are drawn by hand now and then.
    const alive = reachableFrom([...run, ...files.filter(isTest), 'eslint.config.mjs', 'vitest.config.ts', 'build/dependency-cruiser.mjs', 'build/icons.mjs', 'build/bench-echo.mjs']);
    expect(files.filter((file) => isTool(file) && !alive.has(file) && !isDeclaration(file))).toEqual([]);
  });
});

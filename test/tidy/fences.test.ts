/** The fences hold: what must be refused is refused, with a word on what to do instead. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { cruise } from 'dependency-cruiser';
import type { ICruiseResult } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import rules from '../../build/dependency-cruiser.mjs';
import { run } from '../../build/run.mjs';
import { root } from './source-files.ts';

describe('what leaks the host into a pure room', () => {
  const eslint = new ESLint({ cwd: root });
  const messages = async (code: string, file = 'simulator/probe.ts'): Promise<string[]> =>
    (await eslint.lintText(code, { filePath: join(root, file) })).flatMap((result) => result.messages.map((message) => message.message));

  test.each([
    ['Date', 'export const now = Date.now();', /time comes from the world/],
    ['new Date', 'export const now = new Date();', /time comes from the world/],
    ['Math.random', 'export const roll = Math.random();', /[Dd]ice come from the world/],
    ['performance', 'export const now = performance.now();', /time comes from the world/],
    ['crypto', 'export const id = crypto.randomUUID();', /dice come from the world/],
    ['setTimeout', 'setTimeout(() => {}, 1);', /world primitive/],
    ['globalThis.setTimeout', 'globalThis.setTimeout(() => {}, 1);', /world primitive/],
    ['Intl', 'export const format = new Intl.NumberFormat();', /depends on the host/],
    ['localeCompare', "export const order = 'a'.localeCompare('b');", /Compare code units/],
    ['toLocaleString', 'export const text = (1).toLocaleString();', /depends on the host/],
    ['\\p{}', 'export const letter = /\\p{L}/u;', /Unicode tables/],
    ['process', 'export const home = process.env.HOME;', /no Node in a pure room/],
    ['Buffer', "export const bytes = Buffer.from('');", /Uint8Array/],
    ['console', "console.log('');", /no console/],
    ['dynamic import', "export const late = import('./other.ts');", /import at the top/],
  ])('%s', async (_name, code, advice) => {
    expect((await messages(code)).join('\n')).toMatch(advice);
  });

  test('the same words are free elsewhere', async () => {
    expect(await messages('export const now = Date.now(); setTimeout(() => console.log(now), 1);', 'renderer/probe.ts')).toEqual([]);
  });
});

describe('what crosses a wall', () => {
  let house: string;
  const files: Record<string, string> = {
    'simulator/a.ts': "import '../machine/a.ts'; import 'node:fs'; import 'zod'; export const a = 1;",
    'contracts/a.ts': "import 'zod'; import '../simulator/a.ts'; export const a = 1;",
    'machine/a.ts': 'export const a = 1;',
    'kube/store.ts': "import '../simulator/a.ts';",
    'kube/node/kubelet.ts': "import '../../simulator/a.ts'; import '../store.ts';",
    'shell/commands/x/x.ts': "import '../../ports/netlink.ts'; import '../../../simulator/a.ts';",
    'shell/ports/netlink.ts': "import '../../simulator/a.ts'; export const a = 1;",
    'grading/a.ts': "import '../contracts/a.ts'; import '../simulator/a.ts';",
    'labs/a.ts': "import '../simulator/a.ts'; import 'node:fs';",
    'renderer/a.ts': "import '../labs/a.ts'; import '../contracts/a.ts';",
    'renderer/worker/lab-worker.ts': "import '../../labs/a.ts';",
    'electron/main.ts': "import '../contracts/a.ts'; import 'node:path'; import '../renderer/a.ts';",
    'electron/preload.ts': "import '../contracts/a.ts'; import 'node:path';",
    'host/a.ts': "import '../labs/a.ts'; import 'node:fs'; import '../test/a.ts';",
    'test/a.ts': "import '../simulator/a.ts';",
  };
  let found: string[];

  beforeAll(async () => {
    mkdirSync(join(root, 'dist'), { recursive: true });
    house = mkdtempSync(join(root, 'dist/house-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(house, dirname(path)), { recursive: true });
      writeFileSync(join(house, path), text);
    }
    const options = { ruleSet: { forbidden: rules.forbidden }, validate: true, baseDir: house, tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules/' } };
    const { output } = await cruise(Object.keys(files), options as never);
    found = (output as ICruiseResult).summary.violations.map(({ from, to, rule }) => `${from} > ${to.replace(/^.*node_modules\//, '')} (${rule.name})`).filter((line) => !line.includes('unresolvable')).sort();
  });
  afterAll(() => rmSync(house, { recursive: true, force: true }));

  test('is exactly what the table forbids', () => {
    const wanted = [
      'contracts/a.ts > simulator/a.ts (contracts: rooms)',
      'electron/main.ts > renderer/a.ts (electron: rooms)',
      'electron/preload.ts > path (electron/preload.ts: no Node)',
      'grading/a.ts > simulator/a.ts (grading: rooms)',
      'host/a.ts > test/a.ts (host: rooms)',
      'host/a.ts > test/a.ts (nobody imports tests or tools)',
      'kube/store.ts > simulator/a.ts (kube: rooms)',
      'labs/a.ts > fs (labs: no Node)',
      'renderer/a.ts > labs/a.ts (renderer: rooms)',
      'shell/commands/x/x.ts > simulator/a.ts (shell: rooms)',
      'simulator/a.ts > fs (simulator: no Node)',
      'simulator/a.ts > machine/a.ts (simulator: rooms)',
    ];
    expect(found.filter((line) => !line.includes('zod'))).toEqual(wanted);
  });

  test('a package is refused in one room and welcome in another', () => {
    expect(found.filter((line) => line.includes('zod')).map((line) => line.split(' ')[0])).toEqual(['simulator/a.ts']);
  });

  test('a fence says what to do instead', () => {
    for (const { comment } of rules.forbidden) expect(comment.length).toBeGreaterThan(30);
  });
});

describe('what a pure room is compiled with', () => {
  test('has no DOM, no Node and no timers', async () => {
    mkdirSync(join(root, 'dist'), { recursive: true });
    const folder = mkdtempSync(join(root, 'dist/pure-'));
    writeFileSync(join(folder, 'probe.ts'), 'export const leaks = [document, process, setTimeout, Buffer, fetch];\n');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      extends: join(root, 'build/tsconfig/base.json'), compilerOptions: { noEmit: true, lib: ['es2023'], types: [] }, include: ['probe.ts', join(root, 'simulator/globals.d.ts')],
    }));
    const { output } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    rmSync(folder, { recursive: true, force: true });
    for (const name of ['document', 'process', 'setTimeout', 'Buffer', 'fetch']) expect(output).toContain(`Cannot find name '${name}'`);
  });
});

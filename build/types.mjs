/**
 * Types, twice: the whole tree once (editors see the same), then one TypeScript project per room with references
 * between them, so that a pure room has no Node and no DOM to lean on. The projects are made from rooms.mjs.
 * By the native compiler; the lint and Svelte still want the one before it.
 * https://www.typescriptlang.org/docs/handbook/project-references.html
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './run.mjs';
import { rooms } from './rooms.mjs';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'node_modules/.cache/podwire/projects');
const up = '../../../..';

const holdsTypeScript = (path) => existsSync(path)
  && readdirSync(path, { recursive: true }).some((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts'));

/** Writes only what changed, so that tsc's own up-to-date check keeps working. */
function writeJson(name, value) {
  const path = join(folder, name);
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

export function writeProjects() {
  mkdirSync(folder, { recursive: true });
  const present = rooms.filter((room) => holdsTypeScript(join(root, room.name)));
  const isPresent = (name) => present.some((room) => room.name === name);
  for (const room of present) {
    const uses = new Set([...room.uses, ...(room.doors ?? []).flatMap((door) => door.uses)]);
    writeJson(`${room.name}.json`, {
      extends: `${up}/build/tsconfig/base.json`,
      compilerOptions: {
        composite: true, emitDeclarationOnly: true, declaration: true, rootDir: up,
        outDir: `./out/${room.name}`, tsBuildInfoFile: `./out/${room.name}.tsbuildinfo`,
        lib: room.dom ? ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'] : ['es2023'],
        types: room.node ? ['node'] : room.dom ? ['svelte', 'vite/client'] : [],
      },
      // A project lists every JSON file it imports, whoever's it is.
      include: [`${up}/${room.name}/**/*.ts`, ...(room.dom ? [`${up}/contracts/generated/*.json`] : []), ...(room.pure ? [`${up}/simulator/globals.d.ts`] : [])],
      exclude: [`${up}/${room.name}/**/*.test.ts`, ...(room.pure ? [] : [`${up}/simulator/globals.d.ts`])],
      references: [...uses].filter(isPresent).map((name) => ({ path: `./${name}.json` })),
    });
  }
  writeJson('all.json', { files: [], references: present.map((room) => ({ path: `./${room.name}.json` })) });
  return join(folder, 'all.json');
}

export async function checkTypes() {
  const projects = writeProjects();
  const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
  const pretty = process.stdout.isTTY ? ['--pretty'] : [];
  const rooms = await run(process.execPath, [tsc, '-b', projects, ...pretty]);
  const whole = await run(process.execPath, [tsc, '-p', 'tsconfig.json', '--noEmit', ...pretty]);
  return { ok: rooms.ok && whole.ok, output: [...new Set(`${whole.output}\n${rooms.output}`.split('\n'))].join('\n').trim() };
}

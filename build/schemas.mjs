/** `npm run update-schemas` writes docs/schemas/; `npm run verify-schemas` fails when they are not what would be written. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'docs/schemas');
const { outputFiles } = await build({ entryPoints: [join(root, 'labs/course/schemas.ts')], bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'warning' });
const { schemaTexts } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
const wanted = schemaTexts();

if (process.argv.includes('--verify')) {
  const there = existsSync(folder) ? readdirSync(folder) : [];
  const old = [...new Set([...there, ...Object.keys(wanted)])].filter((name) => !(name in wanted) || !there.includes(name) || readFileSync(join(folder, name), 'utf8') !== wanted[name]);
  if (old.length > 0) {
    console.error(`docs/schemas: ${old.join(', ')}: not what the contracts say now: npm run update-schemas`);
    process.exit(1);
  }
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries(wanted)) writeFileSync(join(folder, name), text);
}

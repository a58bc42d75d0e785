/** `npm run update-fidelity` writes docs/FIDELITY.md and the same as data; `npm run verify-fidelity` fails when they are not what would be written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const { outputFiles } = await build({ entryPoints: [resolve(root, 'test/conformance/fidelity.ts')], bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'warning' });
const { fidelityData, fidelityPage } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
const recordings = resolve(root, 'test/conformance/recordings');
for (const [name, text] of [['docs/FIDELITY.md', fidelityPage(recordings)], ['contracts/generated/fidelity.json', fidelityData(recordings)]]) {
  const path = resolve(root, name);
  if (!process.argv.includes('--verify')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is old: npm run update-fidelity`);
    process.exitCode = 1;
  }
}

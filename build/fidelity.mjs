/** `npm run update-fidelity` writes docs/FIDELITY.md; `npm run verify-fidelity` fails when it is not what would be written. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const { outputFiles } = await build({ entryPoints: [resolve(root, 'test/conformance/fidelity.ts')], bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'warning' });
const { fidelityPage } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
const page = fidelityPage(resolve(root, 'test/conformance/recordings'));
const path = resolve(root, 'docs/FIDELITY.md');
if (process.argv.includes('--verify')) {
  if (readFileSync(path, 'utf8') !== page) {
    console.error('docs/FIDELITY.md is old: npm run update-fidelity');
    process.exit(1);
  }
} else writeFileSync(path, page);

/**
 * `npm run package`: installers for this system into dist/installers/. Needs the network once, for Electron's binary and
 * the installer tools that electron-builder fetches. `npm run package -- tar.gz` makes one kind only.
 */
import { resolve } from 'node:path';
import { build } from 'electron-builder';
import { packaging } from './electron-builder.mjs';

const kinds = process.argv.slice(2);
const platform = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform];
if (platform === undefined) {
  console.error(`package: there are no installers for ${process.platform}`);
  process.exit(2);
}
const made = await build({
  projectDir: resolve(import.meta.dirname, '..'),
  [platform]: kinds,
  publish: 'never',
  config: packaging,
});
for (const path of made) console.log(path);

/** The notices that the licences of bundled packages ask for: one text, made from the modules that really went into a bundle. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** The folder of the package that a module belongs to, or undefined for a module of our own. */
function packageFolder(modulePath) {
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(resolve(root, modulePath.replace(/^\0/, '').replace(/\?.*$/, '')));
  return match !== null && existsSync(join(match[1], 'package.json')) ? match[1] : undefined;
}

export function licenceText(modulePaths) {
  const folders = [...new Set([...modulePaths].map(packageFolder).filter((folder) => folder !== undefined))];
  const notices = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const texts = readdirSync(folder).filter((file) => licenceFile.test(file)).map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return { name: `${name} ${version}`, text: [`${name} ${version}: ${typeof license === 'string' ? license : license?.type ?? 'see below'}`, ...texts].join('\n\n') };
  });
  notices.sort((one, other) => (one.name < other.name ? -1 : 1));
  return `Parts of Podwire come from these packages, with thanks to their authors.\n\n${notices.map(({ text }) => text).join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}

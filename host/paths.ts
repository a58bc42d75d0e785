/** Where the program's own files and the learner's data are, from the command line. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds courses/ and dist/: the nearest one above this file. */
export function productDir(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'courses')) && dirname(directory) !== directory) directory = dirname(directory);
  return directory;
}

/** XDG base directories on Linux; the system's custom elsewhere. PODWIRE_DATA overrides. */
export function dataDir(): string {
  const { PODWIRE_DATA, XDG_DATA_HOME, APPDATA } = process.env;
  if (PODWIRE_DATA) return PODWIRE_DATA;
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Podwire');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Podwire');
  return join(XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'podwire');
}

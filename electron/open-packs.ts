/**
 * Course packs among the words that the application was started with: what a double click on one comes to, except on macOS.
 * https://www.electronjs.org/docs/latest/api/app#event-second-instance
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export function packsNamedIn(words: readonly string[], directory: string): string[] {
  return words.slice(1).filter((word) => !word.startsWith('-') && word.endsWith('.podwire')).map((word) => resolve(directory, word)).filter((path) => existsSync(path));
}

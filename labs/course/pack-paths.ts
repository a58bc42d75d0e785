/**
 * Which names a pack's files may have: those that mean one and the same file on every system, below the folder they are
 * put in. What else there is to fear: https://learn.microsoft.com/windows/win32/fileio/naming-a-file and
 * https://unicode.org/reports/tr36/ (names that look alike).
 */
import { nearestWord } from '../../grading/index.ts';

const LONGEST_PATH = 120;
const MOST_FOLDERS = 3;
const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

const texts = ['.md', '.yaml', '.txt'];
const pictures = ['.png', '.jpg', '.jpeg', '.webp'];
/** Files with a meaning of their own, at the root of a pack. */
const rootNames = ['course.yaml', 'manifest.json', 'manifest.sig', 'LICENSE'];
const knownNames = [...rootNames, 'lesson.md', 'lesson.yaml', 'solution.yaml', 'proof.yaml'];

export type FileKind = 'text' | 'picture' | 'signature';
export interface PathFault { readonly wanted: string; readonly found: string; readonly nearest: string | null }

/** What a file is by its name, or why it may not have that name. */
export function kindOfPath(path: string): FileKind | PathFault {
  const fault = (wanted: string, found: string, nearest: string | null = null): PathFault => ({ wanted, found, nearest });
  if (path.includes('\\')) return fault('forward slashes', 'a backslash');
  if (/^([A-Za-z]:|\/)/.test(path)) return fault('a path inside the pack', 'an absolute one');
  const parts = path.split('/');
  if (parts.includes('..')) return fault('a path inside the pack', 'one that leads out of it by ..');
  if (parts.some((part) => part === '' || part === '.')) return fault('names between the slashes', 'an empty one or a dot');
  if (path.length > LONGEST_PATH) return fault(`a path of at most ${LONGEST_PATH} characters`, `${path.length}`);
  if (parts.length > MOST_FOLDERS + 1) return fault(`at most ${MOST_FOLDERS} folders deep`, `${parts.length - 1}`);
  const odd = parts.find((part) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part) || part.endsWith('.'));
  if (odd !== undefined) return fault('a name of letters (a to z), digits, dots, dashes and underscores', shownName(odd));
  const device = parts.find((part) => deviceName.test(part));
  if (device !== undefined) return fault('a name that is no device anywhere', device);
  return kindOfName(path, parts.at(-1) ?? '');
}

function kindOfName(path: string, name: string): FileKind | PathFault {
  if (path === 'manifest.sig') return 'signature';
  if (path === 'manifest.json' || path === 'LICENSE') return 'text';
  const ending = /\.[^.]*$/.exec(name)?.[0] ?? '';
  if (texts.includes(ending)) return 'text';
  if (pictures.includes(ending)) return 'picture';
  const wanted = `text (${texts.join(', ')}) or a picture (${pictures.join(', ')})`;
  if (/^\.svg$/i.test(ending)) return { wanted: 'a picture of dots (.png, .jpg, .webp)', found: 'an SVG, which can hold scripts', nearest: `${name.slice(0, -ending.length)}.png` };
  return { wanted, found: name, nearest: nearestWord(name, knownNames) };
}

/** Characters that cannot be seen, or turn the line round, are spelled out. */
export function shownName(name: string): string {
  return name.replace(/[^ -~]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).slice(0, 200);
}

/** Paths that are one file on some systems (capitals), or a file and a folder at once. */
export function clashes(paths: readonly string[]): { path: string; fault: PathFault }[] {
  const found: { path: string; fault: PathFault }[] = [];
  const seen = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of paths) {
    const small = path.toLowerCase();
    const twin = seen.get(small);
    if (twin !== undefined) found.push({ path, fault: { wanted: 'each name once, capitals or not', found: twin === path ? 'it twice' : `${twin} as well`, nearest: null } });
    seen.set(small, path);
    for (let slash = small.indexOf('/'); slash >= 0; slash = small.indexOf('/', slash + 1)) {
      const folder = small.slice(0, slash);
      const spelt = path.slice(0, slash);
      const other = folders.get(folder);
      if (other !== undefined && other !== spelt) found.push({ path, fault: { wanted: 'each folder in one spelling', found: `${other}/ as well`, nearest: other } });
      else folders.set(folder, spelt);
    }
  }
  for (const [small, path] of seen) {
    if (folders.has(small)) found.push({ path, fault: { wanted: 'a file or a folder', found: 'both under one name', nearest: null } });
  }
  return found;
}

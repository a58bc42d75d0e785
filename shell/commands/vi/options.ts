/** vi's options, as far as they mean something here. Read first: vim's options.txt, `:help 'compatible'`. */
import type { ViEditor } from './editor.ts';

export interface Options {
  isCompatible: boolean;
  /** Backspace goes beyond where the insertion began. */
  erasesFreely: boolean;
  showsNumbers: boolean;
  relativeNumbers: boolean;
  listsTabs: boolean;
  wraps: boolean;
  ignoresCase: boolean;
  smartCase: boolean;
  wrapsSearch: boolean;
  indents: boolean;
  expandsTabs: boolean;
  showsRuler: boolean;
  showsMode: boolean;
  rings: boolean;
  tabWidth: number;
  shiftWidth: number;
  textWidth: number;
  report: number;
}

export function startOptions(isCompatible: boolean): Options {
  return {
    isCompatible, erasesFreely: !isCompatible, showsNumbers: false, relativeNumbers: false, listsTabs: false, wraps: true, ignoresCase: false, smartCase: false, wrapsSearch: true, indents: false, expandsTabs: false,
    showsRuler: false, showsMode: !isCompatible, rings: true, tabWidth: 8, shiftWidth: 8, textWidth: 0, report: 2,
  };
}

type Switch = { [Name in keyof Options]: Options[Name] extends boolean ? Name : never }[keyof Options];
type Figure = { [Name in keyof Options]: Options[Name] extends number ? Name : never }[keyof Options];
const switches: Readonly<Record<string, readonly [full: string, key: Switch]>> = {
  nu: ['number', 'showsNumbers'], rnu: ['relativenumber', 'relativeNumbers'], list: ['list', 'listsTabs'], wrap: ['wrap', 'wraps'], ic: ['ignorecase', 'ignoresCase'], scs: ['smartcase', 'smartCase'], ws: ['wrapscan', 'wrapsSearch'],
  ai: ['autoindent', 'indents'], et: ['expandtab', 'expandsTabs'], ru: ['ruler', 'showsRuler'], smd: ['showmode', 'showsMode'], eb: ['errorbells', 'rings'], cp: ['compatible', 'isCompatible'],
};
const figures: Readonly<Record<string, readonly [full: string, key: Figure]>> = { ts: ['tabstop', 'tabWidth'], sw: ['shiftwidth', 'shiftWidth'], tw: ['textwidth', 'textWidth'], report: ['report', 'report'] };
/** Known to vim, of no effect here; some are not in vim-tiny, which takes them in silence. */
const known = new Set(['hls', 'hlsearch', 'is', 'incsearch', 'cul', 'cursorline', 'spell', 'fdm', 'foldmethod', 'syn', 'syntax', 'paste', 'magic', 'sm', 'showmatch', 'sc', 'showcmd', 'lz', 'lazyredraw', 'hid', 'hidden', 'bk', 'backup', 'wb', 'writebackup', 'swf', 'swapfile', 'sr', 'shiftround', 'sta', 'smarttab', 'warn', 'aw', 'autowrite', 'vb', 'visualbell', 'ttyfast', 'tf', 'more', 'confirm', 'cf', 'ro', 'readonly', 'eol', 'fixeol', 'bin', 'binary', 'mod', 'modified']);

/** `:set` with its words. */
export function setOptions(editor: ViEditor, argument: string): void {
  const { options } = editor;
  const shown: string[] = [];
  if (argument.trim() === '' || argument.trim() === 'all') {
    editor.show([`:set${argument === '' ? '' : ` ${argument}`}`, '--- Options ---', ...changedOptions(options)]);
    return;
  }
  for (const word of argument.trim().split(/\s+/)) {
    const parsed = /^(no|inv)?([a-z]+)([?!&]?)(?:[=:](.*))?$/.exec(word);
    const whole = /^([a-z]+)/.exec(word)?.[1] ?? '';
    const find = <Value extends readonly [string, string]>(table: Readonly<Record<string, Value>>, name: string): Value | undefined => table[name] ?? Object.values(table).find(([full]) => full === name);
    const figure = find(figures, whole);
    if (figure !== undefined && parsed !== null) {
      const [full, key] = figure;
      const value = parsed[4];
      if (value === undefined) shown.push(`  ${full}=${options[key]}`);
      else if (!/^\d+$/.test(value)) return editor.fail(`E521: Number required after =: ${word}`);
      else if (Number(value) === 0 && key !== 'textWidth' && key !== 'report') return editor.fail(`E487: Argument must be positive: ${word}`);
      else options[key] = Math.min(9999, Number(value));
      continue;
    }
    const found = find(switches, whole) ?? (parsed === null ? undefined : find(switches, parsed[2]!));
    if (parsed === null || found === undefined) {
      const bare = parsed?.[2] ?? whole;
      if (known.has(whole) || known.has(bare)) {
        if (bare === 'ro' || bare === 'readonly') editor.isReadOnly = parsed?.[1] !== 'no';
        continue;
      }
      return editor.fail(`E518: Unknown option: ${word}`);
    }
    const [full, key] = found;
    const isNegated = find(switches, whole) === undefined && parsed[1] === 'no';
    const isTurned = (find(switches, whole) === undefined && parsed[1] === 'inv') || parsed[3] === '!';
    if (parsed[4] !== undefined) return editor.fail(`E474: Invalid argument: ${word}`);
    if (parsed[3] === '?') shown.push(`${options[key] ? '  ' : 'no'}${full}`);
    else if (key === 'isCompatible') editor.options = { ...options, isCompatible: !isNegated, showsMode: isNegated };
    else options[key] = isTurned ? !options[key] : !isNegated;
  }
  if (shown.length > 0) editor.show(shown.length === 1 ? shown : [`:set ${argument}`, ...shown]);
}

function changedOptions(options: Options): string[] {
  const usual = startOptions(options.isCompatible);
  return [
    ...Object.values(switches).filter(([, key]) => options[key] !== usual[key]).map(([full, key]) => `${options[key] ? '  ' : 'no'}${full}`),
    ...Object.values(figures).filter(([, key]) => options[key] !== usual[key]).map(([full, key]) => `  ${full}=${options[key]}`),
  ];
}

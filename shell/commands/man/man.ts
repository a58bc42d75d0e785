/** man, whatis and apropos over short pages in our own words. Read first: man(1). A command without a page says so, as man does. */
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { pageText } from '../less/less.ts';
import type { ManualPage } from './pages.ts';
import { manualPages } from './pages.ts';

export const man = defineCommand({
  name: 'man',
  summary: 'read the manual',
  package: 'man-db',
  async run(call) {
    const names: string[] = [];
    let section: string | undefined;
    for (const word of call.args) {
      if (word === '-k' || word === '--apropos') return search(call, call.args.slice(call.args.indexOf(word) + 1));
      if (word === '-f' || word === '--whatis') return whatIs(call, call.args.slice(call.args.indexOf(word) + 1));
      if (word === '-V' || word === '--version') {
        call.out('man 2.11.2');
        return 0;
      }
      if (word === '-a') continue;
      const unknown = /^-[^-]/.test(word) ? [...word.slice(1)].find((letter) => !'CDEHIKLMPRSTVWXZacdefhiklmprstuw7?'.includes(letter)) : undefined;
      if (unknown !== undefined) {
        call.err(`man: invalid option -- '${unknown}'`);
        call.err("Try 'man --help' or 'man --usage' for more information.");
        return 1;
      }
      if (word.startsWith('-')) return notSimulated(call, `option ${word}`);
      if (/^[1-9]\w*$/.test(word) && names.length === 0) section = word;
      else names.push(word);
    }
    if (names.length === 0) {
      call.err(section === undefined ? 'What manual page do you want?\nFor example, try \'man man\'.' : `No manual entry for ${section}`);
      return section === undefined ? 1 : 16;
    }
    let code = 0;
    for (const name of names) {
      const wanted = call.args.length > 1 ? [names.join('-'), name] : [name];
      const page = wanted.map((candidate) => pageNamed(candidate, section)).find((found) => found !== undefined);
      if (page === undefined) {
        call.err(`No manual entry for ${name}${section === undefined ? '' : ` in section ${section}`}`);
        code = 16;
        continue;
      }
      await call.flush();
      const columns = call.sys.windowSize(1);
      await pageText(call.sys, format(page, Math.min(columns.ok && columns.value.columns > 0 ? columns.value.columns : 80, 100)), `Manual page ${page.name}(${page.section})`);
      if (page === pageNamed(names.join('-'), section)) break;
    }
    return code;
  },
});

export const whatis = defineCommand({ name: 'whatis', summary: 'say in a line what a command is', package: 'man-db', run: (call) => whatIs(call, call.args) });
export const apropos = defineCommand({ name: 'apropos', summary: 'find manual pages by a word', package: 'man-db', run: (call) => search(call, call.args) });

function pageNamed(name: string, section: string | undefined): ManualPage | undefined {
  return manualPages.find((page) => (page.name === name || page.alsoNamed?.includes(name) === true) && (section === undefined || page.section === section));
}

function row(page: ManualPage): string {
  return `${`${page.name} (${page.section})`.padEnd(20)} - ${page.summary}`;
}

function whatIs(call: Invocation, names: readonly string[]): number {
  if (names.length === 0) {
    call.err('whatis what?');
    return 1;
  }
  let code = 0;
  for (const name of names) {
    const page = pageNamed(name, undefined);
    if (page === undefined) {
      call.err(`${name}: nothing appropriate.`);
      code = 16;
    } else call.out(row(page));
  }
  return code;
}

function search(call: Invocation, words: readonly string[]): number {
  if (words.length === 0) {
    call.err('apropos what?');
    return 1;
  }
  let code = 0;
  for (const word of words) {
    const found = manualPages.filter((page) => `${page.name} ${page.summary}`.toLowerCase().includes(word.toLowerCase()));
    if (found.length === 0) {
      call.err(`${word}: nothing appropriate.`);
      code = 16;
    }
    for (const page of found) call.out(row(page));
  }
  return code;
}

/** Bold as overstriking, which less shows bold. */
function bold(text: string): string {
  return [...text].map((character) => (character === ' ' ? ' ' : `${character}\b${character}`)).join('');
}

function fill(text: string, indent: number, width: number): string[] {
  const rows: string[] = [];
  let current = '';
  for (const word of text.split(/\s+/)) {
    if (current !== '' && indent + current.length + 1 + word.length > width) {
      rows.push(' '.repeat(indent) + current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  rows.push(' '.repeat(indent) + current);
  return rows;
}

function format(page: ManualPage, columns: number): string {
  const width = columns - 2;
  const heading = `${page.name.toUpperCase()}(${page.section})`;
  const title = page.section === '8' ? 'System Administration' : page.section === '5' ? 'File Formats' : page.section === '7' ? 'Miscellaneous' : 'User Commands';
  const gap = Math.max(1, width - heading.length * 2 - title.length);
  const rows = [`${heading}${' '.repeat(Math.floor(gap / 2))}${title}${' '.repeat(Math.ceil(gap / 2))}${heading}`, ''];
  const section = (name: string): void => {
    rows.push(bold(name));
  };
  section('NAME');
  rows.push(...fill(`${page.name} - ${page.summary}`, 7, width), '');
  section('SYNOPSIS');
  for (const line of page.synopsis) rows.push(`       ${line}`);
  rows.push('');
  section('DESCRIPTION');
  for (const paragraph of page.description) rows.push(...fill(paragraph, 7, width), '');
  if (page.options.length > 0) {
    section('OPTIONS AND WORDS');
    for (const [name, text] of page.options) {
      rows.push(`       ${bold(name)}`);
      rows.push(...fill(text, 14, width), '');
    }
  }
  if (page.examples.length > 0) {
    section('EXAMPLES');
    for (const [command, text] of page.examples) {
      rows.push(`       ${bold(command)}`);
      rows.push(...fill(text, 14, width), '');
    }
  }
  if (page.seeAlso.length > 0) {
    section('SEE ALSO');
    rows.push(...fill(page.seeAlso.join(', '), 7, width), '');
  }
  rows.push(...fill('This page is a short one, written for this course; the real manual says more.', 7, width));
  return `${rows.join('\n')}\n`;
}

/** The page that shows what is in a group: categories, then groups and commands, aligned. Read first: googlecloudsdk/calliope/usage_text.py (GetCategoricalUsage) */
import { groupAt } from './surface/surface.ts';

const WIDTH = 80;
const INDENT = 6;
const BOLD = '\u001b[m\u001b[1m';
const PLAIN = '\u001b[m';

type Child = readonly [kind: 'g' | 'c', name: string, category: string, help: string];

export function groupPage(path: string): string {
  const children = groupAt(path)?.children ?? [];
  const isCategorised = children.some(([, , category]) => category !== '');
  const at = path === '' ? 'gcloud' : `gcloud ${path}`;
  const sections = ([['g', isCategorised ? 'command groups' : 'groups'], ['c', 'commands']] as const).flatMap(([kind, title]) => {
    const own = children.filter((one) => one[0] === kind);
    return own.length === 0 ? [] : [section(own, title, at, own.some(([, , category]) => category !== ''))];
  });
  return `${sections.join('\n')}\n${PLAIN}${isCategorised ? '' : `For detailed information on this command and its flags, run:\n  ${at} --help\n`}`;
}

function section(children: readonly Child[], title: string, at: string, isCategorised: boolean): string {
  const head = `${BOLD}Available ${title} for ${at}:${PLAIN}\n`;
  if (!isCategorised) return `${head}\n${rows(children)}`;
  const categories = [...new Set(children.map(([, , category]) => (category === '' ? 'Other' : category)))].sort();
  return `${head}\n${categories.map((category) => `${PLAIN}  \u001b[1m${category}${PLAIN}\n${rows(children.filter((one) => (one[2] === '' ? 'Other' : one[2]) === category))}`).join('\n')}`;
}

function rows(children: readonly Child[]): string {
  const column = Math.max(30, INDENT + 2 + Math.max(...children.map(([, name]) => name.length)));
  return children.map(([, name, , help]) => wrap(`${' '.repeat(INDENT)}${name}`.padEnd(column), help, column)).join('');
}

function wrap(first: string, words: string, column: number): string {
  const lines: string[] = [];
  let line = first;
  for (const word of words.split(' ')) {
    const isEmpty = line.length === column && line.endsWith(' ');
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line.trimEnd());
      line = ' '.repeat(column) + word;
    } else line = isEmpty ? line + word : `${line} ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}

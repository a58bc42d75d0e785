/** A rule by meaning, from the text iptables-save prints: the same reading for simulated and real rules. See iptables-save(8). */
import type { RuleOption, RuleView } from '../../contracts/observer.ts';
import type { RuleState } from '../../simulator/netfilter/api.ts';
import { ruleText } from '../../simulator/netfilter/save.ts';

export function describeRule(chain: string, rule: RuleState, number: number): RuleView {
  return readRule(`-A ${chain}${ruleText(rule, 'inet')}`, number, rule.packets, rule.bytes);
}

const ownOptions: Readonly<Record<string, 'protocol' | 'source' | 'destination' | 'inDevice' | 'outDevice'>> = { '-p': 'protocol', '-s': 'source', '-d': 'destination', '-i': 'inDevice', '-o': 'outDevice' };

/** `text` is one line: `-A CHAIN ...`. */
export function readRule(text: string, number: number, packets: number, bytes: number): RuleView {
  const own: Record<string, RuleOption | null> = { protocol: null, source: null, destination: null, inDevice: null, outDevice: null };
  const matches: { kind: string; options: Record<string, RuleOption> }[] = [];
  let target: { kind: string; options: Record<string, string> } | null = null;
  const words = wordsOf(text);
  let isNegated = false;
  for (let at = words[0] === '-A' ? 2 : 0; at < words.length; ) {
    const word = words[at++]!;
    if (word === '!') {
      isNegated = true;
      continue;
    }
    const values: string[] = [];
    while (at < words.length && words[at] !== '!' && !/^--?[A-Za-z]/.test(words[at]!)) values.push(words[at++]!);
    const value = values.join(' ');
    const option = ownOptions[word];
    if (word === '-m') matches.push({ kind: value, options: {} });
    else if (word === '-j' || word === '-g') target = { kind: value, options: {} };
    else if (option !== undefined) own[option] = { value, isNegated };
    else if (target !== null) target.options[word.replace(/^-+/, '')] = value;
    else matches.at(-1)!.options[word.replace(/^-+/, '')] = { value, isNegated };
    isNegated = false;
  }
  return { number, text, ...(own as Pick<RuleView, 'protocol' | 'source' | 'destination' | 'inDevice' | 'outDevice'>), matches, target, packets, bytes };
}

/** Words as iptables-save quotes them: "..." with backslashes. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) => (quoted === undefined ? bare! : quoted.replace(/\\(.)/g, '$1')));
}

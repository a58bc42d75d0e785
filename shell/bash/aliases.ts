/** Alias expansion, in the source text before it is parsed. Read first: bash(1) "ALIASES" */
import { parse } from 'unbash';
import type * as unbash from 'unbash';
import { forEachChild } from 'unbash';
import type { Shell } from './shell.ts';

const RESERVED = new Set(['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', 'select', 'function', 'in', '{', '}', '!', 'time', '[[', ']]', 'coproc']);

export function expandAliases(shell: Shell, source: string): string {
  if (shell.aliases.size === 0) return source;
  let text = source;
  /** Spans that came out of an alias: names in them that are being expanded are left alone. */
  let spans: { start: number; end: number; names: ReadonlySet<string> }[] = [];
  for (let round = 0; round < 200; round += 1) {
    const hit = findAlias(shell, text, spans);
    if (hit === undefined) return text;
    const { start, end, name, value } = hit;
    const enclosing = new Set(spans.filter((span) => span.start <= start && end <= span.end).flatMap((span) => [...span.names]));
    const grown = value.length - (end - start);
    text = text.slice(0, start) + value + text.slice(end);
    spans = spans.map((span) => ({ ...span, start: span.start >= end ? span.start + grown : span.start, end: span.end >= end ? span.end + grown : span.end }));
    spans.push({ start, end: start + value.length, names: new Set([...enclosing, name]) });
  }
  return text;
}

function findAlias(shell: Shell, text: string, spans: readonly { start: number; end: number; names: ReadonlySet<string> }[]): { start: number; end: number; name: string; value: string } | undefined {
  const candidates: { pos: number; end: number; text: string }[] = [];
  const visit = (node: unbash.SyntaxNode): void => {
    if (node.type === 'Command') {
      if (node.name !== undefined) {
        candidates.push({ pos: node.name.pos, end: node.name.end, text: node.name.text });
        // A value that ends in a blank makes the next word a candidate too.
        for (const argument of node.args) {
          const span = spans.find((entry) => entry.end <= argument.pos && entry.end > node.pos && text.slice(entry.end, argument.pos).trim() === '' && /[ \t]$/.test(text.slice(entry.start, entry.end)));
          if (span !== undefined) candidates.push({ pos: argument.pos, end: argument.end, text: argument.text });
        }
      }
    }
    if (node.type === 'CommandExpansion') return;
    forEachChild(node, visit);
  };
  const script = parse(text);
  forEachChild(script, visit);
  // Where the text does not parse yet, its first word still counts (alias x='if true; then').
  if ((script.errors?.length ?? 0) > 0) {
    for (const match of text.matchAll(/(?:^|[;&|(\n]|\b(?:then|do|else|if|while)\s)\s*([^\s;&|()<>'"\\$`]+)/g)) {
      const start = match.index + match[0].length - match[1]!.length;
      candidates.push({ pos: start, end: start + match[1]!.length, text: match[1]! });
    }
  }
  candidates.sort((a, b) => a.pos - b.pos);
  for (const candidate of candidates) {
    const value = shell.aliases.get(candidate.text);
    if (value === undefined || RESERVED.has(candidate.text) && !shell.aliases.has(candidate.text)) continue;
    if (spans.some((span) => span.names.has(candidate.text) && span.start <= candidate.pos && candidate.end <= span.end)) continue;
    return { start: candidate.pos, end: candidate.end, name: candidate.text, value };
  }
  return undefined;
}

/**
 * Where a tree with `not` in it can end: sets of places instead of an automaton, in time that grows with a power of the text's length,
 * whatever the pattern.
 */
import { contains } from './sets.ts';
import type { Tree } from './tree.ts';

/** All places where `tree` can end that begins at one of `starts`; `text` is code points, the answer is sorted. */
export function endsOf(tree: Tree, text: readonly number[], starts: readonly number[]): readonly number[] {
  const known = new Map<Tree, Map<number, readonly number[]>>();
  const sorted = (places: Iterable<number>): number[] => [...new Set(places)].sort((left, right) => left - right);

  const from = (of: Tree, at: readonly number[]): readonly number[] => {
    switch (of.kind) {
      case 'empty': return at;
      case 'set': return at.filter((place) => place < text.length && contains(of.set, text[place]!)).map((place) => place + 1);
      case 'sequence': return of.parts.reduce((places, part) => from(part, places), at);
      case 'choice': return sorted(of.parts.flatMap((part) => from(part, at)));
      case 'group': return from(of.of, at);
      case 'repeat': return repeated(of, at);
      case 'not': return sorted(at.flatMap((place) => others(of, place)));
      case 'assertion': case 'reference': throw new Error(`no shell pattern has ${of.kind}s`);
    }
  };

  const repeated = ({ of, least, most }: Extract<Tree, { kind: 'repeat' }>, at: readonly number[]): readonly number[] => {
    let places = at;
    for (let count = 0; count < least; count += 1) places = from(of, places);
    const all = new Set(places);
    for (let count = least; count < most && places.length > 0; count += 1) {
      places = from(of, places).filter((place) => !all.has(place));
      for (const place of places) all.add(place);
    }
    return sorted(all);
  };

  const others = (not: Extract<Tree, { kind: 'not' }>, place: number): readonly number[] => {
    let places = known.get(not);
    if (places === undefined) {
      places = new Map();
      known.set(not, places);
    }
    let ends = places.get(place);
    if (ends === undefined) {
      const taken = new Set(from(not.of, [place]));
      ends = Array.from({ length: text.length - place + 1 }, (_, offset) => place + offset).filter((end) => !taken.has(end));
      places.set(place, ends);
    }
    return ends;
  };

  return from(tree, starts);
}

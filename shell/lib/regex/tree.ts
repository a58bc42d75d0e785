/** A regular expression, parsed. */
import type { CharacterSet } from './sets.ts';

export type Assertion = 'line start' | 'line end' | 'text start' | 'text end' | 'word edge' | 'no word edge' | 'word start' | 'word end' | 'no word before' | 'no word behind';

export type Tree =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Tree[] }
  | { readonly kind: 'choice'; readonly parts: readonly Tree[] }
  | { readonly kind: 'group'; readonly number: number; readonly of: Tree }
  /** `most` may be Infinity. */
  | { readonly kind: 'repeat'; readonly of: Tree; readonly least: number; readonly most: number }
  | { readonly kind: 'reference'; readonly number: number }
  /** Any text but these: shell patterns have it, regular expressions have not. Only `ends.ts` reads it. */
  | { readonly kind: 'not'; readonly of: Tree };

export const empty: Tree = { kind: 'empty' };

export function sequence(parts: readonly Tree[]): Tree {
  return parts.length === 1 ? parts[0]! : parts.length === 0 ? empty : { kind: 'sequence', parts };
}

/**
 * Where an expression matches: a deterministic automaton that is built while it runs, so that a character costs one look-up whatever
 * the expression. Read first: Russ Cox, "Regular Expression Matching Can Be Simple And Fast"; glibc's context bits (posix/regex_internal.h).
 *
 * A state is the set of places reached, as they stood before the empty transitions: those are taken when the next character is known, for
 * an anchor may ask for it.
 */
import { contains, wordCharacters } from './sets.ts';
import type { Instruction, Program } from './program.ts';
import type { Assertion } from './tree.ts';

/** An expression or a text that would take too long. */
export class RegexExhausted extends Error {
  constructor() {
    super('Memory exhausted');
  }
}

/** What stands on one side of a place: the text's edge, a newline, a word character, anything else. */
export type Side = typeof EDGE | typeof NEWLINE | typeof WORD | typeof OTHER;
export const EDGE = 0;
const NEWLINE = 1;
const WORD = 2;
const OTHER = 3;

export function sideOf(code: number): Side {
  return code === 10 ? NEWLINE : contains(wordCharacters, code) ? WORD : OTHER;
}

export function holds(assertion: Assertion, before: Side, behind: Side, isMultiline: boolean): boolean {
  switch (assertion) {
    case 'line start': return before === EDGE || (isMultiline && before === NEWLINE);
    case 'line end': return behind === EDGE || (isMultiline && behind === NEWLINE);
    case 'text start': return before === EDGE;
    case 'text end': return behind === EDGE;
    case 'word edge': return (before === WORD) !== (behind === WORD);
    case 'no word edge': return (before === WORD) === (behind === WORD);
    case 'word start': return before !== WORD && behind === WORD;
    case 'word end': return before === WORD && behind !== WORD;
    case 'no word before': return before !== WORD;
    case 'no word behind': return behind !== WORD;
  }
}

const ACCEPTS = 2;
interface State {
  readonly places: Int32Array;
  readonly before: Side;
  /** By class of the next character; absent: not known yet. */
  readonly next: (State | undefined)[];
  /** By side of what follows: does a match end here? 0: not known; ACCEPTS: yes. */
  readonly accepts: Uint8Array;
}

/** Places held in states before all are forgotten and made anew. */
const HELD_AT_MOST = 1_000_000;
/** Places visited while states are made in one search: a second or two, at worst. */
const VISITS_AT_MOST = 60_000_000;

export class Automaton {
  private states = new Map<string, State>();
  private readonly sides: Uint8Array;
  private held = 0;
  private visits = 0;
  /** Characters looked at by the last run. */
  looked = 0;
  private readonly mark: Uint32Array;
  private round = 0;
  private readonly stack: number[] = [];
  private readonly program: Program;
  /** Unanchored: a match may begin anywhere. */
  private readonly isAnchored: boolean;

  constructor(program: Program, isAnchored: boolean) {
    this.program = program;
    this.isAnchored = isAnchored;
    this.mark = new Uint32Array(program.code.length);
    this.sides = Uint8Array.from(program.characters.samples, (code) => sideOf(code));
  }

  /** Where the first match to end ends, looking from `from` on, or -1. A reference passes for any text: true matches may be fewer. */
  firstEnd(text: string, from: number): number {
    return this.run(text, from, true);
  }

  /** Anchored: where the longest match that begins at `from` ends, or -1. */
  longestEnd(text: string, from: number): number {
    return this.run(text, from, false);
  }

  private run(text: string, from: number, isFirst: boolean): number {
    const { characters } = this.program;
    const { ascii } = characters;
    const { sides } = this;
    this.visits = 0;
    let state = this.stateOf([this.program.start], sideBefore(text, from));
    let end = -1;
    let at = from;
    while (at < text.length) {
      let code = text.charCodeAt(at);
      let size = 1;
      if (code >= 0xd800 && code < 0xdc00) {
        code = text.codePointAt(at)!;
        if (code > 0xffff) size = 2;
      }
      const kind = code < 128 ? ascii[code]! : characters.of(code);
      const side = sides[kind]! as Side;
      const isEnd = state.accepts[side]!;
      if (isEnd === ACCEPTS || (isEnd === 0 && this.acceptsBefore(state, side))) {
        end = at;
        if (isFirst) break;
      }
      state = state.next[kind] ?? this.step(state, kind);
      if (state.places.length === 0) break;
      at += size;
    }
    this.looked = at - from + 1;
    return at === text.length && this.acceptsBefore(state, EDGE) ? at : end;
  }

  /**
   * Where the leftmost match begins, or -1, in time that grows with the text only: each place remembers the earliest beginning that leads to it.
   * Slower than trying the beginnings one after the other, unless many of them go far.
   */
  leftmostStart(text: string, from: number): number {
    const { program } = this;
    let places = new Map<number, number>();
    let best = -1;
    this.visits = 0;
    for (let at = from; ;) {
      if (best === -1 && !places.has(program.start)) places.set(program.start, at);
      if (places.size === 0) return best;
      const code = text.codePointAt(at);
      const next = new Map<number, number>();
      this.round += 1;
      for (const [place, start] of places) {
        if (best !== -1 && start >= best) continue;
        this.close([place], sideBefore(text, at), code === undefined ? EDGE : sideOf(code), (instruction, reached) => {
          if (instruction.kind === 'accept' && (best === -1 || start < best)) best = start;
          if (code === undefined || (instruction.kind === 'character' && !contains(instruction.set, code))) return;
          const to = instruction.kind === 'character' ? instruction.next : instruction.kind === 'reference' ? reached : undefined;
          if (to !== undefined && !next.has(to)) next.set(to, start);
        });
      }
      if (code === undefined) return best;
      places = next;
      at += code > 0xffff ? 2 : 1;
    }
  }

  private acceptsBefore(state: State, behind: Side): boolean {
    if (state.accepts[behind] === 0) {
      let isAccepted = false;
      this.round += 1;
      this.close(state.places, state.before, behind, (instruction) => {
        isAccepted ||= instruction.kind === 'accept';
      });
      state.accepts[behind] = isAccepted ? ACCEPTS : 1;
    }
    return state.accepts[behind] === ACCEPTS;
  }

  private step(state: State, kind: number): State {
    const sample = this.program.characters.samples[kind]!;
    const reached = new Set<number>();
    this.round += 1;
    this.close(state.places, state.before, this.sides[kind] as Side, (instruction, place) => {
      if (instruction.kind === 'character' && contains(instruction.set, sample)) reached.add(instruction.next);
      else if (instruction.kind === 'reference') reached.add(place);
    });
    if (!this.isAnchored) reached.add(this.program.start);
    const next = this.stateOf([...reached], this.sides[kind] as Side);
    state.next[kind] = next;
    return next;
  }

  private stateOf(places: readonly number[], before: Side): State {
    const sorted = Int32Array.from(places).sort();
    const key = `${before}:${sorted.join(',')}`;
    let state = this.states.get(key);
    if (state === undefined) {
      if (this.held > HELD_AT_MOST) {
        for (const known of this.states.values()) known.next.length = 0;
        this.states = new Map();
        this.held = 0;
      }
      this.held += sorted.length + 32;
      state = { places: sorted, before, next: [], accepts: new Uint8Array(4) };
      this.states.set(key, state);
    }
    return state;
  }

  /** All that can be reached without taking a character, and has not been in this round. */
  private close(places: Iterable<number>, before: Side, behind: Side, each: (instruction: Instruction, place: number) => void): void {
    const { code, isMultiline } = this.program;
    const { mark, stack } = this;
    for (const place of places) stack.push(place);
    while (stack.length > 0) {
      const place = stack.pop()!;
      if (mark[place] === this.round) continue;
      mark[place] = this.round;
      this.visits += 1;
      const instruction = code[place]!;
      each(instruction, place);
      switch (instruction.kind) {
        case 'split': case 'loop': stack.push(instruction.next, instruction.other); break;
        case 'open': case 'close': case 'reference': stack.push(instruction.next); break;
        case 'assertion': if (holds(instruction.assertion, before, behind, isMultiline)) stack.push(instruction.next); break;
        default:
      }
    }
    if (this.visits > VISITS_AT_MOST) throw new RegexExhausted();
  }
}

/** What stands before a place in the text. */
export function sideBefore(text: string, at: number): Side {
  if (at === 0) return EDGE;
  const low = text.charCodeAt(at - 1);
  return sideOf(low >= 0xdc00 && low < 0xe000 && at > 1 ? text.codePointAt(at - 2)! : low);
}

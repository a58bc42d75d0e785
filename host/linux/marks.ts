/** A terminal's stream with the marks our shells leave in it (image.ts, MARKS) taken out: what is shown, and what shells say of themselves, in order. */
import { MARK } from './image.ts';

export type Piece =
  | { readonly kind: 'shown'; readonly bytes: Uint8Array }
  | { readonly kind: 'prompt'; readonly pid: number; readonly status: number; readonly uid: number; readonly netns: string | null; readonly cwd: string }
  | { readonly kind: 'line'; readonly pid: number; readonly line: string };

const BEGIN = Buffer.from(MARK);
const BELL = 7;
/** A mark longer than this is none. */
const LONGEST = 65_536;

export class MarkedStream {
  #rest: Buffer = Buffer.alloc(0);

  /** Bytes may end inside a mark: the beginning waits for the rest. */
  take(bytes: Uint8Array): Piece[] {
    let data = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const pieces: Piece[] = [];
    const show = (part: Buffer): void => {
      if (part.length > 0) pieces.push({ kind: 'shown', bytes: part });
    };
    for (;;) {
      const at = data.indexOf(BEGIN);
      const end = at < 0 ? -1 : data.indexOf(BELL, at);
      if (end < 0) {
        const from = at >= 0 && data.length - at < LONGEST ? at : data.length - unfinished(data);
        show(data.subarray(0, from));
        this.#rest = Buffer.from(data.subarray(from));
        return pieces;
      }
      show(data.subarray(0, at));
      const mark = markOf(data.toString('utf8', at + BEGIN.length, end));
      if (mark !== undefined) pieces.push(mark);
      data = data.subarray(end + 1);
    }
  }
}

/** How many bytes at the end could begin a mark. */
function unfinished(data: Buffer): number {
  for (let length = Math.min(BEGIN.length - 1, data.length); length > 0; length--) if (data.subarray(data.length - length).equals(BEGIN.subarray(0, length))) return length;
  return 0;
}

function markOf(text: string): Piece | undefined {
  const [kind, pid, ...rest] = text.split(';');
  if (kind === 'S') return { kind: 'line', pid: Number(pid), line: rest.join(';').replace(/^\s*\d+\*?\s+/, '').replaceAll('\r', '').trimEnd() };
  if (kind !== 'P') return undefined;
  const [status, uid, netns, ...cwd] = rest;
  return { kind: 'prompt', pid: Number(pid), status: Number(status), uid: Number(uid), netns: netns === '?' ? null : (netns ?? null), cwd: cwd.join(';') };
}

import { expect, test } from 'vitest';
import { MarkedStream, type Piece } from './marks.ts';

const text = 'a\x1b]7717;P;20;1;1000;demo-ns;/home/a;b\x07$ ls\r\n\x1b]7717;S;20;   12  ls -l; echo "x"\x07out\n\x1b]0;title\x07';

function taken(chunks: readonly string[]): Piece[] {
  const stream = new MarkedStream();
  const pieces = chunks.flatMap((chunk) => stream.take(Buffer.from(chunk)));
  // Where a stream was cut does not matter to who reads it.
  return pieces.reduce<Piece[]>((all, piece) => {
    const last = all.at(-1);
    if (piece.kind !== 'shown' || last?.kind !== 'shown') return [...all, piece];
    return [...all.slice(0, -1), { kind: 'shown', bytes: Buffer.concat([last.bytes, piece.bytes]) }];
  }, []);
}

const wanted: Piece[] = [
  { kind: 'shown', bytes: Buffer.from('a') },
  { kind: 'prompt', pid: 20, status: 1, uid: 1000, netns: 'demo-ns', cwd: '/home/a;b' },
  { kind: 'shown', bytes: Buffer.from('$ ls\r\n') },
  { kind: 'line', pid: 20, line: 'ls -l; echo "x"' },
  { kind: 'shown', bytes: Buffer.from('out\n\x1b]0;title\x07') },
];

test('takes marks out of a stream and leaves everything else', () => expect(taken([text])).toEqual(wanted));
test('finds them wherever the stream is cut', () => {
  for (let at = 1; at < text.length; at++) expect(taken([text.slice(0, at), text.slice(at)]), `cut at ${at}`).toEqual(wanted);
  expect(taken([...text])).toEqual(wanted);
});
test('holds nothing back but what may begin a mark', () => {
  expect(taken(['\x1b'])).toEqual([]);
  expect(taken(['\x1b', '[m'])).toEqual([{ kind: 'shown', bytes: Buffer.from('\x1b[m') }]);
  expect(taken([`\x1b]7717;S;1;${'x'.repeat(70_000)}`])).toHaveLength(1);
});

/** Edit scripts of made-up files, against the real diff: which of several shortest scripts it takes is part of what people see. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { editScript } from './edit-script.ts';
import { diffText, type Style } from './output.ts';

const folder = mkdtempSync(join(tmpdir(), 'podwire-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plain: Style = { kind: 'normal', context: 0, isColoured: false, expandsTabs: false, initialTab: false, tabSize: 8, suppressesBlankEmpty: false, functionLine: undefined, width: 130, leftColumn: false, suppressesCommon: false, formats: {} };
const kinds: readonly (readonly [flags: readonly string[], style: Style])[] = [
  [[], plain], [['-u', '--label=x', '--label=y'], { ...plain, kind: 'unified', context: 3 }], [['-c', '--label=x', '--label=y'], { ...plain, kind: 'context', context: 3 }], [['-e'], { ...plain, kind: 'ed' }], [['-y'], { ...plain, kind: 'sideBySide' }],
];

describe.each(kinds)('diff %s', (flags, style) => {
  it.each([1, 2, 3, 4, 5, 6])('writes what the real one writes about random files, seed %s', (seed) => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const alphabet = 2 + random(12);
    const line = (): string => `line ${random(alphabet)}\n`;
    const old = Array.from({ length: seed === 6 ? 400 : 1 + random(40) }, line);
    const young = old.flatMap((each) => [[], [each, line()], [`new ${line()}`], [each], [each], [each]][random(6)]!);
    const [left, right] = [join(folder, 'left'), join(folder, 'right')];
    writeFileSync(left, old.join(''));
    writeFileSync(right, young.join(''));
    const changes = editScript(old, young, (text) => text, { horizon: style.context, isMinimal: false });
    expect(diffText({ left: old, right: young, changes, isIgnorable: () => false, labels: ['x', 'y'] }, style)).toBe(spawnSync('diff', [...flags, left, right], { encoding: 'utf8' }).stdout);
  });
});

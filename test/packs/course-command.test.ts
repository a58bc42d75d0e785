/** `podwire course`, as an author uses it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { course } from '../../cli/course.ts';

let folder: string;
let said: { out: string; err: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-author-'));
  said = { out: '', err: '' };
  for (const [stream, name] of [[process.stdout, 'out'], [process.stderr, 'err']] as const) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const run = async (...words: string[]): Promise<number> => {
  said = { out: '', err: '' };
  return course.run(words);
};

describe('podwire course', () => {
  it('makes a course that is well formed and proved as it stands', { timeout: 60_000 }, async () => {
    expect(await run('new', at('My Course'))).toBe(0);
    expect(await run('validate', at('My Course'))).toBe(0);
    expect(said.out).toBe('my-course: 2 lessons, well formed\n');
    expect(await run('test', at('My Course'))).toBe(0);
    expect(said.out).toMatch(/^proved a-switch .*\nproved a-wire .*\n$/);
  });

  it('never writes over what is there', async () => {
    writeFileSync(at('thesis.txt'), 'years of work');
    expect(await run('new', folder)).toBe(1);
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  it('packs the same folder to the same bytes, and validates the pack', async () => {
    await run('new', at('c'));
    expect(await run('pack', at('c'), '-o', at('one.podwire'))).toBe(0);
    expect(said.out).toMatch(/one\.podwire: Two ends of a wire, version 0\.1\.0, 2 lessons, \d+ bytes\nSHA-256 [0-9a-f]{64}\n$/);
    expect(await run('pack', '-o', at('two.podwire'), at('c'))).toBe(0);
    expect(readFileSync(at('one.podwire')).equals(readFileSync(at('two.podwire')))).toBe(true);
    expect(await run('validate', at('one.podwire'))).toBe(0);
  });

  it('packs nothing that is broken', async () => {
    await run('new', at('c'));
    rmSync(at('c/basics/a-wire/solution.yaml'));
    expect(await run('pack', at('c'), '-o', at('c.podwire'))).toBe(1);
    expect(said.err).toBe('basics/a-wire/solution.yaml:1: wanted a file, found nothing.\n');
    expect(existsSync(at('c.podwire'))).toBe(false);
  });

  it('proves the lessons of a pack, or some of them', { timeout: 60_000 }, async () => {
    await run('new', at('c'));
    await run('pack', at('c'), '-o', at('c.podwire'));
    expect(await run('test', at('c.podwire'), 'a-switch')).toBe(0);
    expect(said.out).toMatch(/^proved a-switch .*\n$/);
    expect(await run('test', at('c.podwire'), 'a-swich')).toBe(2);
  });

  it.each([[[]], [['prove']], [['constructor']], [['new']], [['pack']], [['pack', 'x', '-o']]])('says what it wants when told %j', async (words) => {
    expect(await run(...words)).toBe(2);
    expect(said.err).toMatch(/^podwire: course/);
  });

  it('says so when there is nothing at a path', async () => {
    expect(await run('validate', at('nothing'))).toBe(1);
    expect(said.err).toBe('nothing: wanted a pack: a zip archive or a folder, found nothing.\n');
  });
});

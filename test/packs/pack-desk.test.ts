/** What stays on the disk when packs come and go. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstCourse } from '../../cli/course-template.ts';
import type { PackOpened } from '../../contracts/host.ts';
import { PackDesk } from '../../host/packs/pack-desk.ts';
import { writeZip } from '../../host/packs/zip-writer.ts';
import { problemText } from '../../labs/course/index.ts';

let folder: string;
let desk: PackDesk;
const shipped = () => ['gke-networking'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-desk-'));
  desk = new PackDesk(join(folder, 'packs'), shipped);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kept = (): string[] => readdirSync(join(folder, 'packs'));
const zip = (id: string, version = '0.1.0'): string => {
  const files = new Map(Object.entries(firstCourse(id, '.schemas')).map(([path, text]) => [path, Buffer.from(text.replace('version: 0.1.0', `version: ${version}`))]));
  return writeZip(files).toString('base64');
};
const read = (opened: PackOpened | null): Extract<PackOpened, { status: 'read' }> => {
  if (opened?.status !== 'read') throw new Error(JSON.stringify(opened));
  return opened;
};
const add = (id: string, version?: string) => desk.keep(read(desk.open('x.zip', { zip: zip(id, version) })).pack);

describe('a pack', () => {
  it('is not on the disk until it is kept', () => {
    const { pack, files, installed } = read(desk.open('wires.zip', { zip: zip('wires') }));
    expect(Object.keys(files)).toContain('basics/a-wire/lesson.md');
    expect(installed).toBeNull();
    expect(kept()).toEqual([]);
    expect(desk.keep(pack)).toBe('wires');
    expect(kept()).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.podwire$/)]);
    expect(desk.keep(pack)).toBeUndefined();
  });

  it('is there again after a restart, with its texts', () => {
    add('wires');
    const again = new PackDesk(join(folder, 'packs'), shipped);
    expect(again.store.all()).toMatchObject([{ course: 'wires', title: 'Two ends of a wire', version: '0.1.0', languages: ['en'], engine: '>=0.1.0' }]);
    expect(again.store.files('wires')?.has('course.yaml')).toBe(true);
  });

  it('takes the place of an older one of its course, and says which', () => {
    add('wires');
    const { pack, installed } = read(desk.open('x.zip', { zip: zip('wires', '0.2.0') }));
    expect(installed).toEqual({ version: '0.1.0', isSame: false });
    desk.keep(pack);
    expect(desk.store.all().map(({ version }) => version)).toEqual(['0.2.0']);
    expect(kept()).toHaveLength(1);
    expect(read(desk.open('x.zip', { zip: zip('wires', '0.2.0') })).installed).toEqual({ version: '0.2.0', isSame: true });
  });

  it('is the same from a file, a folder, and the files a page was given', () => {
    const texts = firstCourse('wires', '.schemas');
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder, 'wires', path)), { recursive: true });
      writeFileSync(join(folder, 'wires', path), text);
    }
    add('wires');
    const [digest] = kept();
    desk.offer(join(folder, 'wires'));
    desk.keep(read(desk.openOffered()).pack);
    expect(kept()).toEqual([digest]);
    desk.keep(read(desk.open('wires', { files: Object.fromEntries(Object.entries(texts).map(([path, text]) => [`wires/${path}`, Buffer.from(text).toString('base64')])) })).pack);
    expect(kept()).toEqual([digest]);
    expect(desk.openOffered()).toBeNull();
  });

  it('cannot take the id of a course that came with Podwire', () => {
    const opened = desk.open('x.zip', { zip: zip('gke-networking') });
    expect(opened.status === 'refused' && opened.problems.map(problemText)).toEqual(['course.yaml:2: id: wanted an id of its own, found gke-networking, a course that comes with Podwire.']);
  });

  it('is not read when its bytes have changed on the disk', () => {
    add('wires');
    const path = join(folder, 'packs', kept()[0]!);
    writeFileSync(path, readFileSync(path, 'latin1').replace('A switch of your own', 'A switch of mine own'), 'latin1');
    expect(() => desk.store.files('wires')).toThrow('has been changed or lost on the disk');
    expect(new PackDesk(join(folder, 'packs'), shipped).store.all()).toEqual([]);
  });

  it('that was half written when the program ended is not there', () => {
    mkdirSync(join(folder, 'packs'), { recursive: true });
    writeFileSync(join(folder, 'packs', `${'a'.repeat(64)}.arriving`), 'PK');
    expect(new PackDesk(join(folder, 'packs'), shipped).store.all()).toEqual([]);
    expect(kept()).toEqual([]);
  });

  it('is gone when removed, alone', () => {
    add('wires');
    add('other');
    expect(desk.store.remove('wires')).toBe(true);
    expect(desk.store.remove('wires')).toBe(false);
    expect(desk.store.all().map(({ course }) => course)).toEqual(['other']);
    expect(kept()).toHaveLength(1);
  });

  it('that was refused can be mended and opened', () => {
    expect(desk.open('x.zip', { zip: Buffer.from('no').toString('base64') }).status).toBe('refused');
    expect(add('wires')).toBe('wires');
  });
});

describe('writing a zip', () => {
  it('gives the same bytes whatever the order of the files', () => {
    const one = new Map([['b.md', Buffer.from('two')], ['a.md', Buffer.from('one')]]);
    expect(writeZip(new Map([...one].reverse()))).toEqual(writeZip(one));
  });
});

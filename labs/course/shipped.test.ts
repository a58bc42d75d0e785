/** The course that is shipped, held to its own writing rules. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Block, Lesson } from '../../contracts/course.ts';
import { loadCourse, problemText } from './index.ts';

const root = join(import.meta.dirname, '../../courses/gke-networking');

function filesUnder(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (statSync(path).isFile()) files.set(relative(folder, path), readFileSync(path, 'utf8'));
  }
  return files;
}

const { course, problems } = loadCourse(filesUnder(root));
const lessons = course?.units.flatMap((unit) => unit.lessons) ?? [];

describe('the shipped course', () => {
  it('has no problem', () => {
    expect(problems.map(problemText)).toEqual([]);
  });

  it('has every lesson it lists', () => {
    expect(lessons.map(({ id }) => id)).toEqual([
      'u0-first-five-minutes', 'u1-take-stock', 'u1-software-switch', 'u1-separate-room', 'u1-virtual-wire', 'u1-reach-across', 'u1-way-out', 'u1-nat-and-memory', 'u1-the-same-with-ipv6',
      'u2-first-pod', 'u2-inside-the-pod', 'u2-toolbox', 'u2-expose', 'u2-three-doors', 'u2-nodeport-walk', 'u2-clusterip-walk', 'u2-loadbalancer-walk', 'u2-many-services',
      'u3-who-built-it', 'u3-health-probes', 'u3-name-to-pod', 'u4-visit-by-pid', 'u4-pod-to-pod', 'u4-pod-goes-out', 'u4-then-and-now', 'u4-who-may-call', 'u4-without-kube-proxy', 'u5-next-door', 'u5-refused', 'u5-silence', 'u5-sometimes', 'u5-lost-node',
    ]);
  });

  it('teaches rows 1 to 171 of the tutorial, each as something to run', () => {
    const rows = lessons.flatMap((lesson) => blocksOf(lesson)).flatMap((block) => (block.kind === 'run' ? block.rows : []));
    expect([...new Set(rows)].sort((a, b) => a - b)).toEqual(Array.from({ length: 171 }, (_, index) => index + 1));
  });

  it('asks questions 1 to 25 as checkpoints', () => {
    const scored = lessons.flatMap((lesson) => blocksOf(lesson)).flatMap((block) => (block.kind === 'question' && block.points > 0 && block.id.startsWith('q') ? [block.id] : []));
    expect(scored).toEqual(Array.from({ length: 25 }, (_, index) => `q${index + 1}`));
  });
});

describe.each(lessons.map((lesson) => [lesson.id, lesson] as const))('%s', (_, lesson) => {
  it('is worth 10 points', () => {
    expect(lesson.points).toBe(10);
  });

  it('has 8 to 12 screens', () => {
    expect(lesson.screens.length).toBeGreaterThanOrEqual(8);
    expect(lesson.screens.length).toBeLessThanOrEqual(12);
  });

  it('says at most 90 words a screen, besides options and asides, and at most 60 in an aside', () => {
    const long = lesson.screens.flatMap(({ title, blocks }) => {
      const count = blocks.reduce((sum, block) => sum + (block.kind === 'prose' ? words(block.text.html) : 0), 0);
      const asides = blocks.flatMap((block) => ((block.kind === 'why' || block.kind === 'today') && words(block.text.html) > 60 ? [`${title}: aside of ${words(block.text.html)} words`] : []));
      return [...(count > 90 ? [`${title}: ${count} words`] : []), ...asides];
    });
    expect(long).toEqual([]);
  });

  it('names a picture and something to run', () => {
    const kinds = new Set(blocksOf(lesson).map(({ kind }) => kind));
    expect(kinds.has('run')).toBe(true);
    expect(kinds.has('picture')).toBe(true);
  });

  it('gives every goal three hints', () => {
    expect(lesson.checks.filter(({ hints }) => hints.length !== 3).map(({ id }) => id)).toEqual([]);
  });

  it('never writes an address that the lab chooses', () => {
    const prose = JSON.stringify([lesson.screens, lesson.checks]);
    expect(prose).not.toMatch(/10\.142\.0\.\d/);
  });
});

function blocksOf(lesson: Lesson): Block[] {
  return lesson.screens.flatMap(({ blocks }) => [...blocks]);
}

function words(html: string): number {
  return html.replace(/<[^>]*>/g, ' ').split(/\s+/).filter((word) => word !== '').length;
}

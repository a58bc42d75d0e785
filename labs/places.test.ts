/** Where terminals open whose place the lab chooses, or has not got yet. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Attempt } from './course/attempt.ts';
import { lessonsOf, loadCourse } from './course/index.ts';
import { simulatorBackend } from './simulator-backend.ts';

const root = join(import.meta.dirname, '../courses/gke-networking');
const paths = (readdirSync(root, { recursive: true }) as string[]).map((name) => join(root, name)).filter((path) => statSync(path).isFile());
const { course } = loadCourse(new Map(paths.map((path) => [relative(root, path), readFileSync(path, 'utf8')])));
const lessons = lessonsOf(course!);

describe('a terminal', () => {
  it.each([
    ["on a pod's node", 'u2-toolbox', 'node-of app=hello-server', /^gke-lab-cluster-/],
    ["for a pod's network, which has no name, opens on its node", 'u2-toolbox', 'pod app=hello-server', /^gke-lab-cluster-/],
    ['on the node of a pod that is not there opens on the first machine', 'u2-first-pod', 'node-of app=hello-server', /^cloudshell$/],
    ['in a namespace that is not there opens on its machine', 'u1-separate-room', 'host/demo-ns', /^host$/],
  ])('%s', async (_, lesson, place, machine) => {
    const attempt = await Attempt.open(lessons.get(lesson)!, { backend: simulatorBackend, lessons, seed: 1 });
    attempt.lab.openTerminal({ id: 'more', title: 'more', place }, { columns: 80, rows: 24 });
    const opened = attempt.lab.terminals().find(({ id }) => id === 'more');
    expect({ ...opened, isOnMachine: machine.test(opened?.machine ?? '') }).toMatchObject({ isOpen: true, netns: '', isOnMachine: true });
    attempt.close();
  });
});

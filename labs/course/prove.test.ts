/** Every rule of the proof, on a toy backend whose whole world is a set of switched-on devices: it must find each planted flaw. */
import { describe, expect, it } from 'vitest';
import type { Lesson } from '../../contracts/course.ts';
import type { CommandView, LinkView } from '../../contracts/observer.ts';
import { unavailableObserver } from '../../contracts/observer.ts';
import type { Backend, Lab } from '../backend.ts';
import { lessonsOf, loadCourse } from './course.ts';
import { problemText } from './problems.ts';
import { type ProofRule, proveLesson } from './prove.ts';

const course = 'id: c\ntitle: t\nsummary: s\nversion: 1.0.0\nlanguage: en\nlicence: l\ncredit: c\nunits:\n  - { id: u, title: t, summary: s, lessons: [one] }\n';
const markdown = `---
id: one
minutes: 5
start: scenario:toy
---
# One

## Only screen

a is {{a.mac}}.

:::run{terminal="vm"}
\`\`\`bash
on a
\`\`\`
:::
::check{id="c1"}
::check{id="c2"}
::output{of="show"}

:::question{id="q1" points="2"}
Which?
- [x] this
  Yes.
- [ ] that
  No.
:::
:::predict{id="p1"}
Will a be on?
- [x] yes
  Yes.
- [ ] no
  No.
:::
`;
const yaml = `places: { vm: host }
terminals: [{ id: vm, title: vm, place: vm }]
checks:
  - id: c1
    kind: link
    at: vm
    name: a
    goal: a is on
    points: 4
    hints: [a is off., look, "\`on a\`"]
  - id: c2
    kind: link
    at: vm
    name: b
    goal: b is on
    points: 4
    needs: [c1]
    hints: [b is off., look, "\`on b\`"]
    diagnoses:
      - { when: { kind: link, at: vm, name: bb }, say: "bb is not b." }
predictions:
  p1: { after: first, truth: { kind: link, at: vm, name: a } }
`;
const solution = `steps:
  - { type: on a, name: first }
  - { type: show, optional: true }
  - { type: on b, name: second }
  - { answer: { q1: right } }
`;
const proof = `alternates:
  - { name: both at once, from: first, to: second, steps: [{ type: on a b }] }
mistakes:
  - { name: doubles b, from: second, steps: [{ type: on bb }], check: c2, because: bb is not b. }
`;

function lessonWith(changes: Partial<Record<'markdown' | 'yaml' | 'solution' | 'proof', (text: string) => string>> = {}): Lesson {
  const text = (name: 'markdown' | 'yaml' | 'solution' | 'proof', base: string) => (changes[name] ?? ((same) => same))(base);
  const { course: read, problems } = loadCourse(new Map(Object.entries({
    'course.yaml': course, 'u/one/lesson.md': text('markdown', markdown), 'u/one/lesson.yaml': text('yaml', yaml), 'u/one/solution.yaml': text('solution', solution), 'u/one/proof.yaml': text('proof', proof),
  })));
  const lesson = read === null ? undefined : lessonsOf(read).get('one');
  if (lesson === undefined) throw new Error(problems.map(problemText).join('\n'));
  return lesson;
}

/** `on NAME...` switches devices on; `show` lists them; `wait` runs until Ctrl+C. */
class ToyLab implements Lab {
  nowUs = 0;
  readonly epochMs = 0;
  readonly #on: Set<string>;
  readonly #commands: CommandView[] = [];
  readonly #typed = new Map<string, string>();
  #busy = false;
  readonly #salt: string;
  onData = () => undefined;
  onChange = () => undefined;
  constructor(on: readonly string[], salt: string) {
    this.#on = new Set(on);
    this.#salt = salt;
  }
  readonly observer = {
    ...unavailableObserver('toy', 'a toy'),
    namespaces: () => Promise.resolve({ atMs: 0, value: [] }),
    links: () => Promise.resolve({ atMs: 0, value: [...this.#on].map(deviceOf) }),
    commands: () => Promise.resolve({ atMs: 0, value: [...this.#commands] }),
  };
  nextDueUs() { return undefined; }
  runUntil(targetUs: number) {
    this.nowUs = targetUs;
    return Promise.resolve();
  }
  runUntilQuiet() { return Promise.resolve(); }
  openTerminal() {}
  closeTerminal() {}
  input(terminal: string, data: string) {
    for (const key of data) {
      if (key === '\x03') this.#busy = false;
      else if (key !== '\r') this.#typed.set(terminal, (this.#typed.get(terminal) ?? '') + key);
      else {
        const line = this.#typed.get(terminal) ?? '';
        this.#typed.delete(terminal);
        if (!this.#busy) this.#run(terminal, line);
      }
    }
  }
  #run(terminal: string, line: string) {
    const [verb, ...names] = line.split(' ');
    if (verb === 'on') for (const name of names) this.#on.add(name);
    if (verb === 'wait') this.#busy = true;
    const output = verb === 'show' ? `${[...this.#on].join('\n')}\n` : '';
    this.#commands.push({ id: 1, terminal, machine: 'host', netns: '', user: 'u', line, programs: [line.split(' ')], output, startedAtMs: 0, endedAtMs: 0, exit: 0 });
  }
  resize() {}
  terminals() { return ['vm', 'hint'].map((id) => ({ id, title: id, machine: 'host', netns: '', user: 'u', cwd: '/', depth: 0, running: null, sinceMs: 0, isOpen: true })); }
  isPrompting() { return !this.#busy; }
  hash() { return `${[...this.#on].join()}${this.#salt}`; }
  close() {}
}

function deviceOf(name: string): LinkView {
  return { name, index: 1, kind: 'ether', mac: '02:00:00:00:00:01', flags: [], isUp: true, hasCarrier: true, operstate: 'UP', master: null, peer: null, mtu: 1500, alias: null };
}

function toy({ on = [], isFickle = false }: { on?: readonly string[]; isFickle?: boolean } = {}): Backend {
  let opened = 0;
  return { name: 'toy', canReplay: true, open: () => Promise.resolve(new ToyLab(on, isFickle ? String(opened++) : '')) };
}

async function failuresOf(lesson: Lesson, backend = toy()): Promise<string[]> {
  const { failures } = await proveLesson(lesson, { backend, lessons: new Map([['one', lesson]]), seed: 1 });
  return failures.map(({ rule, of, wanted, found }) => `${rule}: ${of}: wanted ${wanted}, found ${found}`);
}

describe('the proof of a lesson', () => {
  it('finds nothing wrong with a right one', async () => {
    expect(await failuresOf(lessonWith())).toEqual([]);
  });

  const flaws: [flaw: string, rule: ProofRule, lesson: () => Lesson, says: RegExp, backend?: Backend][] = [
    ['a start that is the goal already', 'start', () => lessonWith(), /c1: wanted not reached yet/, toy({ on: ['a'] })],
    ['a solution that does not reach the goal', 'solution', () => lessonWith({ solution: (text) => text.replace('on b', 'on c') }), /wanted 10 points, found 6 \(c2 not-yet: There is no b in vm yet\.\)/],
    ['a question the solution does not answer', 'solution', () => lessonWith({ solution: (text) => text.replace('q1: right', 'q1: 1') }), /q1 unanswered/],
    ['a step that is needed and marked optional', 'solution', () => lessonWith({ solution: (text) => text.replace('on b, name', 'on b, optional: true, name') }), /the essential steps/],
    ['a program that never gives the prompt back', 'solution', () => lessonWith({ solution: (text) => text.replace('type: show', 'type: wait') }), /wanted a prompt after the step, found wait/],
    ['a lab that is not the same twice', 'solution', () => lessonWith(), /the same again/, toy({ isFickle: true })],
    ['a step that is not needed', 'essential', () => lessonWith({ solution: (text) => text.replace('show, optional: true', 'show') }), /show: wanted below 10 without it/],
    ['an alternate that leads elsewhere', 'alternate', () => lessonWith({ proof: (text) => text.replace('on a b', 'on a') }), /both at once: wanted 10 points, found 6/],
    ['a mistake with another diagnosis', 'mistake', () => lessonWith({ proof: (text) => text.replace('type: on bb', 'type: on x') }), /doubles b: wanted bb is not b\., found There is no b in vm yet\./],
    ['a mistake that reaches the goal', 'mistake', () => lessonWith({ proof: (text) => text.replace('type: on bb', 'type: on b') }), /wanted c2 not reached, found reached/],
    ['a prediction that does not come true', 'prediction', () => lessonWith({ yaml: (text) => text.replace('name: a } }', 'name: b } }') }), /p1: .* found there is no b/],
    ['an output with nothing in it', 'output', () => lessonWith({ markdown: (text) => text.replace('of="show"', 'of="on a"') }), /on a: wanted something to show/],
    ['a live value that never has one', 'value', () => lessonWith({ markdown: (text) => text.replace('{{a.mac}}', '{{z.mac}}') }), /z\.mac: wanted a value/],
    ['a hint that does not help', 'hint', () => lessonWith({ yaml: (text) => text.replace('`on b', '`on d') }), /c2: `on d`: wanted reached, found not-yet/],
  ];
  it.each(flaws)('finds %s', async (_, rule, lesson, says, backend) => {
    const failures = await failuresOf(lesson(), backend);
    expect(failures.filter((line) => line.startsWith(`${rule}: `)).join('\n')).toMatch(says);
  });
});

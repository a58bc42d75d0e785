import { describe, expect, it } from 'vitest';
import { chainOf, lessonsOf, loadCourse, loadLesson, problemText } from './index.ts';
import { authorSchemas } from './schemas.ts';

const course = `id: c
title: A course
summary: s
version: 1.0.0
language: en
licence: CC-BY-4.0
credit: us
units:
  - id: u
    title: A unit
    summary: s
    lessons: [one, two]
`;
const markdown = (id: string, start: string, body = '') => `---
id: ${id}
minutes: 5
start: ${start}
---
# Title

## Screen one

Text with {{eth0.mac}}, \`{{vm.ip}}\` and 10.40.0.6:8080 and {{ .State.Pid }}.

:::run{terminal="vm" rows="1 2"}
\`\`\`bash
ip link
ping {{vm.ip}}
\`\`\`
:::
::check{id="c1"}
${body}`;
const yaml = `places: { vm: host }
terminals:
  - { id: vm, title: vm, place: vm }
checks:
  - { id: c1, kind: link, at: vm, name: eth0, goal: g, points: 10, hints: [a] }
`;
const solution = 'steps:\n  - { type: ls, name: first }\n';
const files = (changes: Record<string, string> = {}) => new Map(Object.entries({
  'course.yaml': course,
  'u/one/lesson.md': markdown('one', 'scenario:vm-bare'), 'u/one/lesson.yaml': yaml, 'u/one/solution.yaml': solution,
  'u/two/lesson.md': markdown('two', 'after:one'), 'u/two/lesson.yaml': yaml, 'u/two/solution.yaml': solution,
  ...changes,
}));
const problemsWith = (changes: Record<string, string>) => loadCourse(files(changes)).problems.map(problemText);

describe('a course', () => {
  it('is read into lessons, screens and blocks', () => {
    const { course: read, problems } = loadCourse(files());
    expect(problems).toEqual([]);
    const [one] = read?.units[0]?.lessons ?? [];
    expect(one).toMatchObject({ id: 'one', title: 'Title', minutes: 5, start: { kind: 'scenario', name: 'vm-bare' }, places: { vm: { machine: 'host', netns: '' } }, points: 10 });
    expect(one?.screens[0]?.blocks.map(({ kind }) => kind)).toEqual(['prose', 'run', 'check']);
    expect(one?.values).toEqual(['eth0.mac', 'vm.ip']);
  });

  it('keeps live values as empty spans, and Go templates and ports as text', () => {
    const prose = loadCourse(files()).course?.units[0]?.lessons[0]?.screens[0]?.blocks[0];
    expect(prose?.kind === 'prose' && prose.text.html).toBe(
      '<p>Text with <span class="live-value" data-value="eth0.mac"></span>, <code><span class="live-value" data-value="vm.ip"></span></code> and 10.40.0.6:8080 and {{ .State.Pid }}.</p>',
    );
  });

  it('starts a lesson from the scenario at the end of its chain', () => {
    const read = loadCourse(files()).course;
    if (read === null) throw new Error('no course');
    const lessons = lessonsOf(read);
    const two = lessons.get('two');
    if (two === undefined) throw new Error('no lesson');
    expect(chainOf(two, lessons)).toMatchObject({ scenario: 'vm-bare', earlier: [{ id: 'one' }] });
  });

  it('leaves to the simulator what is in a cloud or says so, and what goes on from there', () => {
    const only = (changes: Record<string, string>) => loadCourse(files(changes)).course?.units[0]?.lessons.map(({ simulatorOnly }) => simulatorOnly);
    const inCloud = 'This lesson takes place in a cloud, which only the simulator has.';
    expect(only({})).toEqual([undefined, undefined]);
    expect(only({ 'u/one/lesson.md': markdown('one', 'scenario:gke-2018') })).toEqual([inCloud, inCloud]);
    expect(only({ 'u/one/lesson.yaml': `${yaml}simulatorOnly: Its clock runs backwards.\n` })).toEqual(['Its clock runs backwards.', 'Its clock runs backwards.']);
    expect(only({ 'u/two/lesson.yaml': `${yaml}simulatorOnly: Its clock runs backwards.\n` })).toEqual([undefined, 'Its clock runs backwards.']);
  });

  it('can be read for one lesson alone, with just enough of those before it', () => {
    const { lesson, lessons, problems } = loadLesson(files(), 'two');
    expect(problems).toEqual([]);
    expect(lesson?.screens).toHaveLength(1);
    expect([...lessons.values()].map(({ id, title, screens, solution: { length } }) => [id, title, screens.length, length])).toEqual([['two', 'Title', 1, 1], ['one', 'Title', 0, 1]]);
    expect(loadLesson(files(), 'three').problems.map(problemText)).not.toEqual([]);
  });

  it('refuses a chain without an end', () => {
    expect(problemsWith({ 'u/one/lesson.md': markdown('one', 'after:two') })).toEqual([
      'u/one/lesson.md:2: start: wanted a chain of lessons that begins at a scenario, found after:two, which leads back here.',
      'u/two/lesson.md:2: start: wanted a chain of lessons that begins at a scenario, found after:one, which leads back here.',
    ]);
  });

  it('gives editors schemas that name the fields of every check kind', () => {
    const schemas = authorSchemas() as Record<string, { properties: { checks: { items: { oneOf: { title: string }[] } } } }>;
    expect(schemas['lesson.schema.json']?.properties.checks.items.oneOf.map(({ title }) => title)).toContain('trace');
  });
});

describe('a fault in a course', () => {
  const table: readonly (readonly [fact: string, changes: Record<string, string>, says: RegExp])[] = [
    ['a missing file', { 'u/one/solution.yaml': 'steps: []' }, /u\/one\/solution\.yaml:1: steps: wanted Too small/],
    ['an unknown check kind', { 'u/one/lesson.yaml': yaml.replace('kind: link', 'kind: lnik') }, /u\/one\/lesson\.yaml:5: checks\.0\.kind: wanted a check kind: .* found lnik\. Did you mean link\?/],
    ['an unknown key of a check', { 'u/one/lesson.yaml': yaml.replace('name: eth0', 'name: eth0, carier: true') }, /:5: checks\.0\.carier: wanted one of .* found carier\. Did you mean carrier\?/],
    ['an unknown place', { 'u/one/lesson.yaml': yaml.replace('at: vm', 'at: wm') }, /:5: checks\.0\.at: wanted a place of this lesson: vm, found wm\. Did you mean vm\?/],
    ['an unknown key', { 'u/one/lesson.yaml': yaml.replace('terminals:', 'terminal:') }, /lesson\.yaml:2: terminal: wanted one of .* found terminal\. Did you mean terminals\?/],
    ['a key that is there twice', { 'u/one/lesson.yaml': `${yaml}places: { vm: host }\n` }, /lesson\.yaml:6: wanted valid YAML, found Map keys must be unique/],
    ['an unknown directive', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n::chek{id="c1"}\n') }, /lesson\.md:20: chek: wanted a directive: .* found chek\. Did you mean check\?/],
    ['an unknown attribute', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n::output{of="ls" terminl="vm"}\n') }, /lesson\.md:20: output\.terminl: .* Did you mean terminal\?/],
    ['a check the data does not have', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n::check{id="c2"}\n') }, /lesson\.md:20: check c2: wanted a check of lesson\.yaml: c1, found c2/],
    ['a check the text does not show', { 'u/one/lesson.md': markdown('one', 'scenario:x').replace('::check{id="c1"}', '') }, /lesson\.yaml:5: checks\.0\.id: wanted ::check\{id="c1"\} in lesson\.md/],
    ['a question with two right options', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n:::question{id="q1"}\nWhat?\n- [x] a\n  b\n- [x] c\n  d\n:::\n') }, /lesson\.md:20: question: wanted exactly 1 right option: - \[x\], found 2 of 2/],
    ['an option that does not explain itself', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n:::question{id="q1"}\nWhat?\n- [x] a\n  b\n- [ ] c\n:::\n') }, /lesson\.md:24: question: wanted an explanation under every option, found c/],
    ['a prediction without its proof', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n:::predict{id="p1"}\nWhat?\n- [x] a\n  b\n- [ ] c\n  d\n:::\n') }, /predict p1: wanted predictions\.p1 in lesson\.yaml/],
    ['a live value nobody can fill', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\nAt {{eth0.macc}}.\n') }, /wanted a field: mac, .* found \{\{eth0\.macc\}\}\. Did you mean mac\?/],
    ['raw HTML', { 'u/one/lesson.md': markdown('one', 'scenario:x', '\n<script>alert(1)</script>\n') }, /lesson\.md:20: wanted Markdown, found raw HTML/],
    ['a lesson nobody wrote', { 'course.yaml': course.replace('two]', 'three]') }, /u\/three\/lesson\.md:1: wanted a file, found nothing/],
    ['a need that comes later', { 'u/one/lesson.yaml': yaml.replace('points: 10', 'points: 10, needs: [c2]') }, /:5: checks\.0\.needs: wanted an earlier check: none, found c2/],
    ['a mistake at a check that does not exist', { 'u/one/proof.yaml': 'mistakes:\n  - { name: m, from: frist, steps: [{ wait: 1 }], check: c1, because: x }\n' }, /proof\.yaml:2: mistakes\.0\.from: wanted the name of a step of solution\.yaml: first, found frist\. Did you mean first\?/],
    ['a step at no terminal', { 'u/one/solution.yaml': 'steps:\n  - { type: ls, at: wm }\n' }, /solution\.yaml:2: steps\.0\.at: wanted a terminal: vm, found wm/],
    ['a step of no kind', { 'u/one/solution.yaml': 'steps:\n  - { tipe: ls }\n' }, /solution\.yaml:2: steps\.0/],
  ];
  it.each(table)('%s is named with its place', (_, changes, says) => {
    expect(problemsWith(changes).join('\n')).toMatch(says);
  });

  it('leaves the other lessons usable', () => {
    const { course: read } = loadCourse(files({ 'u/two/lesson.yaml': 'places: 1' }));
    expect(read?.units[0]?.lessons.map(({ id }) => id)).toEqual(['one']);
  });

  it('cannot bring script, style or foreign pictures into the page', () => {
    const hostile = markdown('one', 'scenario:x', '\n[a](javascript:alert(1)) [b](https://example.org) *d*\n');
    const block = loadCourse(files({ 'u/one/lesson.md': hostile })).course?.units[0]?.lessons[0]?.screens[0]?.blocks.at(-1);
    expect(block?.kind === 'prose' && block.text.html).toBe('<p><a>a</a> <a href="https://example.org">b</a> <em>d</em></p>');
  });
});

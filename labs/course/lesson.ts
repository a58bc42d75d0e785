/**
 * One lesson folder (lesson.md, lesson.yaml, solution.yaml, proof.yaml) to a Lesson, with every fault named. The schemas
 * judge each file alone; what is here judges them together.
 */
import {
  type CourseProblem, type Lesson, LessonFile, LessonHead, ProofFile, SolutionFile, type SolutionStep,
} from '../../contracts/course.ts';
import { assertionOf, deviceFields, nearestWord, objectFields, placeFields, placeholdersIn, validateAssertion } from '../../grading/index.ts';
import { type LessonText, readLessonText } from './markdown.ts';
import { type Path, readBySchema, readYaml, type YamlText } from './problems.ts';

export interface LessonFiles {
  readonly folder: string;
  readonly id: string;
  readonly unit: string;
  /** The text of a file of the folder, or undefined; of a picture, its data: address. */
  text(name: string): string | undefined;
}

/**
 * `brief` leaves out what only a reader or a proof needs (screens, alternates, mistakes) and the judging of files together:
 * enough to do the lesson's solution on the way to a later one, in a fraction of the time.
 */
export function readLesson(files: LessonFiles, problems: CourseProblem[], { isBrief = false } = {}): Lesson | null {
  const before = problems.length;
  const name = (file: string) => `${files.folder}/${file}`;
  const read = (file: string): string | null => {
    const text = files.text(file);
    if (text === undefined) problems.push({ file: name(file), line: 1, key: '', wanted: 'a file', found: 'nothing', nearest: null });
    return text ?? null;
  };
  const markdown = read('lesson.md');
  const head = markdown === null ? null : readHead(name('lesson.md'), markdown, problems);
  const yaml = yamlOf(name('lesson.yaml'), read('lesson.yaml'), problems);
  const lesson = yaml === null ? null : readBySchema(yaml, LessonFile, problems);
  const solutionYaml = yamlOf(name('solution.yaml'), read('solution.yaml'), problems);
  const solution = solutionYaml === null ? null : readBySchema(solutionYaml, SolutionFile, problems);
  const proofYaml = yamlOf(name('proof.yaml'), isBrief ? '{}' : (files.text('proof.yaml') ?? '{}'), problems);
  const proof = proofYaml === null ? null : readBySchema(proofYaml, ProofFile, problems);
  if (!head || !yaml || !lesson || !solutionYaml || !solution || !proofYaml || !proof) return null;

  const text: LessonText = isBrief ? { title: titleOf(head.body), screens: [], lines: new Map() } : readLessonText(name('lesson.md'), head.body, lesson.terminals[0]?.id ?? '', problems, (file) => files.text(file));
  const places = Object.fromEntries(Object.entries(lesson.places).map(([key, value]) => {
    const [machine = '', netns = ''] = value.includes(' ') ? [value] : value.split('/');
    return [key, { machine, netns }];
  }));
  const [kind, start] = head.head.start.split(':') as ['scenario' | 'after', string];
  const made: Lesson = {
    id: head.head.id,
    title: text.title,
    unit: files.unit,
    minutes: head.head.minutes,
    start: { kind, name: start },
    places,
    terminals: lesson.terminals,
    simulatorOnly: lesson.simulatorOnly,
    setup: lesson.setup,
    screens: text.screens,
    checks: lesson.checks,
    questions: lesson.questions,
    predictions: lesson.predictions,
    solution: solution.steps,
    alternates: proof.alternates,
    mistakes: proof.mistakes,
    values: valuesOf(text, lesson),
    points: lesson.checks.reduce((sum, check) => sum + check.points, 0) + blocksOf(text).reduce((sum, block) => sum + (block.kind === 'question' ? block.points : 0), 0),
  };
  if (!isBrief) judgeTogether(made, text, { markdown: name('lesson.md'), yaml, solutionYaml, proofYaml }, files.id, problems);
  return problems.length > before ? null : made;
}

function readHead(file: string, text: string, problems: CourseProblem[]): { head: LessonHead; body: string } | null {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text);
  if (match === null) {
    problems.push({ file, line: 1, key: '', wanted: 'a head between --- lines with id, minutes and start', found: text.split('\n')[0] ?? '', nearest: null });
    return null;
  }
  const yaml = readYaml(file, match[1] ?? '', problems, 2);
  const head = yaml === null ? null : readBySchema(yaml, LessonHead, problems);
  if (head === null) return null;
  // Blank lines stand in for the head, so that line numbers stay the file's.
  return { head, body: match[0].replace(/[^\n]/g, '') + text.slice(match[0].length) };
}

function titleOf(body: string): string {
  return /^# (.+)$/m.exec(body)?.[1]?.trim() ?? '';
}

function yamlOf(file: string, text: string | null, problems: CourseProblem[]): YamlText | null {
  return text === null ? null : readYaml(file, text, problems);
}

function blocksOf(text: LessonText) {
  return text.screens.flatMap(({ blocks }) => blocks);
}

function valuesOf(text: LessonText, lesson: LessonFile): string[] {
  const rich = blocksOf(text).flatMap((block): readonly string[] => {
    switch (block.kind) {
      case 'prose': case 'why': case 'today': case 'picture': return block.text.values;
      case 'run': return [...block.lines.flatMap(({ values }) => values), ...(block.note?.values ?? [])];
      case 'predict': case 'question': return [...block.prompt.values, ...block.options.flatMap((option) => [...option.text.values, ...option.explain.values])];
      default: return [];
    }
  });
  const dotted = placeholdersIn(JSON.stringify([lesson.checks, lesson.questions])).filter((name) => name.includes('.'));
  return [...new Set([...rich, ...dotted])];
}

interface Sources {
  readonly markdown: string;
  readonly yaml: YamlText;
  readonly solutionYaml: YamlText;
  readonly proofYaml: YamlText;
}

function judgeTogether(lesson: Lesson, text: LessonText, sources: Sources, folderId: string, problems: CourseProblem[]): void {
  const places = Object.keys(lesson.places);
  const terminals = lesson.terminals.map(({ id }) => id);
  const known = { terminals, places };
  const inYaml = (yaml: YamlText, path: Path, wanted: string, found: string, nearest: string | null = null) =>
    problems.push({ file: yaml.file, line: yaml.lineOf(path), key: path.join('.'), wanted, found, nearest });
  const inText = (what: string, wanted: string, found: string, nearest: string | null = null) =>
    problems.push({ file: sources.markdown, line: text.lines.get(what) ?? 1, key: what, wanted, found, nearest });
  const { yaml } = sources;
  const assertion = (file: YamlText, path: Path, stated: { kind: string }) => {
    for (const problem of validateAssertion(stated, places, path)) inYaml(file, problem.path, problem.wanted, problem.found, problem.nearest);
  };

  if (lesson.id !== folderId) inText('id', folderId, lesson.id);
  for (const [index, terminal] of lesson.terminals.entries()) {
    if (!places.includes(terminal.place)) inYaml(yaml, ['terminals', index, 'place'], `a place: ${places.join(', ')}`, terminal.place, nearestWord(terminal.place, places));
  }

  for (const [index, { at }] of lesson.setup.entries()) if (at !== undefined && !places.includes(at)) inYaml(yaml, ['setup', index, 'at'], `a place: ${places.join(', ')}`, at, nearestWord(at, places));

  // Checks: known kinds and fields, needs that come earlier, hints and diagnoses that are themselves right.
  const seen = new Set<string>();
  for (const [index, check] of lesson.checks.entries()) {
    const at = (...more: (string | number)[]): Path => ['checks', index, ...more];
    if (seen.has(check.id)) inYaml(yaml, at('id'), 'an id that is used once', check.id);
    for (const need of check.needs) if (!seen.has(need)) inYaml(yaml, at('needs'), `an earlier check: ${[...seen].join(', ') || 'none'}`, need, nearestWord(need, [...seen]));
    seen.add(check.id);
    assertion(yaml, at(), assertionOf(check));
    for (const [number, diagnosis] of check.diagnoses.entries()) {
      if ('when' in diagnosis) assertion(yaml, at('diagnoses', number, 'when'), diagnosis.when);
      else assertion(yaml, at('diagnoses', number, 'unless'), diagnosis.unless);
    }
    for (const [number, hint] of check.hints.entries()) {
      if (typeof hint === 'string') continue;
      for (const [choice, { when }] of hint.entries()) if (when !== undefined) assertion(yaml, at('hints', number, choice, 'when'), when);
    }
    if (!text.lines.has(`check ${check.id}`)) inYaml(yaml, at('id'), `::check{id="${check.id}"} in lesson.md`, 'none');
  }

  // The text and the data must speak of the same things.
  const blocks = blocksOf(text);
  for (const block of blocks) {
    if (block.kind === 'check' && !seen.has(block.id)) inText(`check ${block.id}`, `a check of lesson.yaml: ${[...seen].join(', ')}`, block.id, nearestWord(block.id, [...seen]));
    if ((block.kind === 'run' || block.kind === 'output') && !terminals.includes(block.terminal)) inText(`terminal ${block.terminal}`, `a terminal: ${terminals.join(', ')}`, block.terminal, nearestWord(block.terminal, terminals));
    if (block.kind === 'output' && block.place !== null && !places.includes(block.place)) inText(`terminal ${block.terminal}`, `a place: ${places.join(', ')}`, block.place, nearestWord(block.place, places));
    if (block.kind === 'predict' && !Object.hasOwn(lesson.predictions, block.id)) inText(`predict ${block.id}`, `predictions.${block.id} in lesson.yaml`, 'none', nearestWord(block.id, Object.keys(lesson.predictions)));
    if (block.kind === 'question' && (block.type === 'value' || block.type === 'point') && lesson.questions[block.id]?.kind !== block.type) inText(`question ${block.id}`, `questions.${block.id} of kind ${block.type} in lesson.yaml`, lesson.questions[block.id]?.kind ?? 'none');
  }
  for (const id of Object.keys(lesson.questions)) if (!text.lines.has(`question ${id}`)) inYaml(yaml, ['questions', id], `:::question{id="${id}"} in lesson.md`, 'none');
  for (const [id, { truth, steps }] of Object.entries(lesson.predictions)) {
    if (!text.lines.has(`predict ${id}`)) inYaml(yaml, ['predictions', id], `:::predict{id="${id}"} in lesson.md`, 'none');
    assertion(yaml, ['predictions', id, 'truth'], truth);
    judgeSteps(steps, yaml, ['predictions', id, 'steps'], known, inYaml);
  }
  for (const name of lesson.values) judgeValueName(name, places, (wanted, nearest) => inText('', wanted, `{{${name}}}`, nearest));

  // Solution, alternates and mistakes.
  judgeSteps(lesson.solution, sources.solutionYaml, ['steps'], known, inYaml);
  const names = lesson.solution.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const nameKnown = (path: Path, name: string | undefined, file: YamlText) => {
    if (name !== undefined && name !== 'start' && !names.includes(name)) inYaml(file, path, `the name of a step of solution.yaml: ${names.join(', ') || 'none has one'}`, name, nearestWord(name, names));
  };
  for (const [id, { after }] of Object.entries(lesson.predictions)) nameKnown(['predictions', id, 'after'], after, yaml);
  for (const [index, { from, to, steps }] of lesson.alternates.entries()) {
    nameKnown(['alternates', index, 'from'], from, sources.proofYaml);
    nameKnown(['alternates', index, 'to'], to, sources.proofYaml);
    judgeSteps(steps, sources.proofYaml, ['alternates', index, 'steps'], known, inYaml);
  }
  for (const [index, { from, steps, check }] of lesson.mistakes.entries()) {
    nameKnown(['mistakes', index, 'from'], from, sources.proofYaml);
    if (!seen.has(check)) inYaml(sources.proofYaml, ['mistakes', index, 'check'], `a check: ${[...seen].join(', ')}`, check, nearestWord(check, [...seen]));
    judgeSteps(steps, sources.proofYaml, ['mistakes', index, 'steps'], known, inYaml);
  }
}

type Complain = (yaml: YamlText, path: Path, wanted: string, found: string, nearest?: string | null) => void;

function judgeSteps(steps: readonly SolutionStep[], yaml: YamlText, path: Path, { terminals, places }: { readonly terminals: readonly string[]; readonly places: readonly string[] }, complain: Complain): void {
  for (const [index, step] of steps.entries()) {
    if ('visit' in step && !places.includes(step.from)) complain(yaml, [...path, index, 'from'], `a place: ${places.join(', ')}`, step.from, nearestWord(step.from, places));
    if ('at' in step && step.at !== undefined && !terminals.includes(step.at)) complain(yaml, [...path, index, 'at'], `a terminal: ${terminals.join(', ')}`, step.at, nearestWord(step.at, terminals));
  }
}

function judgeValueName(name: string, places: readonly string[], complain: (wanted: string, nearest: string | null) => void): void {
  const parts = name.split('.');
  const [first = '', second = '', third] = parts;
  const ofObject = parts.length === 3 ? objectFields[first] : undefined;
  if (parts.length === 3 && ofObject === undefined && !places.includes(first)) complain(`PLACE.DEVICE.FIELD with a place of ${places.join(', ')}`, nearestWord(first, places));
  const fields: readonly string[] = ofObject !== undefined ? Object.keys(ofObject) : parts.length === 2 && places.includes(first) ? placeFields : deviceFields;
  const field = third ?? second;
  if (!fields.includes(field)) complain(`a field: ${fields.join(', ')}`, nearestWord(field, fields));
}

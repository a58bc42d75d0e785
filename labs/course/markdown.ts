/**
 * lesson.md to screens of blocks. The syntax is in docs/authoring.md; the tree is remark's (mdast, mdast-util-directive).
 *
 * Only leaf (`::name{}`) and container (`:::name{}`) directives exist here: the text form would read `10.40.0.6:8080` as one.
 */
import remarkDirective from 'remark-directive';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { type Processor, unified } from 'unified';
import type { Block, CourseProblem, OptionBlock, RichText, Screen } from '../../contracts/course.ts';
import { nearestWord, placeholdersIn } from '../../grading/index.ts';
import { type MarkdownNode, plainText, richText } from './richtext.ts';

export interface LessonText {
  readonly title: string;
  readonly screens: readonly Screen[];
  /** The line of each block that can be referred to: `check c1`, `question q1`, `predict p1`, `terminal vm`. */
  readonly lines: ReadonlyMap<string, number>;
}

const parser = unified().use(remarkParse).use(remarkGfm).use(blockDirectives);

/** remark-directive without the text form. */
function blockDirectives(this: Processor): void {
  remarkDirective.call(this as never);
  const extensions = (this.data() as { micromarkExtensions?: { flow?: unknown; text?: unknown }[] }).micromarkExtensions ?? [];
  const last = extensions.at(-1);
  if (last !== undefined) extensions[extensions.length - 1] = { flow: last.flow };
}

const directives: Readonly<Record<string, { readonly form: 'leafDirective' | 'containerDirective'; readonly required: readonly string[]; readonly optional: readonly string[] }>> = {
  run: { form: 'containerDirective', required: [], optional: ['terminal', 'rows', 'keys', 'stop'] },
  check: { form: 'leafDirective', required: ['id'], optional: [] },
  output: { form: 'leafDirective', required: ['of'], optional: ['terminal', 'at'] },
  predict: { form: 'containerDirective', required: ['id'], optional: ['before'] },
  question: { form: 'containerDirective', required: ['id'], optional: ['points', 'type'] },
  why: { form: 'containerDirective', required: [], optional: ['title'] },
  today: { form: 'containerDirective', required: [], optional: ['title'] },
  picture: { form: 'leafDirective', required: ['focus', 'text'], optional: [] },
};

/** `picture` answers the data: address of a picture that lies beside lesson.md. */
export function readLessonText(file: string, text: string, firstTerminal: string, problems: CourseProblem[], picture: (name: string) => string | undefined = () => undefined): LessonText {
  const root = parser.parse(text) as unknown as MarkdownNode;
  const reader = new Reader(file, firstTerminal, problems);
  reader.placePictures(root, picture);
  reader.read(root.children ?? []);
  return { title: reader.title, screens: reader.screens, lines: reader.lines };
}

class Reader {
  readonly #file: string;
  readonly #firstTerminal: string;
  readonly #problems: CourseProblem[];
  readonly lines = new Map<string, number>();
  readonly screens: { id: string; title: string; blocks: Block[] }[] = [];
  title = '';
  #prose: MarkdownNode[] = [];
  #runs = 0;

  constructor(file: string, firstTerminal: string, problems: CourseProblem[]) {
    this.#file = file;
    this.#firstTerminal = firstTerminal;
    this.#problems = problems;
  }

  /** Every picture becomes the bytes it names, or goes: nothing is ever fetched. */
  placePictures(node: MarkdownNode, picture: (name: string) => string | undefined): void {
    for (const child of node.children ?? []) this.placePictures(child, picture);
    if (node.type === 'imageReference') this.#problem(node, '', 'a picture as ![what it shows](file.png)', 'one by reference');
    if (node.type !== 'image') return;
    const name = node.url ?? '';
    const found = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) ? picture(name) : undefined;
    if (found?.startsWith('data:image/') !== true) this.#problem(node, '', 'a picture file beside lesson.md', name.slice(0, 80));
    else if ((node.alt ?? '').trim() === '') this.#problem(node, '', 'what the picture shows, in words: ![words](file.png)', 'none');
    node.url = found ?? '';
  }

  read(nodes: readonly MarkdownNode[]): void {
    for (const node of nodes) {
      if (node.type === 'heading' && node.depth === 1) {
        if (this.title !== '') this.#problem(node, '#', 'one title', 'a second one');
        this.title = plainText(node.children ?? []);
      } else if (node.type === 'heading' && node.depth === 2) {
        this.#flush();
        this.screens.push({ id: `s${this.screens.length + 1}`, title: plainText(node.children ?? []), blocks: [] });
      } else if (this.screens.length === 0) {
        this.#problem(node, '', 'a title (# ...) and then screens (## ...)', 'text before the first screen');
      } else {
        this.#node(node);
      }
    }
    this.#flush();
    if (this.title === '') this.#problem({ type: 'root' }, '#', 'a title: # ...', 'none');
  }

  #node(node: MarkdownNode): void {
    if (node.type === 'html') {
      this.#problem(node, '', 'Markdown', 'raw HTML, which is dropped');
    } else if (node.type === 'code') {
      this.#push({ kind: 'code', language: node.lang ?? '', text: node.value ?? '' });
    } else if (node.type === 'leafDirective' || node.type === 'containerDirective') {
      const block = this.#directive(node);
      if (block !== null) this.#push(block);
    } else {
      this.#prose.push(node);
    }
  }

  #push(block: Block): void {
    this.#flush();
    this.screens.at(-1)?.blocks.push(block);
  }

  #flush(): void {
    if (this.#prose.length === 0) return;
    this.screens.at(-1)?.blocks.push({ kind: 'prose', text: richText(this.#prose) });
    this.#prose = [];
  }

  #directive(node: MarkdownNode): Block | null {
    const name = node.name ?? '';
    const known = Object.hasOwn(directives, name) ? directives[name] : undefined;
    if (known === undefined) {
      this.#problem(node, name, `a directive: ${Object.keys(directives).join(', ')}`, name, nearestWord(name, Object.keys(directives)));
      return null;
    }
    if (known.form !== node.type) {
      this.#problem(node, name, known.form === 'leafDirective' ? `::${name}{...} on one line` : `:::${name} ... :::`, node.type === 'leafDirective' ? `::${name}` : `:::${name}`);
      return null;
    }
    const given = Object.entries(node.attributes ?? {}).map(([key, value]) => [key, value ?? ''] as const);
    for (const [key] of given) {
      const keys = [...known.required, ...known.optional];
      if (!keys.includes(key)) this.#problem(node, `${name}.${key}`, `one of ${keys.join(', ')}`, key, nearestWord(key, keys));
    }
    const attributes = Object.fromEntries(given);
    for (const key of known.required) {
      if (attributes[key] === undefined) {
        this.#problem(node, `${name}.${key}`, `${key}="..."`, 'nothing');
        return null;
      }
    }
    return this.#block(name, attributes, node);
  }

  #block(name: string, attributes: Readonly<Record<string, string>>, node: MarkdownNode): Block | null {
    const children = node.children ?? [];
    const id = attributes['id'] ?? '';
    const line = node.position?.start.line ?? 0;
    switch (name) {
      case 'run': return this.#run(attributes, children, node);
      case 'check':
        this.#name(`check ${id}`, line, node);
        return { kind: 'check', id };
      case 'output':
        return { kind: 'output', of: attributes['of'] ?? '', terminal: this.#terminal(attributes, node), place: attributes['at'] ?? null };
      case 'predict': {
        this.#name(`predict ${id}`, line, node);
        const { prompt, options } = this.#options(children, node);
        this.#expectRight(options, 1, node);
        return { kind: 'predict', id, before: attributes['before'] === undefined ? null : Number(attributes['before']), prompt, options };
      }
      case 'question': return this.#question(id, attributes, children, node);
      case 'picture':
        return { kind: 'picture', focus: (attributes['focus'] ?? '').split(/\s+/), text: richText([{ type: 'text', value: attributes['text'] ?? '' }]) };
      default:
        return { kind: name as 'why' | 'today', title: attributes['title'] ?? null, text: richText(children) };
    }
  }

  #run(attributes: Readonly<Record<string, string>>, children: readonly MarkdownNode[], node: MarkdownNode): Block | null {
    const fences = children.filter(({ type }) => type === 'code');
    const notes = children.filter(({ type }) => type !== 'code');
    const keys = attributes['keys']?.split(/\s+/) ?? null;
    if (fences.length === 0 && keys === null) {
      this.#problem(node, 'run', 'a fence with commands, or keys="..."', 'neither');
      return null;
    }
    const lines = fences.flatMap(({ value = '' }) => value.replace(/\\\n/g, '\\\u0000').split('\n').map((line) => line.replaceAll('\u0000', '\n'))).filter((line) => line.trim() !== '');
    return {
      kind: 'run',
      id: `r${++this.#runs}`,
      terminal: this.#terminal(attributes, node),
      rows: this.#rows(attributes['rows'] ?? '', node),
      lines: lines.map((text) => ({ text, values: placeholdersIn(text).filter((name) => name.includes('.')) })),
      keys,
      stop: attributes['stop'] ?? null,
      note: notes.length === 0 ? null : richText(notes),
    };
  }

  #question(id: string, attributes: Readonly<Record<string, string>>, children: readonly MarkdownNode[], node: MarkdownNode): Block | null {
    this.#name(`question ${id}`, node.position?.start.line ?? 0, node);
    const types = ['choose', 'multiple', 'value', 'point'] as const;
    const type = types.find((each) => each === (attributes['type'] ?? 'choose'));
    if (type === undefined) {
      this.#problem(node, 'question.type', `one of ${types.join(', ')}`, attributes['type'] ?? '', nearestWord(attributes['type'] ?? '', types));
      return null;
    }
    const { prompt, options } = this.#options(children, node);
    if (type === 'choose') this.#expectRight(options, 1, node);
    if (type === 'multiple' && !options.some(({ isRight }) => isRight)) this.#problem(node, 'question', 'at least one right option: - [x]', 'none');
    return { kind: 'question', id, type, points: Number(attributes['points'] ?? '0'), prompt, options };
  }

  /** The list's items: the first line is the option, what follows explains it. */
  #options(children: readonly MarkdownNode[], node: MarkdownNode): { prompt: RichText; options: OptionBlock[] } {
    const lists = children.filter(({ type }) => type === 'list');
    const options = lists.flatMap(({ children: items = [] }) => items).map((item): OptionBlock => {
      const [first, ...more] = item.children ?? [];
      const { head, tail } = splitAtLine(first?.children ?? []);
      if (item.checked === null || item.checked === undefined) this.#problem(item, node.name ?? '', 'an option: - [ ] or - [x]', plainText([item]));
      if (tail.length === 0 && more.length === 0) this.#problem(item, node.name ?? '', 'an explanation under every option', plainText([item]));
      const explained = [...(tail.length === 0 ? [] : [{ type: 'paragraph', children: tail }]), ...more];
      return { text: richText([{ type: 'paragraph', children: head }]), isRight: item.checked === true, explain: richText(explained) };
    });
    return { prompt: richText(children.filter(({ type }) => type !== 'list')), options };
  }

  #expectRight(options: readonly OptionBlock[], count: number, node: MarkdownNode): void {
    const right = options.filter(({ isRight }) => isRight).length;
    if (right !== count) this.#problem(node, node.name ?? '', `exactly ${count} right option: - [x]`, `${right} of ${options.length}`);
  }

  #terminal(attributes: Readonly<Record<string, string>>, node: MarkdownNode): string {
    const terminal = attributes['terminal'] ?? this.#firstTerminal;
    this.lines.set(`terminal ${terminal}`, node.position?.start.line ?? 0);
    return terminal;
  }

  #rows(text: string, node: MarkdownNode): number[] {
    const rows = text.split(/\s+/).filter((part) => part !== '').map(Number);
    if (rows.some((row) => !Number.isInteger(row) || row < 1)) this.#problem(node, 'run.rows', 'numbers', text);
    return rows;
  }

  #name(name: string, line: number, node: MarkdownNode): void {
    if (this.lines.has(name)) this.#problem(node, name, 'an id that is used once', `also on line ${this.lines.get(name)}`);
    this.lines.set(name, line);
  }

  #problem(node: MarkdownNode, key: string, wanted: string, found: string, nearest: string | null = null): void {
    this.#problems.push({ file: this.#file, line: node.position?.start.line ?? 1, key, wanted, found, nearest });
  }
}

function splitAtLine(nodes: readonly MarkdownNode[]): { head: MarkdownNode[]; tail: MarkdownNode[] } {
  for (const [index, node] of nodes.entries()) {
    const at = node.type === 'text' ? (node.value ?? '').indexOf('\n') : -1;
    if (at < 0) continue;
    const value = node.value ?? '';
    const head = value.slice(0, at) === '' ? [] : [{ ...node, value: value.slice(0, at) }];
    return { head: [...nodes.slice(0, index), ...head], tail: [{ ...node, value: value.slice(at + 1) }, ...nodes.slice(index + 1)] };
  }
  return { head: [...nodes], tail: [] };
}

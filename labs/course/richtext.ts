/**
 * Markdown prose to sanitised HTML with live values kept apart (see RichText in contracts/course.ts).
 *
 * Two walls: raw HTML in the Markdown is dropped by remark-rehype, and what is left passes rehype-sanitize with a list of
 * allowed elements that has no forms, styles or scripts. Pictures are bytes of the course's own by then (markdown.ts). Read https://github.com/syntax-tree/hast-util-sanitize.
 */
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import type { RichText } from '../../contracts/course.ts';
import { placeholdersIn } from '../../grading/index.ts';

/** Markdown syntax trees (mdast) as far as we touch them. */
export interface MarkdownNode {
  type: string;
  value?: string;
  children?: MarkdownNode[];
  checked?: boolean | null;
  depth?: number;
  lang?: string | null;
  meta?: string | null;
  url?: string;
  alt?: string | null;
  name?: string;
  attributes?: Record<string, string | null | undefined> | null;
  data?: Record<string, unknown>;
  position?: { start: { line: number } };
}

const allowed = {
  ...defaultSchema,
  tagNames: ['p', 'em', 'strong', 'del', 'code', 'kbd', 'a', 'ul', 'ol', 'li', 'blockquote', 'h3', 'h4', 'br', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'span', 'img'],
  attributes: { span: [['className', 'live-value'] as [string, string], 'dataValue'], a: ['href'], img: ['src', 'alt'], th: ['align'], td: ['align'], ol: ['start'] },
  protocols: { href: ['https'], src: ['data'] },
};

const toHtml = unified().use(remarkRehype).use(rehypeSanitize, allowed).use(rehypeStringify);

export function richText(nodes: readonly MarkdownNode[]): RichText {
  const values: string[] = [];
  const tree = { type: 'root', children: nodes.map((node) => withLiveValues(node, values)) };
  const hast = toHtml.runSync(tree as never);
  return { html: toHtml.stringify(hast as never).trim(), values: [...new Set(values)] };
}

/** The text of nodes without any markup. */
export function plainText(nodes: readonly MarkdownNode[]): string {
  return nodes.map((node) => node.value ?? plainText(node.children ?? [])).join('');
}

function withLiveValues(node: MarkdownNode, values: string[]): MarkdownNode {
  if (node.type === 'text' && node.value !== undefined) {
    const parts = split(node.value, values);
    return parts.length === 1 && parts[0]?.type === 'text' ? node : { type: 'liveText', data: { hName: 'span' }, children: parts };
  }
  if (node.type === 'inlineCode' && node.value !== undefined && placeholdersIn(node.value).some(isLive)) {
    return { type: 'liveCode', data: { hName: 'code' }, children: split(node.value, values) };
  }
  if (node.children === undefined) return node;
  const children = node.children.flatMap((child) => {
    const made = withLiveValues(child, values);
    return made.type === 'liveText' ? (made.children as MarkdownNode[]) : [made];
  });
  return { ...node, children };
}

/** Only dotted names are live values of a lesson; `{{missing}}` belongs to a check's hints. */
function isLive(name: string): boolean {
  return name.includes('.');
}

function split(text: string, values: string[]): MarkdownNode[] {
  const parts: MarkdownNode[] = [];
  let rest = text;
  for (const name of allPlaceholders(text)) {
    const mark = `{{${name}}}`;
    const at = rest.indexOf(mark);
    if (at > 0) parts.push({ type: 'text', value: rest.slice(0, at) });
    parts.push({ type: 'liveValue', data: { hName: 'span', hProperties: { className: ['live-value'], dataValue: name } }, children: [] });
    values.push(name);
    rest = rest.slice(at + mark.length);
  }
  if (rest !== '') parts.push({ type: 'text', value: rest });
  return parts;
}

/** Every occurrence in order, repeated ones too. */
function allPlaceholders(text: string): string[] {
  const found: string[] = [];
  for (const name of placeholdersIn(text).filter(isLive)) {
    for (let at = text.indexOf(`{{${name}}}`); at >= 0; at = text.indexOf(`{{${name}}}`, at + 1)) found.push(`${String(at).padStart(8, '0')} ${name}`);
  }
  return found.sort((a, b) => (a < b ? -1 : 1)).map((each) => each.slice(9));
}

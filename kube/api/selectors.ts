/**
 * Label selectors (apimachinery/pkg/labels/selector.go) and field selectors (pkg/fields/selector.go), with the messages
 * of the real parsers.
 */
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import { badRequest } from './status.ts';
import { labelKeyProblems, labelValueProblems } from './names.ts';

export type Labels = Readonly<Record<string, string>>;
type Operator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export type Matcher = (labels: Labels | undefined) => boolean;

export const everything: Matcher = () => true;

function matches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case 'in': return value !== undefined && values.includes(value);
    case '!=':
    case 'notin': return value === undefined || !values.includes(value);
    case 'exists': return value !== undefined;
    case '!': return value === undefined;
    case '>': return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0]);
    case '<': return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0]);
  }
}

function matcherOf(requirements: readonly Requirement[]): Matcher {
  if (requirements.length === 0) return everything;
  return (labels) => requirements.every((requirement) => matches(requirement, labels ?? {}));
}

/** Labels that must all be there. */
export function matchesLabels(wanted: Labels): Matcher {
  return matcherOf(Object.entries(wanted).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** metav1.LabelSelector, as workloads and network policies carry it: an empty one matches all, none at all nothing. */
export function matchesSelector(selector: LabelSelector | undefined): Matcher {
  if (selector === undefined) return () => false;
  const operators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };
  const requirements: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) requirements.push({ key, operator: operators[operator]!, values: values ?? [] });
  return matcherOf(requirements);
}

/** Parses `app=web,env in (a,b),!old`; throws the 400 the real parser's message leads to. */
export function parseLabelSelector(text: string): Matcher {
  const tokens = scan(text);
  let at = 0;
  // A word is an operator only where one can stand: `in in (in)`.
  const peek = (): Token => tokens[at]!;
  const take = (): Token => tokens[at++]!;
  const isWord = (token: Token): boolean => token.kind === 'word' || token.kind === 'in' || token.kind === 'notin';
  const isClause = (token: Token): boolean => isWord(token) || token.kind === '!';
  const requirements: Requirement[] = [];
  while (peek().kind !== 'end') {
    if (!isClause(peek())) refuse(`found '${peek().text}', expected: !, identifier, or 'end of string'`);
    try {
      requirements.push(requirement());
    } catch (error) {
      if (error instanceof Problem) refuse(`unable to parse requirement: ${error.message}`);
      throw error;
    }
    const next = take();
    if (next.kind === 'end') break;
    if (next.kind !== ',') refuse(`found '${next.text}', expected: ',' or 'end of string'`);
    if (!isClause(peek())) refuse(`found '${peek().text}', expected: identifier after ','`);
  }
  return matcherOf(requirements);

  function requirement(): Requirement {
    let token = take();
    const isAbsent = token.kind === '!';
    if (isAbsent) token = take();
    if (!isWord(token)) throw new Problem(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyProblems = labelKeyProblems(key);
    if (keyProblems.length > 0) throw new Problem(`invalid label key "${key}": ${keyProblems.join('; ')}`);
    if (isAbsent) return { key, operator: '!', values: [] };
    if (peek().kind === 'end' || peek().kind === ',') return { key, operator: 'exists', values: [] };
    const operator = take();
    let values: readonly string[];
    switch (operator.kind) {
      case 'in':
      case 'notin':
        values = valueList();
        break;
      case '=':
      case '!=':
      case '<':
      case '>':
        values = [exactValue()];
        break;
      default: throw new Problem(`found '${operator.text}', expected: '=', '!=', '==', 'in', notin'`);
    }
    if ((operator.kind === '<' || operator.kind === '>') && !/^[+-]?\d+$/.test(values[0]!)) {
      throw new Problem("for 'Gt', 'Lt' operators, the value must be an integer");
    }
    for (const value of values) {
      const problems = labelValueProblems(value);
      if (problems.length > 0) throw new Problem(`invalid label value: "${value}": at key: "${key}": ${problems.join('; ')}`);
    }
    return { key, operator: operator.kind, values };
  }

  function exactValue(): string {
    if (peek().kind === 'end' || peek().kind === ',') return '';
    const token = take();
    if (!isWord(token)) throw new Problem(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  function valueList(): readonly string[] {
    const open = take();
    if (open.kind !== '(') throw new Problem(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    for (;;) {
      // Between commas nothing means the empty value: `(a,,b)`, `()`.
      if (isWord(peek())) values.add(take().text);
      else if (peek().kind === ',' || peek().kind === ')') values.add('');
      else throw new Problem(`found '${peek().text}', expected: ',', ${values.size === 0 ? "')' or" : 'or'} identifier`);
      const next = take();
      if (next.kind === ')') return [...values];
      if (next.kind !== ',') throw new Problem(`found '${next.text}', expected: ',' or ')'`);
    }
  }
}

class Problem extends Error {}

function refuse(message: string): never {
  throw badRequest(message);
}

interface Token {
  readonly kind: 'word' | 'in' | 'notin' | '=' | '!=' | '<' | '>' | '!' | '(' | ')' | ',' | 'end';
  readonly text: string;
}

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) break;
    const [, symbol, word] = match;
    if (symbol !== undefined) tokens.push({ kind: symbol === '==' ? '=' : symbol as Token['kind'], text: symbol });
    else if (word !== undefined) tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'word', text: word });
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

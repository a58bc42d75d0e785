/**
 * The `filter` parameter of lists, in the form gcloud sends: `(name eq ".*\bweb\b.*") AND (zone ne "...")`. A regular expression must match the whole
 * value. https://cloud.google.com/compute/docs/reference/rest/v1/instances/list
 */
import { invalid } from './http.ts';
import { text, type JsonObject } from './json.ts';

export function matcher(filter: string): (object: JsonObject) => boolean {
  const tokens = [...filter.matchAll(/\(|\)|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s()]+/g)].map(([token]) => token);
  let at = 0;
  const bad = (): Error => invalid('filter', filter, 'Invalid list filter expression.');
  const any = (): ((object: JsonObject) => boolean) => {
    const parts = [all()];
    while (tokens[at] === 'OR') {
      at += 1;
      parts.push(all());
    }
    return (object) => parts.some((part) => part(object));
  };
  const all = (): ((object: JsonObject) => boolean) => {
    const parts = [one()];
    while (at < tokens.length && tokens[at] !== ')' && tokens[at] !== 'OR') {
      if (tokens[at] === 'AND') at += 1;
      parts.push(one());
    }
    return (object) => parts.every((part) => part(object));
  };
  const one = (): ((object: JsonObject) => boolean) => {
    if (tokens[at] === 'NOT') {
      at += 1;
      const negated = one();
      return (object) => !negated(object);
    }
    if (tokens[at] === '(') {
      at += 1;
      const inside = any();
      if (tokens[at] !== ')') throw bad();
      at += 1;
      return inside;
    }
    const [key, operator, value] = tokens.slice(at, at + 3);
    at += 3;
    if (key === undefined || value === undefined || !['eq', 'ne', '=', '!='].includes(operator ?? '')) throw bad();
    const plain = value.replace(/^(["'])(.*)\1$/s, '$2').replaceAll('\\"', '"');
    const pattern = operator === 'eq' || operator === 'ne' ? new RegExp(`^(?:${plain})$`, 's') : undefined;
    const isNegated = operator === 'ne' || operator === '!=';
    return (object) => {
      const found = key.split('.').reduce<unknown>((inside, name) => (typeof inside === 'object' && inside !== null ? (inside as Readonly<Record<string, unknown>>)[name] : undefined), object);
      const shown = typeof found === 'object' ? '' : found === undefined ? text(object, key) : String(found as string);
      return (pattern === undefined ? shown === plain : pattern.test(shown)) !== isNegated;
    };
  };
  const whole = any();
  if (at < tokens.length) throw bad();
  return whole;
}

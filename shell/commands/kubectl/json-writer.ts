/** JSON as Go's encoding/json prints it: keys sorted, four spaces, and <, > and & escaped. */

export function toJson(value: unknown, indent = 4): string {
  const text = indent === 0 ? JSON.stringify(sorted(value)) : JSON.stringify(sorted(value), null, indent);
  return text.replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, field]) => [name, sorted(field)]));
}

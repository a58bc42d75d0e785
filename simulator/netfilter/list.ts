/** An explicit list by name that refuses duplicates. */
export function listOf<T extends { readonly name: string }>(what: string, items: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    if (map.has(item.name)) throw new Error(`two ${what} extensions are called ${item.name}`);
    map.set(item.name, item);
  }
  return map;
}

/** Members that copies of the world share (SHARED in state.ts) are never written in place: a change puts a new collection there. */

export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

/** The same map when it has no such key. */
export function withoutEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map;
  const made = new Map(map);
  made.delete(key);
  return made;
}

/** The list with another member in the place of one. */
export function replaced<Member>(list: readonly Member[], one: Member, other: Member): readonly Member[] {
  return list.map((member) => (member === one ? other : member));
}

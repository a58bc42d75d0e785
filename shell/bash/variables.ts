/** Shell variables: scalars, arrays, attributes, scopes. Read first: bash(1) "PARAMETERS", bash's variables.c */

export interface Variable {
  /** undefined: declared but unset. */
  value: string | undefined;
  indexed: IndexedArray | undefined;
  associative: Map<string, string> | undefined;
  isExported: boolean;
  isReadOnly: boolean;
  isInteger: boolean;
  isNameref: boolean;
  isTraced: boolean;
  /** An array that was declared and never given a list or an element. */
  isBare: boolean;
  letterCase: 'as-is' | 'lower' | 'upper' | 'capital';
  /** Only this shell may change it in place; a fork makes its own copy first. */
  owner: object;
}

/** Indexed arrays are sparse; elements come in the order of their numbers. */
export class IndexedArray {
  private items: Map<number, string>;
  private isSorted = true;
  private last = -1;

  constructor(values: Iterable<string> = []) {
    this.items = new Map();
    for (const value of values) this.set(this.last + 1, value);
  }

  get size(): number {
    return this.items.size;
  }
  get(index: number): string | undefined {
    return this.items.get(index);
  }
  set(index: number, value: string): void {
    if (index > this.last) this.last = index;
    else if (!this.items.has(index)) this.isSorted = false;
    this.items.set(index, value);
  }
  delete(index: number): void {
    this.items.delete(index);
    if (index === this.last) this.last = Math.max(-1, ...this.items.keys());
  }
  clear(): void {
    this.items.clear();
    this.isSorted = true;
    this.last = -1;
  }
  /** One past the highest index. */
  get end(): number {
    return this.last + 1;
  }
  private sort(): void {
    if (this.isSorted) return;
    this.items = new Map([...this.items].sort((a, b) => a[0] - b[0]));
    this.isSorted = true;
  }
  keys(): number[] {
    this.sort();
    return [...this.items.keys()];
  }
  values(): string[] {
    this.sort();
    return [...this.items.values()];
  }
  entries(): [number, string][] {
    this.sort();
    return [...this.items];
  }
  clone(): IndexedArray {
    const copy = new IndexedArray();
    copy.items = new Map(this.items);
    copy.isSorted = this.isSorted;
    copy.last = this.last;
    return copy;
  }
}

/** A function's local variables, or the assignments before a command. */
export interface Scope { readonly variables: Map<string, Variable>; readonly isTemporary: boolean }

export function newVariable(owner: object, value?: string): Variable {
  return { value, indexed: undefined, associative: undefined, isExported: false, isReadOnly: false, isInteger: false, isNameref: false, isTraced: false, isBare: false, letterCase: 'as-is', owner };
}

export function cloneVariable(variable: Variable, owner: object): Variable {
  return { ...variable, owner, indexed: variable.indexed?.clone(), associative: variable.associative === undefined ? undefined : new Map(variable.associative) };
}

export function isSet(variable: Variable | undefined): variable is Variable {
  if (variable === undefined) return false;
  if (variable.indexed !== undefined) return variable.indexed.size > 0;
  if (variable.associative !== undefined) return variable.associative.size > 0;
  return variable.value !== undefined;
}

/** $name: of an array, element 0. */
export function scalarOf(variable: Variable | undefined): string | undefined {
  if (variable === undefined) return undefined;
  if (variable.indexed !== undefined) return variable.indexed.get(0);
  if (variable.associative !== undefined) return variable.associative.get('0');
  return variable.value;
}

/** bash keeps associative arrays in a hash table of 1024 buckets and lists them in that order. */
export function associativeKeys(array: ReadonlyMap<string, string>): string[] {
  let buckets = 1024;
  while (array.size >= buckets * 2) buckets *= 4;
  const order = new Map<string, number>();
  for (const key of array.keys()) order.set(key, hash(key) & (buckets - 1));
  // A later entry stands before an earlier one of the same bucket.
  return [...array.keys()].reverse().sort((a, b) => order.get(a)! - order.get(b)!);
}

function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    value = Math.imul(value, 16777619);
    if (code < 128) value ^= code;
    else for (const byte of utf8Bytes(code)) value ^= byte;
  }
  return value >>> 0;
}

function utf8Bytes(code: number): number[] {
  return code < 0x800 ? [0xc0 | (code >> 6), 0x80 | (code & 63)] : [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
}

export function applyCase(variable: Variable, value: string): string {
  if (variable.letterCase === 'as-is') return value;
  if (variable.letterCase === 'lower') return value.toLowerCase();
  if (variable.letterCase === 'upper') return value.toUpperCase();
  return value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase();
}

export const VALID_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

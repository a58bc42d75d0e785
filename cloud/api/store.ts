/** The objects of one project, by path below the API's root: `projects/p/zones/z/instances/n`. */
import { base64 } from '../../simulator/bytes.ts';
import { pacificTimestamp } from '../calendar.ts';
import type { CloudRuntime } from '../runtime.ts';
import { notFound } from './http.ts';
import { text, type JsonObject } from './json.ts';

export const COMPUTE_ROOT = 'https://www.googleapis.com/compute/v1/';

/** Any JSON object with the fields every compute object has. */
export interface ComputeObject extends JsonObject {
  readonly kind: string;
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly selfLink: string;
}

export class ComputeStore {
  readonly project: string;
  private readonly byPath = new Map<string, ComputeObject>();
  private readonly runtime: CloudRuntime;
  private changeCount = 0;

  constructor(project: string, runtime: CloudRuntime) {
    this.project = project;
    this.runtime = runtime;
  }

  /** How often anything was created, changed or deleted. */
  get changes(): number {
    return this.changeCount;
  }

  find(path: string): ComputeObject | undefined {
    return this.byPath.get(path);
  }

  /** Throws what the API answers for what is not there. */
  get(path: string): ComputeObject {
    const found = this.byPath.get(path);
    if (found === undefined) throw notFound(path);
    return found;
  }

  /** Of one collection, in one scope or (no scope) everywhere: sorted by name, scopes in order. */
  list(collection: string, scope?: string): ComputeObject[] {
    const found: [string, ComputeObject][] = [];
    for (const [path, object] of this.byPath) {
      const parts = path.split('/');
      if (parts.at(-2) !== collection) continue;
      if (scope === undefined || parts.slice(2, -2).join('/') === scope) found.push([path, object]);
    }
    return found.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
  }

  /** Puts an object in place with the fields the API fills in. */
  create(path: string, kind: string, fields: JsonObject): ComputeObject {
    const made: ComputeObject = { ...fields, kind: `compute#${kind}`, id: text(fields, 'id') || this.newId(), creationTimestamp: text(fields, 'creationTimestamp') || this.timestamp(), name: path.slice(path.lastIndexOf('/') + 1), selfLink: COMPUTE_ROOT + path };
    this.byPath.set(path, made);
    this.changeCount += 1;
    return made;
  }

  change(path: string, fields: JsonObject): ComputeObject {
    const made = { ...this.get(path), ...fields } as ComputeObject;
    this.byPath.set(path, made);
    this.changeCount += 1;
    return made;
  }

  delete(path: string): void {
    this.byPath.delete(path);
    this.changeCount += 1;
  }

  timestamp(): string {
    return pacificTimestamp(this.runtime.nowMs());
  }

  /** Nineteen digits, as they look. */
  newId(): string {
    const { dice } = this.runtime;
    return `${1 + dice.below(8)}${Array.from({ length: 3 }, () => String(dice.below(1_000_000)).padStart(6, '0')).join('')}`;
  }

  fingerprint(): string {
    return base64(this.runtime.dice.bytes(8));
  }
}

/** `https://www.googleapis.com/compute/v1/projects/p/...`, `projects/p/...` or `zones/z/...` as a path below the root. */
export function pathOf(link: string, project: string): string {
  const at = link.search(/(?:^|\/)projects\//);
  if (at !== -1) return link.slice(link[at] === '/' ? at + 1 : at);
  return `projects/${project}/${link.replace(/^\//, '')}`;
}

export function linkTo(path: string): string {
  return COMPUTE_ROOT + path;
}

/** Long-running changes of the Compute API: accepted at once, done a little later. https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_responses */
import { hexByte } from '../../simulator/bytes.ts';
import type { CloudRuntime } from '../runtime.ts';
import { ApiError } from './http.ts';
import { child, objects, text, type JsonObject } from './json.ts';
import { linkTo, type ComputeObject, type ComputeStore } from './store.ts';

/** How long changes of a collection take; twice as much is possible. */
const durationsMs: Readonly<Record<string, number>> = { instances: 10_000, firewalls: 2500, routes: 4000, networks: 8000, subnetworks: 6000, forwardingRules: 2500, addresses: 1200, targetPools: 1500, instanceGroups: 4000, urlMaps: 4000, targetHttpProxies: 4000 };
const DURATION_MS = 1500;

export class Operations {
  private readonly store: ComputeStore;
  private readonly runtime: CloudRuntime;
  private readonly user: string;
  private readonly waiting = new Map<string, ((error: string | undefined) => void)[]>();

  constructor(store: ComputeStore, runtime: CloudRuntime, user: string) {
    this.store = store;
    this.runtime = runtime;
    this.user = user;
  }

  /** Begins one about the object at `target`; `finish` runs when it is done and may throw what went wrong. */
  begin(type: string, target: string, finish: () => void): ComputeObject {
    const { store, runtime } = this;
    const [, , ...rest] = target.split('/');
    const scope = rest.slice(0, rest.length > 1 ? (rest[0] === 'global' ? 1 : 2) : 0).join('/') || 'global';
    const name = `operation-${runtime.nowMs()}-${[...runtime.dice.bytes(6)].map(hexByte).join('')}-${[...runtime.dice.bytes(4)].map(hexByte).join('')}-${[...runtime.dice.bytes(4)].map(hexByte).join('')}`;
    const path = `projects/${store.project}/${scope}/operations/${name}`;
    const timestamp = store.timestamp();
    const place: JsonObject = scope === 'global' ? {} : { [scope.startsWith('zones/') ? 'zone' : 'region']: linkTo(`projects/${store.project}/${scope}`) };
    const operation = store.create(path, 'operation', { operationType: type, targetLink: linkTo(target), targetId: store.find(target)?.id ?? store.newId(), status: 'RUNNING', user: this.user, progress: 0, insertTime: timestamp, startTime: timestamp, ...place });
    const usualMs = durationsMs[target.split('/').at(-2) ?? ''] ?? DURATION_MS;
    runtime.after(usualMs + runtime.dice.below(usualMs), () => {
      const done: JsonObject = { status: 'DONE', progress: 100, endTime: store.timestamp() };
      try {
        finish();
        store.change(path, done);
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) throw thrown;
        store.change(path, { ...done, error: { errors: [{ code: thrown.reason, message: thrown.message }] }, httpErrorStatusCode: thrown.code, httpErrorMessage: thrown.status });
      }
      const waiting = this.waiting.get(path) ?? [];
      this.waiting.delete(path);
      for (const tell of waiting) tell(this.errorOf(path));
    });
    return operation;
  }

  /** When the operation is over; at once if it is. */
  whenDone(path: string, done: (error: string | undefined) => void): void {
    const waiting = this.waiting.get(path);
    if (this.store.find(path)?.['status'] !== 'RUNNING') done(this.errorOf(path));
    else if (waiting === undefined) this.waiting.set(path, [done]);
    else waiting.push(done);
  }

  private errorOf(path: string): string | undefined {
    const error = child(this.store.find(path), 'error');
    return error === undefined ? undefined : text(objects(error, 'errors')[0], 'message');
  }
}

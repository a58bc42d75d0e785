/** Changes that must wait for each other: what controllers of cloud objects are made of. */
import { ApiError } from './api/http.ts';
import type { Operations } from './api/operations.ts';

/** Does something and answers the operation to wait for, if there is one. */
export type Step = () => string | undefined;

/** Runs steps one after the other, each when the operation of the one before is done; `done` is told what went wrong. */
export function runSteps(operations: Operations, steps: readonly Step[], done: (message: string | undefined) => void): void {
  const [first, ...rest] = steps;
  if (first === undefined) return done(undefined);
  let operation: string | undefined;
  try {
    operation = first();
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    return done(`googleapi: Error ${thrown.code}: ${thrown.message}, ${thrown.reason}`);
  }
  if (operation === undefined) return runSteps(operations, rest, done);
  operations.whenDone(operation, (error) => (error === undefined ? runSteps(operations, rest, done) : done(error)));
}

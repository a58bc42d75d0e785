/**
 * metav1.Status, the answer when something went wrong, and the error that carries it
 * (apimachinery/pkg/api/errors/errors.go).
 */
import type { Status, StatusDetails } from 'kubernetes-types/meta/v1';

export type { Status, StatusDetails };

export type StatusReason =
  | 'Unauthorized' | 'Forbidden' | 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Gone' | 'Expired' | 'Invalid' | 'BadRequest'
  | 'MethodNotAllowed' | 'NotAcceptable' | 'UnsupportedMediaType' | 'RequestEntityTooLarge' | 'TooManyRequests' | 'Timeout'
  | 'InternalError' | 'ServiceUnavailable' | '';

/** Which resource an error speaks of: `deployments.apps` in its message. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** One thing that is wrong with an object; `badValue` is printed as Go prints it. */
export interface FieldCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(code: number, reason: StatusReason, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = {
      kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message,
      ...(reason === '' ? {} : { reason }), ...(details === undefined ? {} : { details }), code,
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): StatusReason {
    return (this.status.reason ?? '') as StatusReason;
  }

  get details(): StatusDetails | undefined {
    return this.status.details;
  }
}

export function isReason(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

/** `deployments.apps`, or `pods` in the core group. */
export function qualified({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf(of: GroupResource, name: string): StatusDetails {
  return { name, ...(of.group === '' ? {} : { group: of.group }), kind: of.resource };
}

export function notFound(of: GroupResource, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(of)} "${name}" not found`, detailsOf(of, name));
}

/** The answer to a path nobody serves. */
export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(of: GroupResource, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(of)} "${name}" already exists`, detailsOf(of, name));
}

export function conflict(of: GroupResource, name: string, why: string): StatusError {
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`, detailsOf(of, name));
}

export const objectModified = 'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(of: GroupResource, name: string, why: string): StatusError {
  const what = name === '' ? `${qualified(of)} is forbidden` : `${qualified(of)} "${name}" is forbidden`;
  return new StatusError(403, 'Forbidden', `${what}: ${why}`, detailsOf(of, name));
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** `kind` here is the kind (Deployment), not the resource: Kubernetes is like that. */
export function invalid(kind: { readonly group: string; readonly kind: string }, name: string, causes: readonly FieldCause[]): StatusError {
  const shown = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const all = shown.length === 1 ? shown[0]! : `[${[...new Set(shown)].join(', ')}]`;
  const what = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError(422, 'Invalid', `${what} "${name}" is invalid: ${all}`, {
    ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), ...(kind.kind === '' ? {} : { kind: kind.kind }), causes: causes.map((cause) => ({ ...cause })),
  });
}

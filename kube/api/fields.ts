/**
 * Field selectors: which fields each kind can be selected by (Kubernetes: pkg/apis/core/v1/conversion.go,
 * AddFieldLabelConversion*) and the parser of apimachinery/pkg/fields/selector.go.
 */
import type { AnyObject, Resource } from './kinds.ts';
import { badRequest } from './status.ts';

export type FieldMatcher = (object: AnyObject) => boolean;

const common = ['metadata.name', 'metadata.namespace'];

const fieldsByResource: Partial<Record<Resource, readonly string[]>> = {
  pods: [...common, 'spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'status.phase', 'status.podIP', 'status.podIPs', 'status.nominatedNodeName'],
  nodes: ['metadata.name', 'spec.unschedulable'],
  replicationcontrollers: [...common, 'status.replicas'],
  events: [
    ...common, 'involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion',
    'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type',
  ],
  namespaces: ['metadata.name', 'status.phase'],
  secrets: [...common, 'type'],
  jobs: [...common, 'status.successful'],
};

/** Fields whose text is not simply what the path leads to. */
const derived: Record<string, (object: AnyObject) => string> = {
  'spec.unschedulable': (object) => String(at(object, ['spec', 'unschedulable']) ?? false),
  'status.successful': (object) => String(at(object, ['status', 'succeeded']) ?? 0),
  'status.replicas': (object) => String(at(object, ['status', 'replicas']) ?? 0),
  source: (object) => String(at(object, ['source', 'component']) ?? at(object, ['reportingComponent']) ?? ''),
};

function at(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const step of path) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}

export function textOf(object: AnyObject, field: string): string {
  const special = derived[field];
  if (special !== undefined) return special(object);
  const value = at(object, field.split('.'));
  return typeof value === 'string' ? value : '';
}

interface Term {
  readonly field: string;
  readonly isWanted: boolean;
  readonly value: string;
}

/** Parses `spec.nodeName=node-1,status.phase!=Failed`; throws a 400 with the real parser's message. */
export function parseFieldSelector(resource: Resource, text: string): FieldMatcher {
  const allowed = fieldsByResource[resource] ?? common;
  const terms: Term[] = [];
  for (const term of splitTerms(text)) {
    const parsed = parseTerm(term);
    if (parsed === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const field = resource === 'pods' && parsed.field === 'spec.host' ? 'spec.nodeName' : parsed.field;
    if (!allowed.includes(field)) {
      throw badRequest(fieldsByResource[resource] === undefined
        ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"` : `field label not supported: ${field}`);
    }
    terms.push({ ...parsed, field });
  }
  return (object) => terms.every(({ field, isWanted, value }) => (textOf(object, field) === value) === isWanted);
}

/** A field and the one value of it that a selector lets through, where the selector is as simple as that. */
export function soleValue(text: string | undefined): { readonly field: string; readonly value: string } | undefined {
  const match = /^(metadata\.name|spec\.nodeName)=([-.a-z0-9]+)$/.exec(text ?? '');
  return match === null ? undefined : { field: match[1]!, value: match[2]! };
}

function parseTerm(term: string): Term | undefined {
  for (let index = 0; index < term.length; index += 1) {
    for (const operator of ['!=', '==', '=']) {
      if (term.startsWith(operator, index)) {
        return { field: term.slice(0, index), isWanted: operator !== '!=', value: unescaped(term.slice(index + operator.length)) };
      }
    }
  }
  return undefined;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') {
      term += text.slice(index, index + 2);
      index += 1;
    } else if (text[index] === ',') {
      terms.push(term);
      term = '';
    } else term += text[index];
  }
  terms.push(term);
  return terms.filter((one) => one !== '');
}

function unescaped(value: string): string {
  let plain = '';
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index]!;
    if (character === '\\') {
      const next = value[index + 1];
      if (next !== '\\' && next !== ',' && next !== '=') throw badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      plain += next;
      index += 1;
    } else if (character === ',' || character === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    } else plain += character;
  }
  return plain;
}

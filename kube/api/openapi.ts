/**
 * The API described in OpenAPI 2, made of the tables of schema.ts and resources.ts: what clients check manifests by, merge lists by and
 * explain fields by (kube-openapi/pkg/generators/openapi.go; the names are those of Kubernetes' own document).
 */
import { descriptionOf } from './descriptions.ts';
import { places, servedVersions } from './resources.ts';
import { structNamed, type Field, type Scalar, type Struct, type Type } from './schema.ts';

/** A schema as far as Kubernetes uses OpenAPI. */
export interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
  readonly [extension: `x-${string}`]: unknown;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly parameters: readonly { readonly in: 'query'; readonly name: string; readonly type: string; readonly uniqueItems: true }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly 'x-kubernetes-group-version-kind': Kind;
}

export interface OpenApiDocument {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, { readonly patch: OpenApiOperation }>>;
  readonly definitions: Readonly<Record<string, OpenApiSchema>>;
}

interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

/** Kinds that are sent and answered, but not kept. */
const passing: readonly (readonly [struct: string, group: string])[] = [
  ['core/v1.Binding', ''], ['autoscaling/v1.Scale', 'autoscaling'], ['meta/v1.DeleteOptions', ''],
  ...['SelfSubjectAccessReview', 'SubjectAccessReview', 'LocalSubjectAccessReview', 'SelfSubjectRulesReview'].map((kind) => [`authorization/v1.${kind}`, 'authorization.k8s.io'] as const),
];

/** Types of one JSON value that have a name of their own. */
const named: Partial<Record<Scalar, readonly [name: string, schema: OpenApiSchema]>> = {
  Time: ['io.k8s.apimachinery.pkg.apis.meta.v1.Time', { type: 'string', format: 'date-time', description: 'A moment, as RFC 3339 writes it.' }],
  MicroTime: ['io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', { type: 'string', format: 'date-time', description: 'A moment with microseconds.' }],
  Quantity: ['io.k8s.apimachinery.pkg.api.resource.Quantity', { type: 'string', description: 'An amount with a unit: 100m, 64Mi, 2.' }],
  IntOrString: ['io.k8s.apimachinery.pkg.util.intstr.IntOrString', { type: 'string', format: 'int-or-string', description: 'A number, or text such as a name or a percentage.' }],
  Raw: ['io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', { type: 'object', description: 'Fields as a tree of their names.' }],
};

const plain: Partial<Record<Scalar, OpenApiSchema>> = {
  string: { type: 'string' }, bool: { type: 'boolean' }, bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer', format: 'int32' }, int64: { type: 'integer', format: 'int64' }, float64: { type: 'number', format: 'double' },
};

/** `io.k8s.api.core.v1.PodSpec` */
export function definitionName({ place, name }: Struct): string {
  return `${place === 'meta/v1' ? 'io.k8s.apimachinery.pkg.apis.meta.v1' : `io.k8s.api.${place.replace('/', '.')}`}.${name}`;
}

/** The name and form of a type that is one JSON value. */
export function scalarSchema(scalar: Scalar): readonly [name: string | undefined, schema: OpenApiSchema] {
  return named[scalar] ?? [undefined, plain[scalar]!];
}

/** The struct that a kind of a version is described by. */
export function structOfKind(group: string, version: string, kind: string): Struct | undefined {
  try {
    return structNamed(`${group === '' ? 'core' : group.split('.')[0]!}/${version}.${kind}`);
  } catch {
    return undefined;
  }
}

export function openApiDocument(minor: number): OpenApiDocument {
  const roots = new Map<Struct, Kind>();
  const paths: Record<string, { readonly patch: OpenApiOperation }> = {};
  for (const info of places) {
    for (const version of servedVersions(info, minor)) {
      const { group, kind, resource } = info;
      roots.set(structOfKind(group, version, kind)!, { group, kind, version });
      const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      // Clients look here for whether dry runs and field validation are understood, and at nothing else.
      paths[`${base}/${info.isNamespaced ? 'namespaces/{namespace}/' : ''}${resource}/{name}`] = { patch: {
        operationId: `patch${operationGroup(group)}${capital(version)}${info.isNamespaced ? 'Namespaced' : ''}${kind}`,
        parameters: ['dryRun', 'fieldManager', ...(minor >= 25 ? ['fieldValidation'] : []), 'force'].map((name) => ({ in: 'query', name, type: name === 'force' ? 'boolean' : 'string', uniqueItems: true })),
        responses: { 200: { description: 'OK' } }, 'x-kubernetes-group-version-kind': { group, kind, version },
      } };
    }
  }
  for (const [name, group] of [...passing, [`policy/${minor >= 22 ? 'v1' : 'v1beta1'}.Eviction`, 'policy'] as const]) {
    const struct = structNamed(name);
    roots.set(struct, { group, kind: struct.name, version: struct.goPackage });
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: `v1.${minor}` }, paths: inNameOrder(paths), definitions: inNameOrder(definitions(roots, minor)) };
}

function definitions(roots: ReadonlyMap<Struct, Kind>, minor: number): Record<string, OpenApiSchema> {
  const all: Record<string, OpenApiSchema> = {};
  const describe = (struct: Struct): string => {
    const name = definitionName(struct);
    if (all[name] !== undefined) return name;
    // Known before it is described: types hold themselves.
    all[name] = {};
    const fields = [...struct.fields.values()].filter(({ sinceMinor }) => sinceMinor <= minor);
    const required = fields.filter(({ isRequired }) => isRequired).map((field) => field.name);
    const kind = roots.get(struct);
    all[name] = {
      description: descriptionOf(struct),
      ...(required.length === 0 ? {} : { required }),
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.name, { ...schemaOf(field.type), description: descriptionOf(struct, field.name), ...extensions(field) }])),
      ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': [kind] }),
    };
    return name;
  };
  const schemaOf = (type: Type): OpenApiSchema => {
    switch (type.is) {
      case 'struct': return { $ref: `#/definitions/${describe(type.struct)}` };
      case 'list': return { type: 'array', items: schemaOf(type.item) };
      case 'map': return { type: 'object', additionalProperties: schemaOf(type.item) };
      case 'scalar': {
        const [name, schema] = scalarSchema(type.scalar);
        if (name === undefined) return schema;
        all[name] = schema;
        return { $ref: `#/definitions/${name}` };
      }
    }
  };
  for (const struct of roots.keys()) describe(struct);
  return all;
}

function extensions({ patchStrategies, mergeKey, listType, listKeys }: Field): Partial<OpenApiSchema> {
  return {
    ...(listKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': listKeys }),
    ...(listType === undefined ? {} : { 'x-kubernetes-list-type': listType }),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(patchStrategies.length === 0 ? {} : { 'x-kubernetes-patch-strategy': patchStrategies.join(',') }),
  };
}

function operationGroup(group: string): string {
  return group === '' ? 'Core' : group.replace(/\.k8s\.io$/, '').split('.').map(capital).join('');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function inNameOrder<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Names, labels, owners and finalizers (apimachinery/pkg/api/validation/objectmeta.go), and selectors by label. */
import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1';
import type { StoredMeta } from '../kinds.ts';
import { label1035Problems, labelKeyProblems, labelProblems, labelValueProblems, subdomainProblems } from '../names.ts';

import { goMap, goStrings, type GoText, type Problems } from './problems.ts';

export type NameRule = 'subdomain' | 'label' | 'label1035' | 'path';

const nameProblems: Record<NameRule, (name: string) => readonly string[]> = {
  subdomain: subdomainProblems,
  label: labelProblems,
  label1035: label1035Problems,
  /** RBAC: anything that can be a segment of a path. */
  path: (name) => [...(name === '.' || name === '..' ? [`may not be '${name}'`] : []), ...['/', '%'].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`)],
};

const annotationsLimitBytes = 256 * 1024;
const standardFinalizers = new Set(['foregroundDeletion', 'orphan', 'kubernetes']);

export function checkMetadata(meta: ObjectMeta, rule: NameRule, problems: Problems): void {
  const names = nameProblems[rule];
  if (meta.generateName !== undefined) {
    // A prefix may end in what a name may not end in.
    problems.invalidAll('metadata.generateName', meta.generateName, names(meta.generateName.replace(/-$/, 'a')));
  }
  if ((meta.name ?? '') === '') problems.required('metadata.name', 'name or generateName is required');
  else problems.invalidAll('metadata.name', meta.name, names(meta.name!));
  checkCommon(meta, problems);
  for (const finalizer of meta.finalizers ?? []) {
    problems.invalidAll('metadata.finalizers', finalizer, labelKeyProblems(finalizer));
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      problems.invalid(`metadata.finalizers[${meta.finalizers!.indexOf(finalizer)}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
    }
  }
}

export function checkMetadataUpdate(meta: ObjectMeta, old: StoredMeta, problems: Problems): void {
  if (old.deletionTimestamp !== undefined) {
    const added = (meta.finalizers ?? []).filter((one) => !(old.finalizers ?? []).includes(one)).sort();
    if (added.length > 0) problems.forbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(added).go}`);
  }
  checkCommon(meta, problems);
}

function checkCommon(meta: ObjectMeta, problems: Problems): void {
  checkLabels('metadata.labels', meta.labels, problems);
  let size = 0;
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    problems.invalidAll('metadata.annotations', key, labelKeyProblems(key.toLowerCase()));
    size += key.length + value.length;
  }
  if (size > annotationsLimitBytes) problems.tooLong('metadata.annotations', annotationsLimitBytes);
  let controller = '';
  for (const owner of meta.ownerReferences ?? []) {
    const path = 'metadata.ownerReferences';
    if (owner.apiVersion === '') problems.invalid(`${path}.apiVersion`, owner.apiVersion, 'version must not be empty');
    if (owner.kind === '') problems.invalid(`${path}.kind`, owner.kind, 'kind must not be empty');
    if (owner.name === '') problems.invalid(`${path}.name`, owner.name, 'name must not be empty');
    if (owner.uid === '') problems.invalid(`${path}.uid`, owner.uid, 'uid must not be empty');
    if (owner.controller !== true) continue;
    if (controller !== '') problems.invalid(path, goOwners(meta), `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.name}`);
    else controller = owner.name;
  }
}

function goOwners({ ownerReferences = [] }: ObjectMeta): GoText {
  const all = ownerReferences.map(({ apiVersion, kind, name, uid }) => (
    `v1.OwnerReference{APIVersion:${JSON.stringify(apiVersion)}, Kind:${JSON.stringify(kind)}, Name:${JSON.stringify(name)}, UID:${JSON.stringify(uid)}, Controller:(*bool)(0xc000012345), BlockOwnerDeletion:(*bool)(nil)}`
  ));
  return { go: `[]v1.OwnerReference{${all.join(', ')}}` };
}

export function checkLabels(path: string, labels: Readonly<Record<string, string>> | undefined, problems: Problems): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    problems.invalidAll(path, key, labelKeyProblems(key));
    problems.invalidAll(path, value, labelValueProblems(value));
  }
}

const selectorOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

export function checkSelector(path: string, selector: LabelSelector, problems: Problems): void {
  checkLabels(`${path}.matchLabels`, selector.matchLabels, problems);
  for (const [index, { key, operator, values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) problems.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) problems.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else problems.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    problems.invalidAll(`${at}.key`, key, labelKeyProblems(key));
  }
}

/** Whether it can be made into a selector at all. */
export function isSelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.entries(matchLabels ?? {}).every(([key, value]) => labelKeyProblems(key).length === 0 && labelValueProblems(value).length === 0)
    && (matchExpressions ?? []).every(({ key, operator, values = [] }) => selectorOperators.includes(operator) && (operator === 'In' || operator === 'NotIn') === (values.length > 0)
      && labelKeyProblems(key).length === 0 && values.every((value) => labelValueProblems(value).length === 0));
}

export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;
}

export function goSelector(selector: LabelSelector): GoText {
  const expressions = selector.matchExpressions?.map(({ key, operator, values }) => (
    `v1.LabelSelectorRequirement{Key:${JSON.stringify(key)}, Operator:${JSON.stringify(operator)}, Values:${goStrings(values).go}}`
  ));
  const list = expressions === undefined ? '(nil)' : `{${expressions.join(', ')}}`;
  return { go: `v1.LabelSelector{MatchLabels:${goMap(selector.matchLabels).go}, MatchExpressions:[]v1.LabelSelectorRequirement${list}}` };
}


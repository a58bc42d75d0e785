/** `kubectl auth can-i` (kubectl/pkg/cmd/auth/cani.go). */
import { RULE_COLUMNS, ruleLines, type Rule } from './describe/rules.ts';
import { KubectlProblem } from './problem.ts';
import type { Command, Session } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';

const RESOURCE_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'use', 'bind', 'impersonate', '*']);
const PATH_VERBS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'head', 'options', 'delete', 'patch', '*']);

export const canI: Command = async (session) => {
  const { flags } = session;
  if (flags.is('list')) return listAll(session);
  const [verb, what, ...more] = flags.operands;
  if (verb === undefined || what === undefined || more.length > 0) throw new KubectlProblem('you must specify two or three arguments: verb, resource, and optional resourceName');
  const spec = what.startsWith('/') ? { nonResourceAttributes: { verb, path: what } } : { resourceAttributes: await resourceAttributes(session, verb, what) };
  if (what.startsWith('/')) {
    if (flags.text('subresource') !== '') throw new KubectlProblem('--subresource can not be used with NonResourceURL');
    if (!PATH_VERBS.has(verb)) session.err(`Warning: verb '${verb}' is not a known verb`);
  }
  if (flags.is('no-headers')) throw new KubectlProblem('--no-headers cannot be set without --list specified');
  const { allowed = false, reason = '' } = await review<{ allowed?: boolean; reason?: string }>(session, 'SelfSubjectAccessReview', spec);
  if (!flags.is('quiet')) session.out(allowed ? 'yes' : reason === '' ? 'no' : `no - ${reason}`);
  return allowed ? 0 : 1;
};

async function resourceAttributes(session: Session, verb: string, what: string): Promise<object> {
  const { flags } = session;
  const [word = '', name] = what.split(/\/(.*)/s);
  const isEverywhere = flags.is('all-namespaces');
  const found = word === '*' ? undefined : await (await session.discovery()).find(word.toLowerCase()).catch((error: unknown) => {
    if (!(error instanceof KubectlProblem)) throw error;
    const [resource, group] = word.toLowerCase().split(/\.(.*)/s);
    session.err(`Warning: the server doesn't have a resource type '${resource}'${group === undefined ? '' : ` in group '${group}'`}`);
    return undefined;
  });
  if (!isEverywhere && found?.isNamespaced === false) session.err(`Warning: resource '${found.name}' is not namespace scoped${found.group === '' ? '' : ` in group '${found.group}'`}`);
  if (!isEverywhere && !RESOURCE_VERBS.has(verb)) session.err(`Warning: verb '${verb}' is not a known verb`);
  return {
    ...(isEverywhere ? {} : { namespace: await session.namespace() }), verb, ...((found?.group ?? '') === '' ? {} : { group: found!.group }), resource: found?.name ?? word,
    ...(flags.text('subresource') === '' ? {} : { subresource: flags.text('subresource') }), ...(name === undefined ? {} : { name }),
  };
}

async function listAll(session: Session): Promise<number> {
  const { flags } = session;
  if (flags.operands.length > 0) throw new KubectlProblem('list option must be specified with no arguments');
  if (flags.is('quiet') || flags.is('all-namespaces') || flags.text('subresource') !== '') throw new KubectlProblem("list option can't be specified with neither quiet, all-namespaces nor subresource options");
  const { resourceRules = [], nonResourceRules = [] } = await review<{ resourceRules?: Rule[]; nonResourceRules?: Rule[] }>(session, 'SelfSubjectRulesReview', { namespace: await session.namespace() });
  const lines = [...(flags.is('no-headers') ? [] : [RULE_COLUMNS]), ...ruleLines([...resourceRules, ...nonResourceRules])];
  session.call.write(`${new TabWriter(TABLE).format(lines.join('\n'))}\n`);
  return 0;
}

async function review<Status>(session: Session, kind: string, spec: object): Promise<Status> {
  const answer = await (await session.api()).json('POST', `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, { body: { apiVersion: 'authorization.k8s.io/v1', kind, spec } });
  return (answer['status'] ?? {}) as Status;
}

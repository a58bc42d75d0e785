/** Commands that bring manifests to the server: apply, create -f, replace, patch, edit, delete, diff. */
import { jsonPatch, mergePatch, readGoYaml, strategicMergePatch, toldTogether } from '../../ports/kube.ts';
import { pathOf, query, resourceName } from './discovery.ts';
import { toJson } from './json-writer.ts';
import { report } from './messages.ts';
import { isNotFound, KubectlProblem, ServerProblem } from './problem.ts';
import type { JsonObject } from './rest.ts';
import type { Command, KubeObject, Session, Subject } from './session.ts';
import { schemaOf, threeWayPatch } from './three-way.ts';
import { toYaml } from './yaml-writer.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const APPLY_MANAGER = 'kubectl-client-side-apply';

function filesOf({ flags }: Session): string[] {
  if (flags.has('kustomize')) throw new KubectlProblem('podwire: kubectl: option --kustomize is not simulated yet', { exit: 125, isWhole: true });
  const files = flags.list('filename');
  if (files.length === 0) throw new KubectlProblem('must specify one of -f and -k');
  return files;
}

/**
 * Each object of the manifests in turn; what the server refuses is kept, and the next one tried. At the end all of it is said: what was wrong with
 * the files counts as one when there is more, and is told first by `apply`, last by the others (cli-runtime resource/visitor.go, util.CheckErr).
 */
async function eachManifest(session: Session, act: (subject: Subject & { object: KubeObject }) => Promise<void>): Promise<number> {
  const ofFiles: string[] = [];
  const ofServer: { readonly alone: string; readonly amongOthers: string }[] = [];
  let endedFile: string | undefined;
  for (const { object, source, problem } of await session.manifests(filesOf(session), true)) {
    if (problem !== undefined) ofFiles.push(problem.message);
    if (object === undefined || source === endedFile) continue;
    let subject: Subject;
    try {
      subject = await session.locate(object, source);
    } catch (error) {
      if (!(error instanceof KubectlProblem)) throw error;
      ofFiles.push(error.message);
      endedFile = source;
      continue;
    }
    try {
      await act(subject as Subject & { object: KubeObject });
    } catch (error) {
      if (!(error instanceof KubectlProblem)) throw error;
      if (error instanceof ServerProblem) {
        const { reason = '', message = '' } = error.status;
        const among = `Error from server${reason === '' ? '' : ` (${reason})`}: ${error.doing ?? `error when ${VERBS[session.command] ?? 'applying'}`} ${JSON.stringify(source)}: ${message}`;
        ofServer.push({ alone: reason === 'Invalid' ? error.message : among, amongOthers: among });
      } else ofServer.push({ alone: `error: ${error.message}`, amongOthers: error.message });
    }
  }
  const grouped = ofServer.length === 0 || ofFiles.length < 2 ? ofFiles : [toldTogether(ofFiles)];
  if (grouped.length + ofServer.length === 1) session.err(grouped.length === 1 ? `error: ${grouped[0]!}` : ofServer[0]!.alone);
  else {
    const others = ofServer.map(({ amongOthers }) => amongOthers);
    for (const line of session.command === 'apply' ? [...grouped, ...others] : [...others, ...grouped]) session.err(line);
  }
  return ofFiles.length + ofServer.length > 0 ? 1 : 0;
}
const VERBS: Readonly<Record<string, string>> = { create: 'creating', replace: 'replacing', apply: 'creating' };

export const apply: Command = (session) => {
  if (session.flags.is('prune')) throw new KubectlProblem('podwire: kubectl: option --prune is not simulated yet', { exit: 125, isWhole: true });
  return eachManifest(session, async (subject) => {
    const { object, info } = subject;
    const isServerDryRun = session.dryRun() === 'server';
    if (session.flags.is('server-side')) {
      const manager = session.flags.text('field-manager') || 'kubectl';
      const body = { ...object, metadata: { ...object.metadata, name: subject.name } };
      return report(session, subject, await session.patch(subject, 'apply', toJson(body, 0), { manager, isDryRun: isServerDryRun, force: session.flags.is('force-conflicts') }), 'serverside-applied');
    }
    const modified = withLastApplied(object, subject.namespace);
    const current = await found(session, subject);
    if (current === undefined) {
      const made = session.dryRun() === 'client' ? modified : await session.create(info, subject.namespace, modified, { manager: APPLY_MANAGER, isDryRun: isServerDryRun });
      return report(session, subject, made, 'created');
    }
    const last = current.metadata?.annotations?.[LAST_APPLIED];
    if (last === undefined) session.err(`Warning: resource ${info.name}/${subject.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.`);
    const original = last === undefined ? {} : (JSON.parse(last) as JsonObject);
    const patch = threeWayPatch(original, modified, current, schemaOf(object.apiVersion ?? '', object.kind ?? ''));
    if (Object.keys(patch).length === 0) return report(session, subject, current, 'unchanged');
    const changed = session.dryRun() === 'client' ? current : await session.patch(subject, 'strategic', patch, { manager: APPLY_MANAGER, isDryRun: isServerDryRun })
      .catch(whileDoing(`error when applying patch:\n${JSON.stringify(patch)}\nto:\n${placeOf(subject)}\nfor:`));
    return report(session, subject, changed, 'configured');
  });
};

/** A refusal, with what it was that was refused. */
function whileDoing(doing: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof ServerProblem ? new ServerProblem(error.status, doing) : error;
  };
}

function placeOf({ info, namespace = '', name }: Subject): string {
  const version = `${info.group}/${info.version}`;
  return `Resource: "${version}, Resource=${info.name}", GroupVersionKind: "${version}, Kind=${info.kind}"\nName: "${name}", Namespace: "${namespace}"`;
}

async function found(session: Session, subject: Subject): Promise<KubeObject | undefined> {
  try {
    return await session.get(subject.info, subject.namespace, subject.name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    return whileDoing(`error when retrieving current configuration of:\n${placeOf(subject)}\nfrom server for:`)(error);
  }
}

/** The annotation holds the manifest as it was, without itself. */
function withLastApplied(object: KubeObject, namespace: string | undefined): KubeObject {
  const annotations = { ...object.metadata?.annotations };
  delete annotations[LAST_APPLIED];
  const metadata = { ...object.metadata, annotations, ...(namespace === undefined ? {} : { namespace }) };
  const bare = { ...object, metadata };
  return { ...object, metadata: { ...metadata, name: object.metadata?.name ?? '', annotations: { ...annotations, [LAST_APPLIED]: `${toJson(bare, 0)}\n` } } };
}

export const createFromFiles: Command = (session) => eachManifest(session, async (subject) => {
  const object = session.flags.is('save-config') ? withLastApplied(subject.object, subject.namespace) : subject.object;
  const made = session.dryRun() === 'client' ? object : await session.create(subject.info, subject.namespace, object, { manager: 'kubectl-create', isDryRun: session.dryRun() === 'server' });
  await report(session, subject, made, 'created');
});

export const replace: Command = (session) => eachManifest(session, async (subject) => {
  const api = await session.api();
  if (session.flags.is('force')) {
    await remove(session, subject, 0);
    await report(session, subject, await session.create(subject.info, subject.namespace, subject.object, { manager: 'kubectl-replace' }), 'replaced');
    return;
  }
  const object = subject.object;
  if (session.dryRun() === 'client') return report(session, subject, object, 'replaced');
  const put = (await api.json('PUT', `${pathOf(subject.info, subject.namespace, subject.name)}${query({ fieldManager: 'kubectl-replace', dryRun: session.dryRun() === 'server' ? 'All' : undefined })}`, { body: `${JSON.stringify(object)}\n` })) as KubeObject;
  await report(session, subject, put, 'replaced');
});

export const patch: Command = async (session) => {
  const { flags } = session;
  const text = flags.has('patch-file') ? await session.call.sys.readText(flags.text('patch-file')) : { ok: true as const, value: flags.text('patch') };
  if (!text.ok) throw new KubectlProblem(`unable to read patch file: open ${flags.text('patch-file')}: no such file or directory`);
  if (text.value === '') throw new KubectlProblem('must specify --patch or --patch-file containing the contents of the patch');
  const type = flags.text('type');
  if (type !== 'strategic' && type !== 'merge' && type !== 'json') throw new KubectlProblem(`--type must be one of [json merge strategic], not ${JSON.stringify(type)}`);
  let body: unknown;
  try {
    // What begins as JSON is not read, but sent as it stands.
    body = text.value.trimStart().startsWith('{') && session.dryRun() !== 'client' && !flags.is('local') ? text.value : readGoYaml(text.value);
  } catch (error) {
    throw new KubectlProblem(`unable to parse ${JSON.stringify(text.value)}: ${(error as Error).message}`);
  }
  if ((typeof body !== 'object' || body === null) && body !== text.value) throw new KubectlProblem(`unable to parse ${JSON.stringify(text.value)}: json: cannot unmarshal ${typeof body} into Go value of type map[string]interface {}`);
  for (const subject of await session.targets(flags.operands, { isLocal: flags.is('local') })) {
    if (flags.is('local') || session.dryRun() === 'client') {
      const object = subject.object ?? (await session.get(subject.info, subject.namespace, subject.name));
      const local = type === 'json' ? jsonPatch(object, body) : type === 'merge' ? mergePatch(object, body) : strategicMergePatch(object, body, schemaOf(object.apiVersion ?? '', object.kind ?? '')!);
      await report(session, subject, local as KubeObject, 'patched');
      continue;
    }
    const changed = await session.patch(subject, type, body, { manager: 'kubectl-patch', isDryRun: session.dryRun() === 'server' });
    const isSame = changed.metadata?.resourceVersion === subject.object?.metadata?.resourceVersion;
    await report(session, subject, changed, isSame ? 'patched (no change)' : 'patched');
  }
  return 0;
};

// ---------------------------------------------------------------- delete

export const deleteObjects: Command = async (session) => {
  const { flags } = session;
  const grace = flags.is('now') ? 1 : flags.is('force') && !flags.has('grace-period') ? 0 : flags.number('grace-period');
  if (flags.is('force') && grace === 0) session.err('warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.');
  if (flags.is('all') && flags.text('selector') !== '') throw new KubectlProblem('cannot set --all and --selector at the same time');
  let exit = 0;
  const gone: Subject[] = [];
  const subjects = await session.targets(flags.operands, { isLocal: true });
  if (subjects.length === 0) session.out('No resources found');
  for (const subject of subjects) {
    try {
      if (session.dryRun() !== 'client') {
        const left = await remove(session, subject, grace);
        gone.push({ ...subject, object: left });
      }
      const printed = flags.text('output') === 'name' ? `${resourceName(subject.info)}/${subject.name}` : `${resourceName(subject.info)} "${subject.name}" ${grace === 0 && flags.is('force') ? 'force ' : ''}deleted${session.dryRunSuffix()}`;
      session.out(printed);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      if (isNotFound(error) && flags.is('ignore-not-found')) continue;
      session.err(error.message);
      exit = 1;
    }
  }
  await session.call.flush();
  if (flags.text('wait') !== 'false' && session.dryRun() === 'none') for (const subject of gone) await untilGone(session, subject, flags.durationMs('timeout'));
  return exit;
};

async function remove(session: Session, { info, namespace, name }: Subject, grace: number): Promise<KubeObject | undefined> {
  const cascade = session.flags.text('cascade');
  const propagationPolicy = cascade === 'false' || cascade === 'orphan' ? 'Orphan' : cascade === 'foreground' ? 'Foreground' : 'Background';
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy, ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}) };
  const answer = await (await session.api()).json('DELETE', `${pathOf(info, namespace, name)}${query({ dryRun: session.dryRun() === 'server' ? 'All' : undefined })}`, { body });
  return answer['kind'] === 'Status' ? undefined : (answer as KubeObject);
}

/** Waits by watching, as the real one does: the prompt comes back when the object is gone. */
async function untilGone(session: Session, { info, namespace, name, object }: Subject, timeoutMs: number): Promise<void> {
  const { sys } = session.call;
  const untilUs = timeoutMs > 0 ? sys.monotonicUs() + timeoutMs * 1000 : Infinity;
  for (;;) {
    try {
      const now = await session.get(info, namespace, name);
      if (object?.metadata?.uid !== undefined && now.metadata?.uid !== object.metadata.uid) return;
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    if (sys.monotonicUs() >= untilUs) throw new KubectlProblem(`timed out waiting for the condition on ${info.name}/${name}`);
    await sys.sleep(500_000);
  }
}

// ---------------------------------------------------------------- edit, diff

export const edit: Command = async (session) => {
  const { sys, env } = session.call;
  const editor = env.get('KUBE_EDITOR') || env.get('EDITOR') || 'vi';
  let exit = 0;
  for (const subject of await session.targets(session.flags.operands)) {
    const isJson = session.flags.text('output') === 'json';
    const before = isJson ? `${toJson(subject.object)}\n` : toYaml(subject.object);
    const head = `# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n`;
    const path = `/tmp/kubectl-edit-${sys.random(2 ** 30).toString(36)}.${isJson ? 'json' : 'yaml'}`;
    await sys.writeFile(path, head + before, { mode: 0o600 });
    const program = sys.findProgram(editor.split(' ')[0]!);
    if (!program.ok) throw new KubectlProblem(`unable to launch the editor "${editor}"`);
    const child = await sys.spawn(program.value, { argv: [...editor.split(' '), path] });
    if (child.ok) await sys.wait(child.value);
    const text = await sys.readText(path);
    const after = text.ok ? text.value.split('\n').filter((line) => !line.startsWith('#')).join('\n') : '';
    sys.unlink(path);
    if (after.trim() === '' || after === before) {
      session.err('Edit cancelled, no changes made.');
      continue;
    }
    try {
      const edited = readGoYaml(after) as KubeObject;
      const patched = await session.patch(subject, 'strategic', threeWayPatch(subject.object!, edited, subject.object!, schemaOf(edited.apiVersion ?? '', edited.kind ?? '')), { manager: 'kubectl-edit' });
      await report(session, subject, patched, 'edited');
    } catch (error) {
      const kept = `${path.replace('kubectl-edit', 'kubectl-edit-kept')}`;
      await sys.writeFile(kept, after, { mode: 0o600 });
      session.err(error instanceof KubectlProblem ? error.message : `error: ${(error as Error).message.split('\n')[0]}`);
      session.err(`A copy of your changes has been stored to ${JSON.stringify(kept)}`);
      session.err('error: Edit cancelled, no valid changes were saved.');
      exit = 1;
    }
  }
  return exit;
};

export const diff: Command = async (session) => {
  const { sys } = session.call;
  let exit = 0;
  const changed: string[] = [];
  const [live, merged] = ['LIVE', 'MERGED'].map((name) => `/tmp/${name}-${sys.random(1e9)}`) as [string, string];
  sys.makeDirectory(live);
  sys.makeDirectory(merged);
  for (const { object, source } of await session.manifests(filesOf(session))) {
    const subject = await session.locate(object, source);
    const current = await found(session, subject);
    const next = current === undefined ? await session.create(subject.info, subject.namespace, object, { manager: 'kubectl', isDryRun: true })
      : await session.patch(subject, 'strategic', threeWayPatch(JSON.parse(current.metadata?.annotations?.[LAST_APPLIED] ?? '{}') as JsonObject, withLastApplied(object, subject.namespace), current, schemaOf(object.apiVersion ?? '', object.kind ?? '')), { isDryRun: true });
    const file = `${(object.apiVersion ?? '').replace('/', '.')}.${object.kind}.${subject.namespace ?? ''}.${subject.name}`;
    const texts = [current === undefined ? '' : toYaml(current), toYaml(next)] as const;
    await sys.writeFile(`${live}/${file}`, texts[0]);
    await sys.writeFile(`${merged}/${file}`, texts[1]);
    if (texts[0] !== texts[1]) changed.push(file);
  }
  const program = sys.findProgram('diff');
  if (!program.ok) throw new KubectlProblem('failed to run "diff": executable file not found in $PATH');
  // As diff compares two directories: each pair that differs under its own line.
  for (const file of changed.toSorted()) {
    session.out(`diff -u -N ${live}/${file} ${merged}/${file}`);
    await session.call.flush();
    const child = await sys.spawn(program.value, { argv: ['diff', '-u', '-N', `${live}/${file}`, `${merged}/${file}`] });
    const ended = child.ok ? await sys.wait(child.value) : undefined;
    if (ended?.ok === true && ended.value?.status.kind === 'exited') exit = Math.max(exit, ended.value.status.code);
  }
  return exit;
};

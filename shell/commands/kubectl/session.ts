/** One run of kubectl: its flags, the cluster it talks to, and how it prints. Commands are functions of this. */
import type { Sys } from '../../../machine/sys.ts';
import type { Invocation } from '../define.ts';
import { formatTime } from '../../lib/calendar.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { configPaths, inCluster, readConfig, targetOf, type KubeConfig, type Target } from './config-file.ts';
import { Discovery, pathOf, query, type ResourceInfo } from './discovery.ts';
import type { Flags } from './flags.ts';
import { decode, inOrder, isObject, jsonStream, manifestProblems, readGoYaml, structNamed, toldTogether, typeProblem, WrongType, YamlProblem } from '../../ports/kube.ts';
import { KubectlProblem, usageProblem } from './problem.ts';
import { ApiConnection, type JsonObject } from './rest.ts';

export type Command = (session: Session) => Promise<number> | number;

export interface Metadata { readonly name: string; readonly namespace?: string; readonly uid?: string; readonly resourceVersion?: string; readonly generation?: number; readonly creationTimestamp?: string; readonly deletionTimestamp?: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string>; readonly generateName?: string; readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string; readonly controller?: boolean }[] }
export interface KubeObject extends JsonObject { apiVersion?: string; kind?: string; metadata?: Metadata }

/** A document of a file, or what is wrong with it. */
export interface Manifest { readonly object?: KubeObject; readonly source: string; readonly problem?: KubectlProblem }

/** An object a command works on: where it is on the server, and what it was there or in a file. */
export interface Subject { readonly info: ResourceInfo; readonly namespace: string | undefined; readonly name: string; readonly object: KubeObject | undefined; readonly source: string }

const NEEDS_RESOURCES = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

export class Session {
  readonly call: Invocation;
  readonly command: string;
  readonly flags: Flags;
  private hasWarned = false;
  private connection: ApiConnection | undefined;
  private known: Discovery | undefined;
  private loaded: { readonly config: KubeConfig; readonly target: Target } | undefined;

  constructor(call: Invocation, command: string, flags: Flags) {
    this.call = call;
    this.command = command;
    this.flags = flags;
  }

  async config(): Promise<{ readonly config: KubeConfig; readonly target: Target }> {
    if (this.loaded !== undefined) return this.loaded;
    const config = await readConfig(this.call.sys, configPaths(this.flags, this.call.env), this.flags.has('kubeconfig'));
    return (this.loaded = { config, target: await inCluster(this.call.sys, this.call.env, targetOf(config, this.flags)) });
  }

  async api(): Promise<ApiConnection> {
    return (this.connection ??= await this.apiFor(this.call.sys));
  }

  /** A connection of another process of this run. */
  async apiFor(sys: Sys): Promise<ApiConnection> {
    const { server, token } = (await this.config()).target;
    const [user, groups] = [this.flags.text('as'), this.flags.list('as-group').filter((group) => group !== '')];
    const headers: [string, string][] = [...(token === undefined ? [] : [['Authorization', `Bearer ${token}`] as [string, string]]), ...(user === '' ? [] : [['Impersonate-User', user] as [string, string]]), ...(groups.length === 0 ? [] : [['Impersonate-Group', groups.join(',')] as [string, string]])];
    return new ApiConnection(sys, server, headers, (text) => { this.err(`Warning: ${text}`); });
  }

  async discovery(): Promise<Discovery> {
    return (this.known ??= new Discovery(this.call.sys, await this.api(), this.call.env.get('HOME') ?? '/root'));
  }

  async namespace(): Promise<string> {
    return (await this.config()).target.namespace;
  }

  close(): void {
    this.connection?.close();
  }

  out(line: string): void {
    this.call.out(line);
  }
  err(line: string): void {
    this.call.err(line);
  }

  async get(info: ResourceInfo, namespace: string | undefined, name: string): Promise<KubeObject> {
    return (await (await this.api()).get(pathOf(info, namespace, name))) as KubeObject;
  }

  async list(info: ResourceInfo, namespace: string | undefined, selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {}): Promise<KubeObject[]> {
    const answer = (await (await this.api()).get(`${pathOf(info, namespace)}${query({ ...selectors, limit: '500' })}`)) as { items?: KubeObject[]; apiVersion?: string; kind?: string };
    const kind = answer.kind?.replace(/List$/, '') ?? info.kind;
    return (answer.items ?? []).map((item) => ({ apiVersion: answer.apiVersion ?? '', kind, ...item }));
  }

  async byName(resource: string, namespace: string | undefined, name: string): Promise<KubeObject> {
    return this.get(await (await this.discovery()).find(resource), namespace, name);
  }

  async patch(target: Pick<Subject, 'info' | 'namespace' | 'name'>, type: 'strategic' | 'merge' | 'json' | 'apply', patch: unknown, options: { readonly manager?: string; readonly subresource?: string; readonly isDryRun?: boolean; readonly force?: boolean } = {}): Promise<KubeObject> {
    const contentType = { strategic: 'application/strategic-merge-patch+json', merge: 'application/merge-patch+json', json: 'application/json-patch+json', apply: 'application/apply-patch+yaml' }[type];
    const search = query({ dryRun: options.isDryRun === true ? 'All' : undefined, fieldManager: options.manager, force: options.force === true ? 'true' : undefined });
    return (await (await this.api()).json('PATCH', `${pathOf(target.info, target.namespace, target.name, options.subresource)}${search}`, { contentType, body: patch })) as KubeObject;
  }

  async create(info: ResourceInfo, namespace: string | undefined, object: KubeObject, { manager, isDryRun = false }: { readonly manager: string; readonly isDryRun?: boolean }): Promise<KubeObject> {
    return (await (await this.api()).json('POST', `${pathOf(info, namespace)}${query({ dryRun: isDryRun ? 'All' : undefined, fieldManager: manager })}`, { body: `${JSON.stringify(object)}\n` })) as KubeObject;
  }

  // ---------------------------------------------------------------- what a command is about

  /**
   * Objects named by words and files (cli-runtime resource.Builder): `pod a b`, `pod/a svc/b`, `pods`, `pods,services`, -f FILE, -l SELECTOR.
   * Reads each from the server unless `isLocal`. A kind without names needs a selector, --all or `allowsAll`.
   */
  async targets(words: readonly string[], { allowsAll = false, isLocal = false, readsFiles = true, fieldSelector }: { readonly allowsAll?: boolean; readonly isLocal?: boolean; readonly readsFiles?: boolean; readonly fieldSelector?: string } = {}): Promise<Subject[]> {
    const files = readsFiles ? this.flags.list('filename') : [];
    if (files.length > 0) {
      if (words.length > 0) throw new KubectlProblem('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well');
      return this.fromFiles(files, isLocal);
    }
    if (words.length === 0) throw this.command === 'expose' ? usageProblem(this.command, NEEDS_RESOURCES) : new KubectlProblem(NEEDS_RESOURCES);
    const found: Subject[] = [];
    for (const { info, names } of await this.mentioned(words)) {
      const namespace = info.isNamespaced ? (this.flags.is('all-namespaces') ? undefined : await this.namespace()) : undefined;
      // What expose is given is for the Service it makes.
      const labelSelector = this.command === 'expose' ? '' : this.flags.text('selector');
      if (names.length > 0) {
        if (labelSelector !== '') throw new KubectlProblem('name cannot be provided when a selector is specified');
        if (info.isNamespaced && namespace === undefined) throw new KubectlProblem('a resource cannot be retrieved by name across all namespaces');
        for (const name of names) found.push({ info, namespace, name, object: isLocal ? undefined : await this.get(info, namespace, name), source: `${info.name}/${name}` });
      } else {
        if (!allowsAll && labelSelector === '' && !this.flags.is('all')) throw new KubectlProblem('resource(s) were provided, but no name, label selector, or --all flag specified');
        const selected = await this.list(info, namespace, { labelSelector, ...(fieldSelector === undefined ? {} : { fieldSelector }) });
        for (const object of selected) found.push({ info, namespace: object.metadata?.namespace, name: object.metadata?.name ?? '', object, source: '' });
      }
    }
    return found;
  }

  /** Kinds and names out of words, before anything is read. */
  async mentioned(words: readonly string[]): Promise<{ readonly info: ResourceInfo; readonly names: string[] }[]> {
    const discovery = await this.discovery();
    if (words.some((word) => word.includes('/'))) {
      const result: { info: ResourceInfo; names: string[] }[] = [];
      for (const word of words) {
        const parts = word.split('/');
        if (parts.length !== 2) {
          if (parts.length === 1) throw new KubectlProblem('there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. \'kubectl get resource/<resource_name>\' instead of \'kubectl get resource resource/<resource_name>\'');
          throw new KubectlProblem('arguments in resource/name form may not have more than one slash');
        }
        if (parts[0] === '' || parts[1] === '') throw new KubectlProblem('arguments in resource/name form must have a single resource and name');
        result.push({ info: await discovery.find(parts[0]!), names: [parts[1]!] });
      }
      return result;
    }
    const [kinds = '', ...names] = words;
    const result: { info: ResourceInfo; names: string[] }[] = [];
    for (const kind of kinds.split(',')) {
      const category = kind === 'all' ? await discovery.inCategory(kind) : [];
      if (category.length > 0) result.push(...category.map((info) => ({ info, names: [...names] })));
      else result.push({ info: await discovery.find(kind), names: [...names] });
    }
    return result;
  }

  private async fromFiles(paths: readonly string[], isLocal: boolean): Promise<Subject[]> {
    const found: Subject[] = [];
    for (const { object, source } of await this.manifests(paths)) {
      const target = await this.locate(object, source);
      found.push(isLocal ? target : { ...target, object: await this.get(target.info, target.namespace, target.name) });
    }
    return found;
  }

  /** Where an object of a manifest lives. */
  async locate(object: KubeObject, source: string): Promise<Subject> {
    const info = await (await this.discovery()).ofKind(object.apiVersion ?? '', object.kind ?? '');
    if (info === undefined) throw new KubectlProblem(`unable to recognize "${source}": no matches for kind "${object.kind}" in version "${object.apiVersion ?? ''}"`);
    const wanted = await this.config();
    const own = object.metadata?.namespace;
    if (info.isNamespaced && own !== undefined && wanted.target.isNamespaceGiven && own !== wanted.target.namespace) {
      throw new KubectlProblem(`the namespace from the provided object "${own}" does not match the namespace "${wanted.target.namespace}". You must pass '--namespace=${own}' to perform this operation.`);
    }
    const namespace = info.isNamespaced ? (own ?? wanted.target.namespace) : undefined;
    const placed = namespace === undefined || own !== undefined ? object : (inOrder({ ...object, metadata: { ...object.metadata, namespace } }) as KubeObject);
    return { info, namespace, name: object.metadata?.name ?? '', object: placed, source };
  }

  /** Every document of files, directories and standard input. What is wrong ends its file; with `keepsProblems` it stands in the list after what came before it. */
  manifests(paths: readonly string[]): Promise<{ object: KubeObject; source: string }[]>;
  manifests(paths: readonly string[], keepsProblems: true): Promise<Manifest[]>;
  async manifests(paths: readonly string[], keepsProblems = false): Promise<Manifest[]> {
    const minor = await this.checksFor();
    const all: Manifest[] = [];
    const take = (text: string, source: string): void => {
      try {
        for (const one of documents(text, source, minor)) all.push(one);
      } catch (problem) {
        if (!(problem instanceof KubectlProblem) || !keepsProblems) throw problem;
        all.push({ source, problem });
      }
    };
    for (const path of paths) {
      if (/^https?:\/\//.test(path)) throw new KubectlProblem(`unable to read URL "${path}": this lab has no such page`);
      if (path === '-') take(await this.call.stdinText(), 'STDIN');
      else for (const file of await this.filesAt(path)) {
        const bytes = await this.call.sys.readFile(file);
        if (!bytes.ok) throw new KubectlProblem(bytes.error === 'EACCES' ? `open ${file}: permission denied` : `the path "${file}" does not exist`);
        take(fromUtf8(bytes.value), file);
      }
    }
    if (all.length === 0) throw new KubectlProblem('no objects passed to ' + this.command.split(' ')[0]);
    return all;
  }

  private async filesAt(path: string): Promise<string[]> {
    const stat = this.call.sys.stat(path);
    if (!stat.ok) throw new KubectlProblem(`the path "${path}" does not exist`);
    if (stat.value.kind !== 'directory') return [path];
    const names = this.call.sys.list(path);
    const inside: string[] = [];
    for (const name of (names.ok ? names.value : []).toSorted()) {
      const full = `${path.replace(/\/$/, '')}/${name}`;
      const kind = this.call.sys.stat(full);
      if (kind.ok && kind.value.kind === 'directory') {
        if (this.flags.is('recursive')) inside.push(...(await this.filesAt(full)));
      } else if (/\.(?:json|ya?ml)$/.test(name)) inside.push(full);
    }
    return inside;
  }

  /** The minor version of the API that manifests are checked against; undefined for commands that do not check, and with --validate=false. */
  private async checksFor(): Promise<number | undefined> {
    if (!this.flags.is('validate')) return undefined;
    const { minor } = await (await this.api()).get('/version');
    return parseInt(String(minor), 10);
  }

  /** --dry-run in its three senses. */
  dryRun(): 'none' | 'client' | 'server' {
    const value = this.flags.text('dry-run');
    if (value === 'none' || value === 'client' || value === 'server') return value;
    if (value === 'unchanged' || value === 'true') {
      if (!this.hasWarned) {
        // As klog begins a line: letter, date, time, process.
        const { sys } = this.call;
        const nowUs = sys.now();
        this.err(`${formatTime('W%m%d %H:%M:%S', Math.floor(nowUs / 1e6))}.${String(nowUs % 1e6).padStart(6, '0')} ${String(sys.pid).padStart(7)} helpers.go:553] --dry-run is deprecated and can be replaced with --dry-run=client.`);
      }
      this.hasWarned = true;
      return 'client';
    }
    if (value === '' || value === 'false') return 'none';
    throw new KubectlProblem(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
  }

  /** ` (dry run)`, as it ends a message. */
  dryRunSuffix(): string {
    return { none: '', client: ' (dry run)', server: ' (server dry run)' }[this.dryRun()];
  }
}

/** Text by text, as kubectl reads a stream: those before one that is wrong are kept. Checked against an API of a minor version, if one is given. */
function* documents(text: string, source: string, minor: number | undefined): Generator<{ readonly object: KubeObject; readonly source: string }> {
  for (const value of values(text, source)) {
    if (value === null || value === undefined) continue;
    const object = inOrder(value) as KubeObject & { items?: KubeObject[] };
    const problems = minor === undefined ? [] : manifestProblems(object, minor);
    if (problems.length > 0) throw new KubectlProblem(`error validating "${source}": error validating data: ${toldTogether(problems)}; if you choose to ignore these errors, turn validation off with --validate=false`);
    const missing = kindProblem(object);
    if (missing !== undefined) throw new KubectlProblem(`unable to decode "${source}": ${missing}`);
    try {
      decode({ metadata: object.metadata }, structNamed('core/v1.Namespace'), { minor: 20 });
    } catch (error) {
      if (!(error instanceof WrongType)) throw error;
      throw new KubectlProblem(`unable to decode "${source}": ${typeProblem(error, JSON.stringify(object), 20).replace(/^v1\.Namespace\./, 'resource.metadataOnlyObject.')}`);
    }
    if (object.kind === 'List' && Array.isArray(object.items)) for (const item of object.items) yield { object: item, source };
    else yield { object, source };
  }
}

function* values(text: string, source: string): Generator<unknown> {
  if (/^\s*\{/.test(text)) {
    for (const found of jsonStream(text)) {
      if ('problem' in found) throw new KubectlProblem(`error parsing ${source}: ${found.problem}`);
      yield found.value;
    }
    return;
  }
  for (const document of text.split(/^---\s*$/m)) {
    try {
      yield readGoYaml(document.replace(/^\n/, ''));
    } catch (error) {
      if (!(error instanceof YamlProblem)) throw error;
      throw new KubectlProblem(`error parsing ${source}: error converting YAML to JSON: ${error.message}`);
    }
  }
}

/** unstructured.UnstructuredJSONScheme: an object must say what it is. */
function kindProblem(object: KubeObject): string | undefined {
  const text = JSON.stringify(object);
  if (!isObject(object)) return `json: cannot unmarshal ${jsonKind(object)} into Go value of type unstructured.detector`;
  if (typeof object.kind !== 'string' || object.kind === '') return `Object 'Kind' is missing in '${text}'`;
  return undefined;
}

function jsonKind(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `kubectl config`: reads and writes the kubeconfig, never the server. */
import { configDocument, configPaths, parseConfig, readConfig, writeConfig, type ClusterEntry, type ContextEntry, type KubeConfig, type UserEntry } from './config-file.ts';
import { printerFor } from './output.ts';
import { KubectlProblem, usageProblem } from './problem.ts';
import type { Command, Session } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';
import { toYaml } from './yaml-writer.ts';

const load = ({ call, flags }: Session): Promise<KubeConfig> => readConfig(call.sys, configPaths(flags, call.env), false);

/** Changes the file that holds the thing (the first of several that is there), or makes it. */
async function change({ call, flags }: Session, act: (config: KubeConfig) => void): Promise<void> {
  const paths = configPaths(flags, call.env);
  const path = paths.find((one) => call.sys.stat(one).ok) ?? paths.at(-1)!;
  const text = await call.sys.readText(path);
  const config = text.ok ? parseConfig(text.value, path) : await readConfig(call.sys, [], false);
  act(config);
  await writeConfig(call.sys, path, config);
}

export const currentContext: Command = async (session) => {
  const { currentContext: name } = await load(session);
  if (name === '') throw new KubectlProblem('current-context is not set');
  session.out(name);
  return 0;
};

export const useContext: Command = async (session) => {
  const [name, ...more] = session.flags.operands;
  if (name === undefined || more.length > 0) throw usageProblem('config use-context', `Unexpected args: [${session.flags.operands.join(' ')}]`);
  if (!(await load(session)).contexts.has(name)) throw new KubectlProblem(`no context exists with the name: ${JSON.stringify(name)}`);
  await change(session, (config) => void (config.currentContext = name));
  session.out(`Switched to context "${name}".`);
  return 0;
};

export const getContexts: Command = async (session) => {
  const config = await load(session);
  const { flags } = session;
  const wanted = flags.operands.length > 0 ? flags.operands : [...config.contexts.keys()].toSorted();
  for (const name of flags.operands) if (!config.contexts.has(name)) throw new KubectlProblem(`context ${name} not found`);
  if (flags.text('output') === 'name') {
    for (const name of wanted) session.out(name);
    return 0;
  }
  const rows = wanted.map((name) => {
    const { cluster = '', user = '', namespace = '' } = config.contexts.get(name) ?? {};
    return [name === config.currentContext ? '*' : '', name, cluster, user, namespace].join('\t');
  });
  session.call.write(`${new TabWriter(TABLE).format([...(flags.is('no-headers') ? [] : ['CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE']), ...rows].join('\n'))}\n`);
  return 0;
};

function names(what: string, pick: (config: KubeConfig) => ReadonlyMap<string, unknown>): Command {
  return async (session) => {
    const found = [...pick(await load(session)).keys()].toSorted();
    session.call.write([what, ...found].map((line) => `${line}\n`).join(''));
    return 0;
  };
}
export const getClusters = names('NAME', ({ clusters }) => clusters);
export const getUsers = names('NAME', ({ users }) => users);

export const view: Command = async (session) => {
  const { flags } = session;
  let config = await load(session);
  if (flags.is('minify')) {
    const name = flags.text('context') || config.currentContext;
    const context = config.contexts.get(name);
    if (context === undefined) throw new KubectlProblem(name === '' ? 'current-context must exist in order to minify' : `cannot locate context ${name}`);
    const keep = <T>(map: ReadonlyMap<string, T>, key: string | undefined): Map<string, T> => new Map([...map].filter(([one]) => one === key));
    config = { ...config, currentContext: name, contexts: keep(config.contexts, name), clusters: keep(config.clusters, context.cluster), users: keep(config.users, context.user) };
  }
  const shown = flags.is('raw') ? config : redacted(config);
  const printer = await printerFor(flags, session.call.sys);
  const document = configDocument(shown) as never;
  session.call.write(printer === undefined || flags.text('output') === 'yaml' ? toYaml(document) : printer([{ info: { singular: 'config', kind: 'Config', group: '' }, object: document }], false));
  return 0;
};

function redacted(config: KubeConfig): KubeConfig {
  const hide = <T extends object>(entry: T, fields: Readonly<Record<string, string>>): T => Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, fields[name] ?? (value as unknown)])) as T;
  return {
    ...config,
    clusters: new Map([...config.clusters].map(([name, cluster]) => [name, hide(cluster, { 'certificate-authority-data': 'DATA+OMITTED' })])),
    users: new Map([...config.users].map(([name, user]) => [name, hide(user, { 'client-certificate-data': 'REDACTED', 'client-key-data': 'REDACTED', token: 'REDACTED', password: 'REDACTED' })])),
  };
}

export const setCluster: Command = async (session) => {
  const { flags } = session;
  const name = one(session, 'config set-cluster');
  await change(session, ({ clusters }) => {
    const entry: ClusterEntry = { ...clusters.get(name) };
    if (flags.has('server')) entry.server = flags.text('server').replace(/\/$/, '');
    if (flags.has('insecure-skip-tls-verify')) entry['insecure-skip-tls-verify'] = flags.is('insecure-skip-tls-verify');
    if (flags.has('certificate-authority')) entry['certificate-authority'] = flags.text('certificate-authority');
    clusters.set(name, entry);
  });
  session.out(`Cluster "${name}" set.`);
  return 0;
};

export const setContext: Command = async (session) => {
  const { flags } = session;
  const isCurrent = flags.is('current');
  if (flags.operands.length === 0 && !isCurrent) throw new KubectlProblem('you must specify a non-empty context name or --current');
  const config = await load(session);
  const name = isCurrent ? config.currentContext : flags.operands[0]!;
  if (isCurrent && name === '') throw new KubectlProblem('no current context is set');
  const isNew = !config.contexts.has(name);
  await change(session, ({ contexts }) => {
    const entry: ContextEntry = { ...contexts.get(name) };
    if (flags.has('cluster')) entry.cluster = flags.text('cluster');
    if (flags.has('user')) entry.user = flags.text('user');
    if (flags.has('namespace')) {
      if (flags.text('namespace') === '') delete entry.namespace;
      else entry.namespace = flags.text('namespace');
    }
    contexts.set(name, entry);
  });
  session.out(`Context "${name}" ${isNew ? 'created' : 'modified'}.`);
  return 0;
};

export const setCredentials: Command = async (session) => {
  const { flags } = session;
  const name = one(session, 'config set-credentials');
  await change(session, ({ users }) => {
    const entry: UserEntry = { ...users.get(name) };
    for (const field of ['token', 'username', 'password', 'client-certificate', 'client-key']) if (flags.has(field)) entry[field] = flags.text(field);
    users.set(name, entry);
  });
  session.out(`User "${name}" set.`);
  return 0;
};

function removal(what: string, pick: (config: KubeConfig) => Map<string, unknown>): Command {
  return async (session) => {
    const name = one(session, `config delete-${what}`);
    const config = await load(session);
    const path = configPaths(session.flags, session.call.env)[0]!;
    if (!pick(config).has(name)) throw new KubectlProblem(`cannot delete ${what} ${name}, not in ${path}`);
    if (what === 'context' && config.currentContext === name) session.err('warning: this removed your active context, use "kubectl config use-context" to select a different one');
    await change(session, (own) => void pick(own).delete(name));
    session.out(`deleted ${what} ${name} from ${path}`);
    return 0;
  };
}
export const deleteContext = removal('context', ({ contexts }) => contexts as Map<string, unknown>);
export const deleteCluster = removal('cluster', ({ clusters }) => clusters as Map<string, unknown>);
export const deleteUser = removal('user', ({ users }) => users as Map<string, unknown>);

export const renameContext: Command = async (session) => {
  const [from, to] = session.flags.operands;
  if (from === undefined || to === undefined) throw usageProblem('config rename-context', `Unexpected args: [${session.flags.operands.join(' ')}]`);
  const config = await load(session);
  if (!config.contexts.has(from)) throw new KubectlProblem(`cannot rename the context "${from}", it's not in ${configPaths(session.flags, session.call.env)[0]}`);
  if (config.contexts.has(to)) throw new KubectlProblem(`cannot rename the context "${from}", the context "${to}" already exists in ${configPaths(session.flags, session.call.env)[0]}`);
  await change(session, (own) => {
    own.contexts.set(to, own.contexts.get(from)!);
    own.contexts.delete(from);
    if (own.currentContext === from) own.currentContext = to;
  });
  session.out(`Context "${from}" renamed to "${to}".`);
  return 0;
};

/** `set` and `unset` by dotted path: current-context, contexts.NAME.namespace, clusters.NAME.server, users.NAME.token. */
export const set: Command = async (session) => {
  const [path, value] = session.flags.operands;
  if (path === undefined || value === undefined) throw usageProblem('config set', `Unexpected args: [${session.flags.operands.join(' ')}]`);
  await change(session, (config) => assign(config, path, value));
  session.out(`Property "${path}" set.`);
  return 0;
};

export const unset: Command = async (session) => {
  const [path] = session.flags.operands;
  if (path === undefined) throw usageProblem('config unset', 'Unexpected args: []');
  await change(session, (config) => assign(config, path, undefined));
  session.out(`Property "${path}" unset.`);
  return 0;
};

function assign(config: KubeConfig, path: string, value: string | undefined): void {
  const [top = '', name, field] = path.split('.');
  if (top === 'current-context') {
    config.currentContext = value ?? '';
    return;
  }
  const map = ({ clusters: config.clusters, contexts: config.contexts, users: config.users } as unknown as Record<string, Map<string, Record<string, unknown>>>)[top];
  if (map === undefined) throw new KubectlProblem(`Unable to locate path ${path}`.replace(/^U/, 'u'));
  if (name === undefined) {
    if (value === undefined) map.clear();
    return;
  }
  if (field === undefined) {
    if (value === undefined) map.delete(name);
    return;
  }
  const entry = { ...map.get(name) };
  if (value === undefined) delete entry[field];
  else entry[field] = value;
  map.set(name, entry);
}

function one(session: Session, command: string): string {
  const [name, ...more] = session.flags.operands;
  if (name === undefined || more.length > 0) throw usageProblem(command, `Unexpected args: [${session.flags.operands.join(' ')}]`);
  return name;
}

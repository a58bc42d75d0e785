/** Objects made from flags: create deployment, service, namespace ..., and run (pkg/generate, pkg/cmd/create). */
import { report } from './messages.ts';
import { KubectlProblem, ServerProblem, usageProblem } from './problem.ts';
import { talk } from './streams.ts';
import { parse } from 'yaml';
import { mergePatch } from '../../ports/kube.ts';
import { base64, utf8 } from '../../ports/bytes.ts';
import type { Command, KubeObject, Session } from './session.ts';

/** Commands that put words of their own before what the server says. */
const toldAsFailure: ReadonlySet<string> = new Set(['deployments.apps', 'ingresses.networking.k8s.io', 'jobs.batch', 'cronjobs.batch', 'services', 'rolebindings', 'clusterrolebindings']);

export async function make(session: Session, resource: string, object: KubeObject, done = 'created', manager = 'kubectl-create'): Promise<number> {
  const info = await (await session.discovery()).find(resource);
  const namespace = info.isNamespaced ? await session.namespace() : undefined;
  const isGiven = (await session.config()).target.isNamespaceGiven;
  const placed = namespace === undefined || !isGiven ? object : { ...object, metadata: { ...object.metadata!, namespace } };
  const made = session.dryRun() === 'client' ? placed : await session.create(info, namespace, placed, { manager, isDryRun: session.dryRun() === 'server' }).catch((error: unknown) => {
    throw error instanceof ServerProblem && toldAsFailure.has(resource) ? new KubectlProblem(`failed to create ${resource === 'services' ? `${(object as { spec?: { type?: string } }).spec?.type ?? ''} service` : object.kind!.toLowerCase()}: ${error.status.message ?? ''}`) : error;
  });
  await report(session, { info }, made, done);
  return 0;
}

export function nameOf({ flags }: Session, what: string): string {
  const names = flags.operands.slice(0, flags.operands.length - flags.afterDash.length);
  if (names.length !== 1) throw usageProblem(`create ${what}`, `exactly one NAME is required, got ${names.length}`);
  return names[0]!;
}

/** The value of the first of these flags, all of which must be given. */
export function needs({ flags }: Session, ...names: readonly [string, ...string[]]): string {
  const missing = names.filter((name) => !flags.has(name));
  if (missing.length > 0) throw new KubectlProblem(`Error: required flag(s) ${missing.map((name) => JSON.stringify(name)).join(', ')} not set`, { isWhole: true });
  return flags.text(names[0]);
}

const imageName = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/]*$/, '').split('/').at(-1)!.replaceAll('_', '-');

export const createDeployment: Command = (session) => {
  const images = (needs(session, 'image'), session.flags.list('image'));
  const name = nameOf(session, 'deployment');
  const ports = session.flags.has('port') ? [{ containerPort: session.flags.number('port') }] : undefined;
  const command = session.flags.afterDash;
  if (command.length > 0 && images.length > 1) throw new KubectlProblem('cannot specify multiple --image options and command');
  const labels = { app: name };
  return make(session, 'deployments.apps', {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { creationTimestamp: null, labels, name } as never,
    spec: {
      replicas: session.flags.has('replicas') ? session.flags.number('replicas') : 1, selector: { matchLabels: labels }, strategy: {},
      template: { metadata: { creationTimestamp: null, labels }, spec: { containers: images.map((image) => ({ image, name: imageName(image), ...(ports === undefined ? {} : { ports }), ...(command.length === 0 ? {} : { command }), resources: {} })) } },
    },
    status: {},
  });
};

function servicePorts({ flags }: Session): unknown[] {
  return flags.list('tcp').map((pair) => {
    const [port = '', target = port] = pair.split(':');
    if (!/^\d+$/.test(port)) throw new KubectlProblem(`strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`);
    return { name: pair.replace(':', '-'), port: Number(port), protocol: 'TCP', targetPort: /^\d+$/.test(target) ? Number(target) : target };
  });
}

function createService(type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'): Command {
  return (session) => {
    const name = nameOf(session, `service ${type.toLowerCase()}`);
    const ports = servicePorts(session) as { nodePort?: number }[];
    const isHeadless = session.flags.text('clusterip') === 'None';
    if (ports.length === 0 && type !== 'ExternalName' && !isHeadless) throw new KubectlProblem('at least one tcp port specifier must be provided');
    if (session.flags.has('node-port') && session.flags.number('node-port') > 0) for (const port of ports) port.nodePort = session.flags.number('node-port');
    const labels = { app: name };
    return make(session, 'services', {
      apiVersion: 'v1', kind: 'Service', metadata: { creationTimestamp: null, labels, name } as never,
      spec: { ...(session.flags.text('clusterip') === '' ? {} : { clusterIP: session.flags.text('clusterip') }), ...(type === 'ExternalName' ? { externalName: needs(session, 'external-name') } : {}), ...(ports.length === 0 ? {} : { ports }), selector: labels, type },
      status: { loadBalancer: {} },
    });
  };
}
export const createServiceClusterIp = createService('ClusterIP');
export const createServiceNodePort = createService('NodePort');
export const createServiceLoadBalancer = createService('LoadBalancer');
export const createServiceExternalName = createService('ExternalName');

export const createNamespace: Command = (session) => make(session, 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { creationTimestamp: null, name: nameOf(session, 'namespace') } as never, spec: {}, status: {} });
export const createServiceAccount: Command = (session) => make(session, 'serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { creationTimestamp: null, name: nameOf(session, 'serviceaccount') } as never });

/** Pairs of --from-literal and --from-file. */
async function dataOf(session: Session): Promise<Record<string, string>> {
  const data: Record<string, string> = {};
  const put = (key: string, value: string): void => {
    if (key in data) throw new KubectlProblem(`cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(session.flags.operands[0])}`);
    data[key] = value;
  };
  for (const pair of session.flags.list('from-literal')) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new KubectlProblem(`invalid literal source ${pair}, expected key=value`);
    put(pair.slice(0, equals), pair.slice(equals + 1).replace(/^(['"])(.*)\1$/s, '$2'));
  }
  for (const source of session.flags.list('from-file')) {
    const equals = source.indexOf('=');
    const path = source.slice(equals + 1);
    const text = await session.call.sys.readText(path);
    if (!text.ok) throw new KubectlProblem(`error reading ${path}: no such file or directory`);
    put(equals < 0 ? path.split('/').at(-1)! : source.slice(0, equals), text.value);
  }
  return data;
}

export const createConfigMap: Command = async (session) => {
  const name = nameOf(session, 'configmap');
  const data = await dataOf(session);
  return make(session, 'configmaps', { apiVersion: 'v1', ...(Object.keys(data).length === 0 ? {} : { data }), kind: 'ConfigMap', metadata: { creationTimestamp: null, name } as never });
};

export const createSecret: Command = async (session) => {
  const name = nameOf(session, 'secret generic');
  const data = Object.fromEntries(Object.entries(await dataOf(session)).map(([key, value]) => [key, base64(utf8(value))]));
  const type = session.flags.text('type');
  return make(session, 'secrets', { apiVersion: 'v1', ...(Object.keys(data).length === 0 ? {} : { data }), kind: 'Secret', metadata: { creationTimestamp: null, name } as never, ...(type === '' ? {} : { type }) });
};

export const createJob: Command = async (session) => {
  const name = nameOf(session, 'job');
  if (session.flags.has('from')) return make(session, 'jobs.batch', await jobFrom(session, name));
  const image = needs(session, 'image');
  const command = session.flags.afterDash;
  return make(session, 'jobs.batch', {
    apiVersion: 'batch/v1', kind: 'Job', metadata: { creationTimestamp: null, name } as never,
    spec: { template: { metadata: { creationTimestamp: null }, spec: { containers: [{ ...(command.length === 0 ? {} : { command }), image, name, resources: {} }], restartPolicy: 'Never' } } }, status: {},
  });
};

/** --from=cronjob/NAME: as its next Job would be, at once. */
async function jobFrom(session: Session, name: string): Promise<KubeObject> {
  const [{ info, object } = {}] = await session.targets([session.flags.text('from')]);
  if (info?.kind !== 'CronJob') throw new KubectlProblem('from must be an existing cronjob');
  const { jobTemplate } = (object as unknown as { spec: { jobTemplate: { metadata?: { annotations?: Record<string, string>; labels?: Record<string, string> }; spec: object } } }).spec;
  const { annotations, labels } = jobTemplate.metadata ?? {};
  return {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: {
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...annotations }, creationTimestamp: null, ...(labels === undefined ? {} : { labels }), name,
      ownerReferences: [{ apiVersion: `batch/${info.version}`, kind: 'CronJob', name: object!.metadata!.name, uid: object!.metadata!.uid }],
    } as never,
    spec: jobTemplate.spec, status: {},
  };
}

// ---------------------------------------------------------------- run

/** Since 1.18 `run` makes a pod and nothing else; -it attaches, --rm removes it afterwards. */
export const run: Command = async (session) => {
  const { flags } = session;
  const image = needs(session, 'image');
  const [name, ...words] = flags.operands;
  if (name === undefined) throw usageProblem('run', 'NAME is required for run');
  if (flags.is('rm') && !flags.is('stdin') && !flags.is('attach')) throw new KubectlProblem('--rm should only be used for attached containers');
  const restart = flags.text('restart') || 'Always';
  if (!['Always', 'OnFailure', 'Never'].includes(restart)) throw new KubectlProblem(`invalid restart policy: ${restart}`);
  const labels = flags.text('labels') === '' ? { run: name } : Object.fromEntries(flags.text('labels').split(',').map((pair) => pair.split('=') as [string, string]));
  const env = flags.list('env').map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }));
  const amounts = (list: string): Record<string, string> | undefined => (list === '' ? undefined : Object.fromEntries(list.split(',').map((pair) => pair.split('=') as [string, string])));
  const resources = { ...(amounts(flags.text('limits')) === undefined ? {} : { limits: amounts(flags.text('limits')) }), ...(amounts(flags.text('requests')) === undefined ? {} : { requests: amounts(flags.text('requests')) }) };
  let pod: KubeObject = {
    apiVersion: 'v1', kind: 'Pod', metadata: { creationTimestamp: null, labels, name } as never,
    spec: {
      containers: [{
        ...(words.length === 0 ? {} : { [flags.is('command') ? 'command' : 'args']: words }), ...(env.length === 0 ? {} : { env }), image, ...(flags.text('image-pull-policy') === '' ? {} : { imagePullPolicy: flags.text('image-pull-policy') }), name,
        ...(flags.has('port') ? { ports: [{ containerPort: flags.number('port') }] } : {}), resources, ...(flags.is('stdin') ? { stdin: true, ...(flags.text('leave-stdin-open') === 'true' ? {} : { stdinOnce: true }) } : {}), ...(flags.is('tty') ? { tty: true } : {}),
      }],
      dnsPolicy: 'ClusterFirst', restartPolicy: restart,
    },
    status: {},
  };
  if (flags.has('overrides')) pod = mergePatch(pod, parse(flags.text('overrides'))) as KubeObject;
  const isAttached = flags.is('attach') || flags.is('stdin');
  if (!isAttached || session.dryRun() !== 'none') return make(session, 'pods', pod, 'created', 'kubectl-run');
  const info = await (await session.discovery()).find('pods');
  const namespace = await session.namespace();
  await session.create(info, namespace, pod, { manager: 'kubectl-run' });
  try {
    for (;;) {
      const now = await session.get(info, namespace, name);
      const { phase } = (now as { status?: { phase?: string } }).status ?? {};
      if (phase === 'Running') {
        if (!flags.is('quiet')) session.err("If you don't see a command prompt, try pressing enter.");
        return await talk(session, now, name, 'attach', [], flags.is('stdin'), flags.is('tty'));
      }
      if (phase === 'Succeeded' || phase === 'Failed') {
        session.call.write(await (await session.api()).text(`/api/v1/namespaces/${namespace}/pods/${name}/log`));
        return phase === 'Succeeded' ? 0 : 1;
      }
      await session.call.sys.sleep(250_000);
    }
  } finally {
    if (flags.is('rm')) {
      await (await session.api()).json('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' } });
      session.out(`pod "${name}" deleted`);
    }
  }
};

/** `gcloud container`: clusters, node pools, operations, credentials. Read first: googlecloudsdk/api_lib/container/{api_adapter,kubeconfig}.py */
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import { child, isObject, objects, text, type Json, type JsonObject } from '../../ports/cloud.ts';
import type { GcloudCommand } from './commands.ts';
import { GcloudProblem, HttpProblem } from './problem.ts';
import type { Gcloud } from './session.ts';

const clusterFormat = 'table(name,zone:label=LOCATION,currentMasterVersion:label=MASTER_VERSION,endpoint:label=MASTER_IP,nodePools[0].config.machineType,currentNodeVersion:label=NODE_VERSION,firstof(currentNodeCount,initialNodeCount):label=NUM_NODES,status)';
const poolFormat = 'table(name,config.machineType,config.diskSizeGb,version:label=NODE_VERSION)';
const operationFormat = 'table(name,operationType:label=TYPE,zone:label=LOCATION,targetLink.basename():label=TARGET,statusMessage,status,startTime,endTime)';
const LOCATIONS = 'zone region location';

export const containerCommands: readonly GcloudCommand[] = [
  { path: 'container clusters list', supports: `filter limit page-size sort-by uri ${LOCATIONS}`, run: listClusters },
  { path: 'container clusters describe', supports: LOCATIONS, run: describeCluster },
  { path: 'container clusters create', supports: `${LOCATIONS} num-nodes machine-type cluster-version network subnetwork cluster-ipv4-cidr services-ipv4-cidr enable-ip-alias async labels tags disk-size disk-type image-type scopes enable-autorepair enable-autoupgrade release-channel enable-cloud-logging enable-cloud-monitoring enable-stackdriver-kubernetes preemptible`, run: createCluster },
  { path: 'container clusters delete', supports: `${LOCATIONS} async`, run: deleteClusters },
  { path: 'container clusters resize', supports: `${LOCATIONS} num-nodes size node-pool async`, run: resizeCluster },
  { path: 'container clusters get-credentials', supports: `${LOCATIONS} internal-ip`, run: getCredentials },
  { path: 'container node-pools list', supports: `cluster filter limit page-size sort-by uri ${LOCATIONS}`, run: listPools },
  { path: 'container node-pools describe', supports: `cluster ${LOCATIONS}`, run: describePool },
  { path: 'container operations list', supports: `filter limit page-size sort-by uri ${LOCATIONS}`, run: listOperations },
  { path: 'container operations describe', supports: LOCATIONS, run: describeOperation },
  { path: 'container operations wait', supports: LOCATIONS, run: waitOperation },
  { path: 'container get-server-config', supports: `${LOCATIONS} flatten`, run: serverConfig },
];

function location(gcloud: Gcloud): string {
  const found = gcloud.flag('location') ?? gcloud.flag('zone') ?? gcloud.flag('region') ?? gcloud.properties.get('compute', 'zone');
  if (found === undefined || found === '') throw new GcloudProblem('One of [--location, --zone, --region] must be supplied.');
  return found;
}

function clustersPath(gcloud: Gcloud, where: string): string {
  return `/v1/projects/${gcloud.project}/locations/${where}/clusters`;
}

/** Errors as the container commands word them. */
async function ask(gcloud: Gcloud, method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  try {
    return await gcloud.request(method, path, body);
  } catch (thrown) {
    if (thrown instanceof HttpProblem) throw new GcloudProblem(`ResponseError: code=${thrown.status}, message=${thrown.message}`);
    throw thrown;
  }
}

/** A missing cluster is looked for elsewhere, to say where it is. */
async function cluster(gcloud: Gcloud, name: string): Promise<JsonObject> {
  const where = location(gcloud);
  try {
    return await gcloud.request('GET', `${clustersPath(gcloud, where)}/${name}`);
  } catch (thrown) {
    if (!(thrown instanceof HttpProblem) || thrown.status !== 404) throw thrown instanceof HttpProblem ? new GcloudProblem(`ResponseError: code=${thrown.status}, message=${thrown.message}`) : thrown;
    const all = objects(await gcloud.request('GET', clustersPath(gcloud, '-')), 'clusters');
    const elsewhere = all.find((one) => text(one, 'name') === name);
    const hint = elsewhere === undefined ? `No cluster named '${name}' in ${gcloud.project}.` : `Could not find [${name}] in [${where}].\nDid you mean [${name}] in [${text(elsewhere, 'zone')}]?`;
    throw new GcloudProblem(`ResponseError: code=404, message=${thrown.message}\n${hint}`);
  }
}

async function wait(gcloud: Gcloud, operation: JsonObject, tick: (detail?: string) => void): Promise<void> {
  const path = `/v1/projects/${gcloud.project}/locations/${text(operation, 'zone')}/operations/${text(operation, 'name')}`;
  for (let at = operation, turns = 0; ; turns += 1) {
    if (text(at, 'status') === 'DONE') {
      const message = text(child(at, 'error'), 'message');
      if (message !== '') throw new GcloudProblem(`Operation [${text(at, 'name')}] finished with error: ${message}`);
      return;
    }
    tick(turns < 20 ? ' Cluster is being configured...' : turns < 80 ? ' Cluster is being deployed...' : ' Cluster is being health-checked...');
    await gcloud.call.sys.sleep(1_000_000);
    if (turns % 5 === 4) at = await gcloud.request('GET', path);
  }
}

async function listClusters(gcloud: Gcloud): Promise<void> {
  const where = gcloud.flag('location') ?? gcloud.flag('zone') ?? gcloud.flag('region') ?? '-';
  gcloud.showList(objects(await ask(gcloud, 'GET', clustersPath(gcloud, where)), 'clusters'), clusterFormat);
}

async function describeCluster(gcloud: Gcloud): Promise<void> {
  gcloud.showOne(await cluster(gcloud, gcloud.names[0] ?? ''));
}

async function createCluster(gcloud: Gcloud): Promise<void> {
  const where = location(gcloud);
  const name = gcloud.names[0] ?? '';
  const hasAlias = gcloud.choice('enable-ip-alias');
  const config: JsonObject = { machineType: gcloud.flag('machine-type'), diskSizeGb: gcloud.flag('disk-size') === undefined ? undefined : Number.parseInt(gcloud.flag('disk-size')!, 10), tags: gcloud.flag('tags') === undefined ? undefined : gcloud.list('tags'), preemptible: gcloud.isSet('preemptible') ? true : undefined };
  const body: JsonObject = {
    name, clusterIpv4Cidr: gcloud.flag('cluster-ipv4-cidr'), initialClusterVersion: gcloud.flag('cluster-version'), network: gcloud.flag('network'), subnetwork: gcloud.flag('subnetwork'), nodePools: [{ name: 'default-pool', initialNodeCount: gcloud.integer('num-nodes') ?? 3, config }], resourceLabels: gcloud.flag('labels') === undefined ? undefined : Object.fromEntries(gcloud.pairs('labels')),
    ...(hasAlias === undefined && gcloud.flag('services-ipv4-cidr') === undefined ? {} : { ipAllocationPolicy: { useIpAliases: hasAlias ?? true, servicesIpv4Cidr: gcloud.flag('services-ipv4-cidr') } }),
  };
  gcloud.status('Note: The Kubelet readonly port (10255) is now deprecated. Please update your workloads to use the recommended alternatives. See https://cloud.google.com/kubernetes-engine/docs/how-to/disable-kubelet-readonly-port for ways to check usage and for migration instructions.');
  if (gcloud.flag('cluster-ipv4-cidr') === undefined) gcloud.status('Note: Your Pod address range (`--cluster-ipv4-cidr`) can accommodate at most 1008 node(s).');
  const operation = await ask(gcloud, 'POST', clustersPath(gcloud, where), { cluster: body, parent: `projects/${gcloud.project}/locations/${where}` });
  if (gcloud.isSet('async')) return gcloud.showMade([await ask(gcloud, 'GET', `${clustersPath(gcloud, where)}/${name}`)], clusterFormat);
  await gcloud.progress(`Creating cluster ${name} in ${where}`, async (tick) => wait(gcloud, operation, tick));
  const made = await ask(gcloud, 'GET', `${clustersPath(gcloud, where)}/${name}`);
  gcloud.status(`Created [${text(made, 'selfLink')}].`);
  gcloud.status(`To inspect the contents of your cluster, go to: https://console.cloud.google.com/kubernetes/workload_/gcloud/${where}/${name}?project=${gcloud.project}`);
  await writeKubeconfig(gcloud, made);
  gcloud.showMade([made], clusterFormat);
}

async function deleteClusters(gcloud: Gcloud): Promise<void> {
  const where = location(gcloud);
  await gcloud.confirm(`The following clusters will be deleted.\n${gcloud.names.map((name) => ` - [${name}] in [${where}]`).join('\n')}`);
  for (const name of gcloud.names) {
    let selfLink = '';
    try {
      selfLink = text(await cluster(gcloud, name), 'selfLink');
    } catch (thrown) {
      if (!(thrown instanceof GcloudProblem)) throw thrown;
      throw new GcloudProblem(`Some requests did not succeed:\n - args: [${JSON.stringify(thrown.message)}]\n   exit_code: 1\n`);
    }
    const operation = await ask(gcloud, 'DELETE', `${clustersPath(gcloud, where)}/${name}`);
    if (gcloud.isSet('async')) continue;
    await gcloud.progress(`Deleting cluster ${name}`, async (tick) => wait(gcloud, operation, () => tick()));
    gcloud.status(`Deleted [${selfLink}].`);
    await editKubeconfig(gcloud, contextName(gcloud, where, name), undefined);
  }
}

async function resizeCluster(gcloud: Gcloud): Promise<void> {
  const where = location(gcloud);
  const name = gcloud.names[0] ?? '';
  const count = gcloud.integer('num-nodes') ?? gcloud.integer('size');
  const pools = objects(await cluster(gcloud, name), 'nodePools').map((pool) => text(pool, 'name'));
  const pool = gcloud.flag('node-pool') ?? pools[0] ?? '';
  if (!pools.includes(pool)) throw new GcloudProblem(`No node pool named '${pool}' in cluster '${name}'.`);
  await gcloud.confirm(`Pool [${pool}] for [${name}] will be resized to ${count} node(s) in each zone it spans.`);
  const operation = await ask(gcloud, 'POST', `${clustersPath(gcloud, where)}/${name}/nodePools/${pool}:setSize`, { nodeCount: count });
  if (gcloud.isSet('async')) return;
  await gcloud.progress(`Resizing ${name}`, async (tick) => wait(gcloud, operation, () => tick()));
  gcloud.status(`Updated [https://container.googleapis.com/v1/projects/${gcloud.project}/zones/${where}/clusters/${name}].`);
}

async function listPools(gcloud: Gcloud): Promise<void> {
  const where = location(gcloud);
  const name = gcloud.flag('cluster') ?? gcloud.properties.get('container', 'cluster');
  if (name === undefined) throw new GcloudProblem("Missing required argument [cluster]: argument --cluster: Must be specified.");
  gcloud.showList(objects(await ask(gcloud, 'GET', `${clustersPath(gcloud, where)}/${name}/nodePools`), 'nodePools'), poolFormat);
}

async function describePool(gcloud: Gcloud): Promise<void> {
  gcloud.showOne(await ask(gcloud, 'GET', `${clustersPath(gcloud, location(gcloud))}/${gcloud.flag('cluster') ?? ''}/nodePools/${gcloud.names[0] ?? ''}`));
}

async function listOperations(gcloud: Gcloud): Promise<void> {
  const where = gcloud.flag('location') ?? gcloud.flag('zone') ?? gcloud.flag('region') ?? '-';
  gcloud.showList(objects(await ask(gcloud, 'GET', `/v1/projects/${gcloud.project}/locations/${where}/operations`), 'operations'), operationFormat);
}

function operationPath(gcloud: Gcloud): string {
  return `/v1/projects/${gcloud.project}/locations/${location(gcloud)}/operations/${gcloud.names[0] ?? ''}`;
}

async function describeOperation(gcloud: Gcloud): Promise<void> {
  gcloud.showOne(await ask(gcloud, 'GET', operationPath(gcloud)));
}

async function waitOperation(gcloud: Gcloud): Promise<void> {
  const operation = await ask(gcloud, 'GET', operationPath(gcloud));
  await gcloud.progress(`Waiting for ${text(operation, 'name')} to complete`, async (tick) => wait(gcloud, operation, () => tick()));
  gcloud.showOne(await ask(gcloud, 'GET', operationPath(gcloud)));
}

async function serverConfig(gcloud: Gcloud): Promise<void> {
  const where = location(gcloud);
  gcloud.status(`Fetching server config for ${where}`);
  gcloud.showOne(await ask(gcloud, 'GET', `/v1/projects/${gcloud.project}/locations/${where}/serverConfig`));
}

// ---------------------------------------------------------------- kubeconfig

async function getCredentials(gcloud: Gcloud): Promise<void> {
  gcloud.status('Fetching cluster endpoint and auth data.');
  const name = gcloud.names[0] ?? '';
  const found = await cluster(gcloud, name);
  if (text(found, 'endpoint') === '') throw new GcloudProblem(`cluster ${name} is missing endpoint. Is it still PROVISIONING?`);
  if (text(found, 'status') !== 'RUNNING') gcloud.warning(`cluster ${name} is not RUNNING. The kubernetes API may or may not be available. Check the cluster status for more information.`);
  await writeKubeconfig(gcloud, found);
}

function contextName(gcloud: Gcloud, where: string, name: string): string {
  return `gke_${gcloud.project}_${where}_${name}`;
}

async function writeKubeconfig(gcloud: Gcloud, found: JsonObject): Promise<void> {
  const name = contextName(gcloud, text(found, 'zone') || text(found, 'location'), text(found, 'name'));
  await editKubeconfig(gcloud, name, {
    cluster: { 'certificate-authority-data': text(child(found, 'masterAuth'), 'clusterCaCertificate'), server: `https://${text(found, 'endpoint')}` },
    user: { exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'gke-gcloud-auth-plugin', installHint: 'Install gke-gcloud-auth-plugin for use with kubectl by following\n  https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin', provideClusterInfo: true } },
  });
  gcloud.status(`kubeconfig entry generated for ${text(found, 'name')}.`);
}

type Entries = { readonly cluster: JsonObject; readonly user: JsonObject } | undefined;

/** Puts entries of one name into the first file of $KUBECONFIG or ~/.kube/config, or takes them out; other entries stay. */
async function editKubeconfig(gcloud: Gcloud, name: string, entries: Entries): Promise<void> {
  const { sys, env } = gcloud.call;
  const path = env.get('KUBECONFIG')?.split(':').find((part) => part !== '') ?? `${env.get('HOME') ?? '/root'}/.kube/config`;
  const text0 = await sys.readText(path);
  const read = (text0.ok ? (parseYaml(text0.value) as Json | null) : null) ?? {};
  const old = isObject(read) ? read : {};
  const others = (field: string): JsonObject[] => objects(old, field).filter((one) => text(one, 'name') !== name);
  const made: JsonObject = {
    ...old, apiVersion: 'v1', kind: 'Config', preferences: old['preferences'] ?? {},
    clusters: [...others('clusters'), ...(entries === undefined ? [] : [{ cluster: entries.cluster, name }])],
    contexts: [...others('contexts'), ...(entries === undefined ? [] : [{ context: { cluster: name, user: name }, name }])],
    'current-context': entries === undefined ? (text(old, 'current-context') === name ? '' : text(old, 'current-context')) : name,
    users: [...others('users'), ...(entries === undefined ? [] : [{ name, user: entries.user }])],
  };
  if (entries === undefined && !text0.ok) return;
  sys.makeDirectory(path.slice(0, path.lastIndexOf('/')), 0o755);
  const ordered = ['apiVersion', 'clusters', 'contexts', 'current-context', 'kind', 'preferences', 'users'].map((key) => [key, made[key] ?? []] as const);
  const written = await sys.writeFile(path, stringifyYaml(Object.fromEntries(ordered), { indentSeq: false, lineWidth: 0 }), { mode: 0o600 });
  if (!written.ok) throw new GcloudProblem(`Unable to write file [${path}]: [Errno 13] Permission denied: '${path}'`);
}

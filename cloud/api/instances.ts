/** Virtual machines and their disks: https://cloud.google.com/compute/docs/reference/rest/v1/instances */
import { parseIp4, parsePrefix4 } from '../../simulator/wire/ip4.ts';
import { isIn } from '../dataplane/firewall.ts';
import type { Collection, Target } from './collections.ts';
import { checkName, pick, reference, whole, type ApiContext } from './context.ts';
import { images, machineTypes } from './geography.ts';
import { ApiError, invalid, required } from './http.ts';
import { baseName, child, flag, objects, regionOfZone, text, texts, type JsonObject } from './json.ts';
import { isExternalTaken, newExternalAddress, newInternalAddress } from './networking.ts';
import { linkTo, pathOf } from './store.ts';

export const instances: Collection = {
  name: 'instances',
  kind: 'instance',
  scopes: ['zones'],
  create(context, { name, scope, path }, body) {
    checkName(name);
    const { project, store } = context;
    const zone = baseName(scope);
    const machineType = baseName(text(body, 'machineType'));
    if (machineType === '') throw required('resource.machineType');
    if (!machineTypes.some((type) => type.name === machineType)) throw invalid('resource.machineType', text(body, 'machineType'), `The referenced resource does not exist.`);
    const nics = objects(body, 'networkInterfaces');
    if (nics.length > 1) throw new ApiError(400, 'invalid', 'Several network interfaces are not simulated yet');
    const nic = networkInterface(context, zone, nics[0] ?? {});
    const boot = objects(body, 'disks')[0];
    const image = imageOf(text(child(boot, 'initializeParams'), 'sourceImage'));
    const diskPath = `projects/${project}/${scope}/disks/${name}`;
    store.create(diskPath, 'disk', {
      architecture: 'X86_64', labelFingerprint: '42WmSpB8rSM=', physicalBlockSizeBytes: '4096', sizeGb: text(child(boot, 'initializeParams'), 'diskSizeGb') || String(image.diskSizeGb), sourceImage: linkTo(`projects/${image.project}/global/images/${image.name}`), status: 'READY', type: linkTo(`projects/${project}/${scope}/diskTypes/pd-standard`), users: [linkTo(path)], zone: linkTo(`projects/${project}/${scope}`),
    });
    const tags = texts(child(body, 'tags'), 'items');
    const preemptible = flag(child(body, 'scheduling'), 'preemptible');
    return {
      ...pick(body, 'description', 'labels'), canIpForward: flag(body, 'canIpForward'), cpuPlatform: 'Unknown CPU Platform', deletionProtection: flag(body, 'deletionProtection'),
      disks: [{ architecture: 'X86_64', autoDelete: true, boot: true, deviceName: 'persistent-disk-0', diskSizeGb: String(image.diskSizeGb), index: 0, interface: 'SCSI', kind: 'compute#attachedDisk', mode: 'READ_WRITE', source: linkTo(diskPath), type: 'PERSISTENT' }],
      fingerprint: store.fingerprint(), labelFingerprint: '42WmSpB8rSM=', lastStartTimestamp: store.timestamp(), machineType: linkTo(`projects/${project}/${scope}/machineTypes/${machineType}`),
      metadata: { fingerprint: store.fingerprint(), ...(objects(child(body, 'metadata'), 'items').length === 0 ? {} : { items: objects(child(body, 'metadata'), 'items') }), kind: 'compute#metadata' }, networkInterfaces: [nic],
      scheduling: { automaticRestart: !preemptible, onHostMaintenance: preemptible ? 'TERMINATE' : 'MIGRATE', preemptible, provisioningModel: preemptible ? 'SPOT' : 'STANDARD' },
      serviceAccounts: objects(body, 'serviceAccounts'), startRestricted: false, status: 'PROVISIONING', tags: { fingerprint: store.fingerprint(), ...(tags.length === 0 ? {} : { items: tags }) }, zone: linkTo(`projects/${project}/${scope}`),
      'x-imageFamily': image.family,
    };
  },
  begun(context, target) {
    context.guests.start(target);
  },
  mayDelete({ store }, { path }) {
    if (flag(store.find(path), 'deletionProtection')) throw new ApiError(412, 'conditionNotMet', `Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. {0}'.`);
  },
  deleting({ store, guests }, target) {
    store.change(target.path, { status: 'STOPPING' });
    guests.stop(target.name);
  },
  deleted({ store, project }, { scope, name }) {
    store.delete(`projects/${project}/${scope}/disks/${name}`);
    for (const pool of store.list('targetPools')) {
      const left = texts(pool, 'instances').filter((link) => baseName(link) !== name);
      if (left.length < texts(pool, 'instances').length) store.change(pathOf(pool.selfLink, project), { instances: left });
    }
  },
  verbs: {
    setTags: (context, target, body) => ({ change: { tags: withFingerprint(context, target, 'tags', body, { ...(texts(body, 'items').length === 0 ? {} : { items: texts(body, 'items').map(checkTag) }) }) } }),
    setMetadata: (context, target, body) => ({ change: { metadata: { ...withFingerprint(context, target, 'metadata', body, { items: objects(body, 'items') }), kind: 'compute#metadata' } } }),
    setLabels: ({ store }, _target, body) => ({ change: { labels: child(body, 'labels'), labelFingerprint: store.fingerprint() } }),
    setDeletionProtection: (_context, _target, _body, query) => ({ change: { deletionProtection: query.get('deletionProtection') !== 'false' } }),
    addAccessConfig(context, { path }, body) {
      const [nic] = objects(context.store.get(path), 'networkInterfaces');
      if (objects(nic, 'accessConfigs').length > 0) throw new ApiError(400, 'invalid', "At most one access config currently supported.");
      return { change: { networkInterfaces: [{ ...nic, accessConfigs: [accessConfig(context, body)] }] } };
    },
    deleteAccessConfig({ store }, { path }) {
      const [nic] = objects(store.get(path), 'networkInterfaces');
      return { change: { networkInterfaces: [{ ...nic, accessConfigs: undefined }] } };
    },
    stop({ guests, store }, { name }) {
      guests.stop(name);
      return { change: { status: 'TERMINATED', lastStopTimestamp: store.timestamp() } };
    },
    start({ guests, store }, target) {
      if (text(store.get(target.path), 'status') === 'TERMINATED') guests.start(target);
      return { change: { lastStartTimestamp: store.timestamp() } };
    },
    reset({ guests, store }, target) {
      guests.stop(target.name);
      guests.start(target);
      return { change: { lastStartTimestamp: store.timestamp() } };
    },
  },
};

function checkTag(tag: string): string {
  if (!/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(tag)) throw invalid('resource.tags.items[0]', tag, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
  return tag;
}

/** Optimistic locking: whoever sends an old fingerprint is refused. */
function withFingerprint({ store }: ApiContext, { path }: Target, field: string, body: JsonObject, fields: JsonObject): JsonObject {
  const given = text(body, 'fingerprint');
  if (given !== '' && given !== text(child(store.get(path), field), 'fingerprint')) throw new ApiError(412, 'conditionNotMet', `Supplied fingerprint does not match current ${field} fingerprint.`);
  return { ...fields, fingerprint: store.fingerprint() };
}

function networkInterface(context: ApiContext, zone: string, nic: JsonObject): JsonObject {
  const { project, store } = context;
  const region = regionOfZone(zone);
  const network = reference(context, 'resource.networkInterfaces[0].network', text(nic, 'network') || (text(nic, 'subnetwork') === '' ? 'default' : networkOf(context, region, text(nic, 'subnetwork'))), 'global/networks');
  const given = text(nic, 'subnetwork');
  const subnetPath = given !== '' ? pathOf(reference(context, 'resource.networkInterfaces[0].subnetwork', given, `regions/${region}/subnetworks`), project) : `projects/${project}/regions/${region}/subnetworks/${baseName(network)}`;
  const subnet = store.find(subnetPath);
  if (subnet === undefined) throw invalid('resource.networkInterfaces[0]', '', 'Subnetwork should be specified for custom subnetmode network');
  const range = parsePrefix4(text(subnet, 'ipCidrRange'))!;
  const wanted = text(nic, 'networkIP');
  if (wanted !== '') {
    const address = parseIp4(wanted);
    if (address === undefined || !isIn(address, { network: range.address, length: range.length })) throw invalid('resource.networkInterfaces[0].networkIP', wanted, 'Requested internal IP address is outside the network/subnetwork range.');
    if (store.list('instances').some((one) => objects(one, 'networkInterfaces').some((other) => text(other, 'networkIP') === wanted))) throw new ApiError(400, 'IP_IN_USE_BY_ANOTHER_RESOURCE', `IP '${wanted}' is already being used by another resource.`);
  }
  const access = objects(nic, 'accessConfigs').map((one) => accessConfig(context, one));
  return {
    ...(access.length === 0 ? {} : { accessConfigs: access }), ...(objects(nic, 'aliasIpRanges').length === 0 ? {} : { aliasIpRanges: objects(nic, 'aliasIpRanges') }), fingerprint: store.fingerprint(), kind: 'compute#networkInterface', name: 'nic0',
    network, networkIP: wanted !== '' ? wanted : newInternalAddress(context, subnetPath), stackType: 'IPV4_ONLY', subnetwork: linkTo(subnetPath),
  };
}

function networkOf({ store, project }: ApiContext, region: string, subnetwork: string): string {
  const path = subnetwork.includes('/') ? pathOf(subnetwork, project) : `projects/${project}/regions/${region}/subnetworks/${subnetwork}`;
  return text(store.get(path), 'network');
}

function accessConfig(context: ApiContext, body: JsonObject): JsonObject {
  const wanted = text(body, 'natIP');
  if (wanted !== '') {
    const reserved = context.store.list('addresses').some((one) => text(one, 'address') === wanted && text(one, 'status') === 'RESERVED');
    if (!reserved && isExternalTaken(context, wanted)) throw new ApiError(400, 'IP_IN_USE_BY_ANOTHER_RESOURCE', `External IP address: ${wanted} is already in-use.`);
  }
  return { kind: 'compute#accessConfig', name: text(body, 'name') || 'external-nat', natIP: wanted !== '' ? wanted : newExternalAddress(context), networkTier: 'PREMIUM', type: 'ONE_TO_ONE_NAT' };
}

function imageOf(link: string): (typeof images)[number] {
  if (link === '') return images[0]!;
  const name = baseName(link);
  const found = images.find((image) => image.name === name || image.family === name);
  if (found === undefined) throw invalid('resource.disks[0].initializeParams.sourceImage', link, 'The referenced image resource cannot be found.');
  return found;
}

export const disks: Collection = {
  name: 'disks',
  kind: 'disk',
  scopes: ['zones'],
  create({ project }, { name, scope }, body) {
    checkName(name);
    return { ...pick(body, 'description'), labelFingerprint: '42WmSpB8rSM=', physicalBlockSizeBytes: '4096', sizeGb: String(whole(body, 'sizeGb', 10, 65_536, 500)), status: 'READY', type: linkTo(`projects/${project}/${scope}/diskTypes/pd-standard`), zone: linkTo(`projects/${project}/${scope}`) };
  },
};

export function machineTypeObject(project: string, zone: string, name: string): JsonObject | undefined {
  const type = machineTypes.find((one) => one.name === name);
  if (type === undefined) return undefined;
  return {
    architecture: 'X86_64', creationTimestamp: '1969-12-31T16:00:00.000-08:00', description: type.description, guestCpus: type.guestCpus, id: String(1000 + machineTypes.indexOf(type)), imageSpaceGb: 0, isSharedCpu: type.isShared, kind: 'compute#machineType', maximumPersistentDisks: 128, maximumPersistentDisksSizeGb: '263168', memoryMb: type.memoryMb, name, selfLink: linkTo(`projects/${project}/zones/${zone}/machineTypes/${name}`), zone,
  };
}

/** What the API says of an instance: without what only the simulator keeps. */
export function shown(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith('x-')));
}

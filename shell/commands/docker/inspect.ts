/** What docker inspect answers of a container and an image: the parts a node's operator asks for. Read first: the Engine API, ContainerInspect */
import type { ContainerInfo, ContainerService, ImageInfo } from '../../../machine/container-service.ts';
import { isoOf } from './iso.ts';

const NEVER = '0001-01-01T00:00:00Z';
const at = (us: number): string => (us === 0 ? NEVER : `${isoOf(us)}.${String(us % 1_000_000).padStart(6, '0')}000Z`);

export function inspected(container: ContainerInfo, service: ContainerService): Record<string, unknown> {
  const { id, argv, state, pid, exitCode, error, isSandbox, isHostNetwork, sandboxId } = container;
  const layer = container.rootPath.replace(/\/merged$/, '');
  void service;
  return {
    Id: id, Created: at(container.createdUs), Path: argv[0] ?? '', Args: argv.slice(1),
    State: { Status: state, Running: state === 'running', Paused: false, Restarting: false, OOMKilled: false, Dead: false, Pid: pid, ExitCode: exitCode, Error: error, StartedAt: at(container.startedUs), FinishedAt: at(container.finishedUs) },
    Image: `sha256:${container.imageId}`, ResolvConfPath: `/var/lib/docker/containers/${sandboxId}/resolv.conf`, HostnamePath: `/var/lib/docker/containers/${sandboxId}/hostname`, HostsPath: `/var/lib/kubelet/pods/${container.pod.uid}/etc-hosts`, LogPath: container.logPath,
    Name: `/${container.name}`, RestartCount: 0, Driver: 'overlay2', MountLabel: '', ProcessLabel: '', AppArmorProfile: container.isPrivileged ? 'unconfined' : 'docker-default', ExecIDs: null,
    HostConfig: {
      NetworkMode: isHostNetwork ? 'host' : isSandbox ? 'none' : `container:${sandboxId}`, RestartPolicy: { Name: isSandbox ? '' : 'no', MaximumRetryCount: 0 }, AutoRemove: false, CapAdd: container.addedCapabilities.length === 0 ? null : container.addedCapabilities, CapDrop: null,
      IpcMode: isSandbox ? 'shareable' : `container:${sandboxId}`, PidMode: '', Privileged: container.isPrivileged, UTSMode: isHostNetwork ? 'host' : '', Runtime: 'runc', Memory: 0, NanoCpus: 0,
    },
    GraphDriver: { Name: 'overlay2', Data: { LowerDir: `${layer}-init/diff`, MergedDir: container.rootPath, UpperDir: `${layer}/diff`, WorkDir: `${layer}/work` } },
    Mounts: [],
    Config: { Hostname: container.hostname, Domainname: '', User: '', AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: container.hasTty, OpenStdin: false, StdinOnce: false, Env: container.env, Cmd: argv, Image: container.image, Volumes: null, WorkingDir: container.workingDir, Entrypoint: null, OnBuild: null, Labels: container.labels },
    // The pod's address is CNI's doing: docker itself knows of none.
    NetworkSettings: { Bridge: '', SandboxID: '', HairpinMode: false, Ports: {}, SandboxKey: isSandbox ? `/var/run/docker/netns/${isHostNetwork ? 'default' : id.slice(0, 12)}` : '', Gateway: '', IPAddress: '', IPPrefixLen: 0, MacAddress: '', Networks: isSandbox ? { [isHostNetwork ? 'host' : 'none']: { IPAddress: '', Gateway: '', MacAddress: '' } } : {} },
  };
}

export function inspectedImage({ reference, id, digest, sizeBytes }: ImageInfo): Record<string, unknown> {
  return { Id: `sha256:${id}`, RepoTags: [reference], RepoDigests: [`${reference.replace(/:[^:/]*$/, '')}@sha256:${digest}`], Parent: '', Architecture: 'amd64', Os: 'linux', Size: sizeBytes, VirtualSize: sizeBytes };
}

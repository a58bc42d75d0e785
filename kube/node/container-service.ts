/** The runtime as docker and crictl see it. */
import type { ContainerInfo, ContainerService } from '../../machine/container-service.ts';
import { dockerName, type ContainerRecord, type ContainerRuntime, type Sandbox } from './container-runtime.ts';

export function containerService(runtime: ContainerRuntime, version: string): ContainerService {
  return {
    kind: runtime.kind, version,
    containers: () => [...[...runtime.sandboxes.values()].map((sandbox) => sandboxInfo(runtime, sandbox)), ...[...runtime.containers.values()].map((record) => containerInfo(runtime, record))].sort((left, right) => right.createdUs - left.createdUs),
    images: () => [...runtime.pulled.values()].map(({ reference, id, digest, sizeBytes }) => ({ reference, id, digest, sizeBytes })),
    log: (id) => runtime.containers.get(id)?.log.lines ?? [],
    signal(id, signal) {
      const record = runtime.containers.get(id);
      const sandbox = runtime.sandboxes.get(id);
      if (sandbox?.isReady === true) sandbox.handle.kill(signal);
      else if (record?.state === 'running') runtime.signal(record, signal);
      else return false;
      return true;
    },
  };
}

function podLabels({ pod }: Sandbox, containerName: string): Record<string, string> {
  return { 'io.kubernetes.container.name': containerName, 'io.kubernetes.pod.name': pod.name, 'io.kubernetes.pod.namespace': pod.namespace, 'io.kubernetes.pod.uid': pod.uid };
}

function sandboxInfo(runtime: ContainerRuntime, sandbox: Sandbox): ContainerInfo {
  const image = runtime.sandboxImage;
  return {
    id: sandbox.id, name: dockerName({ sandbox }), isSandbox: true, sandboxId: sandbox.id, pod: sandbox.pod, containerName: 'POD', attempt: sandbox.attempt, image: image.reference, imageId: image.id, argv: image.entrypoint,
    env: Object.entries(image.env).map(([name, value]) => `${name}=${value}`), workingDir: '/', hasTty: false, isPrivileged: false, addedCapabilities: [], labels: { ...sandbox.labels, ...podLabels(sandbox, 'POD'), 'io.kubernetes.docker.type': 'podsandbox' },
    hostname: (sandbox.root.uts ?? runtime.machine).hostname, state: sandbox.isReady ? 'running' : 'exited', exitCode: 0, error: '', pid: sandbox.isReady ? sandbox.handle.pid : 0, createdUs: sandbox.createdUs, startedUs: sandbox.createdUs, finishedUs: 0,
    address: sandbox.address ?? '', isHostNetwork: sandbox.netns === 0, rootPath: sandbox.root.mounts.hostPath, logPath: '',
  };
}

function containerInfo(runtime: ContainerRuntime, record: ContainerRecord): ContainerInfo {
  const { sandbox, spec } = record;
  const argv = [...(spec.command.length > 0 ? spec.command : spec.image.entrypoint), ...(spec.args.length > 0 || spec.command.length > 0 ? spec.args : spec.image.command)];
  return {
    id: record.id, name: dockerName(record), isSandbox: false, sandboxId: sandbox.id, pod: sandbox.pod, containerName: spec.name, attempt: spec.attempt, image: spec.image.reference, imageId: spec.image.id, argv,
    env: [...spec.env].map(([name, value]) => `${name}=${value}`), workingDir: spec.workingDir ?? spec.image.workingDir, hasTty: spec.hasTty, isPrivileged: spec.isPrivileged, addedCapabilities: spec.addCapabilities,
    labels: { ...podLabels(sandbox, spec.name), 'io.kubernetes.docker.type': 'container', 'io.kubernetes.sandbox.id': sandbox.id }, hostname: (sandbox.root.uts ?? runtime.machine).hostname,
    state: record.state, exitCode: record.exitCode, error: record.startError ?? '', pid: record.pid, createdUs: record.createdUs, startedUs: record.startedUs, finishedUs: record.finishedUs, address: sandbox.address ?? '', isHostNetwork: sandbox.netns === 0,
    rootPath: record.root.mounts.hostPath, logPath: runtime.logPath(record.id, sandbox, spec),
  };
}

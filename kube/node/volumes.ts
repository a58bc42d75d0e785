/** Volumes that are directories of the node, the same for every container of a pod: emptyDir and hostPath. Read first: kubernetes pkg/volume/emptydir, pkg/volume/hostpath */
import type { Container, Pod, Volume } from 'kubernetes-types/core/v1';
import type { ContainerBind } from '../../machine/container.ts';
import type { Machine } from '../../machine/machine.ts';
import type { StoredObject } from '../api/kinds.ts';

export function isDirectory({ emptyDir, hostPath }: Volume): boolean {
  return emptyDir !== undefined || (hostPath !== undefined && !isFile(hostPath.type));
}

/** A socket or a file of the node has no place to be shown at: binds are of directories. */
function isFile(type: string | undefined): boolean {
  return type !== undefined && type !== '' && !type.startsWith('Directory');
}

export function bindsOf(machine: Machine, pod: StoredObject<'pods'>, container: Container): ContainerBind[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath, readOnly = false }) => {
    const volume = pod.spec?.volumes?.find((one) => one.name === name);
    if (volume === undefined || !isDirectory(volume)) return [];
    const from = volume.hostPath?.path ?? emptyDirectory(machine, pod, volume);
    const there = machine.tree.resolve(machine.init, from);
    if (there.ok && there.value.kind !== 'directory') return [];
    return [{ from: `${from}${subPath === undefined ? '' : `/${subPath}`}`, at: mountPath, isReadOnly: readOnly }];
  });
}

function podDirectory({ metadata }: Pod): string {
  return `/var/lib/kubelet/pods/${metadata?.uid ?? ''}`;
}

/** Made for the first container that asks; its files outlive containers, not the pod. */
function emptyDirectory({ tree, init }: Machine, pod: StoredObject<'pods'>, { name, emptyDir }: Volume): string {
  const path = `${podDirectory(pod)}/volumes/kubernetes.io~empty-dir/${name}`;
  if (tree.resolve(init, path).ok) return path;
  const root = emptyDir?.medium === 'Memory' ? tree.mount(path, { type: 'tmpfs', source: 'tmpfs', options: 'rw,relatime' }) : tree.makeDirectories(path);
  root.mode = 0o777;
  return path;
}

export function removeVolumes({ tree, init }: Machine, pod: StoredObject<'pods'>): void {
  const parent = tree.resolve(init, '/var/lib/kubelet/pods');
  if (parent.ok) parent.value.entries?.delete(pod.metadata.uid);
  tree.forgetFileSystems(podDirectory(pod));
}

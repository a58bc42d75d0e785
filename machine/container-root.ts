/** A container's root directory, as a runtime makes one of an image: its layers, then /dev, /proc and /sys of its own. Read first: the OCI runtime specification, "Linux" */
import { accountFiles, debianFiles } from './files/base-tree.ts';
import { DEVICES } from './files/devices.ts';
import { mountProc } from './files/procfs.ts';
import { mountSys } from './files/sysfs.ts';
import type { ContainerSpec, MountNamespace } from './container.ts';
import type { Machine } from './machine.ts';
import { RootPorts } from './root-ports.ts';

export interface ContainerFiles { readonly mounts: MountNamespace; remove(): void }

/** What a container has of the machine's devices. */
const OWN_DEVICES = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx']);

export function containerRoot(machine: Machine, spec: ContainerSpec, inode: number): ContainerFiles {
  const { rootPath, image, imageName } = spec;
  const { tree } = machine;
  const lower = `${rootPath.slice(0, rootPath.lastIndexOf('/'))}/diff`;
  tree.makeDirectories(rootPath);
  const root = tree.mount(rootPath, { type: 'overlay', source: 'overlay', options: `rw,relatime,lowerdir=${lower},upperdir=${lower},workdir=${lower.replace(/diff$/, 'work')}` });
  const ports = new RootPorts(machine, image, rootPath, `${imageName}:`);
  for (const [path, program] of image.programs) machine.programs.set(`${imageName}:${path}`, program);
  for (const path of ['/etc', '/tmp', '/root', '/proc', '/sys', '/dev']) tree.makeDirectories(`${rootPath}${path}`);
  tree.makeDirectories(`${rootPath}/tmp`).mode = 0o1777;
  for (const file of [...(image.base === 'debian' ? debianFiles(spec.hostname) : []), ...accountFiles(image.users, image.groups)]) machine.putFile({ ...file, path: `${rootPath}${file.path}` });
  ports.placePrograms();
  for (const file of image.files) machine.putFile({ ...file, path: `${rootPath}${file.path}` });
  for (const { from, at, isReadOnly } of (spec.binds ?? []).toSorted((one, other) => one.at.length - other.at.length)) tree.bind(tree.makeDirectories(from), `${rootPath}${at}`, isReadOnly);
  for (const file of spec.files ?? []) machine.putFile({ ...file, path: `${rootPath}${file.path}` });
  mountProc(machine, `${rootPath}/proc`);
  mountSys(machine, `${rootPath}/sys`);
  mountDevices(machine, `${rootPath}/dev`);
  return {
    mounts: { inode, root, hostPath: rootPath, ports },
    remove() {
      const point = tree.resolve(machine.init, rootPath.slice(0, rootPath.lastIndexOf('/')));
      if (point.ok) point.value.entries?.delete(rootPath.slice(rootPath.lastIndexOf('/') + 1));
      tree.forgetFileSystems(rootPath);
    },
  };
}

function mountDevices(machine: Machine, at: string): void {
  const { tree } = machine;
  const dev = tree.mount(at, { type: 'tmpfs', source: 'tmpfs', options: 'rw,nosuid,size=65536k,mode=755' });
  for (const device of DEVICES) {
    if (!OWN_DEVICES.has(device.name)) continue;
    const inode = tree.newInode(dev.fs, 'character', device.mode, 0, 0);
    inode.rdev = device.rdev;
    tree.attach(dev, device.name, inode);
  }
  for (const [name, link] of [['fd', '/proc/self/fd'], ['stdin', '/proc/self/fd/0'], ['stdout', '/proc/self/fd/1'], ['stderr', '/proc/self/fd/2']] as const) machine.putFile({ path: `${at}/${name}`, link });
  tree.mount(`${at}/shm`, { type: 'tmpfs', source: 'shm', options: 'rw,nosuid,nodev,noexec,relatime,size=65536k' }).mode = 0o1777;
  // Terminals are the machine's.
  tree.bind(tree.makeDirectories('/dev/pts'), `${at}/pts`);
}

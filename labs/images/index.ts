/** What a scenario's machine is made of: users, packages, and the programs their files run. */
import type { ImagePackage, MachineImage } from '../../machine/image.ts';
import { commands } from '../../shell/commands/index.ts';
import type { MachineSpec } from '../scenarios/index.ts';
import { cosImage } from './cos.ts';
import { debianPackages } from './debian-packages.ts';
import { notSimulatedPathsOf, notSimulatedProgramsOf } from './not-simulated.ts';
import { pathsOf, programsOf, setuidOf, standardFiles, standardGroups, standardUsers } from './userland.ts';

const known: ReadonlySet<string> = new Set(debianPackages.map(({ name }) => name));
const programs = new Map([...programsOf(known), ...notSimulatedProgramsOf(known)]);
const setuid = setuidOf(known);
/** What only Cloud Shell has installed from the start. */
const CLOUD_PACKAGES = new Set(['kubernetes-client', 'google-cloud-cli']);
/** Known to apt, and not on a machine from the start. */
const OPTIONAL_PACKAGES = ['iputils-tracepath'];
/** Commands that come with a node's own system, not in a Debian package. */
const NODE_PACKAGES = new Set(['docker', 'cri-tools', 'toolbox', 'apk-tools']);

function packagesFor({ packages, image }: MachineSpec): ImagePackage[] {
  const absent = new Set([...(packages?.absent ?? []), ...OPTIONAL_PACKAGES, ...(image === 'cloud-shell' ? [] : CLOUD_PACKAGES)]);
  for (const command of commands) {
    if (!known.has(command.package) && !NODE_PACKAGES.has(command.package)) throw new Error(`${command.name} comes in package ${command.package}, which labs/images/debian-packages.ts does not list`);
  }
  return debianPackages.map((entry) => ({
    ...entry, depends: [...entry.depends], installed: !absent.has(entry.name),
    files: [...(entry.name === 'bash' ? ['/usr/bin/bash'] : []), ...commands.filter((command) => command.package === entry.name).flatMap(pathsOf), ...notSimulatedPathsOf(entry.name)],
  }));
}

export function imageFor(spec: MachineSpec): MachineImage {
  if (spec.image === 'cos-docker' || spec.image === 'cos-containerd') return cosImage(spec.image === 'cos-docker' ? 'docker' : 'containerd');
  return { base: 'debian', files: standardFiles, users: standardUsers, groups: standardGroups, packages: packagesFor(spec), programs, setuid };
}

/** What a scenario's machine is made of: users, packages, and the programs their files run. */
import type { ImageFile, ImagePackage, MachineImage } from '../../machine/image.ts';
import type { Program } from '../../machine/sys.ts';
import { bash } from '../../shell/bash/bash.ts';
import { toProgram, type Command } from '../../shell/commands/define.ts';
import { commands } from '../../shell/commands/index.ts';
import type { MachineSpec } from '../scenarios/index.ts';
import { debianPackages } from './debian-packages.ts';

const users = [
  { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: 'root' },
  { name: 'learner', uid: 1000, gid: 1000, home: '/home/learner', shell: '/bin/bash', gecos: 'Learner,,,' },
];
const groups = [
  { name: 'root', gid: 0, members: [] },
  { name: 'adm', gid: 4, members: ['learner'] },
  { name: 'tty', gid: 5, members: [] },
  { name: 'sudo', gid: 27, members: ['learner'] },
  { name: 'utmp', gid: 43, members: [] },
  { name: 'learner', gid: 1000, members: [] },
];

const files: readonly ImageFile[] = [
  { path: '/usr/bin/sh', link: 'bash' },
  { path: '/etc/sudoers.d/learner', content: 'learner ALL=(ALL:ALL) NOPASSWD: ALL\n', mode: 0o440 },
];

function pathsOf(command: Command): string[] {
  const path = command.path ?? `/usr/bin/${command.name}`;
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  return [path, ...(command.aliases ?? []).map((alias) => `${directory}${alias}`)];
}

const programs: ReadonlyMap<string, Program> = new Map([
  ['/usr/bin/bash', bash] as const,
  ...commands.flatMap((command) => {
    const program = toProgram(command);
    return pathsOf(command).map((path) => [path, program] as const);
  }),
]);
const setuid: ReadonlySet<string> = new Set(commands.filter((command) => command.setuid === true).flatMap(pathsOf));

function packagesFor({ packages }: MachineSpec): ImagePackage[] {
  const absent = new Set(packages?.absent);
  const known = new Set(debianPackages.map(({ name }) => name));
  for (const command of commands) if (!known.has(command.package)) throw new Error(`${command.name} comes in package ${command.package}, which labs/images/debian-packages.ts does not list`);
  return debianPackages.map((entry) => ({
    ...entry, depends: [...entry.depends], installed: !absent.has(entry.name),
    files: [...(entry.name === 'bash' ? ['/usr/bin/bash'] : []), ...commands.filter((command) => command.package === entry.name).flatMap(pathsOf)],
  }));
}

export function imageFor(spec: MachineSpec): MachineImage {
  return { base: 'debian', files, users, groups, packages: packagesFor(spec), programs, setuid };
}

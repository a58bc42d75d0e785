/** Which of the simulated tools a system has, by the package they come in. Debian is one choice of packages, a lean node image or Alpine another. */
import type { ImageFile, MachineImage } from '../../machine/image.ts';
import type { Program } from '../../machine/sys.ts';
import { bash } from '../../shell/bash/bash.ts';
import { toProgram, type Command } from '../../shell/commands/define.ts';
import { commands } from '../../shell/commands/index.ts';

export function pathsOf(command: Command): string[] {
  const path = command.path ?? `/usr/bin/${command.name}`;
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  return [path, ...(command.aliases ?? []).map((alias) => `${directory}${alias}`)];
}

/** Every tool of these packages at its path, and bash. */
export function programsOf(packages: ReadonlySet<string>): Map<string, Program> {
  const chosen = commands.filter((command) => packages.has(command.package));
  return new Map([['/usr/bin/bash', bash] as const, ...chosen.flatMap((command) => pathsOf(command).map((path) => [path, toProgram(command)] as const))]);
}

export function setuidOf(packages: ReadonlySet<string>): Set<string> {
  return new Set(commands.filter((command) => command.setuid === true && packages.has(command.package)).flatMap(pathsOf));
}

export const standardUsers: MachineImage['users'] = [
  { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: 'root' },
  { name: 'learner', uid: 1000, gid: 1000, home: '/home/learner', shell: '/bin/bash', gecos: 'Learner,,,' },
];
export const standardGroups: MachineImage['groups'] = [
  { name: 'root', gid: 0, members: [] },
  { name: 'adm', gid: 4, members: ['learner'] },
  { name: 'tty', gid: 5, members: [] },
  { name: 'sudo', gid: 27, members: ['learner'] },
  { name: 'utmp', gid: 43, members: [] },
  { name: 'learner', gid: 1000, members: [] },
];
export const standardFiles: readonly ImageFile[] = [
  { path: '/usr/bin/sh', link: 'bash' },
  { path: '/etc/sudoers.d/learner', content: 'learner ALL=(ALL:ALL) NOPASSWD: ALL\n', mode: 0o440 },
];


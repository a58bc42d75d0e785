/** The programs of a system that nobody has written yet: their files are there, and running one says so in one line. */
import type { Program } from '../../machine/sys.ts';
import { toProgram } from '../../shell/commands/define.ts';
import { commandsByName } from '../../shell/commands/index.ts';
import { debianPrograms } from './debian-programs.ts';

/** One for all of them: it goes by the name it was called. */
const notSimulatedYet: Program = toProgram({
  name: 'not-simulated', summary: 'says that a program is not simulated', package: '',
  run: ({ name, err }) => {
    err(`podwire: ${name} is not simulated yet`);
    return 125;
  },
});

function pathsIn(directory: string, names = ''): string[] {
  return names.split(' ').filter((name) => name !== '' && !commandsByName.has(name)).map((name) => `${directory}/${name}`);
}

const paths: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(debianPrograms).map(([name, { bin, sbin }]) => [name, [...pathsIn('/usr/bin', bin), ...pathsIn('/usr/sbin', sbin)]]));

export function notSimulatedPathsOf(packageName: string): readonly string[] {
  return paths.get(packageName) ?? [];
}

export function notSimulatedProgramsOf(packages: ReadonlySet<string>): Map<string, Program> {
  return new Map([...packages].flatMap(notSimulatedPathsOf).map((path) => [path, notSimulatedYet]));
}

import { describe, expect, it } from 'vitest';
import { ExecCase, runCase } from '../exec.ts';
import { debianPackages } from './debian-packages.ts';
import { debianPrograms } from './debian-programs.ts';
import { notSimulatedPathsOf } from './not-simulated.ts';

async function run(...cmds: readonly string[]): Promise<string[]> {
  const { steps } = await runCase(ExecCase.parse({ id: 'x', steps: cmds.map((cmd) => ({ cmd })) }));
  return steps.map((step) => {
    const { stdout, stderr, exit } = step as { stdout: string; stderr: string; exit: number };
    return `${stdout}${stderr}${exit}`;
  });
}

describe('programs that are not simulated', () => {
  it('are of packages that apt knows', () => {
    const known = debianPackages.map(({ name }) => name);
    expect(Object.keys(debianPrograms).filter((name) => !known.includes(name))).toEqual([]);
    expect(notSimulatedPathsOf('e2fsprogs')).toContain('/usr/sbin/resize2fs');
    expect(notSimulatedPathsOf('coreutils')).not.toContain('/usr/bin/ls');
  });
  it('are found, and say in one line that they are not simulated', async () => {
    expect(await run('command -v resize2fs', 'ls /usr/bin/busctl', 'resize2fs --help', 'busctl -x')).toEqual([
      '/usr/sbin/resize2fs\n0', '/usr/bin/busctl\n0', 'podwire: resize2fs is not simulated yet\n125', 'podwire: busctl is not simulated yet\n125',
    ]);
  });
  it('come and go with their package', async () => {
    expect(await run('apt-get -qq remove -y socat', 'procan', 'apt-get -qq install -y socat', 'procan').then((answers) => [answers[1], answers[3]])).toEqual([
      'bash: line 1: procan: command not found\n127', 'podwire: procan is not simulated yet\n125',
    ]);
  });
});

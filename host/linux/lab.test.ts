/** A lab with its terminals, as each kind of user has it: a learner of his own and sudo, or one user who is everybody. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { describeOnLinux } from '../../test/linux.ts';
import { terminalSpawner } from './backend.ts';
import { LinuxLab } from './lab.ts';
import { Sandbox } from './sandbox.ts';

const size = { columns: 80, rows: 24 };
const home = { machine: 'host', netns: '' };

/** Everything in the sandbox's network, whoever's it is. */
function processesOf(namespace: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/ns/net`) === namespace;
    } catch {
      return false; // It has ended, or is somebody else's.
    }
  });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > 8000) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeOnLinux('a lab whose shell is killed', () => {
  let lab: LinuxLab | undefined;
  afterEach(() => lab?.close());

  test('loses what ran at that terminal, can be used on, and leaves nothing behind', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    const namespace = readlinkSync(`${sandbox.launcher}/root/proc/1/ns/net`);
    lab = new LinuxLab(sandbox, terminalSpawner()!);
    lab.openTerminal({ id: 'vm', title: 'vm', place: 'host' }, size);
    await lab.settle();
    const shell = valueOf(await lab.observer.sessions())[0]?.shells[0];
    lab.input('vm', 'sleep 1234\r');
    const isSleeping = async (): Promise<boolean> => valueOf(await lab!.observer.processes('host')).some(({ argv }) => argv.join(' ') === 'sleep 1234');
    await until('the program to run', isSleeping);
    expect((await lab.runAsRoot(`kill -9 ${shell!.pid}`)).exit).toBe(0);
    await until('the terminal to close', () => lab!.terminals()[0]?.isOpen === false);
    await until('the program to end', async () => !(await isSleeping()));
    expect(sandbox.isOver).toBe(false);

    lab.openTerminal({ id: 'another', title: 'vm 2', place: 'host' }, size);
    await lab.settle();
    expect(lab.isPrompting('another')).toBe(true);
    lab.input('another', 'sudo ip link add after0 type bridge\r');
    await until('what is typed next', async () => valueOf(await lab!.observer.links(home)).some(({ name }) => name === 'after0'));
    lab.close();
    await until('everything to end', () => processesOf(namespace).length === 0);
  });
});

function valueOf<Value>(answer: { value: Value } | { unavailable: string }): Value {
  if ('unavailable' in answer) throw new Error(answer.unavailable);
  return answer.value;
}

/** Figures of real Linux for `podwire bench`, beside the simulator's: medians, and a 95th percentile where somebody waits for it. */
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { terminalSpawner } from './backend.ts';
import { canRunLinuxLabs } from './doctor.ts';
import { LinuxLab } from './lab.ts';
import { Sandbox } from './sandbox.ts';

const OPENINGS = 7;
const READS = 40;

interface Figure { readonly value: number; readonly unit: string; readonly limit: number }

/** Nothing where this machine cannot. */
export async function measureLinux(): Promise<Record<string, Figure>> {
  const spawnTerminal = terminalSpawner();
  if (!canRunLinuxLabs().isAvailable || spawnTerminal === undefined) return {};
  const opened: number[] = [];
  const reads: number[] = [];
  for (let opening = 0; opening < OPENINGS; opening++) {
    const startedMs = performance.now();
    const lab = new LinuxLab(await Sandbox.open(scenarioNamed('linux-host')), spawnTerminal);
    lab.openTerminal({ id: 'vm', title: 'vm', place: 'host' }, { columns: 80, rows: 24 });
    await lab.settle();
    opened.push(performance.now() - startedMs);
    if (opening === OPENINGS - 1) {
      await lab.runAsRoot('ip netns add demo-ns; ip link add cbr0 type bridge; ip link add veth0 type veth peer name veth1 netns demo-ns; ip link set veth0 master cbr0 up; iptables -t nat -A POSTROUTING -j MASQUERADE');
      for (let read = 0; read < READS; read++) {
        // Longer than a reading is kept.
        await new Promise((resolve) => setTimeout(resolve, 150));
        const askedMs = performance.now();
        await lab.observer.links({ machine: 'host', netns: '' });
        reads.push(performance.now() - askedMs);
      }
    }
    lab.close();
  }
  return {
    linuxReadyToPrompt: { value: rounded(percentile(opened, 50)), unit: 'ms', limit: 250 },
    linuxStateReadP95: { value: rounded(percentile(reads, 95)), unit: 'ms', limit: 100 },
  };
}

function percentile(values: readonly number[], percent: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * percent) / 100))] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

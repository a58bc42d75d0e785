/** Figures of real Linux for `podwire bench`, beside the simulator's: medians, and a 95th percentile where somebody waits for it. */
import { readFileSync } from 'node:fs';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { terminalSpawner } from './backend.ts';
import { canRunLinuxLabs } from './doctor.ts';
import { LinuxLab } from './lab.ts';
import { Sandbox } from './sandbox.ts';
import { descendantsOf } from './watchdog.ts';

const OPENINGS = 7;
const READS = 40;
const REST_MS = 11_000;
/** USER_HZ, on every architecture Podwire runs on. */
const TICK_MS = 10;

interface Figure { readonly value: number; readonly unit: string; readonly limit: number }

/** Nothing where this machine cannot. */
export async function measureLinux(): Promise<Record<string, Figure>> {
  const spawnTerminal = terminalSpawner();
  if (!canRunLinuxLabs().isAvailable || spawnTerminal === undefined) return {};
  const opened: number[] = [];
  const reads: number[] = [];
  let restPercent = 0;
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
      // As a session does: whatever may have changed is read again.
      lab.onChange = () => void lab.observer.links({ machine: 'host', netns: '' });
      const [startedCpuMs, restingMs] = [cpuMs(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      restPercent = (100 * (cpuMs() - startedCpuMs)) / (performance.now() - restingMs);
    }
    lab.close();
  }
  return {
    linuxReadyToPrompt: { value: rounded(percentile(opened, 50)), unit: 'ms', limit: 250 },
    linuxStateReadP95: { value: rounded(percentile(reads, 95)), unit: 'ms', limit: 100 },
    linuxAtRest: { value: rounded(restPercent), unit: '% of a core', limit: 3 },
  };
}

/** Of this process, of everything it has started, and of what those have waited for. proc(5), /proc/PID/stat. */
function cpuMs(): number {
  return [process.pid, ...descendantsOf(process.pid)].reduce((sum, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return sum + fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * TICK_MS;
    } catch {
      return sum; // It has ended; who waited for it counts it.
    }
  }, 0);
}

function percentile(values: readonly number[], percent: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * percent) / 100))] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Every scenario, by name. */
import { gke2018, gkeDataplaneV2, gkeRunning, gkeVpcNative } from './gke.ts';
import { linuxHost, vmBare, vmFirst } from './linux-host.ts';
import type { Scenario } from './scenario.ts';

export type { MachineSpec, Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [linuxHost, vmFirst, vmBare, gke2018, gkeRunning, gkeVpcNative, gkeDataplaneV2];

export function scenarioNamed(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id);
  if (found === undefined) throw new Error(`there is no lab ${JSON.stringify(id)}; the labs are ${scenarios.map((scenario) => scenario.id).join(', ')}`);
  return found;
}

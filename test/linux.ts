/** Tests that need labs on this machine's own kernel: where it allows none they are skipped aloud, with the reason, in CI as well: it is the machine's to allow. */
import { describe, test } from 'vitest';
import { canRunLinuxLabs } from '../host/linux/doctor.ts';

export const realLinux = canRunLinuxLabs();

export function describeOnLinux(name: string, body: () => void): void {
  if (realLinux.isAvailable) return void describe(name, body);
  console.warn(`skipped: ${name}: ${realLinux.because}`);
  describe(name, () => {
    test.skip(`needs real Linux: ${realLinux.because}`, () => undefined);
  });
}

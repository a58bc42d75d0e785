/** Tests that need something of this machine: where it is missing they are skipped aloud, with the reason, in CI as well: it is the machine's to allow. */
import { describe, test } from 'vitest';
import { canRunLinuxLabs } from '../host/linux/doctor.ts';

export const realLinux = canRunLinuxLabs();
/** A kernel keeps its own time: what a busy machine broke is tried once more, and the report says so. */
const TRIES_MORE = process.env.CI === undefined ? 0 : 1;

/** Needs labs on this machine's own kernel. `whyNot`: what else forbids it here. */
export function describeOnLinux(name: string, body: () => void, whyNot?: string): void {
  describeUnless(realLinux.isAvailable ? whyNot : `needs real Linux: ${realLinux.because}`, name, body, { retry: TRIES_MORE });
}

export function describeUnless(whyNot: string | undefined, name: string, body: () => void, options: { readonly retry?: number } = {}): void {
  if (whyNot === undefined) return void describe(name, options, body);
  console.warn(`skipped: ${name}: ${whyNot}`);
  describe(name, () => {
    test.skip(`skipped: ${whyNot}`, () => undefined);
  });
}

/** `--backend simulator|linux|container`, for every command that opens labs: the simulator, or real Linux in either of its ways. */
import { wayToLinux } from '../host/linux/doctor.ts';
import { Sandbox, type OpenSandbox } from '../host/linux/sandbox.ts';

const backends = ['simulator', 'linux', 'container'] as const;
export type BackendName = (typeof backends)[number];

export function takeBackend(words: readonly string[]): { backend: BackendName; args: string[]; problem?: string } {
  const at = words.indexOf('--backend');
  if (at < 0) return { backend: 'simulator', args: [...words] };
  const args = words.filter((_, index) => index !== at && index !== at + 1);
  const backend = backends.find((name) => name === words[at + 1]);
  return backend === undefined ? { backend: 'simulator', args, problem: `--backend wants ${backends.slice(0, -1).join(', ')} or ${backends.at(-1)}, found ${words[at + 1] ?? 'nothing'}` } : { backend, args };
}

/** @throws Error, its message why not */
export async function opensOn(backend: Exclude<BackendName, 'simulator'>): Promise<OpenSandbox> {
  if (backend === 'linux') return Sandbox.open;
  const way = await wayToLinux('container');
  if (!way.isAvailable) throw new Error(way.because);
  return way.open;
}

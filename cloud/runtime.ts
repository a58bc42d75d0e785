/** What the cloud may know of time and chance, and what it asks of whoever runs its machines: labs/ brings both. */
import type { Machine } from '../machine/machine.ts';

export interface CloudRuntime {
  /** Milliseconds since 1970-01-01T00:00:00Z, of the lab's own time. */
  nowMs(): number;
  /** Runs `run` once, `delayMs` from now; never inside this call. The answer calls it off. */
  after(delayMs: number, run: () => void): () => void;
  readonly dice: { below(limit: number): number; bytes(length: number): Uint8Array };
}

/** A virtual machine that is to run. */
export interface GuestSpec {
  readonly name: string;
  /** `vm.us-east1-b.c.proj.internal` */
  readonly hostname: string;
  readonly zone: string;
  readonly machineType: string;
  /** Family of the boot image: `debian-12`, `cos-stable` ... */
  readonly imageFamily: string;
  readonly mac: string;
  readonly address: string;
  readonly gateway: string;
  readonly mtu: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface GuestHost {
  /** Boots a machine; `up` is called, at once or later, when its network device is there. */
  boot(spec: GuestSpec, up: (machine: Machine, device: string) => void): void;
  /** A machine of the provider's own, on the internet with these addresses and a default route; asked for at most once. */
  frontEnd(mac: string, addresses: readonly string[]): { readonly machine: Machine; readonly device: string };
  /** The machine is switched off and its disk thrown away. */
  halt(name: string): void;
}

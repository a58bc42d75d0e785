/** A scenario is data: machines, their devices, the wires between them, and what each machine does when it boots. */

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly MachineSpec[];
  readonly wires: readonly Wire[];
  /** The machine commands run on when a case or lesson names none. */
  readonly home: string;
}

export interface MachineSpec {
  readonly name: string;
  readonly hostname: string;
  /** Which files, users and programs it has: see labs/images/. */
  readonly image: 'debian-vm' | 'gateway';
  /** Learners neither see it nor log in to it. */
  readonly isHidden?: boolean;
  readonly devices: readonly { readonly name: string; readonly mac: string; readonly mtu: number }[];
  /** Commands run by root's shell in order before anybody logs in; each must succeed. */
  readonly boot: readonly string[];
  /** Debian packages beyond the image's own that are installed, or the image's that are not. */
  readonly packages?: { readonly installed?: readonly string[]; readonly absent?: readonly string[] };
}

/** A cable between two devices: `machine/device`. */
export interface Wire {
  readonly ends: readonly [string, string];
  readonly latencyUs: number;
}

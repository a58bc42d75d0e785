/** A scenario is data: machines, their devices, the wires between them, what each machine does when it boots, and perhaps a cloud project around them. */
import type { ProfileName } from '../../kube/profiles/index.ts';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly MachineSpec[];
  readonly wires: readonly Wire[];
  /** The machine commands run on when a case or lesson names none. */
  readonly home: string;
  readonly cloud?: CloudScenario;
}

export type ImageName = 'debian-vm' | 'gateway' | 'cloud-shell' | 'outside' | 'control-plane' | 'cos-docker' | 'cos-containerd';

export interface MachineSpec {
  readonly name: string;
  readonly hostname: string;
  /** How people call it, where the name alone would not tell: "Cloud Shell". */
  readonly title?: string;
  /** Which files, users and programs it has: see labs/images/. */
  readonly image: ImageName;
  /** Learners neither see it nor log in to it. */
  readonly isHidden?: boolean;
  readonly devices: readonly { readonly name: string; readonly mac: string; readonly mtu: number }[];
  /** Commands run by root's shell in order before anybody logs in; each must succeed. */
  readonly boot: readonly string[];
  /** Debian packages beyond the image's own that are installed, or the image's that are not. */
  readonly packages?: { readonly installed?: readonly string[]; readonly absent?: readonly string[] };
  /** On the internet rather than on a wire: its public addresses, and the private one a router before it translates. */
  readonly outside?: { readonly addresses: readonly string[]; readonly inside?: string; readonly gatewayMac: string; readonly distanceUs: number; readonly hops: number };
  /** Has gcloud's credentials. */
  readonly isLoggedIn?: boolean;
}

/** A cable between two devices: `machine/device`. */
export interface Wire {
  readonly ends: readonly [string, string];
  readonly latencyUs: number;
}

/** A project, its network, and the cluster it holds or will hold. */
export interface CloudScenario {
  readonly profile: ProfileName;
  readonly project: string;
  readonly projectNumber: string;
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  /** What the first cluster of the lab is: its names and addresses are the course's. */
  readonly cluster: {
    readonly name: string;
    readonly hash: string;
    readonly id: string;
    readonly endpoint: string;
    readonly nodes: readonly { readonly suffix: string; readonly address: string; readonly external: string }[];
    /** Runs when the lab opens, instead of waiting for `gcloud container clusters create`. */
    readonly isRunning: boolean;
  };
  readonly machineType: string;
}

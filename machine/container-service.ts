/** What command-line tools may ask of a machine's container runtime, as docker's socket or the CRI's would answer. Whoever runs containers puts one on the machine. */

export interface ContainerInfo {
  /** 64 hex digits. */
  readonly id: string;
  /** Docker's name, without the slash. */
  readonly name: string;
  readonly isSandbox: boolean;
  readonly sandboxId: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Of the container in its pod; POD for a sandbox. */
  readonly containerName: string;
  readonly attempt: number;
  /** As it was asked for, and by digest. */
  readonly image: string;
  readonly imageId: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly hasTty: boolean;
  readonly isPrivileged: boolean;
  readonly addedCapabilities: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly state: 'created' | 'running' | 'exited';
  readonly exitCode: number;
  readonly error: string;
  /** 0 unless running. */
  readonly pid: number;
  /** Epoch microseconds; 0: not yet. */
  readonly createdUs: number;
  readonly startedUs: number;
  readonly finishedUs: number;
  readonly address: string;
  readonly isHostNetwork: boolean;
  readonly rootPath: string;
  readonly logPath: string;
}

export interface ImageInfo { readonly reference: string; readonly id: string; readonly digest: string; readonly sizeBytes: number }
export interface LogInfo { readonly atUs: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }

export interface ContainerService {
  readonly kind: 'docker' | 'containerd';
  readonly version: string;
  /** Sandboxes too, newest first. */
  containers(): readonly ContainerInfo[];
  images(): readonly ImageInfo[];
  log(id: string): readonly LogInfo[];
  /** False: it does not run. */
  signal(id: string, signal: 'TERM' | 'KILL'): boolean;
}

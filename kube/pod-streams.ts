/**
 * What the API server asks of a pod's kubelet: logs, exec, attach, port-forward (KUBELET: pkg/kubelet/server/server.go).
 * kube/node/ implements it; the API server finds the node by the pod's spec.nodeName. Whatever cannot begin throws a
 * StatusError, whose message kubectl prints after "Error from server".
 */
import type { Cancel } from './runtime.ts';

export interface PodTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly nodeName: string;
  readonly container: string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
}

export interface LogSink {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** How a process in a container ended: by itself, or it never ran (`message` is the runtime's, as kubectl prints it). */
export type ExecResult = { readonly exitCode: number } | { readonly message: string };

/** What comes from the process. With a tty everything is standard output. */
export interface ExecOutput {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  exit(result: ExecResult): void;
}

/** What goes to the process. */
export interface ExecInput {
  stdin(bytes: Uint8Array): void;
  endStdin(): void;
  resize(columns: number, rows: number): void;
  /** The client has gone: the process keeps running unless its tty or pipes tell it. */
  close(): void;
}

export interface PortForwardOutput {
  data(bytes: Uint8Array): void;
  /** `message` when the connection could not be made or broke. */
  end(message?: string): void;
}

export interface PortForwardInput {
  data(bytes: Uint8Array): void;
  end(): void;
  close(): void;
}

export interface PodStreams {
  /** Writes what there is, now or later; without `follow` it then ends. */
  logs(target: PodTarget, options: LogOptions, sink: LogSink): Cancel;
  exec(target: PodTarget, options: ExecOptions, output: ExecOutput): ExecInput;
  attach(target: PodTarget, options: Omit<ExecOptions, 'command'>, output: ExecOutput): ExecInput;
  /** One TCP connection to 127.0.0.1:`port` in the pod's network namespace. */
  portForward(target: Omit<PodTarget, 'container'>, port: number, output: PortForwardOutput): PortForwardInput;
}

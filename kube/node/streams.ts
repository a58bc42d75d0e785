/** Logs, exec, attach and port-forward of the pods of one node. Read first: kubernetes pkg/kubelet/server/server.go, dockershim/docker_streaming.go */
import { utf8 } from '../../simulator/bytes.ts';
import { StatusError } from '../api/status.ts';
import type { ExecInput, ExecOptions, ExecOutput, LogOptions, LogSink, PodStreams, PodTarget, PortForwardInput, PortForwardOutput } from '../pod-streams.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import type { ContainerRecord, ContainerRuntime } from './container-runtime.ts';
import { printed, type LogLine } from './log-book.ts';
import type { ContainerState, PodWorker } from './pod-worker.ts';
import { goError } from './probes.ts';
import { TcpConnection } from './tcp-client.ts';

const SIZE = { columns: 80, rows: 24 };

export class NodeStreams implements PodStreams {
  private readonly runtime: ContainerRuntime;
  private readonly time: KubeRuntime;
  private readonly worker: (uid: string) => PodWorker | undefined;

  constructor(runtime: ContainerRuntime, time: KubeRuntime, worker: (uid: string) => PodWorker | undefined) {
    this.runtime = runtime;
    this.time = time;
    this.worker = worker;
  }

  logs(target: PodTarget, options: LogOptions, sink: LogSink): Cancel {
    const state = this.worker(target.uid)?.state(target.container);
    const record = options.previous ? state?.previous : (state?.record?.state === 'created' ? (state.previous ?? state.record) : state?.record ?? state?.previous);
    if (record === undefined) throw this.withoutLog(target, state, options.previous);
    const past = record.log.text(options, this.time.nowMs());
    let follow: Cancel = () => {};
    const later = (run: () => void): void => void this.time.after(0, run);
    if (options.follow && !record.log.isClosed) {
      follow = record.log.follow({ line: (line: LogLine) => later(() => sink.write(utf8(printed(line, options.timestamps)))), end: () => later(() => sink.end()) });
    }
    const begin = this.time.after(0, () => {
      if (past !== '') sink.write(utf8(past));
      if (!options.follow || record.log.isClosed) sink.end();
    });
    return () => {
      begin();
      follow();
    };
  }

  private withoutLog({ pod, container, namespace }: PodTarget, state: ContainerState | undefined, previous: boolean): StatusError {
    if (state === undefined) return new StatusError(404, 'NotFound', `pod ${JSON.stringify(pod)} in namespace ${JSON.stringify(namespace)} is not running on this node`);
    if (previous) return new StatusError(400, 'BadRequest', `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)} not found`);
    const { reason, message } = state.waiting;
    const isPull = reason === 'ErrImagePull' || reason === 'ImagePullBackOff' || reason === 'ErrImageNeverPull';
    const why = isPull ? (reason === 'ImagePullBackOff' ? "trying and failing to pull image" : "image can't be pulled") : `waiting to start: ${reason}`;
    void message;
    return new StatusError(400, 'BadRequest', `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)} is ${why}`);
  }

  private running(target: PodTarget): ContainerRecord {
    const record = this.worker(target.uid)?.state(target.container)?.record;
    if (record?.state !== 'running') throw new StatusError(500, 'InternalError', `container not found (${JSON.stringify(target.container)})`);
    return record;
  }

  exec(target: PodTarget, options: ExecOptions, output: ExecOutput): ExecInput {
    const record = this.running(target);
    const later = (run: () => void): void => void this.time.after(0, run);
    const started = this.runtime.exec(record, options.command, {
      stdout: (bytes) => later(() => output.stdout(bytes)), stderr: (bytes) => later(() => output.stderr(bytes)), exit: (exitCode) => later(() => output.exit({ exitCode })),
    }, options.tty ? SIZE : undefined);
    if ('error' in started) {
      later(() => {
        if (this.runtime.kind === 'docker') {
          output.stdout(utf8(`${started.error}${options.tty ? '\r\n' : '\n'}`));
          output.exit({ exitCode: started.code });
        } else output.exit({ message: `error executing command in container: failed to exec in container: failed to start exec: ${started.error}` });
      });
      return { stdin() {}, endStdin() {}, resize() {}, close() {} };
    }
    if (!options.stdin && 'endInput' in started) started.endInput();
    return {
      stdin: (bytes) => started.write(bytes),
      endStdin: () => {
        if ('endInput' in started) started.endInput();
      },
      resize: (columns, rows) => {
        if ('resize' in started) started.resize({ columns, rows });
      },
      close: () => {
        if ('resize' in started) started.close();
        else started.endInput();
      },
    };
  }

  attach(target: PodTarget, options: Omit<ExecOptions, 'command'>, output: ExecOutput): ExecInput {
    const record = this.running(target);
    const later = (run: () => void): void => void this.time.after(0, run);
    const { handle } = record;
    const unfollow = record.log.follow({
      line: (line) => later(() => (line.stream === 'stdout' || options.tty ? output.stdout : output.stderr)(utf8(printed(line, false)))),
      end: () => {},
    });
    const unwatch = this.runtime.onEnd(record, () => output.exit({ exitCode: record.exitCode }));
    return {
      stdin: (bytes) => handle?.write(bytes),
      endStdin() {},
      resize: (columns, rows) => {
        if (handle !== undefined && 'resize' in handle) handle.resize({ columns, rows });
      },
      close() {
        unfollow();
        unwatch();
      },
    };
  }

  portForward(target: Omit<PodTarget, 'container'>, port: number, output: PortForwardOutput): PortForwardInput {
    const sandbox = this.worker(target.uid)?.sandbox;
    if (sandbox?.isReady !== true) throw new StatusError(500, 'InternalError', `pod ${JSON.stringify(target.pod)} is not running`);
    const connection = new TcpConnection(this.runtime.machine, this.time, { ns: sandbox.netns, address: '127.0.0.1', port }, {
      onOpen() {},
      onData: (bytes) => output.data(bytes),
      onEnd: (error) => {
        const id = sandbox.id;
        if (error === undefined) output.end();
        else output.end(`error forwarding port ${port} to pod ${id}, uid : failed to connect to localhost:${port} inside namespace "${id}": dial tcp4 127.0.0.1:${port}: ${goError(error === 'timeout' ? 'ETIMEDOUT' : error, false)}`);
      },
    });
    return { data: (bytes) => connection.write(bytes), end: () => connection.end(), close: () => connection.close() };
  }
}

export interface StreamingNode {
  readonly streams: PodStreams;
  readonly address: string;
  /** Whether packets of the API server find a way to it. */
  readonly isReachable: boolean;
}

/** For an API server: each pod's node answers. The half minute that a dial waits for a node that is cut off is not waited for. */
export function streamsByNode(nodes: (name: string) => StreamingNode | undefined): PodStreams {
  const of = (nodeName: string, asking?: string): PodStreams => {
    const node = nodes(nodeName);
    if (node === undefined) throw new StatusError(500, 'InternalError', `Get "https://${nodeName}:10250/": dial tcp: lookup ${nodeName}: no such host`);
    const kubelet = `${node.address}:10250`;
    if (!node.isReachable) throw new StatusError(500, '', `${asking === undefined ? 'error dialing backend' : `Get "https://${kubelet}/${asking}"`}: dial tcp ${kubelet}: i/o timeout`);
    return node.streams;
  };
  return {
    logs: (target, options, sink) => of(target.nodeName, `containerLogs/${target.namespace}/${target.pod}/${target.container}`).logs(target, options, sink),
    exec: (target, options, output) => of(target.nodeName).exec(target, options, output),
    attach: (target, options, output) => of(target.nodeName).attach(target, options, output),
    portForward: (target, port, output) => of(target.nodeName).portForward(target, port, output),
  };
}

/**
 * What goes through the API server to a pod's kubelet: logs, exec, attach, port-forward (pkg/registry/core/pod/rest/{log,subresources}.go,
 * pkg/registry/core/pod/strategy.go). Channels are numbered as in v4.channel.k8s.io: kube/apiserver/http.ts.
 */
import type { Pod } from 'kubernetes-types/core/v1';
import { badRequest, StatusError } from '../api/status.ts';
import type { ExecInput, ExecOutput, ExecResult, LogOptions, PodStreams, PodTarget, PortForwardInput } from '../pod-streams.ts';
import type { ApiResponse } from './http.ts';
import type { Call } from './call.ts';
import { openStream } from './streams.ts';

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

function podOf({ registry, path }: Call): Pod {
  return registry.get('pods', path.name!, path.namespace) as Pod;
}

function needed(streams: PodStreams | undefined): PodStreams {
  if (streams === undefined) throw new StatusError(501, 'InternalError', 'no kubelet serves this cluster');
  return streams;
}

/** The container that is meant: the only one, when none is named. */
function targetOf(call: Call, pod: Pod): PodTarget {
  const name = pod.metadata!.name!;
  const containers = (pod.spec?.containers ?? []).map((container) => container.name);
  const initial = (pod.spec?.initContainers ?? []).map((container) => container.name);
  const asked = call.query.get('container') ?? '';
  if (asked === '' && containers.length !== 1) {
    const more = initial.length > 0 ? ` or one of the init containers: [${initial.join(' ')}]` : '';
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${more}`);
  }
  if (asked !== '' && !containers.includes(asked) && !initial.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
  return { namespace: pod.metadata!.namespace!, pod: name, uid: pod.metadata!.uid!, nodeName: pod.spec?.nodeName ?? '', container: asked === '' ? containers[0]! : asked };
}

export function serveLog(call: Call, streams: PodStreams | undefined): ApiResponse {
  const { query } = call;
  const pod = podOf(call);
  const target = targetOf(call, pod);
  const options: LogOptions = {
    follow: query.is('follow'), previous: query.is('previous'), timestamps: query.is('timestamps'), ...numberOption(call, 'tailLines', 0), ...numberOption(call, 'limitBytes', 1),
    ...numberOption(call, 'sinceSeconds', 1), ...(query.get('sinceTime') === undefined ? {} : { sinceTime: query.get('sinceTime')! }),
  };
  // A pod without a node has no log yet.
  if (target.nodeName === '') return { status: 200, headers: { 'content-type': 'text/plain' }, body: new Uint8Array() };
  let cancel = (): void => undefined;
  const output = openStream('body', { onClose: () => { cancel(); } });
  cancel = needed(streams).logs(target, options, { write: (bytes) => { output.write(bytes); }, end: () => { output.end(); } });
  return { status: 200, headers: { 'content-type': 'text/plain' }, stream: output.stream };
}

function numberOption({ query, path }: Call, name: 'tailLines' | 'limitBytes' | 'sinceSeconds', least: number): Partial<LogOptions> {
  const value = query.number(name);
  if (value === undefined) return {};
  if (value < least) {
    const why = `Invalid value: ${value}: must be greater than ${least === 0 ? 'or equal to 0' : '0'}`;
    throw new StatusError(422, 'Invalid', `PodLogOptions "${path.name!}" is invalid: ${name}: ${why}`, {
      name: path.name!, kind: 'PodLogOptions', causes: [{ reason: 'FieldValueInvalid', message: why, field: name }],
    });
  }
  return { [name]: value };
}

export function serveExec(call: Call, streams: PodStreams | undefined): ApiResponse {
  const command = call.query.all('command');
  if (command.length === 0) throw badRequest('you must specify at least one command for the container');
  return connect(call, (target, options, output) => needed(streams).exec(target, { ...options, command }, output));
}

export function serveAttach(call: Call, streams: PodStreams | undefined): ApiResponse {
  return connect(call, (target, options, output) => needed(streams).attach(target, options, output));
}

interface Wanted {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

function connect(call: Call, begin: (target: PodTarget, options: Wanted, output: ExecOutput) => ExecInput): ApiResponse {
  const { query } = call;
  const pod = podOf(call);
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`);
  }
  const target = targetOf(call, pod);
  if (target.nodeName === '') throw badRequest(`pod ${target.pod} does not have a host assigned`);
  const tty = query.is('tty');
  const options: Wanted = { tty, stdin: query.is('stdin'), stdout: query.is('stdout'), stderr: query.is('stderr') && !tty };
  if (!options.stdin && !options.stdout && !options.stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  const process: { input?: ExecInput } = {};
  const output = openStream('channels', {
    onWrite(bytes, on) {
      if (on === channel.stdin) process.input?.stdin(bytes);
      if (on === channel.resize) resize(process.input, bytes);
    },
    onEndChannel(on) {
      if (on === channel.stdin) process.input?.endStdin();
    },
    onClose: () => { process.input?.close(); },
  });
  process.input = begin(target, options, {
    stdout: (bytes) => { output.write(bytes, channel.stdout); },
    stderr: (bytes) => { output.write(bytes, channel.stderr); },
    exit(result) {
      output.write(new TextEncoder().encode(JSON.stringify(exitStatus(result))), channel.error);
      for (const on of [channel.stdout, channel.stderr, channel.error]) output.endChannel(on);
      output.end();
    },
  });
  return { status: 101, headers: {}, stream: output.stream };
}

function resize(input: ExecInput | undefined, bytes: Uint8Array): void {
  const match = /"Width":(\d+),"Height":(\d+)/.exec(new TextDecoder().decode(bytes));
  if (match !== null) input?.resize(Number(match[1]), Number(match[2]));
}

/** remotecommand.ErrorWriter: how a client learns of the exit status. */
function exitStatus(result: ExecResult): object {
  if ('message' in result) return { metadata: {}, status: 'Failure', message: `Internal error occurred: ${result.message}`, reason: 'InternalError', details: { causes: [{ message: result.message }] }, code: 500 };
  if (result.exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {}, status: 'Failure', message: `command terminated with non-zero exit code: exit status ${result.exitCode}`, reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  };
}

export function servePortForward(call: Call, streams: PodStreams | undefined): ApiResponse {
  const pod = podOf(call);
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') throw badRequest(`pod ${pod.metadata!.name!} does not have a host assigned`);
  const kubelet = needed(streams);
  const target = { namespace: pod.metadata!.namespace!, pod: pod.metadata!.name!, uid: pod.metadata!.uid!, nodeName };
  const connections = new Map<number, PortForwardInput>();
  const output = openStream('channels', {
    onWrite: (bytes, on) => { connections.get(on >> 1)?.data(bytes); },
    onEndChannel: (on) => { connections.get(on >> 1)?.end(); },
    onConnect(connection, port) {
      connections.set(connection, kubelet.portForward(target, port, {
        data: (bytes) => { output.write(bytes, connection * 2); },
        end(message) {
          if (message !== undefined) output.write(new TextEncoder().encode(message), connection * 2 + 1);
          output.endChannel(connection * 2 + 1);
          output.endChannel(connection * 2);
          connections.delete(connection);
        },
      }));
    },
    onClose: () => { for (const connection of connections.values()) connection.close(); },
  });
  return { status: 101, headers: {}, stream: output.stream };
}

/** Probes: real connections from the node to the pod, or a command in the container. Read first: kubernetes pkg/kubelet/prober/{worker,prober}.go, pkg/probe/{http,tcp,exec} */
import type { Probe } from 'kubernetes-types/core/v1';
import type { Machine } from '../../machine/machine.ts';
import { concat, fromUtf8, utf8 } from '../../simulator/bytes.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import type { ContainerRecord, ContainerRuntime } from './container-runtime.ts';
import { TcpConnection } from './tcp-client.ts';

export interface ProbeTarget { readonly address: string; readonly port: (name: string | number) => number | undefined; readonly record: ContainerRecord; readonly owner: number | undefined }
export type ProbeResult = { readonly isSuccess: true } | { readonly isSuccess: false; readonly output: string };
/** What of an answer's body an event quotes. */
const MOST_OUTPUT = 4096;

export interface ProbeTools { readonly machine: Machine; readonly time: KubeRuntime; readonly runtime: ContainerRuntime; readonly kubeletVersion: string }

/** Runs it once. */
export function probeOnce(tools: ProbeTools, probe: Probe, target: ProbeTarget, done: (result: ProbeResult) => void): Cancel {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet !== undefined) return httpProbe(tools, probe.httpGet, target, timeoutMs, done);
  if (probe.tcpSocket !== undefined) return tcpProbe(tools, probe.tcpSocket, target, timeoutMs, done);
  if (probe.exec !== undefined) return execProbe(tools, probe.exec.command ?? [], target, timeoutMs, done);
  return tools.time.after(0, () => done({ isSuccess: true }));
}

type HttpGet = NonNullable<Probe['httpGet']>;
function httpProbe({ machine, time, kubeletVersion }: ProbeTools, get: HttpGet, target: ProbeTarget, timeoutMs: number, done: (result: ProbeResult) => void): Cancel {
  const port = target.port(get.port);
  const host = get.host ?? target.address;
  const path = get.path ?? '/';
  const url = `${(get.scheme ?? 'HTTP').toLowerCase()}://${host}:${port ?? 0}${path.startsWith('/') ? '' : '/'}${path}`;
  const fail = (why: string): void => done({ isSuccess: false, output: `Get "${url}": ${why}` });
  if (port === undefined) return time.after(0, () => done({ isSuccess: false, output: `couldn't find port: ${get.port}` }));
  let received: Uint8Array = new Uint8Array(0);
  let isOpen = false;
  const finish = (): void => {
    const text = fromUtf8(received);
    const [, code] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
    if (code === undefined) fail('EOF');
    else if (Number(code) >= 200 && Number(code) < 400) done({ isSuccess: true });
    else done({ isSuccess: false, output: `HTTP probe failed with statuscode: ${code}` });
  };
  const connection = new TcpConnection(machine, time, { ns: 0, address: host, port, timeoutMs, ...(target.owner === undefined ? {} : { owner: target.owner }) }, {
    onOpen() {
      isOpen = true;
      const own = new Map((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
      const version = /v?(\d+\.\d+)/.exec(kubeletVersion)?.[1] ?? '1.20';
      const headers = [...new Map([['Accept-Encoding', 'gzip'], ['Connection', 'close'], ...[...own].filter(([name]) => name.toLowerCase() !== 'host' && name.toLowerCase() !== 'user-agent')])].sort(([left], [right]) => (left < right ? -1 : 1));
      connection.write(utf8(`GET ${path} HTTP/1.1\r\nHost: ${own.get('Host') ?? `${host}:${port}`}\r\nUser-Agent: ${own.get('User-Agent') ?? `kube-probe/${version}`}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`));
    },
    onData(bytes) {
      received = concat(received, bytes);
      // Whoever holds the connection open has answered all the same.
      const text = fromUtf8(received.subarray(0, MOST_OUTPUT));
      const end = text.indexOf('\r\n\r\n');
      const size = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? Number.NaN);
      if (end < 0 || !(received.length >= end + 4 + size)) return;
      connection.close();
      finish();
    },
    onEnd(error) {
      if (error === 'timeout') fail(isOpen ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : `dial tcp ${host}:${port}: i/o timeout`);
      else if (error === undefined) finish();
      else fail(`${isOpen ? 'read' : 'dial'} tcp ${host}:${port}: ${goError(error, isOpen)}`);
    },
  });
  return () => connection.close();
}

function tcpProbe({ machine, time }: ProbeTools, { host: wanted, port: name }: NonNullable<Probe['tcpSocket']>, target: ProbeTarget, timeoutMs: number, done: (result: ProbeResult) => void): Cancel {
  const port = target.port(name);
  const host = wanted ?? target.address;
  if (port === undefined) return time.after(0, () => done({ isSuccess: false, output: `couldn't find port: ${name}` }));
  const connection = new TcpConnection(machine, time, { ns: 0, address: host, port, timeoutMs, ...(target.owner === undefined ? {} : { owner: target.owner }) }, {
    onOpen() {
      connection.close();
      done({ isSuccess: true });
    },
    onData() {},
    onEnd: (error) => done({ isSuccess: false, output: `dial tcp ${host}:${port}: ${error === 'timeout' ? 'i/o timeout' : goError(error ?? 'ECONNRESET', false)}` }),
  });
  return () => connection.close();
}

function execProbe({ runtime, time }: ProbeTools, command: readonly string[], { record }: ProbeTarget, timeoutMs: number, done: (result: ProbeResult) => void): Cancel {
  let output = '';
  let isOver = false;
  const collect = (bytes: Uint8Array): void => {
    if (output.length < MOST_OUTPUT) output += fromUtf8(bytes);
  };
  const finish = (result: ProbeResult): void => {
    if (isOver) return;
    isOver = true;
    done(result);
  };
  const started = runtime.exec(record, command, { stdout: collect, stderr: collect, exit: (code) => time.after(0, () => finish(code === 0 ? { isSuccess: true } : { isSuccess: false, output })) });
  if ('error' in started) return time.after(0, () => finish({ isSuccess: false, output: started.error }));
  const deadline = time.after(timeoutMs, () => {
    machineKill(runtime, started.pid);
    finish({ isSuccess: false, output: `command "${command.join(' ')}" timed out` });
  });
  return () => {
    isOver = true;
    deadline();
  };
}

function machineKill({ machine }: ContainerRuntime, pid: number): void {
  machine.processes.get(pid)?.post('KILL');
}

/** syscall errors as Go's net package words them. */
export function goError(error: string, isReading: boolean): string {
  const texts: Readonly<Record<string, string>> = { ECONNREFUSED: 'connection refused', EHOSTUNREACH: 'no route to host', ENETUNREACH: 'network is unreachable', ECONNRESET: 'connection reset by peer', ETIMEDOUT: 'connection timed out', EADDRNOTAVAIL: 'cannot assign requested address' };
  return `${isReading ? 'read' : 'connect'}: ${texts[error] ?? error}`;
}

export interface ProbeWatch {
  /** The verdict changed: after so many failures or successes in a row. */
  onVerdict(isGood: boolean): void;
  onFailure(output: string): void;
}

/** One container's probe, again and again. It begins at chance within a period, as the kubelet's workers do after a restart, and then keeps its beat. */
export function watchProbe(tools: ProbeTools, probe: Probe, target: () => ProbeTarget | undefined, isGoodAtFirst: boolean, watch: ProbeWatch): Cancel {
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  let isGood = isGoodAtFirst;
  let lastWas: boolean | undefined;
  let inARow = 0;
  let running: Cancel | undefined;
  let isOver = false;
  const tick = (): void => {
    if (isOver) return;
    timer = tools.time.after(periodMs, tick);
    const now = target();
    if (now === undefined) return;
    running?.();
    running = probeOnce(tools, probe, now, (result) => {
      running = undefined;
      if (isOver) return;
      inARow = lastWas === result.isSuccess ? inARow + 1 : 1;
      lastWas = result.isSuccess;
      if (!result.isSuccess) watch.onFailure(result.output);
      if (inARow < (result.isSuccess ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)) || isGood === result.isSuccess) return;
      isGood = result.isSuccess;
      watch.onVerdict(isGood);
    });
  };
  let timer = tools.time.after((probe.initialDelaySeconds ?? 0) * 1000 + 1 + tools.time.dice.below(Math.min(periodMs, 1000)), tick);
  return () => {
    isOver = true;
    timer();
    running?.();
  };
}

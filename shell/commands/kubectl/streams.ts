/** Commands that keep talking to a pod: logs, exec, attach, port-forward. */
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { pathOf, query } from './discovery.ts';
import { KubectlProblem, ServerProblem, usageProblem } from './problem.ts';
import type { ChannelStream } from './rest.ts';
import type { Command, KubeObject, Session } from './session.ts';

const STDIN = 0;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;
/** Not a channel of the protocol: says that one has ended. */
const CLOSE = 255;

interface PodSpec { containers: { name: string; tty?: boolean; stdin?: boolean }[]; initContainers?: { name: string }[] }
const podSpec = (pod: KubeObject): PodSpec => (pod as unknown as { spec: PodSpec }).spec;

/** A pod by name, or the first one behind `deploy/x`, `svc/x` ... */
async function podFor(session: Session, word: string): Promise<KubeObject> {
  const slash = word.indexOf('/');
  const namespace = await session.namespace();
  const discovery = await session.discovery();
  const pods = await discovery.find('pods');
  if (slash < 0) return session.get(pods, namespace, word);
  const info = await discovery.find(word.slice(0, slash));
  const name = word.slice(slash + 1);
  const object = await session.get(info, namespace, name);
  if (info.kind === 'Pod') return object;
  const spec = (object as unknown as { spec: { selector?: Record<string, unknown> } }).spec;
  const labels = info.kind === 'Service' ? spec.selector : (spec.selector as { matchLabels?: Record<string, unknown> } | undefined)?.matchLabels;
  const labelSelector = Object.entries(labels ?? {}).map(([label, value]) => `${label}=${String(value)}`).join(',');
  const found = labelSelector === '' ? [] : await session.list(pods, namespace, { labelSelector });
  const running = found.toSorted((one, other) => rank(one) - rank(other))[0];
  if (running === undefined) throw new KubectlProblem(`timed out waiting for the condition`);
  return running;
}

/** podutils.ActivePods: those that run, and have not been told to stop, first. */
function rank(pod: KubeObject): number {
  const { phase } = (pod as { status?: { phase?: string } }).status ?? {};
  return (pod.metadata?.deletionTimestamp === undefined ? 0 : 2) + (phase === 'Running' ? 0 : 1);
}

function containerOf(session: Session, pod: KubeObject, isQuiet: boolean): string {
  const { containers, initContainers = [] } = podSpec(pod);
  const wanted = session.flags.text('container');
  if (wanted !== '') {
    if (![...containers, ...initContainers].some(({ name }) => name === wanted)) throw new KubectlProblem(`container ${wanted} is not valid for pod ${pod.metadata?.name}`);
    return wanted;
  }
  const first = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container'] ?? containers[0]!.name;
  if (containers.length > 1 && !isQuiet) session.err(`Defaulting container name to ${first}.\nUse 'kubectl describe pod/${pod.metadata?.name} -n ${pod.metadata?.namespace}' to see all of the containers in this pod.`);
  return first;
}

// ---------------------------------------------------------------- logs

export const logs: Command = async (session) => {
  const { flags } = session;
  const selector = flags.text('selector');
  if (flags.operands.length === 0 && selector === '') throw usageProblem('logs', "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command");
  if (flags.operands.length > 0 && selector !== '') throw new KubectlProblem('only a selector (-l) or a POD name is allowed');
  if (flags.operands.length > 2) throw usageProblem('logs', "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command");
  const pods = selector === '' ? [await podFor(session, flags.operands[0]!)] : await session.list(await (await session.discovery()).find('pods'), await session.namespace(), { labelSelector: selector });
  const info = await (await session.discovery()).find('pods');
  const api = await session.api();
  const tail = flags.number('tail') >= 0 ? flags.text('tail') : selector !== '' && !flags.has('tail') ? '10' : undefined;
  for (const pod of pods) {
    const named = flags.operands[1] ?? (flags.is('all-containers') ? undefined : flags.text('container') || defaultLogContainer(pod));
    const containers = named === undefined ? podSpec(pod).containers.map(({ name }) => name) : [named];
    for (const container of containers) {
      const since = flags.durationMs('since');
      const search = query({
        container: podSpec(pod).containers.length > 1 || flags.has('container') ? container : undefined, follow: flags.is('follow') ? 'true' : undefined, previous: flags.is('previous') ? 'true' : undefined, timestamps: flags.is('timestamps') ? 'true' : undefined,
        tailLines: tail, sinceSeconds: since > 0 ? String(Math.ceil(since / 1000)) : undefined, sinceTime: flags.text('since-time') || undefined, limitBytes: flags.number('limit-bytes') > 0 ? flags.text('limit-bytes') : undefined,
      });
      const prefix = flags.is('prefix') ? `[pod/${pod.metadata?.name}/${container}] ` : '';
      await api.stream(`${pathOf(info, pod.metadata?.namespace, pod.metadata?.name, 'log')}${search}`, 'application/json, */*', async (chunk) => {
        session.call.write(prefix === '' ? chunk.slice() : fromUtf8(chunk).replace(/^(?=.)/gm, prefix));
        await session.call.flush();
        return true;
      });
    }
  }
  return 0;
};

function defaultLogContainer(pod: KubeObject): string {
  const { containers } = podSpec(pod);
  if (containers.length > 1) throw new KubectlProblem(`a container name must be specified for pod ${pod.metadata?.name}, choose one of: [${containers.map(({ name }) => name).join(' ')}]`);
  return containers[0]!.name;
}

// ---------------------------------------------------------------- exec, attach

export const exec: Command = async (session) => {
  const { flags } = session;
  let [word = '', ...command] = flags.operands;
  if (flags.hasDash) {
    command = flags.afterDash;
    word = flags.operands.length > flags.afterDash.length ? flags.operands[0]! : '';
  } else if (command.length > 0) session.err('kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec [POD] -- [COMMAND] instead.');
  if (word === '' && flags.list('filename').length === 0) throw new KubectlProblem('pod, type/name or --filename must be specified');
  if (command.length === 0) throw new KubectlProblem('you must specify at least one command for the container');
  const pod = await podFor(session, word);
  const { phase } = (pod as { status?: { phase?: string } }).status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') throw new KubectlProblem(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  return talk(session, pod, containerOf(session, pod, flags.is('quiet')), 'exec', command, flags.is('stdin'), flags.is('tty'));
};

export const attach: Command = async (session) => {
  const { flags } = session;
  if (flags.operands.length === 0) throw new KubectlProblem('at least 1 argument is required for attach');
  const pod = await podFor(session, flags.operands[0]!);
  session.err("If you don't see a command prompt, try pressing enter.");
  return talk(session, pod, containerOf(session, pod, true), 'attach', [], flags.is('stdin'), flags.is('tty'));
};

export async function talk(session: Session, pod: KubeObject, container: string, what: 'exec' | 'attach', command: readonly string[], isStdin: boolean, wantsTty: boolean): Promise<number> {
  const { call } = session;
  const { sys } = call;
  const isTty = wantsTty && isStdin && call.stdinIsTerminal;
  if (wantsTty && !isTty) call.err('Unable to use a TTY - input is not a terminal or the right kind of file');
  const search = [...command.map((word) => `command=${encodeURIComponent(word)}`), `container=${encodeURIComponent(container)}`, ...(isStdin ? ['stdin=true'] : []), 'stdout=true', ...(isTty ? ['tty=true'] : ['stderr=true'])].join('&');
  const info = await (await session.discovery()).find('pods');
  const stream = await (await session.api()).upgrade(`${pathOf(info, pod.metadata?.namespace, pod.metadata?.name, what)}?${search}`);
  const modes = isTty ? sys.terminalModes(0) : undefined;
  if (modes?.ok === true) sys.setTerminalModes(0, rawModes(modes.value));
  const sendSize = async (): Promise<void> => {
    const size = sys.windowSize(0);
    if (size.ok) await stream.send(RESIZE, utf8(JSON.stringify({ Width: size.value.columns, Height: size.value.rows })));
  };
  let isResized = isTty;
  if (isTty) sys.onSignal('WINCH', () => void (isResized = true));
  let isReading = isStdin;
  try {
    for (;;) {
      if (isResized) {
        isResized = false;
        await sendSize();
      }
      const ready = await stream.wait({ fds: isReading ? [0] : [] });
      if (ready.fds.includes(0)) {
        const got = await sys.read(0, 4096);
        isReading = got.ok && got.value.length > 0;
        await (got.ok && isReading ? stream.send(STDIN, got.value) : stream.send(CLOSE, Uint8Array.of(STDIN)));
      }
      if (!ready.stream) continue;
      const next = await stream.next();
      if (next === undefined) return 1;
      if (next.channel === STATUS) return exitOf(session, fromUtf8(next.bytes));
      if (next.channel === CLOSE) continue;
      if (next.channel === STDERR) call.writeErr(next.bytes);
      else call.write(next.bytes);
      await call.flush();
    }
  } finally {
    if (modes?.ok === true) sys.setTerminalModes(0, modes.value);
    stream.close();
  }
}

type Modes = Extract<ReturnType<Session['call']['sys']['terminalModes']>, { ok: true }>['value'];
function rawModes(modes: Modes): Modes {
  return { ...modes, canonical: false, echo: false, signals: false, extended: false, mapCrToNl: false, outputProcess: false, flowControl: false, minimum: 1, timeDeciseconds: 0 };
}

interface FinalStatus { status?: string; message?: string; reason?: string; details?: { causes?: { reason?: string; message?: string }[] } }

function exitOf(session: Session, text: string): number {
  const status = JSON.parse(text) as FinalStatus;
  if (status.status === 'Success') return 0;
  if (status.reason !== 'NonZeroExitCode') throw status.reason === undefined || status.reason === '' || status.reason === 'InternalError' ? new KubectlProblem(status.message ?? '') : new ServerProblem(status as never);
  const code = Number(status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message ?? 1);
  session.err(`command terminated with exit code ${code}`);
  return code;
}

// ---------------------------------------------------------------- port-forward

export const portForward: Command = async (session) => {
  const { flags, call } = session;
  const [word, ...pairs] = flags.operands;
  if (word === undefined || pairs.length === 0) throw usageProblem('port-forward', 'TYPE/NAME and list of ports are required for port-forward');
  const pod = await podFor(session, word);
  const address = flags.list('address').find((one) => one !== 'localhost') ?? '127.0.0.1';
  const info = await (await session.discovery()).find('pods');
  const { sockets } = call.net;
  const listening: { socket: number; remote: number }[] = [];
  for (const pair of pairs) {
    const [first = '', second] = pair.split(':');
    const remote = Number(second ?? first);
    const local = first === '' ? 0 : Number(first);
    if (!Number.isInteger(remote) || remote < 1 || remote > 65535) throw new KubectlProblem(`error parsing remote port ${second ?? first}: strconv.ParseUint: parsing ${JSON.stringify(second ?? first)}: invalid syntax`.replace(/^error /, ''));
    const opened = sockets.open({ type: 'tcp', family: 'inet' });
    if (!opened.ok) throw new KubectlProblem(`unable to create listener: ${opened.error}`);
    sockets.setOptions(opened.value, { reuseAddress: true });
    if (!sockets.bind(opened.value, { address, port: local }).ok || !sockets.listen(opened.value, 16).ok) {
      throw new KubectlProblem(`unable to listen on any of the requested ports: [{${local} ${remote}}]`);
    }
    listening.push({ socket: opened.value, remote });
    call.out(`Forwarding from ${address}:${sockets.local(opened.value)?.port ?? local} -> ${remote}`);
  }
  await call.flush();
  for (;;) {
    const ready = await sockets.poll(listening.map(({ socket }) => ({ id: socket, read: true })));
    if (!ready.ok) return 1;
    for (const { socket, remote } of listening.filter((one) => ready.value.sockets.includes(one.socket))) {
      const accepted = await sockets.accept(socket, 0);
      if (!accepted.ok) continue;
      call.out(`Handling connection for ${sockets.local(socket)?.port ?? 0}`);
      await call.flush();
      const stream = await (await session.api()).upgrade(`${pathOf(info, pod.metadata?.namespace, pod.metadata?.name, 'portforward')}?ports=${remote}`);
      await forward(session, stream, accepted.value, remote);
      stream.close();
      sockets.close(accepted.value);
    }
  }
};


/** One connection, until either side is done with it. */
async function forward({ call }: Session, stream: ChannelStream, connection: number, remote: number): Promise<void> {
  const { sockets } = call.net;
  let isOpen = true;
  for (;;) {
    const ready = await stream.wait({ sockets: isOpen ? [connection] : [] });
    if (ready.sockets.includes(connection)) {
      const got = await sockets.receive(connection, 65_536, 0);
      isOpen = got.ok && got.value.length > 0;
      await (got.ok && isOpen ? stream.send(0, got.value) : stream.send(CLOSE, Uint8Array.of(0)));
    }
    if (!ready.stream) continue;
    const next = await stream.next();
    if (next === undefined || (next.channel === CLOSE && next.bytes[0] === 0)) return;
    if (next.channel === 0) await sockets.send(connection, next.bytes);
    else if (next.channel === 1 && next.bytes.length > 0) call.err(`an error occurred forwarding ${sockets.local(connection)?.port ?? 0} -> ${remote}: ${fromUtf8(next.bytes)}`);
  }
}

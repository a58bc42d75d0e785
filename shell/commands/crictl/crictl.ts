/** crictl over the runtime's CRI. Read first: github.com/kubernetes-sigs/cri-tools docs/crictl.md, cmd/crictl/{container,sandbox,exec}.go */
import type { ContainerInfo, ContainerService } from '../../../machine/container-service.ts';
import type { ExitCode } from '../../../machine/sys.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { enterContainer } from '../docker/enter.ts';
import { isoOf } from '../docker/iso.ts';
import { goTemplate } from '../kubectl/go-template.ts';
import { KubectlProblem } from '../kubectl/problem.ts';

const SOCKET = 'unix:///run/containerd/containerd.sock';
/** What each command takes; a value of '' is a switch, '-' stands for what is not simulated. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ps: { a: 'all', all: '', q: 'quiet', quiet: '', 'no-trunc': '', name: 'value', label: 'value', state: 'value', s: 'state', pod: 'value', p: 'pod', image: 'value', id: 'value', o: 'output', output: 'value', latest: '', l: 'latest', last: '-', n: '-' },
  pods: { q: 'quiet', quiet: '', 'no-trunc': '', name: 'value', namespace: 'value', label: 'value', state: 'value', s: 'state', id: 'value', latest: '', l: 'latest', o: 'output', output: 'value', v: '-', verbose: '-' },
  images: { q: 'quiet', quiet: '', 'no-trunc': '', o: 'output', output: 'value', digests: '-', v: '-', verbose: '-' },
  inspect: { o: 'output', output: 'value', template: 'value', q: 'quiet', quiet: '' },
  inspectp: { o: 'output', output: 'value', template: 'value', q: 'quiet', quiet: '' },
  exec: { i: 'interactive', interactive: '', t: 'tty', tty: '', s: '-', sync: '-', timeout: '-' },
  logs: { f: 'follow', follow: '', tail: 'value', t: 'timestamps', timestamps: '', p: '-', previous: '-', since: '-', 'limit-bytes': '-' },
  stop: { t: 'timeout', timeout: 'value' },
  version: {},
};
const OTHERS = new Set(['attach', 'create', 'inspecti', 'imagefsinfo', 'port-forward', 'pull', 'run', 'runp', 'rm', 'rmi', 'rmp', 'start', 'info', 'stopp', 'update', 'config', 'stats', 'statsp', 'metricsp', 'completion', 'checkpoint', 'events', 'runtime-config']);
interface Given { readonly operands: readonly string[]; readonly options: ReadonlyMap<string, string> }

export const crictl = defineCommand({
  name: 'crictl', summary: 'client for a container runtime interface', package: 'cri-tools',
  async run(call) {
    const words = [...call.args];
    while (words[0]?.startsWith('-') === true && /^--?(r|runtime-endpoint|i|image-endpoint)(=|$)/.test(words[0])) words.splice(0, words[0].includes('=') ? 1 : 2);
    const [verb = 'help', ...rest] = words;
    if (verb === 'help' || verb === '-h' || verb === '--help') {
      call.out('NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n   exec                Run a command in a running container\n   images, image, img  List images\n   inspect             Display the status of one or more containers\n   inspectp            Display the status of one or more pods\n   logs                Fetch the logs of a container\n   pods                List pods\n   ps                  List containers\n   stop                Stop one or more running containers\n   version             Display runtime version information');
      return 0;
    }
    if (verb === '-v' || verb === '--version') {
      call.out('crictl version v1.27.1');
      return 0;
    }
    const name = verb === 'image' || verb === 'img' ? 'images' : verb;
    const table = OPTIONS[name];
    if (table === undefined) {
      if (OTHERS.has(verb)) return notSimulated(call, verb);
      call.out(`No help topic for '${verb}'`);
      return 3;
    }
    const given = parse(table, rest, name === 'exec');
    if (typeof given === 'string') return given.startsWith('-') ? notSimulated(call, `${verb} ${given}`) : fatal(call, given);
    const service = call.sys.machine.containers();
    if (call.sys.uid !== 0 || service?.kind !== 'containerd') {
      const why = service?.kind === 'containerd' ? 'permission denied' : 'no such file or directory';
      return fatal(call, `validate service connection: validate CRI v1 runtime API for endpoint "${SOCKET}": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: ${why}"`);
    }
    switch (name) {
      case 'ps': return containers(call, service, given);
      case 'pods': return pods(call, service, given);
      case 'images': return images(call, service, given);
      case 'inspect': case 'inspectp': return inspect(call, service, given, name === 'inspectp');
      case 'exec': return exec(call, service, given);
      case 'logs': return logs(call, service, given);
      case 'stop': return stop(call, service, given);
      default:
        call.out(`Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  ${service.version}\nRuntimeApiVersion:  v1`);
        return 0;
    }
  },
});

function fatal(call: Invocation, text: string): ExitCode {
  const seconds = '0000';
  call.err(call.stdoutIsTerminal ? `\x1b[31mFATA\x1b[0m[${seconds}] ${text} ` : `time="${isoOf(call.sys.now())}Z" level=fatal msg=${JSON.stringify(text)}`);
  return 1;
}

/** urfave/cli: options before operands. A string: the complaint, or the option that is not simulated. */
function parse(table: Readonly<Record<string, string>>, args: readonly string[], stopsEarly: boolean): Given | string {
  const options = new Map<string, string>();
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (!word.startsWith('-') || word === '-' || (stopsEarly && operands.length > 0)) {
      operands.push(word);
      continue;
    }
    if (word === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    const [name = '', attached] = word.replace(/^--?/, '').split(/=(.*)/s);
    const names = word.startsWith('--') || name in table ? [name] : [...name];
    for (const one of names) {
      let kind = table[one];
      if (kind === undefined) return `flag provided but not defined: -${one}`;
      let full = one;
      if (kind !== '' && kind !== 'value' && kind !== '-') {
        full = kind;
        kind = table[kind]!;
      }
      if (kind === '-') return `option ${word}`.replace(/^option /, '-').replace(/^--+/, '--');
      if (kind === '') {
        options.set(full, 'true');
        continue;
      }
      const value = attached ?? args[at + 1];
      if (value === undefined) return `flag needs an argument: -${one}`;
      if (attached === undefined) at += 1;
      options.set(full, value);
    }
  }
  return { operands, options };
}

function find(service: ContainerService, wanted: string, isSandbox: boolean): ContainerInfo | undefined {
  return service.containers().find((one) => one.isSandbox === isSandbox && wanted !== '' && one.id.startsWith(wanted));
}

/** tabwriter with cells of at least 20 and three blanks between them. */
function printTable(call: Invocation, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(20, ...rows.map((row) => (row[column] ?? '').length + 3)));
  for (const row of rows) call.out(row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join(''));
}

const short = (id: string, given: Given): string => (given.options.has('no-trunc') ? id : id.slice(0, 13));
const stateName = (state: ContainerInfo['state']): string => (state === 'running' ? 'Running' : state === 'exited' ? 'Exited' : 'Created');
const hasLabel = ({ labels }: ContainerInfo, wanted: string | undefined): boolean => {
  if (wanted === undefined) return true;
  const [key = '', value] = wanted.split(/=(.*)/s);
  return key in labels && (value === undefined || labels[key] === value);
};

function containers(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const { options } = given;
  const output = options.get('output') ?? 'table';
  if (output !== 'table' && output !== 'json') return notSimulated(call, `ps --output ${output}`);
  const state = options.get('state')?.toLowerCase();
  const name = options.get('name');
  let chosen = service.containers().filter((one) => !one.isSandbox && (state !== undefined ? one.state === state : options.has('all') || options.has('latest') || one.state === 'running'))
    .filter((one) => (name === undefined || new RegExp(name).test(one.containerName)) && hasLabel(one, options.get('label')) && one.sandboxId.startsWith(options.get('pod') ?? '') && one.id.startsWith(options.get('id') ?? '') && one.image.includes(options.get('image') ?? ''));
  if (options.has('latest')) chosen = chosen.slice(0, 1);
  if (options.has('quiet')) for (const { id } of chosen) call.out(id);
  else if (output === 'json') call.out(JSON.stringify({ containers: chosen.map((one) => ({ id: one.id, podSandboxId: one.sandboxId, metadata: { name: one.containerName, attempt: one.attempt }, image: { image: `sha256:${one.imageId}` }, imageRef: `sha256:${one.imageId}`, state: `CONTAINER_${one.state.toUpperCase()}`, createdAt: `${one.createdUs}000`, labels: one.labels, annotations: {} })) }, undefined, 2));
  else {
    const nowUs = call.sys.now();
    printTable(call, [['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD'], ...chosen.map((one) => [short(one.id, given), short(one.imageId, given), `${humanDuration(nowUs - one.createdUs)} ago`, stateName(one.state), one.containerName, String(one.attempt), short(one.sandboxId, given), one.pod.name])]);
  }
  return 0;
}

function pods(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const { options } = given;
  if ((options.get('output') ?? 'table') !== 'table') return notSimulated(call, `pods --output ${options.get('output')!}`);
  const state = options.get('state')?.toLowerCase();
  const name = options.get('name');
  let chosen = service.containers().filter((one) => one.isSandbox && (state === undefined || (state === 'ready') === (one.state === 'running')))
    .filter((one) => (name === undefined || new RegExp(name).test(one.pod.name)) && (options.get('namespace') ?? one.pod.namespace) === one.pod.namespace && hasLabel(one, options.get('label')) && one.id.startsWith(options.get('id') ?? ''));
  if (options.has('latest')) chosen = chosen.slice(0, 1);
  const nowUs = call.sys.now();
  if (options.has('quiet')) for (const { id } of chosen) call.out(id);
  else printTable(call, [['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'], ...chosen.map((one) => [short(one.id, given), `${humanDuration(nowUs - one.createdUs)} ago`, one.state === 'running' ? 'Ready' : 'NotReady', one.pod.name, one.pod.namespace, String(one.attempt), '(default)'])]);
  return 0;
}

function images(call: Invocation, service: ContainerService, given: Given): ExitCode {
  if ((given.options.get('output') ?? 'table') !== 'table') return notSimulated(call, `images --output ${given.options.get('output')!}`);
  const all = [...service.images()].sort((left, right) => (left.reference < right.reference ? -1 : 1));
  if (given.options.has('quiet')) for (const { id } of all) call.out(`sha256:${id}`);
  else printTable(call, [['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'], ...all.map(({ reference, id, sizeBytes }) => [reference.replace(/:[^:/]*$/, ''), reference.slice(reference.lastIndexOf(':') + 1), short(id, given), sizeBytes >= 1e6 ? `${Number((sizeBytes / 1e6).toPrecision(3))}MB` : `${Number((sizeBytes / 1e3).toPrecision(3))}kB`])]);
  return 0;
}

function inspect(call: Invocation, service: ContainerService, given: Given, isSandbox: boolean): ExitCode {
  const what = isSandbox ? 'pod sandbox' : 'container';
  if (given.operands.length === 0) return fatal(call, 'ID cannot be empty');
  const output = given.options.get('output') ?? 'json';
  const template = given.options.get('template');
  if (output !== 'json' && output !== 'go-template') return notSimulated(call, `${isSandbox ? 'inspectp' : 'inspect'} --output ${output}`);
  if (output === 'go-template' && template === undefined) return fatal(call, `getting the status of the ${what} "${given.operands[0]!}": template is required when the output is go-template`);
  for (const wanted of given.operands) {
    const one = find(service, wanted, isSandbox);
    if (one === undefined) return fatal(call, `getting the status of the ${what} "${wanted}": rpc error: code = NotFound desc = an error occurred when try to find ${isSandbox ? 'sandbox' : 'container'}: not found`);
    const status = isSandbox ? sandboxStatus(one) : containerStatus(one);
    if (output === 'json') {
      call.out(JSON.stringify(status, undefined, 2));
      continue;
    }
    try {
      call.out(goTemplate(template!)(status));
    } catch (problem) {
      if (!(problem instanceof KubectlProblem)) throw problem;
      return fatal(call, `getting the status of the ${what} "${wanted}": ${problem.message.replace(/^error parsing template: /, '').replace('template: output:', 'template: tmplExecuteRawJSON:')}`);
    }
  }
  return 0;
}

const stamp = (us: number): string => (us === 0 ? '0001-01-01T00:00:00Z' : `${isoOf(us)}.${String(us % 1_000_000).padStart(6, '0')}Z`);

function containerStatus(one: ContainerInfo): Record<string, unknown> {
  return {
    status: {
      annotations: {}, createdAt: stamp(one.createdUs), exitCode: one.exitCode, finishedAt: stamp(one.finishedUs), id: one.id, image: { annotations: {}, image: one.image, runtimeHandler: '', userSpecifiedImage: '' }, imageRef: `sha256:${one.imageId}`, labels: one.labels, logPath: one.logPath, message: one.error,
      metadata: { attempt: one.attempt, name: one.containerName }, mounts: [], reason: one.state === 'exited' ? (one.exitCode === 0 ? 'Completed' : 'Error') : '', resources: {}, startedAt: stamp(one.startedUs), state: `CONTAINER_${one.state.toUpperCase()}`,
    },
    info: {
      config: { metadata: { name: one.containerName }, image: { image: one.image }, command: one.argv, envs: one.env.map((text) => ({ key: text.split('=')[0], value: text.slice(text.indexOf('=') + 1) })) }, pid: one.pid, removing: false, runtimeOptions: null, runtimeType: 'io.containerd.runc.v2',
      runtimeSpec: { ociVersion: '1.1.0', process: { args: one.argv, cwd: one.workingDir, env: one.env, terminal: one.hasTty, user: { gid: 0, uid: 0 } }, root: { path: 'rootfs' }, hostname: one.hostname }, sandboxID: one.sandboxId, snapshotKey: one.id, snapshotter: 'overlayfs',
    },
  };
}

function sandboxStatus(one: ContainerInfo): Record<string, unknown> {
  return {
    status: {
      annotations: {}, createdAt: stamp(one.createdUs), id: one.id, labels: one.labels, linux: { namespaces: { options: { ipc: 'POD', network: one.isHostNetwork ? 'NODE' : 'POD', pid: 'CONTAINER', targetId: '', usernsOptions: null } } },
      metadata: { attempt: one.attempt, name: one.pod.name, namespace: one.pod.namespace, uid: one.pod.uid }, network: { additionalIps: [], ip: one.address }, runtimeHandler: '', state: one.state === 'running' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    },
    info: { pid: one.pid, processStatus: one.state, netNamespaceClosed: false, image: one.image, snapshotKey: one.id, snapshotter: 'overlayfs', runtimeHandler: '', runtimeType: 'io.containerd.runc.v2' },
  };
}

async function exec(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  const [wanted = '', ...argv] = given.operands;
  if (wanted === '' || argv.length === 0) return fatal(call, 'execing command in container: invalid command: ID and command are required');
  const one = find(service, wanted, false);
  if (one === undefined) return fatal(call, `execing command in container: rpc error: code = NotFound desc = an error occurred when try to find container "${wanted}": not found`);
  if (one.state !== 'running') return fatal(call, `execing command in container: rpc error: code = FailedPrecondition desc = container is in CONTAINER_${one.state.toUpperCase()} state`);
  const outcome = await enterContainer(call, one, argv, { hasTty: given.options.has('tty'), hasInput: given.options.has('interactive') });
  if ('code' in outcome) return outcome.code === 0 ? 0 : fatal(call, `execing command in container: command terminated with exit code ${outcome.code}`);
  const why = outcome.error === 'EACCES' ? 'permission denied' : argv[0]!.includes('/') ? `stat ${argv[0]!}: no such file or directory` : 'executable file not found in $PATH';
  return fatal(call, `execing command in container: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${argv[0]!}": ${why}: unknown`);
}

async function logs(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  const wanted = given.operands[0];
  if (wanted === undefined) return fatal(call, 'ID cannot be empty');
  const one = find(service, wanted, false);
  if (one === undefined) return fatal(call, `rpc error: code = NotFound desc = an error occurred when try to find container "${wanted}": not found`);
  const tail = given.options.get('tail');
  let shown = tail === undefined || Number(tail) < 0 ? 0 : Math.max(0, service.log(one.id).length - Number(tail));
  for (;;) {
    const lines = service.log(one.id);
    for (; shown < lines.length; shown += 1) {
      const { atUs, stream, text } = lines[shown]!;
      const line = `${given.options.has('timestamps') ? `${stamp(atUs)} ` : ''}${text}`;
      if (stream === 'stdout') call.out(line);
      else call.err(line);
    }
    if (!given.options.has('follow') || find(service, one.id, false)?.state !== 'running') return 0;
    await call.flush();
    if (!(await call.sys.sleep(100_000)).ok) return 130;
  }
}

async function stop(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  if (given.operands.length === 0) return fatal(call, 'ID cannot be empty');
  for (const wanted of given.operands) {
    const one = find(service, wanted, false);
    if (one === undefined) return fatal(call, `stopping the container "${wanted}": rpc error: code = NotFound desc = an error occurred when try to find container "${wanted}": not found`);
    const graceUs = Number(given.options.get('timeout') ?? 0) * 1e6;
    if (graceUs > 0) service.signal(one.id, 'TERM');
    const untilUs = call.sys.now() + graceUs;
    while (find(service, one.id, false)?.state === 'running' && call.sys.now() < untilUs) await call.sys.sleep(50_000);
    service.signal(one.id, 'KILL');
    call.out(one.id);
  }
  return 0;
}

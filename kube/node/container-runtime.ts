/**
 * Containers on a machine, as docker (under dockershim) or containerd keep them: images pulled, sandboxes that hold a pod's namespaces, containers in them, their
 * logs. Who decides what should run is the kubelet; docker, crictl and exec streams look in here.
 * Read first: kubernetes pkg/kubelet/dockershim/{docker_sandbox,docker_container,naming}.go; the CRI's api.proto
 */
import type { ImageFile } from '../../machine/image.ts';
import { CAPABILITIES, type Capability, type Container, type ContainerBind } from '../../machine/container.ts';
import type { Machine, RunHandle, TerminalHandle } from '../../machine/machine.ts';
import type { WaitStatus, WindowSize } from '../../machine/sys.ts';
import { SIGNAL_NUMBERS } from '../../machine/signals.ts';
import { fromUtf8 } from '../../simulator/bytes.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import { fullReference, shortReference, type ContainerImage, type ImageCatalog } from './images.ts';
import { LogBook } from './log-book.ts';

export type RuntimeKind = 'docker' | 'containerd';
export interface PodIdentity { readonly namespace: string; readonly name: string; readonly uid: string }

export interface Sandbox {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly createdUs: number;
  /** The pod's network namespace; 0 is the host's. */
  readonly netns: number;
  readonly root: Container;
  readonly handle: RunHandle;
  readonly labels: Readonly<Record<string, string>>;
  address: string | undefined;
  isReady: boolean;
}

export interface ContainerSpec {
  readonly name: string;
  readonly attempt: number;
  readonly image: ContainerImage;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string | undefined;
  readonly uid: number | undefined;
  readonly hasTty: boolean;
  readonly isPrivileged: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly files: readonly ImageFile[];
  readonly binds: readonly ContainerBind[];
}

export interface ContainerRecord {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly spec: ContainerSpec;
  readonly createdUs: number;
  readonly root: Container;
  readonly log: LogBook;
  state: 'created' | 'running' | 'exited';
  /** 0 unless running. */
  pid: number;
  startedUs: number;
  finishedUs: number;
  exitCode: number;
  signal: number | undefined;
  /** The runtime could not start it. */
  startError: string | undefined;
  handle: RunHandle | TerminalHandle | undefined;
  readonly watchers: Set<() => void>;
}

const DEFAULT_CAPABILITIES: readonly Capability[] = ['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'];
const CONTAINER_SIZE: WindowSize = { columns: 80, rows: 24 };

export class ContainerRuntime {
  readonly kind: RuntimeKind;
  readonly machine: Machine;
  readonly sandboxes = new Map<string, Sandbox>();
  readonly containers = new Map<string, ContainerRecord>();
  /** By reference. */
  readonly pulled = new Map<string, ContainerImage>();
  private readonly time: KubeRuntime;
  private readonly catalog: ImageCatalog;
  readonly sandboxImage: ContainerImage;
  private readonly pulling = new Map<string, ((error: string | undefined) => void)[]>();

  constructor(options: { kind: RuntimeKind; machine: Machine; time: KubeRuntime; catalog: ImageCatalog; sandboxImage: string }) {
    this.kind = options.kind;
    this.machine = options.machine;
    this.time = options.time;
    this.catalog = options.catalog;
    const image = options.catalog.find(options.sandboxImage);
    if (image === undefined) throw new Error(`there is no image ${options.sandboxImage} for pods' sandboxes`);
    this.sandboxImage = image;
    this.pulled.set(image.reference, image);
  }

  private newId(): string {
    return Array.from(this.time.dice.bytes(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  private nowUs(): number {
    return this.machine.epochNowUs();
  }

  // ---------------------------------------------------------------- images

  image(name: string): ContainerImage | undefined {
    return this.pulled.get(fullReference(name));
  }

  /** Answers later: undefined, or what the registry said. Whoever asks for what is being pulled waits with the others. */
  pull(name: string, done: (error: string | undefined) => void): void {
    const reference = fullReference(name);
    const waiting = this.pulling.get(reference);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.pulling.set(reference, all);
    const image = this.catalog.find(reference);
    this.time.after(image?.pullMs ?? 700, () => {
      this.pulling.delete(reference);
      if (image !== undefined) this.pulled.set(reference, image);
      const error = image === undefined ? this.notFound(name, reference) : undefined;
      for (const tell of all) tell(error);
    });
  }

  private notFound(name: string, reference: string): string {
    const [, registry = '', path = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
    const knowsName = this.catalog.all().some((image) => image.reference.startsWith(`${registry}/${path}:`));
    if (this.kind === 'containerd') {
      const head = `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": `;
      return registry === 'docker.io' && !knowsName
        ? `${head.replace('NotFound', 'Unknown')}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
        : `${head}${reference}: not found`;
    }
    const head = 'rpc error: code = Unknown desc = Error response from daemon: ';
    if (registry === 'docker.io') {
      return knowsName ? `${head}manifest for ${name} not found: manifest unknown: manifest unknown` : `${head}pull access denied for ${shortReference(reference).replace(/:[^:]*$/, '')}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`;
    }
    return `${head}manifest for ${name} not found: manifest unknown: Failed to fetch "${tag}" from request "/v2/${path}/manifests/${tag}".`;
  }

  // ---------------------------------------------------------------- sandboxes

  /** `netns` is the pod's own, made by the caller, or 0. */
  createSandbox(pod: PodIdentity, options: { readonly attempt: number; readonly hostname: string; readonly netns: number; readonly labels: Readonly<Record<string, string>> }): Sandbox {
    const id = this.newId();
    const { root: image, rootName } = this.sandboxImage;
    const root = this.machine.createContainer({ rootPath: this.rootPath(id), image, imageName: rootName, hostname: options.hostname, netns: options.netns, capabilities: new Set(DEFAULT_CAPABILITIES) });
    const started = this.machine.runIn(root, { argv: this.sandboxImage.entrypoint, env: new Map(Object.entries(this.sandboxImage.env)), cwd: '/' });
    if (!started.ok) throw new Error(`the sandbox's ${this.sandboxImage.reference} cannot start: ${started.error}`);
    const sandbox: Sandbox = { id, pod, attempt: options.attempt, createdUs: this.nowUs(), netns: options.netns, root, handle: started.value, labels: options.labels, address: undefined, isReady: true };
    this.sandboxes.set(id, sandbox);
    started.value.onExit(() => {
      sandbox.isReady = false;
    });
    return sandbox;
  }

  stopSandbox(sandbox: Sandbox): void {
    for (const record of this.containersOf(sandbox)) this.signal(record, 'KILL');
    sandbox.handle.kill('KILL');
    sandbox.isReady = false;
  }

  /** Its containers must have ended. */
  removeSandbox(sandbox: Sandbox): void {
    for (const record of this.containersOf(sandbox)) this.remove(record);
    sandbox.root.remove();
    this.sandboxes.delete(sandbox.id);
  }

  containersOf(sandbox: Sandbox): ContainerRecord[] {
    return [...this.containers.values()].filter((record) => record.sandbox === sandbox);
  }

  // ---------------------------------------------------------------- containers

  create(sandbox: Sandbox, spec: ContainerSpec): ContainerRecord {
    const id = this.newId();
    const { root: image, rootName } = spec.image;
    const root = this.machine.createContainer({
      rootPath: this.rootPath(id), image, files: spec.files, binds: spec.binds, imageName: rootName, hostname: this.machine.hostname, uts: sandbox.root.uts ?? 'machine', netns: sandbox.netns, capabilities: capabilitiesOf(spec),
    });
    const record: ContainerRecord = {
      id, sandbox, spec, createdUs: this.nowUs(), root, log: new LogBook((line) => this.machine.appendFile(this.logPath(id, sandbox, spec), line), this.kind === 'docker' ? 'json' : 'cri', () => this.nowUs()),
      state: 'created', pid: 0, startedUs: 0, finishedUs: 0, exitCode: 0, signal: undefined, startError: undefined, handle: undefined, watchers: new Set(),
    };
    this.containers.set(id, record);
    this.machine.putFile({ path: this.logPath(id, sandbox, spec), content: '', mode: 0o640 });
    this.machine.putFile({ path: `/var/log/containers/${sandbox.pod.name}_${sandbox.pod.namespace}_${spec.name}-${id}.log`, link: this.logPath(id, sandbox, spec) });
    return record;
  }

  /** Starts it; what cannot start has `startError` and counts as exited. */
  start(record: ContainerRecord): void {
    const { spec, root } = record;
    const argv = [...(spec.command.length > 0 ? spec.command : spec.image.entrypoint), ...(spec.args.length > 0 || spec.command.length > 0 ? spec.args : spec.image.command)];
    const common = { argv, env: spec.env, cwd: spec.workingDir ?? spec.image.workingDir, uid: spec.uid ?? 0 };
    record.startedUs = this.nowUs();
    const program = argv[0] ?? '';
    const started = spec.hasTty
      ? this.machine.openTerminalIn(root, { ...common, size: CONTAINER_SIZE })
      : this.machine.runIn(root, { ...common, stdout: (bytes) => record.log.add('stdout', fromUtf8(bytes)), stderr: (bytes) => record.log.add('stderr', fromUtf8(bytes)) });
    if (!started.ok) {
      record.startError = this.startError(program, started.error);
      this.ended(record, { kind: 'exited', code: started.error === 'EACCES' ? 126 : 127 });
      return;
    }
    record.handle = started.value;
    record.pid = started.value.pid;
    record.state = 'running';
    if ('onData' in started.value) started.value.onData((bytes) => record.log.add('stdout', fromUtf8(bytes)));
    started.value.onExit((status) => this.ended(record, status));
  }

  private startError(program: string, error: string): string {
    const reason = program === '' ? 'no command specified' : error === 'EACCES' ? `exec: \\"${program}\\": permission denied` : program.includes('/') ? `exec: \\"${program}\\": stat ${program}: no such file or directory` : `exec: \\"${program}\\": executable file not found in $PATH`;
    return this.kind === 'docker'
      ? `Error response from daemon: OCI runtime create failed: container_linux.go:349: starting container process caused "${reason}": unknown`
      : `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${reason.replaceAll('\\"', '"')}: unknown`;
  }

  private ended(record: ContainerRecord, status: WaitStatus): void {
    record.state = 'exited';
    record.finishedUs = this.nowUs();
    record.pid = 0;
    if (status.kind === 'exited') record.exitCode = status.code;
    if (status.kind === 'signalled') {
      record.signal = SIGNAL_NUMBERS[status.signal];
      record.exitCode = 128 + record.signal;
    }
    record.log.close();
    const watchers = [...record.watchers];
    this.time.after(0, () => {
      for (const tell of watchers) tell();
    });
  }

  /** Told once it has ended, also when it had already. */
  onEnd(record: ContainerRecord, tell: () => void): Cancel {
    if (record.state === 'exited') return this.time.after(0, tell);
    record.watchers.add(tell);
    return () => record.watchers.delete(tell);
  }

  signal(record: ContainerRecord, signal: 'TERM' | 'KILL'): void {
    if (record.state === 'running') this.machine.processes.get(record.pid)?.post(signal);
  }

  remove(record: ContainerRecord): void {
    record.root.remove();
    this.containers.delete(record.id);
  }

  // ---------------------------------------------------------------- running more in one

  exec(record: ContainerRecord, argv: readonly string[], io: { stdout(bytes: Uint8Array): void; stderr(bytes: Uint8Array): void; exit(code: number): void }, size?: WindowSize): RunHandle | TerminalHandle | { readonly error: string; readonly code: number } {
    const { spec, root } = record;
    const env = new Map(spec.env);
    if (size !== undefined) env.set('TERM', 'xterm');
    const common = { argv, env, cwd: spec.workingDir ?? spec.image.workingDir, uid: spec.uid ?? 0 };
    const started = size === undefined ? this.machine.runIn(root, { ...common, stdin: 'pipe', stdout: io.stdout, stderr: io.stderr }) : this.machine.openTerminalIn(root, { ...common, size });
    if (!started.ok) return { error: this.execError(argv[0] ?? '', started.error), code: started.error === 'EACCES' ? 126 : this.kind === 'docker' ? 126 : 127 };
    if ('onData' in started.value) started.value.onData((bytes) => io.stdout(bytes));
    started.value.onExit((status) => io.exit(exitCodeOf(status)));
    return started.value;
  }

  private execError(program: string, error: string): string {
    const what = error === 'EACCES' ? 'permission denied' : program.includes('/') ? `stat ${program}: no such file or directory` : 'executable file not found in $PATH';
    return this.kind === 'docker'
      ? `OCI runtime exec failed: exec failed: container_linux.go:349: starting container process caused "exec: \\"${program}\\": ${what}": unknown`
      : `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${what}: unknown`;
  }

  // ---------------------------------------------------------------- places

  private rootPath(id: string): string {
    return this.kind === 'docker' ? `/var/lib/docker/overlay2/${id}/merged` : `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/rootfs`;
  }

  logPath(id: string, { pod }: Sandbox, spec: ContainerSpec): string {
    return this.kind === 'docker' ? `/var/lib/docker/containers/${id}/${id}-json.log` : `/var/log/pods/${pod.namespace}_${pod.name}_${pod.uid}/${spec.name}/${spec.attempt}.log`;
  }
}

export function exitCodeOf(status: WaitStatus): number {
  return status.kind === 'exited' ? status.code : status.kind === 'signalled' ? 128 + SIGNAL_NUMBERS[status.signal] : 0;
}

/** k8s_NAME_POD_NAMESPACE_UID_ATTEMPT (dockershim/naming.go). */
export function dockerName({ sandbox, spec }: { readonly sandbox: Sandbox; readonly spec?: ContainerSpec }): string {
  const { namespace, name, uid } = sandbox.pod;
  return `k8s_${spec?.name ?? 'POD'}_${name}_${namespace}_${uid}_${spec?.attempt ?? sandbox.attempt}`;
}

function capabilitiesOf({ isPrivileged, addCapabilities, dropCapabilities }: ContainerSpec): ReadonlySet<Capability> | undefined {
  if (isPrivileged) return undefined;
  const named = (names: readonly string[]): Capability[] => names.flatMap((name) => (name.toUpperCase() === 'ALL' ? CAPABILITIES : CAPABILITIES.filter((one) => one === name.toUpperCase().replace(/^CAP_/, ''))));
  const set = new Set(DEFAULT_CAPABILITIES);
  // `add: [ALL], drop: [X]` leaves X out, `drop: [ALL], add: [X]` leaves X.
  const dropsAll = dropCapabilities.some((name) => name.toUpperCase() === 'ALL');
  if (dropsAll) set.clear();
  for (const capability of named(addCapabilities)) set.add(capability);
  if (!dropsAll) for (const capability of named(dropCapabilities)) set.delete(capability);
  return set;
}

/** A scenario realised in the simulator: a world, its kernels, machines with programs, terminals, evidence. One per lab; nothing is shared. */
import type { Terminal } from '../contracts/course.ts';
import { BROWSER, type TerminalView, type VisitView } from '../contracts/lab.ts';
import type { Observer, Place } from '../contracts/observer.ts';
import { createMachine, type Machine, type TerminalHandle } from '../machine/machine.ts';
import { Scheduler } from '../machine/scheduler.ts';
import type { SignalName, WaitStatus } from '../machine/sys.ts';
import { concat, fromUtf8, utf8 } from '../simulator/bytes.ts';
import { createWorld } from '../simulator/index.ts';
import { vpc } from '../cloud/dataplane/vpc.ts';
import { datapath } from '../kube/node/dataplane-v2/programs.ts';
import type { Lab, RunOptions } from './backend.ts';
import { Browser, visitText } from './browser.ts';
import type { ApiServer } from '../kube/apiserver/server.ts';
import { ClusterLab } from './cluster/cluster.ts';
import { httpServer } from './http-server.ts';
import { imageFor } from './images/index.ts';
import { Evidence, type Command } from './observe/evidence.ts';
import { createObserver } from './observe/observer.ts';
import type { MachineSpec, Scenario } from './scenarios/index.ts';

/** 2026-11-23 01:14:00 UTC. */
export const DEFAULT_EPOCH_US = 1_795_396_440_000_000;
const BOOT_AT_MOST_US = 30_000_000;
const PROMPT_AT_MOST_US = 5_000_000;
/** Commands that put a shell of another machine or container on their own terminal. */
const LEADS_ON = /\b(?:ssh|toolbox|kubectl\s.*(?:exec|attach|run|debug)|docker\s.*exec|crictl\s.*exec)\b/;
const CLUSTER_AT_MOST_S = 600;
const RADIO_SILENCE_US = 100_000;
const LOGIN_ENVIRONMENT = { TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC' };

export interface RunningCommand {
  readonly pid: number;
  readonly status: WaitStatus | undefined;
  stdout(): string;
  stderr(): string;
  /** To its whole process group, as a terminal would. */
  signal(name: SignalName): void;
}

interface OpenTerminal { readonly definition: Terminal; readonly machine: Machine; readonly handle: TerminalHandle; isOpen: boolean }

export class SimulatedLab implements Lab {
  readonly observer: Observer;
  readonly titles: Readonly<Record<string, string>>;
  readonly outside: readonly string[];
  private listener: ((terminal: string, bytes: Uint8Array) => void) | undefined;
  /** What terminals showed before anybody listened: the first prompts. */
  private early: { readonly terminal: string; readonly bytes: Uint8Array }[] = [];
  onChange: () => void = () => undefined;
  private readonly scenario: Scenario;
  private readonly world: ReturnType<typeof createWorld>;
  private readonly scheduler: Scheduler;
  private readonly machines = new Map<string, Machine>();
  private readonly hidden = new Set<string>();
  /** The cloud around the machines, where the scenario has one. */
  private cluster: ClusterLab | undefined;
  private readonly open = new Map<string, OpenTerminal>();
  /** By machine and tty: `host pts/0`. */
  private readonly ttyNames = new Map<string, string>();
  private readonly unplaced = new Set<string>();
  private readonly evidence = new Evidence();
  private readonly browser: Browser;
  private visited: { readonly id: number; readonly command: Command } | undefined;
  private shown = 0x811c9dc5;
  private isClosed = false;

  private constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.titles = Object.fromEntries(scenario.machines.flatMap(({ name, title }) => (title === undefined ? [] : [[name, title]])));
    // Who has gcloud's credentials has a terminal to work at; a browser is elsewhere.
    this.outside = scenario.machines.filter(({ outside, isHidden }) => outside !== undefined && isHidden !== true).toSorted((one, other) => Number(one.isLoggedIn === true) - Number(other.isLoggedIn === true)).map(({ name }) => name);
    this.world = createWorld({ seed, epochUs: DEFAULT_EPOCH_US, junctions: [vpc], bpfObjects: [datapath] });
    this.scheduler = new Scheduler(this.world);
    for (const spec of scenario.machines) this.build(spec);
    for (const { ends, latencyUs } of scenario.wires) this.world.connect(this.port(ends[0]), this.port(ends[1]), { latencyUs });
    this.observer = createObserver({ world: this.world, machines: this.machines, hidden: this.hidden, evidence: this.evidence, cluster: () => this.cluster });
    this.browser = new Browser(() => Math.round(this.world.nowUs / 1000), (view) => this.visitChanged(view));
    const changed = (): void => this.onChange();
    this.world.onStateChange = changed;
    this.evidence.onChange = changed;
    if (scenario.cloud === undefined) return;
    this.cluster = new ClusterLab({ world: this.world, build: (spec) => this.build(spec), remove: (name) => this.remove(name) }, scenario.cloud);
    for (const spec of scenario.machines) this.cluster.attach(spec, this.machine(spec.name));
  }

  /** Boots every machine; nobody is logged in yet. */
  static async open(scenario: Scenario, { seed, ...running }: { seed: number } & RunOptions): Promise<SimulatedLab> {
    const lab = new SimulatedLab(scenario, seed);
    for (const { name, boot } of scenario.machines) await lab.boot(name, boot, running);
    await lab.runUntil(lab.nowUs + 2_000_000, running);
    if (scenario.cloud?.cluster.isRunning === true) await lab.beginCluster(running);
    return lab;
  }

  /** Makes the cluster a scenario begins with, and waits until its nodes and their own pods run. */
  private async beginCluster(running: RunOptions): Promise<void> {
    const cluster = this.cluster!;
    cluster.begin();
    for (let waited = 0; !cluster.isSettled; waited++) {
      if (waited >= CLUSTER_AT_MOST_S) throw new Error(`the cluster of lab ${this.scenario.id} does not come up`);
      await this.runUntil(this.nowUs + 1_000_000, running);
    }
    const { cluster: { name }, zone } = this.scenario.cloud!;
    const credentials = [`gcloud --quiet container clusters get-credentials ${name} --zone ${zone} 2>/dev/null`, 'mkdir -p /home/learner/.kube', 'cp /root/.kube/config /home/learner/.kube/config', 'chown -R learner:learner /home/learner/.kube'];
    for (const spec of this.scenario.machines) if (spec.isLoggedIn === true) await this.boot(spec.name, credentials, running);
  }

  private build(spec: MachineSpec): Machine {
    const kernel = this.world.addKernel(spec.hostname);
    for (const { name, mac, mtu } of spec.devices) {
      const added = kernel.netlink.addLink(0, { kind: 'ether', name, mac, mtu, noQueue: true });
      if (!added.ok) throw new Error(`${spec.name}: ${name}: ${added.error}`);
    }
    const machine = createMachine({ world: this.world, kernel, scheduler: this.scheduler, name: spec.name, hostname: spec.hostname, image: imageFor(spec) });
    machine.audit = this.evidence.watch(
      { name: spec.name, nowMs: () => Math.round(this.world.nowUs / 1000), netnsName: (id) => this.netnsName(machine, id), userName: (uid) => machine.ports.users().find((user) => user.uid === uid)?.name ?? String(uid) },
      (tty) => this.ttyNames.get(`${spec.name} ${tty.name}`) ?? this.ledOnFrom(`${spec.name} ${tty.name}`),
    );
    this.machines.set(spec.name, machine);
    if (spec.isHidden === true) this.hidden.add(spec.name);
    return machine;
  }

  /** '' for a machine's own; a namespace without a name is called after the pod it belongs to. */
  private netnsName(machine: Machine, id: number): string | null {
    return id === 0 ? '' : (machine.netnsName(id) ?? this.cluster?.podOf(machine.name, id) ?? null);
  }

  /** Which of the lab's terminals a new terminal of a machine hangs on: the one whose command leads on there, by ssh or by kubectl exec. */
  private ledOnFrom(tty: string): string | undefined {
    if (this.cluster === undefined || this.unplaced.has(tty)) return undefined;
    // Until it is found, and for good when it is not, this terminal hangs on none.
    this.unplaced.add(tty);
    const leading = [...this.open.keys()].flatMap((id) => {
      const foreground = this.evidence.foregroundOf(id);
      return foreground?.line !== undefined && foreground.line !== null && LEADS_ON.test(foreground.line) ? [{ id, sinceMs: foreground.sinceMs }] : [];
    });
    const found = leading.toSorted((one, other) => other.sinceMs - one.sinceMs)[0]?.id;
    if (found !== undefined) this.ttyNames.set(tty, found);
    return found;
  }

  /** A virtual machine that was deleted: its processes end, and nobody finds it any more. */
  private remove(name: string): void {
    const machine = this.machines.get(name);
    if (machine === undefined) return;
    for (const { pid } of machine.processViews()) machine.kill(machine.init, pid, 'KILL');
    for (const [id, terminal] of this.open) if (terminal.machine === machine) this.closed(id);
    this.machines.delete(name);
    this.hidden.delete(name);
    this.onChange();
  }

  private port(end: string): { kernel: number; ns: number; index: number } {
    const [machineName = '', device = ''] = end.split('/');
    const { kernel } = this.machine(machineName);
    const link = kernel.netlink.link(0, device);
    if (link === undefined) throw new Error(`a wire ends at ${end}, which does not exist`);
    return { kernel: kernel.id, ns: 0, index: link.index };
  }

  private async boot(name: string, commands: readonly string[], running: RunOptions): Promise<void> {
    if (commands.length === 0) return;
    const command = this.start(['bash', '-c', `set -e\n${commands.join('\n')}`], { place: name, cwd: '/', env: { HOME: '/root', TERM: 'dumb', LANG: 'C.UTF-8', TZ: 'UTC' } });
    await this.runWhile(() => command.status === undefined, this.nowUs + BOOT_AT_MOST_US, running);
    if (command.status?.kind !== 'exited' || command.status.code !== 0) throw new Error(`${name} does not boot: ${command.stderr()}${command.stdout()}`);
  }

  // ---------------------------------------------------------------- time

  get nowUs(): number {
    return this.world.nowUs;
  }
  get epochMs(): number {
    return Math.floor((this.world.epochUs + this.world.nowUs) / 1000);
  }
  nextDueUs(): number | undefined {
    return this.scheduler.nextDueUs();
  }
  runUntil(targetUs: number, options: RunOptions = {}): Promise<void> {
    return this.scheduler.runUntil(targetUs, options);
  }
  runUntilQuiet(quietUs: number, limitUs: number, options: RunOptions = {}): Promise<void> {
    return this.scheduler.runUntilQuiet(quietUs, limitUs, options);
  }
  /** Until the condition is false, at most until `limitUs`; stops at the very instant it turns. */
  async runWhile(condition: () => boolean, limitUs: number, options: RunOptions = {}): Promise<void> {
    if (condition()) await this.scheduler.runUntil(limitUs, { ...options, stopWhen: () => !condition() });
  }

  /** The API server of the lab's cluster, where one runs. */
  apiServer(): ApiServer | undefined {
    return this.cluster?.server();
  }

  // ---------------------------------------------------------------- machines

  /** A machine of the lab; `@internet` names the world outside. */
  private machine(name: string): Machine {
    const machine = this.machines.get(name.replace(/^@/, ''));
    if (machine === undefined) throw new Error(`the lab ${this.scenario.id} has no machine ${JSON.stringify(name)}; it has ${[...this.machines.keys()].join(', ')}`);
    return machine;
  }

  /** `machine`, `machine/namespace`, or the name of a namespace of the home machine. */
  private place(name: string | undefined): { machine: Machine; netns: string } {
    if (name === undefined) return { machine: this.machine(this.scenario.home), netns: '' };
    const led = this.cluster?.resolve(name);
    if (led !== undefined) return { machine: this.machine(led.machine), netns: led.netns };
    const [first = '', netns = ''] = name.split('/');
    if (this.machines.has(first.replace(/^@/, ''))) return { machine: this.machine(first), netns };
    return { machine: this.machine(this.scenario.home), netns: first };
  }

  /** Starts a program as root, without a terminal: standard input empty, output kept. */
  start(argv: readonly string[], { place, cwd, env }: { place?: string | undefined; cwd: string; env: Readonly<Record<string, string>> }): RunningCommand {
    const { machine, netns } = this.place(place);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const words = netns === '' ? argv : ['ip', 'netns', 'exec', netns, ...argv];
    const out: Uint8Array[] = [];
    const err: Uint8Array[] = [];
    const process = machine.run({ argv: words, cwd, env: new Map(Object.entries({ PATH: path, ...env })), uid: 0, stdout: (bytes) => out.push(bytes), stderr: (bytes) => err.push(bytes) });
    return {
      pid: process.pid,
      get status() {
        return process.status;
      },
      stdout: () => fromUtf8(concat(...out)),
      stderr: () => fromUtf8(concat(...err)),
      signal: (name) => process.kill(name),
    };
  }

  /** A small HTTP/1.0 server that answers every request with `body`, listening when this returns. */
  serveHttp(place: string | undefined, port: number, body: string): Promise<void> {
    const { machine, netns } = this.place(place);
    machine.runProgram({ program: httpServer(port, body), argv: ['python3', '-m', 'http.server', String(port)], env: new Map(), cwd: '/', ...(netns === '' ? {} : { netns }) });
    return this.runUntil(this.nowUs + 20_000);
  }

  /** On every machine: a case's commands find their files wherever they run. */
  makeDirectory(path: string): void {
    for (const machine of this.machines.values()) machine.putFile({ path });
  }
  putFile(path: string, bytes: Uint8Array, mode: number): void {
    for (const machine of this.machines.values()) machine.putFile({ path, content: bytes, mode });
  }

  /** Sends echo requests back to back from a namespace, no process involved; answers how many packets devices transmitted, and how long that took. */
  flood(netns: string, to: string, count: number, nowMs: () => number): { sent: number; ms: number } {
    const { machine } = this.place(undefined);
    const { kernel } = machine;
    const ns = machine.namedNetns().find(({ name }) => name === netns)?.ref.id ?? 0;
    const opened = kernel.sockets.open(ns, { type: 'ping', family: 'inet' }, 0);
    if (!opened.ok || !kernel.sockets.connect(opened.value, { address: to, port: 0 }).ok) throw new Error(`nothing leads from ${netns} to ${to}`);
    const transmitted = (): number => kernel.namespaces.list().reduce((sum, id) => sum + kernel.netlink.links(id).reduce((inside, link) => inside + link.stats.txPackets, 0), 0);
    const request = new Uint8Array(64);
    request[0] = 8;
    const before = transmitted();
    const startedMs = nowMs();
    for (let sent = 0; sent < count; sent++) {
      kernel.sockets.send(opened.value, request);
      for (let due = this.world.nextEventUs(); due !== undefined && due < this.world.nowUs + 100; due = this.world.nextEventUs()) this.world.step();
      kernel.sockets.receiveDatagram(opened.value);
    }
    const ms = nowMs() - startedMs;
    kernel.sockets.close(opened.value);
    return { sent: transmitted() - before, ms };
  }

  // ---------------------------------------------------------------- terminals

  /** In a namespace that is not there, or that only processes can enter, as a pod's: on its machine. */
  openTerminal(definition: Terminal, size: { columns: number; rows: number }): void {
    const { machine, netns } = this.place(definition.place);
    const isNamed = machine.namedNetns().some(({ name }) => name === netns);
    const user = definition.user ?? 'learner';
    const handle = machine.spawnSession({ size, user, env: new Map(Object.entries(LOGIN_ENVIRONMENT)), ...(isNamed ? { netns } : {}) });
    handle.onData((bytes) => this.data(definition.id, bytes));
    handle.onExit(() => this.closed(definition.id));
    this.ttyNames.set(`${machine.name} ${handle.name}`, definition.id);
    this.open.set(definition.id, { definition, machine, handle, isOpen: true });
  }

  closeTerminal(id: string): void {
    this.open.get(id)?.handle.close();
    this.open.delete(id);
    this.early = this.early.filter(({ terminal }) => terminal !== id);
    this.onChange();
  }

  input(terminal: string, data: string): void {
    const found = this.open.get(terminal);
    if (found?.isOpen !== true) return;
    found.handle.write(utf8(data));
  }

  resize(terminal: string, columns: number, rows: number): void {
    this.open.get(terminal)?.handle.resize({ columns, rows });
  }

  terminals(): TerminalView[] {
    const sessions = this.evidence.sessions();
    return [...this.open.values()].map(({ definition, machine, isOpen }) => {
      const session = sessions.findLast(({ terminal }) => terminal === definition.id);
      const inner = session?.shells.at(-1);
      const foreground = this.evidence.foregroundOf(definition.id);
      return {
        id: definition.id, title: definition.title, machine: machine.name, netns: inner?.netns ?? '', user: inner?.user ?? 'learner', cwd: inner?.cwd ?? '/', depth: Math.max(0, (session?.shells.length ?? 1) - 1),
        running: foreground?.line ?? null, sinceMs: foreground?.sinceMs ?? 0, isOpen,
      };
    });
  }

  /** A shell waits for a line there; inside screen, the shell of the window that is shown. */
  isPrompting(terminal: string): boolean {
    if (this.open.get(terminal)?.isOpen !== true) return false;
    if (this.evidence.foregroundOf(terminal)?.line === null) return true;
    if (!this.evidence.hasScreens) return false;
    const sessions = this.evidence.sessions();
    const own = sessions.find((session) => session.terminal === terminal);
    if (own?.foreground?.[0]?.endsWith('screen') !== true) return false;
    return sessions.some(({ kind, machine, isAttached, foreground }) => kind === 'screen' && machine === own.machine && isAttached && foreground === null);
  }

  /** Lets the shells come up to their prompts. */
  async settle(options: RunOptions = {}): Promise<void> {
    await this.runUntilQuiet(RADIO_SILENCE_US, this.nowUs + PROMPT_AT_MOST_US, options);
  }

  /** A lesson begins: what was typed and shown before it is nobody's evidence. */
  forgetEvidence(): void {
    this.evidence.forget();
  }

  // ---------------------------------------------------------------- the browser

  visit(from: Place, address: string): void {
    const machine = this.machines.get(from.machine);
    const pod = machine?.namedNetns().some(({ name }) => name === from.netns) === true ? undefined : this.cluster?.netnsOf(from.machine, from.netns);
    const container = pod === undefined ? undefined : this.cluster?.containerOf(from.machine, from.netns);
    const user = machine?.ports.users().find(({ name }) => name === 'learner');
    // In a pod whatever runs is root, as what kubectl exec starts is.
    const uid = pod === undefined ? (user?.uid ?? 0) : 0;
    const netns = pod ?? (from.netns === '' ? 0 : machine?.namedNetns().find(({ name }) => name === from.netns)?.ref.id);
    this.browser.visit(from, machine === undefined || netns === undefined ? undefined : { machine, netns, uid, ...(container === undefined ? {} : { container }) }, address);
  }

  stopVisit(): void {
    this.browser.stop();
  }

  shownVisit(): VisitView | null {
    return this.browser.view;
  }

  /** Visits are evidence, as command lines are. */
  private visitChanged(view: VisitView): void {
    const { id, from, startedAtMs, endedAtMs, error } = view;
    const line = `chromium ${view.url}`;
    if (this.visited?.id !== id) {
      this.visited = { id, command: this.evidence.begin({ terminal: BROWSER, machine: from.machine, netns: from.netns, user: 'learner', line, startedAtMs }) };
      this.visited.command.programs.push(line.split(' '));
    }
    if (endedAtMs !== null) {
      const text = visitText(view);
      this.evidence.showed(this.visited.command, text, endedAtMs, error === null ? 0 : 1);
      this.digest(utf8(text));
    }
    this.onChange();
  }

  private digest(bytes: Uint8Array): void {
    let hash = this.shown;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    this.shown = hash >>> 0;
  }

  private data(terminal: string, bytes: Uint8Array): void {
    this.digest(bytes);
    if (this.listener !== undefined) this.listener(terminal, bytes);
    else if (this.open.has(terminal)) this.early.push({ terminal, bytes });
  }

  set onData(listener: (terminal: string, bytes: Uint8Array) => void) {
    this.listener = listener;
    for (const { terminal, bytes } of this.early.splice(0)) listener(terminal, bytes);
  }

  private closed(id: string): void {
    const found = this.open.get(id);
    if (found !== undefined) found.isOpen = false;
    this.onChange();
  }

  captureFile(id: number): { name: string; bytes: Uint8Array } | undefined {
    return this.evidence.captureFile(id);
  }

  // ---------------------------------------------------------------- the whole

  hash(): string {
    let hash = this.shown;
    for (const machine of this.machines.values()) {
      for (const { pid, state, argv } of machine.processViews()) {
        for (const character of `${pid} ${state} ${argv.join(' ')}\n`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
      }
    }
    for (const character of this.cluster?.progress() ?? '') hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
    return `${hash.toString(16).padStart(8, '0')}${this.world.hash().slice(0, 8)}`;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onData = () => undefined;
    this.onChange = () => undefined;
  }
}

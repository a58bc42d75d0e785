/**
 * kube-proxy as a process of the node: watches the API server, writes rules into the host's namespace, holds NodePorts, answers health checks, keeps its log.
 * Read first: kubernetes pkg/proxy/iptables/proxier.go, pkg/proxy/healthcheck, pkg/util/async/bounded_frequency_runner.go
 */
import type { Machine } from '../../machine/machine.ts';
import type { Process } from '../../machine/process.ts';
import type { Program, Sys } from '../../machine/sys.ts';
import { utf8 } from '../../simulator/bytes.ts';
import type { TableName, TableState } from '../../simulator/index.ts';
import type { ApiClient } from '../client.ts';
import { generations } from '../proxy/generations.ts';
import type { GenerationName, ProxyConfig } from '../proxy/generation.ts';
import { Proxier, type HealthCheckPort, type LocalPort, type StaleFlow, type SyncPlan } from '../proxy/proxier.ts';
import { servicePortName, servicePorts, type ServiceObject } from '../proxy/services.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import { goTime, klogPrefix } from './programs/civil.ts';
import { serveHttp, type HttpAnswer, type HttpListener } from './programs/http.ts';
import { goProgram } from './programs/servers.ts';
import { applyPlan, ensureChain, natChains, restorePort } from './rules.ts';

/** Two syncs in a row are fine, then one a second; once a minute it looks whether its rules are still there. */
const SYNC_INTERVAL_MS = 1000;
const BURST = 2;
const MONITOR_MS = 60_000;
/** What reading changes and running iptables-restore takes. */
const SYNC_DELAY_MS = 15;
const HEALTH_TIMEOUT_MS = 120_000;
const LOG = '/var/log/kube-proxy.log';
const TABLES: readonly TableName[] = ['mangle', 'nat', 'filter'];

export interface KubeProxyOptions {
  readonly client: ApiClient;
  readonly time: KubeRuntime;
  readonly machine: Machine;
  readonly generation: GenerationName;
  readonly config: ProxyConfig;
}

/** How each generation words what it does, with the place in its source. */
interface Words { added(name: string, at: string): string; updated(name: string, at: string): string; removed(name: string): string; opened(port: LocalPort): string; refused(port: LocalPort, why: string): string; place: Readonly<Record<'added' | 'updated' | 'removed' | 'opened' | 'refused', string>> }
const local = ({ description, address, port, protocol }: LocalPort): string => `"${description}" (${address}:${port}/${protocol})`;
const plain: Omit<Words, 'place'> = {
  added: (name, at) => `Adding new service port "${name}" at ${at}`, updated: (name, at) => `Updating existing service port "${name}" at ${at}`, removed: (name) => `Removing service port "${name}"`,
  opened: (port) => `Opened local port ${local(port)}`, refused: (port, why) => `can't open ${local(port)}, skipping this nodePort: ${why}`,
};
const words: Readonly<Record<GenerationName, Words>> = {
  '2018': { ...plain, place: { added: 'proxier.go:329', updated: 'proxier.go:331', removed: 'proxier.go:350', opened: 'proxier.go:1754', refused: 'proxier.go:1262' } },
  '1.20': { ...plain, place: { added: 'service.go:390', updated: 'service.go:388', removed: 'service.go:415', opened: 'proxier.go:1721', refused: 'proxier.go:1263' } },
  '1.27': {
    ...plain,
    added: (name, at) => `"Adding new service port" portName="${name}" servicePort="${at}"`, updated: (name, at) => `"Updating existing service port" portName="${name}" servicePort="${at}"`, removed: (name) => `"Removing service port" portName="${name}"`,
    place: { added: 'service.go:478', updated: 'service.go:476', removed: 'service.go:503', opened: '', refused: '' },
  },
};

/** The program of kube-proxy's container on one node. */
export function kubeProxyProgram(options: KubeProxyOptions): Program {
  return goProgram(async (sys) => {
    const run = new ProxyRun(options, sys);
    run.start();
    try {
      return await run.serve();
    } finally {
      run.stop();
    }
  });
}

/** One life of the process. */
class ProxyRun {
  private readonly options: KubeProxyOptions;
  private readonly sys: Sys;
  private readonly proxier: Proxier;
  private readonly watches: Cancel[] = [];
  private readonly beganUs: number;
  private readonly known = new Map<string, string>();
  private readonly held = new Map<string, number>();
  private readonly recentSyncs: number[] = [];
  private readonly listeners: HttpListener[];
  private readonly healthListeners = new Map<string, HttpListener>();
  private written = new Map<TableName, TableState>();
  private plannedSync: Cancel | undefined;
  private monitor: Cancel = () => {};
  private plan: SyncPlan | undefined;
  private queuedMs = 0;
  private updatedMs = 0;
  private isSynced = false;

  constructor(options: KubeProxyOptions, sys: Sys) {
    this.options = options;
    this.sys = sys;
    this.proxier = new Proxier(generations[options.generation], options.config);
    this.beganUs = sys.now();
    this.listeners = [
      { port: 10256, handler: ({ path }) => (path === '/healthz' ? this.healthz() : notFound) },
      { port: 10249, address: '127.0.0.1', handler: ({ path }) => (path === '/healthz' ? { body: 'ok' } : path === '/proxyMode' ? { body: 'iptables' } : notFound) },
    ];
  }

  start(): void {
    const { client: all, config } = this.options;
    const client = all.as('system:kube-proxy');
    this.log('I', 'server_others.go:140', 'Using iptables Proxier.');
    const { nameStyle, endpointsFrom } = this.proxier.generation;
    this.watches.push(client.watch('services', {}, ({ type, object }) => {
      const service = object as ServiceObject;
      const changed = type === 'DELETED' ? this.proxier.deleteService(service) : this.proxier.setService(service);
      if (!changed) return;
      this.pendingServices.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, type === 'DELETED' ? [] : servicePorts(service).map((port) => ({ name: servicePortName(port, nameStyle), at: `${port.clusterIp}:${port.port}/${port.protocol.toUpperCase()}` })));
      this.queue();
    }));
    if (endpointsFrom === 'endpoints') {
      this.watches.push(client.watch('endpoints', {}, ({ type, object }) => {
        if (type === 'DELETED' ? this.proxier.deleteEndpoints(object) : this.proxier.setEndpoints(object)) this.queue();
      }));
    } else {
      this.watches.push(client.watch('endpointslices', {}, ({ type, object }) => {
        if (type === 'DELETED' ? this.proxier.deleteEndpointSlice(object) : this.proxier.setEndpointSlice(object)) this.queue();
      }));
    }
    this.monitor = this.options.time.after(MONITOR_MS, () => this.look());
    void config;
    this.queue();
  }

  stop(): void {
    for (const cancel of this.watches.splice(0)) cancel();
    this.plannedSync?.();
    this.monitor();
  }

  private log(severity: 'I' | 'W' | 'E', place: string, text: string): void {
    this.options.machine.appendFile(LOG, `${klogPrefix(severity, this.options.machine.epochNowUs(), this.sys.pid, place)}${text}\n`);
  }

  // ---------------------------------------------------------------- syncing

  private readonly pendingServices = new Map<string, { name: string; at: string }[]>();
  private readonly portsOfService = new Map<string, readonly string[]>();

  private queue(): void {
    const { time } = this.options;
    this.queuedMs = time.nowMs();
    if (this.plannedSync !== undefined) return;
    const oldest = this.recentSyncs.length < BURST ? -Infinity : this.recentSyncs[this.recentSyncs.length - BURST]!;
    const waitMs = Math.max(0, oldest + SYNC_INTERVAL_MS - time.nowMs());
    this.planSync(waitMs + SYNC_DELAY_MS);
  }

  /** While the process is stopped (SIGSTOP) nothing is read or written: changes wait until it goes on. */
  private planSync(afterMs: number): void {
    this.plannedSync = this.options.time.after(afterMs, () => {
      this.plannedSync = undefined;
      if (this.processes().some(({ state }) => state === 'stopped')) this.planSync(SYNC_INTERVAL_MS);
      else this.sync();
    });
  }

  private tellServices(): void {
    const say = words[this.options.generation];
    for (const [service, ports] of this.pendingServices) {
      for (const { name, at } of ports) {
        const kind = this.known.has(name) ? 'updated' : 'added';
        this.log('I', say.place[kind], say[kind](name, at));
        this.known.set(name, at);
      }
      const names = ports.map(({ name }) => name);
      for (const gone of this.portsOfService.get(service) ?? []) {
        if (names.includes(gone)) continue;
        this.log('I', say.place.removed, say.removed(gone));
        this.known.delete(gone);
      }
      if (names.length === 0) this.portsOfService.delete(service);
      else this.portsOfService.set(service, names);
    }
    this.pendingServices.clear();
  }

  private sync(): void {
    const { time, machine } = this.options;
    const { kernel } = machine;
    const port = restorePort(kernel, 0);
    this.recentSyncs.push(time.nowMs());
    if (this.recentSyncs.length > BURST) this.recentSyncs.shift();
    this.tellServices();
    const localAddresses = kernel.netlink.addresses(0, 'inet').map(({ address }) => address);
    const plan = this.proxier.sync({ localAddresses, natChains: natChains(port) });
    const { canaryChain } = this.proxier.generation;
    if (canaryChain !== undefined && plan.isFull) for (const table of TABLES) ensureChain(port, table, canaryChain);
    const complaint = applyPlan(port, plan);
    if (complaint !== undefined) {
      this.log('E', 'proxier.go:1550', `Failed to execute iptables-restore: exit status 1 (${complaint.trim()})`);
      this.proxier.forceFullSync();
      this.planSync(MONITOR_MS / 2);
      return;
    }
    this.written = new Map(TABLES.map((table) => [table, kernel.netfilter.table(0, 'inet', table)]));
    for (const stale of plan.staleFlows) this.forgetFlows(stale);
    this.plan = plan;
    this.updatedMs = time.nowMs();
    this.isSynced = true;
    this.wake();
  }

  /** Kubernetes writes everything anew here; what nobody touched would come out the same, so only changed tables are. */
  private look(): void {
    const { time, machine } = this.options;
    this.monitor = time.after(MONITOR_MS, () => this.look());
    if (!this.isSynced || [...this.written].every(([table, state]) => machine.kernel.netfilter.table(0, 'inet', table) === state)) return;
    this.proxier.forceFullSync();
    this.queue();
  }

  private forgetFlows(stale: StaleFlow): void {
    const { netfilter } = this.options.machine.kernel;
    const protocol = stale.protocol === 'udp' ? 17 : 132;
    for (const { id, protocol: number, original, reply } of netfilter.conntrack(0)) {
      if (number !== protocol) continue;
      const isMeant = stale.kind === 'address' ? original.destination === stale.address : stale.kind === 'port' ? original.dport === stale.port
        : stale.kind === 'translation' ? original.destination === stale.address && reply.source === stale.endpoint : original.dport === stale.port && reply.source === stale.endpoint;
      if (isMeant) netfilter.deleteConntrack(0, id);
    }
  }

  // ---------------------------------------------------------------- the process

  /** Signals the process to look at what it should listen on. */
  private wake(): void {
    for (const process of this.processes()) process.post('USR1');
  }

  private processes(): Process[] {
    return [...this.options.machine.processes.values()].filter(({ name }) => name === 'kube-proxy');
  }

  serve(): Promise<never> {
    return serveHttp(this.sys, {
      listeners: () => [...this.listeners, ...this.healthListeners.values()],
      onTurn: () => this.holdPorts(),
      onRefused: ({ port }, error) => this.log('E', 'healthcheck.go:221', `failed to listen on port ${port}: listen tcp :${port}: bind: ${error === 'EADDRINUSE' ? 'address already in use' : error}`),
    });
  }

  private async holdPorts(): Promise<void> {
    const { plan, sys } = this;
    if (plan === undefined) return;
    const say = words[this.options.generation];
    const wanted = new Map(plan.localPorts.map((port) => [`${port.address} ${port.port} ${port.protocol}`, port]));
    for (const [key, port] of wanted) {
      if (this.held.has(key)) continue;
      const family = port.address === '' ? 'inet6' : 'inet';
      const opened = sys.net.sockets.open({ type: port.protocol, family });
      if (!opened.ok) continue;
      const bound = sys.net.sockets.bind(opened.value, { address: port.address === '' ? '::' : port.address, port: port.port });
      const listening = bound.ok && port.protocol === 'tcp' ? sys.net.sockets.listen(opened.value, 128) : bound;
      if (listening.ok) {
        this.held.set(key, opened.value);
        this.log('I', say.place.opened, say.opened(port));
      } else {
        sys.net.sockets.close(opened.value);
        this.log('E', say.place.refused, say.refused(port, `listen ${port.protocol} ${port.address}:${port.port}: bind: ${listening.error === 'EADDRINUSE' ? 'address already in use' : listening.error}`));
      }
    }
    for (const [key, id] of this.held) {
      if (wanted.has(key)) continue;
      sys.net.sockets.close(id);
      this.held.delete(key);
    }
    const checks = new Map(plan.healthChecks.map((check) => [`${check.namespace}/${check.service} ${check.port}`, check]));
    for (const key of [...this.healthListeners.keys()]) if (!checks.has(key)) this.healthListeners.delete(key);
    for (const [key, { port }] of checks) if (!this.healthListeners.has(key)) this.healthListeners.set(key, { port, handler: () => this.serviceHealth(key) });
  }

  private serviceHealth(key: string): HttpAnswer {
    const check = this.plan?.healthChecks.find((one) => `${one.namespace}/${one.service} ${one.port}` === key);
    return check === undefined ? notFound : healthAnswer(check);
  }

  private healthz(): HttpAnswer {
    const nowUs = this.sys.now();
    const isHealthy = !this.isSynced || this.updatedMs >= this.queuedMs || nowUs / 1000 - this.queuedMs < HEALTH_TIMEOUT_MS;
    const now = goTime(nowUs, nowUs - this.beganUs);
    const last = isHealthy ? now : goTime(this.updatedMs * 1000, this.updatedMs * 1000 - this.beganUs);
    return { status: isHealthy ? 200 : 503, headers: JSON_HEADERS, body: `{"lastUpdated": "${last}","currentTime": "${now}"}` };
  }
}

const JSON_HEADERS = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' };
const notFound: HttpAnswer = { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }, body: utf8('404 page not found\n') };

/** What a load balancer under externalTrafficPolicy Local asks each node (service_health.go). */
function healthAnswer({ namespace, service, localEndpoints }: HealthCheckPort): HttpAnswer {
  return { status: localEndpoints > 0 ? 200 : 503, headers: JSON_HEADERS, body: `{\n\t"service": {\n\t\t"namespace": "${namespace}",\n\t\t"name": "${service}"\n\t},\n\t"localEndpoints": ${localEndpoints}\n}` };
}

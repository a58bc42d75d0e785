/**
 * One pod on its node, from the moment it is bound until nothing of it is left. Kubernetes makes a plan at every sync (computePodActions) and carries it out; so does this.
 * Read first: kubernetes pkg/kubelet/kubelet.go (syncPod), kuberuntime/kuberuntime_manager.go (SyncPod), kuberuntime_container.go, images/image_manager.go
 */
import type { Container as ContainerTemplate, LifecycleHandler as Handler, Probe } from 'kubernetes-types/core/v1';
import type { ApiClient } from '../client.ts';
import { isReason } from '../api/status.ts';
import type { RecordEvent } from '../controllers/events.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import { type ContainerRecord, type ContainerRuntime, type Sandbox } from './container-runtime.ts';
import { ConfigError, environmentOf, expand, filesOf, hostnameOf, type ClusterNames, type StoredPod } from './pod-environment.ts';
import type { PodNetwork } from './pod-network.ts';
import { ImageBackoff, RestartBackoff } from './backoff.ts';
import { podStatus } from './pod-status.ts';
import { bindsOf, removeVolumes } from './volumes.ts';
import { probeOnce, watchProbe, type ProbeTarget, type ProbeTools } from './probes.ts';

/** How long things take that are no program's work: a sandbox with its network, a container made, a process started. */
const SANDBOX_MS = 650;
const CREATE_MS = 90;
const START_MS = 240;
const TEARDOWN_MS = 180;
/** A worker that could not do its work tries again. */
const RETRY_MS = 2000;
/** Who is in back-off says so at each sync. */
const BACKOFF_SYNC_MS = 15_000;

export interface ContainerState {
  readonly template: ContainerTemplate;
  record: ContainerRecord | undefined;
  /** The run before this one. */
  previous: ContainerRecord | undefined;
  restarts: number;
  waiting: { reason: string; message?: string };
  isReady: boolean;
  /** Its startup probe has passed, or it has none. */
  isStarted: boolean;
  isBusy: boolean;
  readonly restartBackoff: RestartBackoff;
  readonly imageBackoff: ImageBackoff;
  probes: Cancel[];
}

export interface WorkerTools {
  readonly client: ApiClient;
  readonly time: KubeRuntime;
  readonly record: RecordEvent;
  readonly runtime: ContainerRuntime;
  readonly network: PodNetwork;
  readonly names: ClusterNames;
  readonly hostAddress: string;
  readonly kubeletVersion: string;
  /** The kubelet's own process, whose sockets probes are. */
  readonly owner: () => number | undefined;
  /** The kubelet's process runs. While it does not, nothing is done and nothing is told. */
  readonly isUp: () => boolean;
  readonly networkProblem: () => string | undefined;
  readonly onGone: (worker: PodWorker) => void;
}

export class PodWorker {
  pod: StoredPod;
  readonly startedMs: number;
  readonly init: ContainerState[];
  readonly containers: ContainerState[];
  sandbox: Sandbox | undefined;
  address: string | undefined;
  isTerminating = false;
  private readonly tools: WorkerTools;
  private isSandboxBusy = false;
  private isSyncPlanned = false;
  private isOver = false;
  private killAt: Cancel | undefined;
  private netns: number | undefined;

  constructor(tools: WorkerTools, pod: StoredPod) {
    this.tools = tools;
    this.pod = pod;
    this.startedMs = tools.time.nowMs();
    const state = (template: ContainerTemplate): ContainerState => ({
      template, record: undefined, previous: undefined, restarts: 0, waiting: { reason: 'ContainerCreating' }, isReady: false, isStarted: template.startupProbe === undefined, isBusy: false, restartBackoff: new RestartBackoff(), imageBackoff: new ImageBackoff(), probes: [],
    });
    this.init = (pod.spec?.initContainers ?? []).map(state);
    this.containers = (pod.spec?.containers ?? []).map(state);
    if (this.init.length > 0) for (const container of [...this.init, ...this.containers]) container.waiting = { reason: 'PodInitializing' };
    this.plan();
  }

  get isHostNetwork(): boolean {
    return this.pod.spec?.hostNetwork === true;
  }

  private get identity(): { namespace: string; name: string; uid: string } {
    const { namespace = 'default', name, uid } = this.pod.metadata;
    return { namespace, name, uid };
  }

  /** The object changed. What we wrote ourselves is no news. */
  update(pod: StoredPod): void {
    const isNews = pod.metadata.resourceVersion !== this.pod.metadata.resourceVersion;
    this.pod = pod;
    if (isNews) this.plan();
  }

  /** The object is gone without waiting for us. */
  forget(): void {
    this.isTerminating = true;
    this.killAll(0, true);
    this.plan();
  }

  /** The kubelet is back: what happened meanwhile is seen now. */
  resume(): void {
    const now = this.tools.client.find('pods', this.pod.metadata);
    if (now?.metadata.uid === this.pod.metadata.uid) this.update(now);
    else this.forget();
    this.plan();
  }

  /** The machine is gone. */
  abandon(): void {
    this.isOver = true;
    this.stopProbes();
  }

  state(name: string): ContainerState | undefined {
    return [...this.containers, ...this.init].find(({ template }) => template.name === name);
  }

  plan(delayMs = 0): void {
    if (delayMs > 0) {
      this.tools.time.after(delayMs, () => this.plan());
      return;
    }
    if (this.isSyncPlanned) return;
    this.isSyncPlanned = true;
    this.tools.time.after(0, () => {
      this.isSyncPlanned = false;
      if (!this.isOver && this.tools.isUp()) this.sync();
    });
  }

  private say(type: 'Normal' | 'Warning', reason: string, message: string, container?: ContainerState): void {
    const isInit = container !== undefined && this.init.includes(container);
    const path = container === undefined ? undefined : `spec.${isInit ? 'initContainers' : 'containers'}{${container.template.name}}`;
    this.tools.record({ ...this.pod, apiVersion: 'v1', kind: 'Pod' }, type, reason, message, path);
  }

  // ---------------------------------------------------------------- the plan

  private sync(): void {
    if (this.pod.metadata.deletionTimestamp !== undefined && !this.isTerminating) this.beginTermination();
    if (this.isTerminating) this.continueTermination();
    else this.advance();
    if (!this.isOver) this.report();
  }

  private advance(): void {
    const { phase } = podStatus(this, this.tools);
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.stopProbes();
      if (this.sandbox?.isReady === true) this.tools.runtime.stopSandbox(this.sandbox);
      return;
    }
    if (this.sandbox === undefined || !this.sandbox.isReady) {
      this.makeSandbox();
      return;
    }
    for (const container of this.init) {
      const { record } = container;
      if (record?.state === 'exited' && record.exitCode === 0) continue;
      this.ensure(container, this.pod.spec?.restartPolicy === 'Never' ? 'never' : 'on-failure');
      return;
    }
    const policy = this.pod.spec?.restartPolicy ?? 'Always';
    for (const container of this.containers) this.ensure(container, policy === 'Always' ? 'always' : policy === 'Never' ? 'never' : 'on-failure');
  }

  private makeSandbox(): void {
    if (this.isSandboxBusy) return;
    const { time, network, runtime, networkProblem } = this.tools;
    const problem = this.isHostNetwork ? undefined : networkProblem();
    if (problem !== undefined) {
      this.say('Warning', 'NetworkNotReady', `network is not ready: ${problem}`);
      this.plan(RETRY_MS);
      return;
    }
    this.isSandboxBusy = true;
    const attempt = this.sandbox === undefined ? 0 : this.sandbox.attempt + 1;
    if (this.sandbox !== undefined) this.say('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    time.after(SANDBOX_MS, () => {
      this.isSandboxBusy = false;
      if (this.isTerminating || this.isOver) return this.plan();
      this.dropSandbox();
      for (const container of [...this.init, ...this.containers]) {
        if (container.record === undefined) continue;
        container.restarts += 1;
        container.record = container.previous = undefined;
      }
      const { machine } = runtime;
      this.netns = this.isHostNetwork ? 0 : machine.netns.hold(machine.netns.create()).id;
      this.sandbox = runtime.createSandbox(this.identity, { attempt, hostname: this.isHostNetwork ? machine.hostname : hostnameOf(this.pod), netns: this.netns, labels: this.pod.metadata.labels ?? {} });
      this.sandbox.handle.onExit(() => this.plan());
      try {
        this.address = this.isHostNetwork ? this.tools.hostAddress : network.attach(this.netns);
        this.sandbox.address = this.address;
      } catch (cause) {
        this.say('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to set up sandbox container "${this.sandbox.id}" network for pod "${this.identity.name}": networkPlugin kubenet failed to set up pod "${this.identity.name}_${this.identity.namespace}" network: ${(cause as Error).message}`);
        this.dropSandbox();
        this.plan(RETRY_MS * 5);
        return;
      }
      this.plan();
    });
  }

  private dropSandbox(): void {
    const { runtime, network } = this.tools;
    if (this.sandbox !== undefined) {
      runtime.stopSandbox(this.sandbox);
      runtime.removeSandbox(this.sandbox);
      this.sandbox = undefined;
    }
    if (this.address !== undefined && !this.isHostNetwork) network.release(this.address);
    this.address = undefined;
    if (this.netns !== undefined && this.netns !== 0) runtime.machine.netns.release(runtime.machine.netns.get(this.netns));
    this.netns = undefined;
  }

  // ---------------------------------------------------------------- containers

  private ensure(container: ContainerState, restart: 'always' | 'on-failure' | 'never'): void {
    const { record, template, restartBackoff } = container;
    if (container.isBusy || record?.state === 'running' || record?.state === 'created') return;
    const nowMs = this.tools.time.nowMs();
    if (record !== undefined) {
      if (restart === 'never' || (restart === 'on-failure' && record.exitCode === 0)) return;
      const leftMs = restartBackoff.leftMs(nowMs);
      if (leftMs > 0) {
        const isNew = container.waiting.reason !== 'CrashLoopBackOff';
        const { namespace, name, uid } = this.identity;
        container.waiting = { reason: 'CrashLoopBackOff', message: `back-off ${goDuration(restartBackoff.currentMs)} restarting failed container=${template.name} pod=${name}_${namespace}(${uid})` };
        this.say('Warning', 'BackOff', 'Back-off restarting failed container', container);
        if (isNew || leftMs > 0) this.plan(Math.min(leftMs, BACKOFF_SYNC_MS));
        return;
      }
      restartBackoff.next(nowMs, record.finishedUs / 1000);
    }
    this.pullThenStart(container);
  }

  private pullThenStart(container: ContainerState): void {
    const { runtime, time } = this.tools;
    const { template, imageBackoff } = container;
    const name = template.image ?? '';
    const policy = template.imagePullPolicy ?? (/:(?!latest$)[^/]+$/.test(name) ? 'IfNotPresent' : 'Always');
    const present = runtime.image(name);
    if (policy === 'Never' && present === undefined) {
      container.waiting = { reason: 'ErrImageNeverPull', message: `Container image "${name}" is not present with pull policy of Never` };
      this.say('Warning', 'ErrImageNeverPull', container.waiting.message!, container);
      this.say('Warning', 'Failed', 'Error: ErrImageNeverPull', container);
      this.plan(BACKOFF_SYNC_MS);
      return;
    }
    if (present !== undefined && policy !== 'Always') {
      this.say('Normal', 'Pulled', `Container image "${name}" already present on machine`, container);
      this.create(container);
      return;
    }
    const leftMs = imageBackoff.leftMs(time.nowMs());
    if (leftMs > 0) {
      this.say('Normal', 'BackOff', `Back-off pulling image "${name}"`, container);
      this.say('Warning', 'Failed', 'Error: ImagePullBackOff', container);
      container.waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${name}"` };
      this.plan(Math.min(leftMs, BACKOFF_SYNC_MS));
      return;
    }
    this.say('Normal', 'Pulling', `Pulling image "${name}"`, container);
    container.isBusy = true;
    const begunMs = time.nowMs();
    const done = (error: string | undefined): void => {
      container.isBusy = false;
      if (this.isTerminating || this.isOver) return;
      if (error === undefined) {
        imageBackoff.reset();
        this.say('Normal', 'Pulled', `Successfully pulled image "${name}" in ${goDuration(time.nowMs() - begunMs)}`, container);
        this.create(container);
        return;
      }
      imageBackoff.next(time.nowMs());
      this.say('Warning', 'Failed', `Failed to pull image "${name}": ${error}`, container);
      this.say('Warning', 'Failed', 'Error: ErrImagePull', container);
      container.waiting = { reason: 'ErrImagePull', message: error };
      this.report();
      this.plan(RETRY_MS * 5);
    };
    // What is there already is only asked for.
    if (present !== undefined) time.after(350, () => done(undefined));
    else runtime.pull(name, done);
  }

  private create(container: ContainerState): void {
    const { runtime, time, client, names, hostAddress } = this.tools;
    const { template } = container;
    container.isBusy = true;
    time.after(CREATE_MS, () => {
      container.isBusy = false;
      if (this.isTerminating || this.isOver || this.sandbox === undefined) return;
      const image = runtime.image(template.image ?? '');
      if (image === undefined) return this.plan();
      const context = { ...this.pod.spec?.securityContext, ...template.securityContext };
      let record: ContainerRecord;
      try {
        const env = environmentOf(client, this.pod, template, this.address ?? '', hostAddress, image.env);
        const uid = context.runAsUser ?? undefined;
        if (context.runAsNonRoot === true && (uid ?? 0) === 0) {
          throw new ConfigError(uid === 0 ? "container's runAsUser breaks non-root policy" : 'container has runAsNonRoot and image will run as root');
        }
        record = runtime.create(this.sandbox, {
          name: template.name, attempt: container.restarts + (container.record === undefined ? 0 : 1), image,
          command: (template.command ?? []).map((word) => expand(word, (name) => env.get(name))), args: (template.args ?? []).map((word) => expand(word, (name) => env.get(name))),
          env, workingDir: template.workingDir, uid, hasTty: template.tty === true, isPrivileged: template.securityContext?.privileged === true,
          addCapabilities: template.securityContext?.capabilities?.add ?? [], dropCapabilities: template.securityContext?.capabilities?.drop ?? [], files: filesOf(client, this.pod, template, this.address ?? '', names),
          binds: bindsOf(runtime.machine, this.pod, template),
        });
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause;
        container.waiting = { reason: 'CreateContainerConfigError', message: cause.message };
        this.say('Warning', 'Failed', `Error: ${cause.message}`, container);
        this.report();
        this.plan(RETRY_MS * 5);
        return;
      }
      if (container.record !== undefined) {
        if (container.previous !== undefined) runtime.remove(container.previous);
        container.previous = container.record;
        container.restarts += 1;
      }
      container.record = record;
      this.say('Normal', 'Created', `Created container ${template.name}`, container);
      container.isBusy = true;
      time.after(START_MS, () => this.start(container, record));
    });
  }

  private start(container: ContainerState, record: ContainerRecord): void {
    const { runtime } = this.tools;
    container.isBusy = false;
    if (this.isTerminating || this.isOver) return this.plan();
    runtime.start(record);
    if (record.startError === undefined) this.say('Normal', 'Started', `Started container ${container.template.name}`, container);
    else this.say('Warning', 'Failed', `Error: failed to start container "${container.template.name}": ${record.startError}`, container);
    container.isReady = container.template.readinessProbe === undefined;
    container.isStarted = container.template.startupProbe === undefined;
    runtime.onEnd(record, () => this.ended(container, record));
    if (record.startError === undefined) this.startProbes(container, record);
    const hook = container.template.lifecycle?.postStart;
    if (hook !== undefined && record.startError === undefined) this.runHook(container, hook, () => this.plan());
    this.plan();
  }

  private ended(container: ContainerState, record: ContainerRecord): void {
    if (container.record !== record) return;
    for (const cancel of container.probes.splice(0)) cancel();
    container.isReady = false;
    container.waiting = { reason: 'CrashLoopBackOff' };
    this.plan();
  }

  // ---------------------------------------------------------------- probes and hooks

  private get probeTools(): ProbeTools {
    const { runtime, time, kubeletVersion } = this.tools;
    return { machine: runtime.machine, time, runtime, kubeletVersion };
  }

  private target(container: ContainerState, record: ContainerRecord): ProbeTarget | undefined {
    if (record.state !== 'running' || this.address === undefined || !this.tools.isUp()) return undefined;
    const port = (name: string | number): number | undefined => (typeof name === 'number' ? name : (container.template.ports?.find((one) => one.name === name)?.containerPort ?? (/^\d+$/.test(name) ? Number(name) : undefined)));
    return { address: this.address, port, record, owner: this.tools.owner() };
  }

  private startProbes(container: ContainerState, record: ContainerRecord): void {
    const { startupProbe, readinessProbe, livenessProbe } = container.template;
    const watch = (kind: 'Readiness' | 'Liveness' | 'Startup', probe: Probe, isGoodAtFirst: boolean, onVerdict: (isGood: boolean) => void): void => {
      container.probes.push(watchProbe(this.probeTools, probe, () => this.target(container, record), isGoodAtFirst, {
        onVerdict,
        onFailure: (output) => this.say('Warning', 'Unhealthy', `${kind} probe failed: ${output}`, container),
      }));
    };
    const whenStarted = (): void => {
      container.isStarted = true;
      if (readinessProbe !== undefined) {
        watch('Readiness', readinessProbe, false, (isGood) => {
          container.isReady = isGood;
          this.report();
        });
      } else container.isReady = true;
      if (livenessProbe !== undefined) {
        watch('Liveness', livenessProbe, true, (isGood) => {
          if (!isGood) this.killForProbe(container, record, 'liveness');
        });
      }
      this.report();
    };
    if (startupProbe === undefined) {
      whenStarted();
      return;
    }
    container.isReady = false;
    let failures = 0;
    const limit = startupProbe.failureThreshold ?? 3;
    const cancel = watchProbe(this.probeTools, { ...startupProbe, failureThreshold: 1, successThreshold: 1 }, () => this.target(container, record), false, {
      onVerdict(isGood) {
        if (!isGood) return;
        cancel();
        whenStarted();
      },
      onFailure: (output) => {
        this.say('Warning', 'Unhealthy', `Startup probe failed: ${output}`, container);
        failures += 1;
        if (failures === limit) this.killForProbe(container, record, 'startup');
      },
    });
    container.probes.push(cancel);
  }

  private killForProbe(container: ContainerState, record: ContainerRecord, kind: 'liveness' | 'startup'): void {
    for (const cancel of container.probes.splice(0)) cancel();
    this.say('Normal', 'Killing', `Container ${container.template.name} failed ${kind} probe, will be restarted`, container);
    this.stop(container, record, this.pod.spec?.terminationGracePeriodSeconds ?? 30);
  }

  private stopProbes(): void {
    for (const container of [...this.init, ...this.containers]) for (const cancel of container.probes.splice(0)) cancel();
  }

  private runHook(container: ContainerState, hook: Handler, done: () => void): void {
    const { record } = container;
    const target = record === undefined ? undefined : this.target(container, record);
    if (target === undefined) return done();
    probeOnce(this.probeTools, { ...hook, timeoutSeconds: this.pod.spec?.terminationGracePeriodSeconds ?? 30 }, target, done);
  }

  /** SIGTERM after the hook, SIGKILL when the time is over; the hook's time counts. */
  private stop(container: ContainerState, record: ContainerRecord, graceSeconds: number): void {
    const { runtime, time } = this.tools;
    const hook = container.template.lifecycle?.preStop;
    let isTold = false;
    const tell = (): void => {
      if (isTold) return;
      isTold = true;
      runtime.signal(record, graceSeconds > 0 ? 'TERM' : 'KILL');
    };
    const kill = time.after(graceSeconds * 1000, () => runtime.signal(record, 'KILL'));
    runtime.onEnd(record, kill);
    if (hook === undefined || graceSeconds === 0) tell();
    else this.runHook(container, hook, tell);
  }

  // ---------------------------------------------------------------- the end

  private beginTermination(): void {
    this.isTerminating = true;
    this.stopProbes();
    this.killAll(this.pod.metadata.deletionGracePeriodSeconds ?? this.pod.spec?.terminationGracePeriodSeconds ?? 30, false);
  }

  private killAll(graceSeconds: number, isSilent: boolean): void {
    this.stopProbes();
    for (const container of [...this.init, ...this.containers]) {
      const { record } = container;
      if (record?.state !== 'running') continue;
      if (!isSilent) this.say('Normal', 'Killing', `Stopping container ${container.template.name}`, container);
      this.stop(container, record, graceSeconds);
    }
  }

  private continueTermination(): void {
    const isBusy = this.isSandboxBusy || [...this.init, ...this.containers].some(({ record }) => record?.state === 'running');
    if (isBusy || this.killAt !== undefined) return;
    this.killAt = this.tools.time.after(TEARDOWN_MS, () => {
      this.report();
      this.dropSandbox();
      removeVolumes(this.tools.runtime.machine, this.pod);
      this.isOver = true;
      const { client } = this.tools;
      try {
        const now = client.find('pods', this.pod.metadata);
        if (now?.metadata.uid === this.pod.metadata.uid && now.metadata.deletionTimestamp !== undefined) client.delete('pods', this.pod.metadata, { gracePeriodSeconds: 0, uid: this.pod.metadata.uid });
      } catch (cause) {
        if (!isReason(cause, 'NotFound') && !isReason(cause, 'Conflict')) throw cause;
      }
      this.tools.onGone(this);
    });
  }

  // ---------------------------------------------------------------- what the API server is told

  report(): void {
    const { client } = this.tools;
    if (!this.tools.isUp()) return;
    const now = client.find('pods', this.pod.metadata);
    if (now === undefined || now.metadata.uid !== this.pod.metadata.uid) return;
    const status = podStatus(this, this.tools, now.status);
    client.editStatus('pods', now.metadata, (draft) => {
      draft.status = { ...draft.status, ...status } as typeof draft.status;
    });
    this.pod = client.find('pods', this.pod.metadata) ?? this.pod;
  }
}

/** time.Duration as Go prints it: 10s, 1m20s, 1.234s. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  const seconds = ms / 1000;
  const minutes = Math.floor(seconds / 60);
  const rest = Number((seconds - minutes * 60).toFixed(9));
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes - hours * 60}m` : ''}${rest}s`;
}

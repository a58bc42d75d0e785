/** Jobs and waiting. Read first: bash(1) "JOB CONTROL", bash's jobs.c */
import type { SignalName, WaitStatus } from '../../machine/sys.ts';
import { signalDescription, signalNumber } from '../../machine/signals.ts';
import type { Shell } from './shell.ts';

export interface JobProcess { readonly pid: number; status: WaitStatus | undefined }
export interface Job {
  readonly number: number;
  readonly group: number;
  readonly processes: JobProcess[];
  readonly text: string;
  readonly directory: string;
  /** When `kill` signalled it while it was stopped. */
  signalledUs?: number;
  /** The commands of a pipeline, one a process. */
  stages?: readonly string[];
  isBackground: boolean;
  /** Its last change has been shown. */
  isNotified: boolean;
  isDisowned: boolean;
  ignoresHangup: boolean;
  readonly hasControl: boolean;
  /** Of the shell this one was forked from: shown, never waited for. */
  readonly isForeign?: boolean;
}

export function statusNumber(status: WaitStatus | undefined): number {
  if (status === undefined || status.kind === 'continued') return 0;
  return status.kind === 'exited' ? status.code : 128 + signalNumber(status.signal);
}

export type JobState = 'running' | 'stopped' | 'done';

export function stateOf(job: Job): JobState {
  if (job.processes.length === 1) {
    const kind = job.processes[0]!.status?.kind;
    return kind === undefined || kind === 'continued' ? 'running' : kind === 'stopped' ? 'stopped' : 'done';
  }
  if (job.processes.every((process) => process.status !== undefined && process.status.kind !== 'stopped' && process.status.kind !== 'continued')) return 'done';
  return job.processes.some((process) => process.status?.kind === 'stopped') && job.processes.every((process) => process.status !== undefined && process.status.kind !== 'continued') ? 'stopped' : 'running';
}

export function jobStatus(job: Job): WaitStatus {
  return job.processes.at(-1)!.status ?? { kind: 'continued' };
}

export class JobTable {
  readonly jobs: Job[] = [];
  private readonly byProcess = new Map<number, Job>();
  /** Children that are no jobs (substitutions) and what became of them; and jobs already shown as done, for `wait PID`. */
  readonly ended = new Map<number, WaitStatus>();
  private plus: Job | undefined;
  private minus: Job | undefined;

  /** Of a process substitution: waited for, never listed. */
  forget(pid: number): void {
    void pid;
  }

  add(pids: readonly number[], group: number, text: string, directory: string, isBackground: boolean, hasControl: boolean, wanted?: number): Job {
    const highest = this.jobs.at(-1)?.number ?? 0;
    const number = wanted ?? highest + 1;
    const job: Job = { number, group, processes: pids.map((pid) => ({ pid, status: undefined })), text, directory, isBackground, isNotified: true, isDisowned: false, ignoresHangup: false, hasControl };
    this.push(job);
    if (number < highest) this.jobs.sort((a, b) => a.number - b.number);
    if (isBackground) this.resetCurrent();
    return job;
  }

  private push(job: Job): void {
    this.jobs.push(job);
    for (const { pid } of job.processes) this.byProcess.set(pid, job);
  }

  clear(): void {
    this.jobs.length = 0;
    this.byProcess.clear();
  }

  /** What a forked shell knows of its parent's jobs. */
  copyFrom(parent: JobTable): void {
    for (const job of parent.jobs) {
      const copy: Job = { ...job, processes: job.processes.map((process) => ({ ...process })), isForeign: true };
      this.push(copy);
      if (job === parent.plus) this.plus = copy;
      if (job === parent.minus) this.minus = copy;
    }
  }

  /** set_current_job: the job is %+; %- is the old %+ if stopped, else the newest stopped, else the newest running one. */
  setCurrent(job: Job): void {
    if (this.plus !== job) {
      this.minus = this.plus;
      this.plus = job;
    }
    const { minus } = this;
    if (minus !== undefined && minus !== job && stateOf(minus) === 'stopped' && this.jobs.includes(minus)) return;
    const isBelow = (other: Job): boolean => other.number < job.number;
    const stopped = stateOf(job) === 'stopped' ? this.jobs.findLast((other) => isBelow(other) && stateOf(other) === 'stopped') : undefined;
    this.minus = stopped ?? this.jobs.findLast((other) => (stateOf(job) !== 'running' || isBelow(other)) && stateOf(other) === 'running') ?? job;
  }

  /** reset_current: a stopped %+ stays, then a stopped %-, the newest stopped, the newest running job. */
  resetCurrent(): void {
    const isStopped = (job: Job | undefined): job is Job => job !== undefined && stateOf(job) === 'stopped' && this.jobs.includes(job);
    const next = isStopped(this.plus) ? this.plus : isStopped(this.minus) ? this.minus : (this.jobs.findLast((job) => stateOf(job) === 'stopped') ?? this.jobs.findLast((job) => stateOf(job) === 'running'));
    if (next !== undefined) this.setCurrent(next);
    else {
      this.plus = undefined;
      this.minus = undefined;
    }
  }

  remove(job: Job): void {
    const at = this.jobs.indexOf(job);
    if (at >= 0) this.jobs.splice(at, 1);
    for (const process of job.processes) {
      if (this.byProcess.get(process.pid) === job) this.byProcess.delete(process.pid);
      if (process.status === undefined) continue;
      this.ended.set(process.pid, process.status);
    }
    if (job === this.plus || job === this.minus) this.resetCurrent();
  }

  current(): Job | undefined {
    return this.plus;
  }

  previous(): Job | undefined {
    return this.minus;
  }

  mark(job: Job): '+' | '-' | ' ' {
    return job === this.plus ? '+' : job === this.minus ? '-' : ' ';
  }

  /** %1 %+ %% %- %name %?text; 'ambiguous' when several fit. */
  find(spec: string): Job | 'ambiguous' | undefined {
    const word = spec.startsWith('%') ? spec.slice(1) : spec;
    if (word === '' || word === '%' || word === '+') return this.current();
    if (word === '-') return this.previous();
    if (/^[0-9]+$/.test(word)) return this.jobs.find((job) => job.number === Number(word));
    const fitting = this.jobs.filter((job) => (word.startsWith('?') ? job.text.includes(word.slice(1)) : job.text.startsWith(word)));
    return fitting.length > 1 ? 'ambiguous' : fitting[0];
  }

  byPid(pid: number): Job | undefined {
    return this.byProcess.get(pid);
  }

  /** Takes note of a change of a child. */
  record(pid: number, status: WaitStatus): void {
    const job = this.byProcess.get(pid);
    const process = job?.processes.find((entry) => entry.pid === pid);
    if (job !== undefined && process !== undefined) {
      process.status = status.kind === 'continued' ? undefined : status;
      job.isNotified = false;
      if (stateOf(job) === 'stopped') this.setCurrent(job);
      else if (status.kind === 'continued') this.resetCurrent();
      return;
    }
    if (status.kind !== 'stopped' && status.kind !== 'continued') {
      this.ended.set(pid, status);
      if (this.ended.size > 4096) this.ended.delete(this.ended.keys().next().value!);
    }
  }

  /** Collects what has changed without waiting. */
  async poll(shell: Shell): Promise<void> {
    for (;;) {
      const change = await shell.sys.wait(-1, { noHang: true, untraced: true, continued: true });
      if (!change.ok || change.value === undefined) return;
      this.record(change.value.pid, change.value.status);
    }
  }

  /** Waits for one child that is no job. */
  async waitForProcess(shell: Shell, pid: number): Promise<WaitStatus> {
    for (;;) {
      const known = this.ended.get(pid);
      if (known !== undefined) {
        this.ended.delete(pid);
        return known;
      }
      const change = await shell.sys.wait(pid);
      if (change.ok && change.value !== undefined) return change.value.status;
      if (!change.ok && change.error !== 'EINTR') return { kind: 'exited', code: 127 };
    }
  }
}

/** What `jobs` and notices call a job's state. */
export function stateText(job: Job): string {
  const state = stateOf(job);
  if (state === 'running') return 'Running';
  if (state === 'stopped') return 'Stopped';
  const status = jobStatus(job);
  if (status.kind === 'exited') return status.code === 0 ? 'Done' : `Exit ${status.code}`;
  return status.kind === 'signalled' ? `${signalDescription(status.signal)}${status.coreDumped ? ' (core dumped)' : ''}` : 'Done';
}

/** `~` for the home directory (polite_directory_format). */
export function politeDirectory(directory: string, home: string | undefined): string {
  return home !== undefined && home !== '/' && home !== '' && (directory === home || directory.startsWith(`${home}/`)) ? `~${directory.slice(home.length)}` : directory;
}

/** pretty_print_job: `[1]+  Running                 sleep 60 &`; the long format gives each process a line of its own. */
export function jobLine(shell: Shell, job: Job, format: 'short' | 'long'): string {
  const state = stateText(job);
  const head = `[${job.number}]${shell.jobs.mark(job)} `;
  const directory = job.directory === (shell.get('PWD') ?? '/') ? '' : `  (wd: ${politeDirectory(job.directory, shell.get('HOME'))})`;
  const end = `${stateOf(job) === 'running' ? ' &' : ''}${directory}`;
  if (format === 'short') return `${head} ${state.padEnd(24)}${job.text}${end}`;
  const stages = job.processes.length > 1 && job.stages !== undefined ? job.stages : [job.text];
  return stages.map((stage, index) => {
    const pid = String(job.processes[index]!.pid).padStart(5);
    const text = index === 0 ? `${head}${pid} ${state.padEnd(24)}${stage}` : `     ${pid} ${' '.repeat(22)}| ${stage}`;
    return text + (index === stages.length - 1 ? end : '');
  }).join('\n');
}

/** Signals after which bash says what happened to a foreground command. */
export function deathMessage(signal: SignalName): string | undefined {
  return signal === 'INT' || signal === 'PIPE' ? undefined : signalDescription(signal);
}

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
  isBackground: boolean;
  /** Its last change has been shown. */
  isNotified: boolean;
  isDisowned: boolean;
  ignoresHangup: boolean;
  /** Order of becoming current. */
  currency: number;
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
  if (job.processes.every((process) => process.status !== undefined && process.status.kind !== 'stopped' && process.status.kind !== 'continued')) return 'done';
  return job.processes.some((process) => process.status?.kind === 'stopped') && job.processes.every((process) => process.status !== undefined && process.status.kind !== 'continued') ? 'stopped' : 'running';
}

export function jobStatus(job: Job): WaitStatus {
  return job.processes.at(-1)!.status ?? { kind: 'continued' };
}

export class JobTable {
  readonly jobs: Job[] = [];
  /** Children that are no jobs (substitutions) and what became of them; and jobs already shown as done, for `wait PID`. */
  readonly ended = new Map<number, WaitStatus>();
  private clock = 0;

  /** Of a process substitution: waited for, never listed. */
  forget(pid: number): void {
    void pid;
  }

  add(pids: readonly number[], group: number, text: string, directory: string, isBackground: boolean, hasControl: boolean, wanted?: number): Job {
    const number = wanted ?? Math.max(0, ...this.jobs.map((job) => job.number)) + 1;
    const job: Job = { number, group, processes: pids.map((pid) => ({ pid, status: undefined })), text, directory, isBackground, isNotified: true, isDisowned: false, ignoresHangup: false, currency: 0, hasControl };
    this.jobs.push(job);
    this.jobs.sort((a, b) => a.number - b.number);
    if (isBackground) this.touch(job);
    return job;
  }

  touch(job: Job): void {
    this.clock += 1;
    job.currency = this.clock;
  }

  remove(job: Job): void {
    const at = this.jobs.indexOf(job);
    if (at >= 0) this.jobs.splice(at, 1);
    for (const process of job.processes) {
      if (process.status === undefined) continue;
      this.ended.set(process.pid, process.status);
    }
  }

  /** %+ and %-: stopped jobs come first. */
  order(): Job[] {
    return [...this.jobs].sort((a, b) => Number(stateOf(b) === 'stopped') - Number(stateOf(a) === 'stopped') || b.currency - a.currency);
  }

  current(): Job | undefined {
    return this.order()[0];
  }

  previous(): Job | undefined {
    return this.order()[1] ?? this.order()[0];
  }

  mark(job: Job): '+' | '-' | ' ' {
    const [first, second] = this.order();
    return job === first ? '+' : job === second ? '-' : ' ';
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
    return this.jobs.find((job) => job.processes.some((process) => process.pid === pid));
  }

  /** Takes note of a change of a child. */
  record(pid: number, status: WaitStatus): void {
    for (const job of this.jobs) {
      const process = job.processes.find((entry) => entry.pid === pid);
      if (process === undefined) continue;
      process.status = status.kind === 'continued' ? undefined : status;
      job.isNotified = false;
      if (status.kind === 'stopped') this.touch(job);
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

/** One line of `jobs`: `[1]+  Running                 sleep 60 &`. */
export function jobLine(table: JobTable, job: Job, format: 'short' | 'long', here: string): string {
  const state = stateText(job);
  const isRunning = stateOf(job) === 'running';
  const directory = job.directory === here ? '' : `  (wd: ${job.directory})`;
  const pid = format === 'long' ? `${String(job.processes[0]!.pid).padStart(5)} ` : '';
  return `[${job.number}]${table.mark(job)} ${format === 'long' ? pid : ' '}${state.padEnd(24)}${job.text}${isRunning ? ' &' : ''}${directory}`;
}

/** Signals after which bash says what happened to a foreground command. */
export function deathMessage(signal: SignalName): string | undefined {
  return signal === 'INT' || signal === 'PIPE' ? undefined : signalDescription(signal);
}

/** Waiting for what runs in front, and giving the terminal back. Read first: wait_for and notify_of_job_status in bash's jobs.c */
import type { TerminalModes, WaitStatus } from '../../machine/sys.ts';
import { signalDescription } from '../../machine/signals.ts';
import type { Shell } from './shell.ts';
import { ShellInterrupt } from './errors.ts';
import type { Job } from './jobs.ts';
import { statusNumber } from './jobs.ts';
import { notifyJobs, stoppedNotice } from './notices.ts';

export class ForegroundWait {
  private readonly shell: Shell;
  private readonly modes: TerminalModes | undefined;

  /** Made before the children are, so that the terminal's state is known. */
  constructor(shell: Shell) {
    this.shell = shell;
    if (shell.options.monitor && shell.terminalFd !== undefined) {
      const modes = shell.sys.terminalModes(shell.terminalFd);
      if (modes.ok) this.modes = modes.value;
    }
  }

  async finish(pids: readonly number[], text: () => string): Promise<number> {
    return (await this.finishAll(pids, text)).at(-1) ?? 0;
  }

  /** `resumed`: the job that `fg` brought to the front. */
  async finishAll(pids: readonly number[], text: () => string, resumed?: Job, stages?: () => readonly string[]): Promise<number[]> {
    const { shell } = this;
    if (pids.length === 0) return [];
    const statuses = await this.collect(pids);
    if (shell.options.monitor && shell.terminalFd !== undefined) shell.sys.setForegroundGroup(shell.terminalFd, shell.shellGroup);
    const numbers = statuses.map(statusNumber);
    shell.pipeStatus = numbers;
    await this.report(pids, statuses, text, resumed, stages);
    return numbers;
  }

  private async collect(pids: readonly number[]): Promise<WaitStatus[]> {
    const { shell } = this;
    const { sys } = shell;
    // Without job control a Ctrl+C reaches the shell too: it dies of it only if the command did.
    let gotInterrupt = false;
    const guards = !shell.options.monitor && !shell.isInteractive && !shell.traps.has('INT');
    const old = guards ? sys.onSignal('INT', () => { gotInterrupt = true; }) : undefined;
    if (old === 'ignore') sys.onSignal('INT', 'ignore');
    const statuses: WaitStatus[] = [];
    try {
      for (const pid of pids) {
        for (;;) {
          const change = await sys.wait(pid, { untraced: shell.options.monitor });
          if (change.ok && change.value !== undefined) {
            statuses.push(change.value.status);
            break;
          }
          if (!change.ok && change.error !== 'EINTR') {
            statuses.push({ kind: 'exited', code: 127 });
            break;
          }
        }
      }
    } finally {
      if (old !== undefined) sys.onSignal('INT', old);
    }
    if (gotInterrupt && old === 'default' && statuses.some((status) => status.kind === 'signalled' && status.signal === 'INT')) {
      await shell.flush();
      sys.kill(sys.pid, 'INT');
    }
    return statuses;
  }

  private async report(pids: readonly number[], statuses: readonly WaitStatus[], text: () => string, resumed: Job | undefined, stages: (() => readonly string[]) | undefined): Promise<void> {
    const { shell } = this;
    const last = statuses.at(-1)!;
    const stopped = statuses.find((status) => status.kind === 'stopped');
    if (stopped !== undefined) {
      this.restoreModes();
      const job = resumed ?? shell.jobs.add(pids, pids[0]!, text(), shell.get('PWD') ?? '/', false, true);
      if (stages !== undefined) job.stages = stages();
      job.isBackground = true;
      pids.forEach((pid, index) => shell.jobs.record(pid, statuses[index]!));
      // Stopping ends the loops around it.
      if (stopped.kind === 'stopped' && stopped.signal === 'TSTP' && shell.loopDepth > 0) shell.flow = { kind: 'break', count: shell.loopDepth };
      if (this.givesNotice) await notifyJobs(shell);
      else {
        job.isNotified = true;
        await shell.write(2, stoppedNotice(shell, job));
      }
      return;
    }
    if (resumed !== undefined) shell.jobs.remove(resumed);
    if (this.givesNotice) await notifyJobs(shell);
    const killed = last.kind === 'signalled' ? last : undefined;
    if (killed === undefined) return;
    this.restoreModes();
    if (shell.isInteractive && shell.subshellDepth === 0) {
      if (killed.signal === 'INT') {
        throw new ShellInterrupt(130);
      }
      if (killed.signal !== 'PIPE') await shell.write(2, `${signalDescription(killed.signal)}${killed.coreDumped ? ' (core dumped)' : ''}\n`);
      return;
    }
    if (killed.signal === 'TERM') await shell.write(2, `${signalDescription('TERM')}\n`);
    else if (killed.signal !== 'INT' && killed.signal !== 'PIPE') {
      await shell.write(2, `${shell.prefix()}${String(pids.at(-1)).padStart(5)} ${signalDescription(killed.signal).padEnd(23)} ${text()}\n`);
    }
  }

  /** An interactive shell tells about all jobs whenever it has waited for one (wait_for). */
  private get givesNotice(): boolean {
    return this.shell.isPrompting && this.shell.isInteractive && this.shell.subshellDepth === 0;
  }

  private restoreModes(): void {
    const { shell, modes } = this;
    if (modes !== undefined && shell.terminalFd !== undefined) shell.sys.setTerminalModes(shell.terminalFd, modes, 'drain');
  }
}

/** `[1] 1234` */
export async function announceBackground(shell: Shell, job: Job): Promise<void> {
  if (!shell.isInteractive || shell.subshellDepth > 0) return;
  await shell.flush();
  await shell.write(2, `[${job.number}] ${job.processes.at(-1)!.pid}\n`);
}

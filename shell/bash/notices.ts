/** What an interactive shell tells about its jobs. Read first: notify_of_job_status in bash's jobs.c */
import type { Shell } from './shell.ts';
import type { Job } from './jobs.ts';
import { jobLine, jobStatus, politeDirectory, stateOf } from './jobs.ts';

/** What changed in the background: told before the prompt and whenever the shell has waited for a command. `end`: of a line. */
export async function notifyJobs(shell: Shell, end = '\n'): Promise<void> {
  // A stopped job that was signalled a moment ago has not moved yet: it is told as stopped once more.
  const fresh = shell.jobs.jobs.filter((job) => job.signalledUs !== undefined && stateOf(job) === 'stopped' && shell.sys.monotonicUs() - job.signalledUs < 5000);
  for (const job of shell.jobs.jobs) delete job.signalledUs;
  for (const job of fresh) await shell.write(2, stoppedNotice(shell, job));
  if (fresh.length === 0) await shell.jobs.poll(shell);
  for (const job of fresh) job.isNotified = true;
  for (const job of shell.jobs.jobs) {
    if (job.isNotified) continue;
    const state = stateOf(job);
    if (state === 'running') continue;
    job.isNotified = true;
    const status = jobStatus(job);
    const isQuiet = state === 'done' && status.kind === 'signalled' && status.signal === 'INT' && !job.isBackground;
    if (!isQuiet) await shell.write(2, state === 'stopped' ? stoppedNotice(shell, job) : `${jobLine(shell, job, 'short')}${end}${directoryNow(shell, job)}`);
  }
  for (const job of [...shell.jobs.jobs]) if (job.isNotified && stateOf(job) === 'done') shell.jobs.remove(job);
}

export function stoppedNotice(shell: Shell, job: Job): string {
  return `\n${jobLine(shell, job, 'short')}\n${directoryNow(shell, job)}`;
}

function directoryNow(shell: Shell, job: Job): string {
  const here = shell.get('PWD') ?? '/';
  return job.directory === here ? '' : `(wd now: ${politeDirectory(here, shell.get('HOME'))})\n`;
}

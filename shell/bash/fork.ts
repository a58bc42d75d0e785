/** A new process, or the patience bash has where the machine has no room for one. Read first: jobs.c, make_child */
import { errnoText } from '../../machine/errno.ts';
import type { Fd } from '../../machine/sys.ts';
import type { Result } from '../ports/result.ts';
import { ShellError } from './errors.ts';
import type { Shell } from './shell.ts';

const LONGEST_SLEEP_SECONDS = 16;

/** Answers what `attempt` answers, but for EAGAIN: what was to be done is given up after 15 seconds of trying. */
export async function patiently<T>(shell: Shell, attempt: () => Result<T> | Promise<Result<T>>): Promise<Result<T>> {
  for (let seconds = 1; ; seconds *= 2) {
    const made = await attempt();
    if (made.ok || made.error !== 'EAGAIN') return made;
    const isLast = seconds >= LONGEST_SLEEP_SECONDS;
    await shell.write(2, `${shell.programName}: fork: ${isLast ? '' : 'retry: '}${errnoText('EAGAIN')}\n`);
    if (isLast || !(await shell.sys.sleep(seconds * 1e6)).ok) throw new ShellError(undefined, 254, shell.isInteractive ? 'discard' : 'exit');
  }
}

/** The pid of a copy of this shell. The files opened for it are closed where there is none. */
export async function forked(shell: Shell, attempt: () => Result<number>, opened: readonly Fd[] = []): Promise<number> {
  try {
    const made = await patiently(shell, attempt);
    if (made.ok) return made.value;
    throw new ShellError(`fork: ${errnoText(made.error)}`, 254);
  } catch (thrown) {
    for (const fd of opened) shell.sys.close(fd);
    throw thrown;
  }
}

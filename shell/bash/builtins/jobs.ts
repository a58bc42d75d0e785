/** jobs, fg, bg, wait, kill, disown, suspend. Read first: bash(1) "JOB CONTROL" */
import type { SignalName, WaitStatus } from '../../../machine/sys.ts';
import { errnoText } from '../../../machine/errno.ts';
import { SIGNAL_NAMES, SIGNAL_NUMBERS, signalByNumber, signalDescription } from '../../../machine/signals.ts';
import type { Shell } from '../shell.ts';
import { ShellInterrupt } from '../errors.ts';
import { ForegroundWait } from '../foreground.ts';
import type { Job } from '../jobs.ts';
import { jobLine, jobStatus, politeDirectory, stateOf, statusNumber } from '../jobs.ts';
import { notifyJobs } from '../notices.ts';
import { runPendingTraps } from '../traps.ts';
import type { BuiltinCall } from './index.ts';
import { parseOptions } from './options.ts';
import { signalTable } from './system.ts';

async function findJob(shell: Shell, spec: string, label: string): Promise<Job | undefined> {
  const found = shell.jobs.find(spec);
  if (found === 'ambiguous') await shell.error(`${label}: ${spec.replace(/^%\??/, '')}: ambiguous job spec`);
  if (found === 'ambiguous' && label !== 'jobs' && label !== 'disown') return undefined;
  if (found === 'ambiguous') await shell.error(`${label}: ${spec}: no such job`);
  else if (found === undefined) await shell.error(`${label}: ${spec}: no such job`);
  else return found;
  return undefined;
}

export async function jobsBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'jobs', args, 'lnprsx', 'jobs [-lnprs] [jobspec ...] or jobs -x command [args]');
  if (options === undefined) return 2;
  await shell.jobs.poll(shell);
  for (const job of [...shell.jobs.jobs]) if (stateOf(job) === 'done' && job.isNotified) shell.jobs.remove(job);
  const { flags, rest } = options;
  let status = 0;
  const chosen: Job[] = [];
  for (const spec of rest) {
    const job = await findJob(shell, spec, 'jobs');
    if (job === undefined) status = 1;
    else chosen.push(job);
  }
  for (const job of rest.length > 0 ? chosen : [...shell.jobs.jobs]) {
    const state = stateOf(job);
    if ((flags.has('r') && state !== 'running') || (flags.has('s') && state !== 'stopped') || (flags.has('n') && job.isNotified)) continue;
    shell.out(flags.has('p') ? `${job.processes[0]!.pid}\n` : `${jobLine(shell, job, flags.has('l') ? 'long' : 'short')}\n`);
    job.isNotified = true;
  }
  for (const job of [...shell.jobs.jobs]) if (stateOf(job) === 'done' && job.isNotified) shell.jobs.remove(job);
  shell.keepsWarning = true;
  shell.warnedOfJobs = true;
  return status;
}

export async function fgBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  if (!shell.options.monitor) {
    await shell.error('fg: no job control');
    return 1;
  }
  await shell.jobs.poll(shell);
  const words = args.filter((word) => word !== '--');
  const job = words[0] === undefined ? shell.jobs.current() : await findJob(shell, words[0], 'fg');
  if (job === undefined) {
    if (words[0] === undefined) await shell.error('fg: current: no such job');
    return 1;
  }
  if (stateOf(job) === 'done') {
    await shell.error('fg: job has terminated');
    return 1;
  }
  if (!job.hasControl) {
    await shell.error(`fg: job ${job.number} started without job control`);
    return 1;
  }
  shell.out(`${job.text}${job.directory === shell.get('PWD') ? '' : `\t(wd: ${politeDirectory(job.directory, shell.get('HOME'))})`}\n`);
  await shell.flush();
  shell.jobs.setCurrent(job);
  const wait = new ForegroundWait(shell);
  const alive = job.processes.filter((process) => process.status === undefined || process.status.kind === 'stopped').map((process) => process.pid);
  if (shell.terminalFd !== undefined) shell.sys.setForegroundGroup(shell.terminalFd, job.group);
  for (const process of job.processes) if (process.status?.kind === 'stopped') process.status = undefined;
  job.isNotified = true;
  job.isBackground = false;
  shell.sys.kill(-job.group, 'CONT');
  const statuses = await wait.finishAll(alive, () => job.text, job);
  return statuses.at(-1) ?? 0;
}

export async function bgBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  if (!shell.options.monitor) {
    await shell.error('bg: no job control');
    return 1;
  }
  await shell.jobs.poll(shell);
  let status = 0;
  const words = args.filter((word) => word !== '--');
  for (const spec of words.length === 0 ? [undefined] : words) {
    const job = spec === undefined ? shell.jobs.current() : await findJob(shell, spec, 'bg');
    if (job === undefined) {
      if (spec === undefined) await shell.error('bg: current: no such job');
      status = 1;
      continue;
    }
    if (stateOf(job) === 'running') {
      await shell.error(`bg: job ${job.number} already in background`);
      continue;
    }
    const mark = shell.jobs.mark(job);
    shell.out(`[${job.number}]${mark === ' ' ? '' : mark} ${job.text} &${job.directory === shell.get('PWD') ? '' : `\t(wd: ${politeDirectory(job.directory, shell.get('HOME'))})`}\n`);
    for (const process of job.processes) if (process.status?.kind === 'stopped') process.status = undefined;
    job.isBackground = true;
    job.isNotified = true;
    shell.sys.kill(-job.group, 'CONT');
    shell.jobs.resetCurrent();
  }
  return status;
}

/** Waits for one child; -1 when a trapped signal came. */
async function waitFor(shell: Shell, pid: number): Promise<number | 'interrupted'> {
  for (;;) {
    const known = shell.jobs.ended.get(pid);
    if (known !== undefined) return statusNumber(known);
    const job = shell.jobs.byPid(pid);
    const process = job?.processes.find((entry) => entry.pid === pid);
    if (process?.status !== undefined && process.status.kind !== 'stopped') return statusNumber(process.status);
    const change = await shell.sys.wait(-1, { untraced: shell.options.monitor });
    if (change.ok && change.value !== undefined) shell.jobs.record(change.value.pid, change.value.status);
    else if (!change.ok && change.error === 'EINTR') {
      if (shell.interrupted || shell.pendingTraps.size > 0) return 'interrupted';
    } else return 127;
  }
}

async function interruption(shell: Shell): Promise<number> {
  if (shell.interrupted) {
    shell.interrupted = false;
    throw new ShellInterrupt();
  }
  const name = [...shell.pendingTraps][0] as SignalName;
  await runPendingTraps(shell);
  return 128 + SIGNAL_NUMBERS[name];
}

export async function waitBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'wait', args, 'fnp:', 'wait [-fn] [-p var] [id ...]');
  if (options === undefined) return 2;
  const { flags, rest, values } = options;
  const name = values.get('p');
  if (name !== undefined) shell.unset(name);
  if (flags.has('n')) return waitNext(shell, rest, name);
  if (rest.length === 0) {
    await shell.jobs.poll(shell);
    for (const job of [...shell.jobs.jobs]) {
      if (stateOf(job) === 'stopped' || job.isForeign === true) continue;
      for (const process of job.processes) {
        const status = await waitFor(shell, process.pid);
        if (status === 'interrupted') return interruption(shell);
      }
      if (!shell.isInteractive) shell.jobs.remove(job);
    }
    return 0;
  }
  let status = 0;
  for (const word of rest) {
    if (word.startsWith('%')) {
      const job = await findJob(shell, word, 'wait');
      if (job === undefined) {
        status = 127;
        continue;
      }
      for (const process of job.processes) {
        const one = await waitFor(shell, process.pid);
        if (one === 'interrupted') return interruption(shell);
        status = one;
      }
      if (!shell.isInteractive) shell.jobs.remove(job);
      else if (shell.isPrompting && shell.subshellDepth === 0) await notifyJobs(shell);
      continue;
    }
    if (!/^[0-9]+$/.test(word)) {
      await shell.error(`wait: \`${word}': not a pid or valid job spec`);
      return 1;
    }
    const pid = Number(word);
    if (shell.jobs.byPid(pid) === undefined && !shell.jobs.ended.has(pid) && shell.sys.process(pid)?.ppid !== shell.sys.pid) {
      await shell.error(`wait: pid ${pid} is not a child of this shell`);
      status = 127;
      continue;
    }
    const one = await waitFor(shell, pid);
    if (one === 'interrupted') return interruption(shell);
    status = one;
    if (name !== undefined) shell.assign(name, undefined, String(pid), false);
    const job = shell.jobs.byPid(pid);
    if (shell.isInteractive && shell.isPrompting && shell.subshellDepth === 0) await notifyJobs(shell);
    if (job !== undefined && !shell.isInteractive && stateOf(job) === 'done') {
      const last = jobStatus(job);
      if (last.kind === 'signalled' && !['INT', 'PIPE', 'TERM'].includes(last.signal)) await shell.write(2, `${shell.prefix()}${String(pid).padStart(5)} ${signalDescription(last.signal).padEnd(23)} ${job.text}\n`);
      shell.jobs.remove(job);
    }
  }
  return status;
}

async function waitNext(shell: Shell, specs: readonly string[], name: string | undefined): Promise<number> {
  const wanted: Job[] = [];
  for (const spec of specs) {
    const job = spec.startsWith('%') ? await findJob(shell, spec, 'wait') : shell.jobs.byPid(Number(spec));
    if (job !== undefined) wanted.push(job);
    else if (!/^[0-9%]/.test(spec)) await shell.error(`wait: \`${spec}': not a pid or valid job spec`);
    else if (!spec.startsWith('%')) await shell.error(`wait: pid ${spec} is not a child of this shell`);
  }
  for (;;) {
    const pool = (specs.length === 0 ? shell.jobs.jobs : wanted).filter((job) => job.isForeign !== true);
    const done = pool.find((job) => stateOf(job) === 'done');
    if (done !== undefined) {
      if (name !== undefined) shell.assign(name, undefined, String(done.processes.at(-1)!.pid), false);
      const status = statusNumber(jobStatus(done));
      shell.jobs.remove(done);
      for (const process of done.processes) shell.jobs.ended.set(process.pid, process.status as WaitStatus);
      return status;
    }
    if (pool.length === 0) return 127;
    const change = await shell.sys.wait(-1, { untraced: shell.options.monitor });
    if (change.ok && change.value !== undefined) shell.jobs.record(change.value.pid, change.value.status);
    else if (!change.ok && change.error === 'EINTR') {
      if (shell.interrupted || shell.pendingTraps.size > 0) return interruption(shell);
    } else return 127;
  }
}

function signalOf(word: string): SignalName | 0 | undefined {
  if (/^[0-9]+$/.test(word)) return word === '0' ? 0 : signalByNumber(Number(word));
  const upper = word.toUpperCase().replace(/^SIG/, '');
  return upper === 'EXIT' ? 0 : SIGNAL_NAMES.find((name) => name === upper);
}

export async function killBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const usage = 'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n';
  let i = 0;
  let signal: SignalName | 0 = 'TERM';
  const first = args[0];
  if (first === '-l' || first === '-L') {
    if (args.length === 1) {
      shell.out(signalTable());
      return 0;
    }
    let status = 0;
    for (const word of args.slice(1)) {
      if (/^[0-9]+$/.test(word)) {
        const number = Number(word) > 128 ? Number(word) - 128 : Number(word);
        const name = number === 0 ? 'EXIT' : signalByNumber(number);
        if (name !== undefined) {
          shell.out(`${name}\n`);
          continue;
        }
      } else {
        const found = signalOf(word);
        if (found !== undefined) {
          shell.out(`${found === 0 ? 0 : SIGNAL_NUMBERS[found]}\n`);
          continue;
        }
      }
      await shell.error(`kill: ${word}: invalid signal specification`);
      status = 1;
    }
    return status;
  }
  if (first === undefined) {
    await shell.write(2, usage);
    return 2;
  }
  if (first === '-s' || first === '-n') {
    const found = args[1] === undefined ? undefined : signalOf(args[1]);
    if (args[1] === undefined) {
      await shell.error(`kill: ${first}: option requires an argument`);
      return 1;
    }
    if (found === undefined) {
      await shell.error(`kill: ${args[1]}: invalid signal specification`);
      return 1;
    }
    signal = found;
    i = 2;
  } else if (first.startsWith('-') && first !== '--') {
    const found = signalOf(first.replace(/^-[sn]?/, (prefix) => (prefix.length > 1 && signalOf(first.slice(1)) !== undefined ? prefix.slice(1) === '' ? '' : first[1]! : '')));
    if (found === undefined) {
      await shell.error(`kill: ${first.slice(1)}: invalid signal specification`);
      return 1;
    }
    signal = found;
    i = 1;
  }
  if (args[i] === '--') i += 1;
  if (i >= args.length) {
    await shell.write(2, usage);
    return 2;
  }
  let anyGood = false;
  let anyBad = false;
  for (const word of args.slice(i)) {
    if (word.startsWith('%')) {
      const job = await findJob(shell, word, 'kill');
      if (job === undefined) {
        anyBad = true;
        continue;
      }
      const target = job.hasControl ? -job.group : job.processes[0]!.pid;
      const sent = shell.sys.kill(target, signal);
      // kill_pid: told again at the next prompt, whatever becomes of it.
      if (sent.ok) job.isNotified = signal === 'CONT' && stateOf(job) === 'stopped';
      if (sent.ok && !job.isNotified && stateOf(job) === 'stopped') job.signalledUs = shell.sys.monotonicUs();
      if (sent.ok && job.hasControl && stateOf(job) === 'stopped' && (signal === 'TERM' || signal === 'HUP')) shell.sys.kill(target, 'CONT');
      if (sent.ok) anyGood = true;
      else anyBad = true;
      continue;
    }
    if (!/^-?[0-9]+$/.test(word)) {
      await shell.error(`kill: ${word}: arguments must be process or job IDs`);
      anyBad = true;
      continue;
    }
    const sent = shell.sys.kill(Number(word), signal);
    if (sent.ok) anyGood = true;
    else {
      await shell.error(`kill: (${word}) - ${errnoText(sent.error)}`);
      anyBad = true;
    }
  }
  return anyGood || !anyBad ? 0 : 1;
}

export async function disownBuiltin(shell: Shell, args: readonly string[], { name }: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, name, args, 'arh', 'disown [-h] [-ar] [jobspec ... | pid ...]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  let chosen: Job[];
  if (flags.has('a') || flags.has('r')) chosen = shell.jobs.jobs.filter((job) => !flags.has('r') || stateOf(job) === 'running');
  else if (rest.length === 0) {
    const current = shell.jobs.current();
    if (current === undefined) {
      await shell.error('disown: current: no such job');
      return 1;
    }
    chosen = [current];
  } else {
    chosen = [];
    for (const word of rest) {
      const job = /^[0-9]+$/.test(word) ? shell.jobs.byPid(Number(word)) : await findJob(shell, word, 'disown');
      if (job === undefined) return 1;
      chosen.push(job);
    }
  }
  for (const job of [...chosen]) {
    if (flags.has('h')) job.ignoresHangup = true;
    else shell.jobs.remove(job);
  }
  return 0;
}

export async function suspendBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  if (shell.isLogin && !args.includes('-f')) {
    await shell.error('suspend: cannot suspend a login shell');
    return 1;
  }
  if (!shell.options.monitor && !args.includes('-f')) {
    await shell.error('suspend: cannot suspend: no job control');
    return 1;
  }
  shell.sys.kill(0, 'STOP');
  return 0;
}

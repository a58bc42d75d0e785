/** flock(1) of util-linux 2.38.1: locks between shell scripts. Read first: sys-utils/flock.c, flock(2), sysexits.h */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { statusCode } from '../system/run.ts';
import { callersShell, tryHelp, utilLinuxOptions } from './common.ts';

const EX_USAGE = 64;
const EX_DATAERR = 65;
const EX_NOINPUT = 66;
const EX_UNAVAILABLE = 69;
const EX_OSERR = 71;

export const flock = defineCommand({
  name: 'flock', summary: 'manage locks from shell scripts', package: 'util-linux',
  run: (call) => runFlock(call),
});

async function runFlock(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  if (call.args.length === 0) return tryHelp(call, 'not enough arguments', EX_USAGE);
  const options = utilLinuxOptions(call, {
    short: '+sexnoFuw:E:c:',
    long: { shared: 'none=s', exclusive: 'none=x', unlock: 'none=u', nonblocking: 'none=n', nb: 'none=n', timeout: 'required=w', wait: 'required=w', 'conflict-exit-code': 'required=E', close: 'none=o', 'no-fork': 'none=F', command: 'required=c', verbose: 'none' },
  }, EX_USAGE);
  if (typeof options === 'number') return options;
  const say = (code: ExitCode, text: string): ExitCode => {
    call.err(`flock: ${text}`);
    return code;
  };
  const timeoutWord = options.value('w');
  if (timeoutWord !== undefined && !/^-?\d+(\.\d*)?$/.test(timeoutWord)) return say(EX_USAGE, `invalid timeout value: '${timeoutWord}'`);
  const timeoutUs = options.has('n') ? 0 : timeoutWord === undefined ? undefined : Math.round(Number(timeoutWord) * 1e6);
  const conflictWord = options.value('E') ?? '1';
  if (!/^\d+$/.test(conflictWord)) return say(EX_USAGE, `invalid exit code: '${conflictWord}'`);
  const conflict = Number(conflictWord);
  if (conflict > 255) return say(EX_USAGE, 'exit code out of range (expected 0 to 255)');
  if (options.has('F') && options.has('o')) return say(EX_USAGE, 'the --no-fork and --close options are incompatible');

  const [place, ...rest] = options.operands;
  const kind = options.options.reduce<'shared' | 'exclusive' | 'none'>((before, { name }) => (name === 's' ? 'shared' : name === 'x' || name === 'e' ? 'exclusive' : name === 'u' ? 'none' : before), 'exclusive');
  const command = rest[0] === '-c' || rest[0] === '--command' ? 'shell' : rest.length > 0 ? 'program' : undefined;
  if (command === 'shell' && rest.length !== 2) return say(EX_USAGE, '-c requires exactly one command argument');
  let fd: number;
  if (command === undefined) {
    if (place === undefined) return say(EX_USAGE, 'requires file descriptor, file or directory');
    if (!/^-?\d+$/.test(place)) return say(EX_USAGE, `bad file descriptor: '${place}'`);
    fd = Number(place);
  } else {
    const opened = await openLock(call, place!);
    if (!opened.ok) return say(opened.error === 'ENOMEM' || opened.error === 'EMFILE' || opened.error === 'ENFILE' ? EX_OSERR : opened.error === 'EROFS' || opened.error === 'ENOSPC' ? 73 : EX_NOINPUT, `cannot open lock file ${place!}: ${strerror(opened.error)}`);
    fd = opened.value;
  }
  if (timeoutUs !== undefined && timeoutUs < 0) return say(EX_OSERR, 'cannot set up timer: Invalid argument');

  const startUs = sys.monotonicUs();
  const locked = await sys.lock(fd, kind, timeoutUs);
  if (!locked.ok) {
    if (locked.error === 'EAGAIN') {
      if (options.has('verbose')) call.err(`flock: ${options.has('n') || timeoutUs === 0 ? 'failed to get lock' : 'timeout while waiting to get lock'}`);
      return conflict;
    }
    return say(EX_DATAERR, `${place!}: ${strerror(locked.error)}`);
  }
  if (options.has('verbose')) call.err(`flock: getting lock took ${((sys.monotonicUs() - startUs) / 1e6).toFixed(6)} seconds`);
  if (command === undefined) return 0;

  const argv = command === 'shell' ? [callersShell(sys), '-c', rest[1]!] : rest;
  if (options.has('verbose')) call.err(`flock: executing ${argv[0]!}`);
  await call.flush();
  const program = sys.findProgram(argv[0]!);
  if (options.has('F')) {
    const failed = program.ok ? await sys.exec(program.value, argv) : program;
    return say(!failed.ok && failed.error === 'ENOMEM' ? EX_OSERR : EX_UNAVAILABLE, `failed to execute ${argv[0]!}: ${strerror(failed.ok ? 'ENOENT' : failed.error)}`);
  }
  if (options.has('o')) sys.setCloseOnExec(fd, true);
  const child = program.ok ? await sys.spawn(program.value, { argv }) : program;
  if (!child.ok) return say(EX_UNAVAILABLE, `failed to execute ${argv[0]!}: ${strerror(child.error)}`);
  for (;;) {
    const ended = await sys.wait(child.value);
    if (ended.ok && ended.value !== undefined) return statusCode(ended.value.status);
    if (!ended.ok && ended.error !== 'EINTR') return EX_OSERR;
  }
}

/** A lock file is made where there is none, and a directory is one too. */
async function openLock(call: Invocation, path: string): ReturnType<Invocation['sys']['open']> {
  const stat = call.sys.stat(path);
  if (stat.ok && stat.value.kind === 'directory') return call.sys.open(path, { read: true, directory: true });
  return call.sys.open(path, { read: true, create: true, noControllingTty: true, mode: 0o666 });
}

/** For tests: a machine with a clock and dice of its own and no network, or with whatever programs a test brings. */
import type { NetKernel } from '../simulator/kernel/api.ts';
import type { Dice, World } from '../simulator/world/api.ts';
import { fail, ok } from '../simulator/result.ts';
import { fromUtf8 } from '../simulator/bytes.ts';
import type { Program, WaitStatus } from './sys.ts';
import type { ImageFile } from './image.ts';
import type { Machine, TerminalHandle } from './machine.ts';
import { createMachine } from './machine.ts';
import { Scheduler } from './scheduler.ts';

function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  return { next, below: (below) => Math.floor((next() / 2 ** 32) * below), fraction: () => next() / 2 ** 32, bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24) };
}

/** A world in which nothing happens by itself. */
function emptyWorld(): World {
  const kernels: NetKernel[] = [];
  return {
    nowUs: 0, epochUs: 1795396440_000_000, dice: dice(1), kernels,
    kernel: (id) => kernels[id]!,
    setAlarm: () => 0, cancel: () => {}, nextEventUs: () => undefined, step: () => {},
    advanceTo(nowUs) {
      if (nowUs < this.nowUs) throw new Error('time runs forward');
      (this as { nowUs: number }).nowUs = nowUs;
    },
    onAlarm: undefined, onReady: undefined, onStateChange: undefined, traceSink: undefined,
    clone: () => { throw new Error('not needed'); },
    hash: () => '',
  };
}

/** Namespaces can be made; everything else of the network is absent. */
function emptyKernel(): NetKernel {
  let last = 0;
  const alive = new Set([0]);
  const sysctls = new Map([['net/ipv4/ip_forward', '0']]);
  return {
    id: 0,
    namespaces: { create: () => { last += 1; alive.add(last); return last; }, destroy: (ns) => void alive.delete(ns), list: () => [...alive], inode: (ns) => (ns === 0 ? 4_026_531_840 : 4_026_532_000 + ns) },
    netlink: { links: () => [], link: () => undefined, netnsId: () => undefined } as unknown as NetKernel['netlink'],
    sockets: { close: () => {}, sockets: () => [] } as unknown as NetKernel['sockets'],
    sysctl: { keys: () => [...sysctls.keys()], get: (_ns, key) => (sysctls.has(key) ? ok(sysctls.get(key)!) : fail('ENOENT')), set: (_ns, key, value) => { sysctls.set(key, value); return ok(undefined); }, isWritable: () => true, procNet: () => ok('') },
    netfilter: {} as NetKernel['netfilter'],
    log: { records: () => [], clear: () => {} },
    bpf: {} as NetKernel['bpf'],
  };
}

export interface TestMachine {
  readonly machine: Machine;
  readonly scheduler: Scheduler;
  /** Runs a program to its end (or for `limitUs`) and answers what it wrote. */
  run(argv: readonly string[], options?: { stdin?: string | Uint8Array; env?: Record<string, string>; cwd?: string; uid?: number; limitUs?: number }): Promise<{ stdout: string; stderr: string; status: WaitStatus | undefined }>;
  /** A terminal for `learner`, with everything it has shown so far. */
  terminal(argv?: readonly string[], path?: string): TerminalHandle & { shown(): string };
}

export function testMachine(programs: Record<string, Program>, files: readonly ImageFile[] = []): TestMachine {
  const world = emptyWorld();
  const scheduler = new Scheduler(world);
  const machine = createMachine({
    world, kernel: emptyKernel(), scheduler, name: 'host', hostname: 'debian', firstPid: 60,
    image: {
      files, programs: new Map(Object.entries(programs)), packages: [],
      users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: 'root' }, { name: 'learner', uid: 1000, gid: 1000, home: '/home/learner', shell: '/bin/bash', gecos: '' }],
      groups: [{ name: 'root', gid: 0, members: [] }, { name: 'sudo', gid: 27, members: ['learner'] }, { name: 'learner', gid: 1000, members: [] }],
    },
  });
  machine.onFault = (_process, thrown) => {
    scheduler.failure ??= { error: thrown };
  };
  return {
    machine,
    scheduler,
    run: async (argv, options = {}) => {
      const out: Uint8Array[] = [];
      const err: Uint8Array[] = [];
      const env = new Map(Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root', ...options.env }));
      const stdin = typeof options.stdin === 'string' ? new TextEncoder().encode(options.stdin) : (options.stdin ?? 'null');
      const handle = machine.run({ argv, env, cwd: options.cwd ?? '/', uid: options.uid ?? 0, stdin, stdout: (bytes) => out.push(bytes), stderr: (bytes) => err.push(bytes) });
      await scheduler.runUntil(world.nowUs + (options.limitUs ?? 60_000_000), { stopWhen: () => handle.status !== undefined });
      return { stdout: join(out), stderr: join(err), status: handle.status };
    },
    terminal: (argv, path) => {
      const seen: Uint8Array[] = [];
      const handle = machine.spawnSession({ size: { columns: 80, rows: 24 }, user: 'learner', ...(argv === undefined ? {} : { argv }), ...(path === undefined ? {} : { path }) });
      handle.onData((bytes) => seen.push(bytes));
      return Object.assign(handle, { shown: () => join(seen) });
    },
  };
}

function join(chunks: readonly Uint8Array[]): string {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return fromUtf8(whole);
}

import { describe, expect, it } from 'vitest';
import { utf8 } from '../simulator/bytes.ts';
import type { Program, Sys } from './sys.ts';
import { testMachine } from './test-machine.ts';

const say = (sys: Sys, text: string) => sys.write(1, utf8(text));
const cat: Program = async (sys) => {
  for (;;) {
    const got = await sys.read(0, 4096);
    if (!got.ok) return 1;
    if (got.value.length === 0) return 0;
    await sys.write(1, got.value);
  }
};
const sleepy: Program = async (sys) => {
  await sys.sleep(Number(sys.argv[1]) * 1_000_000);
  return 0;
};

describe('processes', () => {
  it('a pipeline of processes sees back-pressure and end of file', async () => {
    const total = 300_000;
    const source: Program = async (sys) => {
      await sys.write(1, new Uint8Array(total).fill(65));
      return 0;
    };
    const count: Program = async (sys) => {
      let seen = 0;
      for (;;) {
        const got = await sys.read(0, 10_000);
        if (!got.ok || got.value.length === 0) break;
        seen += got.value.length;
      }
      await say(sys, `${seen}\n`);
      return 0;
    };
    const pipeline: Program = async (sys) => {
      const pipe = sys.pipe();
      if (!pipe.ok) return 1;
      const [read, write] = pipe.value;
      await sys.spawn('/bin/source', { argv: ['source'], fds: new Map([[0, 0], [1, write], [2, 2]]) });
      await sys.spawn('/bin/count', { argv: ['count'], fds: new Map([[0, read], [1, 1], [2, 2]]) });
      sys.close(read);
      sys.close(write);
      await sys.wait(-1);
      const last = await sys.wait(-1);
      return last.ok && last.value?.status.kind === 'exited' ? last.value.status.code : 9;
    };
    const { run } = testMachine({ '/bin/source': source, '/bin/count': count, '/bin/pipeline': pipeline });
    expect(await run(['pipeline'])).toEqual({ stdout: `${total}\n`, stderr: '', status: { kind: 'exited', code: 0 } });
  });

  it('writing without end takes time: a megabyte tens of milliseconds, interrupted like anything else', async () => {
    const flood: Program = async (sys) => {
      for (;;) await sys.write(1, new Uint8Array(1 << 20));
    };
    const { run } = testMachine({ '/bin/flood': flood });
    const { stdout, status } = await run(['flood'], { limitUs: 1_000_000 });
    expect([Math.round(stdout.length / (1 << 20)), status]).toEqual([15, undefined]);
  });

  it('a command runs without /dev/null; a session without account, home and shell says what is missing', async () => {
    const { machine, run, scheduler, terminal } = testMachine({ '/bin/cat': cat });
    machine.putFile({ path: '/dev/null', content: 'a file' });
    expect(await run(['cat'])).toEqual({ stdout: '', stderr: '', status: { kind: 'exited', code: 0 } });
    machine.putFile({ path: '/home/learner', content: 'not a directory' });
    machine.putFile({ path: '/etc/passwd', content: '' });
    const tty = terminal();
    await scheduler.runUntil(scheduler.world.nowUs + 1_000_000);
    expect(tty.shown()).toBe('login: /bin/bash: No such file or directory\r\n');
  });

  it('a writer into a pipe nobody reads dies of SIGPIPE, and its finally blocks run', async () => {
    const seen: string[] = [];
    const yes: Program = async (sys) => {
      try {
        for (;;) await sys.write(1, utf8('y\n'));
      } finally {
        seen.push('finally');
      }
    };
    const parent: Program = async (sys) => {
      const pipe = sys.pipe();
      if (!pipe.ok) return 1;
      const child = sys.fork(yes, { fds: new Map([[1, pipe.value[1]]]) });
      sys.close(pipe.value[1]);
      await sys.read(pipe.value[0], 2);
      sys.close(pipe.value[0]);
      const ended = child.ok ? await sys.wait(child.value) : undefined;
      await say(sys, JSON.stringify(ended?.ok === true ? ended.value?.status : null));
      return 0;
    };
    const { run } = testMachine({ '/bin/parent': parent });
    expect((await run(['parent'])).stdout).toBe('{"kind":"signalled","signal":"PIPE","coreDumped":false}');
    expect(seen).toEqual(['finally']);
  });

  it('sleep ends exactly when it should, and time stands still without events', async () => {
    const { run, machine } = testMachine({ '/bin/sleep': sleepy });
    await run(['sleep', '2.5']);
    expect(machine.world.nowUs).toBeGreaterThanOrEqual(2_500_000);
    expect(machine.world.nowUs).toBeLessThan(2_502_000);
  });

  it('a loop that never blocks is stopped by a signal at the same virtual instant in every run, at any pace', async () => {
    const instants: number[] = [];
    for (const slice of [10_000_000, 70_000, 1_234]) {
      let turns = 0;
      const spin: Program = async (sys) => {
        for (;;) {
          const wait = sys.charge(20);
          if (wait !== undefined) await wait;
          turns += 1;
        }
      };
      const { machine, scheduler } = testMachine({ '/bin/spin': spin });
      const handle = machine.run({ argv: ['spin'], env: new Map(), cwd: '/' });
      let yields = 0;
      for (let at = 0; at < 3_000_000; at = Math.min(at + slice, 3_000_000)) await scheduler.runUntil(Math.min(at + slice, 3_000_000), { shouldYield: () => (yields += 1) % 7 === 0, yieldToHost: async () => {} });
      handle.kill('INT');
      await scheduler.runUntil(4_000_000);
      expect(handle.status).toEqual({ kind: 'signalled', signal: 'INT', coreDumped: false });
      instants.push(turns);
    }
    expect(new Set(instants).size).toBe(1);
    // One virtual second at full price, the rest at ten times it.
    expect(instants[0]).toBeGreaterThan(50_000);
    expect(instants[0]).toBeLessThan(65_000);
  });

  it('stops, continues and tells the parent so', async () => {
    const log: string[] = [];
    const parent: Program = async (sys) => {
      const child = await sys.spawn('/bin/sleep', { argv: ['sleep', '1'], processGroup: 'new' });
      if (!child.ok) return 1;
      await sys.sleep(100_000);
      sys.kill(-child.value, 'TSTP');
      for (let i = 0; i < 3; i += 1) {
        const change = await sys.wait(child.value, { untraced: true, continued: true });
        log.push(JSON.stringify(change.ok ? change.value?.status : change.error));
        if (i === 0) {
          await sys.sleep(5_000_000);
          sys.kill(child.value, 'CONT');
        }
      }
      log.push(String(Math.round(sys.monotonicUs() / 1_000_000) - 300));
      return 0;
    };
    const { run } = testMachine({ '/bin/sleep': sleepy, '/bin/parent': parent });
    await run(['parent']);
    expect(log).toEqual(['{"kind":"stopped","signal":"TSTP"}', '{"kind":"continued"}', '{"kind":"exited","code":0}', '5']);
  });

  it('orphans go to init and leave no zombies', async () => {
    const parent: Program = async (sys) => {
      await sys.spawn('/bin/sleep', { argv: ['sleep', '1'] });
      return 0;
    };
    const { run, machine, scheduler } = testMachine({ '/bin/sleep': sleepy, '/bin/parent': parent });
    await run(['parent']);
    await scheduler.runUntil(500_000);
    expect(machine.processViews().map((view) => [view.pid, view.ppid, view.name])).toEqual([[1, 0, 'systemd'], [61, 1, 'sleep']]);
    await scheduler.runUntil(2_000_000);
    expect(machine.processViews().length).toBe(1);
  });

  it('runs #! scripts, refuses what is not executable', async () => {
    const show: Program = async (sys) => {
      await say(sys, JSON.stringify(sys.argv));
      return 0;
    };
    const { run } = testMachine({ '/bin/show': show, '/bin/try': async (sys) => { const out = await sys.spawn(sys.argv[1]!, { argv: ['x', 'a'] }); if (!out.ok) await say(sys, out.error); else await sys.wait(out.value); return 0; } }, [
      { path: '/s', content: '#!/bin/show -e\n', mode: 0o755 }, { path: '/plain', content: 'echo', mode: 0o755 }, { path: '/no', content: 'echo' },
    ]);
    expect((await run(['try', '/s'])).stdout).toBe('["/bin/show","-e","/s","a"]');
    expect((await run(['try', '/plain'])).stdout).toBe('ENOEXEC');
    expect((await run(['try', '/no'])).stdout).toBe('EACCES');
    expect((await run(['try', '/none'])).stdout).toBe('ENOENT');
  });
});

describe('files', () => {
  const check = async (body: (sys: Sys) => Promise<unknown>, uid = 0): Promise<unknown> => {
    let answer: unknown;
    const { run } = testMachine({ '/bin/body': async (sys) => { answer = await body(sys); return 0; } });
    await run(['body'], { uid });
    return answer;
  };
  const word = (result: { ok: boolean; error?: string; value?: unknown }): unknown => (result.ok ? (result.value ?? 'ok') : result.error);

  it('answers errors as Linux does', async () => {
    expect(await check(async (sys) => {
      await sys.writeFile('/tmp/f', 'hi');
      sys.makeDirectory('/tmp/d');
      sys.symlink('loop', '/tmp/loop');
      sys.symlink('/tmp/nowhere', '/tmp/dangling');
      return [
        word(sys.stat('/tmp/loop')), word(sys.stat('/tmp/f/x')), word(sys.stat('/tmp/none')), word(sys.removeDirectory('/tmp')), word(sys.removeDirectory('/tmp/f')), word(sys.unlink('/tmp/d')), word(sys.rename('/tmp/d', '/tmp/d/e')),
        word(sys.makeDirectory('/tmp/d')), word(await sys.writeFile('/tmp/dangling', 'x')), word(await sys.readText('/tmp/nowhere')), word(sys.realPath('/tmp/d/../dangling')), word(sys.rename('/tmp/f', '/run/f')), word(await sys.readFile('/tmp')),
      ];
    })).toEqual(['ELOOP', 'ENOTDIR', 'ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR', 'EINVAL', 'EEXIST', 'ok', 'x', '/tmp/nowhere', 'EXDEV', 'EISDIR']);
  });

  it('asks for permissions, sticky bits and owners', async () => {
    expect(await check(async (sys) => [
      word(await sys.readFile('/etc/shadow')), word(await sys.writeFile('/etc/x', '')), word(sys.list('/root')), word(await sys.writeFile('/tmp/mine', '1')), word(sys.chown('/tmp/mine', 0, 0)), word(sys.chmod('/etc/passwd', 0o666)), word(sys.kill(1, 'TERM')),
    ], 1000)).toEqual(['EACCES', 'EACCES', 'EACCES', 'ok', 'EPERM', 'EPERM', 'EPERM']);
  });

  it('shows processes and sysctls in /proc', async () => {
    expect(await check(async (sys) => [
      word(sys.readLink('/proc/self')), word(await sys.readText('/proc/self/comm')), word(sys.readLink('/proc/self/ns/net')), word(await sys.readText('/proc/sys/net/ipv4/ip_forward')), word(await sys.writeFile('/proc/sys/net/ipv4/ip_forward', '1\n')),
      word(await sys.readText('/proc/sys/net/ipv4/ip_forward')), word(sys.stat('/proc/99999')), word(sys.realPath('/proc/self/cwd')), word(sys.readLink('/proc/self/fd/0')),
    ])).toEqual(['60', 'body\n', 'net:[4026531840]', '0\n', 'ok', '1\n', 'ENOENT', '/', '/dev/null']);
  });

  it('refuses what would write to /proc where Linux does: at the open, or at the write', async () => {
    const write = async (sys: Sys, path: string): Promise<unknown> => {
      const opened = await sys.open(path, { write: true });
      return opened.ok ? word(await sys.write(opened.value, new Uint8Array([49]))) : `open: ${opened.error}`;
    };
    expect(await check(async (sys) => Promise.all(['/proc/version', '/proc/self/status', '/proc/net/arp', '/proc/sys/kernel/ostype', '/proc/sys/net/ipv4/ip_forward'].map((path) => write(sys, path))))).toEqual(['EIO', 'EINVAL', 'open: EACCES', 'open: EACCES', 1]);
    expect(await check((sys) => write(sys, '/proc/version'), 1000)).toBe('open: EACCES');
  });

  it('a FIFO opened for reading gets what a writer left that came and went', async () => {
    expect(await check(async (sys) => {
      sys.makeNode('/tmp/fifo', 'fifo', 0o600);
      sys.fork(async (child) => {
        await child.sleep(1000);
        const end = await child.open('/tmp/fifo', { write: true });
        if (end.ok) await child.write(end.value, utf8('hi'));
        return 0;
      });
      const end = await sys.open('/tmp/fifo', { read: true });
      return end.ok ? [word(await sys.read(end.value, 9)), word(await sys.read(end.value, 9))] : end.error;
    })).toEqual([utf8('hi'), new Uint8Array()]);
  });

  it('namespaces end with their last holder', async () => {
    expect(await check(async (sys) => {
      sys.makeDirectory('/run/netns');
      await sys.writeFile('/run/netns/demo', '');
      const own = sys.unshareNetns();
      const bound = sys.bindNetns('/run/netns/demo');
      const handle = sys.openNetns('/proc/1/ns/net');
      if (!handle.ok) return handle.error;
      sys.enterNetns(handle.value);
      const named = own.ok ? sys.net.netnsName(own.value.id) : undefined;
      const busy = sys.unlink('/run/netns/demo');
      const released = sys.unbindNetns('/run/netns/demo');
      return [word(bound), named, word(busy), word(released), word(sys.unlink('/run/netns/demo')), sys.netns.id];
    })).toEqual(['ok', 'demo', 'EBUSY', 'ok', 'ok', 0]);
  });
});

describe('terminals', () => {
  it('edits lines, echoes, and ends input at Ctrl+D', async () => {
    const { terminal, scheduler } = testMachine({ '/bin/cat': cat });
    const tty = terminal(['cat'], '/bin/cat');
    await scheduler.runUntil(10_000);
    tty.write(utf8('hellp\x7fo\rcaf\u00e9\x7f\x17again\r'));
    await scheduler.runUntil(20_000);
    tty.write(utf8('\x04'));
    await scheduler.runUntil(30_000);
    expect(tty.shown()).toBe('hellp\b \bo\r\nhello\r\ncaf\u00e9\b \b\b \b\b \b\b \bagain\r\nagain\r\n'.replace('hello\r\ncaf\u00e9\b \b\b \b\b \b\b \bagain\r\n', 'caf\u00e9\b \b\b \b\b \b\b \bagain\r\nhello\r\n'));
    expect(tty.status).toEqual({ kind: 'exited', code: 0 });
  });

  it('Ctrl+C kills the foreground group, hang-up the session', async () => {
    const { terminal, scheduler } = testMachine({ '/bin/cat': cat });
    const first = terminal(['cat'], '/bin/cat');
    const second = terminal(['cat'], '/bin/cat');
    await scheduler.runUntil(10_000);
    first.write(utf8('\x03'));
    second.close();
    await scheduler.runUntil(20_000);
    expect([first.status, second.status]).toEqual([{ kind: 'signalled', signal: 'INT', coreDumped: false }, { kind: 'signalled', signal: 'HUP', coreDumped: false }]);
    expect(first.shown()).toBe('^C');
  });

  it('takes output no faster than a screen draws it', async () => {
    const yes: Program = async (sys) => {
      for (;;) await say(sys, 'y\n'.repeat(2048));
    };
    const { terminal, scheduler } = testMachine({ '/bin/yes': yes });
    const tty = terminal(['yes'], '/bin/yes');
    await scheduler.runUntil(10_000);
    const early = tty.shown().length;
    await scheduler.runUntil(110_000);
    expect(early).toBeGreaterThan(65_536);
    expect(tty.shown().length - early).toBeLessThan(700_000);
    tty.write(utf8('\x03'));
    await scheduler.runUntil(111_000);
    expect(tty.status).toEqual({ kind: 'signalled', signal: 'INT', coreDumped: false });
  });

  it('kills a program in the middle of long work', async () => {
    const works: Program = async (sys) => {
      for (;;) await sys.charge(60_000_000);
    };
    const { terminal, scheduler } = testMachine({ '/bin/works': works });
    const tty = terminal(['works'], '/bin/works');
    await scheduler.runUntil(10_000);
    tty.write(utf8('\x03'));
    await scheduler.runUntil(210_000);
    expect(tty.status).toEqual({ kind: 'signalled', signal: 'INT', coreDumped: false });
  });

  it('stops a background process that reads', async () => {
    const shell: Program = async (sys) => {
      const child = await sys.spawn('/bin/cat', { argv: ['cat'], processGroup: 'new' });
      const change = child.ok ? await sys.wait(child.value, { untraced: true }) : undefined;
      await say(sys, JSON.stringify(change?.ok === true ? change.value?.status : null));
      return 0;
    };
    const { terminal, scheduler } = testMachine({ '/bin/cat': cat, '/bin/shell': shell });
    const tty = terminal(['shell'], '/bin/shell');
    await scheduler.runUntil(100_000);
    expect(tty.shown()).toBe('{"kind":"stopped","signal":"TTIN"}');
  });
});


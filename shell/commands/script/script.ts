/** script 2.38 of util-linux: a shell on a terminal of its own, everything it shows kept in a file. Read first: script(1). */
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { formatTime } from '../../lib/calendar.ts';

export const script = defineCommand({
  name: 'script',
  summary: 'keep a record of a terminal session',
  package: 'bsdutils',
  async run(call) {
    const { sys } = call;
    let command: string | undefined;
    let appends = false;
    let isQuiet = false;
    let file = 'typescript';
    const words = [...call.args];
    while (words.length > 0) {
      const word = words.shift()!;
      if (word === '-a' || word === '--append') appends = true;
      else if (word === '-q' || word === '--quiet') isQuiet = true;
      else if (word === '-c' || word === '--command') command = words.shift();
      else if (word === '-f' || word === '-e' || word === '--return' || word === '--flush') continue;
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else file = word;
    }
    const size = sys.windowSize(0);
    const pty = sys.openPty(size.ok ? size.value : { columns: 80, rows: 24 });
    const log = await sys.open(file, { write: true, create: true, truncate: !appends, append: appends, mode: 0o644, closeOnExec: true });
    if (!pty.ok || !log.ok) {
      call.err(`script: cannot open ${file}: ${log.ok ? 'no terminal' : 'Permission denied'}`);
      return 1;
    }
    const { master, slavePath } = pty.value;
    sys.setCloseOnExec(master, true);
    const shell = call.env.get('SHELL') ?? '/bin/sh';
    const started = formatTime('%Y-%m-%d %H:%M:%S+00:00', Math.floor(sys.now() / 1_000_000));
    const columns = size.ok ? size.value.columns : 80;
    const rows = size.ok ? size.value.rows : 24;
    if (!isQuiet) call.out(`Script started, output log file is '${file}'.`);
    await call.flush();
    await sys.write(log.value, utf8(`Script started on ${started} [${command === undefined ? '' : `COMMAND="${command}" `}TERM="${call.env.get('TERM') ?? ''}" TTY="${slaveOf(sys.terminalName(0))}" COLUMNS="${columns}" LINES="${rows}"]\n`));
    const child = sys.fork(async (own) => {
      const slave = await own.open(slavePath, { read: true, write: true });
      if (!slave.ok) return 1;
      own.setControllingTerminal(slave.value);
      for (const fd of [0, 1, 2]) own.duplicate(slave.value, fd);
      if (slave.value > 2) own.close(slave.value);
      await own.exec(shell, command === undefined ? [shell.replace(/^.*\//, ''), '-i'] : [shell.replace(/^.*\//, ''), '-c', command]);
      return 127;
    }, { newSession: true });
    if (!child.ok) return 1;
    const saved = sys.terminalModes(0);
    if (saved.ok) sys.setTerminalModes(0, { ...saved.value, canonical: false, echo: false, signals: false, extended: false, mapCrToNl: false, flowControl: false, outputProcess: false, minimum: 1, timeDeciseconds: 0 }, 'drain');
    let isResized = false;
    sys.onSignal('WINCH', () => {
      isResized = true;
    });
    let inputOpen = true;
    for (;;) {
      if (isResized) {
        isResized = false;
        const now = sys.windowSize(0);
        if (now.ok) sys.setWindowSize(master, now.value);
      }
      const ready = await sys.poll([{ fd: master, read: true }, ...(inputOpen ? [{ fd: 0, read: true }] : [])]);
      if (!ready.ok) {
        if (ready.error === 'EINTR') continue;
        break;
      }
      let isOver = false;
      for (const { fd } of ready.value) {
        const got = await sys.read(fd, 65536);
        if (fd === master) {
          if (!got.ok || got.value.length === 0) isOver = true;
          else {
            await sys.write(1, got.value);
            await sys.write(log.value, got.value);
          }
        } else if (!got.ok || got.value.length === 0) {
          inputOpen = false;
          await sys.write(master, Uint8Array.of(4));
        } else await sys.write(master, got.value);
      }
      if (isOver) break;
    }
    if (saved.ok) sys.setTerminalModes(0, saved.value, 'drain');
    const ended = await sys.wait(child.value);
    const code = ended.ok && ended.value?.status.kind === 'exited' ? ended.value.status.code : 1;
    await sys.write(log.value, utf8(`\nScript done [COMMAND_EXIT_CODE="${code}"]\n`));
    sys.close(log.value);
    if (!isQuiet) call.out('Script done.');
    return code;
  },
});

function slaveOf(name: { ok: true; value: string } | { ok: false }): string {
  return name.ok ? name.value : '';
}

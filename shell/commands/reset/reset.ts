/** reset, from ncurses: sane modes, then the terminal's reset strings. Read first: tset(1). */
import type { TerminalModes } from '../../../machine/sys.ts';
import { defineCommand, notSimulated } from '../define.ts';

/** What `stty sane` sets. */
export function saneModes(modes: TerminalModes): TerminalModes {
  return {
    ...modes, canonical: true, echo: true, echoControl: true, echoErase: true, signals: true, extended: true, mapCrToNl: true, mapNlToCr: false, ignoreCr: false,
    outputProcess: true, outputNlToCrNl: true, toStop: false, noFlush: false, ixany: false, minimum: 1, timeDeciseconds: 0,
    controlCharacters: { interrupt: 3, quit: 28, erase: 127, kill: 21, endOfFile: 4, suspend: 26, wordErase: 23, literalNext: 22, reprint: 18, start: 17, stop: 19, endOfLine: 0 },
  };
}

export const reset = defineCommand({
  name: 'reset',
  aliases: ['tset'],
  summary: 'initialise the terminal again',
  package: 'ncurses-bin',
  async run(call) {
    if (call.args.length > 0) return notSimulated(call, `argument ${call.args[0]}`);
    const fd = [2, 1, 0].find((candidate) => call.sys.isTerminal(candidate));
    if (fd === undefined) {
      call.err(`${call.name}: standard error: Inappropriate ioctl for device`);
      return 1;
    }
    const modes = call.sys.terminalModes(fd);
    if (modes.ok) call.sys.setTerminalModes(fd, saneModes(modes.value), 'drain');
    call.writeErr('\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\r');
    await call.flush();
    // The real program waits a second, for terminals that need it.
    await call.sys.sleep(1_000_000);
    return 0;
  },
});

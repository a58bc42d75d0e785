/**
 * The line editor on a terminal: raw mode while a line is read, the terminal as it was while commands run. Read first: readline's
 * rltty.c (rl_prep_terminal, rl_deprep_terminal), signals.c. Bytes are taken one at a time, so that what is typed ahead stays with the
 * terminal, which echoes it and hands it to whoever reads next.
 */
import type { Sys, TerminalModes } from '../../machine/sys.ts';
import { utf8 } from '../ports/bytes.ts';
import type { ReadLineOptions, ReadLineOutcome } from './api.ts';
import type { EditorTerminal, InputEvent } from './session.ts';
import { EditSession } from './session.ts';

const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l\r';

export async function readLine(sys: Sys, options: ReadLineOptions): Promise<ReadLineOutcome> {
  const input = options.input ?? 0;
  const output = options.output ?? 2;
  const { editor } = options;
  const saved = sys.terminalModes(input);
  const write = async (text: string): Promise<void> => {
    await sys.write(output, utf8(text));
  };
  const size = (): { columns: number; rows: number } => {
    const got = sys.windowSize(input);
    return got.ok && got.value.columns > 0 ? got.value : { columns: 80, rows: 24 };
  };
  let isInterrupted = false;
  let isResized = false;
  let wasWoken = false;
  let isLeaving = false;
  const deadlineUs = options.timeoutUs === undefined ? undefined : sys.monotonicUs() + options.timeoutUs;

  const nextByte = async (): Promise<InputEvent> => {
    for (;;) {
      if (isInterrupted) return 'interrupted';
      if (isResized) {
        isResized = false;
        session.display.resize(size().columns, session.picture());
        await session.flush();
      }
      if (wasWoken && options.onWake !== undefined) {
        wasWoken = false;
        let hasPrinted = false;
        const answer = await options.onWake(async () => {
          hasPrinted = true;
          session.display.finish();
          await session.flush();
        });
        if (answer === 'give-up') return 'interrupted';
        if (hasPrinted) {
          session.display.redrawFresh(session.picture());
          await session.flush();
        }
      }
      if (deadlineUs !== undefined) {
        const ready = await sys.poll([{ fd: input, read: true }], Math.max(0, deadlineUs - sys.monotonicUs()));
        if (!ready.ok) {
          wasWoken = true;
          continue;
        }
        if (ready.value.length === 0) return 'timeout';
      }
      const got = await sys.read(input, 1);
      if (got.ok) return got.value.length === 0 ? 'eof' : got.value[0]!;
      if (got.error !== 'EINTR') return 'eof';
      wasWoken = !isInterrupted && !isResized;
    }
  };
  const inputWithin = async (us: number): Promise<boolean> => {
    const ready = await sys.poll([{ fd: input, read: true }], us);
    return !ready.ok || ready.value.length > 0;
  };
  /** With the terminal as it is while commands run. */
  const asUsual = async <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    if (saved.ok) sys.setTerminalModes(input, saved.value, 'drain');
    const answer = await act();
    if (saved.ok) sys.setTerminalModes(input, editingModes(saved.value), 'drain');
    return answer;
  };
  const terminal: EditorTerminal = { readByte: nextByte, inputWithin, write, columns: () => size().columns, rows: () => size().rows };
  const session = new EditSession(terminal, {
    prompt: options.prompt, editor, history: options.usesHistory === false ? undefined : options.history, completer: options.completer, initialText: options.initialText ?? '', trapsInterrupt: options.trapsInterrupt === true, onReread: options.onReread, onCommand: options.onCommand === undefined ? undefined : (command, line) => asUsual(() => options.onCommand!(command, line)), echoes: !saved.ok || saved.value.echo,
  });

  const oldInterrupt = sys.onSignal('INT', () => {
    isInterrupted = true;
  });
  const oldWindow = sys.onSignal('WINCH', () => {
    isResized = true;
  });
  const usesPaste = editor.variables.bracketedPaste && options.term !== 'dumb' && saved.ok;
  try {
    if (saved.ok) sys.setTerminalModes(input, editingModes(saved.value), 'drain');
    if (usesPaste) await write(pasteOn);
    const outcome = await session.run();
    isLeaving = true;
    if (usesPaste) await write(outcome.kind === 'eof' ? `${pasteOff}\n` : pasteOff);
    else if (outcome.kind === 'eof') await write('\n');
    return outcome;
  } finally {
    if (saved.ok) sys.setTerminalModes(input, saved.value, isLeaving ? 'drain' : 'now');
    sys.onSignal('INT', oldInterrupt);
    sys.onSignal('WINCH', oldWindow);
  }
}

/** readline's prepare_terminal_settings: keys one by one and unechoed; Ctrl+C stays a signal, Ctrl+S stops the
 * output, Enter stays a carriage return. */
function editingModes(modes: TerminalModes): TerminalModes {
  return {
    ...modes, canonical: false, echo: false, mapCrToNl: false, mapNlToCr: false, minimum: 1, timeDeciseconds: 0,
    controlCharacters: { ...modes.controlCharacters, literalNext: 0 },
  };
}

/** Lists candidates in columns below the line. Read first: readline's complete.c, display_matches, rl_display_match_list, _rl_internal_pager. */
import { textWidth } from '../../terminal/width.ts';
import type { CompletionResult } from '../api.ts';
import type { EditSession } from '../session.ts';

export async function listCandidates(session: EditSession, result: CompletionResult): Promise<void> {
  const { display, editor } = session;
  const shown = result.candidates.map((candidate) => {
    const name = candidate.display ?? (result.areFiles ? lastComponent(candidate.text) : candidate.text);
    return candidate.isDirectory === true && editor.variables.markDirectories && result.areFiles ? `${name}/` : name;
  });
  display.finish();
  await session.flush();
  if (shown.length >= editor.variables.completionQueryItems && editor.variables.completionQueryItems > 0) {
    display.raw(`Display all ${shown.length} possibilities? (y or n)`);
    await session.flush();
    const answer = await yesOrNo(session, false);
    if (answer !== 'yes') {
      display.raw('\r\n');
      return;
    }
    display.raw('\r\n');
  }
  // The mark of a directory does not count.
  const width = Math.max(...shown.map((item) => textWidth(item.length > 1 ? item.replace(/\/$/, '') : item))) + 2;
  const columns = session.terminal.columns();
  const perRow = Math.max(1, width < columns ? Math.floor(columns / width) : 1);
  const fullRow = perRow !== 1 && perRow * width === columns ? perRow - 1 : perRow;
  const perLine = Math.max(1, fullRow);
  const rowCount = Math.ceil(shown.length / perLine);
  let printed = 0;
  for (let r = 0; r < rowCount; r += 1) {
    let row = '';
    for (let c = 0; c < perLine; c += 1) {
      const item = shown[editor.variables.printCompletionsHorizontally ? r * perLine + c : c * rowCount + r];
      if (item === undefined) break;
      const isLast = c === perLine - 1 || shown[editor.variables.printCompletionsHorizontally ? r * perLine + c + 1 : (c + 1) * rowCount + r] === undefined;
      row += item + (isLast ? '' : ' '.repeat(Math.max(0, width - textWidth(item))));
    }
    display.raw(`${row}\r\n`);
    printed += 1;
    if (editor.variables.pageCompletions && printed >= session.terminal.rows() - 1 && r < rowCount - 1) {
      display.raw('--More--');
      await session.flush();
      const answer = await yesOrNo(session, true);
      display.raw('\r\x1b[K');
      if (answer === 'no' || answer === undefined) return;
      printed = answer === 'line' ? printed - 1 : 0;
    }
  }
}

/** get_y_or_n: y, Y, blank: yes; n, N, Rubout: no; in the pager Enter is one line more, Tab a page, q the end. */
async function yesOrNo(session: EditSession, isPager: boolean): Promise<'yes' | 'no' | 'line' | undefined> {
  for (;;) {
    const c = await session.readCharacter();
    if (c === undefined) return undefined;
    if (c === 'y' || c === 'Y' || c === ' ') return 'yes';
    if (c === 'n' || c === 'N' || c === '\x7f') return 'no';
    if (c === '\x07') {
      session.ring();
      return 'no';
    }
    if (isPager && (c === '\n' || c === '\r')) return 'line';
    if (isPager && c === '\t') return 'yes';
    if (isPager && (c === 'q' || c === 'Q')) return 'no';
    session.ring();
    await session.flush();
  }
}

function lastComponent(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

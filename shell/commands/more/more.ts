/** more 2.38 of util-linux: a page, then `--More--`. Read first: more(1). */
import { fromUtf8 } from '../../ports/bytes.ts';
import type { Sys } from '../../../machine/sys.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { rowsOf } from '../less/rows.ts';
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';

export const more = defineCommand({
  name: 'more',
  summary: 'show text a screen at a time',
  package: 'util-linux',
  async run(call) {
    const names: string[] = [];
    let startLine = 0;
    for (const word of call.args) {
      if (word === '-V' || word === '--version') {
        call.out('more from util-linux 2.38.1');
        return 0;
      }
      if (/^\+\d+$/.test(word)) startLine = Number(word.slice(1)) - 1;
      else if (/^-[dflcpsu]+$/.test(word) || /^-n?\d+$/.test(word)) continue;
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else names.push(word);
    }
    if (names.length === 0 && call.stdinIsTerminal) {
      call.err('more: bad usage');
      call.err("Try 'more --help' for more information.");
      return 1;
    }
    let code = 0;
    for (const name of names.length === 0 ? [undefined] : names) {
      const text = await contentOf(call, name);
      if (text === undefined) {
        code = 1;
        continue;
      }
      if (!call.stdoutIsTerminal) {
        call.write(text);
        continue;
      }
      await call.flush();
      const banner = names.length > 1 ? `::::::::::::::\n${name}\n::::::::::::::\n` : '';
      if (!(await page(call.sys, banner + text, name !== undefined, startLine))) break;
    }
    return code;
  },
});

async function contentOf(call: Invocation, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return call.stdinText();
  const stat = call.sys.stat(name);
  if (stat.ok && stat.value.kind === 'directory') {
    call.write(`\n*** ${name}: directory ***\n\n`);
    return undefined;
  }
  const got = await call.sys.readFile(name);
  if (!got.ok) {
    call.err(`more: cannot open ${name}: ${got.error === 'EACCES' ? 'Permission denied' : 'No such file or directory'}`);
    return undefined;
  }
  return fromUtf8(got.value);
}

/** Answers false when the user quits. */
async function page(sys: Sys, text: string, isFile: boolean, startLine: number): Promise<boolean> {
  const screen = await FullScreen.open(sys, { signals: true, mapCr: true, enter: '', leave: () => '' });
  if (screen === undefined) {
    await sys.write(1, new TextEncoder().encode(text));
    return true;
  }
  const style = { columns: screen.columns, chops: false, shift: 0, showsNumbers: false, passesColours: true, highlight: undefined };
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const rows: { readonly text: string; readonly bytes: number; readonly line: number }[] = [];
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    bytes += new TextEncoder().encode(line).length + 1;
    for (const row of rowsOf(line, index + 1, style)) rows.push({ text: row, bytes, line: index });
  }
  let at = rows.findIndex((row) => row.line >= startLine);
  if (at < 0) at = 0;
  let step = screen.rows - 1;
  let stays = true;
  let pattern: Regex | undefined;
  while (stays) {
    screen.write(rows.slice(at, at + step).map((row) => `${row.text}\r\n`).join(''));
    at = Math.min(rows.length, at + step);
    const isEnd = at >= rows.length;
    const percent = bytes === 0 ? 0 : Math.floor(((rows[at - 1]?.bytes ?? 0) * 100) / bytes);
    const prompt = isEnd ? '(END)' : `--More--${isFile ? `(${percent}%)` : ''}`;
    let decided = false;
    while (!decided) {
      screen.write(`\x1b[7m${prompt}\x1b[27m`);
      const event = await screen.next();
      if (event.kind === 'resize' || event.kind === 'resumed') {
        screen.write('\r\x1b[K');
        continue;
      }
      screen.write('\r\x1b[K');
      decided = true;
      if (event.kind !== 'key' || event.key === 'q' || event.key === 'Q') {
        await screen.close();
        return false;
      }
      if (isEnd && /^(enter|ctrl-j| |f|ctrl-f|j|s|z)$/.test(event.key)) {
        await screen.close();
        return true;
      }
      if (event.key === ' ' || event.key === 'f' || event.key === 'ctrl-f' || event.key === 'z' || event.key === 'page-down') step = screen.rows - 1;
      else if (event.key === 'enter' || event.key === 'ctrl-j' || event.key === 'j' || event.key === 'down') step = 1;
      else if (event.key === 'd' || event.key === 'ctrl-d') step = 11;
      else if (event.key === 's') {
        at = Math.min(rows.length, at + 1);
        step = screen.rows - 1;
      } else if (event.key === 'b' || event.key === 'ctrl-b' || event.key === 'page-up') {
        at = Math.max(0, at - 2 * (screen.rows - 1));
        screen.write('...back 1 page\r\n');
        step = screen.rows - 1;
      } else if (event.key === '=') {
        screen.write(`${(rows[at - 1]?.line ?? 0) + 1}`);
        decided = false;
      } else if (event.key === '/' || event.key === 'n') {
        if (event.key === '/') pattern = await askPattern(screen);
        const found = pattern === undefined ? -1 : rows.findIndex((row, index) => index >= at && pattern!.test(row.text));
        if (found < 0) {
          screen.write('\r\x1b[KPattern not found\r\n');
          decided = false;
        } else {
          screen.write('\r\x1b[K...skipping\r\n');
          at = Math.max(0, found - 2);
          step = screen.rows - 2;
        }
      } else if (event.key === 'h' || event.key === '?') {
        screen.write(help);
        decided = false;
      } else {
        screen.write('\x07');
        decided = false;
      }
      if (decided) stays = true;
    }
  }
  await screen.close();
  return true;
}

const help = ['Space: a page.  Return: a line.  d: 11 lines.  s: skip a line.  b: back a page.', '/pattern: search.  n: again.  =: line number.  q: leave.', ''].join('\r\n');

async function askPattern(screen: FullScreen): Promise<Regex | undefined> {
  let text = '';
  for (;;) {
    screen.write(`\r\x1b[K/${text}`);
    const event = await screen.next();
    if (event.kind !== 'key') return undefined;
    if (event.key === 'enter' || event.key === 'ctrl-j') break;
    if (event.key === 'backspace') text = text.slice(0, -1);
    else if ([...event.key].length === 1) text += event.key;
  }
  const made = compileRegex(text, 'posixExtended', { isForgiving: true });
  return made.ok ? made.regex : undefined;
}

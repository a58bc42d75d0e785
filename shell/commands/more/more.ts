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
    let startPattern: string | undefined;
    let pageLines: number | undefined;
    const words = [...call.args];
    while (words.length > 0) {
      const word = words.shift()!;
      if (word === '-V' || word === '--version') {
        call.out('more from util-linux 2.38.1');
        return 0;
      }
      const lines = /^-n?(\d+)$/.exec(word) ?? (word === '-n' ? /^()(\d+)$/.exec(words.shift() ?? '') : null);
      if (lines !== null) pageLines = Number(lines[2] ?? lines[1]);
      else if (/^\+\d+$/.test(word)) startLine = Number(word.slice(1)) - 1;
      else if (word.startsWith('+/')) startPattern = word.slice(2);
      else if (/^-[dflcpsu]+$/.test(word)) continue;
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else names.push(word);
    }
    if (names.length === 0 && call.stdinIsTerminal) {
      call.err('more: bad usage');
      call.err("Try 'more --help' for more information.");
      return 1;
    }
    let code = 0;
    const texts: Text[] = [];
    for (const name of names.length === 0 ? [undefined] : names) {
      const text = await contentOf(call, name);
      if (text === undefined) code = 1;
      else if (!call.stdoutIsTerminal) call.write(text);
      else texts.push({ name, text });
    }
    if (texts.length === 0) return code;
    await call.flush();
    const screen = await FullScreen.open(call.sys, { signals: true, mapCr: true, enter: '', leave: () => '' });
    if (screen === undefined) {
      for (const { text } of texts) call.write(text);
      return code;
    }
    await new Pages(call.sys, screen, texts, pageLines).run(startLine, startPattern);
    await screen.close();
    return code;
  },
});

interface Text { readonly name: string | undefined; readonly text: string }

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

class Pages {
  private readonly sys: Sys;
  private readonly screen: FullScreen;
  private readonly texts: readonly Text[];
  private file = 0;
  private lines: string[] = [];
  private ends: number[] = [];
  private line = 0;
  /** Where a search began, for '. */
  private searchedFrom = 0;
  private pageLines: number;
  private scrollLines = 11;
  private pattern: Regex | undefined;
  private lastCommand = '';

  constructor(sys: Sys, screen: FullScreen, texts: readonly Text[], pageLines: number | undefined) {
    this.sys = sys;
    this.screen = screen;
    this.texts = texts;
    this.pageLines = pageLines ?? screen.rows - 1;
    this.open(0);
  }

  private open(file: number): void {
    this.file = file;
    this.lines = this.texts[file]!.text.split('\n');
    if (this.lines.at(-1) === '') this.lines.pop();
    let bytes = 0;
    this.ends = this.lines.map((line) => {
      bytes += new TextEncoder().encode(line).length + 1;
      return bytes;
    });
    this.line = 0;
    this.searchedFrom = 0;
  }

  async run(startLine: number, startPattern: string | undefined): Promise<void> {
    this.line = Math.min(startLine, this.lines.length);
    if (startPattern !== undefined) {
      const made = compileRegex(startPattern, 'posixExtended', { isForgiving: true });
      if (made.ok) this.pattern = made.regex;
      this.search(1);
    }
    const taken = this.banner();
    let wanted: number | undefined = this.pageLines - taken;
    while (wanted !== undefined) {
      this.show(wanted);
      wanted = await this.ask();
    }
  }

  /** Of several files each begins with its name. Answers how many rows that took. */
  private banner(): number {
    if (this.texts.length === 1) return 0;
    this.screen.write(`::::::::::::::\r\n${this.texts[this.file]!.name ?? ''}\r\n::::::::::::::\r\n`);
    return 3;
  }

  /** So many rows; behind the end they are empty. */
  private show(rows: number): void {
    const style = { columns: this.screen.columns, chops: false, shift: 0, showsNumbers: false, passesColours: true, highlight: undefined };
    let left = rows;
    while (left > 0) {
      const line = this.lines[this.line];
      if (line === undefined) {
        this.screen.write('\r\n'.repeat(left));
        return;
      }
      const shown = rowsOf(line, this.line + 1, style);
      this.screen.write(shown.map((row) => `${row}\r\n`).join(''));
      left -= shown.length;
      this.line += 1;
    }
  }

  private prompt(next: string | undefined): string {
    const { name } = this.texts[this.file]!;
    if (next !== undefined) return `--More--(Next file: ${next})`;
    if (this.line >= this.lines.length) return '(END)';
    return `--More--${name === undefined ? '' : `(${Math.floor(((this.ends[this.line - 1] ?? 0) * 100) / Math.max(1, this.ends.at(-1) ?? 1))}%)`}`;
  }

  /** Waits for a command; how many rows are to be shown, undefined at the end. */
  private async ask(): Promise<number | undefined> {
    const { screen } = this;
    let digits = '';
    let next: string | undefined;
    let answer: string | undefined;
    const clear = '\r\x1b[K';
    for (;;) {
      screen.write(answer === undefined ? `${clear}\x1b[7m${this.prompt(next)}\x1b[27m` : `${clear}${answer}`);
      answer = undefined;
      const event = await screen.next();
      if (event.kind === 'interrupt' || event.kind === 'eof') {
        screen.write(clear);
        return undefined;
      }
      if (event.kind === 'resize') this.pageLines = screen.rows - 1;
      if (event.kind !== 'key') continue;
      const { key } = event;
      if (/^\d$/.test(key)) {
        digits = (digits + key).slice(0, 6);
        continue;
      }
      const count = digits === '' ? undefined : Number(digits);
      digits = '';
      const page = (rows: number): number => {
        screen.write(clear);
        return next === undefined ? rows : rows - this.banner();
      };
      switch (key) {
        case 'q': case 'Q':
          screen.write(clear);
          return undefined;
        case ' ': case 'page-down': return page(count ?? this.pageLines);
        case 'z':
          if (count !== undefined) this.pageLines = count;
          return page(this.pageLines);
        case 'enter': case 'ctrl-j': case 'down':
          if (count !== undefined) this.pageLines = count;
          return page(count ?? 1);
        case 'd': case 'ctrl-d':
          if (count !== undefined) this.scrollLines = count;
          return page(this.scrollLines);
        case 's': case 'f': {
          const skipped = (count ?? 1) * (key === 's' ? 1 : this.pageLines);
          this.line = Math.min(this.lines.length, this.line + skipped);
          screen.write(`${clear}\r\n...skipping ${skipped} line${skipped === 1 ? '' : 's'}\r\n`);
          return this.pageLines;
        }
        case 'b': case 'ctrl-b': case 'page-up': {
          if (this.texts[this.file]!.name === undefined) {
            screen.write('\x07');
            continue;
          }
          const pages = count ?? 1;
          this.line = Math.max(0, this.line - this.pageLines * (pages + 1) - 1);
          screen.write(`${clear}...back ${pages} page${pages === 1 ? '' : 's'}\r\n`);
          return this.pageLines;
        }
        case "'":
          this.line = this.searchedFrom;
          screen.write(`${clear}\r\n***Back***\r\n\r\n`);
          return this.pageLines;
        case '=':
          answer = String(this.line);
          continue;
        case '/': case 'n': {
          if (key === '/') {
            const text = await this.read('/');
            if (text === undefined) continue;
            const made = compileRegex(text, 'posixExtended', { isForgiving: true });
            this.pattern = made.ok ? made.regex : undefined;
          }
          if (this.search(count ?? 1)) return this.pageLines - 2;
          answer = this.pattern === undefined ? 'No previous regular expression' : 'Pattern not found';
          continue;
        }
        case 'h': case '?':
          screen.write(`\x1b[H\x1b[J${help}`);
          continue;
        case '!':
          await this.shell();
          continue;
        case 'v': {
          await screen.release();
          await this.start(this.sys.env.get('VISUAL') ?? this.sys.env.get('EDITOR') ?? 'vi', [`+${Math.max(1, this.line - Math.floor(this.pageLines / 2))}`, this.texts[this.file]!.name ?? '']);
          await screen.retake();
          continue;
        }
        case ':': {
          const event = await screen.next();
          const letter = event.kind === 'key' ? event.key : '';
          if (letter === 'f') answer = this.texts[this.file]!.name === undefined ? '[Not a file] line ' + String(this.line) : `"${this.texts[this.file]!.name}" line ${this.line}`;
          else if (letter === 'q') return undefined;
          else if (letter === 'n' || letter === 'p') {
            const to = letter === 'n' ? this.file + (count ?? 1) : Math.max(0, this.file - (count ?? 1));
            if (to >= this.texts.length) {
              screen.write(clear);
              return undefined;
            }
            this.open(to);
            next = this.texts[to]!.name ?? '';
            screen.write(`${clear}\r\n...Skipping \r\n...Skipping ${letter === 'n' ? 'to' : 'back to'} file ${next}\r\n\r\n`);
          } else screen.write('\x07');
          continue;
        }
        default: screen.write('\x07');
      }
    }
  }

  /** Two lines before the match, as a page of context. */
  private search(times: number): boolean {
    const { pattern } = this;
    if (pattern === undefined) return false;
    let at = this.line - 1;
    for (let i = 0; i < times; i += 1) {
      at = this.lines.findIndex((line, index) => index > at && pattern.test(line));
      if (at < 0) return false;
    }
    this.searchedFrom = this.line;
    this.line = Math.max(0, at - 2);
    this.screen.write('\r\x1b[K...skipping\r\n');
    return true;
  }

  private async shell(): Promise<void> {
    const typed = await this.read('!');
    if (typed === undefined) return;
    const command = typed === '!' ? this.lastCommand : typed.replaceAll('%', this.texts[this.file]!.name ?? '%');
    this.lastCommand = command;
    this.screen.write('\r\n');
    await this.screen.release();
    const shell = this.sys.env.get('SHELL') ?? '/bin/sh';
    await this.start(shell, command === '' ? [] : ['-c', command]);
    await this.screen.retake();
    this.screen.write('------------------------\r\n');
  }

  private async start(name: string, words: readonly string[]): Promise<void> {
    const program = this.sys.findProgram(name);
    const child = program.ok ? await this.sys.spawn(program.value, { argv: [name.replace(/^.*\//, ''), ...words], env: this.sys.env, defaultSignals: ['INT', 'QUIT', 'TSTP'] }) : undefined;
    if (child?.ok !== true) return;
    for (;;) {
      const ended = await this.sys.wait(child.value);
      if (ended.ok || ended.error !== 'EINTR') return;
    }
  }

  private async read(sign: string): Promise<string | undefined> {
    let text = '';
    for (;;) {
      this.screen.write(`\r\x1b[K${sign}${text}`);
      const event = await this.screen.next();
      if (event.kind === 'interrupt' || event.kind === 'eof') return undefined;
      if (event.kind !== 'key') continue;
      if (event.key === 'enter' || event.key === 'ctrl-j') return text;
      if (event.key === 'backspace') {
        if (text === '') return undefined;
        text = text.slice(0, -1);
      } else if ([...event.key].length === 1) text += event.key;
    }
  }
}

const rule = '-'.repeat(79);
const help = [
  'Most commands optionally preceded by integer argument k.  Defaults in brackets.', 'Star (*) indicates argument becomes new default.', rule, '<space>                 Display next k lines of text [current screen size]',
  'z                       Display next k lines of text [current screen size]*', '<return>                Display next k lines of text [1]*', 'd or ctrl-D             Scroll k lines [current scroll size, initially 11]*',
  'q or Q or <interrupt>   Exit from more', 's                       Skip forward k lines of text [1]', 'f                       Skip forward k screenfuls of text [1]', 'b or ctrl-B             Skip backwards k screenfuls of text [1]',
  "'                       Go to place where previous search started", '=                       Display current line number', '/<regular expression>   Search for kth occurrence of regular expression [1]',
  'n                       Search for kth occurrence of last r.e [1]', '!<cmd> or :!<cmd>       Execute <cmd> in a subshell', "v                       Start up '/usr/bin/vi' at current line", 'ctrl-L                  Redraw screen',
  ':n                      Go to kth next file [1]', ':p                      Go to kth previous file [1]', ':f                      Display current file name and line number', '.                       Repeat previous command', rule, '',
].join('\r\n');

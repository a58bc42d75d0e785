/** vi, as vim-tiny plays it on Debian: its files, the shell's commands, its terminal. Read first: vim(1), /etc/vim/vimrc.tiny. */
import type { Fd, Sys } from '../../../machine/sys.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { clearToEndOfLine, enterAlternateScreen, keypadOff, keypadOn, leaveAlternateScreen, moveTo } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { defineCommand, notSimulated } from '../define.ts';
import type { Request } from './editor.ts';
import { ViEditor } from './editor.ts';
import { runEx } from './ex.ts';
import { reportCount } from './operators.ts';
import { pressEnter, ViScreen } from './screen.ts';

export const vi = defineCommand({
  name: 'vi',
  aliases: ['vim', 'view', 'vim.tiny'],
  summary: 'a text editor with modes',
  package: 'vim-tiny',
  async run(call) {
    const names: string[] = [];
    const first: string[] = [];
    let isReadOnly = call.name === 'view';
    // Called vi it reads vimrc.tiny, which makes it an old vi.
    let isCompatible = call.name === 'vi';
    const words = [...call.args];
    while (words.length > 0) {
      const word = words.shift()!;
      if (word === '--version') {
        call.out('VIM - Vi IMproved 9.0 (2022 Jun 28)');
        return 0;
      }
      if (word === '--') names.push(...words.splice(0));
      else if (word.startsWith('+')) first.push(word === '+' ? '$' : word.slice(1));
      else if (word === '-c') first.push(words.shift() ?? '');
      else if (word === '-R') isReadOnly = true;
      else if (word === '-N' || word === '-C') isCompatible = word === '-C';
      else if (word === '-n' || word === '-v') continue;
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else names.push(word);
    }
    if (!call.stdoutIsTerminal || !call.stdinIsTerminal) {
      call.err(call.stdinIsTerminal ? 'Vim: Warning: Output is not to a terminal' : 'Vim: Warning: Input is not from a terminal');
      return 1;
    }
    if (names.length > 1) {
      call.out(`${names.length} files to edit`);
      await call.flush();
    }
    return new Session(call.sys, new ViEditor(names[0] ?? '', isCompatible), names, first, isReadOnly).run();
  },
});

class Session {
  private readonly sys: Sys;
  private readonly editor: ViEditor;
  private readonly names: readonly string[];
  private readonly first: readonly string[];
  private readonly isReadOnly: boolean;
  private screen!: FullScreen;
  private view!: ViScreen;
  private isShown = false;

  constructor(sys: Sys, editor: ViEditor, names: readonly string[], first: readonly string[], isReadOnly: boolean) {
    this.sys = sys;
    this.editor = editor;
    this.names = names;
    this.first = first;
    this.isReadOnly = isReadOnly;
  }

  async run(): Promise<number> {
    const { sys, editor } = this;
    const screen = await FullScreen.open(sys, { signals: false, enter: '', leave: () => '' });
    if (screen === undefined) return 1;
    this.screen = screen;
    this.view = new ViScreen(screen);
    const home = sys.env.get('HOME') ?? '';
    editor.folder = home !== '' && `${sys.cwd}/`.startsWith(`${home}/`) ? `~${sys.cwd.slice(home.length)}` : sys.cwd;
    this.enter();
    editor.argumentNames = this.names;
    editor.files = (this.names.length === 0 ? [''] : [...new Set(this.names)]).map((name) => ({ name, lines: [''], cursor: { line: 0, at: 0 }, isModified: false, isReadOnly: false, isLoaded: false }));
    if (editor.name !== '') await this.load(editor.name);
    editor.isReadOnly ||= this.isReadOnly;
    for (const command of this.first) runEx(editor, command);
    for (;;) {
      for (const request of editor.requests.splice(0)) {
        const code = await this.obey(request);
        if (code !== undefined) {
          this.leave();
          await screen.close();
          return code;
        }
      }
      this.view.draw(editor);
      const event = await screen.next();
      editor.nowS = Math.floor(sys.now() / 1_000_000);
      if (event.kind === 'eof') {
        this.leave();
        await screen.close();
        return 1;
      }
      if (event.kind === 'resumed') {
        this.enter();
        this.view.forget();
      }
      if (event.kind !== 'key') continue;
      if (event.key === 'paste-begin') editor.paste(await this.pasted());
      else if (event.key.startsWith('alt-')) {
        editor.press('escape');
        editor.press(event.key.slice(4));
      } else editor.press(event.key);
      if (editor.lines.length > 1 || editor.lines[0] !== '' || editor.mode === 'insert') editor.hasHadText = true;
    }
  }

  private enter(): void {
    if (!this.isShown) this.screen.write(`${enterAlternateScreen}${this.editor.options.isCompatible ? '' : '\x1b[?2004h'}${keypadOn}\x1b[2J`);
    this.isShown = true;
    this.view.forget();
  }

  private leave(): void {
    if (this.isShown) this.screen.write(`${moveTo(this.screen.rows - 1, 0)}${clearToEndOfLine}${this.editor.options.isCompatible ? '' : '\x1b[?2004l'}\x1b[?25h${leaveAlternateScreen}${keypadOff}`);
    this.isShown = false;
  }

  private async pasted(): Promise<string> {
    let text = '';
    for (;;) {
      const event = await this.screen.next();
      if (event.kind === 'eof') return text;
      if (event.kind !== 'key') continue;
      if (event.key === 'paste-end') return text;
      text += event.key === 'enter' || event.key === 'ctrl-j' ? '\n' : event.key === 'tab' ? '\t' : [...event.key].length === 1 ? event.key : '';
    }
  }

  // ---- files

  private async load(name: string): Promise<void> {
    const { sys, editor } = this;
    const file = editor.files[editor.file]!;
    file.isLoaded = true;
    editor.isReadOnly = this.isReadOnly;
    const stat = sys.stat(name);
    if (stat.ok && stat.value.kind === 'directory') {
      editor.load('');
      editor.report(`"${name}" is a directory`);
      return;
    }
    const text = await sys.readText(name);
    if (!text.ok) {
      editor.load('');
      const folder = name.includes('/') ? name.replace(/\/[^/]*$/, '') || '/' : '.';
      editor.report(`"${name}" ${text.error !== 'ENOENT' ? '[Permission Denied]' : !sys.stat(folder).ok ? '[New DIRECTORY]' : editor.options.isCompatible ? '[New File]' : '[New]'}`);
      return;
    }
    editor.load(text.value);
    if (!sys.access(name, { write: true }).ok) editor.isReadOnly = true;
    const isCut = text.value !== '' && !text.value.endsWith('\n');
    editor.report(`"${name}" ${editor.isReadOnly ? '[readonly] ' : ''}${isCut ? (editor.options.isCompatible ? '[Incomplete last line] ' : '[noeol] ') : ''}${this.size(text.value === '' ? 0 : editor.lines.length, utf8(text.value).length)}`);
  }

  private size(lines: number, bytes: number): string {
    return this.editor.options.isCompatible ? `${lines} line${lines === 1 ? '' : 's'}, ${bytes} byte${bytes === 1 ? '' : 's'}` : `${lines}L, ${bytes}B`;
  }

  /** Another file, or the same one again; `#` is the one before. */
  private async edit(wanted: string): Promise<void> {
    const { editor } = this;
    if (wanted === '#' && editor.otherFile === undefined) return editor.fail('E23: No alternate file');
    const name = wanted === '#' ? editor.files[editor.otherFile!]!.name : wanted.replaceAll('%', editor.name);
    const current = editor.files[editor.file]!;
    current.cursor = editor.cursor;
    current.isReadOnly = editor.isReadOnly;
    let index = editor.files.findIndex((file) => file.name === name);
    if (index < 0) {
      index = editor.files.length;
      editor.files.push({ name, lines: [''], cursor: { line: 0, at: 0 }, isModified: false, isReadOnly: false, isLoaded: false });
    }
    if (index !== editor.file) {
      editor.otherFile = editor.file;
      editor.file = index;
    }
    editor.name = name;
    if (name === '') editor.load('');
    else await this.load(name);
    if (editor.files[index] !== current) editor.goToLine(editor.files[index]!.cursor.line);
    this.view.forget();
  }

  private async write(request: Extract<Request, { kind: 'write' }>): Promise<boolean> {
    const { sys, editor } = this;
    const name = (request.name ?? editor.name).replaceAll('%', editor.name);
    if (name === '') {
      editor.fail('E32: No file name');
      return false;
    }
    const stat = sys.stat(name);
    if (stat.ok && stat.value.kind === 'directory') {
      editor.fail(`"${name}" E502: is a directory`);
      return false;
    }
    if (stat.ok && name !== editor.name && !request.force && !request.isAppended) {
      editor.fail('E13: File exists (add ! to override)');
      return false;
    }
    if (request.isAppended && !stat.ok && !request.force) {
      editor.fail(`E212: Can't open file for writing`);
      return false;
    }
    if (editor.isReadOnly && !request.force && name === editor.name) {
      editor.fail("E45: 'readonly' option is set (add ! to override)");
      return false;
    }
    if (request.isPart && !request.force && request.name === undefined) {
      editor.fail('E140: Use ! to write partial buffer');
      return false;
    }
    const rows = editor.lines.slice(request.from, request.to + 1);
    const isEmpty = rows.length === 1 && rows[0] === '' && editor.lines.length === 1 && !editor.hasHadText;
    const bytes = utf8(isEmpty ? '' : rows.map((line) => `${line}\n`).join(''));
    let all = bytes;
    if (request.isAppended) {
      const old = await sys.readFile(name);
      all = Uint8Array.from([...(old.ok ? old.value : []), ...bytes]);
    }
    const written = await sys.writeFile(name, all);
    if (!written.ok) {
      editor.show([`"${name}"`, `"${name}" E212: Can't open file for writing`]);
      return false;
    }
    if (editor.name === '' && !request.isPart) {
      editor.name = name;
      editor.files[editor.file]!.name = name;
    }
    if (!request.isPart && name === editor.name) editor.isModified = false;
    editor.report(`"${name}"${stat.ok ? '' : editor.options.isCompatible ? ' [New File]' : ' [New]'} ${this.size(isEmpty ? 0 : rows.length, bytes.length)} ${request.isAppended ? 'appended' : 'written'}`);
    return true;
  }

  /** Answers the exit status when the editor is to be left. */
  private async obey(request: Request): Promise<number | undefined> {
    const { editor, sys } = this;
    switch (request.kind) {
      case 'quit': return request.code;
      case 'write': return (await this.write(request)) && request.thenQuit ? 0 : undefined;
      case 'edit':
        await this.edit(request.name);
        return undefined;
      case 'read': {
        const text = request.name === '' ? undefined : await sys.readText(request.name);
        if (text === undefined) editor.fail('E32: No file name');
        else if (!text.ok) editor.fail(`E484: Can't open file ${request.name}`);
        else {
          const rows = this.insertBelow(request.after, text.value);
          editor.goToLine(request.after + 1);
          editor.say(`"${request.name}" ${this.size(rows, utf8(text.value).length)}`);
        }
        return undefined;
      }
      case 'suspend':
        this.leave();
        await this.screen.suspend();
        await this.screen.retake();
        editor.say('');
        this.enter();
        return undefined;
      case 'shell':
        await this.shell(request.command);
        return undefined;
      case 'readCommand': {
        const before = editor.lines.length;
        const ran = await this.through(request.command, '');
        if (ran === undefined) return undefined;
        this.insertBelow(request.after, ran.text);
        reportCount(editor, before);
        if (ran.code !== 0) editor.fail(`shell returned ${ran.code}`);
        return undefined;
      }
      case 'writeCommand': {
        const said = editor.message;
        const ran = await this.through(request.command, editor.text(request.from, request.to));
        if (ran === undefined) return undefined;
        editor.show([said, ...ran.text.replace(/\n$/, '').split('\n'), ...(ran.code === 0 ? [] : ['', `shell returned ${ran.code}`]), '']);
        return undefined;
      }
      case 'filter': {
        const count = request.to - request.from + 1;
        const ran = await this.through(request.command, editor.text(request.from, request.to));
        if (ran === undefined) return undefined;
        const rows = ran.text === '' ? [] : ran.text.replace(/\n$/, '').split('\n');
        editor.change(() => {
          editor.spliceLines(request.from, count, rows);
          if (editor.lines.length === 0) editor.lines = [''];
          editor.goToLine(request.from);
        });
        if (ran.code !== 0) editor.fail(`shell returned ${ran.code}`);
        else if (count > editor.options.report) editor.report(`${count} lines filtered`);
        return undefined;
      }
    }
  }

  private insertBelow(after: number, text: string): number {
    const { editor } = this;
    const rows = text === '' ? [] : text.replace(/\n$/, '').split('\n');
    if (rows.length > 0) {
      editor.change(() => {
        editor.spliceLines(after + 1, 0, rows);
        editor.goToLine(after + rows.length);
      });
    }
    return rows.length;
  }

  // ---- the shell

  /** A command, or a shell to type into, on the screen as it was before vi. */
  private async shell(command: string | undefined): Promise<void> {
    const { sys, editor, screen } = this;
    this.leave();
    await screen.release();
    await sys.write(1, utf8(`\r\n${editor.isModified ? '[No write since last change]\r\n' : ''}`));
    const group = sys.foregroundGroup(screen.fd);
    const code = await this.wait(await this.start(command, undefined));
    // A shell that was typed into has had the terminal to itself.
    sys.onSignal('TTOU', 'ignore');
    if (group.ok) sys.setForegroundGroup(screen.fd, group.value);
    sys.onSignal('TTOU', 'default');
    if (command === undefined) {
      editor.say('');
      await screen.retake();
      this.enter();
      return;
    }
    await sys.write(1, utf8(`\r\n${code === 0 ? '' : `shell returned ${code}\r\n\r\n`}${pressEnter}`));
    await screen.retake();
    for (;;) {
      const event = await screen.next();
      if (event.kind === 'eof') break;
      if (event.kind !== 'key') continue;
      if (event.key !== 'enter' && event.key !== ' ' && event.key !== 'ctrl-j') screen.unread(event.key);
      break;
    }
    editor.say('');
    this.enter();
  }

  /** What a command prints when it is given `input`; undefined, and said: it could not be given it. */
  private async through(command: string, input: string): Promise<{ readonly text: string; readonly code: number } | undefined> {
    const { sys } = this;
    // Vim, too, hands over its text in a file: a pipe could fill up on both sides.
    const file = `/tmp/.vi-${sys.pid}`;
    await sys.writeFile(file, utf8(input));
    const source = await sys.open(file, { read: true });
    const output = sys.pipe();
    sys.unlink(file);
    if (!source.ok || !output.ok) {
      this.editor.fail(`E482: Can't create file ${file}`);
      return undefined;
    }
    const pid = await this.start(command, [source.value, output.value[1]]);
    sys.close(source.value);
    sys.close(output.value[1]);
    const bytes: number[] = [];
    for (;;) {
      const got = await sys.read(output.value[0], 65536);
      if (!got.ok && got.error === 'EINTR') continue;
      if (!got.ok || got.value.length === 0) break;
      for (const byte of got.value) bytes.push(byte);
    }
    sys.close(output.value[0]);
    return { text: fromUtf8(Uint8Array.from(bytes)), code: await this.wait(pid) };
  }

  private async start(command: string | undefined, ends: readonly [Fd, Fd] | undefined): Promise<number | undefined> {
    const { sys } = this;
    const shell = sys.env.get('SHELL') ?? '/bin/sh';
    const program = sys.findProgram(shell);
    if (!program.ok) return undefined;
    const name = shell.replace(/^.*\//, '');
    const child = await sys.spawn(program.value, {
      argv: command === undefined ? [name] : [name, '-c', command], env: sys.env, defaultSignals: ['INT', 'PIPE', 'QUIT'], ...(ends === undefined ? {} : { fds: new Map([[0, ends[0]], [1, ends[1]], [2, ends[1]]]) }),
    });
    return child.ok ? child.value : undefined;
  }

  private async wait(pid: number | undefined): Promise<number> {
    if (pid === undefined) return 127;
    for (;;) {
      const ended = await this.sys.wait(pid);
      if (!ended.ok && ended.error === 'EINTR') continue;
      return ended.ok && ended.value?.status.kind === 'exited' ? ended.value.status.code : 1;
    }
  }
}

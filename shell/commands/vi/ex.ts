/** The commands after the colon. Read first: vim's index.txt (":ex commands"), cmdline.txt for ranges. */
import type { ViEditor } from './editor.ts';
import { fileInfo, keysOfText, textOfKeys } from './normal.ts';
import { setOptions } from './options.ts';
import { deleteLines, joinLines, operate, putRegister, reportCount, shift } from './operators.ts';
import { compilePattern, findFrom } from './search.ts';
import { repeatSubstitution, substitute } from './substitute.ts';
import { firstText } from './text.ts';

interface Call {
  readonly editor: ViEditor;
  readonly from: number;
  readonly to: number;
  readonly hasRange: boolean;
  readonly force: boolean;
  readonly argument: string;
}
/** Full name, how much of it is enough, what it does. */
type Entry = readonly [name: string, least: number, run: (call: Call) => void];

/** Commands whose argument may hold a bar. */
const takesAll = /^(g|gl|glo|glob|globa|global|v|vg|vgl|vglo|vglob|vgloba|vglobal|norm|norma|normal|!|r|re|rea|read|w|wr|wri|writ|write)$/;

export function runEx(editor: ViEditor, text: string, depth = 0): void {
  let rest = text.replace(/^[\s:]+/, '');
  if (rest === '' || rest.startsWith('"')) return;
  const range = parseRange(editor, rest);
  if (range === undefined) return;
  rest = range.rest.replace(/^[\s:]+/, '');
  const parsed = /^(&&|&|~|[<>]+|[!=#*@]|k(?=[a-zA-Z' ]|$)|s(?=[^a-zA-Z]|$)|s(?=[cgiInr]+$)|[a-zA-Z]+)/.exec(rest);
  const name = parsed?.[0] ?? '';
  if (name === '') {
    if (rest !== '') {
      editor.fail(`E492: Not an editor command: ${text.trim()}`);
      return;
    }
    if (range.to >= editor.lines.length) range.to = editor.lines.length - 1;
    if (range.hasRange) editor.goToLine(range.to);
    return;
  }
  let after = rest.slice(name.length);
  const force = after.startsWith('!') && name !== '!' && /^[a-zA-Z]/.test(name);
  if (force) after = after.slice(1);
  let next: string | undefined;
  if (!takesAll.test(name)) {
    const bar = barIn(after, name === 's' || name.startsWith('su'));
    if (bar !== undefined) {
      next = after.slice(bar + 1);
      after = after.slice(0, bar);
    }
  }
  const entry = commands.find(([full, least]) => full === name || (name.length >= least && full.startsWith(name))) ?? (/^[<>]+$/.test(name) ? shiftEntry(name) : undefined);
  if (entry === undefined) {
    if (unsimulated.some(([full, least]) => full === name || (name.length >= least && full.startsWith(name)))) editor.fail(`podwire: vi: command :${name} is not simulated yet`);
    else editor.fail(`E492: Not an editor command: ${text.trim()}`);
    return;
  }
  if (range.hasRange && (range.from < -1 || range.to >= editor.lines.length)) {
    editor.fail('E16: Invalid range');
    return;
  }
  if (range.from > range.to) {
    editor.fail('E493: Backwards range given');
    return;
  }
  entry[2]({ editor, from: range.from, to: range.to, hasRange: range.hasRange, force, argument: entry[0] === 's' ? after : after.replace(/^\s+/, '') });
  if (next !== undefined && depth < 50) runEx(editor, next, depth + 1);
}

/** Where the command ends and another one begins; a substitution's own bars are skipped. */
function barIn(text: string, isSubstitution: boolean): number | undefined {
  let parts = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (isSubstitution && i > 0 && text[i] === text[0]) parts += 1;
    else if (text[i] === '|' && (!isSubstitution || parts >= 2)) return i;
  }
  return undefined;
}

function parseRange(editor: ViEditor, text: string): { from: number; to: number; hasRange: boolean; rest: string } | undefined {
  if (text.startsWith('%')) return { from: 0, to: editor.lines.length - 1, hasRange: true, rest: text.slice(1) };
  let rest = text;
  const lines: number[] = [];
  let here = editor.cursor.line;
  for (;;) {
    const address = parseAddress(editor, rest, here);
    if (address === 'failed') return undefined;
    const separator = address === undefined ? rest[0] : address.rest[0];
    if (address !== undefined) {
      lines.push(address.line);
      rest = address.rest;
    } else if (separator === ',' || separator === ';') lines.push(here);
    else if (lines.length > 0 && /[,;]$/.test(text.slice(0, text.length - rest.length))) lines.push(here);
    if (separator !== ',' && separator !== ';') break;
    if (separator === ';') here = lines.at(-1)!;
    rest = rest.slice(1).replace(/^\s+/, '');
  }
  const to = lines.at(-1) ?? editor.cursor.line;
  return { from: lines.at(-2) ?? to, to, hasRange: lines.length > 0, rest };
}

function parseAddress(editor: ViEditor, text: string, here: number): { line: number; rest: string } | 'failed' | undefined {
  const base = /^\s*(\d+|\.|\$|'[a-zA-Z<>'\][`."]|\/(?:\\.|[^/\\])*\/?|\?(?:\\.|[^?\\])*\??)?/.exec(text)!;
  const offsets = /^(?:\s*[+-]\s*\d*)*/.exec(text.slice(base[0].length))![0];
  const start = base[1];
  if (start === undefined && offsets === '') return undefined;
  let line = here;
  if (start === '$') line = editor.lines.length - 1;
  else if (start?.startsWith("'") === true) {
    const place = editor.mark(start[1]!);
    if (place === undefined) {
      editor.fail('E20: Mark not set');
      return 'failed';
    }
    line = place.line;
  } else if (start?.startsWith('/') === true || start?.startsWith('?') === true) {
    const direction = start.startsWith('/') ? 1 : -1;
    const source = start.length > 1 && start.endsWith(start[0]!) ? start.slice(1, -1) : start.slice(1);
    const pattern = source === '' ? editor.search?.pattern : compilePattern(editor, source);
    if (pattern === undefined) {
      if (source === '') editor.fail('E35: No previous regular expression');
      return 'failed';
    }
    editor.search = { pattern, direction, offset: '' };
    const found = findFrom(editor, pattern.regex, { line: here, at: direction > 0 ? editor.lines[here]?.length ?? 0 : 0 }, direction);
    if (found === undefined) {
      editor.fail(`E486: Pattern not found: ${source}`);
      return 'failed';
    }
    line = found.from.line;
  } else if (start !== undefined && start !== '.') line = Number(start) - 1;
  for (const step of offsets.match(/[+-]\s*\d*/g) ?? []) line += (step.startsWith('+') ? 1 : -1) * (/\d/.test(step) ? Number(step.slice(1)) : 1);
  return { line, rest: text.slice(base[0].length + offsets.length).replace(/^\s+/, '') };
}

function shiftEntry(name: string): Entry {
  return [name, 1, ({ editor, from, to }) => editor.change(() => {
    shift(editor, name[0] as '>' | '<', from, to, name.length);
    editor.goToLine(to);
  })];
}

const at = (line: number): number => Math.max(0, line);
const unsaved = 'E37: No write since last change (add ! to override)';

function write(call: Call, thenQuit: boolean): void {
  const { editor, argument, force, from, to, hasRange } = call;
  if (argument.startsWith('!')) {
    editor.requests.push({ kind: 'writeCommand', command: argument.slice(1), from: hasRange ? at(from) : 0, to: hasRange ? to : editor.lines.length - 1 });
    return;
  }
  const isAppended = argument.startsWith('>>');
  const name = argument.replace(/^>>\s*/, '').trim();
  editor.requests.push({ kind: 'write', name: name === '' ? undefined : name, force, from: hasRange ? at(from) : 0, to: hasRange ? to : editor.lines.length - 1, isPart: hasRange && (from > 0 || to < editor.lines.length - 1), isAppended, thenQuit });
}

function quit(call: Call): void {
  const { editor, force } = call;
  if (editor.isModified && !force) return editor.fail(unsaved);
  const left = editor.argumentNames.length - 1 - editor.argumentIndex;
  if (left > 0 && !force && !editor.hasWarnedOfMoreFiles) {
    editor.hasWarnedOfMoreFiles = true;
    return editor.fail(`E173: ${left} more file${left === 1 ? '' : 's'} to edit`);
  }
  editor.requests.push({ kind: 'quit', code: 0 });
}

function edit(call: Call, name: string): void {
  const { editor, force } = call;
  if (editor.isModified && !force) return editor.fail(unsaved);
  editor.requests.push({ kind: 'edit', name });
}

function toArgument(call: Call, index: number): void {
  const { editor, force } = call;
  if (editor.isModified && !force) return editor.fail(unsaved);
  if (editor.argumentNames.length <= 1) return editor.fail('E163: There is only one file to edit');
  if (index < 0) return editor.fail('E164: Cannot go before first file');
  if (index >= editor.argumentNames.length) return editor.fail('E165: Cannot go beyond last file');
  editor.argumentIndex = index;
  editor.requests.push({ kind: 'edit', name: editor.argumentNames[index]! });
}

function copy({ editor, from, to, argument }: Call, moves: boolean): void {
  const target = argument === '0' ? { line: -1, rest: '' } : parseAddress(editor, argument, editor.cursor.line);
  if (target === 'failed') return;
  if (target === undefined || target.line >= editor.lines.length) return editor.fail(target === undefined ? 'E14: Invalid address' : 'E16: Invalid range');
  if (moves && target.line >= from && target.line < to) return editor.fail('E134: Cannot move a range of lines into itself');
  const rows = editor.lines.slice(at(from), to + 1);
  const before = editor.lines.length;
  editor.change(() => {
    editor.spliceLines(target.line + 1, 0, rows);
    let end = target.line + rows.length;
    if (moves) {
      editor.spliceLines(at(from) + (target.line < from ? rows.length : 0), rows.length, []);
      if (target.line >= from) end -= rows.length;
    }
    editor.goToLine(end);
  });
  if (moves && rows.length > editor.options.report) editor.report(`${rows.length} lines moved`);
  else reportCount(editor, before);
}

function print({ editor, from, to }: Call, shown: (line: string, index: number) => string): void {
  const rows = editor.lines.slice(at(from), to + 1).map((line, index) => shown(line, at(from) + index));
  editor.goToLine(to);
  editor.show(rows);
}

function globally(call: Call, inverts: boolean): void {
  const { editor, argument, hasRange } = call;
  const delimiter = argument[0];
  if (delimiter === undefined || /[\w\s]/.test(delimiter)) return editor.fail('E148: Regular expression missing from global');
  let end = 1;
  while (end < argument.length && argument[end] !== delimiter) end += argument[end] === '\\' ? 2 : 1;
  const source = argument.slice(1, end).replaceAll(`\\${delimiter}`, delimiter);
  const command = argument.slice(end + 1).trim();
  const pattern = source === '' ? editor.search?.pattern : compilePattern(editor, source);
  if (pattern === undefined) return source === '' ? editor.fail('E35: No previous regular expression') : undefined;
  editor.search = { pattern, direction: 1, offset: '' };
  const [from, to] = hasRange ? [at(call.from), call.to] : [0, editor.lines.length - 1];
  const rows = editor.lines.slice(from, to + 1);
  const hits = rows.map((line, index) => (pattern.regex.test(line) === inverts ? -1 : from + index)).filter((line) => line >= 0);
  if (hits.length === 0) return editor.fail(inverts ? `E538: Pattern found in every line: ${source}` : `E486: Pattern not found: ${source}`);
  if (/^(g|v|gl|vg)/.test(command)) return editor.fail('E147: Cannot do :global recursive with a range');
  const before = editor.lines.length;
  const said = editor.message;
  editor.openChange();
  if (command === '' || /^(p|print|nu|number|#|l|list)$/.test(command)) {
    const shown = hits.map((line) => (/^(nu|#)/.test(command) ? numbered(editor, line) : command.startsWith('l') ? listed(editor.lines[line]!) : editor.lines[line]!));
    editor.goToLine(hits.at(-1)!);
    editor.show([`:g${argument}`, ...shown]);
  } else if (/^d(e|el|ele|elet|elete)?$/.test(command)) {
    const gone = new Set(hits);
    const kept = editor.lines.filter((_, line) => !gone.has(line));
    const last = hits.at(-1)! - hits.length + 1;
    editor.store({ text: `${editor.lines[hits.at(-1)!]!}\n`, shape: 'lines' }, true);
    editor.spliceLines(0, editor.lines.length, kept);
    if (kept.length === 0) editor.lines = [''];
    editor.goToLine(last);
  } else {
    // Lines are found again by what stands below them: a command may add and take away.
    for (const hit of hits) {
      const line = hit + (editor.lines.length - before);
      if (line < 0 || line >= editor.lines.length) continue;
      editor.cursor = { line, at: 0 };
      const open = editor.closeChange.bind(editor);
      editor.closeChange = () => undefined;
      runEx(editor, command, 1);
      editor.closeChange = open;
      if (editor.mode !== 'normal') break;
    }
  }
  editor.closeChange();
  if (editor.messageLook === 'error') return;
  if (editor.mode === 'normal') editor.say(said);
  reportCount(editor, before);
}

function numbered(editor: ViEditor, line: number): string {
  return `${String(line + 1).padStart(Math.max(7, String(editor.lines.length).length + 1))} ${editor.lines[line]!}`;
}

function listed(line: string): string {
  return `${[...line].map((c) => (c < ' ' || c === '\x7f' ? `^${String.fromCharCode(c.charCodeAt(0) ^ 64)}` : c)).join('')}$`;
}

function sort({ editor, from, to, hasRange, force, argument }: Call): void {
  const [first, last] = hasRange ? [at(from), to] : [0, editor.lines.length - 1];
  if (/[^niu\s]/.test(argument)) return editor.fail(`podwire: vi: :sort ${argument} is not simulated yet`);
  const keyOf = (line: string): string | number => (argument.includes('n') ? Number(/-?\d+/.exec(line)?.[0] ?? Number.NEGATIVE_INFINITY) : argument.includes('i') ? line.toLowerCase() : line);
  let rows = editor.lines.slice(first, last + 1).map((line) => ({ line, key: keyOf(line) }));
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (force ? -1 : 1));
  if (argument.includes('u')) rows = rows.filter((row, index) => index === 0 || row.key !== rows[index - 1]!.key);
  const before = editor.lines.length;
  editor.change(() => {
    editor.spliceLines(first, last - first + 1, rows.map(({ line }) => line));
    editor.cursor = { line: first, at: 0 };
  });
  reportCount(editor, before);
}

function registers({ editor }: Call): void {
  const shown = (text: string): string => [...text].map((c) => (c === '\n' ? '^J' : c < ' ' ? `^${String.fromCharCode(c.charCodeAt(0) + 64)}` : c)).join('').slice(0, 70);
  const rows = ['"', ...'0123456789abcdefghijklmnopqrstuvwxyz-'].flatMap((name) => {
    const register = editor.registers.get(name);
    return register === undefined ? [] : [`  ${register.shape === 'lines' ? 'l' : register.shape === 'block' ? 'b' : 'c'}  "${name}   ${shown(register.text)}`];
  });
  if (editor.lastInserted !== '') rows.push(`  c  ".   ${shown(editor.lastInserted)}`);
  if (editor.lastCommand !== '') rows.push(`  c  ":   ${shown(editor.lastCommand)}`);
  if (editor.name !== '') rows.push(`  c  "%   ${editor.name}`);
  if (editor.otherFile !== undefined) rows.push(`  c  "#   ${editor.files[editor.otherFile]!.name}`);
  if (editor.search !== undefined) rows.push(`  c  "/   ${shown(editor.search.pattern.source)}`);
  editor.show([editor.message, 'Type Name Content', ...rows]);
}

function marks({ editor }: Call): void {
  const rows = ["'", ...'abcdefghijklmnopqrstuvwxyz', '"', '[', ']', '^', '.', '<', '>'].flatMap((name) => {
    const place = editor.mark(name);
    return place === undefined ? [] : [` ${name} ${String(place.line + 1).padStart(6)} ${String(place.at).padStart(4)} ${editor.lines[place.line]!.trimStart()}`];
  });
  editor.show([editor.message, 'mark line  col file/text', ...rows]);
}

function files({ editor }: Call): void {
  const rows = editor.files.map((file, index) => {
    const isCurrent = index === editor.file;
    const isModified = isCurrent ? editor.isModified : file.isModified;
    const head = `${String(index + 1).padStart(3)} ${isCurrent ? '%a' : `${index === editor.otherFile ? '#' : ' '} `}${(isCurrent ? editor.isReadOnly : file.isReadOnly) ? '=' : ' '}${isModified ? '+' : ' '} "${file.name === '' ? '[No Name]' : file.name}"`;
    return `${head.padEnd(Math.max(40, head.length + 1))}line ${file.isLoaded || isCurrent ? (isCurrent ? editor.cursor.line : file.cursor.line) + 1 : 0}`;
  });
  editor.show([editor.message, ...rows]);
}

function args({ editor }: Call): void {
  const names = editor.argumentNames.map((name, index) => (index === editor.argumentIndex ? `[${name}]` : name));
  const width = Math.max(...editor.argumentNames.map((name) => name.length)) + 3;
  editor.say(names.map((name) => name.padEnd(width)).join('').trimEnd());
}

const commands: readonly Entry[] = [
  ['write', 1, (call) => write(call, false)],
  ['wq', 2, (call) => write(call, true)],
  ['wqall', 3, (call) => write(call, true)],
  ['wall', 2, (call) => write(call, false)],
  ['wnext', 2, (call) => {
    write({ ...call, argument: '' }, false);
    call.editor.requests.push({ kind: 'edit', name: call.editor.argumentNames[Math.min(call.editor.argumentNames.length - 1, call.editor.argumentIndex + 1)] ?? call.editor.name });
  }],
  ['xit', 1, (call) => (call.editor.isModified || call.argument !== '' ? write(call, true) : quit(call))],
  ['exit', 3, (call) => (call.editor.isModified || call.argument !== '' ? write(call, true) : quit(call))],
  ['xall', 2, (call) => (call.editor.isModified ? write(call, true) : quit(call))],
  ['update', 2, (call) => {
    if (call.editor.isModified) write(call, false);
  }],
  ['saveas', 3, (call) => {
    if (call.argument === '') return call.editor.fail('E471: Argument required');
    write(call, false);
    call.editor.name = call.argument;
  }],
  ['quit', 1, quit],
  ['qall', 2, (call) => (call.editor.isModified && !call.force ? call.editor.fail(unsaved) : call.editor.requests.push({ kind: 'quit', code: 0 }))],
  ['quitall', 5, (call) => (call.editor.isModified && !call.force ? call.editor.fail(unsaved) : call.editor.requests.push({ kind: 'quit', code: 0 }))],
  ['cquit', 2, ({ editor }) => editor.requests.push({ kind: 'quit', code: 1 })],
  ['edit', 1, (call) => edit(call, call.argument === '' ? call.editor.name : call.argument)],
  ['enew', 3, (call) => edit(call, '')],
  ['read', 1, ({ editor, argument, to }) => {
    if (argument.startsWith('!')) editor.requests.push({ kind: 'readCommand', command: argument.slice(1), after: to });
    else editor.requests.push({ kind: 'read', name: argument === '' ? editor.name : argument, after: to });
  }],
  ['file', 1, ({ editor, argument }) => {
    if (argument !== '') {
      editor.name = argument;
      editor.files[editor.file]!.name = argument;
    }
    editor.say(fileInfo(editor, undefined));
  }],
  ['next', 1, (call) => toArgument(call, call.editor.argumentIndex + 1)],
  ['Next', 1, (call) => toArgument(call, call.editor.argumentIndex - 1)],
  ['previous', 4, (call) => toArgument(call, call.editor.argumentIndex - 1)],
  ['rewind', 3, (call) => toArgument(call, 0)],
  ['first', 3, (call) => toArgument(call, 0)],
  ['last', 2, (call) => toArgument(call, call.editor.argumentNames.length - 1)],
  ['args', 2, args],
  ['buffers', 7, files], ['files', 5, files], ['ls', 2, files],
  ['bnext', 2, (call) => edit(call, call.editor.files[(call.editor.file + 1) % call.editor.files.length]!.name)],
  ['bprevious', 2, (call) => edit(call, call.editor.files[(call.editor.file + call.editor.files.length - 1) % call.editor.files.length]!.name)],
  ['buffer', 1, (call) => {
    const file = call.editor.files[Number(call.argument) - 1];
    if (file === undefined) call.editor.fail(/^\d+$/.test(call.argument) ? `E86: Buffer ${call.argument} does not exist` : `E94: No matching buffer for ${call.argument}`);
    else edit(call, file.name);
  }],
  ['delete', 1, ({ editor, from, to, argument }) => {
    if (/^[a-zA-Z"]$/.test(argument)) editor.chosenRegister = argument;
    editor.change(() => {
      editor.store({ text: editor.text(at(from), to), shape: 'lines' }, true);
      deleteLines(editor, at(from), to);
    });
  }],
  ['yank', 1, ({ editor, from, to, argument }) => {
    const { cursor } = editor;
    if (/^[a-zA-Z"]$/.test(argument)) editor.chosenRegister = argument;
    operate(editor, 'y', { shape: 'lines', from: at(from), to });
    editor.cursor = cursor;
  }],
  ['put', 2, ({ editor, to, argument, force }) => {
    if (argument !== '') editor.chosenRegister = argument[0]!;
    const { name, register } = editor.taken();
    if (register === undefined) return editor.fail(`E353: Nothing in register ${name}`);
    editor.change(() => {
      editor.cursor = { line: at(to), at: 0 };
      putRegister(editor, { text: register.text.replace(/\n?$/, '\n'), shape: 'lines' }, !force && to >= 0, 1);
      editor.goToLine(at(to) + (force || to < 0 ? 0 : register.text.replace(/\n$/, '').split('\n').length));
    });
  }],
  ['copy', 2, (call) => copy(call, false)], ['t', 1, (call) => copy(call, false)],
  ['move', 1, (call) => copy(call, true)],
  ['join', 1, ({ editor, from, to, hasRange, force }) => {
    const last = hasRange && to > from ? to : from + 1;
    if (last >= editor.lines.length) return editor.ring();
    editor.change(() => {
      joinLines(editor, at(from), last, force);
      editor.goToLine(at(from));
    });
  }],
  ['print', 1, (call) => print(call, (line) => line)], ['Print', 1, (call) => print(call, (line) => line)],
  ['number', 2, (call) => print(call, (_, index) => numbered(call.editor, index))], ['#', 1, (call) => print(call, (_, index) => numbered(call.editor, index))],
  ['list', 1, (call) => print(call, listed)],
  ['=', 1, ({ editor, to, hasRange }) => editor.say(String(hasRange ? to + 1 : editor.lines.length))],
  ['s', 1, ({ editor, argument, from, to }) => substitute(editor, argument, at(from), to)],
  ['substitute', 2, ({ editor, argument, from, to }) => substitute(editor, argument, at(from), to)],
  ['&', 1, ({ editor, argument, from, to }) => repeatSubstitution(editor, false, at(from), to, argument)],
  ['&&', 2, ({ editor, argument, from, to }) => repeatSubstitution(editor, true, at(from), to, argument)],
  ['~', 1, ({ editor, argument, from, to }) => {
    if (editor.search !== undefined && editor.lastSubstitution !== undefined) editor.lastSubstitution = { ...editor.lastSubstitution, pattern: editor.search.pattern };
    repeatSubstitution(editor, false, at(from), to, argument);
  }],
  ['global', 1, (call) => globally(call, call.force)],
  ['vglobal', 1, (call) => globally(call, true)],
  ['normal', 4, ({ editor, argument, from, to, hasRange }) => {
    for (let line = at(from); line <= to && line < editor.lines.length; line += 1) {
      if (hasRange) editor.cursor = { line, at: 0 };
      for (const key of keysOfText(argument)) editor.press(key);
      if (editor.mode === 'insert' || editor.mode === 'replace') editor.press('escape');
      else if (editor.mode === 'command') editor.press('ctrl-c');
      editor.pending = [];
    }
  }],
  ['sort', 3, sort],
  ['k', 1, ({ editor, argument, to }) => void editor.marks.set(argument[0] ?? 'a', { line: at(to), at: firstText(editor.lines[at(to)]!) })],
  ['mark', 2, ({ editor, argument, to }) => void editor.marks.set(argument[0] ?? 'a', { line: at(to), at: firstText(editor.lines[at(to)]!) })],
  ['marks', 5, marks],
  ['registers', 3, registers], ['display', 2, registers],
  ['undo', 1, ({ editor }) => editor.undo(1)],
  ['redo', 3, ({ editor }) => editor.redo(1)],
  ['set', 2, ({ editor, argument }) => setOptions(editor, argument)],
  ['nohlsearch', 3, ({ editor }) => editor.fail('E319: The command is not available in this version')],
  ['syntax', 2, ({ editor }) => editor.fail('E319: The command is not available in this version')],
  ['shell', 2, ({ editor }) => editor.requests.push({ kind: 'shell', command: undefined })],
  ['stop', 2, ({ editor }) => editor.requests.push({ kind: 'suspend' })], ['suspend', 3, ({ editor }) => editor.requests.push({ kind: 'suspend' })],
  ['!', 1, ({ editor, argument, from, to, hasRange }) => {
    const command = argument.replaceAll(/\\?!/g, (found) => (found === '!' ? (editor.lastShellCommand ?? '') : '!')).replaceAll(/(?<!\\)%/g, editor.name);
    if (argument === '!' && editor.lastShellCommand === undefined) return editor.fail('E34: No previous command');
    editor.lastShellCommand = command;
    editor.requests.push(hasRange ? { kind: 'filter', command, from: at(from), to } : { kind: 'shell', command });
  }],
  ['@', 1, ({ editor, argument }) => {
    for (const key of keysOfText(textOfKeys(['@', argument[0] ?? '@']))) editor.press(key);
  }],
];

/** Known to vim, and not here. */
const unsimulated: readonly (readonly [name: string, least: number])[] = [
  ['append', 1], ['insert', 1], ['change', 1], ['split', 2], ['vsplit', 2], ['new', 3], ['vnew', 3], ['only', 2], ['close', 3], ['tabedit', 4], ['tabnew', 6], ['help', 1], ['map', 3], ['nmap', 2], ['imap', 2], ['vmap', 2], ['noremap', 2],
  ['unmap', 3], ['abbreviate', 2], ['source', 2], ['version', 2], ['history', 3], ['jumps', 2], ['changes', 7], ['undolist', 5], ['earlier', 2], ['later', 3], ['retab', 3], ['center', 2], ['left', 2], ['right', 2], ['z', 1], ['visual', 2],
  ['open', 1], ['ex', 2], ['view', 3], ['autocmd', 2], ['command', 3], ['echo', 2], ['let', 3], ['execute', 3], ['make', 3], ['grep', 2], ['cd', 2], ['pwd', 2], ['bdelete', 2], ['startinsert', 4], ['windo', 5], ['diffthis', 5], ['digraphs', 3],
];

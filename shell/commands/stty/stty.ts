/** stty 9.1: what the line discipline does. Read first: stty(1), termios(3). */
import type { TerminalModes } from '../../../machine/sys.ts';
import { defineCommand, notSimulated } from '../define.ts';
import type { Invocation } from '../define.ts';
import { saneModes } from '../reset/reset.ts';

type Flag = { [Key in keyof TerminalModes]: TerminalModes[Key] extends boolean ? Key : never }[keyof TerminalModes];
type Character = keyof TerminalModes['controlCharacters'];

const flags: Readonly<Record<string, Flag>> = {
  icanon: 'canonical', echo: 'echo', echoctl: 'echoControl', ctlecho: 'echoControl', echoe: 'echoErase', crterase: 'echoErase', isig: 'signals', iexten: 'extended', icrnl: 'mapCrToNl', inlcr: 'mapNlToCr', igncr: 'ignoreCr',
  opost: 'outputProcess', onlcr: 'outputNlToCrNl', ixon: 'flowControl', tostop: 'toStop', noflsh: 'noFlush', ixany: 'ixany', iutf8: 'utf8',
};
const characters: Readonly<Record<string, Character>> = {
  intr: 'interrupt', quit: 'quit', erase: 'erase', kill: 'kill', eof: 'endOfFile', susp: 'suspend', werase: 'wordErase', lnext: 'literalNext', rprnt: 'reprint', start: 'start', stop: 'stop', eol: 'endOfLine',
};

/** Rows of `stty -a`: names with a fixed state, or one of the flags above. */
const layout: readonly (readonly [category: string, names: string])[] = [
  ['control', '-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts'],
  ['input', '-ignbrk -brkint -ignpar -parmrk -inpck -istrip @inlcr @igncr @icrnl @ixon -ixoff -iuclc @ixany -imaxbel @iutf8'],
  ['output', '@opost -olcuc -ocrnl @onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0'],
  ['local', '@isig @icanon @iexten @echo @echoe echok -echonl @noflsh -xcase @tostop -echoprt @echoctl echoke -flusho -extproc'],
];
/** What plain `stty` leaves out because it is sane. */
const saneStates = new Set('-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts -ignbrk -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff -iuclc -ixany opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0 isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt echoctl echoke -flusho -extproc -iutf8 iutf8'.split(' '));

export const stty = defineCommand({
  name: 'stty',
  summary: 'show or change terminal modes',
  package: 'coreutils',
  run(call) {
    let fd = 0;
    const words: string[] = [];
    const args = [...call.args];
    while (args.length > 0) {
      const word = args.shift()!;
      if (word === '-F' || word === '--file' || word.startsWith('--file=')) return notSimulated(call, 'option -F');
      words.push(word);
    }
    fd = 0;
    const got = call.sys.terminalModes(fd);
    if (!got.ok) {
      call.err("stty: 'standard input': Inappropriate ioctl for device");
      return 1;
    }
    const size = call.sys.windowSize(fd);
    const { columns, rows } = size.ok ? size.value : { columns: 0, rows: 0 };
    if (words.length === 0) return show(call, got.value, columns, undefined);
    if (words[0] === '-a' || words[0] === '--all') return show(call, got.value, columns, rows);
    if (words[0] === '-g' || words[0] === '--save') {
      call.out(saved(got.value));
      return 0;
    }
    return change(call, fd, got.value, words, { columns, rows });
  },
});

function shownCharacter(code: number): string {
  if (code === 0) return '<undef>';
  if (code === 127) return '^?';
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : String.fromCharCode(code);
}

/** Words wrapped at the width of the terminal, as display.c of stty does. */
function wrap(items: readonly string[], separator: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const item of items) {
    if (row !== '' && row.length + separator.length + item.length > columns) {
      rows.push(row);
      row = item;
    } else row = row === '' ? item : row + separator + item;
  }
  if (row !== '') rows.push(row);
  return rows;
}

function show(call: Invocation, modes: TerminalModes, columns: number, rows: number | undefined): number {
  const width = columns > 0 ? columns : 80;
  const state = (name: string): string => (name.startsWith('@') ? `${modes[flags[name.slice(1)]!] ? '' : '-'}${name.slice(1)}` : name);
  if (rows !== undefined) {
    call.out(`speed 38400 baud; rows ${rows}; columns ${columns}; line = 0;`);
    const c = modes.controlCharacters;
    const list = [
      `intr = ${shownCharacter(c.interrupt)};`, `quit = ${shownCharacter(c.quit)};`, `erase = ${shownCharacter(c.erase)};`, `kill = ${shownCharacter(c.kill)};`, `eof = ${shownCharacter(c.endOfFile)};`, `eol = ${shownCharacter(c.endOfLine)};`,
      'eol2 = <undef>;', 'swtch = <undef>;', `start = ${shownCharacter(c.start)};`, `stop = ${shownCharacter(c.stop)};`, `susp = ${shownCharacter(c.suspend)};`, `rprnt = ${shownCharacter(c.reprint)};`,
      `werase = ${shownCharacter(c.wordErase)};`, `lnext = ${shownCharacter(c.literalNext)};`, 'discard = ^O;', `min = ${modes.minimum};`, `time = ${modes.timeDeciseconds};`,
    ];
    for (const row of wrap(list, ' ', width)) call.out(row);
    for (const [, names] of layout) for (const row of wrap(names.split(' ').map(state), ' ', width)) call.out(row);
    return 0;
  }
  call.out('speed 38400 baud; line = 0;');
  const sane = saneModes(modes).controlCharacters;
  const changed = Object.entries(characters).filter(([, key]) => modes.controlCharacters[key] !== sane[key]).map(([name, key]) => `${name} = ${shownCharacter(modes.controlCharacters[key])};`);
  if (modes.canonical === false) changed.push(`min = ${modes.minimum};`, `time = ${modes.timeDeciseconds};`);
  for (const row of wrap(changed, ' ', width)) call.out(row);
  for (const [, names] of layout) {
    const odd = names.split(' ').map(state).filter((name) => !saneStates.has(name) || name === '-brkint' || name === '-imaxbel');
    for (const row of wrap(odd, ' ', width)) call.out(row);
  }
  return 0;
}

function saved(modes: TerminalModes): string {
  const bit = (on: boolean, value: number): number => (on ? value : 0);
  const input = bit(modes.mapCrToNl, 0x100) | bit(modes.flowControl, 0x400) | bit(modes.mapNlToCr, 0x40) | bit(modes.ignoreCr, 0x80) | bit(modes.ixany, 0x800) | bit(modes.utf8, 0x4000);
  const output = bit(modes.outputProcess, 1) | bit(modes.outputNlToCrNl, 4);
  const local = bit(modes.signals, 1) | bit(modes.canonical, 2) | bit(modes.echo, 8) | bit(modes.echoErase, 0x10) | 0x20 | bit(modes.noFlush, 0x80) | bit(modes.toStop, 0x100) | bit(modes.echoControl, 0x200) | 0x800 | bit(modes.extended, 0x8000);
  const c = modes.controlCharacters;
  const list = [c.interrupt, c.quit, c.erase, c.kill, c.endOfFile, modes.timeDeciseconds, modes.minimum, 0, c.start, c.stop, c.suspend, c.endOfLine, c.reprint, 15, c.wordErase, c.literalNext, 0, ...Array.from({ length: 15 }, () => 0)];
  return [input, output, 0xbf, local, ...list].map((value) => value.toString(16)).join(':');
}

function change(call: Invocation, fd: number, current: TerminalModes, words: readonly string[], size: { columns: number; rows: number }): number {
  let modes: TerminalModes = { ...current, controlCharacters: { ...current.controlCharacters } };
  let { columns, rows } = size;
  const refuse = (word: string): number => {
    call.err(`stty: invalid argument ‘${word}’`);
    call.err("Try 'stty --help' for more information.");
    return 1;
  };
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!;
    const isOff = word.startsWith('-');
    const name = isOff ? word.slice(1) : word;
    const flag = flags[name];
    const character = characters[name];
    if (flag !== undefined) modes = { ...modes, [flag]: !isOff };
    else if (!isOff && character !== undefined) {
      const value = words[i + 1];
      i += 1;
      if (value === undefined) {
        call.err(`stty: missing argument to ‘${word}’`);
        call.err("Try 'stty --help' for more information.");
        return 1;
      }
      const code = value === 'undef' || value === '^-' ? 0 : value === '^?' ? 127 : value.startsWith('^') && value.length === 2 ? value.charCodeAt(1) & 0x1f : value.length === 1 ? value.charCodeAt(0) : Number(value);
      if (Number.isNaN(code)) return refuse(value);
      modes = { ...modes, controlCharacters: { ...modes.controlCharacters, [character]: code } };
    } else if (name === 'sane' && !isOff) modes = saneModes(modes);
    else if (name === 'raw') modes = isOff ? { ...modes, canonical: true, signals: true, mapCrToNl: true, flowControl: true, outputProcess: true } : { ...modes, canonical: false, signals: false, mapCrToNl: false, mapNlToCr: false, ignoreCr: false, flowControl: false, outputProcess: false, minimum: 1, timeDeciseconds: 0 };
    else if (name === 'cooked') modes = isOff ? { ...modes, canonical: false, signals: false, mapCrToNl: false, outputProcess: false } : { ...modes, canonical: true, signals: true, mapCrToNl: true, flowControl: true, outputProcess: true };
    else if (name === 'cbreak') modes = { ...modes, canonical: isOff };
    else if (name === 'nl') modes = { ...modes, mapCrToNl: isOff, outputNlToCrNl: isOff };
    else if (word === 'min' || word === 'time') {
      modes = { ...modes, [word === 'min' ? 'minimum' : 'timeDeciseconds']: Number(words[i + 1] ?? 0) };
      i += 1;
    } else if (word === 'rows' || word === 'cols' || word === 'columns') {
      const value = Number(words[i + 1]);
      i += 1;
      if (Number.isNaN(value)) return refuse(words[i] ?? '');
      if (word === 'rows') rows = value;
      else columns = value;
      call.sys.setWindowSize(fd, { columns, rows });
    } else if (word === 'size') call.out(`${rows} ${columns}`);
    else if (word === 'speed') call.out('38400');
    else if (/^(echok|echoke|echonl|brkint|imaxbel|hupcl|clocal|cread|ixoff|istrip|parenb|echoprt|crtkill|crtscts|inpck)$/.test(name) || /^cs[5-8]$/.test(name) || /^\d+$/.test(word)) continue;
    else return refuse(word);
  }
  call.sys.setTerminalModes(fd, modes, 'drain');
  return 0;
}

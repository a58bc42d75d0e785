/** set and shopt. Read first: help set, help shopt */
import type { Shell } from '../shell.ts';
import { SET_OPTIONS, SHOPT_OPTIONS } from '../options.ts';
import { isSet } from '../variables.ts';
import { restoreSignal } from '../traps.ts';
import { plainText } from './declare.ts';
import { parseOptions } from './options.ts';

export function setOption(shell: Shell, name: string, on: boolean): void {
  shell.options.set(name, on);
  if (name === 'monitor' && shell.isInteractive) for (const signal of ['TSTP', 'TTIN', 'TTOU'] as const) restoreSignal(shell, signal);
  if (name === 'history') shell.historyEnabled = on;
}

export async function setBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  if (args.length === 0) {
    for (const name of shell.names()) {
      const variable = shell.rawVariable(name)!;
      if (isSet(variable)) shell.out(`${plainText(name, variable)}\n`);
    }
    if (!shell.options.posix) for (const name of [...shell.functions.keys()].sort()) shell.out(`${shell.functions.get(name)!.source}\n`);
    return 0;
  }
  let i = 0;
  for (; i < args.length; i += 1) {
    const word = args[i]!;
    if (word === '--') {
      shell.positional = args.slice(i + 1);
      return 0;
    }
    if (word === '-') {
      shell.options.set('xtrace', false);
      shell.options.set('verbose', false);
      if (i + 1 < args.length) shell.positional = args.slice(i + 1);
      return 0;
    }
    if (word === '+') continue;
    if (!/^[-+]./.test(word)) break;
    const on = word[0] === '-';
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const name = args[i + 1];
        if (name === undefined || (/^[-+]/.test(name) && word.length === 2)) {
          showOptions(shell, on);
          continue;
        }
        i += 1;
        if (!SET_OPTIONS.some(([, known]) => known === name)) {
          await shell.error(`set: ${name}: invalid option name`);
          return 2;
        }
        setOption(shell, name, on);
        continue;
      }
      const entry = SET_OPTIONS.find(([short]) => short === letter);
      if (entry === undefined) {
        await shell.error(`set: ${word[0]}${letter}: invalid option`);
        await shell.write(2, 'set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n');
        return 2;
      }
      setOption(shell, entry[1], on);
    }
  }
  if (i < args.length) shell.positional = args.slice(i);
  return 0;
}

function showOptions(shell: Shell, asTable: boolean): void {
  for (const [, name] of [...SET_OPTIONS].sort((a, b) => (a[1] < b[1] ? -1 : 1))) {
    const isOn = shell.options.has(name);
    shell.out(asTable ? `${name.padEnd(15)}\t${isOn ? 'on' : 'off'}\n` : `set ${isOn ? '-' : '+'}o ${name}\n`);
  }
}

export async function shoptBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'shopt', args, 'pqsuo', 'shopt [-pqsu] [-o] [optname ...]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  const forSet = flags.has('o');
  const known = (name: string): boolean => (forSet ? SET_OPTIONS.some(([, option]) => option === name) : SHOPT_OPTIONS.some(([option]) => option === name));
  const isOn = (name: string): boolean => (forSet ? shell.options.has(name) : shell.options.shopt(name));
  if (flags.has('s') && flags.has('u')) {
    await shell.error('shopt: cannot set and unset shell options simultaneously');
    return 1;
  }
  const show = (name: string): void => {
    if (flags.has('q')) return;
    if (flags.has('p')) shell.out(forSet ? `set ${isOn(name) ? '-' : '+'}o ${name}\n` : `shopt ${isOn(name) ? '-s' : '-u'} ${name}\n`);
    else shell.out(`${name.padEnd(15)}\t${isOn(name) ? 'on' : 'off'}\n`);
  };
  const changes = flags.has('s') || flags.has('u');
  if (rest.length === 0) {
    const all = forSet ? SET_OPTIONS.map(([, name]) => name).sort() : SHOPT_OPTIONS.map(([name]) => name);
    for (const name of all) if (!changes || isOn(name) === flags.has('s')) show(name);
    return 0;
  }
  let status = 0;
  for (const name of rest) {
    if (!known(name)) {
      await shell.error(`shopt: ${name}: invalid ${forSet ? 'option' : 'shell option'} name`);
      status = 1;
      continue;
    }
    if (changes) {
      if (forSet) setOption(shell, name, flags.has('s'));
      else shell.options.setShopt(name, flags.has('s'));
      continue;
    }
    show(name);
    if (!isOn(name)) status = 1;
  }
  return status;
}

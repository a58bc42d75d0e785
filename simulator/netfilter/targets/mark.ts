/** MARK and CONNMARK (libxt_MARK.c, libxt_CONNMARK.c, xt_mark.c, xt_connmark.c). */
import { EVENT_UPDATE } from '../conntrack/events.ts';
import { trackedEntry } from '../conntrack/track.ts';
import { CONTINUE, hexNumber, markOption, optionsOf, ParameterProblem, unsigned, type OptionSpec, type OptionUse, type TargetExtension } from '../extension.ts';

/** mark = (mark & ~mask) ^ value */
export interface MarkTarget { kind: 'MARK'; value: number; mask: number }
export type ConnmarkTarget = { kind: 'CONNMARK'; mode: 'set'; value: number; mask: number } | { kind: 'CONNMARK'; mode: 'save' | 'restore'; nfmask: number; ctmask: number };

const SETTERS = ['set-xmark', 'set-mark', 'and-mark', 'or-mark', 'xor-mark'];
const setterOptions: readonly OptionSpec[] = SETTERS.map((name) => ({ name, words: 1 }));

function plain(extension: string, use: OptionUse): number {
  const value = unsigned(use.values[0]!);
  if (value === undefined) throw new ParameterProblem(`${extension}: bad value for option "--${use.name}", or out of range (0-4294967295).\n`);
  return value;
}

/** All five ways of setting come down to xset. */
function xset(extension: string, use: OptionUse): { value: number; mask: number } {
  switch (use.name) {
    case 'set-xmark': return markOption(extension, use);
    case 'set-mark': {
      const { value, mask } = markOption(extension, use);
      return { value, mask: (value | mask) >>> 0 };
    }
    case 'and-mark': return { value: 0, mask: ~plain(extension, use) >>> 0 };
    case 'or-mark': {
      const value = plain(extension, use);
      return { value, mask: value };
    }
    default: return { value: plain(extension, use), mask: 0 };
  }
}

function xsetText(label: string, value: number, mask: number): string {
  if (mask === 0) return ` ${label} xor ${hexNumber(value)}`;
  if (mask === 0xffffffff) return ` ${label} set ${hexNumber(value)}`;
  if (value === 0) return ` ${label} and ${hexNumber(~mask)}`;
  if (value === mask) return ` ${label} or ${hexNumber(value)}`;
  return ` ${label} xset ${hexNumber(value)}/${hexNumber(mask)}`;
}

function oneSetter(extension: string, found: ReadonlyMap<string, OptionUse>, names: readonly string[]): OptionUse | undefined {
  const given = [...found.keys()].filter((name) => names.includes(name));
  if (given.length > 1) throw new ParameterProblem(`${extension}: option "--${given[0]!}" cannot be used together with "--${given[1]!}".\n`);
  return given[0] === undefined ? undefined : found.get(given[0]);
}

export const mark: TargetExtension<MarkTarget> = {
  name: 'MARK',
  options: setterOptions,
  parse(uses) {
    const use = oneSetter('MARK', optionsOf('MARK', uses, setterOptions), SETTERS);
    if (use === undefined) throw new ParameterProblem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required');
    return { kind: 'MARK', ...xset('MARK', use) };
  },
  save: ({ value, mask }) => ` --set-xmark ${hexNumber(value)}/${hexNumber(mask)}`,
  list: ({ value, mask }) => xsetText('MARK', value, mask),
  evaluate({ value, mask }, { packet }) {
    packet.mark = ((packet.mark & ~mask) ^ value) >>> 0;
    return CONTINUE;
  },
};

const connmarkOptions: readonly OptionSpec[] = [...setterOptions, { name: 'save-mark', words: 0 }, { name: 'restore-mark', words: 0 }, { name: 'mask', words: 1 }, { name: 'nfmask', words: 1 }, { name: 'ctmask', words: 1 }];
export const connmark: TargetExtension<ConnmarkTarget> = {
  name: 'CONNMARK',
  options: connmarkOptions,
  needsConntrack: () => true,
  parse(uses) {
    const found = optionsOf('CONNMARK', uses, connmarkOptions);
    const use = oneSetter('CONNMARK', found, [...SETTERS, 'save-mark', 'restore-mark']);
    if (use === undefined) throw new ParameterProblem('CONNMARK target: No operation specified');
    if (use.name !== 'save-mark' && use.name !== 'restore-mark') return { kind: 'CONNMARK', mode: 'set', ...xset('CONNMARK', use) };
    const bits = (name: string): number | undefined => {
      const given = found.get(name);
      return given === undefined ? undefined : plain('CONNMARK', given);
    };
    const mask = bits('mask');
    return { kind: 'CONNMARK', mode: use.name === 'save-mark' ? 'save' : 'restore', nfmask: bits('nfmask') ?? mask ?? 0xffffffff, ctmask: bits('ctmask') ?? mask ?? 0xffffffff };
  },
  save(record) {
    if (record.mode === 'set') return ` --set-xmark ${hexNumber(record.value)}/${hexNumber(record.mask)}`;
    return ` --${record.mode}-mark --nfmask ${hexNumber(record.nfmask)} --ctmask ${hexNumber(record.ctmask)}`;
  },
  list(record) {
    if (record.mode === 'set') return xsetText('CONNMARK', record.value, record.mask);
    const { nfmask, ctmask } = record;
    const text = ` CONNMARK ${record.mode}`;
    if (nfmask === 0xffffffff && ctmask === 0xffffffff) return text;
    if (nfmask === ctmask) return `${text} mask ${hexNumber(nfmask)}`;
    return record.mode === 'save' ? `${text} nfmask ${hexNumber(nfmask)} ctmask ~${hexNumber(ctmask)}` : `${text} ctmask ${hexNumber(ctmask)} nfmask ~${hexNumber(nfmask)}`;
  },
  evaluate(record, context) {
    const entry = trackedEntry(context);
    if (entry === undefined) return CONTINUE;
    const before = entry.mark;
    if (record.mode === 'set') entry.mark = ((entry.mark & ~record.mask) ^ record.value) >>> 0;
    else if (record.mode === 'save') entry.mark = ((entry.mark & ~record.ctmask) ^ (context.packet.mark & record.nfmask)) >>> 0;
    else context.packet.mark = ((context.packet.mark & ~record.nfmask) ^ (entry.mark & record.ctmask)) >>> 0;
    if (entry.mark !== before) entry.pendingEvents |= EVENT_UPDATE;
    return CONTINUE;
  },
};


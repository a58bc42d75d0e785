/**
 * Every command-line tool there is, one line each; a machine kind chooses from it by package. Refuses two tools of one name.
 */
import type { Command } from './define.ts';
import { ip } from './ip/ip.ts';
import { clear } from './clear/clear.ts';
import { less } from './less/less.ts';
import { more } from './more/more.ts';
import { nano } from './nano/nano.ts';
import { reset } from './reset/reset.ts';
import { stty } from './stty/stty.ts';
import { tput } from './tput/tput.ts';
import { watch } from './watch/watch.ts';

const list: readonly Command[] = [
  clear,
  less,
  more,
  nano,
  reset,
  stty,
  tput,
  watch,
  ip,
];

function byName(all: readonly Command[]): ReadonlyMap<string, Command> {
  const map = new Map<string, Command>();
  for (const command of all) {
    for (const name of [command.name, ...(command.aliases ?? [])]) {
      const other = map.get(name);
      if (other !== undefined) throw new Error(`two tools are called ${name}: ${other.summary}; ${command.summary}`);
      map.set(name, command);
    }
  }
  return map;
}

export const commands: readonly Command[] = list;
/** By name and by alias. */
export const commandsByName = byName(list);

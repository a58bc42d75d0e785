/** Small damage to texts and bytes: what slips of a hand, broken pastes and hostile senders have in common. */
import type { FuzzDice } from './dice.ts';

const AWKWARD = [
  '', ' ', '\t', '\n', '\r', '\0', '\x1b', '\x7f', '"', "'", '`', '\\', '$', '$(', '${', '$((', '))', '(', ')', '{', '}', '[', ']', '[[', ']]', '|', '||', '&', '&&', ';', ';;', '<', '<<', '<<<', '<(', '>', '>>', '>&', '2>&1', '!', '!!', '#',
  '*', '?', '~', '%', '^', '=', '+=', '-', '--', '-1', '0', '1', '2147483648', '4294967296', '99999999999999999999', '1e9', '0x', '0x10', '08', '.', '..', '/', '//', '/32', '/33', ':', '::', ',', '@', 'é', '漢', '🐧', '\u0301', '\ud800', 'NaN',
  'any', 'lo', 'eth0', '255.255.255.255', '0.0.0.0/0', '::1', 'fe80::1%eth0', '{1..9}', '$#', '$@', '$?', '-n', '-v', '-h', '--help',
] as const;
const NUMBERS = ['0', '1', '-1', '7', '08', '65535', '65536', '4294967295', '4294967296', '9007199254740993', '99999999999999999999', '0x1f', '1.5', '1e400', ''] as const;

export function mutateText(dice: FuzzDice, text: string, corpus: readonly string[]): string {
  let mutated = text;
  for (let left = 1 + dice.below(4); left > 0; left -= 1) mutated = mutateOnce(dice, mutated, corpus);
  return mutated.length > 4000 ? mutated.slice(0, 4000) : mutated;
}

function mutateOnce(dice: FuzzDice, text: string, corpus: readonly string[]): string {
  const at = dice.below(text.length + 1);
  const to = Math.min(text.length, at + 1 + dice.below(dice.once(4) ? 20 : 3));
  switch (dice.below(11)) {
    case 0: return text.slice(0, at) + text.slice(to);
    case 1: return text.slice(0, at) + dice.pick(AWKWARD) + text.slice(at);
    case 2: return text.slice(0, at) + dice.pick(AWKWARD) + text.slice(to);
    case 3: return text.slice(0, to) + text.slice(at);
    case 4: return text.slice(0, at);
    case 5: return text.replace(/\d+/g, (digits) => (dice.once(3) ? dice.pick(NUMBERS) : digits));
    case 6: return splice(dice, text, dice.pick(corpus));
    case 7: return shuffleWords(dice, text);
    case 8: return text.slice(0, at) + String.fromCharCode(dice.once(3) ? dice.below(0x3000) : dice.below(128)) + text.slice(to);
    case 9: return changeWord(dice, text, dice.pick(corpus));
    default: return text.slice(0, at) + text.slice(at, to).toUpperCase() + text.slice(to);
  }
}

/** The beginning of one, the end of another. */
function splice(dice: FuzzDice, text: string, other: string): string {
  return text.slice(0, dice.below(text.length + 1)) + other.slice(dice.below(other.length + 1));
}

function shuffleWords(dice: FuzzDice, text: string): string {
  const words = text.split(' ');
  const [from, to] = [dice.below(words.length), dice.below(words.length)];
  [words[from], words[to]] = [words[to]!, words[from]!];
  return words.join(' ');
}

/** One word for one of another text, doubled or gone. */
function changeWord(dice: FuzzDice, text: string, other: string): string {
  const words = text.split(' ');
  const from = dice.below(words.length);
  words.splice(from, 1, ...[[], [words[from]!, words[from]!], [dice.pick(other.split(' '))]][dice.below(3)]!);
  return words.join(' ');
}

export function mutateBytes(dice: FuzzDice, bytes: Uint8Array): Uint8Array {
  let mutated = bytes.slice();
  for (let left = 1 + dice.below(6); left > 0; left -= 1) {
    const at = dice.below(mutated.length + 1);
    switch (dice.below(6)) {
      case 0:
      case 1:
        if (at < mutated.length) mutated[at]! ^= 1 << dice.below(8);
        break;
      case 2:
        if (at < mutated.length) mutated[at] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
        break;
      case 3:
        mutated = mutated.slice(0, at);
        break;
      case 4:
        if (mutated.length < 1600) mutated = Uint8Array.from([...mutated.subarray(0, at), ...dice.bytes(dice.below(12)), ...mutated.subarray(at)]);
        break;
      default:
        if (at + 1 < mutated.length) {
          const word = dice.pick([0, 1, 0xffff, 0x8000, mutated.length, mutated.length - 14, dice.below(65536)]);
          mutated[at] = word >> 8;
          mutated[at + 1] = word & 255;
        }
    }
  }
  return mutated;
}

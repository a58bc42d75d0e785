/** What is known of how a command prints in the simulator, from the recordings that docs/FIDELITY.md is made of. */
import measured from '../../../contracts/generated/fidelity.json';

export interface Fidelity { readonly command: string; readonly state: 'same' | 'differs' | 'not simulated'; readonly note: string }

const known = new Map(Object.entries(measured as Readonly<Record<string, Omit<Fidelity, 'command'>>>));

/** Every command of the lines that was measured, once. */
export function fidelityOf(lines: readonly string[]): Fidelity[] {
  const commands = new Set(lines.flatMap((line) => line.split(/\|\|?|&&?|;/)).map(commandOf));
  return [...commands].flatMap((command) => {
    const found = known.get(command) ?? known.get(command.split(' ')[0]!);
    return found === undefined ? [] : [{ command, state: found.state, note: plain(found.note) }];
  });
}

/** `sudo ip netns exec NAME ip -br link show` is about `ip link`. */
function commandOf(part: string): string {
  let words = part.trim().split(/\s+/);
  if (words[0] === 'sudo') words = words.slice(1);
  if (/^ip netns exec \S+ \S/.test(words.join(' '))) return commandOf(words.slice(4).join(' '));
  const [program = '', ...rest] = words;
  const object = ['ip', 'bridge', 'brctl'].includes(program) ? rest.find((word) => /^[a-z]+$/.test(word)) : undefined;
  return object === undefined ? program : `${program} ${object}`;
}

/** Reasons that only point at another recorded step say nothing to a learner. */
function plain(note: string): string {
  return note.split('; ').filter((reason) => !/^(as|follows) /.test(reason)).join('; ');
}

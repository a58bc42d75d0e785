/** The simulator and this kernel, given the same made-up sessions. `podwire diff --random 1 --seed N` shows one again; PODWIRE_SESSIONS says how many. */
import { expect, test } from 'vitest';
import { compareCommands, shrink, type Difference } from '../../host/linux/differential.ts';
import { randomCommands } from '../../labs/random-commands.ts';
import { describeOnLinux } from '../linux.ts';

const sessions = Number(process.env.PODWIRE_SESSIONS ?? 8);
const FIRST_SEED = 1;

/** What differs and is known to, by the command that shows it. */
const known: readonly { readonly command: RegExp; readonly why: string }[] = [
  { command: /^iptables .*-[DRZ] \w+ 1$/, why: 'iptables-nft makes a built-in chain when something is first put in it, and knows no rule numbers before; the simulator has all of them from the start' },
];

describeOnLinux('the simulator and real Linux', () => {
  test(`say the same in ${sessions} made-up sessions`, { timeout: 20_000 * sessions }, async () => {
    const found: string[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + sessions; seed++) {
      const tryIt = async (commands: readonly string[]): Promise<Difference[]> => (await compareCommands(`random-${seed}`, commands)).differences.filter(({ command }) => !known.some((each) => each.command.test(command)));
      const commands = randomCommands(seed);
      if ((await tryIt(commands)).length === 0) continue;
      const shortest = await shrink(commands, tryIt);
      const [first] = shortest.differences;
      found.push(`seed ${seed}: ${shortest.commands.join('; ')}\n  ${first?.command}\n  simulator: ${first?.simulator.join(' / ')}\n  real Linux: ${first?.linux.join(' / ')}`);
    }
    expect(found).toEqual([]);
  });
});

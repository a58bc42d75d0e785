/** Hands on a keyboard: any keys, pastes and resizes at a login shell and in what it starts. */
import { describe, it } from 'vitest';
import { Campaign, FUZZ_TIMEOUT_MS } from './campaign.ts';
import { recordedKeys } from './corpus.ts';
import { keySequence } from './grammar.ts';
import { FuzzLab } from './lab.ts';
import { mutateText } from './mutate.ts';
import { keysOf } from '../../labs/keys.ts';

const LAB_USED_FOR = 30;

describe('a fuzzed terminal', () => {
  it('takes any keys, and gives a working shell to the next who logs in', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('terminal', 60);
    let lab: FuzzLab | undefined;
    let used = 0;
    await campaign.each(async (dice, number, begin) => {
      lab ??= await FuzzLab.open(dice.below(1000));
      const keys = dice.once(2) ? keysOf(mutateText(dice, dice.pick(recordedKeys), recordedKeys)).slice(0, 400) : keySequence(dice);
      begin(keys.join(''));
      const id = `t${number}`;
      lab.begin();
      lab.lab.openTerminal({ id, title: id, place: 'host' }, { columns: 80, rows: 24 });
      await lab.runFor(300_000);
      for (const key of keys) {
        lab.lab.input(id, key);
        if (dice.once(15)) lab.lab.resize(id, dice.pick([80, 1, 2, 40, 132, 300]), dice.pick([24, 1, 2, 10, 60]));
        await lab.runFor(dice.pick([0, 1000, 10_000, 10_000, 100_000, 600_000]));
      }
      await lab.runFor(500_000);
      lab.lab.closeTerminal(id);
      await lab.runFor(100_000);
      used += 1;
      const faults = lab.takeFaults();
      try {
        if (faults.length > 0) throw new Error(faults.join('\n'));
        if (used % 5 === 0) {
          await lab.quiesce();
          const problems = [...(await lab.health()), ...lab.takeFaults()];
          if (problems.length > 0) throw new Error(problems.join('\n'));
        }
      } finally {
        if (used % LAB_USED_FOR === 0 || faults.length > 0) {
          lab.close();
          lab = undefined;
        }
      }
    });
    campaign.report();
  });
});

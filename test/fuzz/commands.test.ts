/** Scripts and command lines, half of them damaged recordings, run in labs that are used many times. */
import { describe, expect, it } from 'vitest';
import type { Program } from '../../machine/sys.ts';
import { Campaign, FUZZ_TIMEOUT_MS, textOf } from './campaign.ts';
import { linesOf, recordedCommands } from './corpus.ts';
import type { FuzzDice } from './dice.ts';
import { networkCommand, restoreText, script } from './grammar.ts';
import { FuzzLab } from './lab.ts';
import { mutateText } from './mutate.ts';
import { toolCommand, TOOL_FILES, TOOLS } from './tool-grammar.ts';

const LAB_USED_FOR = 200;
const CHECKED_EVERY = 25;
const networkLines = linesOf('ip', 'iptables', 'ip6tables', 'brctl', 'bridge', 'conntrack', 'tc', 'arp', 'ifconfig', 'route', 'netstat', 'ss', 'ping', 'tcpdump', 'sysctl', 'traceroute', 'nc', 'curl', 'iptables-save', 'iptables-restore', 'arping', 'ethtool', 'nsenter', 'dig', 'host', 'mtr', 'telnet', 'wget', 'ip netns', 'unshare', 'lsns', 'nft', 'mii-tool');
const toolLines = linesOf(...TOOLS);

async function runAll(target: string, share: number, make: (dice: FuzzDice) => string, setUp = ''): Promise<void> {
  const campaign = new Campaign(target, share);
  let lab: FuzzLab | undefined;
  let used = 0;
  await campaign.each(async (dice, _number, begin) => {
    if (lab?.hasShells === false) {
      lab.close();
      lab = undefined;
    }
    if (lab === undefined) {
      lab = await FuzzLab.open(dice.below(1000));
      if (setUp !== '') await lab.command(setUp);
      used = 0;
    }
    const input = make(dice);
    begin(input);
    try {
      await lab.command(input, dice.once(6) ? '@internet' : undefined);
      const faults = lab.takeFaults();
      if (faults.length > 0) throw new Error(faults.join('\n'));
      used += 1;
      if (used % CHECKED_EVERY === 0 && lab.hasShells) {
        await lab.quiesce();
        const problems = [...(await lab.health()), ...lab.takeFaults()];
        if (problems.length > 0) throw new Error(`within the last ${CHECKED_EVERY} inputs: ${problems.join('\n')}`);
      }
      if (used < LAB_USED_FOR) return;
    } catch (error) {
      throw new Error(lab.takeFaults().join('\n') || textOf(error), { cause: error });
    } finally {
      if (used >= LAB_USED_FOR) {
        lab.close();
        lab = undefined;
      }
    }
  });
  campaign.report();
}

describe('fuzzed commands', () => {
  it('an exception in a program is noticed, and so is a broken lab', async () => {
    const lab = await FuzzLab.open(1);
    // One table serves all machines of a kind: it is put right again.
    const programs = lab.machines.get('host')!.programs as Map<string, Program>;
    const before = new Map(programs);
    try {
      programs.set('/usr/bin/id', () => Promise.reject(new TypeError('a bug')));
      await lab.command('id');
      expect(lab.takeFaults().join()).toContain('TypeError: a bug');
      expect(await lab.health()).toEqual([]);
      for (const path of programs.keys()) if (path.endsWith('/ip')) programs.set(path, async () => 1);
      expect((await lab.health()).join()).toContain('ip link says');
    } finally {
      for (const [path, program] of before) programs.set(path, program);
    }
    lab.close();
  });

  it('any bash script ends without an exception', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await runAll('scripts', 150, (dice) => (dice.once(2) ? mutateText(dice, dice.pick(recordedCommands), recordedCommands) : script(dice, 4)));
  });

  it('any command line of a network tool ends without an exception', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const build = 'ip netns add demo; ip link add cbr0 type bridge; ip link set cbr0 up; ip addr add 192.168.255.1/24 dev cbr0; ip link add veth0 type veth peer name veth1; ip link set veth0 master cbr0 up; ip link set veth1 netns demo; iptables -N MINE; iptables -t nat -N MINE; iptables -A FORWARD -m conntrack --ctstate NEW; ping -c 1 -W 0.2 8.8.8.8';
    await runAll('network', 250, (dice) => (dice.once(2) ? mutateText(dice, dice.pick(networkLines), networkLines) : networkCommand(dice)), build);
  });

  it('any command line of a tool for text and files ends without an exception', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await runAll('tools', 150, (dice) => (dice.once(2) ? mutateText(dice, dice.pick(toolLines), toolLines) : toolCommand(dice)), TOOL_FILES);
  });

  it('any iptables-restore text is taken or refused', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await runAll('restore', 60, (dice) => {
      const text = restoreText(dice);
      return `iptables-restore ${dice.pick(['', '-n', '-c', '--test', '-v', '-T nat'])} <<'END-OF-RULES'\n${dice.once(2) ? mutateText(dice, text, [text]) : text}\nEND-OF-RULES\niptables-save -c; iptables -L -v -n; ping -c 1 -W 0.1 -w 0.2 8.8.8.8`;
    });
  });
});

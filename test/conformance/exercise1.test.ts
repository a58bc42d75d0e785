/**
 * Exercise 1 typed key by key at a simulated terminal, against the recording of a real one. What happens inside screen is compared by the
 * screen's text. When a capture starts relative to a running ping depends on the typist, so sequence numbers are masked there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { SimulatedLab } from '../../labs/simulated-lab.ts';
import { VirtualTerminal } from '../../shell/terminal/virtual-terminal.ts';
import { Normaliser } from '../../labs/normalise.ts';

interface Row { cmd: string; where: string; output: string; exit: number | null; seconds: number; interruptedAfter?: number }

const rows = JSON.parse(readFileSync(join(import.meta.dirname, 'recordings', 'exercise1-primed.json'), 'utf8')) as Row[];
const SIZE = { columns: 200, rows: 50 };
const KEY_US = 1_000;
/** The recording's pace, as its timestamps show it. It matters: the kernel tells of carriers at most once a second (net/core/link_watch.c), so another pace shows other states. */
const COMMAND_US = 220_000;
const ansi = /\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>()][0-9A-B]?/g;

describe('Exercise 1 at a terminal', () => {
  it('prints what a real Debian prints, command by command', async () => {
    const lab = await SimulatedLab.open(scenarioNamed('linux-host'), { seed: 1 });
    const screen = new VirtualTerminal(SIZE, (reply) => lab.input('host', reply));
    let shown: Uint8Array[] = [];
    lab.onData = (_, bytes) => {
      shown.push(bytes);
      screen.write(bytes);
    };
    lab.openTerminal({ id: 'host', title: 'host', place: 'host' }, SIZE);
    await lab.settle();
    const press = async (keys: string): Promise<void> => {
      for (const key of keys) {
        lab.input('host', key);
        await lab.runUntil(lab.nowUs + KEY_US);
      }
    };

    const [wanted, found] = [new Normaliser(), new Normaliser()];
    for (const [index, row] of rows.entries()) {
      shown = [];
      const startedAtUs = lab.nowUs;
      const chord = row.cmd.startsWith('<keys') ? '\x01d' : row.cmd === '<CTRL+C>' ? '\x03' : undefined;
      if (row.cmd.startsWith('# (no wait')) continue;
      await press(chord ?? `${row.cmd}\r`);
      if (row.interruptedAfter !== undefined) {
        await lab.runUntil(lab.nowUs + Math.round(row.interruptedAfter * 1e6) - 700_000);
        if (!lab.isPrompting('host')) await press('\x03');
      }
      const isInScreen = row.where.startsWith('screen');
      if (isInScreen) await lab.runUntil(lab.nowUs + Math.round(Math.max(row.seconds, 1) * 1e6));
      else await lab.runWhile(() => !lab.isPrompting('host'), lab.nowUs + 20_000_000);
      // The ping in screen makes its flow anew with its next packet, within a second.
      const restUs = row.cmd.includes('conntrack -D') ? 1_000_000 : 0;
      await lab.runUntil(Math.max(lab.nowUs, startedAtUs + COMMAND_US) + restUs);

      const label = `${index + 1} [${row.where}] ${row.cmd}`;
      if (isInScreen) {
        const text = normalised(found, screen.snapshot().screen);
        for (const line of normalised(wanted, row.cmd.startsWith('screen') ? '' : row.output)) {
          if (line !== '' && !/packets transmitted/.test(line)) expect(text, label).toContain(line);
        }
        continue;
      }
      const inOrder = (lines: string[]): string[] => (row.cmd.includes('conntrack') ? byFlow(lines) : lines);
      const have = normalised(found, outputOf(shown, chord !== undefined));
      const want = normalised(wanted, row.output.replace(/^root@.*\^C\n/m, '').replace(/^Utmp slot not found.*$/m, ''));
      expect([label, ...inOrder(have)]).toEqual([label, ...inOrder(want)]);
    }
    lab.close();
  });
});

/** What was printed between the echo of the command and the next prompt. */
function outputOf(shown: readonly Uint8Array[], isChord: boolean): string {
  const text = Buffer.concat(shown).toString('utf8').replace(ansi, '').replace(/\r+\n/g, '\n').replace(/[^\n]*\r/g, '');
  const afterEcho = isChord ? text.replace(/^\n+/, '') : text.slice(text.indexOf('\n') + 1);
  return afterEcho.replace(/(^|\n)[^\n]*[$#] $/, '$1');
}

function normalised(normaliser: Normaliser, text: string): string[] {
  return normaliser.apply(text)
    .replace(/, seq \d+, length/g, ', seq S, length').replace(/icmp_seq=\d+/g, 'icmp_seq=S').replace(/^\d+ packets transmitted, \d+ received/gm, 'N packets transmitted, N received')
    .replace(/\b\d+\.vterm-demo/g, 'PID.vterm-demo').replace(/\(\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\)/g, '(DATE)')
    // A rule's counters depend on how many pings had left by then.
    .replace(/^ +\d+ +\d+ MASQUERADE/gm, '  N  N MASQUERADE')
    // A real bridge joins 224.0.0.106 and reports it; the simulated kernel sends no IGMP, so those flows are missing from the list and its count.
    .replace(/^unknown +2 .*dst=224\.0\.0\.22 .*\n/gm, '').replace(/: \d+ flow entries/g, ': N flow entries')
    .split('\n').filter((line, index, all) => !isRepeat(line, index, all));
}

/** Flows are listed as their hash has it, and standard error comes when it comes. */
function byFlow(lines: readonly string[]): string[] {
  return [...lines].sort((a, b) => (a < b ? -1 : 1));
}

/** Replies and captured lines repeat as often as the typist waited: one of each kind is compared. */
function isRepeat(line: string, index: number, all: readonly string[]): boolean {
  if (/^\d+ packets? captured/.test(line)) return true;
  return index > 0 && line !== '' && all[index - 1] === line;
}

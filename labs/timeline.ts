/**
 * The command lines of a lab's history, with what each did to the network: found by living that history once more, behind the life that is shown,
 * and looking at the network before every Enter.
 */
import { BROWSER, type NetworkView, type TimelineEntry } from '../contracts/lab.ts';
import { isAvailable, type CommandView } from '../contracts/observer.ts';
import type { RunOptions } from './backend.ts';
import { changesBetween } from './changes.ts';
import { lastLine, type Influence } from './history.ts';
import type { Life } from './life.ts';
import { networkView } from './network-view.ts';

interface Enter { readonly atUs: number; readonly terminal: string; readonly network: NetworkView }

export class Timeline {
  private readonly begin: (running: RunOptions) => Promise<Life>;
  private life: Life | undefined;
  private taken: Influence[] = [];
  private enters: Enter[] = [];
  private network: NetworkView | undefined;
  private hasChanged = true;

  /** `begin` makes the life's beginning anew. */
  constructor(begin: (running: RunOptions) => Promise<Life>) {
    this.begin = begin;
  }

  close(): void {
    this.life?.close();
    this.life = undefined;
  }

  /** The entries of these records, as things stand at `untilUs`. */
  async entries(records: readonly Influence[], untilUs: number, running: RunOptions): Promise<TimelineEntry[]> {
    const life = await this.lifeFor(records, untilUs, running);
    for (let record = records[this.taken.length]; record !== undefined; record = records[this.taken.length]) {
      const terminal = enteredAt(record);
      if (terminal !== undefined) {
        await life.advance(record.atUs, running);
        this.enters.push({ atUs: record.atUs, terminal, network: await this.look(life) });
      }
      await life.take(record, running);
      this.taken.push(record);
    }
    await life.advance(untilUs, running);
    const last = await this.look(life);
    const commands = await life.lab.observer.commands();
    return isAvailable(commands) ? commands.value.map((command) => this.entry(command, commands.value, last)) : [];
  }

  /** Goes on with the life there is, unless history has taken another way since. */
  private async lifeFor(records: readonly Influence[], untilUs: number, running: RunOptions): Promise<Life> {
    const isSame = this.life !== undefined && this.life.lab.nowUs <= untilUs && this.taken.length <= records.length && this.taken.every((record, index) => record === records[index]);
    if (isSame) return this.life!;
    this.close();
    this.taken = [];
    this.enters = [];
    this.hasChanged = true;
    this.life = await this.begin(running);
    this.life.watch({ data: () => undefined, changed: () => { this.hasChanged = true; }, judged: () => Promise.resolve() });
    return this.life;
  }

  private async look(life: Life): Promise<NetworkView> {
    if (!this.hasChanged && this.network !== undefined) return this.network;
    this.hasChanged = false;
    this.network = await networkView(life.lab.observer, Math.round(life.lab.nowUs / 1000));
    return this.network;
  }

  private entry(command: CommandView, all: readonly CommandView[], last: NetworkView): TimelineEntry {
    const { id, terminal, machine, netns, line, startedAtMs, endedAtMs, exit } = command;
    const at = enterOf(this.enters, command);
    const enter = this.enters[at];
    // Several lines entered at once share what they did: it stands with the last of them.
    const isLastOfIts = enter !== undefined && !all.some((other) => other.id > id && other.terminal === terminal && enterOf(this.enters, other) === at);
    const changes = isLastOfIts ? changesBetween(enter.network, this.enters[at + 1]?.network ?? last) : [];
    return { id, terminal, machine, netns, line, atMs: startedAtMs, exit, isRunning: endedAtMs === null, changes };
  }
}

/** The terminal whose line this record ends. */
function enteredAt(record: Influence): string | undefined {
  if (record.kind === 'visit') return BROWSER;
  return record.kind === 'input' && record.data.includes('\r') ? record.terminal : undefined;
}

type Begun = Pick<CommandView, 'terminal' | 'startedAtMs'>;

function enterOf(enters: readonly Pick<Enter, 'atUs' | 'terminal'>[], { terminal, startedAtMs }: Begun): number {
  return enters.findLastIndex((enter) => enter.terminal === terminal && Math.floor(enter.atUs / 1000) <= startedAtMs);
}

/** How many records stay when that command's line is taken back, and all that came after it. */
export function keptBefore(records: readonly Influence[], { terminal, startedAtMs }: Begun): number | undefined {
  const enter = records.findLastIndex((record) => enteredAt(record) === terminal && Math.floor(record.atUs / 1000) <= startedAtMs);
  return enter < 0 ? undefined : lastLine(records, enter + 1)?.keep;
}

/** Time and chance of the control plane, on a world's alarms and dice. */
import type { SimulatedWorld } from '../../simulator/index.ts';
import type { KubeRuntime } from '../runtime.ts';

/** Alarms whose token is below this belong to somebody else. */
const FIRST_TOKEN = 1_000_000;

/** Takes the world's `onAlarm`, and hands on alarms that are not its own. */
export function worldRuntime(world: SimulatedWorld): KubeRuntime {
  const waiting = new Map<number, () => void>();
  let next = FIRST_TOKEN;
  const others = world.onAlarm;
  world.onAlarm = (token) => {
    const run = waiting.get(token);
    if (run === undefined) {
      others?.(token);
      return;
    }
    waiting.delete(token);
    run();
  };
  return {
    nowMs: () => Math.floor((world.epochUs + world.nowUs) / 1000),
    after(delayMs, run) {
      const token = next;
      next += 1;
      waiting.set(token, run);
      const alarm = world.setAlarm(Math.max(0, delayMs) * 1000, token);
      return () => {
        if (waiting.delete(token)) world.cancel(alarm);
      };
    },
    dice: { below: (limit) => world.dice.below(limit), bytes: (length) => world.dice.bytes(length) },
  };
}

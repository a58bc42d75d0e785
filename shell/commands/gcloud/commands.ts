/** Every gcloud command that is simulated. */
import { configCommands } from './config.ts';
import { containerCommands } from './container.ts';
import { createCommands } from './compute-create.ts';
import { resourceCommands } from './compute-resources.ts';
import { otherCommands } from './others.ts';
import { sshCommands } from './ssh.ts';
import type { Gcloud } from './session.ts';

export interface GcloudCommand {
  readonly path: string;
  /** Flags it honours, without dashes; any other flag of the real command is refused loudly. Global flags need no mention. */
  readonly supports: string;
  run(gcloud: Gcloud): Promise<void | number> | void | number;
}

export const commands: ReadonlyMap<string, GcloudCommand> = byPath([...resourceCommands, ...createCommands, ...containerCommands, ...configCommands, ...otherCommands, ...sshCommands]);

function byPath(list: readonly GcloudCommand[]): ReadonlyMap<string, GcloudCommand> {
  const map = new Map<string, GcloudCommand>();
  for (const command of list) {
    if (map.has(command.path)) throw new Error(`two commands are called gcloud ${command.path}`);
    map.set(command.path, command);
  }
  return map;
}

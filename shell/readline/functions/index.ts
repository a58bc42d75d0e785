/** The editor's functions by the names `bind` knows. Read first: readline(3) "EDITING COMMANDS". */
import type { EditSession } from '../session.ts';
import { completionFunctions } from './completion.ts';
import { editingFunctions } from './editing.ts';
import { historyFunctions } from './history.ts';
import { killingFunctions } from './killing.ts';
import { motionFunctions } from './motion.ts';
import { searchFunctions } from './search.ts';
import { viFunctions } from './vi.ts';

export interface Call {
  readonly session: EditSession;
  /** Numeric argument, 1 when there is none. */
  readonly count: number;
  readonly isExplicit: boolean;
  /** The keys that called it. */
  readonly keys: string;
}
export type EditorFunction = (call: Call) => void | Promise<void>;

export const editorFunctions: ReadonlyMap<string, EditorFunction> = new Map(Object.entries<EditorFunction>({
  ...motionFunctions, ...editingFunctions, ...killingFunctions, ...historyFunctions, ...searchFunctions, ...completionFunctions, ...viFunctions,
}));

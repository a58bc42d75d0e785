/**
 * The line editor as the shell uses it. Read first: readline(3), "History Library" of the readline manual, bash(1) "READLINE".
 * The shell makes one `History` and one `LineEditor` a session, asks `readLine` for each line, and hands in a `Completer`.
 * `readLine` itself is in read-line.ts, the history in history.ts, the stock completer in completion/bash-completer.ts.
 */
import type { Fd, Sys } from '../../machine/sys.ts';
import type { History } from './history.ts';

export interface ReadLineOptions {
  /** Expanded PS1 or PS2. What \[ and \] enclose stands between U+0001 and U+0002 and takes no room. */
  readonly prompt: string;
  readonly history: History;
  readonly completer?: Completer;
  /** Kill ring, key bindings, last search: what outlives a line. */
  readonly editor: LineEditor;
  /** Terminal to read from and to draw on. Default 0 and 2 (bash draws on standard error). */
  readonly input?: Fd;
  readonly output?: Fd;
  /** Text that stands in the line at the start (`read -e -i`). */
  readonly initialText?: string;
  /** A trap waits for Ctrl+C: its output begins at the left edge of the prompt's row, the line is not left. */
  readonly trapsInterrupt?: boolean;
  /** TMOUT: gives up after so long. */
  readonly timeoutUs?: number;
  /** `read -e` in scripts: no history keys. Default true. */
  readonly usesHistory?: boolean;
  /** $TERM; 'dumb' draws without cursor motions. */
  readonly term?: string;
  /** `bind -x`: runs a command, and answers what it has made of the line. */
  readonly onCommand?: (command: string, line: { readonly text: string; readonly point: number }) => Promise<{ readonly text: string; readonly point: number }>;
  /** re-read-init-file. */
  readonly onReread?: () => Promise<void>;
  /**
   * Called when a signal other than INT and WINCH woke the shell (CHLD with `set -b`, a trap). What it prints starts on a fresh
   * row if it calls `beforeOutput`, after which the line is drawn anew. Answer 'give-up' to end with `interrupted`.
   */
  readonly onWake?: (beforeOutput: () => Promise<void>) => Promise<'continue' | 'give-up'>;
}

/**
 * `line`: without its newline; after a paste it may hold newlines inside, the shell then reads it as so many lines (each one a history
 * entry). `eof`: Ctrl+D on an empty line or hang-up; the cursor is on a fresh row, so the shell only prints `exit`.
 * `interrupted`: Ctrl+C; `^C` is printed and the cursor is on a fresh row, `$?` becomes 130.
 */
export type ReadLineOutcome = { readonly kind: 'line'; readonly text: string; readonly operateAndGetNext?: number; /** The line is to be edited in an editor before it is run. */ readonly editsFirst?: boolean } | { readonly kind: 'eof' } | { readonly kind: 'interrupted' } | { readonly kind: 'timeout' };

export type ReadLine = (sys: Sys, options: ReadLineOptions) => Promise<ReadLineOutcome>;

/** What an editor keeps between lines. Make it with `createLineEditor()` of line-editor.ts. */
export interface LineEditor {
  killRing: string[];
  killIndex: number;
  lastSearch: string;
  /** The last keyboard macro. */
  macro?: string;
  /** What vi's commands leave behind: the keys of the last change, the last character looked for, marks of the line. */
  viChange?: string;
  viFind?: { readonly character: string; readonly key: string };
  viSearch?: { readonly text: string; readonly direction: 1 | -1 };
  /** Where Ctrl+O wants the next line to come from. */
  nextHistoryIndex: number | undefined;
  readonly keymaps: Readonly<Record<KeymapName, KeyBindings>>;
  keymap: KeymapName;
  /** The keys in force. */
  readonly bindings: KeyBindings;
  readonly variables: EditorVariables;
}

export type KeymapName = 'emacs' | 'vi-insert' | 'vi-command';

/** Inputrc variables that have an effect (readline(3), "Readline Variables"). */
export interface EditorVariables {
  bellStyle: 'none' | 'visible' | 'audible';
  bracketedPaste: boolean;
  completionIgnoreCase: boolean;
  completionQueryItems: number;
  markDirectories: boolean;
  matchHiddenFiles: boolean;
  pageCompletions: boolean;
  printCompletionsHorizontally: boolean;
  showAllIfAmbiguous: boolean;
  showAllIfUnmodified: boolean;
  echoControlCharacters: boolean;
  enableActiveRegion: boolean;
  skipCompletedText: boolean;
  historyPreservePoint: boolean;
  revertAllAtNewline: boolean;
  editingMode: 'emacs' | 'vi';
  commentBegin: string;
  /** How long a key that could begin a longer sequence waits for it. */
  keySequenceTimeoutMs: number;
  /** Set, and of no effect here; by the names of an inputrc. */
  readonly others: Map<string, string>;
}

/** Key sequence (raw characters, ESC as U+001B) to a function's name, or text to be typed. */
export interface KeyBindings {
  find(sequence: string): Binding | undefined;
  /** Does a longer sequence start with this one? */
  isPrefix(sequence: string): boolean;
  bind(sequence: string, binding: Binding): void;
  unbind(sequence: string): void;
  entries(): Iterable<readonly [sequence: string, binding: Binding]>;
}
export type Binding = { readonly kind: 'function'; readonly name: string } | { readonly kind: 'macro'; readonly text: string } | { readonly kind: 'shell'; readonly command: string };

// ---- completion

export interface CompletionRequest {
  /** The line and the cursor (UTF-16 offset). */
  readonly line: string;
  readonly point: number;
  /** Forced kinds: M-/ M-! M-$ M-~ M-@. Default: what the context asks for. */
  readonly only?: 'file' | 'command' | 'variable' | 'user' | 'host';
  /** Upper and lower case are one in names of files. */
  readonly ignoresCase?: boolean;
}

export interface Candidate {
  /** What replaces the word, unquoted: `reports`, `/usr/share/doc`. */
  readonly text: string;
  /** What a list shows; default `text`, for files its last component. */
  readonly display?: string;
  /** A directory: a slash is appended and no blank. */
  readonly isDirectory?: boolean;
}

export interface CompletionResult {
  /** The word that is replaced starts here (an opening quote belongs to the word). It ends at the cursor. */
  readonly start: number;
  /** Sorted, without duplicates. */
  readonly candidates: readonly Candidate[];
  /** File names are quoted where the shell needs it and listed by their last component. */
  readonly areFiles: boolean;
  /** Written after a single match; default a blank. */
  readonly append?: string;
}

/** undefined: nothing to offer (the bell rings). May await system calls. */
export type Completer = (request: CompletionRequest) => Promise<CompletionResult | undefined>;

/** What the stock completer asks of the shell it serves. */
export interface CompletionSources {
  aliases(): Iterable<string>;
  functions(): Iterable<string>;
  builtins(): Iterable<string>;
  keywords(): Iterable<string>;
  /** Names of shell variables. */
  variables(): Iterable<string>;
  variableValue(name: string): string | undefined;
  /** Job commands, for %name. */
  jobs(): Iterable<string>;
  /** `complete` specifications: answers undefined where the command has none. */
  programmed?(command: string, words: readonly string[], index: number, line: string, point: number): Promise<{ readonly words: readonly string[]; readonly areFiles: boolean; readonly noSpace: boolean } | undefined>;
}

/**
 * Tab and its relatives. Read first: readline's complete.c (rl_complete_internal, insert_match, display_matches): the common part
 * goes in first, a Tab that changed nothing lists at the next Tab, a Tab that changed the line only rings.
 */
import type { Candidate, CompletionRequest, CompletionResult } from '../api.ts';
import { listCandidates } from '../completion/listing.ts';
import { quoteForShell } from '../completion/quoting.ts';
import type { Call, EditorFunction } from './index.ts';

type Only = CompletionRequest['only'];

export const completionFunctions: Record<string, EditorFunction> = {
  complete: (call) => complete(call, undefined),
  'complete-filename': (call) => complete(call, 'file'),
  'complete-command': (call) => complete(call, 'command'),
  'complete-variable': (call) => complete(call, 'variable'),
  'complete-username': (call) => complete(call, 'user'),
  'complete-hostname': (call) => complete(call, 'host'),
  'possible-completions': (call) => list(call, undefined),
  'possible-filename-completions': (call) => list(call, 'file'),
  'possible-command-completions': (call) => list(call, 'command'),
  'possible-variable-completions': (call) => list(call, 'variable'),
  'possible-username-completions': (call) => list(call, 'user'),
  'possible-hostname-completions': (call) => list(call, 'host'),
  'delete-char-or-list': async (call) => {
    const { session } = call;
    if (session.point === session.text.length && session.text !== '') await list(call, undefined);
    else await session.call('delete-char', call.keys);
  },
  'insert-completions': async ({ session }) => {
    const result = await ask(session, undefined);
    if (result === undefined || result.candidates.length === 0) {
      session.ring();
      return;
    }
    const words = result.candidates.map((candidate) => (result.areFiles ? quoteForShell(candidate.text, '') : candidate.text));
    session.replace(result.start, session.point, `${words.join(' ')} `);
  },
  'menu-complete': (call) => menu(call, 1),
  'menu-complete-backward': (call) => menu(call, -1),
  'old-menu-complete': (call) => menu(call, 1),
  'dynamic-complete-history': async ({ session }) => {
    const start = session.text.slice(0, session.point).search(/[^\s;&|()<>]*$/);
    const word = session.text.slice(start, session.point);
    const words = new Set<string>();
    for (const entry of session.history?.entries ?? []) for (const part of entry.text.split(/[\s;&|()<>]+/)) if (part.startsWith(word) && part !== '') words.add(part);
    await insert(session, { start, candidates: [...words].sort().map((text) => ({ text })), areFiles: false });
  },
};

async function ask(session: Call['session'], only: Only): Promise<CompletionResult | undefined> {
  return session.completer?.({ line: session.text, point: session.point, only, ignoresCase: session.editor.variables.completionIgnoreCase });
}

async function complete(call: Call, only: Only): Promise<void> {
  const { session } = call;
  const isRepeated = session.lastFunction === session.thisFunction && !session.completionChangedLine;
  if (isRepeated) {
    await list(call, only);
    return;
  }
  const result = await ask(session, only);
  await insert(session, result);
}

async function insert(session: Call['session'], result: CompletionResult | undefined): Promise<void> {
  const before = session.text;
  session.completionChangedLine = false;
  if (result === undefined || result.candidates.length === 0) {
    session.ring();
    return;
  }
  const { candidates } = result;
  const typed = session.text.slice(result.start, session.point);
  const quote = /^["']/.exec(typed)?.[0] ?? '';
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) {
    const word = result.areFiles ? quoteForShell(only.text, quote) : quote + only.text;
    const ending = endingOf(session, result, only, quote);
    session.grouped(() => {
      session.replace(result.start, session.point, word);
      // append_to_match: a blank only at the end of the line.
      for (const c of only.isDirectory === true || session.point === session.text.length ? ending : '') {
        // What is there already is stepped over.
        if (session.text[session.point] === c && (c === '/' || c === quote)) session.point += 1;
        else session.insert(c);
      }
    });
  } else {
    const common = commonPrefix(candidates.map(({ text }) => text), session.editor.variables.completionIgnoreCase);
    const unquotedLength = common.length;
    if (unquotedLength > 0) {
      const word = result.areFiles ? quoteForShell(common, quote) : quote + common;
      if (word !== typed && !(quote === '' && common.length < typed.replaceAll('\\', '').length)) session.replace(result.start, session.point, word);
    }
    if (session.editor.variables.showAllIfAmbiguous || (session.editor.variables.showAllIfUnmodified && session.text === before)) {
      await show(session, result);
      return;
    }
    session.ring();
  }
  session.completionChangedLine = session.text !== before;
}

function endingOf(session: Call['session'], result: CompletionResult, candidate: Candidate, quote: string): string {
  if (candidate.isDirectory === true) return session.editor.variables.markDirectories ? '/' : '';
  const blank = result.append ?? ' ';
  if (quote !== '') return quote + (session.point === session.text.length || blank !== ' ' ? blank : blank);
  return blank;
}

async function list({ session }: Pick<Call, 'session'>, only: Only): Promise<void> {
  session.completionChangedLine = false;
  const result = await ask(session, only);
  if (result === undefined || result.candidates.length === 0) {
    session.ring();
    return;
  }
  if (result.candidates.length === 1) {
    // A single match is completed, not listed, by Tab; by Alt+? it is shown.
    if (session.thisFunction === 'complete') {
      await insert(session, result);
      return;
    }
  }
  await show(session, result);
}

async function show(session: Call['session'], result: CompletionResult): Promise<void> {
  await listCandidates(session, result);
  if (session.ended === undefined) session.display.redrawFresh(session.picture());
}

async function menu({ session, count }: Call, direction: 1 | -1): Promise<void> {
  if (session.lastFunction !== session.thisFunction || session.menu === undefined) {
    const result = await ask(session, undefined);
    if (result === undefined || result.candidates.length === 0) {
      session.ring();
      return;
    }
    const typed = session.text.slice(result.start, session.point);
    session.menu = { choices: [...result.candidates.map((candidate) => (result.areFiles ? quoteForShell(candidate.text, '') : candidate.text)), typed], index: direction > 0 ? -1 : result.candidates.length, start: result.start };
  }
  const { menu: choices } = session;
  choices.index = (choices.index + direction * count + choices.choices.length * 2) % choices.choices.length;
  session.replace(choices.start, session.point, choices.choices[choices.index]!);
}

export function commonPrefix(words: readonly string[], ignoresCase = false): string {
  let prefix = words[0] ?? '';
  for (const word of words) {
    let length = 0;
    while (length < prefix.length && length < word.length && (prefix[length] === word[length] || (ignoresCase && prefix[length]!.toLowerCase() === word[length]!.toLowerCase()))) length += 1;
    prefix = prefix.slice(0, length);
  }
  return prefix;
}

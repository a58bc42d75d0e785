/** Expansion of words. Read first: bash(1) "EXPANSION" */
import type { Shell } from './shell.ts';
import type { Word } from './ast.ts';
import { ShellError } from './errors.ts';
import { expandPaths } from './glob.ts';
import { expandParameter } from './parameter.ts';
import type { Sink } from './sinks.ts';
import { FieldSink, PatternSink, RegexSink, TextSink } from './sinks.ts';
import { commandSubstitution, processSubstitution } from './substitution.ts';
import type { Mode, ParameterPiece, Piece } from './word.ts';
import { parsePieces, piecesOf, variantsOf } from './word.ts';

/** Words to arguments: braces, expansions, splitting, paths, quote removal. */
export async function expandWords(shell: Shell, words: readonly Word[]): Promise<string[]> {
  const out: string[] = [];
  for (const word of words) await expandWordInto(shell, word, out);
  return out;
}

export async function expandWordInto(shell: Shell, word: Word, out: string[]): Promise<void> {
  for (const pieces of variantsOf(word, shell.options.braceexpand)) {
    if (pieces.length === 1) {
      const only = pieces[0]!;
      if (only.kind === 'literal' && (only.isQuoted || !/[*?[+@!]/.test(only.text))) {
        out.push(only.text);
        continue;
      }
    }
    const sink = new FieldSink(shell.ifs());
    if (!expandSimple(shell, pieces, sink)) await expandPieces(shell, pieces, sink);
    for (const field of sink.finish()) {
      if (field.hasPattern && !shell.options.noglob) out.push(...(await expandPaths(shell, field)));
      else out.push(field.text);
    }
  }
}

/** One word to one string, unsplit: assignments, `case`, here-strings. */
export async function expandText(shell: Shell, pieces: readonly Piece[]): Promise<string> {
  if (pieces.length === 1 && pieces[0]!.kind === 'literal') return pieces[0]!.text;
  const sink = new TextSink();
  if (!expandSimple(shell, pieces, sink)) await expandPieces(shell, pieces, sink);
  return sink.text;
}

export async function expandWordText(shell: Shell, word: Word, mode: Mode = 'word'): Promise<string> {
  return expandText(shell, mode === 'word' ? piecesOf(word) : parsePieces(word.text, mode));
}

export async function expandPattern(shell: Shell, pieces: readonly Piece[]): Promise<string> {
  const sink = new PatternSink();
  if (!expandSimple(shell, pieces, sink)) await expandPieces(shell, pieces, sink);
  return sink.text;
}

export async function expandRegex(shell: Shell, pieces: readonly Piece[]): Promise<string> {
  const sink = new RegexSink();
  await expandPieces(shell, pieces, sink);
  return sink.text;
}

/** An arithmetic expression's text, ready to be evaluated. */
export async function expandArithmetic(shell: Shell, text: string): Promise<string> {
  if (!/[$`"'\\]/.test(text)) return text;
  return expandText(shell, parsePieces(text, 'arithmetic'));
}

export async function evaluateText(shell: Shell, text: string): Promise<bigint> {
  return shell.arithmetic(await expandArithmetic(shell, text));
}

/** A subscript: a key of an associative array is a word, an index is arithmetic. */
export async function expandIndex(shell: Shell, name: string, index: string): Promise<string> {
  if (index === '@' || index === '*') return index;
  const isKey = shell.variable(name)?.associative !== undefined;
  if (!isKey) return expandArithmetic(shell, index);
  return expandText(shell, parsePieces(index, 'subscript'));
}

/** The common case without a promise: literals and plain parameters. Answers false, having done nothing, when there is more. */
function expandSimple(shell: Shell, pieces: readonly Piece[], sink: Sink): boolean {
  for (const piece of pieces) if (!isSimple(piece)) return false;
  for (const piece of pieces) simplePiece(shell, piece, sink);
  return true;
}

function isSimple(piece: Piece): boolean {
  switch (piece.kind) {
    case 'literal': return true;
    case 'double':
      for (const inner of piece.pieces) if (!isSimple(inner)) return false;
      return true;
    case 'parameter': return piece.operation === undefined && !piece.isBad && !piece.isIndirect && !piece.isLength && piece.index === undefined && piece.name !== '@' && piece.name !== '*';
    default: return false;
  }
}

function simplePiece(shell: Shell, piece: Piece, sink: Sink): void {
  if (piece.kind === 'literal') {
    if (piece.isQuoted) sink.touch();
    sink.literal(piece.text, piece.isQuoted);
  } else if (piece.kind === 'double') {
    sink.touch();
    for (const inner of piece.pieces) {
      if (inner.kind === 'literal') sink.literal(inner.text, true);
      else simplePiece(shell, inner, sink);
    }
  } else if (piece.kind === 'parameter') {
    sink.value(plainValue(shell, piece), piece.isQuoted);
  }
}

/** $name, $1, $? and friends; unset ones are empty or, with `set -u`, an error. */
function plainValue(shell: Shell, piece: ParameterPiece): string {
  const value = parameterValue(shell, piece.name);
  if (value === undefined) {
    if (shell.options.nounset) throw new ShellError(`${piece.name}: unbound variable`, 1, 'exit');
    return '';
  }
  return value;
}

export function parameterValue(shell: Shell, name: string): string | undefined {
  const first = name.charCodeAt(0);
  if (first >= 48 && first <= 57) return name === '0' ? shell.name : shell.positional[Number(name) - 1];
  switch (name) {
    case '?': return String(shell.status);
    case '#': return String(shell.positional.length);
    case '$': return String(shell.bashPidOfShell);
    case '!': return shell.lastBackgroundPid === undefined ? undefined : String(shell.lastBackgroundPid);
    case '-': return shell.options.letters(shell);
    case '_': return shell.lastArgument;
    default: return shell.get(name);
  }
}

export async function expandPieces(shell: Shell, pieces: readonly Piece[], sink: Sink): Promise<void> {
  for (const piece of pieces) {
    switch (piece.kind) {
      case 'literal':
        if (piece.isQuoted) sink.touch();
        sink.literal(piece.text, piece.isQuoted);
        break;
      case 'double': await expandDouble(shell, piece.pieces, sink); break;
      case 'parameter': await expandParameter(shell, piece, sink); break;
      case 'command': sink.value(await commandSubstitution(shell, piece.source), piece.isQuoted); break;
      case 'arithmetic': {
        const value = shell.arithmetic(await expandText(shell, piece.expression));
        sink.value(value.toString(), piece.isQuoted);
        break;
      }
      case 'process': sink.literal(await processSubstitution(shell, piece.operator, piece.source), true); break;
      case 'tilde': sink.literal(tilde(shell, piece.user), true); break;
    }
  }
}

async function expandDouble(shell: Shell, pieces: readonly Piece[], sink: Sink): Promise<void> {
  // "$@" without arguments, alone in its quotes, makes no field.
  const only = pieces.length === 1 ? pieces[0] : undefined;
  const onlyList = only?.kind === 'parameter' && (only.name === '@' || only.index === '@');
  if (!onlyList) sink.touch();
  for (const piece of pieces) {
    if (piece.kind === 'literal') sink.literal(piece.text, true);
    else await expandPieces(shell, [piece], sink);
  }
}

function tilde(shell: Shell, user: string): string {
  if (user === '') return shell.get('HOME') ?? shell.sys.machine.users().find((entry) => entry.uid === shell.sys.realUid)?.home ?? '~';
  if (user === '+') return shell.get('PWD') ?? '~+';
  if (user === '-') return shell.get('OLDPWD') ?? '~-';
  const stacked = /^([+-]?)([0-9]+)$/.exec(user);
  if (stacked !== null) {
    const stack = [shell.get('PWD') ?? '', ...shell.directoryStack];
    return stack.at(stacked[1] === '-' ? -1 - Number(stacked[2]) : Number(stacked[2])) ?? `~${user}`;
  }
  return shell.sys.machine.users().find((entry) => entry.name === user)?.home ?? `~${user}`;
}

/** $PS1 and here-documents: the text as in double quotes, quotes kept. */
export function expandDocument(shell: Shell, text: string): Promise<string> {
  return expandText(shell, parsePieces(text, 'document'));
}


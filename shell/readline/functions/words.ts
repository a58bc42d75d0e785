/** Where characters and words begin and end. Read first: readline's text.c and mbutil.c; bash's bashline.c for shell words. */
import { characterWidth } from '../../terminal/width.ts';

export function isWordCharacter(character: string | undefined): boolean {
  if (character === undefined) return false;
  const code = character.codePointAt(0)!;
  if (code >= 0x80) return code >= 0xaa && code !== 0xd7 && code !== 0xf7 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f);
  return /[0-9A-Za-z]/.test(character);
}

/** The offset after the character at `at`, with the combining characters that belong to it. */
export function nextCharacter(text: string, at: number): number {
  if (at >= text.length) return text.length;
  let end = at + String.fromCodePoint(text.codePointAt(at)!).length;
  while (end < text.length && text.charCodeAt(end) >= 0x300) {
    const follower = String.fromCodePoint(text.codePointAt(end)!);
    if (characterWidth(follower) !== 0) break;
    end += follower.length;
  }
  return end;
}

export function previousCharacter(text: string, at: number): number {
  let start = at;
  while (start > 0) {
    start -= 1;
    const code = text.charCodeAt(start);
    if (code >= 0xdc00 && code <= 0xdfff && start > 0) start -= 1;
    const character = String.fromCodePoint(text.codePointAt(start)!);
    if (text.charCodeAt(start) < 0x300 || characterWidth(character) !== 0) break;
  }
  return start;
}

export function wordForward(text: string, at: number): number {
  let i = at;
  while (i < text.length && !isWordCharacter(characterAt(text, i))) i = nextCharacter(text, i);
  while (i < text.length && isWordCharacter(characterAt(text, i))) i = nextCharacter(text, i);
  return i;
}

export function wordBackward(text: string, at: number): number {
  let i = at;
  while (i > 0 && !isWordCharacter(characterAt(text, previousCharacter(text, i)))) i = previousCharacter(text, i);
  while (i > 0 && isWordCharacter(characterAt(text, previousCharacter(text, i)))) i = previousCharacter(text, i);
  return i;
}

export function characterAt(text: string, at: number): string | undefined {
  const code = text.codePointAt(at);
  return code === undefined ? undefined : String.fromCodePoint(code);
}

/** Start and end of the shell words (quotes respected) of a line. */
export function shellWords(text: string): { readonly start: number; readonly end: number }[] {
  const words: { start: number; end: number }[] = [];
  let i = 0;
  while (i < text.length) {
    if (/[\s;&|()<>]/.test(text[i]!)) {
      i += 1;
      continue;
    }
    const start = i;
    let quote = '';
    while (i < text.length) {
      const c = text[i]!;
      if (c === '\\' && quote !== "'") i += 1;
      else if (quote !== '') {
        if (c === quote) quote = '';
      } else if (c === '"' || c === "'") quote = c;
      else if (/[\s;&|()<>]/.test(c)) break;
      i += 1;
    }
    words.push({ start, end: Math.min(i, text.length) });
  }
  return words;
}

/**
 * Patterns over lines of text, as lesson files write them: `*` stands for any run of characters (none included),
 * everything else for itself, and a run of blanks for any run of blanks. A pattern must cover the whole line.
 *
 * Not regular expressions: a course pack is data from strangers, and matching it must take linear time.
 */

export function matchesLine(pattern: string, line: string): boolean {
  return matchesWildcards(squeezeBlanks(pattern), squeezeBlanks(line));
}

/** The first line of the text that the pattern covers, or undefined. */
export function findLine(pattern: string, text: string): string | undefined {
  const wanted = squeezeBlanks(pattern);
  return text.split('\n').find((line) => matchesWildcards(wanted, squeezeBlanks(line)));
}

function squeezeBlanks(text: string): string {
  return text.replace(/[ \t\r]+/g, ' ').replace(/^ | $/g, '');
}

/** Greedy with one level of return: a later `*` makes the earlier ones final, so no input is slow. */
function matchesWildcards(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    if (pattern[patternAt] === '*') {
      starAt = patternAt++;
      resumeAt = textAt;
    } else if (patternAt < pattern.length && pattern[patternAt] === text[textAt]) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      textAt = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/** Where quoted text, expansions and substitutions end in shell source. Read first: parse_matched_pair and parse_comsub in bash's parse.y */

/** Index after the closing single quote (`at` is just after the opening one); the end of the text when there is none. */
export function endOfSingle(text: string, at: number): number {
  const close = text.indexOf("'", at);
  return close < 0 ? text.length : close + 1;
}

/** For $'...': a backslash protects the next character. */
export function endOfAnsi(text: string, at: number): number {
  for (let i = at; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === "'") return i + 1;
  }
  return text.length;
}

export function endOfDouble(text: string, at: number): number {
  for (let i = at; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === '"') return i + 1;
    else if (c === '$' || c === '`') i = endOfExpansion(text, i, true);
    else i += 1;
  }
  return text.length;
}

export function endOfBacktick(text: string, at: number): number {
  for (let i = at; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '`') return i + 1;
  }
  return text.length;
}

/** Index after the expansion that begins at `at` ($ or `); `at + 1` when it is a lone dollar. */
export function endOfExpansion(text: string, at: number, inDouble: boolean): number {
  if (text[at] === '`') return endOfBacktick(text, at + 1);
  const next = text[at + 1];
  if (next === '(') {
    if (text[at + 2] === '(') {
      const end = endOfArithmetic(text, at + 3);
      if (end !== undefined) return end;
    }
    return endOfCommand(text, at + 2);
  }
  if (next === '{') return endOfBrace(text, at + 2, inDouble);
  if (next === '[') return endOfBracketArithmetic(text, at + 2);
  if (next === "'" && !inDouble) return endOfAnsi(text, at + 2);
  if (next === '"' && !inDouble) return endOfDouble(text, at + 2);
  if (next !== undefined && /[A-Za-z_]/.test(next)) {
    let end = at + 2;
    while (end < text.length && /[A-Za-z0-9_]/.test(text[end]!)) end += 1;
    return end;
  }
  return next !== undefined && /[0-9@*#?$!-]/.test(next) ? at + 2 : at + 1;
}

/** After `((`: index after `))`, or undefined when the parentheses do not close as a pair (then it was a subshell). */
export function endOfArithmetic(text: string, at: number): number | undefined {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === "'") i = endOfSingle(text, i + 1);
    else if (c === '"') i = endOfDouble(text, i + 1);
    else if (c === '`') i = endOfBacktick(text, i + 1);
    else if (c === '$') i = endOfExpansion(text, i, false);
    else if (c === '(') {
      depth += 1;
      i += 1;
    } else if (c === ')') {
      if (depth === 0) return text[i + 1] === ')' ? i + 2 : undefined;
      depth -= 1;
      i += 1;
    } else i += 1;
  }
  return undefined;
}

function endOfBracketArithmetic(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i += 1) {
    if (text[i] === '[') depth += 1;
    else if (text[i] === ']') {
      if (depth === 0) return i + 1;
      depth -= 1;
    }
  }
  return text.length;
}

export function endOfBrace(text: string, at: number, isDouble: boolean): number {
  // In a pattern quotes count even inside double quotes.
  const inDouble = isDouble && !/^!?[A-Za-z0-9_@*]+(?:\[[^\]]*\])?[#%/^,]/.test(text.slice(at, at + 200));
  for (let i = at; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === '}') return i + 1;
    else if (c === "'" && !inDouble) i = endOfSingle(text, i + 1);
    else if (c === '"') i = endOfDouble(text, i + 1);
    else if (c === '$' || c === '`') i = endOfExpansion(text, i, false);
    else i += 1;
  }
  return text.length;
}

/** After `$(` or `<(`: index after the parenthesis that closes the command. Knows quotes, comments, case patterns and here-documents. */
export function endOfCommand(text: string, at: number): number {
  let depth = 0;
  let cases = 0;
  /** Inside `case w in`, a pattern's closing parenthesis does not close anything. */
  let expectsPattern = false;
  let atCommand = true;
  const pending: { delimiter: string; stripsTabs: boolean }[] = [];
  for (let i = at; i < text.length; ) {
    const c = text[i]!;
    if (c === '\n') {
      i += 1;
      atCommand = true;
      for (const { delimiter, stripsTabs } of pending.splice(0)) {
        while (i < text.length) {
          const end = text.indexOf('\n', i);
          const line = text.slice(i, end < 0 ? text.length : end);
          const bare = stripsTabs ? line.replace(/^\t+/, '') : line;
          if (bare === delimiter) {
            i = end < 0 ? text.length : end + 1;
            break;
          }
          // `EOF)` closes both in bash, with a warning.
          if (end < 0 || bare.startsWith(`${delimiter})`)) {
            i = end < 0 && !bare.startsWith(`${delimiter})`) ? text.length : i + line.length - bare.length + delimiter.length;
            break;
          }
          i = end + 1;
        }
      }
      continue;
    }
    if (c === ' ' || c === '\t') {
      i += 1;
      continue;
    }
    if (c === '#' && (i === at || /[ \t\n;&|(]/.test(text[i - 1]!))) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end;
      continue;
    }
    if (c === ')') {
      if (expectsPattern && cases > 0) {
        expectsPattern = false;
        atCommand = true;
        i += 1;
        continue;
      }
      if (depth === 0) return i + 1;
      depth -= 1;
      i += 1;
      // A function's body may follow.
      atCommand = true;
      continue;
    }
    if (c === '(') {
      if (expectsPattern) {
        i += 1;
        continue;
      }
      depth += 1;
      i += 1;
      atCommand = true;
      continue;
    }
    if (c === ';' || c === '&' || c === '|') {
      if (cases > 0 && text.startsWith(';;', i)) {
        i += text[i + 2] === '&' ? 3 : 2;
        expectsPattern = true;
        continue;
      }
      if (cases > 0 && text.startsWith(';&', i)) {
        i += 2;
        expectsPattern = true;
        continue;
      }
      i += 1;
      atCommand = true;
      continue;
    }
    if (text.startsWith('<<', i) && text[i + 2] !== '<') {
      const match = /^<<(-?)[ \t]*((?:'[^']*'|"[^"]*"|\\.|[^\s;&|<>()'"\\])+)/.exec(text.slice(i));
      if (match !== null) {
        pending.push({ delimiter: match[2]!.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, a: string, b: string, d: string) => a ?? b ?? d), stripsTabs: match[1] === '-' });
        i += match[0].length;
        continue;
      }
    }
    if (c === '<' || c === '>') {
      if (text[i + 1] === '(') i = endOfCommand(text, i + 2);
      else i += text.startsWith('<<<', i) ? 3 : 1;
      continue;
    }
    const start = i;
    while (i < text.length) {
      const d = text[i]!;
      if (d === '\\') i += 2;
      else if (d === "'") i = endOfSingle(text, i + 1);
      else if (d === '"') i = endOfDouble(text, i + 1);
      else if (d === '$' || d === '`') i = endOfExpansion(text, i, false);
      else if (/[ \t\n;&|<>()]/.test(d)) {
        // An extended pattern belongs to its word.
        if (d === '(' && i > start && '?*+@!'.includes(text[i - 1]!)) i = endOfCommand(text, i + 1);
        else break;
      } else i += 1;
    }
    const word = text.slice(start, i);
    if (atCommand && word === 'case') {
      cases += 1;
      atCommand = false;
    } else if (cases > 0 && word === 'in' && !atCommand) {
      expectsPattern = true;
    } else if (cases > 0 && word === 'esac' && (atCommand || expectsPattern)) {
      cases -= 1;
      expectsPattern = false;
    } else if (atCommand) {
      atCommand = ['if', 'then', 'else', 'elif', 'do', 'while', 'until', '{', '!', 'time'].includes(word);
    }
  }
  return text.length;
}

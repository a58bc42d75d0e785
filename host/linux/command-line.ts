/**
 * The programs a line starts, read from its text: what runs under sudo, in another namespace, behind a timeout. Not a shell: quotes and the usual
 * separators are understood, expansions stay as they are typed. See bash(1) "SHELL GRAMMAR".
 */

export interface Started { readonly programs: string[][]; /** The namespace the first program that moves moves to. */ readonly netns: string | undefined }

export function programsOf(line: string): Started {
  const programs: string[][] = [];
  let netns: string | undefined;
  for (const words of simpleCommands(line)) {
    for (let argv = withoutAssignments(words); argv.length > 0; ) {
      programs.push(argv);
      const inner = innerOf(argv);
      netns ??= inner?.netns;
      if (inner?.script !== undefined) {
        const nested = programsOf(inner.script);
        programs.push(...nested.programs);
        netns ??= nested.netns;
      }
      argv = inner?.argv ?? [];
    }
  }
  return { programs, netns };
}

interface Inner { readonly argv?: string[]; readonly netns?: string; readonly script?: string }

function innerOf([program = '', ...words]: readonly string[]): Inner | undefined {
  switch (program.slice(program.lastIndexOf('/') + 1)) {
    case 'sudo': return { argv: withoutAssignments(afterOptions(words, ['-u', '-g'])) };
    case 'ip': {
      const rest = afterOptions(words, ['-n', '-netns', '-f', '-family', '-l', '-loops']);
      const at = words.findIndex((word) => word === '-n' || word === '-netns');
      if (at >= 0 && at < words.length - rest.length) return { netns: words[at + 1]! };
      return rest[0] === 'netns' && /^exec?$/.test(rest[1] ?? '') && rest.length > 3 ? { netns: rest[2]!, argv: rest.slice(3) } : undefined;
    }
    case 'nsenter': {
      const netns = words.map((word) => /^(?:--net=|-n)\/(?:var\/)?run\/netns\/(.+)$/.exec(word)?.[1]).find((name) => name !== undefined);
      return { ...(netns === undefined ? {} : { netns }), argv: afterOptions(words, ['-t', '--target']) };
    }
    case 'timeout': return { argv: afterOptions(words, ['-k', '-s']).slice(1) };
    case 'env': return { argv: withoutAssignments(afterOptions(words, ['-u', '-C'])) };
    case 'nohup': case 'time': case 'stdbuf': case 'setsid': case 'exec': case 'command': return { argv: afterOptions(words, []) };
    case 'watch': return { script: afterOptions(words, ['-n']).join(' ') };
    case 'bash': case 'sh': {
      const at = words.indexOf('-c');
      return at >= 0 && words[at + 1] !== undefined ? { script: words[at + 1]! } : undefined;
    }
    default: return undefined;
  }
}

function afterOptions(words: readonly string[], withValue: readonly string[]): string[] {
  let at = 0;
  while (at < words.length && words[at]!.startsWith('-') && words[at] !== '--') at += withValue.includes(words[at]!) ? 2 : 1;
  return words.slice(words[at] === '--' ? at + 1 : at);
}

function withoutAssignments(words: readonly string[]): string[] {
  const at = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return at < 0 ? [] : words.slice(at);
}

const openers: ReadonlySet<string> = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '{', '!', 'time']);
const notCommands: ReadonlySet<string> = new Set(['for', 'case', 'in', 'esac', 'fi', 'done', '}', 'function', 'select']);

export function simpleCommands(line: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let skipsNext = false;
  const endWord = (): void => {
    if (word === undefined) return;
    if (skipsNext) skipsNext = false;
    else if (words.length > 0 || !openers.has(word)) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    skipsNext = false;
    if (words.length > 0 && !notCommands.has(words[0]!)) commands.push(words);
    words = [];
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === '\\' && at + 1 < line.length) word = `${word ?? ''}${line[++at]!}`;
    else if (character === "'" || character === '"') {
      const start = ++at;
      word ??= '';
      let text = '';
      for (; at < line.length && line[at] !== character; at++) text += character === '"' && line[at] === '\\' && /["\\$`]/.test(line[at + 1] ?? '') ? line[++at]! : line[at]!;
      word += start > line.length ? '' : text;
    } else if (character === '#' && word === undefined) while (at + 1 < line.length && line[at + 1] !== '\n') at++;
    else if (character === '>' || character === '<') {
      if (word !== undefined && /^\d$/.test(word)) word = undefined;
      endWord();
      while (/[<>&|]/.test(line[at + 1] ?? '')) at++;
      skipsNext = true;
    } else if (/[;|&\n()]/.test(character)) endCommand();
    else if (/\s/.test(character)) endWord();
    else word = `${word ?? ''}${character}`;
  }
  endCommand();
  return commands;
}

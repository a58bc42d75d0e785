/** Prompts: backslash escapes, then expansion. Read first: bash(1) "PROMPTING" */
import type { Shell } from './shell.ts';
import { expandDocument } from './expand.ts';
import { formatLocalTime } from './local-time.ts';

/** `\[` and `\]` come out as U+0001 and U+0002. */
export async function expandPrompt(shell: Shell, prompt: string): Promise<string> {
  const { sys } = shell;
  let out = '';
  for (let i = 0; i < prompt.length; i += 1) {
    const c = prompt[i]!;
    if (c !== '\\' || i + 1 >= prompt.length) {
      out += c;
      continue;
    }
    i += 1;
    const kind = prompt[i]!;
    const nowUs = sys.now();
    const protect = (text: string): string => (shell.options.shopt('promptvars') ? text.replace(/[\\$`"]/g, (d) => `\\${d}`) : text);
    switch (kind) {
      case 'a': out += '\x07'; break;
      case 'd': out += formatLocalTime(shell, '%a %b %d', nowUs / 1e6); break;
      case 'D': {
        const end = prompt.indexOf('}', i);
        const format = prompt[i + 1] === '{' && end > 0 ? prompt.slice(i + 2, end) : '';
        if (prompt[i + 1] === '{' && end > 0) i = end;
        out += formatLocalTime(shell, format === '' ? '%X' : format, nowUs / 1e6);
        break;
      }
      case 'e': out += '\x1b'; break;
      case 'h': out += protect(sys.hostname.split('.')[0]!); break;
      case 'H': out += protect(sys.hostname); break;
      case 'j': out += String(shell.jobs.jobs.length); break;
      case 'l': {
        const name = sys.terminalName(0);
        out += name.ok ? name.value.replace(/^.*\//, '') : 'tty';
        break;
      }
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 's': out += protect(shell.name.replace(/^.*\//, '')); break;
      case 't': out += formatLocalTime(shell, '%H:%M:%S', nowUs / 1e6); break;
      case 'T': out += formatLocalTime(shell, '%I:%M:%S', nowUs / 1e6); break;
      case '@': out += formatLocalTime(shell, '%I:%M %p', nowUs / 1e6); break;
      case 'A': out += formatLocalTime(shell, '%H:%M', nowUs / 1e6); break;
      case 'u': out += protect(sys.machine.users().find((user) => user.uid === sys.uid)?.name ?? String(sys.uid)); break;
      case 'v': out += '5.2'; break;
      case 'V': out += '5.2.15'; break;
      case 'w': case 'W': {
        const home = shell.get('HOME') ?? '';
        const cwd = shell.get('PWD') ?? sys.cwd;
        const isHome = home !== '' && home !== '/' && (cwd === home || cwd.startsWith(`${home}/`));
        const shown = isHome ? `~${cwd.slice(home.length)}` : cwd;
        out += protect(kind === 'w' ? trimmed(shell, shown) : shown === '~' || shown === '/' ? shown : shown.replace(/^.*\//, ''));
        break;
      }
      case '!': out += String(shell.historyNumber()); break;
      case '#': out += String(shell.commandLineNumber); break;
      case '$': out += sys.uid === 0 ? '#' : '\\$'; break;
      case '[': out += '\u0001'; break;
      case ']': out += '\u0002'; break;
      case '\\': out += '\\\\'; break;
      default: {
        const octal = /^[0-7]{3}/.exec(prompt.slice(i));
        if (octal !== null) {
          out += String.fromCharCode(Number.parseInt(octal[0], 8) & 255);
          i += 2;
        } else out += `\\${kind}`;
      }
    }
  }
  if (!shell.options.shopt('promptvars')) return out;
  const { status, substitutionStatus } = shell;
  const expanded = await expandDocument(shell, out);
  shell.status = status;
  shell.substitutionStatus = substitutionStatus;
  return expanded;
}

/** PROMPT_DIRTRIM */
function trimmed(shell: Shell, path: string): string {
  const keep = Number(shell.get('PROMPT_DIRTRIM') ?? 0);
  if (!(keep > 0)) return path;
  const parts = path.replace(/^~?\//, '').split('/');
  return parts.length <= keep ? path : `${path.startsWith('~') ? '~/' : ''}.../${parts.slice(-keep).join('/')}`;
}

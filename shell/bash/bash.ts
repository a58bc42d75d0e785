/** bash as a program: its options, where commands come from, how it ends. Read first: bash(1) "OPTIONS", "INVOCATION" */
import type { ExitCode, Program, Sys } from '../../machine/sys.ts';
import { errnoText } from '../../machine/errno.ts';
import { Shell } from './shell.ts';
import { setOption } from './builtins/set.ts';
import { decode, encode } from './escapes.ts';
import { runSubshell } from './execute.ts';
import { runInteractive } from './interactive.ts';
import { SET_OPTIONS, SHOPT_OPTIONS } from './options.ts';
import { parseProgram } from './parse.ts';
import { runProgram, takeUnit } from './run.ts';
import { importFunction, sourceStartupFile } from './startup.ts';
import { VALID_NAME } from './variables.ts';

export const BASH_VERSION = '5.2.15(1)-release';

export const bash: Program = async (sys) => {
  const shell = new Shell(sys);
  return new Start(sys, shell).run();
};

class Start {
  private readonly sys: Sys;
  private readonly shell: Shell;
  private command: string | undefined;
  private wantsCommand = false;
  private isLogin = false;
  private wantsInteractive = false;
  private readsStdin = false;
  private noProfile = false;
  private noRc = false;
  private rcFile: string | undefined;

  constructor(sys: Sys, shell: Shell) {
    this.sys = sys;
    this.shell = shell;
  }

  async run(): Promise<ExitCode> {
    const { sys, shell } = this;
    const argv0 = sys.argv[0] ?? 'bash';
    shell.name = argv0;
    shell.programName = argv0;
    shell.isAsh = /^-?(?:.*\/)?(?:sh|ash)$/.test(argv0) && sys.stat('/bin/busybox').ok;
    if (argv0.startsWith('-')) this.isLogin = true;
    this.importEnvironment();
    const rest = await this.readOptions(sys.argv.slice(1));
    if (typeof rest === 'number') return rest;
    if (/(^|\/)-?sh$/.test(argv0)) shell.options.set('posix', true);
    let args = rest;
    let script: string | undefined;
    if (this.wantsCommand) {
      if (args.length === 0) {
        await shell.write(2, `${argv0}: -c: option requires an argument\n`);
        return 2;
      }
      this.command = args[0];
      args = args.slice(1);
      if (args.length > 0) {
        shell.name = args[0]!;
        shell.programName = args[0]!;
        args = args.slice(1);
      }
      shell.isCommandString = true;
      shell.source = 'environment';
    } else if (args.length > 0 && !this.readsStdin) {
      script = args[0];
      shell.name = script!;
      shell.programName = script!;
      args = args.slice(1);
    } else shell.readsStdin = true;
    shell.positional = [...args];
    shell.isLogin = this.isLogin;
    shell.isInteractive = this.wantsInteractive || (this.command === undefined && script === undefined && sys.isTerminal(0) && sys.isTerminal(2));
    if (this.isLogin) shell.options.setShopt('login_shell', true);
    if (shell.isInteractive) {
      shell.options.setShopt('expand_aliases', true);
      shell.options.set('histexpand', true);
      shell.options.set('history', true);
      shell.options.set('emacs', true);
      shell.historyEnabled = true;
    }
    if (shell.options.posix) shell.options.setShopt('expand_aliases', true);
    if (shell.isInteractive && this.command === undefined && script === undefined) {
      return runInteractive(shell, { noProfile: this.noProfile, noRc: this.noRc, rcFile: this.rcFile });
    }
    return this.runScript(script);
  }

  private async runScript(script: string | undefined): Promise<ExitCode> {
    const { shell, sys } = this;
    return runSubshell(shell, async () => {
      if (this.isLogin && !this.noProfile) {
        await sourceStartupFile(shell, '/etc/profile');
        await sourceStartupFile(shell, `${shell.get('HOME') ?? ''}/.profile`);
      }
      if (shell.isInteractive && !this.noRc) await sourceStartupFile(shell, this.rcFile ?? `${shell.get('HOME') ?? ''}/.bashrc`);
      const env = shell.get('BASH_ENV');
      if (env !== undefined && env !== '' && !shell.isInteractive && !shell.options.posix) await sourceStartupFile(shell, env);
      if (this.command !== undefined) return runProgram(shell, this.command, 1, { mayExec: true, label: '-c' });
      if (script === undefined) return runStandardInput(shell);
      let path = script;
      let found = sys.stat(path);
      if (!found.ok && !path.includes('/')) {
        const inPath = sys.findProgram(path);
        if (inPath.ok) path = inPath.value;
        found = sys.stat(path);
      }
      const complain = async (text: string, status: number): Promise<number> => {
        await shell.write(2, `${sys.argv[0] ?? 'bash'}: ${script}: ${text}\n`);
        return status;
      };
      if (!found.ok) return complain(errnoText(found.error), 127);
      if (found.value.kind === 'directory') return complain('Is a directory', 126);
      const read = await sys.readFile(path);
      if (!read.ok) return complain(errnoText(read.error), 126);
      const firstLine = read.value.subarray(0, Math.min(80, read.value.indexOf(10) < 0 ? 80 : read.value.indexOf(10)));
      if (firstLine.includes(0) || read.value[0] === 0x7f) return complain('cannot execute binary file', 126);
      shell.source = script;
      return runProgram(shell, decode(read.value), 1, {});
    }, true);
  }

  private importEnvironment(): void {
    const { shell, sys } = this;
    for (const [name, value] of sys.env) {
      const exported = /^BASH_FUNC_(.+)%%$/.exec(name);
      if (exported !== null) {
        importFunction(shell, exported[1]!, value);
        continue;
      }
      if (!VALID_NAME.test(name) || name === 'SHELLOPTS' || name === 'BASHOPTS') continue;
      const variable = shell.own(name);
      variable.value = value;
      variable.isExported = true;
    }
    for (const name of (sys.env.get('SHELLOPTS') ?? '').split(':')) if (SET_OPTIONS.some(([, known]) => known === name)) shell.options.set(name, true);
    const pwd = sys.env.get('PWD');
    const here = sys.cwd;
    const same = pwd !== undefined && pwd.startsWith('/') && sys.stat(pwd).ok && sys.realPath(pwd).ok && (sys.realPath(pwd) as { value: string }).value === here;
    shell.setVariable('PWD', same ? pwd : here);
    shell.own('PWD').isExported = true;
    shell.workingDirectory = same ? pwd : here;
    const set = (name: string, value: string): void => {
      if (shell.rawVariable(name) === undefined) shell.setVariable(name, value);
    };
    if (sys.env.get('OLDPWD') === undefined) shell.own('OLDPWD').isExported = true;
    shell.setVariable('SHLVL', String((Number.parseInt(sys.env.get('SHLVL') ?? '0', 10) || 0) + 1));
    shell.own('SHLVL').isExported = true;
    shell.setVariable('IFS', ' \t\n');
    shell.setVariable('OPTIND', '1');
    shell.setVariable('OPTERR', '1');
    shell.setVariable('PS4', sys.env.get('PS4') ?? '+ ');
    set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
    set('HOSTNAME', sys.hostname);
    set('HOSTTYPE', 'x86_64');
    set('MACHTYPE', 'x86_64-pc-linux-gnu');
    set('OSTYPE', 'linux-gnu');
    set('BASH', '/usr/bin/bash');
    set('TERM', 'dumb');
    shell.setVariable('BASH_VERSION', BASH_VERSION);
    shell.setArray('BASH_VERSINFO', ['5', '2', '15', '1', 'release', 'x86_64-pc-linux-gnu']);
    shell.own('BASH_VERSINFO').isReadOnly = true;
    shell.lastArgument = sys.env.get('_') ?? '';
  }

  private async readOptions(argv: readonly string[]): Promise<string[] | number> {
    const { shell } = this;
    const refuse = async (word: string): Promise<number> => {
      await shell.write(2, `${shell.name}: ${word}: invalid option\nUsage:\t${shell.name} [GNU long option] [option] ...\n\t${shell.name} [GNU long option] [option] script-file ...\n`);
      return 2;
    };
    let i = 0;
    for (; i < argv.length; i += 1) {
      const word = argv[i]!;
      if (word === '--' || word === '-') {
        i += 1;
        break;
      }
      if (word.startsWith('--')) {
        switch (word) {
          case '--login': this.isLogin = true; break;
          case '--norc': this.noRc = true; break;
          case '--noprofile': this.noProfile = true; break;
          case '--noediting': case '--debugger': case '--restricted': break;
          case '--posix': shell.options.set('posix', true); break;
          case '--verbose': shell.options.set('verbose', true); break;
          case '--rcfile': case '--init-file':
            i += 1;
            this.rcFile = argv[i];
            break;
          case '--version':
            await shell.write(1, 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n');
            return 0;
          case '--help':
            await shell.write(1, `GNU bash, version 5.2.15(1)-release-(x86_64-pc-linux-gnu)\nUsage:\t${shell.name} [GNU long option] [option] ...\n\t${shell.name} [GNU long option] [option] script-file ...\n`);
            return 0;
          default: return refuse(word);
        }
        continue;
      }
      if (!/^[-+]./.test(word)) break;
      const on = word[0] === '-';
      for (const letter of word.slice(1)) {
        if (letter === 'c') this.wantsCommand = true;
        else if (letter === 's') this.readsStdin = true;
        else if (letter === 'i') this.wantsInteractive = true;
        else if (letter === 'l') this.isLogin = true;
        else if (letter === 'D' || letter === 'r') continue;
        else if (letter === 'o' || letter === 'O') {
          const name = argv[i + 1];
          if (name === undefined) continue;
          i += 1;
          const isSet = letter === 'o' && SET_OPTIONS.some(([, known]) => known === name);
          if (isSet) setOption(shell, name, on);
          else if (letter === 'O' && SHOPT_OPTIONS.some(([known]) => known === name)) shell.options.setShopt(name, on);
          else {
            await shell.write(2, `${shell.name}: ${name}: invalid ${letter === 'o' ? 'option' : 'shell option'} name\n`);
            return letter === 'o' ? 2 : 1;
          }
        } else {
          const entry = SET_OPTIONS.find(([short]) => short === letter);
          if (entry === undefined) return refuse(`${word[0]}${letter}`);
          setOption(shell, entry[1], on);
        }
      }
    }
    return argv.slice(i);
  }
}

/** Commands from a file or pipe at descriptor 0: what a command reads there is not read by the shell. */
export async function runStandardInput(shell: Shell): Promise<number> {
  const { sys } = shell;
  let status = 0;
  let line = 1;
  const canSeek = sys.seek(0, 0, 'current').ok;
  let text = '';
  /** Bytes of `text` begin here in the file. */
  let isEnd = false;
  const fill = async (): Promise<boolean> => {
    if (isEnd) return false;
    const part = await sys.read(0, canSeek ? 65_536 : 1);
    if (!part.ok || part.value.length === 0) {
      isEnd = true;
      return false;
    }
    text += decode(part.value);
    return true;
  };
  for (;;) {
    if (canSeek) while (await fill());
    else while (!text.endsWith('\n') && (await fill()));
    if (text === '') return status;
    if (!shell.options.expandAliases && canSeek && !/(?:^|[\s;&|(])(?:read|cat|bash|sh|head|exec|mapfile|readarray|select|while|source|\.)(?:\s|$)/.test(text) && !shell.options.verbose) {
      // Nothing in it reads what we read: run it in one go.
      return runProgram(shell, text, line, {});
    }
    const unit = takeUnit(shell, text, line);
    if (unit === undefined) return status;
    if (!canSeek && !isEnd && needsMore(unit.text)) {
      const before = text;
      while ((await fill()) && !text.endsWith('\n'));
      if (text !== before) continue;
    }
    text = unit.rest;
    if (canSeek) {
      sys.seek(0, -encode(text).length, 'end');
    }
    if (shell.options.verbose) await shell.write(2, unit.consumed);
    status = await runProgram(shell, unit.text, line, { label: 'stdin' });
    shell.status = status;
    if (shell.flow !== undefined) shell.flow = undefined;
    if (unit.failed) {
      return status;
    }
    for (const c of unit.consumed) if (c === '\n') line += 1;
    if (canSeek) {
      text = '';
      isEnd = false;
    }
  }
}

function needsMore(text: string): boolean {
  const parsed = parseProgram(text);
  return parsed.openDocuments.length > 0 || parsed.trouble?.isIncomplete === true || /(?:^|[^\\])(?:\\\\)*\\\n$/.test(text);
}

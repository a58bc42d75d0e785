/** set -o and shopt. Read first: bash(1) "set", "shopt" */
import type { Shell } from './shell.ts';

/** Letter, long name. */
export const SET_OPTIONS: readonly (readonly [letter: string, name: string])[] = [
  ['a', 'allexport'], ['B', 'braceexpand'], ['', 'emacs'], ['e', 'errexit'], ['E', 'errtrace'], ['T', 'functrace'], ['h', 'hashall'], ['H', 'histexpand'], ['', 'history'], ['', 'ignoreeof'], ['', 'interactive-comments'],
  ['k', 'keyword'], ['m', 'monitor'], ['C', 'noclobber'], ['n', 'noexec'], ['f', 'noglob'], ['', 'nolog'], ['b', 'notify'], ['u', 'nounset'], ['t', 'onecmd'], ['P', 'physical'], ['', 'pipefail'], ['', 'posix'], ['p', 'privileged'],
  ['v', 'verbose'], ['', 'vi'], ['x', 'xtrace'],
];

/** Name -> what it is at the start of a script. */
export const SHOPT_OPTIONS: readonly (readonly [name: string, initial: boolean])[] = [
  ['autocd', false], ['assoc_expand_once', false], ['cdable_vars', false], ['cdspell', false], ['checkhash', false], ['checkjobs', false], ['checkwinsize', true], ['cmdhist', true], ['compat31', false], ['compat32', false], ['compat40', false],
  ['compat41', false], ['compat42', false], ['compat43', false], ['compat44', false], ['complete_fullquote', true], ['direxpand', false], ['dirspell', false], ['dotglob', false], ['execfail', false], ['expand_aliases', false], ['extdebug', false],
  ['extglob', false], ['extquote', true], ['failglob', false], ['force_fignore', true], ['globasciiranges', true], ['globskipdots', true], ['globstar', false], ['gnu_errfmt', false], ['histappend', false], ['histreedit', false], ['histverify', false], ['hostcomplete', true],
  ['huponexit', false], ['inherit_errexit', false], ['interactive_comments', true], ['lastpipe', false], ['lithist', false], ['localvar_inherit', false], ['localvar_unset', false], ['login_shell', false], ['mailwarn', false], ['no_empty_cmd_completion', false],
  ['nocaseglob', false], ['nocasematch', false], ['noexpand_translation', false], ['nullglob', false], ['patsub_replacement', true], ['progcomp', true], ['progcomp_alias', false], ['promptvars', true], ['restricted_shell', false], ['shift_verbose', false], ['sourcepath', true],
  ['varredir_close', false], ['xpg_echo', false],
];

export class Options {
  private on: Set<string>;
  private shopts: Set<string>;
  /** The sets belong to a parent too: copy before a change. */
  private isShared = false;
  /** The ones that every command looks at. */
  errexit = false;
  nounset = false;
  xtrace = false;
  noglob = false;
  noexec = false;
  pipefail = false;
  allexport = false;
  braceexpand = true;
  noclobber = false;
  errtrace = false;
  functrace = false;
  monitor = false;
  posix = false;
  verbose = false;
  extglob = false;
  expandAliases = false;
  lastpipe = false;
  /** Told when a variable changes (readline's settings, HISTSIZE ...). */
  watch: ((shell: Shell, name: string) => void) | undefined;

  constructor(on: Iterable<string> = ['braceexpand', 'hashall', 'interactive-comments'], shopts: Iterable<string> = SHOPT_OPTIONS.filter(([, initial]) => initial).map(([name]) => name)) {
    this.on = on instanceof Set ? on : new Set(on);
    this.shopts = shopts instanceof Set ? shopts : new Set(shopts);
    this.mirror();
  }

  private unshare(): void {
    if (!this.isShared) return;
    this.on = new Set(this.on);
    this.shopts = new Set(this.shopts);
    this.isShared = false;
  }

  clone(): Options {
    const copy = new Options(this.on, this.shopts);
    this.isShared = true;
    copy.isShared = true;
    copy.watch = this.watch;
    return copy;
  }

  has(name: string): boolean {
    return this.on.has(name);
  }
  set(name: string, value: boolean): void {
    if (this.on.has(name) === value) return;
    this.unshare();
    if (value) this.on.add(name);
    else this.on.delete(name);
    if (name === 'vi' && value) this.on.delete('emacs');
    if (name === 'emacs' && value) this.on.delete('vi');
    this.mirror();
  }
  shopt(name: string): boolean {
    return this.shopts.has(name);
  }
  setShopt(name: string, value: boolean): void {
    if (this.shopts.has(name) === value) return;
    this.unshare();
    if (value) this.shopts.add(name);
    else this.shopts.delete(name);
    this.mirror();
  }
  private mirror(): void {
    const { on } = this;
    this.errexit = on.has('errexit');
    this.nounset = on.has('nounset');
    this.xtrace = on.has('xtrace');
    this.noglob = on.has('noglob');
    this.noexec = on.has('noexec');
    this.pipefail = on.has('pipefail');
    this.allexport = on.has('allexport');
    this.braceexpand = on.has('braceexpand');
    this.noclobber = on.has('noclobber');
    this.errtrace = on.has('errtrace');
    this.functrace = on.has('functrace');
    this.monitor = on.has('monitor');
    this.posix = on.has('posix');
    this.verbose = on.has('verbose');
    this.extglob = this.shopts.has('extglob');
    this.expandAliases = this.shopts.has('expand_aliases');
    this.lastpipe = this.shopts.has('lastpipe');
  }
  /** $- */
  letters(shell: Shell): string {
    let text = '';
    for (const letter of 'abefhkmnptuvxBCEHPT') {
      const entry = SET_OPTIONS.find(([short]) => short === letter);
      if (entry !== undefined && this.on.has(entry[1])) text += letter;
    }
    const insert = text.search(/[kmnptuvxBCEHPT]/);
    if (shell.isInteractive) text = insert < 0 ? `${text}i` : `${text.slice(0, insert)}i${text.slice(insert)}`;
    return text + (shell.isCommandString ? 'c' : '') + (shell.readsStdin ? 's' : '');
  }
  setNames(): string[] {
    return SET_OPTIONS.map(([, name]) => name).filter((name) => this.on.has(name));
  }
  shoptNames(): string[] {
    return SHOPT_OPTIONS.map(([name]) => name).filter((name) => this.shopts.has(name));
  }
}

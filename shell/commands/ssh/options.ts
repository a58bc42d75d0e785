/** Command-line options and configuration of ssh(1), as far as they mean something here. */

export interface SshOptions {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number;
  readonly command: string | undefined;
  readonly identities: readonly string[];
  readonly settings: ReadonlyMap<string, string>;
  readonly terminal: 'ask' | 'never' | 'as-needed';
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly isInputOff: boolean;
}

export const USAGE = `usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]
           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]
           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]
           [-i identity_file] [-J [user@]host[:port]] [-L address]
           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]
           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]
           [-w local_tun[:remote_tun]] destination [command [argument ...]]`;

const TAKE_VALUE = 'BbcDEeFIiJLlmOopQRSWw';
const WITHOUT_EFFECT = '46aCfkTtqvnxAy';

/** A text is what is wrong; 'usage' shows the usage. */
export function parseSsh(args: readonly string[]): SshOptions | 'usage' | 'version' | { readonly problem: string } | { readonly notSimulated: string } {
  const settings = new Map<string, string>();
  const identities: string[] = [];
  let user: string | undefined;
  let port: number | undefined;
  let terminal: SshOptions['terminal'] = 'as-needed';
  let destination: string | undefined;
  const flags = new Set<string>();
  const command: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (destination !== undefined && (!word.startsWith('-') || command.length > 0)) {
      command.push(...args.slice(at));
      break;
    }
    if (word === '--') {
      if (destination === undefined) {
        destination = args[at + 1];
        at += 1;
      }
      command.push(...args.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      destination = word;
      continue;
    }
    for (let index = 1; index < word.length; index += 1) {
      const letter = word[index]!;
      if (letter === 'V') return 'version';
      if (!TAKE_VALUE.includes(letter)) {
        if (letter === 't') terminal = 'ask';
        else if (letter === 'T') terminal = 'never';
        else if (!WITHOUT_EFFECT.includes(letter)) return /[a-zA-Z]/.test(letter) && 'GgKMNsXY'.includes(letter) ? { notSimulated: `option -${letter}` } : { problem: `unknown option -- ${letter}` };
        flags.add(letter);
        continue;
      }
      const value = word.slice(index + 1) || args[at += 1];
      if (value === undefined) return { problem: `option requires an argument -- ${letter}` };
      if (letter === 'l') user = value;
      else if (letter === 'p') port = Number(value);
      else if (letter === 'i') identities.push(value);
      else if (letter === 'o') {
        const [name = '', ...rest] = value.split(/[= ]/);
        settings.set(name.toLowerCase(), rest.join(' ').trim());
      } else if (!'beEFcm'.includes(letter)) return { notSimulated: `option -${letter}` };
      break;
    }
  }
  if (destination === undefined) return 'usage';
  const at = destination.lastIndexOf('@');
  const chosenPort = port ?? Number(settings.get('port') ?? '22');
  if (!Number.isInteger(chosenPort) || chosenPort < 1 || chosenPort > 65_535) return { problem: `Bad port '${String(port)}'` };
  return {
    host: destination.slice(at + 1).replace(/^ssh:\/\//, ''), user: user ?? (at > 0 ? destination.slice(0, at) : settings.get('user')), port: chosenPort, command: command.length === 0 ? undefined : command.join(' '), identities, settings, terminal,
    isQuiet: flags.has('q') || settings.get('loglevel')?.toUpperCase() === 'QUIET', isVerbose: flags.has('v'), isInputOff: flags.has('n'),
  };
}

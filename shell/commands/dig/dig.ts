/** dig(1) of BIND 9.18. Read first: dig(1), bin/dig/dig.c (dash_option, plus_option, printmessage) */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { literalAddress, resolveHost, resolverConfiguration, reverseName } from '../../lib/resolve.ts';
import { dns } from '../../ports/wire.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { askAll, emitQuestion, exchange, type Exchange } from './exchange.ts';
import { dataText, headerText, isOpt, optText, questionLine, recordLine, typeNumbers } from './text.ts';
import { digHelp, digUsage } from './usage.ts';

export const VERSION = '9.18.49-1~deb12u3-Debian';

interface Lookup {
  name: string | undefined;
  type: number | undefined;
  server: string | undefined;
  port: number;
  family: 'inet' | 'inet6' | undefined;
  source: string | undefined;
  isShort: boolean;
  tries: number;
  timeoutUs: number;
  /** What is printed and asked, by the name of its `+` option. */
  flags: Record<string, boolean>;
  /** Whether the line with the command, and that a server was given, are shown: as it was when the name came. */
  greeting: { readonly isShown: boolean; readonly hasServer: boolean };
}

const initialFlags: Readonly<Record<string, boolean>> = { cmd: true, comments: true, question: true, answer: true, authority: true, additional: true, stats: true, ttlid: true, class: true, multiline: false, identify: false, recurse: true, edns: true, cookie: true, tcp: false, qr: false, search: false };
const aliases: Readonly<Record<string, string>> = { cl: 'class', ttl: 'ttlid', vc: 'tcp', multi: 'multiline', rec: 'recurse', defname: 'search', noall: 'noall' };
const sections = ['question', 'answer', 'authority', 'additional', 'comments', 'stats', 'cmd'];

export const dig = defineCommand({
  name: 'dig', summary: 'ask a name server', package: 'bind9-dnsutils',
  run: async (call) => {
    const read = readWords(call);
    if (typeof read === 'number') return read;
    let code: ExitCode = 0;
    for (const [index, lookup] of read.entries()) code = Math.max(code, await look(call, lookup, index === 0));
    return code;
  },
});

/** The lookups of a command line; a number is the exit code of a line that is wrong or asks for help. */
function readWords(call: Invocation): Lookup[] | ExitCode {
  const common: Lookup = { name: undefined, type: undefined, server: undefined, port: 53, family: undefined, source: undefined, isShort: false, tries: 3, timeoutUs: 5_000_000, flags: { ...initialFlags }, greeting: { isShown: true, hasServer: false } };
  const lookups: Lookup[] = [];
  let current = common;
  const named = (name: string): void => {
    const first = lookups.length === 0;
    current = { ...(first ? current : common), flags: { ...(first ? current : common).flags }, name };
    current.greeting = { isShown: current.flags['cmd']!, hasServer: current.server !== undefined };
    lookups.push(current);
  };
  const invalid = (word: string): ExitCode => {
    call.err(`Invalid option: ${word}`);
    call.writeErr(digUsage);
    return 1;
  };
  const fatal = (what: string, text: string, code: ExitCode): ExitCode => {
    call.out(`invalid ${what} '${text}': ${/^\d+$/.test(text) ? 'out of range' : 'not a valid number'}`);
    call.err(`dig: Couldn't parse ${what}`);
    return code;
  };
  const words = [...call.args];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word.startsWith('@')) {
      current.server = word.slice(1);
    } else if (word.startsWith('+')) {
      const outcome = plusOption(call, current, word, fatal);
      if (outcome !== undefined) return outcome === 'invalid' ? invalid(word) : outcome;
    } else if (/^-./.test(word)) {
      const letter = word[1]!;
      if (letter === 'v') {
        call.out(`DiG ${VERSION}`);
        return 0;
      }
      if (letter === 'h') {
        call.write(digHelp);
        return 0;
      }
      if (letter === '4' || letter === '6') current.family = letter === '4' ? 'inet' : 'inet6';
      else if ('dimru'.includes(letter)) continue;
      else if ('fky'.includes(letter)) return notSimulated(call, `option -${letter}`);
      else if ('bcpqtx'.includes(letter)) {
        const value = word.length > 2 ? word.slice(2) : words.shift();
        if (value === undefined) return invalid(word);
        if (letter === 'b') current.source = value;
        else if (letter === 'p') {
          if (!/^\d+$/.test(value) || Number(value) > 65535) return fatal('port number', value, 1);
          current.port = Number(value);
        } else if (letter === 'q') named(value);
        else if (letter === 'x') {
          named(literalAddress(value) === undefined ? `${value.split('.').reverse().join('.')}.in-addr.arpa` : reverseName(value));
          current.type = 12;
        } else if (letter === 't') setType(call, current, value);
        else if (!/^in$/i.test(value)) return notSimulated(call, `class ${value}`);
      } else return invalid(word);
    } else if (typeNumbers[word.toUpperCase()] !== undefined) setType(call, current, word);
    else if (!/^in$/i.test(word)) {
      const type = current.name === undefined ? current.type : undefined;
      named(word);
      if (type !== undefined) current.type = type;
    }
  }
  if (lookups.length === 0) {
    named('.');
    current.type ??= 2;
  }
  return lookups;
}

function setType(call: Invocation, lookup: Lookup, text: string): void {
  const type = typeNumbers[text.toUpperCase()] ?? (/^TYPE\d+$/i.test(text) ? Number(text.slice(4)) : undefined);
  if (type === undefined) call.err(`;; Warning, ignoring invalid type ${text}`);
  else lookup.type = type;
}

function plusOption(call: Invocation, lookup: Lookup, word: string, fatal: (what: string, text: string, code: ExitCode) => ExitCode): ExitCode | 'invalid' | undefined {
  const [, negation, typed = '', value] = /^\+(no)?([a-z]+)(?:=(.*))?$/.exec(word) ?? [];
  const isOn = negation === undefined;
  const { flags } = lookup;
  if (typed === 'all') for (const name of sections) flags[name] = isOn;
  else if (typed === 'short') {
    lookup.isShort = isOn;
    if (isOn) flags['cmd'] = false;
  } else if (typed === 'time' || typed === 'timeout' || typed === 'tries' || typed === 'retry') {
    const what = typed === 'tries' ? 'tries' : typed === 'retry' ? 'retries' : 'timeout';
    if (value === undefined || !/^\d+$/.test(value)) return fatal(what, value ?? '', 10);
    if (what === 'timeout') lookup.timeoutUs = Math.max(1, Number(value)) * 1e6;
    else lookup.tries = Math.max(1, Number(value) + (what === 'retries' ? 1 : 0));
  } else if (['bufsize', 'ndots', 'rrcomments', 'adflag', 'aaonly', 'cdflag', 'dnssec', 'nssearch', 'trace', 'yaml', 'subnet', 'https', 'tls', 'ednsopt', 'ednsflags', 'nsid', 'expire', 'split', 'unknownformat', 'idnin', 'idnout', 'crypto', 'onesoa', 'showsearch', 'sigchase', 'header', 'zflag', 'badcookie', 'besteffort', 'fail', 'ignore', 'keepopen', 'keepalive', 'mapped', 'opcode', 'padding', 'qid', 'raflag', 'rdflag', 'tcflag', 'ttlunits', 'zoneversion', 'expandaaaa', 'domain', 'dns64prefix'].includes(typed)) {
    // These change nothing of what is shown here when they are off.
    if (!isOn && ['rrcomments', 'dnssec', 'adflag', 'crypto', 'idnin', 'idnout', 'fail', 'split', 'trace', 'yaml'].includes(typed)) return undefined;
    return notSimulated(call, `option ${word}`);
  } else {
    const name = aliases[typed] ?? typed;
    if (!(name in initialFlags)) return 'invalid';
    flags[name] = isOn;
  }
  return undefined;
}

interface Server { readonly server: string; readonly shown: string }

/** undefined: the name of the server is unknown. */
async function serversOf(call: Invocation, lookup: Lookup): Promise<Server[] | undefined> {
  if (lookup.server === undefined) {
    const { servers } = await resolverConfiguration(call.sys);
    return (servers.length === 0 ? ['::1', '127.0.0.1'] : servers).filter((server) => lookup.family === undefined || server.includes(':') === (lookup.family === 'inet6')).map((server) => ({ server, shown: server }));
  }
  const found = await resolveHost(call.sys, lookup.server, lookup.family);
  return found.ok ? found.addresses.map(({ address }) => ({ server: address, shown: lookup.server! })) : undefined;
}

async function look(call: Invocation, lookup: Lookup, isFirst: boolean): Promise<ExitCode> {
  const { flags, port } = lookup;
  const servers = await serversOf(call, lookup);
  if (servers === undefined) {
    call.err(`dig: couldn't get address for '${lookup.server!}': not found`);
    return 1;
  }
  const name = lookup.name === '.' ? '' : lookup.name!.replace(/\.$/, '');
  const type = lookup.type ?? 1;
  const question = { name, type, wantsRecursion: flags['recurse']!, hasEdns: flags['edns']!, hasCookie: flags['cookie']!, overTcp: flags['tcp']! || type === typeNumbers['ANY'] || type === typeNumbers['AXFR'] };
  const greeting = isFirst && lookup.greeting.isShown ? `\n; <<>> DiG ${VERSION} <<>> ${call.args.join(' ')}${lookup.greeting.hasServer ? `\n; (${servers.length} server${servers.length === 1 ? '' : 's'} found)` : ''}\n;; global options: +cmd` : undefined;
  const sent = emitQuestion(call.sys, question);
  const isGreeted = greeting !== undefined && flags['cmd'] === true && !lookup.isShort;
  if (flags['qr'] === true && !lookup.isShort) {
    if (isGreeted) call.out(greeting);
    printSent(call, sent);
  }
  const answer = await askAll(servers, lookup.tries, ({ server }) => exchange(call.sys, server, port, question, sent, lookup.timeoutUs, lookup.source), ({ server, shown }, failure) => {
    if (failure.isConnect) call.out(`;; ${question.overTcp ? 'Connection to' : 'UDP setup with'} ${server}#${port}(${shown}) for ${question.overTcp ? name : ''}${question.overTcp ? '' : '.'} failed: ${failure.reason}.\n;; no servers could be reached`);
    else call.out(`;; communications error to ${server}#${port}: ${failure.reason}`);
  });
  if (answer === undefined) {
    if (question.overTcp || lookup.source !== undefined) return 9;
    if (greeting !== undefined && flags['comments'] === true) call.out(greeting);
    call.out(';; no servers could be reached');
    return 9;
  }
  if (lookup.isShort) {
    for (const record of answer.message.answers) call.out(`${dataText(record)}${flags['identify'] === true ? ` from server ${answer.from.server} in ${Math.floor(answer.us / 1000)} ms.` : ''}`);
    return 0;
  }
  if (isGreeted && flags['qr'] !== true) call.out(greeting);
  printMessage(call, lookup, answer, question.wantsRecursion);
  if (flags['stats'] === true) {
    const { server, shown } = answer.from;
    call.out(`;; Query time: ${Math.floor(answer.us / 1000)} msec\n;; SERVER: ${server}#${port}(${shown}) (${question.overTcp ? 'TCP' : 'UDP'})\n;; WHEN: ${formatTime('%a %b %d %H:%M:%S UTC %Y', call.sys.now() / 1e6)}\n;; MSG SIZE  rcvd: ${answer.bytes.length}`);
  }
  if (flags['stats'] === true) call.out('');
  return 0;
}

function printSent(call: Invocation, sent: Uint8Array): void {
  const message = dns.parse(sent);
  if (typeof message === 'string') return;
  const opt = message.additionals.find(isOpt);
  call.out(`;; Sending:\n${headerText(message, sent)}\n\n${opt === undefined ? '' : `${optText(opt)}\n`};; QUESTION SECTION:\n${questionLine(message.questions[0]!)}\n\n;; QUERY SIZE: ${sent.length}\n`);
}

function printMessage(call: Invocation, { flags }: Lookup, { message, bytes }: Exchange, askedRecursion: boolean): void {
  const hasComments = flags['comments'] === true;
  const style = { hasTtl: flags['ttlid']!, hasClass: flags['class']!, isMultiline: flags['multiline']! };
  if (hasComments) {
    call.out(`;; Got answer:\n${headerText(message, bytes)}`);
    if (askedRecursion && !message.recursionAvailable) call.out(';; WARNING: recursion requested but not available');
    call.out('');
  }
  const opt = message.additionals.find(isOpt);
  if (opt !== undefined && hasComments) call.out(optText(opt));
  if (flags['question'] === true) {
    if (hasComments) call.out(';; QUESTION SECTION:');
    for (const question of message.questions) call.out(questionLine(question, style));
    if (hasComments) call.out('');
  }
  for (const [name, records] of [['answer', message.answers], ['authority', message.authorities], ['additional', message.additionals.filter((record) => !isOpt(record))]] as const) {
    if (flags[name] !== true || records.length === 0) continue;
    if (hasComments) call.out(`;; ${name.toUpperCase()} SECTION:`);
    for (const record of records) call.out(recordLine(record, style));
    if (hasComments) call.out('');
  }
}

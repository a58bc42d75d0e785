/** host(1) and nslookup(1) of BIND 9.18. Read first: host(1), bin/dig/host.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { askServer, candidates, literalAddress, resolveHost, resolverConfiguration, reverseName } from '../../lib/resolve.ts';
import type { dns } from '../../ports/wire.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { VERSION } from './dig.ts';
import { askAll, emitQuestion, exchange } from './exchange.ts';
import { codes, dataText, headerText, isOpt, questionLine, recordLine, typeName, typeNumbers } from './text.ts';
import { hostUsage } from './usage.ts';

/** What `host` calls a record, between its owner and its data. */
const phrases: Readonly<Record<number, string>> = { 1: 'has address', 2: 'name server', 5: 'is an alias for', 6: 'has SOA record', 12: 'domain name pointer', 15: 'mail is handled by', 16: 'descriptive text', 28: 'has IPv6 address', 33: 'has SRV record' };
const NAME_ERROR = 3;

export const host = defineCommand({
  name: 'host', summary: 'look up a name', package: 'bind9-host',
  run: async (call) => {
    const options = parseOptions(call.args, { short: 'aAc:dilrst:vVwCDN:m:p:R:TUW:46' });
    if (options.error !== undefined) {
      call.err(`host: ${options.error.replace('invalid option', 'illegal option').replace(/'(.)'$/, '$1')}`);
      call.writeErr(hostUsage);
      return 1;
    }
    if (options.has('V')) {
      call.err(`host ${VERSION}`);
      return 0;
    }
    const refused = options.options.find(({ name }) => 'AcCilmNsT'.includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const typed = options.value('t');
    const chosen = options.has('a') ? typeNumbers['ANY'] : typed === undefined ? undefined : typeNumbers[typed.toUpperCase()];
    if (typed !== undefined && chosen === undefined) {
      call.err(`host: invalid type: ${typed}\n`);
      return 2;
    }
    const [name, given] = options.operands;
    if (name === undefined) {
      call.writeErr(hostUsage);
      return 1;
    }
    const found = given === undefined ? undefined : await resolveHost(call.sys, given);
    if (found?.ok === false) {
      call.err(`host: couldn't get address for '${given!}': not found`);
      return 1;
    }
    const configuration = await resolverConfiguration(call.sys);
    const own = configuration.servers.length === 0 ? ['::1', '127.0.0.1'] : configuration.servers;
    const servers = found === undefined ? own.map((server) => ({ server })) : [{ server: found.addresses[0]!.address }];
    const isAddress = literalAddress(name) !== undefined;
    const run: Run = { call, servers, given, port: Number(options.value('p') ?? 53), tries: Number(options.value('R') ?? 1) + 1, timeoutUs: (Number(options.value('W')) || 5) * 1e6, isVerbose: options.has('v') || options.has('d') || options.has('a'), wantsRecursion: !options.has('r'), isIntroduced: false };
    const types = isAddress && chosen === undefined ? [12] : chosen === undefined ? [1, 28, 15] : [chosen];
    const names = isAddress ? [reverseName(name)] : candidates(name, configuration);
    let code: ExitCode = 0;
    for (const type of types) {
      const outcome = await lookUp(run, names, type, { shown: isAddress ? `${names[0]!}.` : name.replace(/\.$/, ''), isOnly: chosen !== undefined || isAddress });
      if (outcome === 'nothing') return 1;
      if (outcome === 'missing') {
        code = 1;
        break;
      }
    }
    return code;
  },
});

interface Run { readonly call: Invocation; readonly servers: readonly { server: string }[]; readonly given: string | undefined; readonly port: number; readonly tries: number; readonly timeoutUs: number; readonly isVerbose: boolean; readonly wantsRecursion: boolean; isIntroduced: boolean }

/** One type, by each name of the search list until one is known. */
async function lookUp(run: Run, names: readonly string[], type: number, about: { shown: string; isOnly: boolean }): Promise<'found' | 'missing' | 'nothing'> {
  const { call, port } = run;
  let code = 0;
  for (const name of names) {
    const question = { name, type, wantsRecursion: run.wantsRecursion, hasEdns: false, hasCookie: false, overTcp: type === typeNumbers['ANY'] };
    if (run.isVerbose) call.out(`Trying "${name}"`);
    const sent = emitQuestion(call.sys, question);
    sent[3] = sent[3]! & ~0x20;
    const answer = await askAll(run.servers, run.tries, ({ server }) => exchange(call.sys, server, port, question, sent, run.timeoutUs), ({ server }, { reason }) => call.out(`;; communications error to ${server}#${port}: ${reason}`));
    if (answer === undefined) {
      call.out(';; no servers could be reached');
      return 'nothing';
    }
    if (run.given !== undefined && !run.isIntroduced) call.out(`Using domain server:\nName: ${run.given}\nAddress: ${answer.from.server}#${port}\nAliases: \n`);
    run.isIntroduced = true;
    const { message } = answer;
    code = message.responseCode;
    if (code === NAME_ERROR && name !== names.at(-1)) continue;
    if (code !== 0) break;
    if (run.isVerbose) {
      printWhole(call, message, answer.bytes);
      call.out(`Received ${answer.bytes.length} bytes from ${answer.from.server}#${port} in ${Math.floor(answer.us / 1000)} ms`);
      return 'found';
    }
    for (const record of message.answers) {
      const kind = typeNumber(record);
      // The alias has been told with the first type.
      if (kind === 5 && type !== 1 && !about.isOnly) continue;
      call.out(`${record.name} ${phrases[kind] ?? `has ${typeName(kind)} record`} ${dataText(record)}`);
    }
    if (message.answers.length === 0 && about.isOnly) call.out(`${about.shown} has no ${typeName(type)} record`);
    return 'found';
  }
  call.out(`Host ${about.shown} not found: ${code}(${codes[code] ?? ''})`);
  return 'missing';
}

function typeNumber(record: dns.DnsRecord): number {
  return record.data.kind === 'other' ? record.data.type : typeNumbers[record.data.kind.toUpperCase()]!;
}

function printWhole(call: Invocation, message: dns.DnsMessage, bytes: Uint8Array): void {
  call.out(`${headerText(message, bytes)}\n\n;; QUESTION SECTION:\n${message.questions.map((question) => questionLine(question)).join('\n')}\n`);
  for (const [name, records] of [['ANSWER', message.answers], ['AUTHORITY', message.authorities], ['ADDITIONAL', message.additionals.filter((record) => !isOpt(record))]] as const) {
    if (records.length > 0) call.out(`;; ${name} SECTION:\n${records.map((record) => recordLine(record)).join('\n')}\n`);
  }
}

export const nslookup = defineCommand({
  name: 'nslookup', summary: 'look up a name', package: 'bind9-dnsutils',
  run: async (call) => {
    const [name, server] = call.args.filter((word) => !word.startsWith('-'));
    if (name === undefined) return notSimulated(call, 'interactive mode');
    const own = (await resolverConfiguration(call.sys)).servers;
    const address = server ?? own[0] ?? '127.0.0.1';
    const isAddress = /^[\d.]+$|:/.test(name);
    let answer: dns.DnsMessage | undefined;
    for (const candidate of isAddress ? [reverseName(name)] : candidates(name, await resolverConfiguration(call.sys))) {
      answer = await askServer(call.sys, address, candidate, isAddress ? 12 : 1, 5_000_000);
      if (answer?.responseCode !== NAME_ERROR) break;
    }
    if (answer === undefined) {
      call.out(`;; communications error to ${address}#53: timed out\n;; no servers could be reached\n`);
      return 1;
    }
    call.out(`Server:\t\t${address}\nAddress:\t${address}#53\n`);
    if (answer.responseCode !== 0) {
      call.out(`** server can't find ${name}: ${codes[answer.responseCode] ?? ''}\n`);
      return 1;
    }
    if (!answer.isAuthoritative) call.out('Non-authoritative answer:');
    for (const record of answer.answers) {
      if (record.data.kind === 'ptr') call.out(`${record.name}\tname = ${dataText(record)}`);
      else if (record.data.kind === 'cname') call.out(`${record.name}\tcanonical name = ${dataText(record)}`);
      else call.out(`Name:\t${record.name}\nAddress: ${dataText(record)}`);
    }
    call.out('');
    return 0;
  },
});

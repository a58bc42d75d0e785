/** dig, host, nslookup of bind9-dnsutils 9.18, for the questions a course asks. Read first: dig(1), RFC 1035. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { askServer, candidates, reverseName, resolverConfiguration } from '../../lib/resolve.ts';
import { formatIp4, formatIp6 } from '../../ports/addresses.ts';
import { dns } from '../../ports/wire.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

const typeNumbers: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 };
const codes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

function typeName(type: number): string {
  return Object.keys(typeNumbers).find((name) => typeNumbers[name] === type) ?? `TYPE${type}`;
}

function dataText(record: dns.DnsRecord): string {
  const { data } = record;
  switch (data.kind) {
    case 'a': return formatIp4(data.address);
    case 'aaaa': return formatIp6(data.address);
    case 'cname': case 'ns': case 'ptr': return `${data.name}.`;
    case 'mx': return `${data.preference} ${data.name}.`;
    case 'txt': return data.texts.map((text) => `"${text}"`).join(' ');
    case 'soa': return `${data.primary}. ${data.mailbox}. ${data.serial} ${data.refreshS} ${data.retryS} ${data.expireS} ${data.minimumS}`;
    case 'other': return `\\# ${data.bytes.length}`;
  }
}

function recordLine(record: dns.DnsRecord): string {
  return `${`${record.name}.`.padEnd(23)}\t${record.ttlS}\tIN\t${typeName(dns.typeOf(record.data))}\t${dataText(record)}`;
}

async function servers(call: Invocation, given: string | undefined): Promise<string[]> {
  if (given !== undefined) return [given];
  const { servers: own } = await resolverConfiguration(call.sys);
  return own.length === 0 ? ['127.0.0.1'] : [...own];
}

export const dig = defineCommand({
  name: 'dig', summary: 'ask a name server', package: 'bind9-dnsutils',
  run: async (call) => {
    let server: string | undefined;
    let name: string | undefined;
    let type = 1;
    let isShort = false;
    let port = 53;
    const words = [...call.args];
    while (words.length > 0) {
      const word = words.shift()!;
      if (word.startsWith('@')) server = word.slice(1);
      else if (word === '+short') isShort = true;
      else if (word.startsWith('+')) {
        if (!/^\+(no)?(all|comments|question|answer|stats|cmd|recurse|time=.*|tries=.*|search|nssearch|multiline)$/.test(word)) return notSimulated(call, `option ${word}`);
      } else if (word === '-x') {
        name = reverseName(words.shift() ?? '');
        type = 12;
      } else if (word === '-t') type = typeNumbers[(words.shift() ?? 'A').toUpperCase()] ?? 1;
      else if (word === '-p') port = Number(words.shift());
      else if (word === '-4' || word === '-6') continue;
      else if (word.startsWith('-')) return notSimulated(call, `option ${word}`);
      else if (typeNumbers[word.toUpperCase()] !== undefined && name !== undefined) type = typeNumbers[word.toUpperCase()]!;
      else if (name === undefined && typeNumbers[word.toUpperCase()] !== undefined && words.length > 0) type = typeNumbers[word.toUpperCase()]!;
      else name = word;
    }
    const asked = (name ?? '').replace(/\.$/, '');
    if (name === undefined) type = 2;
    const list = await servers(call, server);
    const head = `\n; <<>> DiG 9.18.33-1~deb12u2-Debian <<>> ${call.args.join(' ')}`;
    for (const each of list) {
      const startUs = call.sys.monotonicUs();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const answer = await askServer(call.sys, each, asked, type, 5_000_000, port);
        if (answer === undefined) {
          if (!isShort && attempt === 0) call.out(head.slice(1));
          call.out(`;; communications error to ${each}#${port}: timed out`);
          continue;
        }
        if (isShort) {
          for (const record of answer.answers) call.out(dataText(record));
          return 0;
        }
        call.out(head);
        call.out(';; global options: +cmd\n;; Got answer:');
        call.out(`;; ->>HEADER<<- opcode: QUERY, status: ${codes[answer.responseCode] ?? `RESERVED${answer.responseCode}`}, id: ${answer.id}`);
        const flags = ['qr', ...(answer.isAuthoritative ? ['aa'] : []), ...(answer.isTruncated ? ['tc'] : []), ...(answer.recursionDesired ? ['rd'] : []), ...(answer.recursionAvailable ? ['ra'] : [])];
        call.out(`;; flags: ${flags.join(' ')}; QUERY: ${answer.questions.length}, ANSWER: ${answer.answers.length}, AUTHORITY: ${answer.authorities.length}, ADDITIONAL: ${answer.additionals.length}\n`);
        call.out(`;; QUESTION SECTION:\n;${`${asked}.`.padEnd(22)}\tIN\t${typeName(type)}\n`);
        for (const [title, records] of [['ANSWER', answer.answers], ['AUTHORITY', answer.authorities], ['ADDITIONAL', answer.additionals]] as const) {
          if (records.length > 0) call.out(`;; ${title} SECTION:\n${records.map(recordLine).join('\n')}\n`);
        }
        call.out(`;; Query time: ${Math.floor((call.sys.monotonicUs() - startUs) / 1000)} msec\n;; SERVER: ${each}#${port}(${each}) (UDP)\n;; WHEN: ${formatTime('%a %b %d %H:%M:%S UTC %Y', call.sys.now() / 1e6)}\n;; MSG SIZE  rcvd: ${dns.emit(answer).length}\n`);
        return 0;
      }
    }
    call.out('\n;; no servers could be reached\n');
    return 9;
  },
});

export const host = defineCommand({
  name: 'host', summary: 'look up a name', package: 'bind9-host',
  run: async (call) => {
    const words = call.args.filter((word) => !word.startsWith('-'));
    const [name, server] = words;
    if (name === undefined) {
      call.err('Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]');
      return 1;
    }
    const isAddress = /^[\d.]+$|:/.test(name);
    const list = await servers(call, server);
    let code: ExitCode = 0;
    for (const type of isAddress ? [12] : [1, 28, 15]) {
      const asked = isAddress ? reverseName(name) : name.replace(/\.$/, '');
      const answer = await askServer(call.sys, list[0]!, asked, type, 5_000_000);
      if (answer === undefined) {
        call.out(';; communications error to ' + `${list[0]!}#53: timed out\n;; no servers could be reached`);
        return 1;
      }
      if (answer.responseCode !== 0) {
        call.out(`Host ${isAddress ? `${asked}.` : name} not found: ${answer.responseCode}(${codes[answer.responseCode] ?? ''})`);
        return 1;
      }
      for (const record of answer.answers) {
        const text = dataText(record);
        const owner = record.name;
        if (record.data.kind === 'a') call.out(`${owner} has address ${text}`);
        else if (record.data.kind === 'aaaa') call.out(`${owner} has IPv6 address ${text}`);
        else if (record.data.kind === 'ptr') call.out(`${owner} domain name pointer ${text}`);
        else if (record.data.kind === 'mx') call.out(`${owner} mail is handled by ${text}`);
        else if (record.data.kind === 'cname' && type === 1) call.out(`${owner} is an alias for ${text}`);
      }
      if (isAddress && answer.answers.length === 0) code = 1;
    }
    return code;
  },
});

/** NXDOMAIN: the next name of the search list is asked for. */
const NAME_ERROR = 3;

export const nslookup = defineCommand({
  name: 'nslookup', summary: 'look up a name', package: 'bind9-dnsutils',
  run: async (call) => {
    const [name, server] = call.args.filter((word) => !word.startsWith('-'));
    if (name === undefined) return notSimulated(call, 'interactive mode');
    const [address] = await servers(call, server);
    const isAddress = /^[\d.]+$|:/.test(name);
    let answer: dns.DnsMessage | undefined;
    for (const candidate of isAddress ? [reverseName(name)] : candidates(name, await resolverConfiguration(call.sys))) {
      answer = await askServer(call.sys, address!, candidate, isAddress ? 12 : 1, 5_000_000);
      if (answer?.responseCode !== NAME_ERROR) break;
    }
    if (answer === undefined) {
      call.out(`;; communications error to ${address!}#53: timed out\n;; no servers could be reached\n`);
      return 1;
    }
    call.out(`Server:\t\t${address!}\nAddress:\t${address!}#53\n`);
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

import { describe, expect, it } from 'vitest';
import type { ConntrackView } from '../../ports/netfilter.ts';
import { readOptions, UsageProblem } from './options.ts';
import { entryText } from './print.ts';

const base = { use: 1, zone: 0, mark: 0, family: 'inet', nat: { source: false, destination: false }, state: undefined, isAssured: false, isReplied: true } as const;
const entries: readonly ConntrackView[] = [
  { ...base, id: 1, protocol: 1, protocolName: 'icmp', timeoutSeconds: 29, original: { source: '192.168.255.2', destination: '8.8.8.8', icmpType: 8, icmpCode: 0, icmpId: 77 }, reply: { source: '8.8.8.8', destination: '10.142.0.2', icmpType: 0, icmpCode: 0, icmpId: 77 }, nat: { source: true, destination: false } },
  { ...base, id: 2, protocol: 6, protocolName: 'tcp', timeoutSeconds: 431_999, state: 'ESTABLISHED', isAssured: true, original: { source: '10.142.0.1', destination: '10.142.0.2', sport: 39990, dport: 80 }, reply: { source: '192.168.255.2', destination: '10.142.0.1', sport: 8080, dport: 39990 }, nat: { source: false, destination: true }, mark: 5 },
  { ...base, id: 3, protocol: 17, protocolName: 'udp', timeoutSeconds: 12, isReplied: false, original: { source: '127.0.0.1', destination: '127.0.0.1', sport: 6666, dport: 7777 }, reply: { source: '127.0.0.1', destination: '127.0.0.1', sport: 7777, dport: 6666 } },
  { ...base, id: 4, protocol: 2, protocolName: 'unknown', timeoutSeconds: 552, isReplied: false, original: { source: '192.168.255.1', destination: '224.0.0.22' }, reply: { source: '224.0.0.22', destination: '192.168.255.1' } },
  { ...base, id: 5, protocol: 58, protocolName: 'icmpv6', family: 'inet6', timeoutSeconds: 3, original: { source: 'fe80::1', destination: 'fe80::2', icmpType: 128, icmpCode: 0, icmpId: 4 }, reply: { source: 'fe80::2', destination: 'fe80::1', icmpType: 129, icmpCode: 0, icmpId: 4 } },
];
const plain = { extended: false, id: false, isEvent: false };

function select(line: string): number[] {
  const command = readOptions(line.split(' '));
  return entries.filter((entry) => command.filters.every((filter) => filter(entry))).map(({ id }) => id);
}
function complaint(line: string): string {
  try {
    readOptions(line.split(' '));
  } catch (problem) {
    if (problem instanceof UsageProblem) return problem.message;
  }
  return 'none';
}

describe('conntrack', () => {
  it.each([
    [0, 'icmp     1 29 src=192.168.255.2 dst=8.8.8.8 type=8 code=0 id=77 src=8.8.8.8 dst=10.142.0.2 type=0 code=0 id=77 mark=0 use=1'],
    [1, 'tcp      6 431999 ESTABLISHED src=10.142.0.1 dst=10.142.0.2 sport=39990 dport=80 src=192.168.255.2 dst=10.142.0.1 sport=8080 dport=39990 [ASSURED] mark=5 use=1'],
    [2, 'udp      17 12 src=127.0.0.1 dst=127.0.0.1 sport=6666 dport=7777 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 sport=7777 dport=6666 mark=0 use=1'],
    [3, 'unknown  2 552 src=192.168.255.1 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=192.168.255.1 mark=0 use=1'],
  ] as const)('prints entry %i as the real one does', (at, text) => expect(entryText(entries[at]!, plain)).toBe(text));

  it('prints events without mark and use, and the family where asked', () => {
    expect(entryText(entries[2]!, { ...plain, isEvent: true })).toBe('udp      17 12 src=127.0.0.1 dst=127.0.0.1 sport=6666 dport=7777 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 sport=7777 dport=6666');
    expect(entryText(entries[0]!, { ...plain, extended: true })).toMatch(/^ipv4 {5}2 icmp {5}1 29 /);
  });

  it.each([
    ['-L', [1, 2, 3, 4, 5]], ['-L -p icmp', [1]], ['-L -p 6', [2]], ['-L -d 8.8.8.8', [1]], ['-L -s 127.0.0.0/8', [3]], ['-L -r 192.168.255.2', [2]], ['-L -q 10.142.0.2', [1]], ['-L -p tcp --dport 80', [2]], ['-L -p tcp --sport 80', []],
    ['-L -p tcp --reply-port-src 8080', [2]], ['-L -p tcp --state ESTABLISHED', [2]], ['-L -u UNREPLIED', [3, 4]], ['-L -u ASSURED', [2]], ['-L -n', [1]], ['-L -g', [2]], ['-L -j', [1, 2]], ['-L -n 10.142.0.2', [1]], ['-L -n 9.9.9.9', []],
    ['-L -f ipv6', [5]], ['-L --src 10.142.0.1 --dst 10.142.0.2', [2]], ['-D --orig-src=192.168.255.2 -p icmp', [1]], ['-L -p icmp --icmp-id 77', [1]],
  ] as const)('selects with %s', (line, ids) => expect(select(line)).toEqual(ids));

  it.each([
    ['-L --dport 80', 'unknown option `--dport\''], ['-L -p foo', '`foo\' unsupported protocol'], ['-L -p tcp --state FOO', 'unknown TCP state `FOO\''], ['-L -s nonsense', 'Invalid IP address `nonsense\''], ['-L foo', 'unknown type `foo\''],
    ['-L -n 10.9.:80', 'Invalid IP address `10.9.\''], ['-L -g 10.9.0.1:', 'No port specified after `:\''], ['-L --dst-nat 10.9.0.1:99999', 'Invalid port `99999\''],
    ['-L -D', 'Invalid commands combination'], ['-L -Q', 'unknown option `-Q\''], ['-L --bogus', 'unknown option `--bogus\''], ['-L -o foo', 'Bad parameter `foo\''], ['-E -e FOO', 'Bad parameter `FOO\''],
  ])('refuses %s', (line, text) => expect(complaint(line)).toBe(text));
});

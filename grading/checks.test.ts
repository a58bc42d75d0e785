/** Every kind against labs it must tell apart: [what, assertion, lab, passes, what it says]. */
import { describe, expect, it } from 'vitest';
import type { Assertion } from '../contracts/course.ts';
import type { ChainView, RuleView } from '../contracts/observer.ts';
import type { PacketHeader, TraceStep } from '../contracts/trace.ts';
import { judgeAssertion } from './assertion.ts';
import { checkKinds, listOnce } from './checks/index.ts';
import { Look } from './look.ts';
import { aCommand, aLink, anAddress, aProcess, aRoute, noPacket, places, scripted, type Told } from './test-observer.ts';

type Row = [fact: string, assertion: Assertion, told: Told, passes: boolean, says?: string];

const wired = { links: { vm: [aLink('veth0', { index: 7, kind: 'veth', peer: { index: 6, name: null, netns: 'demo-ns' } })], demo: [aLink('veth1', { index: 6, kind: 'veth', peer: { index: 7, name: null, netns: null } })] }, namespaces: ['demo-ns'] };
const rule = (more: Partial<RuleView>): RuleView => ({ number: 1, text: '-A POSTROUTING', protocol: null, source: null, destination: null, inDevice: null, outDevice: null, matches: [], target: null, packets: 0, bytes: 0, ...more });
const nat = (...rules: RuleView[]): ChainView => ({ table: 'nat', name: 'POSTROUTING', policy: 'ACCEPT', packets: 0, bytes: 0, rules });
const masquerade = (device: string) => rule({ outDevice: { value: device, isNegated: false }, target: { kind: 'MASQUERADE', options: {} }, text: `-A POSTROUTING -o ${device} -j MASQUERADE` });
const header = (source: string): PacketHeader => ({ protocol: 'icmp', source, destination: '8.8.8.8', ttl: 63, mark: 0, lengthBytes: 84 });
const leaving = (source: string): TraceStep => ({ kind: 'transmit', place: places.vm, atUs: 1, text: '', device: 'eth0', before: header(source) });
const died = { cause: 'no-forward', reason: 'host does not forward.', at: { place: places.vm }, layer: 'forwarding' as const };
const flow = (replyTo: string, isReplied: boolean) => ({
  protocol: 'icmp', original: { source: '192.168.255.2', destination: '8.8.8.8', icmpId: 7 }, reply: { source: '8.8.8.8', destination: replyTo, icmpId: 7 }, state: null, isReplied, isAssured: false,
  timeoutS: 29, mark: 0, text: `icmp 1 29 src=192.168.255.2 dst=8.8.8.8 type=8 code=0 id=7 ${isReplied ? '' : '[UNREPLIED] '}src=8.8.8.8 dst=${replyTo}`,
});
const captured = { atMs: 1, protocol: 'icmp', source: '192.168.255.2', destination: '8.8.8.8', icmpType: 8, text: '01:14:39 IP 192.168.255.2 > 8.8.8.8: ICMP echo request' };
const capture = (device: string, text = captured.text) => ({ id: 1, place: places.vm, device, filter: 'icmp', startedAtMs: 0, endedAtMs: null, packets: [{ ...captured, text }] });
const inDemo = { terminal: 'vm', machine: 'host', kind: 'terminal' as const, name: null, isAttached: true, foreground: null };
const shell = (netns: string) => ({ pid: 1, argv: ['bash'], netns, user: 'root', cwd: '/' });

const rows: Row[] = [
  ['link: there', { kind: 'link', at: 'vm', name: 'cbr0', type: 'bridge', up: true }, { links: { vm: [aLink('cbr0', { kind: 'bridge' })] } }, true],
  ['link: not there', { kind: 'link', at: 'vm', name: 'cbr0' }, { links: { vm: [] } }, false, 'There is no cbr0 in vm yet.'],
  ['link: off', { kind: 'link', at: 'vm', name: 'cbr0', up: true }, { links: { vm: [aLink('cbr0', { isUp: false })] } }, false, 'cbr0 is switched off.'],
  ['link: up although without carrier', { kind: 'link', at: 'vm', name: 'cbr0', up: true, carrier: false }, { links: { vm: [aLink('cbr0', { hasCarrier: false, operstate: 'DOWN' })] } }, true],
  ['link: a tun is no tap', { kind: 'link', at: 'vm', name: 'tap0', type: 'tap' }, { links: { vm: [aLink('tap0', { kind: 'tun' })] } }, false, 'tap0 is a tun device, not a tap.'],
  ['link: in the other room', { kind: 'link', at: 'demo', name: 'veth0' }, wired, false, 'veth0 is in vm, not in demo-ns.'],
  ['link: peers across rooms', { kind: 'link', at: 'vm', name: 'veth0', peer: 'veth1' }, wired, true],
  ['link: another peer', { kind: 'link', at: 'vm', name: 'veth0', peer: 'veth9' }, wired, false, 'veth0 is wired to device 6, not to veth9.'],
  ['link: absent', { kind: 'link', at: 'vm', name: 'veth1', absent: true }, wired, true],
  ['addr: right', { kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.1/24' }, { addresses: { vm: [anAddress('cbr0', '192.168.255.1/24')] } }, true],
  ['addr: wrong mask', { kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.1/24' }, { addresses: { vm: [anAddress('cbr0', '192.168.255.1/32')] } }, false, 'the mask decides'],
  ['addr: wrong device', { kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.1/24' }, { addresses: { vm: [anAddress('tap0', '192.168.255.1/24')] } }, false, 'sits on tap0'],
  ['addr: none', { kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.1/24' }, { addresses: { vm: [] } }, false, 'cbr0 has no such address yet.'],
  ['route: by another gateway', { kind: 'route', at: 'vm', to: 'default', via: '10.0.0.1' }, { routes: { vm: [aRoute('default', '10.0.0.2', 'eth0')] } }, false, 'default via 10.0.0.2 dev eth0'],
  ['route: in a room that does not exist', { kind: 'route', at: 'demo', to: 'default' }, { routes: {} }, false, 'demo-ns knows no way'],
  ['route: right', { kind: 'route', at: 'vm', to: 'default', via: '10.0.0.1', dev: 'eth0' }, { routes: { vm: [aRoute('default', '10.0.0.1', 'eth0')] } }, true],
  ['master: one is loose', { kind: 'master', at: 'vm', ports: ['tap0', 'tap1'], of: 'cbr0' }, { links: { vm: [aLink('tap0', { master: 'cbr0' }), aLink('tap1')] } }, false, 'tap1 is not plugged in.'],
  ['master: both in', { kind: 'master', at: 'vm', ports: ['tap0'], of: 'cbr0' }, { links: { vm: [aLink('tap0', { master: 'cbr0' })] } }, true],
  ['netns', { kind: 'netns', at: 'vm', name: 'demo-ns' }, { namespaces: ['demo-ns'] }, true],
  ['netns: another name', { kind: 'netns', at: 'vm', name: 'demo-ns' }, { namespaces: ['demo'] }, false, 'Nothing called demo-ns'],
  ['package: missing', { kind: 'package', at: 'vm', has: ['screen', 'tcpdump'] }, { packages: ['screen'] }, false, 'tcpdump is not installed on vm.'],
  ['package: installed', { kind: 'package', at: 'vm', has: ['screen'] }, { packages: ['screen'] }, true],
  ['process: runs there', { kind: 'process', at: 'demo', runs: 'ping*8.8.8.8*' }, { processes: [aProcess('ping 8.8.8.8', { netns: 'demo-ns' })] }, true],
  ['process: in the wrong room', { kind: 'process', at: 'demo', runs: 'ping*8.8.8.8*' }, { processes: [aProcess('ping 8.8.8.8')] }, false, 'runs in vm.'],
  ['process: stopped', { kind: 'process', at: 'demo', runs: 'ping*' }, { processes: [aProcess('ping 8.8.8.8', { netns: 'demo-ns', state: 'stopped' })] }, false, 'suspended'],
  ['process: stopped on purpose', { kind: 'process', at: 'vm', runs: 'screen*', state: 'stopped' }, { processes: [aProcess('screen -S x', { state: 'stopped' })] }, true],
  ['session: inside', { kind: 'session', at: 'demo' }, { sessions: [{ ...inDemo, shells: [shell(''), shell('demo-ns')] }] }, true],
  ['session: two deep', { kind: 'session', at: 'demo', shells: 2 }, { sessions: [{ ...inDemo, shells: [shell(''), shell('demo-ns')] }] }, false],
  ['session: outside', { kind: 'session', at: 'demo' }, { sessions: [{ ...inDemo, shells: [shell('')] }] }, false, 'You are in vm.'],
  ['neigh: learnt', { kind: 'neigh', at: 'vm', address: '192.168.255.2', dev: 'cbr0', mac: '{{veth1.mac}}' }, { ...wired, neighbours: { vm: [{ address: '192.168.255.2', device: 'cbr0', mac: '02:00:00:00:00:05', state: 'STALE' }] } }, true],
  ['neigh: nobody answered', { kind: 'neigh', at: 'vm', address: '192.168.255.2' }, { neighbours: { vm: [{ address: '192.168.255.2', device: 'cbr0', mac: null, state: 'FAILED' }] } }, false, 'nobody answered'],
  ['neigh: the device it names is not there', { kind: 'neigh', at: 'vm', address: '192.168.255.2', mac: '{{veth1.mac}}' }, { links: { vm: [] }, neighbours: { vm: [] } }, false, 'veth1 does not exist yet'],
  ['fdb: local entries do not count', { kind: 'fdb', at: 'vm', bridge: 'cbr0', mac: 'aa' }, { fdb: { vm: [{ bridge: 'cbr0', port: 'veth0', mac: 'aa', isLocal: true, ageMs: 0 }] } }, false],
  ['fdb: learnt', { kind: 'fdb', at: 'vm', bridge: 'cbr0', mac: 'aa', port: 'veth0' }, { fdb: { vm: [{ bridge: 'cbr0', port: 'veth0', mac: 'aa', isLocal: false, ageMs: 0 }] } }, true],
  ['sysctl: a number in YAML', { kind: 'sysctl', at: 'vm', key: 'net.ipv4.ip_forward', is: 1 }, { sysctls: { vm: { 'net.ipv4.ip_forward': '1' } } }, true],
  ['sysctl: off', { kind: 'sysctl', at: 'vm', key: 'net.ipv4.ip_forward', is: 1 }, { sysctls: { vm: { 'net.ipv4.ip_forward': '0' } } }, false, 'is 0 in vm'],
  ['rule: by meaning', { kind: 'rule', at: 'vm', table: 'nat', chain: 'POSTROUTING', out: 'eth0', target: ['MASQUERADE', 'SNAT'] }, { chains: { vm: [nat(masquerade('eth0'))] } }, true],
  ['rule: another device', { kind: 'rule', at: 'vm', table: 'nat', chain: 'POSTROUTING', out: 'eth0', target: 'MASQUERADE' }, { chains: { vm: [nat(masquerade('cbr0'))] } }, false, 'No rule of POSTROUTING'],
  ['rule: a negated device is not that device', { kind: 'rule', at: 'vm', table: 'nat', chain: 'POSTROUTING', out: 'eth0' }, { chains: { vm: [nat(rule({ outDevice: { value: 'eth0', isNegated: true } }))] } }, false],
  ['rule: options of matches', { kind: 'rule', at: 'vm', table: 'nat', chain: 'POSTROUTING', protocol: 'tcp', options: { dport: 80 } }, { chains: { vm: [nat(rule({ protocol: { value: 'tcp', isNegated: false }, matches: [{ kind: 'tcp', options: { dport: { value: '80', isNegated: false } } }] }))] } }, true],
  ['conntrack: translated', { kind: 'conntrack', at: 'vm', protocol: 'icmp', reply: { destination: '10.142.0.2' }, replied: true }, { conntrack: { vm: [flow('10.142.0.2', true)] } }, true],
  ['conntrack: still untranslated', { kind: 'conntrack', at: 'vm', protocol: 'icmp', reply: { destination: '10.142.0.2' } }, { conntrack: { vm: [flow('192.168.255.2', false)] } }, false, 'otherwise'],
  ['conntrack: gone', { kind: 'conntrack', at: 'vm', original: { source: '192.168.255.2' }, absent: true }, { conntrack: { vm: [] } }, true],
  ['ping: answered', { kind: 'ping', from: 'vm', to: '192.168.255.1' }, { ping: { outcome: 'reply', request: noPacket } }, true],
  ['ping: dies on the way', { kind: 'ping', from: 'vm', to: '8.8.8.8' }, { ping: { outcome: 'silence', request: noPacket, died } }, false, 'host does not forward.'],
  ['ping: silence as wanted', { kind: 'ping', from: 'vm', to: '8.8.8.8', expect: 'silence' }, { ping: { outcome: 'silence', request: noPacket } }, true],
  ['ping: from a room that does not exist', { kind: 'ping', from: 'demo', to: '8.8.8.8' }, {}, false, 'demo-ns does not exist yet.'],
  ['trace: leaves', { kind: 'trace', from: 'vm', to: '8.8.8.8', leaves: { at: 'vm', dev: 'eth0' } }, { trace: { steps: [leaving('192.168.255.2')], outcome: 'left' } }, true],
  ['trace: leaves untranslated', { kind: 'trace', from: 'vm', to: '8.8.8.8', leaves: { at: 'vm', dev: 'eth0', source: '10.142.0.2' } }, { trace: { steps: [leaving('192.168.255.2')], outcome: 'left' } }, false, 'leaves eth0 as 192.168.255.2'],
  ['trace: dies', { kind: 'trace', from: 'vm', to: '8.8.8.8', leaves: { at: 'vm', dev: 'eth0' } }, { trace: { steps: [], outcome: 'died', died } }, false, 'host does not forward.'],
  ['seen: in the right room', { kind: 'seen', at: 'demo', by: 'ping*', shows: '*Network is unreachable*', what: 'x' }, { commands: [aCommand('ping 192.168.255.1', 'ping: connect: Network is unreachable\n', { netns: 'demo-ns' })] }, true],
  ['seen: in the wrong room', { kind: 'seen', at: 'demo', by: 'ping*', shows: '*Network is unreachable*', what: 'x' }, { commands: [aCommand('ping 192.168.255.1', 'ping: connect: Network is unreachable\n')] }, false, 'Nothing that could show it has run in demo-ns.'],
  ['seen: by the program under sudo', { kind: 'seen', at: 'vm', by: 'tcpdump*eth0*', shows: '0 packets captured', what: 'x' }, { commands: [aCommand('sudo tcpdump -ni eth0', '0 packets captured\n', { programs: [['sudo', 'tcpdump'], ['/usr/bin/tcpdump', '-ni', 'eth0']] })] }, true],
  ['seen: ip -n looks into the room it names', { kind: 'seen', at: 'demo', by: 'ip -*', shows: '*lo*', lacks: '*eth0*', what: 'x' }, { commands: [aCommand('ip -n demo-ns link', '1: lo: <LOOPBACK>\n', { programs: [['ip', '-n', 'demo-ns', 'link']] })] }, true],
  ['seen: what must not be shown', { kind: 'seen', at: 'vm', by: 'ip*', shows: '*lo*', lacks: '*eth0*', what: 'x' }, { commands: [aCommand('ip link', '1: lo:\n2: eth0:\n')] }, false],
  ['seen: only the newest counts', { kind: 'seen', at: 'vm', by: 'ip*', last: true, what: 'x' }, { commands: [aCommand('ip link', ''), aCommand('ls', '')] }, false],
  ['seen: while it runs', { kind: 'seen', at: 'vm', by: 'conntrack*', whileRunning: { at: 'demo', runs: 'ping*' }, what: 'x' }, { commands: [aCommand('conntrack -L', '')], processes: [] }, false, 'no ping runs in demo-ns now'],
  ['seen: an exit status', { kind: 'seen', at: 'vm', by: 'ip*', exit: 'bad', what: 'x' }, { commands: [aCommand('ip netns exec demo-ns', '', { exit: 255 })] }, true],
  ['seen: on a device', { kind: 'seen', at: 'vm', dev: 'cbr0', packet: { source: '192.168.255.2', icmpType: 8 }, what: 'x' }, { captures: [capture('cbr0')] }, true],
  ['seen: on another device', { kind: 'seen', at: 'vm', dev: 'cbr0', packet: {}, what: 'x' }, { captures: [capture('veth0')] }, false, 'Nobody has listened on cbr0.'],
  ['seen: on any device, where the line names it', { kind: 'seen', at: 'vm', dev: 'cbr0', packet: {}, what: 'x' }, { captures: [capture('any', '01:14 cbr0  In  IP 1 > 2')] }, true],
  ['file: holds a line', { kind: 'file', at: 'vm', path: '/a', holds: ['x*'] }, { files: { '/a': 'xyz\n' } }, true],
  ['file: not there', { kind: 'file', at: 'vm', path: '/a' }, { files: {} }, false, 'There is no /a on vm.'],
  ['all: names the first that does not hold', { kind: 'all', of: [{ kind: 'netns', at: 'vm', name: 'a' }, { kind: 'netns', at: 'vm', name: 'b' }] }, { namespaces: ['a'] }, false, 'Nothing called b'],
  ['any: one is enough, another unknown', { kind: 'any', of: [{ kind: 'seen', at: 'vm', dev: 'cbr0', packet: {}, what: 'x' }, { kind: 'netns', at: 'vm', name: 'a' }] }, { namespaces: ['a'] }, true],
  ['not', { kind: 'not', of: { kind: 'netns', at: 'vm', name: 'a' } }, {}, true],
];

describe('a check of kind', () => {
  it.each(rows)('%s', async (_, assertion, told, passes, says) => {
    const finding = await judgeAssertion(assertion, new Look(scripted(told), places), 'c1');
    expect(finding.passed, `${finding.found}: ${finding.because ?? ''}`).toBe(passes);
    if (says !== undefined) expect(finding.because).toContain(says);
  });

  it('names the addresses of the family it asks for', async () => {
    const look = new Look(scripted({ addresses: { vm: [anAddress('cbr0', '192.168.255.1/24'), anAddress('cbr0', 'fe80::1/64')] } }), places);
    expect((await judgeAssertion({ kind: 'addr', at: 'vm', dev: 'cbr0', is: 'fd00:255::1/64' }, look, 'c1')).found).toBe('cbr0 has fe80::1/64');
    expect((await judgeAssertion({ kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.9/24' }, look, 'c1')).found).toBe('cbr0 has 192.168.255.1/24');
  });

  it('reads answers for forms and marks', async () => {
    const look = new Look(scripted({ links: { vm: [aLink('eth0')] } }), places, { 'c1.mac': '02:00:00:00:00:05', c2: 'icmp 1 29 src=1' });
    expect((await judgeAssertion({ kind: 'form', fields: { mac: '{{eth0.mac}}' } }, look, 'c1')).passed).toBe(true);
    expect((await judgeAssertion({ kind: 'form', fields: { mac: '{{eth0.mac}}' } }, look, 'c9')).because).toBe('mac has not been filled in.');
    expect((await judgeAssertion({ kind: 'point', marks: ['icmp*src=1'], what: 'the entry' }, look, 'c2')).passed).toBe(true);
  });

  it('throws CannotTell where the lab has no answer', async () => {
    await expect(judgeAssertion({ kind: 'link', at: 'vm', name: 'x' }, new Look(scripted({}), places), 'c1')).rejects.toThrow('it was not told');
  });
});

describe('the list of kinds', () => {
  it('refuses two of one name', () => {
    const kind = checkKinds.get('link');
    if (kind === undefined) throw new Error('link is gone');
    expect(() => listOnce([kind, kind])).toThrow('two check kinds are called link');
  });
});

/** `netstat -s`: /proc/net/snmp and netstat in words. Read first: statistics.c of net-tools. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Invocation } from '../define.ts';

/** Sentences with their counter; those not `always` are left out while they are 0. */
const sentences: Readonly<Record<string, readonly (readonly [counter: string, text: string, always: boolean])[]>> = {
  Ip: [
    ['Forwarding', 'Forwarding: %u', true], ['InReceives', '%u total packets received', true], ['InHdrErrors', '%u with invalid headers', false],
    ['InAddrErrors', '%u with invalid addresses', false], ['ForwDatagrams', '%u forwarded', true], ['InUnknownProtos', '%u with unknown protocol', false],
    ['InDiscards', '%u incoming packets discarded', true], ['InDelivers', '%u incoming packets delivered', true], ['OutRequests', '%u requests sent out', true],
    ['OutDiscards', '%u outgoing packets dropped', false], ['OutNoRoutes', '%u dropped because of missing route', false], ['ReasmTimeout', '%u fragments dropped after timeout', false],
    ['ReasmReqds', '%u reassemblies required', false], ['ReasmOKs', '%u packets reassembled ok', false], ['ReasmFails', '%u packet reassemblies failed', false],
    ['FragOKs', '%u fragments received ok', false], ['FragFails', '%u fragments failed', false], ['FragCreates', '%u fragments created', false],
  ],
  Icmp: [
    ['InMsgs', '%u ICMP messages received', true], ['InErrors', '%u input ICMP message failed', true], ['', 'ICMP input histogram:', true],
    ['InDestUnreachs', '    destination unreachable: %u', false], ['InTimeExcds', '    timeout in transit: %u', false], ['InRedirects', '    redirects: %u', false],
    ['InEchos', '    echo requests: %u', false], ['InEchoReps', '    echo replies: %u', false], ['OutMsgs', '%u ICMP messages sent', true],
    ['OutErrors', '%u ICMP messages failed', true], ['', 'ICMP output histogram:', true], ['OutDestUnreachs', '    destination unreachable: %u', false],
    ['OutTimeExcds', '    time exceeded: %u', false], ['OutRedirects', '    redirect: %u', false], ['OutEchos', '    echo requests: %u', false], ['OutEchoReps', '    echo replies: %u', false],
  ],
  Tcp: [
    ['ActiveOpens', '%u active connection openings', true], ['PassiveOpens', '%u passive connection openings', true], ['AttemptFails', '%u failed connection attempts', true],
    ['EstabResets', '%u connection resets received', true], ['CurrEstab', '%u connections established', true], ['InSegs', '%u segments received', true],
    ['OutSegs', '%u segments sent out', true], ['RetransSegs', '%u segments retransmitted', true], ['InErrs', '%u bad segments received', true], ['OutRsts', '%u resets sent', true],
  ],
  Udp: [
    ['InDatagrams', '%u packets received', true], ['NoPorts', '%u packets to unknown port received', true], ['InErrors', '%u packet receive errors', true],
    ['OutDatagrams', '%u packets sent', true], ['RcvbufErrors', '%u receive buffer errors', true], ['SndbufErrors', '%u send buffer errors', true],
  ],
  TcpExt: [
    ['ListenOverflows', '%u times the listen queue of a socket overflowed', false], ['ListenDrops', '%u SYNs to LISTEN sockets dropped', false], ['TCPHPHits', '%u packet headers predicted', true],
  ],
};
/** No counters: they are left out where no sentence names them. */
const SETTINGS = ['DefaultTTL', 'RtoAlgorithm', 'RtoMin', 'RtoMax', 'MaxConn'];
/** Which protocol a section belongs to when only some were asked for; the others are always told. */
const PROTOCOLS: Readonly<Record<string, 'tcp' | 'udp' | 'raw'>> = { Ip: 'raw', Icmp: 'raw', Tcp: 'tcp', TcpExt: 'tcp', Udp: 'udp' };

export async function printStatistics(call: Invocation, only: { tcp: boolean; udp: boolean; raw: boolean }): Promise<ExitCode> {
  const isWhole = !only.tcp && !only.udp && !only.raw;
  for (const file of ['snmp', 'netstat']) {
    const text = await call.sys.readText(`/proc/net/${file}`);
    if (!text.ok) {
      call.err(`error parsing /proc/net/${file}: ${text.error === 'ENOENT' ? 'No such file or directory' : 'Success'}`);
      return 1;
    }
    const lines = text.value.split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [title = '', ...names] = lines[i]!.split(/\s+/);
      const [, ...values] = lines[i + 1]!.split(/\s+/);
      const section = title.replace(':', '');
      const protocol = PROTOCOLS[section];
      if (isWhole || protocol === undefined || only[protocol]) printSection(call, section, new Map(names.map((name, at) => [name, values[at] ?? '0'])), isWhole);
    }
  }
  return 0;
}

/** A counter without a sentence is told by its name, when there is something to tell. */
function printSection(call: Invocation, section: string, counters: ReadonlyMap<string, string>, isWhole: boolean): void {
  const known = sentences[section] ?? [];
  call.out(`${section}:`);
  for (const [counter, text, always] of known) {
    const value = counters.get(counter) ?? '0';
    if (always || value !== '0') call.out(`    ${text.replace('%u', value)}`);
  }
  // The histogram's indentation goes on in what follows it.
  const indent = section === 'IcmpMsg' && isWhole ? '        ' : '    ';
  for (const [name, value] of counters) if (value !== '0' && !SETTINGS.includes(name) && !known.some(([counter]) => counter === name)) call.out(`${indent}${name}: ${value}`);
}

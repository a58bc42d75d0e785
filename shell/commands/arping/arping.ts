/** arping(8) of iputils 20221126: asks for an address with ARP frames on a packet socket. Read first: arping.c, RFC 826. */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { formatIp4, parseIp4 } from '../../ports/addresses.ts';
import { concat, fromHex } from '../../ports/bytes.ts';
import { defineCommand, type Invocation } from '../define.ts';

export const arping = defineCommand({
  name: 'arping', summary: 'send ARP requests', package: 'iputils-arping',
  run: (call) => runArping(call),
});

const usage = `
Usage:
  arping [options] <destination>

Options:
  -f            quit on first reply
  -q            be quiet
  -b            keep on broadcasting, do not unicast
  -D            duplicate address detection mode
  -U            unsolicited ARP mode, update your neighbours
  -A            ARP answer mode, update your neighbours
  -V            print version and exit
  -c <count>    how many packets to send
  -w <timeout>  how long to wait for a reply
  -i <interval> set interval between packets (default: 1 second)
  -I <device>   which ethernet device to use
  -s <source>   source ip address
  <destination> dns name or ip address

For more details see arping(8).
`;

function macBytes(mac: string): Uint8Array {
  return fromHex(mac.replaceAll(':', ''))!;
}
function addressBytes(address: string): Uint8Array {
  const value = parseIp4(address) ?? 0;
  return new Uint8Array([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
}

async function runArping(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'hbfDUAqc:w:i:s:I:V' });
  if (options.error !== undefined) {
    call.err(`arping: ${options.error}`);
    call.writeErr(usage);
    return 2;
  }
  if (options.has('V')) {
    call.out('arping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes');
    return 0;
  }
  const [name] = options.operands;
  if (options.has('h') || name === undefined) {
    call.writeErr(usage);
    return 2;
  }
  for (const letter of ['c', 'w', 'i']) {
    const text = options.value(letter);
    const wrong = text === undefined ? undefined : wrongNumber(letter, text);
    if (wrong !== undefined) {
      call.err(`arping: invalid argument: '${text!}'${wrong}`);
      return 1;
    }
  }
  const isProbe = options.has('D');
  const isAnswer = options.has('A');
  const isUnsolicited = options.has('U') || isAnswer;
  const found = await resolveHost(call.sys, name, 'inet');
  if (!found.ok) {
    call.err(`arping: ${name}: ${found.error}`);
    return 2;
  }
  const target = found.addresses[0]!.address;
  const { netlink, sockets } = call.net;
  const chosen = options.value('I');
  const reached = chosen === undefined ? netlink.lookupRoute({ family: 'inet', to: target }) : undefined;
  const device = reached?.ok === true ? netlink.links().find((link) => link.index === reached.value.device) : chosen === undefined ? netlink.links().find((link) => link.isUp && link.kind !== 'loopback' && !link.flags.includes('NOARP')) : netlink.link(chosen);
  if (device === undefined) {
    call.err(`arping: Device ${chosen ?? ''} not available.`);
    return 2;
  }
  if (!device.isUp) {
    if (!options.has('q')) call.out(`Interface "${device.name}" is down`);
    return 2;
  }
  if (device.flags.includes('NOARP') || device.kind === 'loopback') {
    if (!options.has('q')) call.out(`Interface "${device.name}" is not ARPable`);
    return 2;
  }
  const opened = sockets.open({ type: 'packet', protocol: 0x0806 });
  if (!opened.ok) {
    call.err('arping: socket: Operation not permitted');
    return 2;
  }
  sockets.bindDevice(opened.value, device.name);
  const route = netlink.lookupRoute({ family: 'inet', to: target, oif: device.index });
  const source = options.value('s') ?? (isProbe ? '0.0.0.0' : isUnsolicited ? target : route.ok ? route.value.source : netlink.addresses('inet').find((address) => address.index === device.index)?.address ?? '0.0.0.0');
  const own = options.value('s');
  if (own !== undefined && !isProbe && !isUnsolicited && !netlink.addresses('inet').some((address) => address.address === own)) {
    call.err('arping: bind: Cannot assign requested address');
    return 2;
  }
  call.buffering('line');
  if (!options.has('q')) call.out(`ARPING ${target} from ${source} ${device.name}`);
  let sent = 0;
  let broadcasts = 0;
  let received = 0;
  let isStopped = false;
  let peer = broadcast;
  call.sys.onSignal('INT', () => { isStopped = true; });
  const count = options.has('c') ? Number(options.value('c')) : Number.POSITIVE_INFINITY;
  const intervalUs = (Number(options.value('i') ?? '1') || NEVER_S) * 1e6;
  const startUs = call.sys.monotonicUs();
  const endUs = options.has('w') ? startUs + (Number(options.value('w')) || NEVER_S) * 1e6 : Number.POSITIVE_INFINITY;
  const probe = async (): Promise<number> => {
    const header = new Uint8Array([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, isAnswer ? 2 : 1]);
    await sockets.send(opened.value, concat(macBytes(peer), macBytes(device.mac), header, macBytes(device.mac), addressBytes(source), macBytes(isAnswer ? device.mac : peer), addressBytes(target)));
    sent += 1;
    if (peer === broadcast) broadcasts += 1;
    return call.sys.monotonicUs();
  };
  for (let dueUs = startUs; sent < count && !isStopped && dueUs <= endUs; dueUs += intervalUs) {
    const sentUs = await probe();
    if (dueUs === endUs) break;                             // sent as the time is over: nobody waits for its reply
    const untilUs = Math.min(dueUs + intervalUs, endUs);
    while (!isStopped && call.sys.monotonicUs() < untilUs) {
      const got = await sockets.receiveDatagram(opened.value, untilUs - call.sys.monotonicUs());
      if (!got.ok) break;
      const frame = got.value.bytes;
      if (frame.length < 42 || frame[12] !== 8 || frame[13] !== 6 || frame[21] !== 2) continue;
      const sender = formatIp4(((frame[28]! << 24) | (frame[29]! << 16) | (frame[30]! << 8) | frame[31]!) >>> 0);
      if (sender !== target) continue;
      received += 1;
      const mac = [...frame.subarray(22, 28)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
      const isUnicast = [...frame.subarray(0, 6)].some((byte) => byte !== 255);
      if (!options.has('q')) call.out(`${isUnicast ? 'Unicast' : 'Broadcast'} reply from ${target} [${mac.toUpperCase()}]  ${((call.sys.monotonicUs() - sentUs) / 1000).toFixed(3)}ms`);
      if (!options.has('b')) peer = mac;
      if (options.has('f') || isProbe || sent >= count) isStopped = true;
    }
  }
  sockets.close(opened.value);
  if (!options.has('q')) {
    call.out(`Sent ${sent} probes (${broadcasts} broadcast(s))`);
    call.out(`Received ${received} response(s)`);
  }
  if (isProbe) return received > 0 ? 1 : 0;
  if (isUnsolicited) return 0;
  return received >= (options.has('w') && Number.isFinite(count) ? count : 1) ? 0 : 1;
}

/** What is wrong with the number of an option, as strtol_or_err says it: nothing after its quotes when it is none. */
function wrongNumber(letter: string, text: string): string | undefined {
  if (!/^\s*[+-]?\d+$/.test(text)) return '';
  const least = letter === 'c' ? 1 : 0;
  const value = Number(text);
  return value < least || value > 2147483647 ? `: out of range: ${least} <= value <= 2147483647` : undefined;
}

const broadcast = 'ff:ff:ff:ff:ff:ff';
/** A timer set to nought never fires. */
const NEVER_S = 2 ** 31;

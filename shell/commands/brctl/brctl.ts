/** brctl(8) of bridge-utils 1.7. Read first: brctl/brctl_cmd.c, brctl_disp.c, libbridge. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import type { BridgeOptions, BridgePortOptions, BridgePortView, LinkDetails, LinkView } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { defineCommand, type Invocation } from '../define.ts';

export const brctl = defineCommand({
  name: 'brctl',
  summary: 'ethernet bridge administration',
  package: 'bridge-utils',
  path: '/usr/sbin/brctl',
  run: (call) => runBrctl(call),
});

interface Verb { readonly arguments: number; readonly usage: string; readonly summary: string; run(call: Invocation, args: readonly string[]): ExitCode }

const verbs: Readonly<Record<string, Verb>> = {
  addbr: { arguments: 1, usage: '<bridge>\t\t', summary: 'add bridge', run: addBridge },
  delbr: { arguments: 1, usage: '<bridge>\t\t', summary: 'delete bridge', run: deleteBridge },
  addif: { arguments: 2, usage: '<bridge> <device>\t', summary: 'add interface to bridge', run: addInterfaces },
  delif: { arguments: 2, usage: '<bridge> <device>\t', summary: 'delete interface from bridge', run: deleteInterfaces },
  hairpin: { arguments: 3, usage: '<bridge> <port> {on|off}\t', summary: 'turn hairpin on/off', run: hairpin },
  setageing: { arguments: 2, usage: '<bridge> <time>\t\t', summary: 'set ageing time', run: time('ageing time', (ms) => ({ ageingMs: ms }), 'set ageing time') },
  setbridgeprio: { arguments: 2, usage: '<bridge> <prio>\t\t', summary: 'set bridge priority', run: bridgePriority },
  setfd: { arguments: 2, usage: '<bridge> <time>\t\t', summary: 'set bridge forward delay', run: time('forward delay value', (ms) => ({ forwardDelayMs: ms }), 'set forward delay') },
  sethello: { arguments: 2, usage: '<bridge> <time>\t\t', summary: 'set hello time', run: time('hello timer value', (ms) => ({ helloTimeMs: ms }), 'set hello timer') },
  setmaxage: { arguments: 2, usage: '<bridge> <time>\t\t', summary: 'set max message age', run: time('max age value', (ms) => ({ maxAgeMs: ms }), 'set max age') },
  setpathcost: { arguments: 3, usage: '<bridge> <port> <cost>\t', summary: 'set path cost', run: portNumber('path cost', (value) => ({ pathCost: value }), 'set path cost') },
  setportprio: { arguments: 3, usage: '<bridge> <port> <prio>\t', summary: 'set port priority', run: portNumber('path priority value', (value) => ({ priority: value }), 'set port priority') },
  show: { arguments: 0, usage: '[ <bridge> ]\t\t', summary: 'show a list of bridges', run: show },
  showmacs: { arguments: 1, usage: '<bridge>\t\t', summary: 'show a list of mac addrs', run: showMacs },
  showstp: { arguments: 1, usage: '<bridge>\t\t', summary: 'show bridge stp info', run: showStp },
  stp: { arguments: 2, usage: '<bridge> {on|off}\t', summary: 'turn stp on/off', run: stp },
};

function runBrctl(call: Invocation): ExitCode {
  // getopt(3) finds options behind the verb too.
  const option = call.args.find((word) => word.startsWith('-') && word.length > 1);
  if (option !== undefined && option !== '--') {
    if (option === '-h' || option === '--help') return help(call, 0);
    if (option === '-V' || option === '--version') {
      call.out('bridge-utils, 1.7');
      return 0;
    }
    call.err(option.startsWith('--') ? `${call.name}: unrecognized option '${option}'` : `${call.name}: invalid option -- '${option[1] ?? ''}'`);
    call.err("Unknown option '?'");
    return help(call, 1);
  }
  const [first, ...args] = call.args.filter((word) => word !== '--');
  if (first === undefined) return help(call, 1);
  const verb = Object.hasOwn(verbs, first) ? verbs[first]! : undefined;
  if (verb === undefined) {
    call.err(`never heard of command [${first}]`);
    return help(call, 1);
  }
  if (args.length < verb.arguments) {
    call.out('Incorrect number of arguments for command');
    call.out(`Usage: brctl ${first} ${verb.usage}${verb.summary}`);
    return 1;
  }
  return verb.run(call, args);
}

function help(call: Invocation, code: ExitCode): ExitCode {
  call.out('Usage: brctl [commands]');
  call.out('commands:');
  for (const [name, verb] of Object.entries(verbs)) call.out(`\t${name.padEnd(10)}\t${verb.usage}${verb.summary}`);
  return code;
}

type BridgeDetails = Extract<LinkDetails, { kind: 'bridge' }>;

function findBridge(call: Invocation, name: string): { link: LinkView; bridge: BridgeDetails } | undefined {
  const link = call.net.netlink.link(name);
  return link !== undefined && link.details.kind === 'bridge' ? { link, bridge: link.details } : undefined;
}

function addBridge(call: Invocation, [name = '']: readonly string[]): ExitCode {
  const made = call.net.netlink.addLink({ kind: 'bridge', name: name.slice(0, 15) });
  if (made.ok) return 0;
  if (made.error === 'EEXIST') call.err(`device ${name} already exists; can't create bridge with the same name`);
  else call.err(`add bridge failed: ${strerror(made.error)}`);
  return 1;
}

function deleteBridge(call: Invocation, [name = '']: readonly string[]): ExitCode {
  const link = call.net.netlink.link(name);
  let error: Errno | undefined;
  if (call.sys.uid !== 0) error = 'EPERM';
  else if (link === undefined) error = 'ENXIO';
  else if (link.kind !== 'bridge') error = 'EPERM';
  else if (link.isUp) error = 'EBUSY';
  else {
    const removed = call.net.netlink.deleteLink(link.index);
    if (!removed.ok) error = removed.error;
  }
  if (error === undefined) return 0;
  if (error === 'ENXIO') call.err(`bridge ${name} doesn't exist; can't delete it`);
  else if (error === 'EBUSY') call.err(`bridge ${name} is still up; can't delete it`);
  else call.err(`can't delete bridge ${name}: ${strerror(error)}`);
  return 1;
}

function addInterfaces(call: Invocation, [name = '', ...devices]: readonly string[]): ExitCode {
  const bridge = call.net.netlink.link(name);
  for (const device of devices) {
    const link = call.net.netlink.link(device);
    if (link === undefined) {
      call.err(`interface ${device} does not exist!`);
      return 1;
    }
    if (bridge === undefined) {
      call.err(`bridge ${name} does not exist!`);
      return 1;
    }
    const error = addError(call, bridge, link);
    if (error === undefined) continue;
    if (error === 'EBUSY') call.err(`device ${device} is already a member of a bridge; can't add it to bridge ${name}.`);
    else if (error === 'ELOOP') call.err(`device ${device} is a bridge device itself; can't add a bridge device to a bridge device.`);
    else call.err(`can't add ${device} to bridge ${name}: ${strerror(error)}`);
    return 1;
  }
  return 0;
}

/** SIOCBRADDIF: unlike netlink, it does not move a port from one bridge to another. */
function addError(call: Invocation, bridge: LinkView, link: LinkView): Errno | undefined {
  if (bridge.kind !== 'bridge') return 'EOPNOTSUPP';
  if (call.sys.uid !== 0) return 'EPERM';
  if (link.kind === 'loopback') return 'EINVAL';
  if (link.kind === 'bridge') return 'ELOOP';
  if (link.master !== undefined) return 'EBUSY';
  const added = call.net.netlink.setLink(link.index, { master: bridge.index });
  return added.ok ? undefined : added.error;
}

function deleteInterfaces(call: Invocation, [name = '', ...devices]: readonly string[]): ExitCode {
  const bridge = call.net.netlink.link(name);
  for (const device of devices) {
    const link = call.net.netlink.link(device);
    if (link === undefined) {
      call.err(`interface ${device} does not exist!`);
      return 1;
    }
    if (bridge === undefined) {
      call.err(`bridge ${name} does not exist!`);
      return 1;
    }
    if (call.sys.uid !== 0) {
      call.err(`can't delete ${device} from ${name}: ${strerror('EPERM')}`);
      return 1;
    }
    if (link.master !== bridge.index) {
      call.err(`device ${device} is not a port of ${name}`);
      return 1;
    }
    const removed = call.net.netlink.setLink(link.index, { master: 0 });
    if (removed.ok) continue;
    call.err(`can't delete ${device} from ${name}: ${strerror(removed.error)}`);
    return 1;
  }
  return 0;
}

function onOff(call: Invocation, word: string): boolean | undefined {
  if (word === 'on' || word === 'yes' || word === '1') return true;
  if (word === 'off' || word === 'no' || word === '0') return false;
  call.err('expect on/off for argument');
  return undefined;
}

function hairpin(call: Invocation, [name = '', port = '', word = '']: readonly string[]): ExitCode {
  const value = onOff(call, word);
  if (value === undefined) return 1;
  const link = call.net.netlink.link(port);
  const bridge = call.net.netlink.link(name);
  if (link === undefined) {
    call.err(`interface ${port} does not exist!`);
    return 1;
  }
  if (bridge === undefined) {
    call.err(`bridge ${name} does not exist!`);
    return 1;
  }
  // Through sysfs: /sys/class/net/PORT/brport/hairpin_mode, else an old ioctl that knows nothing of it.
  if (link.master === undefined) {
    call.err(`can't set ${port} to hairpin on bridge ${name}: ${strerror('ENOENT')}`);
    return 1;
  }
  const set = call.net.netlink.setLink(link.index, { bridgePort: { hairpin: value } });
  if (set.ok) return 0;
  call.err(`can't set ${port} to hairpin on bridge ${name}: ${strerror(set.error === 'EPERM' ? 'EOPNOTSUPP' : set.error)}`);
  return 1;
}

function stp(call: Invocation, [name = '', word = '']: readonly string[]): ExitCode {
  const value = onOff(call, word);
  return value === undefined ? 1 : setBridge(call, name, { stp: value }, 'set stp status');
}

function setBridge(call: Invocation, name: string, bridge: BridgeOptions, what: string): ExitCode {
  const found = call.net.netlink.link(name);
  const error: Errno | undefined = found === undefined ? 'ENODEV' : found.kind !== 'bridge' ? 'EOPNOTSUPP' : undefined;
  const set = error === undefined ? call.net.netlink.setLink(found!.index, { bridge }) : { ok: false as const, error };
  if (set.ok) return 0;
  call.err(`${what} failed: ${strerror(set.error)}`);
  return 1;
}

/** Seconds with a fraction. */
function time(what: string, options: (ms: number) => BridgeOptions, doing: string): Verb['run'] {
  return (call, [name = '', word = '']) => {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i.test(word)) {
      call.err(`bad ${what === 'ageing time' ? 'ageing time value' : what}`);
      return 1;
    }
    return setBridge(call, name, options(Math.round(Number.parseFloat(word) * 1000)), doing);
  };
}

function bridgePriority(call: Invocation, [name = '', word = '']: readonly string[]): ExitCode {
  if (!/^\d+/.test(word)) {
    call.err('bad priority');
    return 1;
  }
  return setBridge(call, name, { priority: Number.parseInt(word, 10) }, 'set bridge priority');
}

function portNumber(what: string, options: (value: number) => BridgePortOptions, doing: string): Verb['run'] {
  return (call, [name = '', port = '', word = '']) => {
    if (!/^\d+$/.test(word)) {
      call.err(`bad ${what}`);
      return 1;
    }
    const bridge = call.net.netlink.link(name);
    const link = call.net.netlink.link(port);
    const error: Errno | undefined = bridge === undefined ? 'ENODEV' : link === undefined ? 'ENODEV' : link.master !== bridge.index ? 'ENOENT' : undefined;
    const set = error === undefined ? call.net.netlink.setLink(link!.index, { bridgePort: options(Number(word)) }) : { ok: false as const, error };
    if (set.ok) return 0;
    call.err(`${doing} failed: ${strerror(set.error)}`);
    return 1;
  };
}

// ---------------------------------------------------------------- show
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function plainId(id: string): string {
  return id.replaceAll(':', '');
}

function show(call: Invocation, names: readonly string[]): ExitCode {
  const { netlink } = call.net;
  const wanted = names.length > 0 ? names : netlink.links().filter((link) => link.kind === 'bridge').map((link) => link.name).sort(compare);
  let code: ExitCode = 0;
  let hasHeader = false;
  for (const name of wanted) {
    const link = netlink.link(name);
    if (link === undefined) {
      call.err(`bridge ${name} does not exist!`);
      code = 1;
      continue;
    }
    if (link.details.kind !== 'bridge') {
      call.err(`device ${name} is not a bridge!`);
      code = 1;
      continue;
    }
    if (!hasHeader) call.out('bridge name\tbridge id\t\tSTP enabled\tinterfaces');
    hasHeader = true;
    const ports = portsOf(call, link);
    const names = ports.map((port) => netlink.link(port.link)?.name ?? '').sort(compare);
    call.write(`${name}\t\t${plainId(link.details.bridgeId)}\t${link.details.stp ? 'yes' : 'no'}\t\t`);
    if (names.length === 0) call.write('\n');
    names.forEach((port, index) => call.out(`${index === 0 ? '' : '\t\t\t\t\t\t\t'}${port}`));
  }
  return code;
}

function portsOf(call: Invocation, bridge: LinkView): BridgePortView[] {
  return call.net.netlink.bridgePorts().filter((port) => port.bridge === bridge.index).sort((left, right) => left.portNumber - right.portNumber);
}

function showMacs(call: Invocation, [name = '']: readonly string[]): ExitCode {
  const found = findBridge(call, name);
  if (found === undefined) {
    call.err(`read of forward table failed: ${strerror(call.net.netlink.link(name) === undefined ? 'ENODEV' : 'EOPNOTSUPP')}`);
    return 1;
  }
  const ports = new Map(portsOf(call, found.link).map((port) => [port.link, port.portNumber]));
  // The old table has neither the bridge's own addresses nor the VLAN copies; brctl sorts by address.
  const entries = call.net.netlink.fdb().filter((entry) => entry.master === found.link.index && ports.has(entry.link) && entry.vlan === undefined && !entry.isSelf);
  entries.sort((left, right) => compare(left.mac, right.mac));
  call.out('port no\tmac addr\t\tis local?\tageing timer');
  for (const entry of entries) {
    call.out(`${String(ports.get(entry.link)).padStart(3)}\t${entry.mac}\t${entry.isLocal ? 'yes' : 'no'}\t\t${timer(entry.isLocal ? 0 : entry.ageSeconds * 1000)}`);
  }
  return 0;
}

/** `%4i.%.2i`: seconds and hundredths. */
function timer(ms: number): string {
  const hundredths = Math.floor(ms / 10);
  return `${String(Math.floor(hundredths / 100)).padStart(4)}.${String(hundredths % 100).padStart(2, '0')}`;
}

function showStp(call: Invocation, [name = '']: readonly string[]): ExitCode {
  const link = call.net.netlink.link(name);
  if (link === undefined || link.details.kind !== 'bridge') {
    call.err(link === undefined ? `bridge ${name} does not exist!` : `device ${name} is not a bridge!`);
    return 1;
  }
  const { details } = link;
  const timers = call.net.netlink.bridgeTimers(link.index);
  call.write(`${name}\n`);
  call.out(` bridge id\t\t${plainId(details.bridgeId)}`);
  call.out(` designated root\t${plainId(details.rootId)}`);
  call.out(` root port\t\t${String(details.rootPort).padStart(4)}\t\t\tpath cost\t\t${String(details.rootPathCost).padStart(4)}`);
  call.out(` max age\t\t${timer(details.maxAgeMs)}\t\t\tbridge max age\t\t${timer(details.maxAgeMs)}`);
  call.out(` hello time\t\t${timer(details.helloTimeMs)}\t\t\tbridge hello time\t${timer(details.helloTimeMs)}`);
  call.out(` forward delay\t\t${timer(details.forwardDelayMs)}\t\t\tbridge forward delay\t${timer(details.forwardDelayMs)}`);
  call.out(` ageing time\t\t${timer(details.ageingMs)}`);
  call.out(` hello timer\t\t${timer(timers.helloMs)}\t\t\ttcn timer\t\t${timer(timers.tcnMs)}`);
  call.out(` topology change timer\t${timer(timers.topologyChangeMs)}\t\t\tgc timer\t\t${timer(timers.gcMs)}`);
  call.out(` flags\t\t\t${details.topologyChange ? 'TOPOLOGY_CHANGE ' : ''}${timers.topologyChangeDetected ? 'TOPOLOGY_CHANGE_DETECTED ' : ''}`);
  call.write('\n\n');
  for (const port of portsOf(call, link)) {
    const hex = (value: number): string => value.toString(16).padStart(4, '0');
    call.out(`${call.net.netlink.link(port.link)?.name ?? ''} (${port.portNumber})`);
    call.out(` port id\t\t${hex(port.portId)}\t\t\tstate\t\t${port.state.padStart(15)}`);
    call.out(` designated root\t${plainId(port.designatedRoot)}\tpath cost\t\t${String(port.pathCost).padStart(4)}`);
    call.out(` designated bridge\t${plainId(port.designatedBridge)}\tmessage age timer\t${timer(port.messageAgeTimerMs)}`);
    call.out(` designated port\t${hex(port.designatedPort)}\t\t\tforward delay timer\t${timer(port.forwardDelayTimerMs)}`);
    call.out(` designated cost\t${String(port.designatedCost).padStart(4)}\t\t\thold timer\t\t${timer(port.holdTimerMs)}`);
    call.write(` flags\t\t\t${port.hairpin ? '\n hairpin mode\t\t   1' : ''}\n\n`);
  }
  return 0;
}

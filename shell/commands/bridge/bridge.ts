/** bridge(8) of iproute2 6.1.0: link, fdb, vlan; mdb.ts beside it. Read first: bridge/link.c, bridge/fdb.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseMac } from '../../ports/addresses.ts';
import type { BridgePortOptions, FdbView, LinkView } from '../../ports/kernel.ts';
import type { Result } from '../../ports/result.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { findLink, IpExit, matches, needLink, Words } from '../ip/arguments.ts';
import { kernelAnswer, unsupported, type IpContext, type IpOptions } from '../ip/context.ts';
import { jsonLinkName, shownFlags, shownName } from '../ip/link-view.ts';
import { Printer } from '../ip/printer.ts';
import { switchNamespace } from '../ip/netns.ts';
import { mdb } from './mdb.ts';

export const bridge = defineCommand({
  name: 'bridge', summary: 'show and change bridges', package: 'iproute2', path: '/usr/sbin/bridge',
  run: (call) => {
    try {
      return runBridge(call);
    } catch (stop) {
      // A missing device makes a handler answer -1, which main() returns as it is.
      if (stop instanceof IpExit) return stop.code === 1 ? 255 : stop.code;
      throw stop;
    }
  },
});

const usage = `Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }
       bridge [ -force ] -batch filename
where  OBJECT := { link | fdb | mdb | vlan | monitor }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] |
                    -o[neline] | -t[imestamp] | -n[etns] name |
                    -com[pressvlans] -c[olor] -p[retty] -j[son] }
`;

function runBridge(call: Invocation): ExitCode {
  const options: IpOptions = { family: undefined, statistics: 0, details: 0, brief: false, oneLine: false, humanReadable: false, iec: false, numeric: false, resolve: false, all: false, timestamp: 'no' };
  let isJson = false;
  let isPretty = false;
  const args = [...call.args];
  const context: IpContext = {
    call, get net() { return call.sys.net; }, options, family: undefined,
    newPrinter: () => new Printer((text) => call.write(text), { json: isJson, pretty: isPretty, oneLine: options.oneLine, colour: 'off' }),
    out: (line) => call.out(line), err: (line) => call.err(line),
  };
  while (args[0]?.startsWith('-') === true) {
    const typed = args.shift()!;
    const option = typed.startsWith('--') ? typed.slice(1) : typed;
    if (matches(option, '-help')) {
      call.writeErr(usage);
      return 255;
    }
    if (matches(option, '-Version')) {
      call.out('bridge utility, 6.1.0');
      return 0;
    }
    if (matches(option, '-stats') || matches(option, '-statistics')) options.statistics += 1;
    else if (matches(option, '-details')) options.details += 1;
    else if (matches(option, '-oneline')) options.oneLine = true;
    else if (matches(option, '-json')) isJson = true;
    else if (matches(option, '-pretty')) isPretty = true;
    else if (matches(option, '-netns')) {
      if (switchNamespace(context, args.shift() ?? '') !== 0) return 255;
    } else if (matches(option, '-compressvlans') || matches(option, '-color')) continue;
    else {
      call.err(`Option "${typed}" is unknown, try "bridge help".`);
      return 255;
    }
  }
  const [object, ...rest] = args;
  if (object === undefined || matches(object, 'help')) {
    call.writeErr(usage);
    return 255;
  }
  const words = new Words(rest, context);
  if (matches(object, 'link')) return link(context, words);
  if (matches(object, 'fdb')) return fdb(context, words);
  if (matches(object, 'mdb')) return mdb(context, words);
  if (matches(object, 'vlan')) return vlan(context, words);
  if (matches(object, 'vni') || matches(object, 'monitor')) return unsupported(context, `object ${object}`);
  call.err(`Object "${object}" is unknown, try "bridge help".`);
  return 255;
}

// ---------------------------------------------------------------- link
function link(context: IpContext, words: Words): ExitCode {
  const verb = words.take() ?? 'show';
  if (matches(verb, 'set') || matches(verb, 'change')) return setPort(context, words);
  if (!(matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list'))) {
    context.err(`Command "${verb}" is unknown, try "bridge link help".`);
    return 255;
  }
  let device: number | undefined;
  let only: number | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = needLink(context, words.value()).index;
    else if (word === 'master') only = needLink(context, words.value()).index;
    else if (matches(word, 'help')) return linkUsage(context);
    else return linkUsage(context);
  }
  const printer = context.newPrinter();
  for (const port of context.net.netlink.bridgePorts()) {
    const view = context.net.netlink.link(port.link);
    if (view === undefined || (device !== undefined && device !== port.link) || (only !== undefined && only !== port.bridge)) continue;
    printer.object(() => {
      const master = context.net.netlink.link(port.bridge)?.name ?? `if${port.bridge}`;
      printer.put('ifindex', `${view.index}: `, view.index);
      jsonLinkName(context, printer, view);
      printer.put('ifname', `${shownName(context, view)}: `, view.name);
      const flags = shownFlags(context, view);
      printer.put('flags', `<${flags.join(',')}> `, flags);
      printer.put('mtu', `mtu ${view.mtu} `, view.mtu);
      printer.put('master', `master ${master} `, master);
      printer.put('state', `state ${port.state} `, port.state);
      printer.put('priority', `priority ${port.priority} `, port.priority);
      printer.put('cost', `cost ${port.pathCost} `, port.pathCost);
      if (context.options.details > 0) {
        printer.newLine();
        printer.text('    ');
        const flag = (name: string, value: boolean): void => printer.put(name, `${name} ${value ? 'on' : 'off'} `, value);
        flag('hairpin', port.hairpin);
        flag('guard', port.guard);
        flag('root_block', port.rootBlock);
        flag('fastleave', port.fastLeave);
        flag('learning', port.learning);
        flag('flood', port.flood);
        flag('mcast_flood', port.multicastFlood);
        flag('bcast_flood', port.broadcastFlood);
        printer.put('mcast_router', 'mcast_router 1 ', 1);
        flag('mcast_to_unicast', false);
        flag('neigh_suppress', false);
        flag('vlan_tunnel', false);
        flag('isolated', port.isolated);
        flag('locked', false);
      }
      printer.text('\n');
    });
  }
  printer.finish();
  return 0;
}

const portStates: readonly string[] = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];

function setPort(context: IpContext, words: Words): ExitCode {
  let device: string | undefined;
  const change: BridgePortOptions = {};
  const flags: Readonly<Record<string, keyof BridgePortOptions>> = { hairpin: 'hairpin', guard: 'guard', root_block: 'rootBlock', fastleave: 'fastLeave', learning: 'learning', flood: 'flood', mcast_flood: 'multicastFlood', bcast_flood: 'broadcastFlood', isolated: 'isolated' };
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const flag = flags[word];
    if (word === 'dev') device = words.value();
    else if (flag !== undefined) Object.assign(change, { [flag]: onOff(words, word) });
    else if (word === 'cost') change.pathCost = words.unsigned('cost');
    else if (word === 'priority') change.priority = words.unsigned('priority');
    else if (word === 'state') {
      const value = words.value();
      const known = portStates.indexOf(value);
      change.state = known >= 0 ? known : Number(value);
    } else if (/^(learning_sync|mcast_router|mcast_to_unicast|neigh_suppress|vlan_tunnel|locked|hwmode|backup_port|nobackup_port|self|master|mcast_fast_leave)$/.test(word)) unsupported(context, `link option ${word}`);
    else return linkUsage(context);
  }
  const found = neededDevice(context, device);
  return answered(context, found.master === undefined ? { ok: false, error: 'EOPNOTSUPP' } : context.net.netlink.setLink(found.index, { bridgePort: change }));
}

function neededDevice(context: IpContext, name: string | undefined): LinkView {
  const found = name === undefined ? undefined : findLink(context, name);
  if (found !== undefined) return found;
  context.err(name === undefined ? 'Device is a required argument.' : `Cannot find bridge device "${name}"`);
  throw new IpExit(255);
}

/** Where ip says 2 for a refusal of the kernel, bridge says -1. */
function answered(context: IpContext, result: Result<unknown>): ExitCode {
  return kernelAnswer(context, result) === 0 ? 0 : 255;
}

/** parse_on_off(), whose -EINVAL becomes the status. */
function onOff(words: Words, key: string): boolean {
  const word = words.value();
  if (word !== 'on' && word !== 'off') words.exit(234, `Error: argument of "${key}" must be one of "off", "on", not "${word}"`);
  return word === 'on';
}

function linkUsage(context: IpContext): ExitCode {
  context.call.writeErr(linkHelp);
  return 255;
}

const linkHelp = `Usage: bridge link set dev DEV [ cost COST ] [ priority PRIO ] [ state STATE ]
                               [ guard {on | off} ]
                               [ hairpin {on | off} ]
                               [ fastleave {on | off} ]
                               [ root_block {on | off} ]
                               [ learning {on | off} ]
                               [ learning_sync {on | off} ]
                               [ flood {on | off} ]
                               [ mcast_router MULTICAST_ROUTER ]
                               [ mcast_flood {on | off} ]
                               [ bcast_flood {on | off} ]
                               [ mcast_to_unicast {on | off} ]
                               [ neigh_suppress {on | off} ]
                               [ vlan_tunnel {on | off} ]
                               [ isolated {on | off} ]
                               [ locked {on | off} ]
                               [ hwmode {vepa | veb} ]
                               [ backup_port DEVICE ] [ nobackup_port ]
                               [ self ] [ master ]
       bridge link show [dev DEV]
`;
const fdbHelp = `Usage: bridge fdb { add | append | del | replace } ADDR dev DEV
              [ self ] [ master ] [ use ] [ router ] [ extern_learn ]
              [ sticky ] [ local | static | dynamic ] [ vlan VID ]
              { [ dst IPADDR ] [ port PORT] [ vni VNI ] | [ nhid NHID ] }
	       [ via DEV ] [ src_vni VNI ]
       bridge fdb [ show [ br BRDEV ] [ brport DEV ] [ vlan VID ]
              [ state STATE ] [ dynamic ] ]
       bridge fdb get [ to ] LLADDR [ br BRDEV ] { brport | dev } DEV
              [ vlan VID ] [ vni VNI ] [ self ] [ master ] [ dynamic ]
       bridge fdb flush dev DEV [ brport DEV ] [ vlan VID ]
              [ self ] [ master ] [ [no]permanent | [no]static | [no]dynamic ]
              [ [no]added_by_user ] [ [no]extern_learn ] [ [no]sticky ]
              [ [no]offloaded ]
`;

// ---------------------------------------------------------------- fdb
function fdb(context: IpContext, words: Words): ExitCode {
  const verb = words.take() ?? 'show';
  if (matches(verb, 'add')) return changeFdb(context, words, 'add');
  if (matches(verb, 'append')) return changeFdb(context, words, 'append');
  if (matches(verb, 'replace')) return changeFdb(context, words, 'replace');
  if (matches(verb, 'delete')) return changeFdb(context, words, 'delete');
  if (!(matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list'))) {
    if (matches(verb, 'get')) return getFdb(context, words);
    if (matches(verb, 'flush')) return flushFdb(context, words);
    if (matches(verb, 'help')) {
      context.call.writeErr(fdbHelp);
      return 255;
    }
    context.err(`Command "${verb}" is unknown, try "bridge fdb help".`);
    return 255;
  }
  let device: number | undefined;
  let bridgeIndex: number | undefined;
  let isDeviceFixed = false;
  let isDynamicOnly = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'brport' || word === 'dev') {
      device = needLink(context, words.value()).index;
      isDeviceFixed = true;
    } else if (word === 'br') bridgeIndex = needLink(context, words.value()).index;
    else if (word === 'dynamic') isDynamicOnly = true;
    else if (word === 'vlan' || word === 'state') unsupported(context, `fdb selector ${word}`);
    else if (matches(word, 'help')) return 255;
    else words.garbage('dev', word);
  }
  const printer = context.newPrinter();
  for (const entry of context.net.netlink.fdb()) {
    if (device !== undefined && entry.link !== device) continue;
    if (bridgeIndex !== undefined && entry.master !== bridgeIndex && entry.link !== bridgeIndex && context.net.netlink.link(entry.link)?.master !== bridgeIndex) continue;
    if (isDynamicOnly && (entry.isPermanent || entry.isStatic)) continue;
    printer.object(() => printEntry(context, printer, entry, isDeviceFixed, bridgeIndex !== undefined));
  }
  printer.finish();
  return 0;
}

function printEntry(context: IpContext, printer: Printer, entry: FdbView, isDeviceFixed: boolean, _isBridgeFixed: boolean): void {
  printer.put('mac', `${entry.mac} `, entry.mac);
  const name = context.net.netlink.link(entry.link)?.name ?? `if${entry.link}`;
  if (!isDeviceFixed) printer.put('ifname', `dev ${name} `, name);
  if (entry.destination !== undefined) printer.put('dst', `dst ${entry.destination} `, entry.destination);
  if (entry.vlan !== undefined) printer.put('vlan', `vlan ${entry.vlan} `, entry.vlan);
  if (context.options.statistics > 0 && entry.master !== undefined) {
    const age = Math.floor(entry.ageSeconds);
    printer.put('used', `used ${age}/`, age);
    printer.put('updated', `${age} `, age);
  }
  printer.json('flags', entry.isSelf ? ['self'] : []);
  if (entry.isSelf) printer.text('self ');
  if (entry.master !== undefined && !entry.isSelf) {
    const master = context.net.netlink.link(entry.master)?.name ?? `if${entry.master}`;
    printer.put('master', `master ${master} `, master);
  }
  const state = entry.isPermanent || entry.isLocal ? 'permanent' : entry.isStatic ? 'static' : '';
  printer.put('state', state, state);
  printer.text('\n');
}

function changeFdb(context: IpContext, words: Words, verb: 'add' | 'append' | 'replace' | 'delete'): ExitCode {
  let mac: string | undefined;
  let device: string | undefined;
  let vlan: number | undefined;
  let isSelf = false;
  let isMaster = false;
  let kind: 'permanent' | 'static' | 'dynamic' = 'permanent';
  let destination: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'self') isSelf = true;
    else if (word === 'master') isMaster = true;
    else if (word === 'local' || word === 'permanent') kind = 'permanent';
    else if (word === 'static' || word === 'temp') kind = 'static';
    else if (word === 'dynamic') kind = 'dynamic';
    else if (word === 'vlan') vlan = words.unsigned('vlan');
    else if (word === 'dst') destination = words.value();
    else if (word === 'use' || word === 'router' || word === 'extern_learn' || word === 'sticky' || word === 'port' || word === 'vni' || word === 'via' || word === 'src_vni' || word === 'nhid') unsupported(context, `fdb option ${word}`);
    else {
      if (word === 'to') word = words.value();
      if (mac !== undefined) words.duplicate('to', word);
      mac = parseMac(word) ?? words.exit(255, `Invalid mac address ${word}`);
    }
  }
  if (device === undefined || mac === undefined) {
    context.err('Device and address are required arguments.');
    return 255;
  }
  const found = needLink(context, device);
  const entry = { link: found.index, mac, ...(vlan === undefined ? {} : { vlan }), ...(isMaster ? { master: true } : {}), ...(isSelf || !isMaster ? { self: true } : {}) };
  const { netlink } = context.net;
  return answered(context, verb === 'delete' ? netlink.deleteFdb(entry) : netlink.addFdb({ ...entry, kind, ...(destination === undefined ? {} : { destination }) }, verb));
}

function getFdb(context: IpContext, words: Words): ExitCode {
  let mac: string | undefined;
  let port: string | undefined;
  let master: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'brport' || word === 'dev') port = words.value();
    else if (word === 'br') master = words.value();
    else if (word === 'vlan' || word === 'vni' || word === 'self' || word === 'master' || word === 'dynamic') unsupported(context, `fdb get ${word}`);
    else {
      if (word === 'to') word = words.value();
      if (mac !== undefined) words.duplicate('to', word);
      mac = parseMac(word) ?? words.exit(255, `Invalid mac address ${word}`);
    }
  }
  if ((port === undefined && master === undefined) || mac === undefined) {
    context.err('Device or master device required.');
    return 255;
  }
  const bridgeIndex = master === undefined ? needLink(context, port!).master : needLink(context, master).index;
  const entry = context.net.netlink.fdb().find((each) => each.mac === mac && each.master === bridgeIndex);
  if (entry === undefined) {
    context.err('Error: Fdb entry not found.');
    return 254;
  }
  const printer = context.newPrinter();
  printer.object(() => printEntry(context, printer, entry, false, true));
  printer.finish();
  return 0;
}

function flushFdb(context: IpContext, words: Words): ExitCode {
  let device: string | undefined;
  let port: string | undefined;
  let vlan: number | undefined;
  let isMaster = false;
  let isLocal: boolean | undefined;
  let isStatic: boolean | undefined;
  let byUser: boolean | undefined;
  // What no entry here is: learnt by a program, held to its port, or in hardware.
  let isNone = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'brport') port = words.value();
    else if (word === 'vlan') {
      const text = words.value();
      vlan = Number(text);
      if (!(vlan > 0 && vlan < 4095)) words.exit(255, `Invalid VLAN ID "${text}"`);
    } else if (word === 'master') isMaster = true;
    else if (word === 'permanent' || word === 'nopermanent') isLocal = word === 'permanent';
    else if (word === 'static') [isStatic, isLocal] = [true, isLocal ?? false];
    else if (word === 'nostatic') isStatic = false;
    else if (word === 'dynamic') [isStatic, isLocal] = [false, false];
    else if (word === 'nodynamic') isStatic = true;
    else if (word === 'added_by_user' || word === 'noadded_by_user') byUser = word === 'added_by_user';
    else if (word === 'extern_learn' || word === 'sticky' || word === 'offloaded') isNone = true;
    else if (matches(word, 'help')) {
      context.call.writeErr(fdbHelp);
      return 255;
    }
  }
  const found = neededDevice(context, device);
  const portLink = port === undefined ? undefined : findLink(context, port);
  if (port !== undefined && portLink === undefined) {
    context.err(`Cannot find bridge port device "${port}"`);
    return 255;
  }
  if (isNone) unsupported(context, 'fdb flush of entries by extern_learn, sticky or offloaded');
  return answered(context, context.net.netlink.flushFdb(found.index, isMaster ? 'master' : 'self', { port: portLink?.index, vlan, isLocal, isStatic, byUser }));
}

function vlan(context: IpContext, words: Words): ExitCode {
  const verb = words.take() ?? 'show';
  if (!matches(verb, 'show') && !matches(verb, 'list')) return unsupported(context, `vlan ${verb}`);
  const printer = context.newPrinter();
  printer.text('port              vlan-id  \n');
  printer.finish();
  return 0;
}

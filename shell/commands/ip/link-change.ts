/** `ip link add`, `set` and `del`. Read first: ip/iplink.c (iplink_parse, iplink_modify), ip/link_veth.c, ip/iplink_bridge.c, ip/iplink_bridge_slave.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseMac } from '../../ports/addresses.ts';
import type { BridgeOptions, BridgePortOptions, LinkChange, LinkKind, LinkSpec } from '../../ports/kernel.ts';
import { matches, needLink, takeAddress, type Words } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { namespaceOf } from './netns.ts';
import { typeUsageTexts, usageTexts } from './usage.ts';

/** What iplink_parse collects, for a link or for the peer of a veth. */
interface Parsed {
  device?: string; name?: string; type?: string; link?: string; index?: number;
  change: LinkChange; mtu?: number; macBroadcast?: string;
  bridge: BridgeOptions; port: BridgePortOptions; spec: Partial<LinkSpec>; group?: string; carrier?: boolean; state?: string;
}

const kinds: Readonly<Record<string, LinkKind>> = {
  bridge: 'bridge', veth: 'veth', dummy: 'dummy', vlan: 'vlan', macvlan: 'macvlan', vxlan: 'vxlan', ifb: 'ifb', ipip: 'ipip', gre: 'gre',
};

export function addLink(context: IpContext, words: Words): ExitCode {
  const parsed = parse(context, words, true);
  const { device, change } = parsed;
  if (parsed.name !== undefined && device !== undefined && parsed.name !== device) return words.exit(255, 'both "name" and "dev" cannot be used when creating devices.');
  const name = parsed.name ?? device;
  if (parsed.type === undefined) return words.exit(1, 'Not enough information: "type" argument is required');
  const lower = parsed.link === undefined ? undefined : needLink(context, parsed.link);
  const kind = kinds[parsed.type];
  if (kind === undefined) return kernelAnswer(context, { ok: false, error: 'EOPNOTSUPP', message: 'Unknown device type.' });
  const spec: LinkSpec = {
    ...parsed.spec, kind,
    ...(name === undefined ? {} : { name }), ...(parsed.index === undefined ? {} : { index: parsed.index }),
    ...(lower === undefined ? {} : { link: lower.index }),
    ...(change.mac === undefined ? {} : { mac: change.mac }), ...(change.mtu === undefined ? {} : { mtu: change.mtu }),
    ...(change.txQueueLength === undefined ? {} : { txQueueLength: change.txQueueLength }), ...(change.up === undefined ? {} : { up: change.up }),
    ...(change.alias === undefined ? {} : { alias: change.alias }), ...(change.master === undefined ? {} : { master: change.master }),
    ...(change.arp === undefined ? {} : { arp: change.arp }), ...(parsed.group === undefined ? {} : { group: parsed.group }),
    ...(change.netns === undefined ? {} : { netns: change.netns }),
    ...(Object.keys(parsed.bridge).length === 0 ? {} : { bridge: parsed.bridge }),
  };
  return kernelAnswer(context, context.net.netlink.addLink(spec));
}

export function setLink(context: IpContext, words: Words): ExitCode {
  const parsed = parse(context, words, false);
  const change: LinkChange = { ...parsed.change };
  if (parsed.device === undefined) {
    if (parsed.group === undefined) return words.exit(255, 'Not enough information: "dev" argument is required.');
    for (const link of context.net.netlink.links()) {
      if (link.group !== parsed.group) continue;
      const answer = kernelAnswer(context, context.net.netlink.setLink(link.index, change));
      if (answer !== 0) return answer;
    }
    return 0;
  }
  if (parsed.group !== undefined) change.group = parsed.group;
  if (parsed.name !== undefined && parsed.name !== parsed.device) change.name = parsed.name;
  if (Object.keys(parsed.bridge).length > 0) change.bridge = parsed.bridge;
  if (Object.keys(parsed.port).length > 0) change.bridgePort = parsed.port;
  const link = needLink(context, parsed.device);
  // A tap without a program has no carrier to change, and of the others no driver lets it be changed.
  if (parsed.carrier !== undefined) {
    if (link.kind === 'tap' || link.kind === 'tun') return kernelAnswer(context, { ok: false, error: 'EPERM' });
    if (link.kind !== 'dummy') return kernelAnswer(context, { ok: false, error: 'EOPNOTSUPP' });
    unsupported(context, 'link option carrier');
  }
  // set_operstate() moves a device only out of UNKNOWN, DORMANT and TESTING.
  if (parsed.state !== undefined && link.operState === 'UNKNOWN' && link.kind !== 'loopback') unsupported(context, 'link option state');
  if (parsed.type === 'bridge_slave' && link.master === undefined) return kernelAnswer(context, { ok: false, error: 'EOPNOTSUPP' });
  if (parsed.type === 'bridge' && link.kind !== 'bridge') return kernelAnswer(context, { ok: false, error: 'EOPNOTSUPP' });
  return kernelAnswer(context, context.net.netlink.setLink(link.index, change));
}

export function deleteLink(context: IpContext, words: Words): ExitCode {
  const parsed = parse(context, words, false);
  if (parsed.device === undefined) {
    if (parsed.group === undefined) return words.exit(255, 'Not enough information: "dev" argument is required.');
    for (const link of context.net.netlink.links().filter((candidate) => candidate.group === parsed.group)) {
      const answer = kernelAnswer(context, context.net.netlink.deleteLink(link.index));
      if (answer !== 0) return answer;
    }
    return 0;
  }
  return kernelAnswer(context, context.net.netlink.deleteLink(needLink(context, parsed.device).index));
}

function parse(context: IpContext, words: Words, isAdd: boolean): Parsed {
  const parsed: Parsed = { change: {}, bridge: {}, port: {}, spec: {} };
  parseLinkWords(context, words, parsed, isAdd, false);
  return parsed;
}

function parseLinkWords(context: IpContext, words: Words, parsed: Parsed, isAdd: boolean, isPeer: boolean): void {
  const { change } = parsed;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    switch (word) {
      case 'up': change.up = true; continue;
      case 'down': change.up = false; continue;
      case 'name': parsed.name = checkedName(words, words.value(), 'name'); continue;
      case 'index': parsed.index = words.unsigned('index'); continue;
      case 'address': change.mac = hardwareAddress(words, words.value()); continue;
      case 'broadcast': case 'brd': parsed.macBroadcast = hardwareAddress(words, words.value()); continue;
      case 'txqueuelen': case 'qlen': case 'txqlen': change.txQueueLength = words.unsigned('txqueuelen'); continue;
      case 'mtu': change.mtu = words.unsigned('mtu'); continue;
      case 'netns': {
        const name = words.value();
        change.netns = namespaceOf(context, name)?.id ?? words.invalid('Invalid "netns" value\n', name);
        continue;
      }
      case 'multicast': change.multicast = words.onOff('multicast'); continue;
      case 'allmulticast': change.allMulticast = words.onOff('allmulticast'); continue;
      case 'promisc': change.promiscuous = words.onOff('promisc'); continue;
      case 'arp': change.arp = words.onOff('arp'); continue;
      case 'dynamic': change.dynamic = words.onOff('dynamic'); continue;
      case 'master': {
        const name = words.value();
        const master = context.net.netlink.link(name) ?? words.invalid('Device does not exist\n', name);
        change.master = master.index;
        continue;
      }
      case 'nomaster': change.master = 0; continue;
      case 'alias': change.alias = words.value(); continue;
      case 'group': parsed.group = groupName(words); continue;
      case 'numtxqueues': case 'numrxqueues': case 'gso_max_size': case 'gso_max_segs': case 'gro_max_size':
        words.unsigned(word);
        continue;
      case 'link': if (isAdd) { parsed.link = words.value(); continue; } break;
      case 'carrier': parsed.carrier = words.onOff('carrier'); continue;
      case 'state': parsed.state = operationalState(words); continue;
      case 'xdp': case 'xdpgeneric': case 'xdpdrv': case 'vf': case 'mode': case 'link-netnsid': case 'link-netns': case 'protodown':
      case 'addrgenmode': case 'vrf': case 'trailers': case 'parentdev':
        unsupported(context, `link option ${word}`);
        break;
      case 'type':
        parsed.type = words.value();
        parseType(context, words, parsed, isAdd);
        if (isPeer) continue;
        return;
      case 'help':
        context.call.writeErr(usageTexts.link);
        words.exit(255);
        break;
      default:
        break;
    }
    if (word === 'dev') word = words.value();
    if (parsed.device !== undefined) words.garbage('dev', word);
    parsed.device = isAdd ? checkedName(words, word, 'dev') : word;
  }
}

/** dev_valid_name() without the length for a bare word, which the kernel judges. */
function checkedName(words: Words, name: string, key: 'name' | 'dev'): string {
  const isLong = key === 'name' && name.length > 15;
  if (name === '' || isLong || /[/\s]/.test(name) || name === '.' || name === '..') words.invalid(`"${key}" not a valid ifname`, name);
  return name;
}

function hardwareAddress(words: Words, text: string): string {
  return parseMac(text) ?? words.exit(1, `"${text}" is invalid lladdr.`);
}

function operationalState(words: Words): string {
  const name = words.value();
  const known = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP'].find((state) => state.toLowerCase() === name.toLowerCase());
  return known ?? words.invalid('Invalid operstate\n', name);
}

function groupName(words: Words): string {
  const word = words.value();
  if (word === 'default' || word === '0') return 'default';
  if (!/^\d+$/.test(word)) words.invalid('Invalid "group" value\n', word);
  return word;
}

function parseType(context: IpContext, words: Words, parsed: Parsed, isAdd: boolean): void {
  switch (parsed.type) {
    case 'veth': return parseVeth(context, words, parsed);
    case 'bridge': return parseBridge(context, words, parsed);
    case 'bridge_slave': return parsePort(context, words, parsed);
    case 'vlan': return parseVlan(context, words, parsed);
    case 'macvlan': return parseMacvlan(context, words, parsed);
    case 'vxlan': return parseVxlan(context, words, parsed);
    default: {
      const word = words.take();
      if (word === undefined) return;
      if (isAdd && parsed.type !== undefined && kinds[parsed.type] !== undefined) typeError(context, words, parsed.type, word);
      words.exit(255, `Garbage instead of arguments "${word} ...". Try "ip link help".`);
    }
  }
}

function typeError(context: IpContext, words: Words, type: string, word: string): never {
  if (word !== 'help') context.err(`${type}: unknown command "${word}"?`);
  context.call.writeErr(typeUsageTexts[type] ?? '');
  return words.exit(1);
}

function parseVeth(context: IpContext, words: Words, parsed: Parsed): void {
  const word = words.take();
  if (word === undefined) return;
  if (word !== 'peer') {
    context.call.writeErr(typeUsageTexts['veth']!);
    words.exit(1);
  }
  const peer: Parsed = { change: {}, bridge: {}, port: {}, spec: {} };
  parseLinkWords(context, words, peer, true, true);
  const name = peer.name ?? peer.device;
  const { change } = peer;
  parsed.spec.peer = {
    ...(name === undefined ? {} : { name }), ...(peer.index === undefined ? {} : { index: peer.index }),
    ...(change.mac === undefined ? {} : { mac: change.mac }), ...(change.mtu === undefined ? {} : { mtu: change.mtu }),
    ...(change.txQueueLength === undefined ? {} : { txQueueLength: change.txQueueLength }), ...(change.up === undefined ? {} : { up: change.up }),
    ...(change.netns === undefined ? {} : { netns: change.netns }),
  };
}

/** Options the kernel keeps but the simulated one does not act on are refused, never swallowed. */
function parseBridge(context: IpContext, words: Words, parsed: Parsed): void {
  const { bridge } = parsed;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const ticks = (key: string): number => words.unsigned(key, words.value(), `invalid ${key}`) * 10;
    if (matches(word, 'forward_delay')) bridge.forwardDelayMs = ticks('forward_delay');
    else if (matches(word, 'hello_time')) bridge.helloTimeMs = ticks('hello_time');
    else if (matches(word, 'max_age')) bridge.maxAgeMs = ticks('max_age');
    else if (matches(word, 'ageing_time')) bridge.ageingMs = ticks('ageing_time');
    else if (matches(word, 'stp_state')) bridge.stp = words.unsigned('stp_state', words.value(), 'invalid stp_state') !== 0;
    else if (matches(word, 'priority')) bridge.priority = words.unsigned('priority', words.value(), 'invalid priority', 0xffff);
    else if (matches(word, 'vlan_filtering')) bridge.vlanFiltering = words.unsigned('vlan_filtering', words.value(), 'invalid vlan_filtering') !== 0;
    else if (matches(word, 'mcast_snooping')) bridge.multicastSnooping = words.unsigned('mcast_snooping', words.value(), 'invalid mcast_snooping') !== 0;
    else if (matches(word, 'nf_call_iptables')) bridge.nfCallIptables = words.unsigned('nf_call_iptables', words.value(), 'invalid nf_call_iptables') !== 0;
    else if (/^(mcast_|vlan_|group_|no_linklocal_learn|nf_call_|fdb_flush)/.test(word)) unsupported(context, `bridge option ${word}`);
    else typeError(context, words, 'bridge', word);
  }
}

function parsePort(context: IpContext, words: Words, parsed: Parsed): void {
  const { port } = parsed;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'state')) port.state = words.unsigned('state', words.value(), 'state is invalid');
    else if (matches(word, 'priority')) port.priority = words.unsigned('priority', words.value(), 'priority is invalid');
    else if (matches(word, 'cost')) port.pathCost = words.unsigned('cost', words.value(), 'cost is invalid');
    else if (matches(word, 'hairpin')) port.hairpin = words.onOff('hairpin');
    else if (matches(word, 'guard')) port.guard = words.onOff('guard');
    else if (matches(word, 'root_block')) port.rootBlock = words.onOff('root_block');
    else if (matches(word, 'fastleave')) port.fastLeave = words.onOff('fastleave');
    else if (matches(word, 'learning')) port.learning = words.onOff('learning');
    else if (matches(word, 'flood')) port.flood = words.onOff('flood');
    else if (matches(word, 'proxy_arp')) port.proxyArp = words.onOff('proxy_arp');
    else if (matches(word, 'mcast_flood')) port.multicastFlood = words.onOff('mcast_flood');
    else if (matches(word, 'bcast_flood')) port.broadcastFlood = words.onOff('bcast_flood');
    else if (matches(word, 'isolated')) port.isolated = words.onOff('isolated');
    else if (/^(fdb_flush|proxy_arp_wifi|mcast_|neigh_suppress|group_fwd_mask|vlan_tunnel|locked|backup_port|nobackup_port)/.test(word)) unsupported(context, `bridge_slave option ${word}`);
    else typeError(context, words, 'bridge_slave', word);
  }
}

function parseVlan(context: IpContext, words: Words, parsed: Parsed): void {
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'protocol')) {
      const protocol = words.value();
      if (!/^802\.1(q|ad)$/i.test(protocol)) words.invalid('protocol is invalid', protocol);
      parsed.spec.vlanProtocol = protocol.toLowerCase() === '802.1q' ? '802.1Q' : '802.1ad';
    } else if (matches(word, 'id')) parsed.spec.vlanId = words.unsigned('id', words.value(), 'id is invalid', 0xffff);
    else if (/^(reorder_hdr|gvrp|mvrp|loose_binding|bridge_binding|ingress-qos-map|egress-qos-map)$/.test(word)) unsupported(context, `vlan option ${word}`);
    else typeError(context, words, 'vlan', word);
  }
}

function parseMacvlan(context: IpContext, words: Words, parsed: Parsed): void {
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'mode')) {
      const mode = words.value();
      if (mode !== 'private' && mode !== 'vepa' && mode !== 'bridge' && mode !== 'passthru') {
        words.exit(1, `Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "${mode}"`);
      }
      parsed.spec.macvlanMode = mode;
    } else if (/^(flag|macaddr|bcqueuelen|nopromisc)$/.test(word)) unsupported(context, `macvlan option ${word}`);
    else typeError(context, words, 'macvlan', word);
  }
}

function parseVxlan(context: IpContext, words: Words, parsed: Parsed): void {
  const vxlan: NonNullable<LinkSpec['vxlan']> = { id: -1 };
  let hasPort = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'id') || matches(word, 'vni')) vxlan.id = words.unsigned('id', words.value(), 'invalid id', 0xffffff);
    else if (word === 'group') vxlan.group = takeAddress(words, words.value(), undefined).address;
    else if (word === 'remote') vxlan.remote = takeAddress(words, words.value(), undefined).address;
    else if (word === 'local') vxlan.local = takeAddress(words, words.value(), undefined).address;
    else if (word === 'dev') parsed.link = words.value();
    else if (word === 'dstport') {
      if (hasPort) words.garbage('dstport', words.value());
      hasPort = true;
      const port = words.unsigned('dst port', words.value(), 'dst port', 0xffff);
      if (port !== 0) vxlan.port = port;
    } else if (word === 'learning' || word === 'nolearning') vxlan.learning = word === 'learning';
    else if (word === 'ttl' || word === 'hoplimit') {
      const text = words.value();
      if (text === 'inherit') unsupported(context, 'vxlan option ttl inherit');
      const timeToLive = text === 'auto' ? 0 : words.unsigned('ttl', text, 'invalid TTL');
      if (timeToLive > 255) words.invalid('TTL must be <= 255', text);
      vxlan.timeToLive = timeToLive;
    } else if (/^(tos|df|flowlabel|ageing|maxaddress|srcport|port|proxy|noproxy|rsc|norsc|l2miss|l3miss|udpcsum|noudpcsum|gbp|external|gpe)/.test(word)) unsupported(context, `vxlan option ${word}`);
    else typeError(context, words, 'vxlan', word);
  }
  if (vxlan.id >= 0) parsed.spec.vxlan = vxlan;
}


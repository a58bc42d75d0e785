/** /proc/sys/net: reading, writing with the kernel's checks, and what a write sets off. Read first: Documentation/networking/ip-sysctl.rst, net/ipv4/devinet.c (devinet_sysctl_forward) */
import { done, fail, ok, type Result } from '../result.ts';
import type { Device, Kernel, NamespaceState, NeighbourParameters, PathSettings } from '../kernel/state.ts';
import { deviceByName, hasIp4 } from '../devices/device.ts';
import { NEIGHBOUR_KEYS } from './conf.ts';
import { NET_SYSCTLS, READ_ONLY, READ_ONLY_ELSEWHERE } from './defaults.ts';
import { forwardingChanged6, ipv6Disabled } from '../ip/autoconf6.ts';

/** Sysctls the packet path reads for every packet, and where they are kept. */
const SETTINGS: Readonly<Record<string, keyof PathSettings>> = {
  'net/ipv4/ip_forward': 'ipForward', 'net/bridge/bridge-nf-call-iptables': 'bridgeCallIptables', 'net/bridge/bridge-nf-call-ip6tables': 'bridgeCallIp6tables', 'net/bridge/bridge-nf-call-arptables': 'bridgeCallArptables',
  'net/ipv4/icmp_echo_ignore_all': 'icmpEchoIgnoreAll', 'net/ipv4/icmp_echo_ignore_broadcasts': 'icmpEchoIgnoreBroadcasts', 'net/ipv4/icmp_ratelimit': 'icmpRateLimitMs', 'net/ipv4/icmp_ratemask': 'icmpRateMask',
  'net/ipv4/icmp_msgs_per_sec': 'icmpMessagesPerSecond', 'net/ipv4/icmp_msgs_burst': 'icmpMessagesBurst', 'net/ipv4/icmp_errors_use_inbound_ifaddr': 'icmpErrorsUseInboundAddress', 'net/ipv4/ip_default_ttl': 'defaultTtl',
  'net/ipv4/route/mtu_expires': 'useTemporaryPmtuSeconds', 'net/ipv4/route/min_pmtu': 'minPmtu', 'net/ipv4/fwmark_reflect': 'fwmarkReflect',
};

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  'net/ipv4/ip_default_ttl': [1, 255], 'net/ipv4/tcp_syn_retries': [1, 127], 'net/ipv4/tcp_synack_retries': [0, 255], 'net/ipv4/tcp_fin_timeout': [0, 0x7fffffff], 'net/ipv4/ipfrag_time': [0, 0x7fffffff], 'net/ipv4/icmp_msgs_per_sec': [0, 0x7fffffff],
  'net/ipv4/icmp_echo_ignore_all': [0, 1], 'net/ipv4/icmp_echo_ignore_broadcasts': [0, 1], 'net/ipv4/tcp_keepalive_time': [0, 0x7fffffff], 'net/ipv4/ip_unprivileged_port_start': [0, 65535],
};

/** The values of a fresh namespace. */
export function freshSysctls(isFirst: boolean): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, first, others] of NET_SYSCTLS) {
    const value = isFirst ? first : others;
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

export function settingsOf(values: ReadonlyMap<string, string>): PathSettings {
  const made: Record<string, number> = { ip6Forward: 0 };
  for (const [key, field] of Object.entries(SETTINGS)) made[field] = Number(values.get(key) ?? 0);
  return made as unknown as PathSettings;
}

export function textOf(namespace: NamespaceState, key: string): string {
  return namespace.sysctls.get(key) ?? '';
}

/** A sysctl as a number; 0 when there is none. */
export function numberOf(namespace: NamespaceState, key: string): number {
  return Number(namespace.sysctls.get(key) ?? 0);
}

interface DeviceKey { family: 'ipv4' | 'ipv6'; group: 'conf' | 'neigh'; device: string; name: string }

function parseDeviceKey(key: string): DeviceKey | undefined {
  const match = /^net\/(ipv4|ipv6)\/(conf|neigh)\/(.+)\/([^/]+)$/.exec(key);
  if (match === null) return undefined;
  return { family: match[1] as 'ipv4' | 'ipv6', group: match[2] as 'conf' | 'neigh', device: match[3]!, name: match[4]! };
}

type Values = Readonly<Record<string, number>>;

/** Settings are replaced, never written in place: see SHARED. */
function change<Field extends string>(holder: Record<Field, Values>, field: Field, values: Values): void {
  holder[field] = { ...holder[field], ...values };
}

function confOf(namespace: NamespaceState, key: DeviceKey): Values | undefined {
  if (key.device === 'all') return key.family === 'ipv4' ? namespace.conf4All : namespace.conf6All;
  if (key.device === 'default') return key.family === 'ipv4' ? namespace.conf4Default : namespace.conf6Default;
  const device = deviceByName(namespace, key.device);
  if (key.family === 'ipv6') return device?.conf6;
  return device !== undefined && hasIp4(device) ? device.conf4 : undefined;
}

function neighOf(namespace: NamespaceState, key: DeviceKey): Readonly<NeighbourParameters> | undefined {
  if (key.device === 'default') return key.family === 'ipv4' ? namespace.neigh4Default : namespace.neigh6Default;
  const device = deviceByName(namespace, key.device);
  return key.family === 'ipv4' ? device?.neigh4 : device?.neigh6;
}

const JIFFIES_PER_SECOND = 100;

function neighText(parameters: Readonly<NeighbourParameters>, name: string): string | undefined {
  if (name === 'retrans_time') return String((parameters.retransmitMs * JIFFIES_PER_SECOND) / 1000);
  if (name === 'base_reachable_time') return String(parameters.baseReachableMs / 1000);
  const known = NEIGHBOUR_KEYS.find(([one]) => one === name);
  if (known === undefined) return undefined;
  const value = parameters[known[1]]!;
  return String(known[2] === 'jiffies' ? (value * JIFFIES_PER_SECOND) / 1000 : known[2] === 'seconds' ? value / 1000 : value);
}

/** All keys, sorted, as long as no device comes, goes or is renamed and no key is added (none is ever taken away). */
const keysOf = new WeakMap<NamespaceState, { readonly deviceNames: string; readonly own: number; readonly keys: readonly string[] }>();

export function sysctlKeys(namespace: NamespaceState): readonly string[] {
  const names = ['all', 'default'];
  let deviceNames = '';
  for (const device of namespace.devices.values()) {
    names.push(device.name);
    deviceNames += `${device.name}/${hasIp4(device) ? '' : '/'}`;
  }
  const own = namespace.sysctls.size;
  const known = keysOf.get(namespace);
  if (known !== undefined && known.own === own && known.deviceNames === deviceNames) return known.keys;
  const keys = makeKeys(namespace, names);
  keysOf.set(namespace, { deviceNames, own, keys });
  return keys;
}

function makeKeys(namespace: NamespaceState, names: readonly string[]): string[] {
  const keys = [...namespace.sysctls.keys()];
  for (const name of names) {
    if (confOf(namespace, { family: 'ipv4', group: 'conf', device: name, name: '' }) !== undefined) for (const field of Object.keys(namespace.conf4All)) keys.push(`net/ipv4/conf/${name}/${field}`);
    for (const field of Object.keys(namespace.conf6All)) keys.push(`net/ipv6/conf/${name}/${field}`);
    if (name === 'all') continue;
    for (const field of [...NEIGHBOUR_KEYS.map(([key]) => key), 'base_reachable_time', 'retrans_time']) keys.push(`net/ipv4/neigh/${name}/${field}`, `net/ipv6/neigh/${name}/${field}`);
  }
  return keys.sort();
}

export function getSysctl(kernel: Kernel, namespace: NamespaceState, key: string): Result<string> {
  const perDevice = parseDeviceKey(key);
  if (perDevice !== undefined) {
    if (perDevice.group === 'neigh') {
      const parameters = neighOf(namespace, perDevice);
      const text = parameters === undefined ? undefined : neighText(parameters, perDevice.name);
      return text === undefined ? fail('ENOENT') : ok(text);
    }
    const value = confOf(namespace, perDevice)?.[perDevice.name];
    return value === undefined ? fail('ENOENT') : ok(String(value));
  }
  if (key === 'net/netfilter/nf_conntrack_count') return ok(String(kernel.world.kernels[kernel.state.id]!.netfilter.conntrackCount(namespace.id)));
  const value = namespace.sysctls.get(key);
  return value === undefined ? fail('ENOENT') : ok(value);
}

export function isWritableSysctl(namespace: NamespaceState, key: string): boolean {
  if (parseDeviceKey(key)?.name === 'mc_forwarding') return false;
  return !(namespace.id === 0 ? READ_ONLY : READ_ONLY_ELSEWHERE).has(key);
}

export function setSysctl(kernel: Kernel, namespace: NamespaceState, key: string, text: string): Result {
  const present = getSysctl(kernel, namespace, key);
  if (!present.ok) return present;
  if (!isWritableSysctl(namespace, key)) return fail('EACCES');
  const perDevice = parseDeviceKey(key);
  const value = normalise(key, present.value, text);
  if (value === undefined) return fail('EINVAL');
  if (perDevice !== undefined) return perDevice.group === 'neigh' ? setNeighbour(namespace, perDevice, Number(value)) : setConf(kernel, namespace, perDevice, Number(value));
  setText(namespace, key, value);
  if (namespace.id === 0) setText(kernel.state, key, value);
  const field = SETTINGS[key];
  if (field !== undefined) namespace.settings = { ...namespace.settings, [field]: Number(value) };
  if (key === 'net/ipv4/ip_forward') changeForwarding(namespace, Number(value));
  kernel.world.announceChange(kernel.state.id);
  return done;
}

/** proc_dointvec and its relatives: as many integers as the value has now, in range; other values are text. */
function normalise(key: string, present: string, text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^-?\d+(\t-?\d+)*$/.test(present)) return trimmed;
  const wanted = present.split('\t').length;
  const words = trimmed.split(/\s+/);
  if (words.length > wanted || words.length < (wanted > 1 ? wanted : 1)) return undefined;
  const numbers: string[] = [];
  for (const word of words) {
    if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(word)) return undefined;
    const number = word.startsWith('-') ? -Number(word.slice(1)) : Number(word);
    if (number > 0x7fffffff || number < -0x80000000) return undefined;
    const range = RANGES[key];
    if (range !== undefined && (number < range[0] || number > range[1])) return undefined;
    numbers.push(String(number));
  }
  // brnf_sysctl_call_tables
  if (key.startsWith('net/bridge/')) return numbers[0] === '0' ? '0' : '1';
  if (key === 'net/ipv4/ip_local_port_range' && (Number(numbers[0]) > Number(numbers[1]) || Number(numbers[0]) < 1)) return undefined;
  return numbers.join('\t');
}

function setConf(kernel: Kernel, namespace: NamespaceState, key: DeviceKey, value: number): Result {
  const before = confOf(namespace, key)![key.name]!;
  const values = { [key.name]: value };
  if (key.device === 'all') change(namespace, key.family === 'ipv4' ? 'conf4All' : 'conf6All', values);
  else if (key.device === 'default') change(namespace, key.family === 'ipv4' ? 'conf4Default' : 'conf6Default', values);
  else change(deviceByName(namespace, key.device)!, key.family === 'ipv4' ? 'conf4' : 'conf6', values);
  if (key.family === 'ipv4') {
    if (key.name === 'forwarding' && key.device === 'all') {
      if (before !== value) changeForwarding(namespace, value);
    } else if (key.device === 'default' && key.name !== 'forwarding') {
      for (const device of namespace.devices.values()) if (!device.conf4PinnedAll && !device.conf4Pinned.has(key.name)) change(device, 'conf4', values);
    } else if (key.device !== 'all' && key.device !== 'default') {
      const device = deviceByName(namespace, key.device)!;
      device.conf4Pinned = new Set([...device.conf4Pinned, key.name]);
    }
  } else if (key.name === 'forwarding') {
    if (key.device === 'all') {
      change(namespace, 'conf6Default', values);
      namespace.settings = { ...namespace.settings, ip6Forward: value };
      for (const device of namespace.devices.values()) change(device, 'conf6', values);
    }
    forwardingChanged6(kernel, namespace);
  } else if (key.name === 'disable_ipv6' && before !== value) {
    const devices: Device[] = key.device === 'all' ? [...namespace.devices.values()] : key.device === 'default' ? [] : [deviceByName(namespace, key.device)!];
    if (key.device === 'all') change(namespace, 'conf6Default', values);
    for (const device of devices) {
      change(device, 'conf6', values);
      ipv6Disabled(kernel, namespace, device, value !== 0);
    }
  }
  kernel.world.announceChange(kernel.state.id);
  return done;
}

/** inet_forward_change: ip_forward and conf/all/forwarding are one switch, and it sets every device and the default. */
function changeForwarding(namespace: NamespaceState, value: number): void {
  setText(namespace, 'net/ipv4/ip_forward', String(value));
  namespace.settings = { ...namespace.settings, ipForward: value };
  // A router does not listen to redirects.
  change(namespace, 'conf4All', { forwarding: value, accept_redirects: value === 0 ? 1 : 0 });
  change(namespace, 'conf4Default', { forwarding: value });
  for (const device of namespace.devices.values()) change(device, 'conf4', { forwarding: value });
}

function setText(holder: { sysctls: ReadonlyMap<string, string> }, key: string, value: string): void {
  holder.sysctls = new Map(holder.sysctls).set(key, value);
}

function setNeighbour(namespace: NamespaceState, key: DeviceKey, value: number): Result {
  if (value < 0) return fail('EINVAL');
  const values: Record<string, number> = {};
  if (key.name === 'retrans_time') values.retransmitMs = (value * 1000) / JIFFIES_PER_SECOND;
  else if (key.name === 'base_reachable_time') values.baseReachableMs = value * 1000;
  else {
    const [, field, unit] = NEIGHBOUR_KEYS.find(([one]) => one === key.name)!;
    values[field] = unit === 'jiffies' ? (value * 1000) / JIFFIES_PER_SECOND : unit === 'seconds' ? value * 1000 : value;
  }
  if (values.baseReachableMs !== undefined) values.reachableMs = values.baseReachableMs;
  const holder = key.device === 'default' ? undefined : deviceByName(namespace, key.device)!;
  if (holder === undefined) change(namespace, key.family === 'ipv4' ? 'neigh4Default' : 'neigh6Default', values);
  else change(holder, key.family === 'ipv4' ? 'neigh4' : 'neigh6', values);
  return done;
}

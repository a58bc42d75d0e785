/**
 * The whole state of a machine's network in one question, read by the programs a learner would use, and what is made of their words.
 * Read first: ip(8) -json -batch, bridge(8), iptables-save(8), conntrack(8), ss(8), proc(5).
 */
import type { AddressView, ChainView, ConntrackTuple, ConntrackView, FdbView, LinkView, NeighbourView, NetnsView, PolicyRuleView, ProcessView, RouteView, SocketView } from '../../contracts/observer.ts';
import { readRule } from '../../labs/observe/rules.ts';
import { userName } from './evidence.ts';

const SECTION = '\x1d';
const FIELD = '\x1f';

/** Functions of the reader. Namespaces are told apart and processes looked through by the shell alone: a program for each would take too long. */
export const stateLibrary = String.raw`
section() { printf '\x1d%s\n' "$1"; }
namespace() {
  section "namespace $1"
  section ip; printf 'address\nroute show table all\nrule\nneigh\n' | ip -j -d -batch -
  section fdb; bridge -j -s fdb show
  section rules; iptables-save -c
  section rules6; read -r value < /proc/sys/net/ipv6/conf/all/forwarding && [ "$value" = 1 ] && ip6tables-save
  section conntrack; conntrack -L
  section sockets; ss -Htunap
  section sysctl; read -r value < /proc/sys/net/ipv4/ip_forward && echo "net.ipv4.ip_forward $value"
  for value in /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv4/conf/*/{forwarding,rp_filter,proxy_arp}; do read -r REPLY < "$value" && echo "$\{value#/proc/sys/} $REPLY"; done
}
export -f section namespace
netns_of() { local file; if [[ /proc/$1/ns/net -ef /run/podwire/netns ]]; then REPLY==; else REPLY=; for file in /run/netns/*; do [[ /proc/$1/ns/net -ef $file ]] && REPLY="=$\{file##*/}" && break; done; fi; }
processes() {
  local folder stat argv uid rest
  read -r rest _ < /proc/uptime; echo "$rest"
  for folder in /proc/[0-9]*; do
    argv=(); mapfile -d '' argv < "$folder/cmdline" && read -r stat < "$folder/stat" || continue
    uid=; while read -r rest uid _; do [ "$rest" = Uid: ] && break; done < "$folder/status"
    netns_of "$\{folder#/proc/}"
    local IFS=$'\x1f'
    printf '%s\x1f%s\x1f%s\x1f%s\n' "$stat" "$uid" "$REPLY" "$\{argv[*]}"
    unset IFS
  done
}
screens() {
  local socket
  for socket in /run/screen/S-*/*; do [ -e "$socket" ] && if [ -x "$socket" ]; then echo "1 $\{socket##*/}"; else echo "0 $\{socket##*/}"; fi; done
}
declare -A logs
windows() {
  local file fd
  for file in /run/podwire/screen/*; do
    [ -f "$file" ] || continue
    if [ -z "$\{logs[$file]-}" ]; then exec {fd}< "$file"; logs[$file]=$fd; fi
    echo "$\{file##*/} $(base64 -w0 <&$\{logs[$file]})"
  done
}
state() {
  section names; ip -j netns list
  namespace
  local file
  for file in /run/netns/*; do [ -f "$file" ] && nsenter --net="$file" bash --norc -c "namespace '$\{file##*/}'"; done
  section processes; processes
}
# In this order: a window that has written has a session.
window_state() { section windows; windows; section screens; screens; }
`.replaceAll('$\\{', '${');

export interface NamespaceState {
  readonly links: LinkView[];
  readonly addresses: AddressView[];
  readonly routes: RouteView[];
  readonly policyRules: PolicyRuleView[];
  readonly neighbours: NeighbourView[];
  readonly fdb: FdbView[];
  readonly chains: ChainView[];
  readonly conntrack: ConntrackView[];
  readonly sockets: SocketView[];
  /** By family of addresses. */
  readonly isForwarding: { readonly 4: boolean; readonly 6: boolean };
  /** IPv6's, where it is forwarded: only whether they change is asked. */
  readonly rules6: string;
  /** Those a packet's way depends on. */
  readonly sysctls: string;
}
/** What screen has: its sessions, and what their windows have written since they were last asked, by `name.number`. */
export interface WindowState { readonly screens: ScreenState[]; readonly windows: { readonly name: string; readonly bytes: Uint8Array }[] }
export interface ScreenState { readonly pid: number; readonly name: string; readonly isAttached: boolean }
export interface MachineState {
  readonly names: NetnsView[];
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly processes: ProcessView[];
  /** The same text whenever the network is the same, whatever has been counted or aged meanwhile. */
  readonly shape: string;
}

export function parseState(text: string, nowMs: number): MachineState {
  const raw = new Map<string, Map<string, string>>();
  const own = new Map<string, string>();
  let current = own;
  for (const part of text.split(SECTION).slice(1)) {
    const at = part.indexOf('\n');
    const name = part.slice(0, at);
    if (name.startsWith('namespace')) {
      current = new Map();
      raw.set(name.slice('namespace '.length), current);
    } else (['names', 'processes'].includes(name) ? own : current).set(name, part.slice(at + 1));
  }
  const links = new Map([...raw].map(([netns, sections]) => [netns, json(lineOf(sections, 0)) as IpLink[]]));
  const namespaces = new Map([...raw].map(([netns, sections]) => [netns, namespaceState(netns, sections, links)]));
  const shape = JSON.stringify([...namespaces].map(([netns, state]) => [netns, state.links, state.addresses, state.routes, state.policyRules, state.sysctls, state.rules6, state.chains.map(({ table, name, policy, rules }) => [table, name, policy, rules.map((rule) => rule.text)])]));
  return {
    names: (json(own.get('names') ?? '') as { name: string; id?: number }[]).map(({ name, id }) => ({ name, id: id ?? null })),
    namespaces, processes: processesOf(own.get('processes') ?? '', nowMs), shape,
  };
}

function lineOf(sections: ReadonlyMap<string, string>, index: number): string {
  return sections.get('ip')?.split('\n')[index] ?? '';
}

function json(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function namespaceState(netns: string, sections: ReadonlyMap<string, string>, all: ReadonlyMap<string, readonly IpLink[]>): NamespaceState {
  const links = all.get(netns) ?? [];
  const sysctls = sections.get('sysctl') ?? '';
  return {
    links: links.map((link) => linkView(link, netns, all)),
    addresses: links.flatMap(({ ifname, addr_info = [] }) => addr_info.map(({ family, local, prefixlen, scope }): AddressView => ({ device: ifname, family: family === 'inet6' ? 6 : 4, address: local, prefixLength: prefixlen, scope }))),
    routes: (json(lineOf(sections, 1)) as IpRoute[]).map(routeView),
    policyRules: (json(lineOf(sections, 2)) as IpRule[]).map(ruleView),
    neighbours: (json(lineOf(sections, 3)) as IpNeighbour[]).map(({ dst, dev, lladdr, state }) => ({ address: dst, device: dev, mac: lladdr ?? null, state: state?.[0] ?? 'NONE' })),
    fdb: (json(sections.get('fdb') ?? '') as BridgeEntry[]).flatMap(({ mac, ifname, master, state, updated }): FdbView[] => (master === undefined ? [] : [{ bridge: master, port: ifname, mac, isLocal: state === 'permanent', ageMs: (updated ?? 0) * 1000 }])),
    chains: parseRules(sections.get('rules') ?? ''),
    conntrack: (sections.get('conntrack') ?? '').split('\n').map(parseConntrack).filter((entry) => entry !== undefined),
    sockets: (sections.get('sockets') ?? '').split('\n').map(parseSocket).filter((socket) => socket !== undefined),
    isForwarding: { 4: sysctls.startsWith('net.ipv4.ip_forward 1\n'), 6: sysctls.includes('\nnet/ipv6/conf/all/forwarding 1\n') },
    rules6: (sections.get('rules6') ?? '').replace(/^#.*\n|\[\d+:\d+\]/gm, ''),
    sysctls,
  };
}

// ---------------------------------------------------------------- ip and bridge

interface IpLink {
  ifname: string; ifindex: number; flags: string[]; mtu: number; operstate: string; link_type: string; address?: string; master?: string; link?: string; link_index?: number; link_netnsid?: number; ifalias?: string;
  linkinfo?: { info_kind?: string; info_data?: { type?: string } }; addr_info?: { family: string; local: string; prefixlen: number; scope: string }[];
}
interface IpRoute { type?: string; dst: string; gateway?: string; dev?: string; table?: string; protocol?: string; scope?: string; prefsrc?: string; metric?: number; pref?: string }
interface IpRule { priority: number; src?: string; srclen?: number; dst?: string; dstlen?: number; fwmark?: string; iif?: string; oif?: string; table?: string }
interface IpNeighbour { dst: string; dev: string; lladdr?: string; state?: string[] }
interface BridgeEntry { mac: string; ifname: string; master?: string; state?: string; updated?: number }

function linkView(link: IpLink, netns: string, all: ReadonlyMap<string, readonly IpLink[]>): LinkView {
  const peer = peerOf(link, netns, all);
  const kind = link.linkinfo?.info_kind;
  return {
    name: link.ifname, index: link.ifindex, mac: link.address ?? '', flags: link.flags, isUp: link.flags.includes('UP'), hasCarrier: link.flags.includes('LOWER_UP'), operstate: link.operstate, master: link.master ?? null, mtu: link.mtu, alias: link.ifalias ?? null,
    // The wire out of the lab is a veth here; what it stands for is a network card.
    kind: kind === 'tun' ? (link.linkinfo?.info_data?.type ?? 'tun') : kind === 'veth' && peer?.netns === null ? 'ether' : (kind ?? (link.link_type === 'loopback' ? 'loopback' : 'ether')),
    peer: kind === 'veth' && peer?.netns !== null ? peer : null,
  };
}

/** The other end is where a veth's numbers point back at this one. `netns` is null for the machines out of sight. */
function peerOf(link: IpLink, netns: string, all: ReadonlyMap<string, readonly IpLink[]>): LinkView['peer'] {
  if (link.linkinfo?.info_kind !== 'veth') return null;
  if (link.link_netnsid === undefined) {
    const near = all.get(netns)?.find(({ ifname }) => ifname === link.link);
    return { index: near?.ifindex ?? link.link_index ?? 0, name: near?.ifname ?? link.link ?? null, netns };
  }
  for (const [other, links] of all) {
    const far = other === netns ? undefined : links.find(({ ifindex, link_index, linkinfo }) => ifindex === link.link_index && link_index === link.ifindex && linkinfo?.info_kind === 'veth');
    if (far !== undefined) return { index: far.ifindex, name: far.ifname, netns: other };
  }
  return { index: link.link_index ?? 0, name: null, netns: null };
}

function routeView({ type = 'unicast', dst, gateway, dev, table = 'main', protocol = 'boot', scope = 'global', prefsrc, metric = 0, pref }: IpRoute): RouteView {
  const family = pref !== undefined || dst.includes(':') ? 6 : 4;
  return { family, table, destination: dst === 'default' || dst.includes('/') ? dst : `${dst}/${family === 4 ? 32 : 128}`, kind: type, gateway: gateway ?? null, device: dev ?? null, scope, source: prefsrc ?? null, metric, protocol };
}

function ruleView({ priority, src = 'all', srclen, dst = 'all', dstlen, fwmark, iif, oif, table = 'main' }: IpRule): PolicyRuleView {
  const prefix = (address: string, length: number | undefined): string => (address === 'all' ? 'all' : `${address}/${length ?? 32}`);
  return { priority, from: prefix(src, srclen), to: prefix(dst, dstlen), mark: fwmark ?? null, inDevice: iif ?? null, outDevice: oif ?? null, table };
}

// ---------------------------------------------------------------- netfilter

/** The text of iptables-save -c: `*table`, `:CHAIN POLICY [packets:bytes]`, `[packets:bytes] -A CHAIN ...`. */
export function parseRules(text: string): ChainView[] {
  const chains: ChainView[] = [];
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):(\d+)\]/.exec(line);
    if (chain !== null) chains.push({ table, name: chain[1]!, policy: chain[2] === '-' ? null : chain[2]!, packets: Number(chain[3]), bytes: Number(chain[4]), rules: [] });
    const rule = /^\[(\d+):(\d+)\] (-A (\S+).*)$/.exec(line);
    if (rule === null) continue;
    const home = chains.find(({ table: of, name }) => of === table && name === rule[4]);
    home?.rules.push(readRule(rule[3]!, home.rules.length + 1, Number(rule[1]), Number(rule[2])));
  }
  return chains;
}

/** One line of conntrack -L: two tuples of `key=value`, a TCP state before them, marks in brackets between and after. */
export function parseConntrack(line: string): ConntrackView | undefined {
  const head = /^(\w+)\s+\d+ (\d+) (?:([A-Z][A-Z_0-9]*) )?(src=.*)$/.exec(line.trimEnd());
  if (head === null) return undefined;
  const [, protocol = '', timeout, state, rest = ''] = head;
  const second = rest.indexOf('src=', 4);
  const [original, reply] = [rest.slice(0, second), rest.slice(second)].map(tupleOf) as [ConntrackTuple, ConntrackTuple];
  return { protocol, original, reply, state: state ?? null, isReplied: !rest.includes('[UNREPLIED]'), isAssured: rest.includes('[ASSURED]'), timeoutS: Number(timeout), mark: Number(/\bmark=(\d+)/.exec(rest)?.[1] ?? 0), text: line.trimEnd() };
}

function tupleOf(text: string): ConntrackTuple {
  const value = (key: string): string | undefined => new RegExp(`\\b${key}=(\\S+)`).exec(text)?.[1];
  const numbers = { sourcePort: 'sport', destinationPort: 'dport', icmpType: 'type', icmpCode: 'code', icmpId: 'id' };
  const known = Object.entries(numbers).flatMap(([name, key]) => (value(key) === undefined ? [] : [[name, Number(value(key))] as const]));
  return { source: value('src') ?? '', destination: value('dst') ?? '', ...Object.fromEntries(known) };
}

// ---------------------------------------------------------------- sockets and processes

/** One line of ss -Htunap. */
export function parseSocket(line: string): SocketView | undefined {
  const [protocol, state, , , local, peer] = line.trim().split(/\s+/);
  if (protocol === undefined || local === undefined || peer === undefined) return undefined;
  const pid = /pid=(\d+)/.exec(line)?.[1];
  const [localAddress, localPort] = endpoint(local);
  const [peerAddress, peerPort] = endpoint(peer);
  return { protocol, state: protocol === 'tcp' && state === 'ESTAB' ? 'ESTABLISHED' : (state ?? ''), localAddress, localPort, peerAddress, peerPort, pid: pid === undefined ? null : Number(pid) };
}

function endpoint(text: string): [string, number] {
  const at = text.lastIndexOf(':');
  const address = text.slice(0, at).replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return [address === '*' ? '0.0.0.0' : address, Number(text.slice(at + 1)) || 0];
}

const TICKS_PER_SECOND = 100;
const states: Readonly<Record<string, ProcessView['state']>> = { R: 'running', T: 'stopped', t: 'stopped', Z: 'zombie' };

function processesOf(text: string, nowMs: number): ProcessView[] {
  const [uptime = '0', ...lines] = text.split('\n');
  return lines.flatMap((line): ProcessView[] => {
    const [stat = '', uid = '', netns = '', ...argv] = line.split(FIELD);
    const found = /^(\d+) \((.*)\) (.*)$/.exec(stat);
    if (found === null || argv.join('') === '') return [];
    const pid = Number(found[1]);
    const [state = '', parent, group, session, tty, ...rest] = found[3]!.split(' ');
    if (pid === 1 || isOurs(argv)) return [];
    const terminal = Number(tty);
    // Field 22, in ticks since the machine started: proc(5).
    const startedAtMs = Math.round(nowMs - (Number(uptime) - Number(rest[14]) / TICKS_PER_SECOND) * 1000);
    return [{
      pid, parentPid: Number(parent), processGroup: Number(group), session: Number(session), tty: terminal === 0 ? null : `pts/${(terminal & 0xff) | ((terminal >> 12) & 0xfff00)}`, netns: netns.startsWith('=') ? netns.slice(1) : null,
      user: userName(Number(uid)), argv, cwd: '', state: states[state] ?? 'sleeping', startedAtMs,
    }];
  });
}

/** The programs that open a terminal, between it and its login shell. */
function isOurs([program, ...words]: readonly string[]): boolean {
  return program === 'script' && words.includes('/dev/null');
}

export function parseWindows(text: string): WindowState {
  const [, windows = '', screens = ''] = text.split(SECTION).map((part) => part.slice(part.indexOf('\n') + 1));
  return { windows: windowsOf(windows), screens: screensOf(screens) };
}

function screensOf(text: string): ScreenState[] {
  return text.split('\n').flatMap((line): ScreenState[] => {
    const found = /^([01]) (\d+)\.(.+)$/.exec(line);
    return found === null ? [] : [{ isAttached: found[1] === '1', pid: Number(found[2]), name: found[3]! }];
  });
}

function windowsOf(text: string): { name: string; bytes: Uint8Array }[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', content = ''] = line.split(' ');
    return content === '' ? [] : [{ name, bytes: Buffer.from(content, 'base64') }];
  });
}

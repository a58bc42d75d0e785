/**
 * Made-up but sensible sessions: commands drawn from a small grammar of ip, brctl, iptables, sysctl and ping, over few enough names that they meet.
 * The same seed gives the same session everywhere.
 */
import type { ExecCase } from './exec.ts';

const COMMANDS = 8;
/** Carriers settle within a second (net/core/link_watch.c): what a session has led to is looked at after that. */
const SETTLES_WITHIN_S = 1.3;

export const looks: readonly string[] = [
  'ip -br link', 'ip -4 -br address', 'ip route', 'ip rule', 'brctl show', 'iptables -S', 'iptables -t nat -S', 'sysctl net.ipv4.ip_forward', 'ip netns list', 'ip -n red -br link', 'ip -n red -4 -br address', 'ip -n red route',
];

export function randomCase(seed: number): ExecCase {
  return caseOf(`random-${seed}`, randomCommands(seed));
}

export function caseOf(id: string, commands: readonly string[]): ExecCase {
  return { id, lab: 'linux-host', seed: 1, files: {}, setup: [], steps: [...commands.map((cmd) => ({ cmd, ns: undefined })), { sleep: SETTLES_WITHIN_S }, ...looks.map((cmd) => ({ cmd, ns: undefined }))] };
}

export function randomCommands(seed: number): string[] {
  const roll = dice(seed);
  const pick = <Value>(of: readonly Value[]): Value => of[Math.floor(roll() * of.length)]!;
  const fill = (text: string): string => text.replace(/<(\w+)>/g, (_, word: string) => fill(pick(words[word] ?? [word])));
  return Array.from({ length: COMMANDS }, () => fill(pick(grammar)));
}

/** The way out is left alone: on real Linux it is one end of a veth, which can be deleted where a card cannot. Things that are made come more often than things that are taken away, so that sessions get somewhere. */
const grammar: readonly string[] = [
  'ip link add <bridge> type bridge', 'brctl addbr <bridge>', 'ip link add <end> type veth peer name <other>', 'ip link add <end> type veth peer name <other>', 'ip tuntap add <tap> mode tap',
  'ip link set <device> up', 'ip link set <device> up', 'ip link set <device> down', 'ip link set <device> master <bridge>', 'ip link set <device> nomaster', 'brctl addif <bridge> <device>', 'brctl delif <bridge> <device>',
  'ip link set <device> mtu <mtu>', 'ip link set <end> name <other>', 'ip link delete <own>', 'brctl delbr <bridge>', 'brctl stp <bridge> <onOff>', 'brctl setageing <bridge> <seconds>',
  'ip address add <address>/<length> dev <device>', 'ip address add <address>/<length> dev <device>', 'ip address delete <address>/<length> dev <device>', 'ip address flush dev <device>',
  'ip route add <network> via <address>', 'ip route add <network> dev <device>', 'ip route delete <network>', 'ip route replace <network> dev <device>', 'ip route get <address>', 'ip rule add from <network> table <table>', 'ip rule delete table <table>',
  'ip netns add <netns>', 'ip netns add <netns>', 'ip netns delete <netns>', 'ip link set <own> netns <netns>', 'ip -n <netns> link set <device> up', 'ip -n <netns> address add <address>/<length> dev <device>', 'ip netns exec <netns> ping -c1 -W0.2 <address>',
  'iptables <table4> -A <chain> <match> -j <target>', 'iptables -A <chain> <match> -j <target>', 'iptables -D <chain> 1', 'iptables -P <builtin> <policy>', 'iptables -N <user>', 'iptables -X <user>', 'iptables -F <chain>',
  'iptables -t nat -A POSTROUTING -o <device> -j MASQUERADE', 'iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination <address>:8080', 'sysctl -w net.ipv4.ip_forward=<bit>', 'sysctl -w net.ipv4.conf.<device>.rp_filter=<bit>', 'sysctl net.ipv4.conf.<device>.forwarding',
  'ping -c1 -W0.2 <address>', 'ping -c1 -W0.2 -I <device> <address>', 'ip neigh show', 'ip -br link show <device>', 'ip address show <device> | grep -c inet',
];

const words: Readonly<Record<string, readonly string[]>> = {
  bridge: ['br0', 'br0', 'br1'], end: ['v0', 'v2'], other: ['v1', 'v3'], tap: ['t0'], device: ['br0', 'v0', 'v1', 't0', 'eth0', 'lo', 'nope'], own: ['br0', 'v0', 'v1', 't0', 'nope'], netns: ['red', 'red', 'blue'],
  address: ['10.1.0.1', '10.1.0.2', '10.2.0.1', '127.0.0.1', '8.8.8.8', '10.142.0.2'], length: ['24', '24', '32', '16'], network: ['10.3.0.0/16', '10.1.0.0/24', '10.2.0.0/24', 'default'], table: ['100', 'main'], table4: ['-t filter', '-t nat', '-t mangle'],
  chain: ['INPUT', 'FORWARD', 'OUTPUT', 'MINE'], builtin: ['INPUT', 'FORWARD', 'OUTPUT'], policy: ['ACCEPT', 'DROP'], user: ['MINE'], target: ['ACCEPT', 'DROP', 'REJECT', 'MINE', 'RETURN'],
  match: ['-p icmp', '-s 10.1.0.0/24', '-i <device>', '-d <address>', '-p tcp --dport 80', '-m conntrack --ctstate NEW'], onOff: ['on', 'off'], seconds: ['0', '30'], bit: ['0', '1'], mtu: ['1400', '1500', '60'],
};

/** mulberry32. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

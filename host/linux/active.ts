/**
 * Active questions on real Linux: real packets, one at a time, whose traces are wiped away afterwards as far as the kernel lets them be (neighbours it
 * had not known, connection tracking entries). Rule counters do move: the observer calls itself intrusive. Read first: ping(8), tcpdump(8), ip-neighbour(8).
 */
import { BlockList, isIP } from 'node:net';
import type { ConnectQuestion, ConnectView, PingQuestion, PingView, TraceQuestion } from '../../contracts/observer.ts';
import type { Death, PacketTrace, Place, TraceStep } from '../../contracts/trace.ts';
import { quote } from './boot-script.ts';
import type { MachineState, NamespaceState } from './state.ts';

/** What a reply may take inside one machine. */
const PATIENCE_S = 0.4;

/** No process substitution: the reader is not among the sandbox's processes, so /dev/fd leads nowhere there. */
export const activeLibrary = String.raw`
within() { local netns=$1; shift; if [ -z "$netns" ]; then "$@"; else nsenter --net="/run/netns/$netns" "$@"; fi; }
each_netns() { echo; local file; for file in /run/netns/*; do [ -f "$file" ] && echo "$\{file##*/}"; done; }
neighbours() { each_netns | while IFS= read -r netns; do within "$netns" ip neigh show | while read -r to _ dev _; do echo "$netns $to $dev"; done; done; }
remember() { known=$'\n'$(neighbours)$'\n'; }
forget() {
  local words='-p icmp --icmp-type 8 --icmp-code 0 --icmp-id'
  case $2 in *:*) words='-f ipv6 -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id';; esac
  neighbours | while IFS= read -r line; do
    case $known in *$'\n'"$line"$'\n'*) continue;; esac
    netns=$\{line%% *}; line=$\{line#* }
    within "$netns" ip neigh del "$\{line% *}" dev "$\{line#* }"
  done
  [ -z "$1" ] || each_netns | while IFS= read -r netns; do within "$netns" conntrack -D $words "$1" > /dev/null; done
}
ask_ping() {
  remember
  within "$1" ping -n -e "$3" -c 1 -W ${PATIENCE_S} $4 "$2" 2>&1
  echo "status $?"
  local hop; hop=$(within "$1" ip -o route get "$2")
  case $hop in *' via '*) hop=$\{hop#* via }; hop=$\{hop%% *};; *) hop=$2;; esac
  within "$1" ip neigh show "$hop"
  forget "$3" "$2"
}
ask_trace() {
  remember
  local names=() name pids=() folder tries filter="icmp[icmptype] == 8 and icmp[4:2] == $3"
  case $2 in *:*) filter="icmp6 and ip6[40] == 128 and ip6[44:2] == $3";; esac
  folder=$(mktemp -d /run/podwire/trace.XXXXXX)
  for name in '' /run/netns/*; do [ -z "$name" ] || [ -f "$name" ] && names+=("$\{name##*/}"); done
  for name in "$\{names[@]}"; do
    nsenter $\{name:+--net="/run/netns/$name"} timeout 3 tcpdump -Z root --immediate-mode -l -n -i any "$filter" > "$folder/=$name" 2>&1 & pids+=($!)
  done
  for name in "$\{names[@]}"; do for ((tries = 0; tries < 100; tries++)); do [[ $(< "$folder/=$name") == *listening* ]] && break; sleep 0.01; done; done
  within "$1" ping -n -e "$3" -c 1 -W ${PATIENCE_S} "$2" > /dev/null
  sleep 0.05
  kill -TERM "$\{pids[@]}"; wait "$\{pids[@]}"
  (cd "$folder" && grep -H ' IP6\? ' =*)
  rm -r "$folder"
  forget "$3" "$2"
}
ask_connect() { remember; within "$1" timeout 1.5 bash --norc -c "exec 3<> /dev/tcp/$2/$3" 2>&1; echo "status $?"; forget; }
`.replaceAll('$\\{', '${');

export interface Asking {
  ask(line: string): Promise<string | undefined>;
  state(): Promise<MachineState>;
  readonly machine: string;
}

let nextEchoId = 0;
/** Out of the way of the ids ping takes by itself most often, and never the same twice in a row. */
function echoId(): number {
  nextEchoId = (nextEchoId + 1) % 4096;
  return 60_000 + nextEchoId;
}

export async function ping(asking: Asking, { from, to, sizeBytes, ttl }: PingQuestion): Promise<PingView | undefined> {
  const options = [...(sizeBytes === undefined ? [] : [`-s ${sizeBytes}`]), ...(ttl === undefined ? [] : [`-t ${ttl}`])].join(' ');
  const text = await asking.ask(`ask_ping ${quote(from.netns)} ${quote(to)} ${echoId()} ${quote(options)}`);
  if (text === undefined) return undefined;
  const outcome = pingOutcome(text);
  if (outcome.outcome === 'reply') return { outcome: 'reply', request: { steps: [], outcome: 'delivered' } };
  const died = whyNot(await asking.state(), from, to);
  return { ...outcome, request: { steps: [step('drop', from, died.reason)], outcome: 'died', died }, died };
}

/** What ping printed, its status, and the neighbour it had to reach first: one that does not answer ARP will be an error in three seconds, which nobody needs to wait for. */
export function pingOutcome(text: string): { outcome: 'reply' | 'silence' } | { outcome: 'error'; error: string } {
  if (/^\d+ bytes from /m.test(text)) return { outcome: 'reply' };
  const error = /^ping: (?:connect: |sendmsg: )?(.+)$/m.exec(text)?.[1] ?? /^From \S+ icmp_seq=\d+ (.+)$/m.exec(text)?.[1];
  if (error !== undefined) return { outcome: 'error', error: error.trim() };
  return /\b(INCOMPLETE|FAILED)\b/.test(text) ? { outcome: 'error', error: 'Destination Host Unreachable' } : { outcome: 'silence' };
}

export async function connect(asking: Asking, { from, host, port, protocol = 'tcp' }: ConnectQuestion): Promise<ConnectView | undefined> {
  if (protocol === 'udp') return undefined;
  const text = await asking.ask(`ask_connect ${quote(from.netns)} ${quote(host)} ${port}`);
  if (text === undefined) return undefined;
  if (/^status 0$/m.test(text)) return { outcome: 'connected', request: { steps: [], outcome: 'delivered' } };
  const outcome = text.includes('Connection refused') ? 'refused' : text.includes('not known') || text.includes('resolution') ? 'unknown-host' : /unreachable|No route/.test(text) ? 'unreachable' : 'timeout';
  const died = outcome === 'refused'
    ? { cause: 'econnrefused', reason: `Nothing listens on port ${port} of ${host}.`, at: { place: from }, layer: 'service' as const }
    : whyNot(await asking.state(), from, host);
  return { outcome, request: { steps: [step('drop', from, died.reason)], outcome: 'died', died }, died };
}

export async function trace(asking: Asking, { from, to, protocol }: TraceQuestion): Promise<PacketTrace | undefined> {
  if (protocol !== 'icmp') return undefined;
  const text = await asking.ask(`ask_trace ${quote(from.netns)} ${quote(to)} ${echoId()}`);
  if (text === undefined) return undefined;
  const steps = tracedSteps(text, asking.machine);
  const state = await asking.state();
  // Out by the wire to the machines nobody sees: beyond is not ours to judge.
  const isOut = steps.some(({ kind, device, place }) => kind === 'transmit' && state.namespaces.get(place.netns)?.links.some(({ name, kind: of }) => name === device && of === 'ether') === true);
  const isHome = steps.some(({ kind, place }) => kind === 'receive' && has(state.namespaces.get(place.netns), to));
  if (isOut) return { steps, outcome: 'left' };
  if (isHome) return { steps, outcome: 'delivered' };
  const died = whyNot(state, from, to);
  return { steps: [...steps, step('drop', died.at.place, died.reason)], outcome: 'died', died };
}

/** `=NETNS:time DEVICE In|Out IP source > destination: ...` */
export function tracedSteps(text: string, machine: string): TraceStep[] {
  return text.split('\n').flatMap((line): TraceStep[] => {
    const found = /^=([^:]*):\S+ (\S+)\s+(In|Out|P|M|B)\s+IP6? ([\da-f.:]+) > ([\da-f.:]+):.*?(?:length (\d+))?$/.exec(line.trim());
    if (found === null) return [];
    const [, netns = '', device = '', way, source = '', destination = '', length] = found;
    const kind = way === 'Out' ? 'transmit' : 'receive';
    return [{
      ...step(kind, { machine, netns }, kind === 'transmit' ? `It goes out by ${device}.` : `It comes in by ${device}.`), device,
      after: { protocol: 'icmp', source, destination, ttl: 0, mark: 0, lengthBytes: Number(length ?? 0) + 20, icmpType: 8 },
    }];
  });
}

function step(kind: TraceStep['kind'], place: Place, text: string): TraceStep {
  return { kind, place, atUs: 0, text };
}

/** The first thing on the way that is plainly wrong, from the bottom up: what the tables say, since a real kernel does not tell. */
function whyNot(state: MachineState, from: Place, to: string): Death {
  const where = from.netns === '' ? from.machine : from.netns;
  const here = state.namespaces.get(from.netns);
  const death = (cause: string, layer: Death['layer'], reason: string, place = from): Death => ({ cause, layer, reason, at: { place } });
  if (here === undefined) return death('enoent', 'link', `${where} does not exist.`);
  const family = isIP(to) === 6 ? 6 : 4;
  const route = here.routes.filter((each) => each.family === family && each.table === 'main' && (each.destination === 'default' || covers(each.destination, to))).sort((a, b) => lengthOf(b.destination) - lengthOf(a.destination))[0];
  const isOwn = has(here, to);
  if (isOwn && here.links.find(({ kind }) => kind === 'loopback')?.isUp !== true) return death('link-down', 'link', `lo is switched off in ${where}, and a packet to oneself runs over lo.`);
  if (route === undefined && !isOwn) return death('no-route', 'route', `${where} has no route to ${to}.`);
  const link = here.links.find(({ name }) => name === route?.device);
  if (link !== undefined && !link.hasCarrier) return death('no-carrier', 'link', `${link.name} in ${where} has no carrier.`);
  const home = state.namespaces.get('');
  const gateway = route?.gateway ?? null;
  const isByHome = gateway !== null && has(home, gateway) && !has(home, to);
  if (from.netns !== '' && isByHome && home?.isForwarding[family] === false) return death('not-forwarding', 'forwarding', `${from.machine} does not forward: ${family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding'} is 0.`, { machine: from.machine, netns: '' });
  return death('no-answer', 'application', `Nothing came back from ${to}.`);
}

function has(namespace: NamespaceState | undefined, address: string): boolean {
  return namespace?.addresses.some((each) => each.address === address) === true;
}

function covers(prefix: string, address: string): boolean {
  const [network = '', length] = prefix.split('/');
  const family = isIP(address);
  if (isIP(network) !== family) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length ?? (family === 6 ? 128 : 32)), family === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function lengthOf(prefix: string): number {
  return prefix === 'default' ? 0 : Number(prefix.split('/')[1] ?? 128);
}

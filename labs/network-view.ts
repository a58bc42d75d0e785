/** The network as the list and the picture draw it, asked of the observer so that every backend is shown alike. */
import type { NamespaceView, NetworkView } from '../contracts/lab.ts';
import { isAvailable, type Answer, type NetnsView, type Observer } from '../contracts/observer.ts';

const CAPTURES_SHOWN = 6;
const PACKETS_SHOWN = 40;

export async function networkView(observer: Observer, atMs: number): Promise<NetworkView> {
  const namespaces: NamespaceView[] = [];
  const names: Record<string, NetnsView[]> = {};
  for (const machine of valueOr(await observer.machines(), [])) {
    const named = valueOr(await observer.namespaces(machine), []);
    names[machine] = named;
    for (const netns of ['', ...named.map(({ name }) => name).reverse()]) namespaces.push(await namespaceView(observer, machine, netns));
  }
  const captures = valueOr(await observer.captures(), []).slice(-CAPTURES_SHOWN).map((capture) => ({ ...capture, packetCount: capture.packets.length, packets: capture.packets.slice(-PACKETS_SHOWN) }));
  return { atMs, namespaces, names, captures };
}

async function namespaceView(observer: Observer, machine: string, netns: string): Promise<NamespaceView> {
  const place = { machine, netns };
  const conntrack = await observer.conntrack(place);
  return {
    machine, netns,
    links: valueOr(await observer.links(place), []),
    addresses: valueOr(await observer.addresses(place), []),
    routes: valueOr(await observer.routes(place), []).filter(({ table }) => table === 'main'),
    chains: valueOr(await observer.chains(place), []),
    conntrack: valueOr(conntrack, []),
    isForwarding: valueOr(await observer.sysctl(place, 'net.ipv4.ip_forward'), '0') === '1',
    isConntrackActive: isAvailable(conntrack) && conntrack.value.length > 0,
  };
}

function valueOr<Value>(answer: Answer<Value>, otherwise: Value): Value {
  return isAvailable(answer) ? answer.value : otherwise;
}

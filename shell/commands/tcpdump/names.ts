/** Names for tcpdump: what a filter mentions, and what an address is called in the output. Read first: pcap-filter(7), nsswitch.conf(5). */
import { nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { readServices, type Services } from '../../lib/services.ts';
import type { Invocation } from '../define.ts';
import { compileFilter, type CompiledFilter, type FilterContext } from './filter/filter.ts';

/** Numbers of IP protocols in /etc/protocols, by name and alias. */
async function readProtocols(call: Invocation): Promise<Map<string, number>> {
  const text = await call.sys.readText('/etc/protocols');
  const numbers = new Map<string, number>(Object.entries(WELL_KNOWN));
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const [name, number, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (name === undefined || number === undefined) continue;
    for (const each of [name, ...aliases]) numbers.set(each, Number(number));
  }
  return numbers;
}

const WELL_KNOWN = { icmp: 1, igmp: 2, tcp: 6, udp: 17, ipv6: 41, gre: 47, esp: 50, ah: 51, 'ipv6-icmp': 58, ospf: 89, pim: 103, vrrp: 112, sctp: 132 };

/** Compiles a filter, looking up the hosts it names as they are met. */
export async function compileWithNames(call: Invocation, text: string, context: FilterContext): Promise<CompiledFilter> {
  const services = await readServices(call.sys);
  const protocols = await readProtocols(call);
  const known = new Map<string, readonly string[]>();
  for (;;) {
    let missing: string | undefined;
    const compiled = compileFilter(text, {
      ...context,
      hostAddresses: (name) => {
        const addresses = known.get(name);
        if (addresses === undefined) missing ??= name;
        return addresses ?? [];
      },
      servicePorts: (name) => ({ tcp: services.port(name, 'tcp'), udp: services.port(name, 'udp') }),
      protocolNumber: (name) => protocols.get(name),
    });
    if (missing === undefined) return compiled;
    const found = await resolveHost(call.sys, missing);
    known.set(missing, found.ok ? found.addresses.map((entry) => entry.address) : []);
  }
}

/** A cache of names, filled between packets because printing does not wait. */
export class AddressNames {
  private readonly names = new Map<string, string | undefined>();
  private readonly wanted = new Set<string>();
  private readonly call: Invocation;
  readonly services: Services;

  constructor(call: Invocation, services: Services) {
    this.call = call;
    this.services = services;
  }

  static async open(call: Invocation): Promise<AddressNames> {
    return new AddressNames(call, await readServices(call.sys));
  }

  readonly find = (address: string): string | undefined => {
    if (!this.names.has(address)) this.wanted.add(address);
    return this.names.get(address);
  };

  async lookUpWanted(): Promise<void> {
    for (const address of this.wanted) this.names.set(address, await nameOfAddress(this.call.sys, address));
    this.wanted.clear();
  }
}

/**
 * Pods on the node's network. kubenet: a bridge cbr0 that holds the first address of the node's range, and a veth pair for each pod; ptp: a veth pair with a host route.
 * Read first: kubernetes pkg/kubelet/dockershim/network/kubenet/kubenet_linux.go; containernetworking/plugins main/bridge, main/ptp, ipam/host-local.
 */
import type { NetKernel, NetnsId, Result } from '../../simulator/index.ts';
import type { KubeDice } from '../runtime.ts';
import type { Profile } from '../profiles/index.ts';
import { attachToEndpoint } from './dataplane-v2/anetd.ts';

const BRIDGE = 'cbr0';
/** What a pod's interface is called inside. */
const INSIDE = 'eth0';

export class PodNetwork {
  private readonly kernel: NetKernel;
  private readonly profile: Profile;
  private readonly dice: KubeDice;
  private range: { base: number; size: number } | undefined;
  private readonly taken = new Map<number, NetnsId>();
  private lastOffset = 1;

  constructor(kernel: NetKernel, profile: Profile, dice: KubeDice) {
    this.kernel = kernel;
    this.profile = profile;
    this.dice = dice;
  }

  get isReady(): boolean {
    return this.range !== undefined;
  }

  /** The node's range, `10.40.0.0/24`; later changes are ignored, as kubenet does. */
  setRange(cidr: string): void {
    if (this.range !== undefined) return;
    const [address = '', length = '24'] = cidr.split('/');
    this.range = { base: numberOf(address), size: 2 ** (32 - Number(length)) };
  }

  /** Gives a namespace its lo, eth0, address and routes; answers the address. Throws when no address is left. */
  attach(ns: NetnsId): string {
    const { range } = this;
    if (range === undefined) throw new Error('the node has no range for pods yet');
    const address = this.allocate(range, ns);
    must(this.kernel.netlink.setLink(ns, 1, { up: true }));
    if (this.profile.network === 'kubenet') this.plugIntoBridge(ns, address, range);
    else this.plugPointToPoint(ns, address, range);
    return textOf(address);
  }

  /** The address is free again; links end with their namespace. */
  release(address: string): void {
    const number = numberOf(address);
    this.taken.delete(number);
    if (this.profile.network !== 'ptp') return;
    const route = this.kernel.netlink.routes(0, 'inet', 254).find((one) => one.destination === address && one.prefixLength === 32);
    if (route !== undefined) this.kernel.netlink.deleteRoute(0, { family: 'inet', destination: address, prefixLength: 32, nextHops: [] });
  }

  /** host-local hands out addresses in turn, so that one that was just released is not used again at once. */
  private allocate({ base, size }: { base: number; size: number }, ns: NetnsId): number {
    for (let tried = 0; tried < size; tried += 1) {
      this.lastOffset = this.lastOffset >= size - 2 ? 2 : this.lastOffset + 1;
      const address = base + this.lastOffset;
      if (this.taken.has(address)) continue;
      this.taken.set(address, ns);
      return address;
    }
    throw new Error(`no IP addresses available in range set: ${textOf(base + 1)}-${textOf(base + size - 2)}`);
  }

  private plugIntoBridge(ns: NetnsId, address: number, { base, size }: { base: number; size: number }): void {
    const { netlink } = this.kernel;
    const mtu = this.smallestMtu();
    const gateway = textOf(base + 1);
    const prefixLength = 32 - Math.log2(size);
    const bridge = netlink.link(0, BRIDGE)?.index ?? must(netlink.addLink(0, { kind: 'bridge', name: BRIDGE, mtu }));
    const host = this.makePair(ns, mtu, privateMac(address));
    must(netlink.setLink(0, host, { master: bridge, up: true }));
    if (!netlink.addresses(0, 'inet').some((one) => one.index === bridge && one.address === gateway)) {
      must(netlink.setLink(0, bridge, { mac: privateMac(base + 1), mtu }));
      must(netlink.setLink(0, bridge, { up: true, promiscuous: true }));
      must(netlink.addAddress(0, { index: bridge, family: 'inet', address: gateway, prefixLength, broadcast: textOf(base + size - 1) }));
    }
    const inside = netlink.link(ns, INSIDE)!.index;
    must(netlink.setLink(ns, inside, { up: true }));
    must(netlink.addAddress(ns, { index: inside, family: 'inet', address: textOf(address), prefixLength, broadcast: textOf(base + size - 1) }));
    must(netlink.addRoute(ns, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, protocol: 'boot', nextHops: [{ gateway, device: inside }] }, 'add'));
  }

  private plugPointToPoint(ns: NetnsId, address: number, { base, size }: { base: number; size: number }): void {
    const { netlink } = this.kernel;
    const gateway = textOf(base + 1);
    const host = this.makePair(ns, this.smallestMtu(), undefined);
    must(netlink.setLink(0, host, { up: true }));
    const inside = netlink.link(ns, INSIDE)!.index;
    must(netlink.setLink(ns, inside, { up: true }));
    must(netlink.addAddress(ns, { index: inside, family: 'inet', address: textOf(address), prefixLength: 32 - Math.log2(size), noPrefixRoute: true }));
    must(netlink.addRoute(ns, { family: 'inet', destination: gateway, prefixLength: 32, scope: 'link', protocol: 'boot', preferredSource: textOf(address), nextHops: [{ device: inside }] }, 'add'));
    must(netlink.addRoute(ns, { family: 'inet', destination: textOf(base), prefixLength: 32 - Math.log2(size), protocol: 'boot', preferredSource: textOf(address), nextHops: [{ gateway, device: inside }] }, 'add'));
    must(netlink.addRoute(ns, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, protocol: 'boot', nextHops: [{ gateway, device: inside }] }, 'add'));
    must(netlink.addAddress(0, { index: host, family: 'inet', address: gateway, prefixLength: 32 }));
    must(netlink.addRoute(0, { family: 'inet', destination: textOf(address), prefixLength: 32, protocol: 'boot', scope: 'host', nextHops: [{ device: host }] }, 'add'));
    if (this.kernel.bpf.loaded !== undefined) attachToEndpoint(this.kernel, host);
  }

  /** Both ends are made inside, then the host's moves out: so eth0 is number 3 in every pod. */
  private makePair(ns: NetnsId, mtu: number, mac: string | undefined): number {
    const { netlink } = this.kernel;
    const { prefix, digits } = this.profile.hostLink;
    const name = prefix + Array.from(this.dice.bytes(Math.ceil(digits / 2)), (byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, digits);
    must(netlink.addLink(ns, { kind: 'veth', name: INSIDE, mtu, ...(mac === undefined ? {} : { mac }), peer: { name, mtu } }));
    must(netlink.setLink(ns, netlink.link(ns, name)!.index, { netns: 0 }));
    return netlink.link(0, name)!.index;
  }

  private smallestMtu(): number {
    const physical = this.kernel.netlink.links(0).filter(({ kind, isUp }) => kind === 'ether' && isUp);
    return Math.min(1500, ...physical.map(({ mtu }) => mtu));
  }
}

/** 0a:58 and the address (containernetworking/plugins pkg/utils/hwaddr). */
function privateMac(address: number): string {
  return ['0a', '58', ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'))].join(':');
}

function numberOf(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the pod's network cannot be built: ${result.error} ${result.message ?? ''}`);
  return result.value;
}

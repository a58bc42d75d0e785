/** Machines behind instances: started when an instance is, plugged into the network, and kept up to date by what a guest agent would do. */
import { macAt } from '../../simulator/wire/mac.ts';
import { formatIp4, parseIp4, type Ip4 } from '../../simulator/wire/ip4.ts';
import type { Machine } from '../../machine/machine.ts';
import { fromUtf8, put32 } from '../../simulator/bytes.ts';
import type { GuestHost } from '../runtime.ts';
import type { CloudRuntime } from '../runtime.ts';
import type { Target } from './collections.ts';
import { baseName, child, objects, text, type JsonObject } from './json.ts';
import { pathOf, type ComputeStore } from './store.ts';

/** The number `ip route` shows for routes of the guest agent. */
const AGENT_PROTOCOL = '66';
const LOCAL_TABLE = 255;
const AGENT_DELAY_MS = 1000;
const STAGING_MS = 500;
const SSH_SERVER = '/usr/sbin/sshd';
const FIRST_UID = 1001;

export interface RunningGuest { readonly name: string; readonly port: number; readonly machine: Machine; readonly device: string }

export interface GuestNetwork {
  readonly project: string;
  readonly store: ComputeStore;
  readonly runtime: CloudRuntime;
  readonly host: GuestHost;
  /** Plugs a machine's device into the network; answers the port. */
  plug(machine: Machine, device: string): number;
  unplug(port: number): void;
  /** Instances have come or gone. */
  changed(): void;
}

export class Guests {
  private readonly network: GuestNetwork;
  private readonly running = new Map<string, RunningGuest>();

  constructor(network: GuestNetwork) {
    this.network = network;
  }

  get all(): readonly RunningGuest[] {
    return [...this.running.values()];
  }

  start({ path, name, scope }: Pick<Target, 'path' | 'name' | 'scope'>): void {
    const { store, project, runtime, host } = this.network;
    const instance = store.get(path);
    const [nic] = objects(instance, 'networkInterfaces');
    const address = parseIp4(text(nic, 'networkIP'))!;
    const zone = baseName(scope);
    const isStill = (...states: readonly string[]): boolean => store.find(path)?.id === instance.id && states.includes(text(store.find(path), 'status'));
    runtime.after(STAGING_MS, () => {
      if (!isStill('PROVISIONING', 'TERMINATED', 'RUNNING')) return;
      store.change(path, { status: 'STAGING' });
      host.boot({
        name, hostname: `${name}.${zone}.c.${project}.internal`, zone, machineType: baseName(text(instance, 'machineType')), imageFamily: text(instance, 'x-imageFamily'), mac: macOf(address), address: formatIp4(address), gateway: text(store.find(pathOf(text(nic, 'subnetwork'), project)), 'gatewayAddress'), mtu: 1460, metadata: metadataOf(instance),
      }, (machine, device) => {
        if (!isStill('STAGING')) return;
        this.adopt(path, machine, device);
      });
    });
  }

  stop(name: string): void {
    const guest = this.running.get(name);
    if (guest === undefined) return;
    this.running.delete(name);
    this.network.unplug(guest.port);
    this.network.host.halt(name);
    this.network.changed();
  }

  /** A machine the lab booted itself, before the cloud ran, becomes the one behind an instance. */
  adopt(path: string, machine: Machine, device: string): void {
    const name = baseName(path);
    this.running.set(name, { name, machine, device, port: this.network.plug(machine, device) });
    if (machine.programs.has(SSH_SERVER)) machine.run({ argv: ['sshd'], path: SSH_SERVER, env: new Map(), cwd: '/' });
    this.network.store.change(path, { status: 'RUNNING', cpuPlatform: 'Intel Haswell' });
    this.network.changed();
  }

  /** google-guest-agent's addresses manager: addresses that load balancers forward become local ones, a little after they are. */
  forward(name: string, addresses: readonly Ip4[]): void {
    const guest = this.running.get(name);
    if (guest === undefined) return;
    const wanted = addresses.map(formatIp4).sort();
    if (forwarded(guest.machine).map(({ destination }) => destination).sort().join() === wanted.join()) return;
    this.network.runtime.after(AGENT_DELAY_MS, () => {
      if (this.running.get(name) !== guest) return;
      const { kernel } = guest.machine;
      const present = forwarded(guest.machine);
      const link = kernel.netlink.link(0, guest.device);
      if (link === undefined) return;
      const own = kernel.netlink.addresses(0, 'inet').find(({ index }) => index === link.index)?.address;
      for (const address of wanted) {
        if (present.some(({ destination }) => destination === address)) continue;
        kernel.netlink.addRoute(0, { family: 'inet', type: 'local', destination: address, prefixLength: 32, table: LOCAL_TABLE, protocol: AGENT_PROTOCOL, scope: 'host', ...(own === undefined ? {} : { preferredSource: own }), nextHops: [{ device: link.index }] }, 'add');
      }
      for (const route of present) if (!wanted.includes(route.destination)) kernel.netlink.deleteRoute(0, { family: 'inet', type: 'local', destination: route.destination, prefixLength: 32, table: LOCAL_TABLE, nextHops: [] });
    });
  }
}

/** google-guest-agent's accounts manager: whoever has a key in the metadata gets an account, sudo, and the key. */
export function authorize(machine: Machine, keys: readonly string[]): void {
  const byUser = new Map<string, string[]>();
  for (const line of keys) {
    const colon = line.indexOf(':');
    const user = line.slice(0, colon);
    if (colon > 0 && /^[a-z_][-a-z0-9_]*$/.test(user)) byUser.set(user, [...(byUser.get(user) ?? []), line.slice(colon + 1).trim()]);
  }
  for (const [name, own] of byUser) {
    const user = machine.ports.users().find((one) => one.name === name) ?? addUser(machine, name);
    const path = `${user.home}/.ssh/authorized_keys`;
    const content = own.map((key) => `# Added by Google\n${key}\n`).join('');
    if (fromUtf8(machine.readFileAt(path) ?? new Uint8Array(0)) === content) continue;
    machine.putFile({ path: `${user.home}/.ssh`, mode: 0o700, uid: user.uid, gid: user.gid });
    machine.putFile({ path, content, mode: 0o600, uid: user.uid, gid: user.gid });
  }
}

function addUser(machine: Machine, name: string): { home: string; uid: number; gid: number } {
  const uid = Math.max(FIRST_UID, ...machine.ports.users().filter((user) => user.uid < 60_000).map((user) => user.uid + 1));
  const append = (path: string, line: string): void => void machine.putFile({ path, content: fromUtf8(machine.readFileAt(path) ?? new Uint8Array(0)) + line });
  const home = `/home/${name}`;
  append('/etc/passwd', `${name}:x:${uid}:${uid}::${home}:/bin/bash\n`);
  append('/etc/group', `${name}:x:${uid}:\n`);
  machine.putFile({ path: '/etc/sudoers.d/google_sudoers', content: `${fromUtf8(machine.readFileAt('/etc/sudoers.d/google_sudoers') ?? new Uint8Array(0))}${name} ALL=(ALL:ALL) NOPASSWD: ALL\n`, mode: 0o440 });
  machine.putFile({ path: home, mode: 0o755, uid, gid: uid });
  for (const file of ['.bashrc', '.profile', '.bash_logout']) {
    const skeleton = machine.readFileAt(`/etc/skel/${file}`);
    if (skeleton !== undefined) machine.putFile({ path: `${home}/${file}`, content: skeleton, uid, gid: uid });
  }
  return { home, uid, gid: uid };
}

function forwarded({ kernel }: Machine): { destination: string }[] {
  return kernel.netlink.routes(0, 'inet', LOCAL_TABLE).filter(({ protocol, type }) => protocol === AGENT_PROTOCOL && type === 'local').map(({ destination }) => ({ destination }));
}

/** 42:01 and the address: how Compute Engine numbers its interfaces. */
export function macOf(address: Ip4): string {
  const bytes = new Uint8Array([0x42, 0x01, 0, 0, 0, 0]);
  put32(bytes, 2, address);
  return macAt(bytes, 0);
}

export function metadataOf(instance: JsonObject): Record<string, string> {
  return Object.fromEntries(objects(child(instance, 'metadata'), 'items').map((item) => [text(item, 'key'), text(item, 'value')]));
}

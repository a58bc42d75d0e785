/** A wire between physical devices, perhaps of two machines. Carrier is there while both ends are plugged in and enabled. */
import type { LinkIndex, NetnsId } from '../kernel/api.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { carrierOff, carrierOn } from './carrier.ts';
import type { Device } from '../kernel/state.ts';

export interface WirePoint { kernelId: number; ns: NetnsId; index: LinkIndex }

export function attachWire(world: SimulatedWorld, left: WirePoint, right: WirePoint, latencyUs: number): void {
  const leftDevice = physicalAt(world, left);
  const rightDevice = physicalAt(world, right);
  leftDevice.wire = { ...right, latencyUs, isUp: true };
  rightDevice.wire = { ...left, latencyUs, isUp: true };
  carrierOn(world.inner[left.kernelId]!, leftDevice);
  carrierOn(world.inner[right.kernelId]!, rightDevice);
}

/** Pulls the wire out at both ends. */
export function detachWire(world: SimulatedWorld, at: WirePoint): void {
  const device = physicalAt(world, at);
  const { wire } = device;
  if (wire === undefined) return;
  const other = physicalAt(world, wire);
  device.wire = undefined;
  other.wire = undefined;
  carrierOff(world.inner[at.kernelId]!, device);
  carrierOff(world.inner[wire.kernelId]!, other);
}

function physicalAt(world: SimulatedWorld, at: WirePoint): Device {
  const device = world.inner[at.kernelId]?.state.namespaces.get(at.ns)?.devices.get(at.index);
  if (device?.kind !== 'ether') throw new Error(`no physical device ${at.index} in namespace ${at.ns} of kernel ${at.kernelId}`);
  return device;
}

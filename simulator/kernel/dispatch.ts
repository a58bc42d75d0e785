/** Every scheduled event finds its handler here; the compiler sees to it that none is forgotten. */
import { linkWatch } from '../devices/carrier.ts';
import { leaveQueue } from '../devices/queue.ts';
import { receive } from '../devices/receive.ts';
import { stpTimer } from '../devices/stp.ts';
import { transmitNow } from '../devices/transmit.ts';
import { expireAddresses4 } from '../ip/addresses4.ts';
import { dadTimer, reportTimer, solicitationTimer } from '../ip/autoconf6.ts';
import { reassemblyTimeout6 } from '../ip/fragment6.ts';
import { reassemblyTimeout } from '../ip/reassembly.ts';
import { netfilterTimer } from '../netfilter/hooks.ts';
import { replyForOther } from '../neighbour/arp.ts';
import { neighbourTimer } from '../neighbour/neighbour.ts';
import { tcpTimer } from '../sockets/tcp-timer.ts';
import type { WorldEvent } from '../world/events.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { died } from './trace.ts';

export function dispatch(world: SimulatedWorld, event: WorldEvent): void {
  if (event.kind === 'alarm') throw new Error('alarms are the world\'s own');
  if (event.kind === 'junction-arrival' || event.kind === 'junction-timer') return world.dispatchToJunction(event);
  const kernel = world.inner[event.kernelId]!;
  const namespace = kernel.state.namespaces.get(event.ns);
  if (namespace === undefined) return;
  switch (event.kind) {
    case 'arrival': {
      const device = namespace.devices.get(event.device);
      if (device === undefined) return died(kernel, event.ns, event.packet, 'link', 'the device is gone', '');
      return receive(kernel, namespace, device, event.packet);
    }
    case 'departure': {
      const device = namespace.devices.get(event.device);
      if (device?.netem !== undefined) device.netem.queued -= 1;
      if (device?.queue !== undefined) leaveQueue(device.queue, event.packet);
      if (device?.isUp === true) transmitNow(kernel, namespace, device, event.packet);
      return;
    }
    case 'neighbour':
      return neighbourTimer(kernel, namespace, event.family, event.device, event.address, event.generation);
    case 'proxy-arp': {
      const device = namespace.devices.get(event.device);
      if (device?.isUp === true) replyForOther(kernel, namespace, device, event.packet);
      return;
    }
    case 'dad': {
      const device = namespace.devices.get(event.device);
      if (device !== undefined) dadTimer(kernel, namespace, device, event.address);
      return;
    }
    case 'router-solicitation': {
      const device = namespace.devices.get(event.device);
      if (device !== undefined) solicitationTimer(kernel, namespace, device, event.generation, event.intervalMs);
      return;
    }
    case 'mld-report': {
      const device = namespace.devices.get(event.device);
      if (device !== undefined) reportTimer(kernel, namespace, device, event.groups, event.left, event.mode);
      return;
    }
    case 'link-watch':
      return linkWatch(kernel, event.ns, event.device);
    case 'address-expiry':
      return expireAddresses4(kernel, namespace);
    case 'reassembly':
      return (event.family === 'inet' ? reassemblyTimeout : reassemblyTimeout6)(kernel, namespace, event.key, event.startedAtUs);
    case 'stp': {
      const device = namespace.devices.get(event.device);
      if (device !== undefined) stpTimer(kernel, namespace, device, event.timer, event.port, event.dueUs);
      return;
    }
    case 'tcp':
      return tcpTimer(kernel, event.socket, event.timer, event.generation);
    case 'netfilter':
      namespace.netfilterTimer = 0;
      return netfilterTimer(kernel.netfilter, event.ns);
  }
}

/**
 * Cluster addresses, node ports and health check ports of Services (pkg/registry/core/service/storage/rest.go and
 * ipallocator, portallocator). What is taken follows from the Services there are; nothing is reserved before a Service is written.
 */
import type { Service, ServicePort } from 'kubernetes-types/core/v1';
import { invalid, StatusError, type FieldCause } from '../api/status.ts';
import type { Mutable } from '../api/values.ts';
import type { KubeDice } from '../runtime.ts';

const lowestPort = 30_000;
const highestPort = 32_767;
const kind = { group: '', kind: 'Service' };

type Draft = Mutable<Service>;

export class ServiceAllocation {
  private readonly dice: KubeDice;
  private readonly minor: number;
  private readonly range: { readonly text: string; readonly first: number; readonly size: number };
  private readonly addresses = new Set<string>();
  private readonly ports = new Set<number>();

  constructor(dice: KubeDice, range: string, minor: number) {
    this.dice = dice;
    this.minor = minor;
    const [network = '', length = '32'] = range.split('/');
    // Neither the network's own address nor the last one is given away.
    this.range = { text: range, first: addressNumber(network) + 1, size: 2 ** (32 - Number(length)) - 2 };
  }

  get firstAddress(): string {
    return addressText(this.range.first);
  }

  /** What a written Service holds. */
  claim(service: Service): void {
    for (const address of addressesOf(service)) this.addresses.add(address);
    for (const port of portsOf(service)) this.ports.add(port);
  }

  release(service: Service): void {
    for (const address of addressesOf(service)) this.addresses.delete(address);
    for (const port of portsOf(service)) this.ports.delete(port);
  }

  prepareCreate(service: Draft): void {
    this.checkFamilies(service);
    const spec = service.spec!;
    if (spec.type !== 'ExternalName') this.setAddress(service);
    const taken = new Set<number>();
    if (spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)) {
      const byPort = new Map<number, number>();
      for (const [index, port] of (spec.ports ?? []).entries()) {
        const sibling = byPort.get(port.port);
        if (sibling !== undefined && (port.nodePort === undefined || port.nodePort === sibling)) port.nodePort = sibling;
        else {
          const wanted = sibling === undefined ? spec.ports!.find((other) => other.port === port.port && other.nodePort !== undefined)?.nodePort : port.nodePort;
          port.nodePort = wanted === undefined ? this.anyPort(taken) : this.takePort(service, index, wanted, taken);
          byPort.set(port.port, port.nodePort);
        }
      }
    }
    if (needsHealthCheckPort(service)) this.setHealthCheckPort(service, taken);
    checkExternalTraffic(service);
  }

  prepareUpdate(service: Draft, old: Service): void {
    const spec = service.spec!;
    const before = old.spec!;
    const taken = new Set<number>();
    this.checkFamilies(service);
    if (before.type === 'ExternalName' && spec.type !== 'ExternalName') this.setAddress(service);
    if (spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)) {
      const held = new Set(nodePortsOf(old));
      const seen = new Set<string>();
      for (const [index, port] of (spec.ports ?? []).entries()) {
        if (port.nodePort === undefined) port.nodePort = this.anyPort(taken);
        else if (!held.has(port.nodePort) && !taken.has(port.nodePort)) this.takePort(service, index, port.nodePort, taken);
        const one = `${port.protocol} ${port.nodePort}`;
        if (seen.has(one)) throw new StatusError(500, '', `duplicate nodePort: {${port.protocol} ${port.nodePort}}`);
        seen.add(one);
      }
    }
    if (spec.type !== 'LoadBalancer') service.status = { loadBalancer: {} };
    const needed = needsHealthCheckPort(old);
    const needs = needsHealthCheckPort(service);
    if (!needed && needs) this.setHealthCheckPort(service, taken);
    else if (needed && !needs) delete spec.healthCheckNodePort;
    else if (needed && before.healthCheckNodePort !== spec.healthCheckNodePort) {
      throw refused(service, 'spec.healthCheckNodePort', `Invalid value: ${spec.healthCheckNodePort ?? 0}: cannot change healthCheckNodePort on loadBalancer service with externalTraffic=Local during update`);
    }
    const isExternal = (type: string | undefined): boolean => type === 'NodePort' || type === 'LoadBalancer';
    if (isExternal(before.type) && !isExternal(spec.type)) delete spec.externalTrafficPolicy;
    checkExternalTraffic(service);
  }

  private setAddress(service: Draft): void {
    const spec = service.spec!;
    if (spec.clusterIP === 'None') {
      spec.clusterIPs = ['None'];
      return;
    }
    if (spec.clusterIP === undefined) spec.clusterIP = this.anyAddress();
    else {
      const { clusterIP } = spec;
      const why = this.addresses.has(clusterIP) ? 'provided IP is already allocated'
        : this.isInRange(clusterIP) ? undefined : `provided IP is not in the valid range. The range of valid IPs is ${this.range.text}`;
      if (why !== undefined) throw refused(service, 'spec.clusterIPs', `Invalid value: []string{${JSON.stringify(clusterIP)}}: failed to allocated ip:${clusterIP} with error:${why}`);
    }
    spec.clusterIPs = [spec.clusterIP];
  }

  private isInRange(address: string): boolean {
    const offset = addressNumber(address) - this.range.first;
    return offset >= 0 && offset < this.range.size;
  }

  private anyAddress(): string {
    const start = this.dice.below(this.range.size);
    for (let i = 0; i < this.range.size; i += 1) {
      const address = addressText(this.range.first + ((start + i) % this.range.size));
      if (!this.addresses.has(address)) return address;
    }
    throw new StatusError(500, 'InternalError', 'Internal error occurred: failed to allocate a serviceIP: range is full', { causes: [{ message: 'failed to allocate a serviceIP: range is full' }] });
  }

  private anyPort(taken: Set<number>): number {
    const size = highestPort - lowestPort + 1;
    const start = this.dice.below(size);
    for (let i = 0; i < size; i += 1) {
      const port = lowestPort + ((start + i) % size);
      if (this.ports.has(port) || taken.has(port)) continue;
      taken.add(port);
      return port;
    }
    throw new StatusError(500, 'InternalError', 'Internal error occurred: failed to allocate a nodePort: range is full', { causes: [{ message: 'failed to allocate a nodePort: range is full' }] });
  }

  private takePort(service: Draft, index: number, port: number, taken: Set<number>): number {
    const why = this.whyNot(port, taken);
    if (why !== undefined) throw refused(service, `spec.ports[${index}].nodePort`, `Invalid value: ${port}: ${why}`);
    taken.add(port);
    return port;
  }

  private whyNot(port: number, taken: Set<number>): string | undefined {
    if (port < lowestPort || port > highestPort) return `provided port is not in the valid range. The range of valid ports is ${lowestPort}-${highestPort}`;
    return this.ports.has(port) || taken.has(port) ? 'provided port is already allocated' : undefined;
  }

  private setHealthCheckPort(service: Draft, taken: Set<number>): void {
    const spec = service.spec!;
    if (spec.healthCheckNodePort === undefined) {
      spec.healthCheckNodePort = this.anyPort(taken);
      return;
    }
    const why = this.whyNot(spec.healthCheckNodePort, taken);
    if (why === undefined) return;
    const message = `failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${why}`;
    throw new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
  }

  /** From 1.21 on a Service says which families of addresses it has; here there is one. */
  private checkFamilies(service: Draft): void {
    const spec = service.spec!;
    if (this.minor < 21 || spec.type === 'ExternalName') return;
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
    if (spec.ipFamilyPolicy === 'RequireDualStack') {
      throw refused(service, 'spec.ipFamilyPolicy', 'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services');
    }
    if (spec.ipFamilies.some((family) => family !== 'IPv4')) {
      throw refused(service, 'spec.ipFamilies[0]', `Invalid value: ${JSON.stringify(spec.ipFamilies[0])}: not configured on this cluster`);
    }
  }
}

function needsHealthCheckPort({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function checkExternalTraffic(service: Draft): void {
  const spec = service.spec!;
  const causes: FieldCause[] = [];
  if (spec.type !== 'LoadBalancer' && spec.type !== 'NodePort' && spec.externalTrafficPolicy !== undefined) {
    causes.push({ reason: 'FieldValueInvalid', field: 'spec.externalTrafficPolicy', message: `Invalid value: ${JSON.stringify(spec.externalTrafficPolicy)}: ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service` });
  }
  if (!needsHealthCheckPort(service) && spec.healthCheckNodePort !== undefined) {
    causes.push({ reason: 'FieldValueInvalid', field: 'spec.healthCheckNodePort', message: `Invalid value: ${spec.healthCheckNodePort}: HealthCheckNodePort can only be set on LoadBalancer service with ExternalTrafficPolicy=Local` });
  }
  if (causes.length > 0) throw invalid(kind, service.metadata?.name ?? '', causes);
}

function refused(service: Draft, field: string, message: string): StatusError {
  return invalid(kind, service.metadata?.name ?? '', [{ reason: 'FieldValueInvalid', field, message }]);
}

function nodePortsOf({ spec }: Service): number[] {
  return (spec?.ports ?? []).flatMap((port: ServicePort) => port.nodePort ?? []);
}

function portsOf(service: Service): number[] {
  return [...nodePortsOf(service), ...service.spec?.healthCheckNodePort === undefined ? [] : [service.spec.healthCheckNodePort]];
}

function addressesOf({ spec }: Service): string[] {
  return spec?.clusterIP === undefined || spec.clusterIP === '' || spec.clusterIP === 'None' ? [] : [spec.clusterIP];
}

function addressNumber(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** For tests: a project with bare machines (a kernel, no programs) behind its instances, and control planes that are there after a minute. */
import { createMachine, type Machine } from '../machine/machine.ts';
import { Scheduler } from '../machine/scheduler.ts';
import { fromUtf8, utf8 } from '../simulator/bytes.ts';
import { createWorld, type SimulatedWorld } from '../simulator/index.ts';
import { must } from '../simulator/test-lab.ts';
import { vpc } from './dataplane/vpc.ts';
import { Cloud, type CloudOptions } from './cloud.ts';
import { isObject, text, type Json, type JsonObject } from './api/json.ts';

export interface TestCloud {
  readonly world: SimulatedWorld;
  readonly scheduler: Scheduler;
  readonly cloud: Cloud;
  readonly machines: Map<string, Machine>;
  /** A machine with eth0 set up as a guest's is. */
  machine(name: string, address: string, gateway: string, mac?: string): Machine;
  request(method: string, path: string, body?: JsonObject): { status: number; body: JsonObject };
  /** Below the project: `global/firewalls`. Runs until the operation is over; answers what the API said first. */
  change(method: string, path: string, body?: JsonObject): JsonObject;
  run(seconds: number): void;
}

export const PROJECT = 'proj';

export function testCloud(change: Partial<CloudOptions['container']> = {}): TestCloud {
  const world = createWorld({ seed: 1, junctions: [vpc], epochUs: 1_531_597_583_030_000 });
  const scheduler = new Scheduler(world);
  const machines = new Map<string, Machine>();
  const waiting = new Map<number, () => void>();
  let tokens = 0;
  world.onAlarm = (token) => {
    const run = waiting.get(token);
    waiting.delete(token);
    run?.();
  };
  const runtime: CloudOptions['runtime'] = {
    nowMs: () => Math.floor((world.epochUs + world.nowUs) / 1000),
    after(delayMs, run) {
      const token = (tokens += 1);
      waiting.set(token, run);
      const alarm = world.setAlarm(delayMs * 1000, token);
      return () => world.cancel(alarm);
    },
    dice: world.dice,
  };
  const machine = (name: string, address: string, gateway: string, mac = '42:01:0a:00:00:01'): Machine => {
    const kernel = world.addKernel(name);
    const eth0 = must(kernel.netlink.addLink(0, { kind: 'ether', name: 'eth0', mac, mtu: 1460, noQueue: true }));
    must(kernel.netlink.setLink(0, 1, { up: true }));
    must(kernel.netlink.addAddress(0, { index: eth0, family: 'inet', address, prefixLength: 32 }));
    must(kernel.netlink.setLink(0, eth0, { up: true }));
    must(kernel.netlink.addRoute(0, { family: 'inet', destination: gateway, prefixLength: 32, scope: 'link', nextHops: [{ device: eth0 }] }, 'add'));
    must(kernel.netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway, device: eth0 }] }, 'add'));
    const made = createMachine({ world, kernel, scheduler, name, hostname: name, image: { files: [], programs: new Map(), packages: [], users: [], groups: [], base: 'none' } });
    machines.set(name, made);
    return made;
  };
  const cloud = new Cloud({
    project: PROJECT, projectNumber: '123456789012', account: 'learner@example.com', world, runtime,
    guests: {
      frontEnd: (mac, [first = '', ...others]) => {
        const made = machine('gfe', first, '169.254.1.1', mac);
        for (const address of others) must(made.kernel.netlink.addAddress(0, { index: made.kernel.netlink.link(0, 'eth0')!.index, family: 'inet', address, prefixLength: 32 }));
        return { machine: made, device: 'eth0' };
      },
      boot: ({ name, address, gateway, mac }, up) => void runtime.after(4000, () => up(machine(name, address, gateway, mac), 'eth0')), halt: (name) => void machines.delete(name),
    },
    clusters: { create: (_spec, done) => void runtime.after(60_000, () => done({ ok: true, value: { caCertificate: 'Q0E=' } })), remove: () => undefined, resized: () => undefined },
    container: { version: '1.32.4-gke.1353003', machineType: 'e2-medium', nodeImageFamily: 'cos-stable', isVpcNative: false, podRange: '10.40.0.0/14', serviceRange: '10.43.240.0/20', ...change },
    services: { clusterId: 'c1f99c83f2e87324', region: 'us-east1', network: 'default', nodeTag: 'gke-lab-cluster-9e4ce61e-node', legacyCheck: { checkIntervalSec: 2, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 5 } },
  });
  cloud.addInternetHost('8.8.8.8', true);
  const request: TestCloud['request'] = (method, path, body) => {
    const response = cloud.handle({ method, path, ...(body === undefined ? {} : { body: utf8(JSON.stringify(body)) }) });
    const read = JSON.parse(fromUtf8(response.body)) as Json;
    if (!isObject(read)) throw new Error('the answer is no object');
    return { status: response.status, body: read };
  };
  const run = (seconds: number): void => world.runUntil(world.nowUs + seconds * 1_000_000);
  return {
    world, scheduler, cloud, machines, machine, request, run,
    change(method, path, body) {
      const answer = request(method, `/compute/v1/projects/${PROJECT}/${path}`, body);
      if (answer.status === 200) {
        const operation = text(answer.body, 'selfLink').replace('https://www.googleapis.com', '');
        for (let second = 0; second < 60 && text(request('GET', operation).body, 'status') !== 'DONE'; second += 1) run(1);
      }
      return answer.body;
    },
  };
}

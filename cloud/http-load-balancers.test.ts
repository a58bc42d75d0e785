/** An HTTP load balancer as a plan makes it, with real requests through it. */
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine/machine.ts';
import { fromUtf8, utf8 } from '../simulator/bytes.ts';
import { objects, text, texts, type JsonObject } from './api/json.ts';
import type { HttpPlan, HttpState, PlannedService } from './http-load-balancers.ts';
import { serviceFor } from './front-end.ts';
import { PROJECT, testCloud, type TestCloud } from './test-cloud.ts';

const UID = 'c1f99c83f2e87324';
const NODES = ['gke-node-a', 'gke-node-b'];
const check = { description: 'Default kubernetes L7 Loadbalancing health check.', path: '/', host: '', intervalSec: 60, timeoutSec: 60, unhealthyThreshold: 10 };
const byPort = (port: number): PlannedService => ({ name: `k8s-be-${port}--${UID}`, description: '', check, at: { nodePort: port } });
const names = { urlMap: `k8s-um-default-web--${UID}`, proxy: `k8s-tp-default-web--${UID}`, rule: `k8s-fw-default-web--${UID}`, instanceGroup: `k8s-ig--${UID}`, firewall: `k8s-fw-l7--${UID}` };
const firewall = { description: 'GCE L7 firewall rule', sourceRanges: ['130.211.0.0/22', '35.191.0.0/16'], ports: ['30000-32767'] };
const plan = (change: Partial<HttpPlan> = {}): HttpPlan => ({
  names, firewall, description: undefined, address: undefined, services: [byPort(30080), byPort(30090)], defaultService: `k8s-be-30080--${UID}`, hosts: [{ host: 'shop.example.com', matcher: 'host1', paths: [{ paths: ['/cart', '/cart/*'], service: `k8s-be-30090--${UID}` }] }], ...change,
});

/** Serves every request with `answer`, as a whole connection each. */
function serve(machine: Machine, port: number, answer: (request: string, from: string) => string): void {
  machine.runProgram({
    argv: ['server'], env: new Map(), cwd: '/',
    program: async ({ net: { sockets } }) => {
      const id = sockets.open({ type: 'tcp', family: 'inet' });
      if (!id.ok) return 1;
      sockets.bind(id.value, { address: '0.0.0.0', port });
      sockets.listen(id.value, 16);
      for (;;) {
        const accepted = await sockets.accept(id.value);
        if (!accepted.ok) continue;
        const got = await sockets.receive(accepted.value, 4096);
        const body = got.ok ? answer(fromUtf8(got.value), sockets.remote(accepted.value)!.address) : '';
        if (body !== '') await sockets.send(accepted.value, utf8(body.startsWith('HTTP/') ? body : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
        sockets.close(accepted.value);
      }
    },
  });
}

class Lab {
  readonly lab: TestCloud = testCloud();
  readonly home: Machine;

  constructor() {
    const { lab } = this;
    for (const name of NODES) lab.change('POST', 'zones/us-east1-b/instances', { name, canIpForward: true, tags: { items: ['gke-lab-cluster-9e4ce61e-node'] }, machineType: 'zones/us-east1-b/machineTypes/e2-medium', networkInterfaces: [{ network: 'global/networks/default' }] });
    lab.run(20);
    this.home = lab.machine('home', '104.132.154.90', '104.132.154.1', '3c:22:fb:9a:41:07');
    lab.cloud.plugOutside(this.home, 'eth0', { name: 'home', mac: '3c:22:fb:9a:41:07', gatewayMac: '00:1c:73:00:00:99', addresses: ['104.132.154.90'], distanceUs: 9000, hops: 9 });
  }

  async run(seconds: number): Promise<void> {
    const { world, scheduler } = this.lab;
    await scheduler.runUntil(world.nowUs + seconds * 1_000_000);
  }

  async ensure(wanted = plan()): Promise<HttpState> {
    let state: HttpState | undefined;
    let problem: string | undefined;
    this.lab.cloud.httpLoadBalancers.ensure(wanted, NODES, (result) => {
      if (result.ok) state = result.value;
      else problem = result.message;
    });
    await this.run(120);
    if (problem !== undefined) throw new Error(problem);
    return state!;
  }

  /** What a client hears. */
  async get(ip: string, path = '/', host = ip): Promise<string> {
    let heard = '';
    this.home.runProgram({
      argv: ['client'], env: new Map(), cwd: '/',
      program: async ({ net: { sockets } }) => {
        const id = sockets.open({ type: 'tcp', family: 'inet' });
        if (!id.ok) return 1;
        const connected = await sockets.connect(id.value, { address: ip, port: 80 }, 5_000_000);
        if (!connected.ok) heard = connected.error;
        else await sockets.send(id.value, utf8(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nConnection: close\r\n\r\n`));
        while (connected.ok) {
          const got = await sockets.receive(id.value, 65_536, 100_000_000);
          if (!got.ok || got.value.length === 0) break;
          heard += fromUtf8(got.value);
        }
        sockets.close(id.value);
        return 0;
      },
    });
    await this.run(40);
    return heard;
  }

  names(collection: string): string[] {
    return this.lab.cloud.store.list(collection).map(({ name }) => name);
  }
}

const start = (answer: string): string => answer.split('\r\n')[0]!;

describe('an HTTP load balancer', () => {
  it('is made of the objects a plan names, gets a global address, and is heard of by front ends some minutes later', async () => {
    const lab = new Lab();
    for (const machine of lab.lab.machines.values()) if (NODES.includes(machine.name)) serve(machine, 30080, () => 'hello');
    const { ip, made, backends } = await lab.ensure();
    expect(ip).toMatch(/^35\.190\./);
    expect([made, backends]).toEqual([['urlMap', 'proxy', 'rule'], { [`k8s-be-30080--${UID}`]: 'Unknown', [`k8s-be-30090--${UID}`]: 'Unknown' }]);
    expect(lab.names('backendServices')).toEqual([`k8s-be-30080--${UID}`, `k8s-be-30090--${UID}`]);
    const group = lab.lab.cloud.store.list('instanceGroups')[0]!;
    expect([group.name, texts(group, 'x-instances').length, objects(group, 'namedPorts')]).toEqual([names.instanceGroup, 2, [{ name: 'port30080', port: 30080 }, { name: 'port30090', port: 30090 }]]);
    expect(start(await lab.get(ip))).toBe('HTTP/1.1 404 Not Found');
    await lab.run(150);
    expect(await lab.get(ip)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 google\r\nConnection: close\r\n\r\nhello');
    const later = await lab.ensure();
    expect([later.made, later.backends]).toEqual([[], { [`k8s-be-30080--${UID}`]: 'HEALTHY', [`k8s-be-30090--${UID}`]: 'UNHEALTHY' }]);
  });

  it('asks the backend of a host and path from its own addresses, telling who asked', async () => {
    const lab = new Lab();
    const seen: string[] = [];
    for (const machine of lab.lab.machines.values()) {
      if (!NODES.includes(machine.name)) continue;
      for (const port of [30080, 30090]) {
        serve(machine, port, (request, from) => {
          if (!request.includes('GoogleHC')) seen.push(`${machine.name} ${port} ${from.replace(/(\.\d+){2}$/, '')} ${request}`);
          return String(port);
        });
      }
    }
    const { ip } = await lab.ensure();
    await lab.run(200);
    expect((await lab.get(ip, '/cart/7', 'shop.example.com')).endsWith('30090')).toBe(true);
    expect((await lab.get(ip, '/cart/7', 'other.example.com')).endsWith('30080')).toBe(true);
    expect(seen[0]).toMatch(new RegExp(`^gke-node-[ab] 30090 (130\\.211|35\\.191) GET /cart/7 HTTP/1\\.1\\r\\nHost: shop\\.example\\.com\\r\\nAccept: \\*/\\*\\r\\nX-Cloud-Trace-Context: [0-9a-f]{32}/\\d+\\r\\nVia: 1\\.1 google\\r\\nX-Forwarded-For: 104\\.132\\.154\\.90, ${ip.replaceAll('.', '\\.')}\\r\\nX-Forwarded-Proto: http\\r\\nConnection: Keep-Alive\\r\\n\\r\\n$`));
  });

  it.each<[string, (lab: Lab) => Promise<void>]>([
    ['nobody listens on the nodes', async () => undefined],
    ['the health check is answered with an error', async (lab) => NODES.forEach((name) => serve(lab.lab.machines.get(name)!, 30080, (request) => (request.includes('GoogleHC') ? 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n' : 'fine')))],
    ['the firewall rule is gone', async (lab) => {
      for (const name of NODES) serve(lab.lab.machines.get(name)!, 30080, () => 'fine');
      lab.lab.change('DELETE', `global/firewalls/${names.firewall}`);
      // The connections the firewall knows are forgotten after ten minutes; ten bad probes of a minute each make a backend unhealthy.
      await lab.run(1500);
    }],
    ['the backend closes without a word', async (lab) => NODES.forEach((name) => serve(lab.lab.machines.get(name)!, 30080, (request) => (request.includes('GoogleHC') ? 'ok' : '')))],
  ])('answers 502 when %s', async (_fact, arrange) => {
    const lab = new Lab();
    const { ip } = await lab.ensure();
    await arrange(lab);
    await lab.run(200);
    const answer = await lab.get(ip);
    expect(start(answer)).toBe('HTTP/1.1 502 Bad Gateway');
    expect(answer).toContain('Content-Length: 332\r\n');
  });

  it('takes no other port than its forwarding rule\'s', async () => {
    const lab = new Lab();
    const { ip } = await lab.ensure();
    const socket = lab.home.kernel.sockets.open(0, { type: 'tcp', family: 'inet' }, 0);
    if (!socket.ok) throw new Error(socket.error);
    lab.home.kernel.sockets.connect(socket.value, { address: ip, port: 81 });
    await lab.run(10);
    expect(lab.home.kernel.sockets.readiness(socket.value)).toMatchObject({ writable: false, error: false });
  });

  it('is built after another that was asked for before, and shares what they have in common', async () => {
    const lab = new Lab();
    const other = plan({ names: { ...names, urlMap: `k8s-um-default-other--${UID}`, proxy: `k8s-tp-default-other--${UID}`, rule: `k8s-fw-default-other--${UID}` }, services: [byPort(30080)], hosts: [] });
    const told: string[] = [];
    for (const wanted of [plan(), other]) lab.lab.cloud.httpLoadBalancers.ensure(wanted, NODES, (result) => told.push(result.ok ? Object.keys(result.value.backends).join() : result.message));
    await lab.run(200);
    expect(told).toEqual([`k8s-be-30080--${UID},k8s-be-30090--${UID}`, `k8s-be-30080--${UID}`]);
    lab.lab.cloud.httpLoadBalancers.remove(names, () => undefined);
    await lab.run(120);
    expect([lab.names('backendServices'), lab.names('urlMaps'), lab.names('instanceGroups')]).toEqual([[`k8s-be-30080--${UID}`], [other.names.urlMap], [names.instanceGroup]]);
  });

  it('moves to a reserved address when one is asked for, and refuses one that is not there where it must be', async () => {
    const lab = new Lab();
    const before = await lab.ensure();
    lab.lab.change('POST', 'global/addresses', { name: 'front', address: '35.190.0.10' });
    expect(before.ip).not.toBe('35.190.0.10');
    expect((await lab.ensure(plan({ address: { name: 'front', isRequired: true } }))).ip).toBe('35.190.0.10');
    await expect(lab.ensure(plan({ address: { name: 'back', isRequired: true } }))).rejects.toThrow("the given static IP name back doesn't translate to an existing static IP.");
    expect((await lab.ensure(plan({ address: { name: 'back', isRequired: false } }))).ip).toBe('35.190.0.10');
  });

  it('follows its plan: a path moves, a backend nobody names goes, and everything goes with the last one', async () => {
    const lab = new Lab();
    await lab.ensure();
    await lab.ensure(plan({ services: [byPort(30080)], hosts: [] }));
    expect(lab.names('backendServices')).toEqual([`k8s-be-30080--${UID}`]);
    expect(lab.names('healthChecks')).toEqual([`k8s-be-30080--${UID}`]);
    lab.lab.cloud.httpLoadBalancers.remove(names, () => undefined);
    await lab.run(120);
    for (const collection of ['forwardingRules', 'targetHttpProxies', 'urlMaps', 'backendServices', 'healthChecks', 'instanceGroups']) expect(lab.names(collection), collection).toEqual([]);
    expect(lab.names('firewalls')).not.toContain(names.firewall);
  });

  it('speaks to endpoints themselves where a service has them, and probes the port that serves', async () => {
    const lab = new Lab();
    const node = lab.lab.machines.get(NODES[0]!)!;
    const index = node.kernel.netlink.link(0, 'eth0')!.index;
    node.kernel.netlink.addAddress(0, { index, family: 'inet', address: '10.40.0.7', prefixLength: 32 });
    serve(node, 8080, () => 'pod');
    const name = 'k8s1-c1f99c83-default-web-80-0123abcd';
    const endpoints = (list: readonly string[]): HttpPlan => plan({ services: [{ name, description: '', check: { ...check, intervalSec: 15, timeoutSec: 15, unhealthyThreshold: 2 }, at: { endpoints: list.map((address) => ({ node: NODES[0]!, address, port: 8080 })) } }], defaultService: name, hosts: [], firewall: { ...firewall, ports: ['30000-32767', '8080'] } });
    const { ip } = await lab.ensure(endpoints(['10.40.0.7']));
    await lab.run(200);
    expect((await lab.get(ip)).endsWith('pod')).toBe(true);
    const health = (): JsonObject[] => objects(lab.lab.request('POST', `/compute/v1/projects/${PROJECT}/global/backendServices/${name}/getHealth`, { group: `zones/us-east1-b/networkEndpointGroups/${name}` }).body, 'healthStatus');
    expect(health().map((one) => [text(one, 'healthState'), text(one, 'ipAddress'), text(one, 'port')])).toEqual([['HEALTHY', '10.40.0.7', '8080']]);
    await lab.ensure(endpoints([]));
    expect(health()).toEqual([]);
    expect(start(await lab.get(ip))).toBe('HTTP/1.1 502 Bad Gateway');
  });
});

it.each([
  ['shop.example.com', '/cart', 'cart'], ['shop.example.com', '/cart/7', 'cart'], ['shop.example.com', '/cartoon', 'shop'], ['shop.example.com', '/cart/old/1', 'old'], ['shop.example.com', '/cart/old', 'exact'],
  ['a.example.com', '/', 'wild'], ['example.org', '/any', 'star'], ['example.org', '/', 'star'],
])('a request to %s%s goes to %s', (host, path, service) => {
  const paths = (all: Readonly<Record<string, string>>): { path: string; service: string }[] => Object.entries(all).map(([one, to]) => ({ path: one, service: to }));
  const map = {
    defaultService: 'none', hosts: [
      { names: ['*'], defaultService: 'none', paths: paths({ '/*': 'star' }) }, { names: ['*.example.com'], defaultService: 'wild', paths: [] },
      { names: ['shop.example.com'], defaultService: 'shop', paths: paths({ '/cart': 'cart', '/cart/*': 'cart', '/cart/old/*': 'old', '/cart/old': 'exact' }) },
    ],
  };
  const httpServices = ['none', 'star', 'wild', 'shop', 'cart', 'old', 'exact'].map((id) => ({ id, name: id, healthCheck: undefined, timeoutUs: 1, members: [] }));
  expect(serviceFor({ httpServices }, map, host, path)?.id).toBe(service);
});

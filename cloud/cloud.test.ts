import { describe, expect, it } from 'vitest';
import { must, ping } from '../simulator/test-lab.ts';
import { child, objects, text, texts, type JsonObject } from './api/json.ts';
import { connects, listens } from './dataplane/test-network.ts';
import type { ServiceObject } from './service-load-balancers.ts';
import { PROJECT, testCloud, type TestCloud } from './test-cloud.ts';

const ROOT = `/compute/v1/projects/${PROJECT}`;
const vm = (name: string, change: JsonObject = {}): JsonObject => ({
  name, machineType: 'zones/us-east1-b/machineTypes/e2-medium', networkInterfaces: [{ network: 'global/networks/default', accessConfigs: [{ name: 'external-nat', type: 'ONE_TO_ONE_NAT' }] }], ...change,
});

function withNodes(lab: TestCloud): string[] {
  const names = ['a', 'b'].map((letter) => `gke-node-${letter}`);
  for (const name of names) lab.change('POST', 'zones/us-east1-b/instances', vm(name, { canIpForward: true, tags: { items: ['gke-lab-cluster-9e4ce61e-node'] } }));
  lab.run(20);
  return names;
}

describe('a new project', () => {
  it('has the default network: subnets, routes, firewall rules', () => {
    const { request } = testCloud();
    const network = request('GET', `${ROOT}/global/networks/default`).body;
    expect(texts(network, 'subnetworks')).toHaveLength(17);
    const subnet = request('GET', `${ROOT}/regions/us-east1/subnetworks/default`).body;
    expect([text(subnet, 'ipCidrRange'), text(subnet, 'gatewayAddress')]).toEqual(['10.142.0.0/20', '10.142.0.1']);
    expect(objects(request('GET', `${ROOT}/global/firewalls`).body, 'items').map((rule) => text(rule, 'name'))).toEqual(['default-allow-icmp', 'default-allow-internal', 'default-allow-rdp', 'default-allow-ssh']);
    expect(objects(request('GET', `${ROOT}/global/routes`).body, 'items').filter((route) => text(route, 'destRange') === '0.0.0.0/0').map((route) => text(route, 'priority'))).toEqual(['1000']);
  });
});

describe('an instance', () => {
  it('is provisioned, staged, runs, reaches the internet, and is gone when it is deleted', () => {
    const { request, run, world, machines, change } = testCloud();
    const operation = request('POST', `${ROOT}/zones/us-east1-b/instances`, vm('client')).body;
    expect([text(operation, 'kind'), text(operation, 'status'), text(operation, 'operationType')]).toEqual(['compute#operation', 'RUNNING', 'insert']);
    const status = (): string => text(request('GET', `${ROOT}/zones/us-east1-b/instances/client`).body, 'status');
    expect(status()).toBe('PROVISIONING');
    run(20);
    expect(status()).toBe('RUNNING');
    const { kernel } = machines.get('client')!;
    expect(kernel.netlink.addresses(0, 'inet').map(({ address }) => address)).toContain('10.142.0.2');
    expect(kernel.netlink.link(0, 'eth0')!.mac).toBe('42:01:0a:8e:00:02');
    expect(ping(world, kernel, 0, '8.8.8.8').reply?.from).toBe('8.8.8.8');
    change('DELETE', 'zones/us-east1-b/instances/client');
    expect(request('GET', `${ROOT}/zones/us-east1-b/instances/client`).body['error']).toEqual({ code: 404, message: `The resource 'projects/${PROJECT}/zones/us-east1-b/instances/client' was not found`, errors: [{ message: `The resource 'projects/${PROJECT}/zones/us-east1-b/instances/client' was not found`, domain: 'global', reason: 'notFound' }], status: 'NOT_FOUND' });
    expect(machines.has('client')).toBe(false);
  });

  it.each<[string, JsonObject, number, RegExp]>([
    ['with a bad name', vm('Client'), 400, /^Invalid value for field 'resource\.name': 'Client'\. Must be a match of regex/],
    ['of an unknown machine type', vm('c', { machineType: 'zones/us-east1-b/machineTypes/huge' }), 400, /'resource\.machineType'/],
    ['in an unknown network', vm('c', { networkInterfaces: [{ network: 'global/networks/other' }] }), 404, /global\/networks\/other' was not found$/],
    ['with an address outside its subnet', vm('c', { networkInterfaces: [{ networkIP: '10.1.1.1' }] }), 400, /outside the network\/subnetwork range/],
    ['that is there', vm('client'), 409, /instances\/client' already exists$/],
  ])('%s is refused', (_fact, body, status, message) => {
    const { request, change } = testCloud();
    change('POST', 'zones/us-east1-b/instances', vm('client'));
    const answer = request('POST', `${ROOT}/zones/us-east1-b/instances`, body);
    expect(answer.status).toBe(status);
    expect(text(child(answer.body, 'error'), 'message')).toMatch(message);
  });

  it('changes its tags only for who knows their fingerprint', () => {
    const { request, change } = testCloud();
    change('POST', 'zones/us-east1-b/instances', vm('client'));
    const path = `${ROOT}/zones/us-east1-b/instances/client`;
    expect(request('POST', `${path}/setTags`, { items: ['web'], fingerprint: 'old=' }).status).toBe(412);
    const fingerprint = text(child(request('GET', path).body, 'tags'), 'fingerprint');
    change('POST', 'zones/us-east1-b/instances/client/setTags', { items: ['web'], fingerprint });
    expect(texts(child(request('GET', path).body, 'tags'), 'items')).toEqual(['web']);
  });
});

describe('routes and firewall rules', () => {
  it('have an effect once their operation is over, and none when they are deleted', () => {
    const { change, request, run, machines, world } = testCloud();
    change('POST', 'zones/us-east1-b/instances', vm('client'));
    change('POST', 'zones/us-east1-b/instances', vm('router', { canIpForward: true }));
    run(20);
    const router = machines.get('router')!.kernel;
    const client = machines.get('client')!.kernel;
    must(router.netlink.addAddress(0, { index: 1, family: 'inet', address: '10.43.246.223', prefixLength: 32 }));
    expect(ping(world, client, 0, '10.43.246.223').reply).toBeUndefined();
    change('POST', 'global/routes', { name: 'to-svc', network: 'global/networks/default', destRange: '10.43.246.223/32', nextHopInstance: 'zones/us-east1-b/instances/router', priority: 1000 });
    expect(ping(world, client, 0, '10.43.246.223').reply?.from).toBe('10.43.246.223');
    request('POST', `${ROOT}/global/firewalls`, { name: 'no-ping', denied: [{ IPProtocol: 'icmp' }], sourceRanges: ['10.0.0.0/8'], priority: 10 });
    run(10);
    expect(ping(world, client, 0, '10.43.246.223').reply).toBeUndefined();
    change('DELETE', 'global/firewalls/no-ping');
    expect(ping(world, client, 0, '10.43.246.223').reply?.from).toBe('10.43.246.223');
    change('DELETE', 'global/routes/to-svc');
    expect(ping(world, client, 0, '10.43.246.223').reply).toBeUndefined();
  });

  it.each<[string, string, JsonObject, RegExp]>([
    ['a route that hides a subnet', 'routes', { name: 'r', destRange: '10.142.0.0/24', nextHopGateway: 'global/gateways/default-internet-gateway' }, /hides the address space of the network/],
    ['a route without a next hop', 'routes', { name: 'r', destRange: '10.1.0.0/16' }, /Exactly one of the next hop fields/],
    ['a range with host bits', 'routes', { name: 'r', destRange: '10.1.2.3/16', nextHopGateway: 'global/gateways/default-internet-gateway' }, /Must be a valid IPV4 CIDR address range/],
    ['a rule that allows and denies', 'firewalls', { name: 'f', allowed: [{ IPProtocol: 'tcp' }], denied: [{ IPProtocol: 'udp' }] }, /exactly one of allowed or denied/],
    ['ports of a protocol that has none', 'firewalls', { name: 'f', allowed: [{ IPProtocol: 'icmp', ports: ['80'] }] }, /Ports may not be specified for protocol 'icmp'/],
  ])('%s is refused', (_fact, collection, body, message) => {
    const answer = testCloud().request('POST', `${ROOT}/global/${collection}`, body);
    expect(answer.status).toBe(400);
    expect(text(child(answer.body, 'error'), 'message')).toMatch(message);
  });

  it('keep a network that is in use', () => {
    const { change } = testCloud();
    change('POST', 'global/networks', { name: 'other', autoCreateSubnetworks: false });
    change('POST', 'global/firewalls', { name: 'f', network: 'global/networks/other', allowed: [{ IPProtocol: 'all' }] });
    expect(text(child(change('DELETE', 'global/networks/other'), 'error'), 'message')).toBe(`The network resource 'projects/${PROJECT}/global/networks/other' is already being used by 'projects/${PROJECT}/global/firewalls/f'`);
    change('DELETE', 'global/firewalls/f');
    change('DELETE', 'global/networks/other');
    expect(text(child(change('GET', 'global/networks/other'), 'error'), 'code')).toBe('404');
  });
});

it.each([
  ['name eq ".*\\bssh\\b.*"', ['default-allow-ssh']],
  ['(name ne "default-allow-.*")', []],
  ['(name eq ".*icmp") OR (name eq ".*rdp")', ['default-allow-icmp', 'default-allow-rdp']],
  ['(priority = 65534) AND (name eq ".*internal")', ['default-allow-internal']],
])('lists what passes the filter %s', (filter, names) => {
  const { body } = testCloud().request('GET', `${ROOT}/global/firewalls?filter=${encodeURIComponent(filter)}`);
  expect(objects(body, 'items').map((rule) => text(rule, 'name'))).toEqual(names);
});

describe('a load balancer for a service', () => {
  const service = (change: Partial<ServiceObject['spec']> = {}, annotations: Record<string, string> = {}): ServiceObject => ({ metadata: { namespace: 'default', name: 'hello-server', uid: '88cd35f5-879e-11e8-92a2-42010a8e0071', annotations }, spec: { ports: [{ port: 80, protocol: 'TCP' }], ...change } });

  function ensured(spec = service()): TestCloud & { ip: string; nodes: string[] } {
    const lab = testCloud();
    const nodes = withNodes(lab);
    let ip = '';
    lab.cloud.loadBalancers.ensure(spec, nodes, (result) => {
      ip = result.ok ? result.value[0]!.ip : result.message;
    });
    lab.run(60);
    return { ...lab, ip, nodes };
  }

  it('is a forwarding rule, a target pool, a legacy check and two firewall rules, named and described as the controller does', () => {
    const { request, ip, nodes } = ensured();
    const name = 'a88cd35f5879e11e892a242010a8e007';
    const get = (path: string): JsonObject => request('GET', `${ROOT}/${path}`).body;
    expect(get(`regions/us-east1/forwardingRules/${name}`)).toMatchObject({ IPAddress: ip, IPProtocol: 'TCP', description: '{"kubernetes.io/service-name":"default/hello-server"}', portRange: '80-80', loadBalancingScheme: 'EXTERNAL', target: `https://www.googleapis.com/compute/v1/projects/${PROJECT}/regions/us-east1/targetPools/${name}` });
    expect(texts(get(`regions/us-east1/targetPools/${name}`), 'instances').map((link) => link.split('/').at(-1))).toEqual(nodes);
    expect(get('global/httpHealthChecks/k8s-c1f99c83f2e87324-node')).toMatchObject({ checkIntervalSec: 2, description: '{"kubernetes.io/service-name":"k8s-c1f99c83f2e87324-node"}', healthyThreshold: 1, host: '', port: 10256, requestPath: '/healthz', timeoutSec: 1, unhealthyThreshold: 5 });
    expect(get(`global/firewalls/k8s-fw-${name}`)).toMatchObject({ allowed: [{ IPProtocol: 'tcp', ports: ['80'] }], sourceRanges: ['0.0.0.0/0'], targetTags: ['gke-lab-cluster-9e4ce61e-node'], description: `{"kubernetes.io/service-name":"default/hello-server","kubernetes.io/service-ip":"${ip}"}` });
    expect(texts(get('global/firewalls/k8s-c1f99c83f2e87324-node-http-hc'), 'sourceRanges')).toEqual(['130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16']);
  });

  it('carries connections to nodes, whose guest agents serve its address', () => {
    const { world, machine, cloud, machines, ip, nodes, run } = ensured();
    const home = machine('home', '104.132.154.90', '104.132.154.1', '42:01:68:84:9a:5a');
    cloud.plugOutside(home, 'eth0', { name: 'home', mac: '42:01:68:84:9a:5a', gatewayMac: '42:01:68:84:9a:01', addresses: ['104.132.154.90'], distanceUs: 10_000, hops: 10 });
    for (const name of nodes) listens(machines.get(name)!.kernel, 80);
    run(5);
    expect(machines.get(nodes[0]!)!.kernel.netlink.routes(0, 'inet', 255).filter(({ protocol }) => protocol === '66').map(({ destination, type }) => `${type} ${destination}`)).toEqual([`local ${ip}`]);
    expect(connects(world, home.kernel, ip, 80)).toBe('connected');
  });

  it('follows its service: ports, policy, source ranges, affinity, nodes', () => {
    const { cloud, run, request, nodes, ip } = ensured();
    const name = 'a88cd35f5879e11e892a242010a8e007';
    cloud.loadBalancers.ensure(service({ ports: [{ port: 8080 }], externalTrafficPolicy: 'Local', healthCheckNodePort: 30_123, loadBalancerSourceRanges: ['203.0.113.0/24'], sessionAffinity: 'ClientIP' }), nodes.slice(0, 1), () => undefined);
    run(60);
    const get = (path: string): JsonObject => request('GET', `${ROOT}/${path}`).body;
    expect(text(get(`regions/us-east1/forwardingRules/${name}`), 'portRange')).toBe('8080-8080');
    expect(get(`regions/us-east1/targetPools/${name}`)).toMatchObject({ sessionAffinity: 'CLIENT_IP', healthChecks: [`https://www.googleapis.com/compute/v1/projects/${PROJECT}/global/httpHealthChecks/${name}`] });
    expect(texts(get(`regions/us-east1/targetPools/${name}`), 'instances')).toHaveLength(1);
    expect(texts(get(`global/firewalls/k8s-fw-${name}`), 'sourceRanges')).toEqual(['203.0.113.0/24']);
    expect(get(`global/httpHealthChecks/${name}`)).toMatchObject({ port: 30_123 });
    expect(ip).toMatch(/^35\.231\./);
  });

  it('goes with its service, with all that was made for it', () => {
    const { cloud, run, request } = ensured();
    let result = '';
    cloud.loadBalancers.remove(service(), (answer) => {
      result = answer.ok ? 'ok' : answer.message;
    });
    run(60);
    expect(result).toBe('ok');
    for (const [collection, left] of [['global/httpHealthChecks', []], ['regions/us-east1/targetPools', []], ['regions/us-east1/forwardingRules', []]] as const) expect(objects(request('GET', `${ROOT}/${collection}`).body, 'items')).toEqual(left);
    expect(objects(request('GET', `${ROOT}/global/firewalls`).body, 'items').map((rule) => text(rule, 'name')).filter((rule) => rule.startsWith('k8s'))).toEqual([]);
  });

  it('is a regional backend service with endpoint groups when the annotation asks for it', () => {
    const { request, nodes } = ensured(service({}, { 'cloud.google.com/l4-rbs': 'enabled' }));
    const [rule] = objects(request('GET', `${ROOT}/regions/us-east1/forwardingRules`).body, 'items');
    expect(text(rule, 'name')).toMatch(/^k8s2-c1f99c83-default-hello-server-[a-z0-9]{8}$/);
    expect(texts(rule, 'ports')).toEqual(['80']);
    const backend = text(rule, 'backendService').replace('https://www.googleapis.com', '');
    const [{ group } = { group: '' }] = objects(request('GET', backend).body, 'backends');
    const members = request('POST', `${String(group).replace('https://www.googleapis.com', '')}/listNetworkEndpoints`, {}).body;
    expect(objects(members, 'items').map((one) => text(child(one, 'networkEndpoint'), 'instance').split('/').at(-1))).toEqual(nodes);
    expect(objects(request('POST', `${backend}/getHealth`, { group: String(group) }).body, 'healthStatus').map((one) => text(one, 'healthState'))).toEqual(['UNHEALTHY', 'UNHEALTHY']);
  });

  it('says what cannot be', () => {
    const lab = testCloud();
    let message = '';
    lab.cloud.loadBalancers.ensure(service({ loadBalancerIP: '1.2.3.4' }), [], (result) => {
      message = result.ok ? '' : result.message;
    });
    lab.run(60);
    expect(message).toBe("googleapi: Error 400: Invalid value for field 'resource.IPAddress': '1.2.3.4'. Specified IP address is not a reserved address of the project., invalid");
  });
});

describe('a cluster', () => {
  it('is made of instances and firewall rules, and runs when its control plane does', () => {
    const { request, run } = testCloud({ identity: { hash: '9e4ce61e', endpoint: '35.231.234.26', nodes: [{ suffix: '2jdh', address: '10.142.0.8' }, { suffix: 'm69d', address: '10.142.0.7' }, { suffix: '33fg', address: '10.142.0.6' }] } });
    const clusters = `/v1/projects/${PROJECT}/locations/us-east1-b/clusters`;
    const operation = request('POST', clusters, { cluster: { name: 'lab-cluster', nodePools: [{ name: 'default-pool', initialNodeCount: 3, config: {} }] } }).body;
    expect(text(operation, 'operationType')).toBe('CREATE_CLUSTER');
    expect(text(request('GET', `${clusters}/lab-cluster`).body, 'status')).toBe('PROVISIONING');
    run(120);
    expect(text(request('GET', `/v1/projects/${PROJECT}/locations/us-east1-b/operations/${text(operation, 'name')}`).body, 'status')).toBe('DONE');
    expect(request('GET', `${clusters}/lab-cluster`).body).toMatchObject({ status: 'RUNNING', endpoint: '35.231.234.26', clusterIpv4Cidr: '10.40.0.0/14', servicesIpv4Cidr: '10.43.240.0/20', currentNodeCount: 3 });
    const nodes = objects(request('GET', `${ROOT}/zones/us-east1-b/instances`).body, 'items').map((one) => `${text(one, 'name')} ${text(objects(one, 'networkInterfaces')[0], 'networkIP')}`);
    expect(nodes).toEqual(['gke-lab-cluster-default-pool-9e4ce61e-2jdh 10.142.0.8', 'gke-lab-cluster-default-pool-9e4ce61e-33fg 10.142.0.6', 'gke-lab-cluster-default-pool-9e4ce61e-m69d 10.142.0.7']);
    request('DELETE', `${clusters}/lab-cluster`);
    run(120);
    expect(request('GET', `${clusters}/lab-cluster`)).toMatchObject({ status: 404, body: { error: { message: `Not found: projects/${PROJECT}/zones/us-east1-b/clusters/lab-cluster.` } } });
    expect(objects(request('GET', `${ROOT}/zones/us-east1-b/instances`).body, 'items')).toEqual([]);
  });
});

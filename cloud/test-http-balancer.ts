/** For tests: an HTTP load balancer at 35.190.0.10 with a node port behind its host `shop.example.com` and an endpoint group behind everything else. */
import type { HttpPlan } from './http-load-balancers.ts';
import type { TestCloud } from './test-cloud.ts';

const CLUSTER = 'c1f99c83f2e87324';
const GROUP = 'k8s1-c1f99c83-default-web-80-1b1a23fe';
const BACKEND = `k8s-be-30080--${CLUSTER}`;

/** Runs until it is there. */
export function buildHttpBalancer(lab: TestCloud, nodes: readonly string[]): void {
  lab.change('POST', 'global/addresses', { name: 'web-ip', address: '35.190.0.10' });
  const check = { description: 'Default kubernetes L7 Loadbalancing health check.', path: '/', host: '', intervalSec: 60, timeoutSec: 60, unhealthyThreshold: 10 };
  const plan: HttpPlan = {
    names: { urlMap: `k8s-um-default-web--${CLUSTER}`, proxy: `k8s-tp-default-web--${CLUSTER}`, rule: `k8s-fw-default-web--${CLUSTER}`, instanceGroup: `k8s-ig--${CLUSTER}`, firewall: `k8s-fw-l7--${CLUSTER}` }, description: undefined, address: { name: 'web-ip', isRequired: true },
    services: [
      { name: BACKEND, description: '{"kubernetes.io/service-name":"default/shop","kubernetes.io/service-port":"80"}', check, at: { nodePort: 30080 } },
      { name: GROUP, description: '{"kubernetes.io/service-name":"default/web","kubernetes.io/service-port":"80","x-features":["NEG"]}', check: { ...check, intervalSec: 15, timeoutSec: 15, unhealthyThreshold: 2 }, at: { endpoints: [{ node: nodes[0]!, address: '10.40.0.7', port: 8080 }] } },
    ],
    defaultService: GROUP, hosts: [{ host: 'shop.example.com', matcher: 'host3389dae361af79b04c9c8e7057f60cc6', paths: [{ paths: ['/cart'], service: BACKEND }, { paths: ['/cart/*'], service: BACKEND }] }],
    firewall: { description: 'GCE L7 firewall rule', sourceRanges: ['130.211.0.0/22', '35.191.0.0/16'], ports: ['30000-32767', '8080'] },
  };
  lab.cloud.httpLoadBalancers.ensure(plan, nodes, (result) => {
    if (!result.ok) throw new Error(result.message);
  });
  lab.run(120);
}

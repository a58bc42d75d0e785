import { expect, it } from 'vitest';
import { networkPolicyLines } from './network-policy.ts';

/** What a real kubectl 1.32 printed of the same object. */
const recorded = `Spec:
  PodSelector:     app=web
  Allowing ingress traffic:
    To Port: http/TCP
    To Port: 53/UDP
    From:
      PodSelector: app=good
    From:
      NamespaceSelector: t=u
      PodSelector: <none>
    From:
      IPBlock:
        CIDR: 10.0.0.0/8
        Except: 10.1.0.0/16, 10.2.0.0/16
    ----------
    To Port: <any> (traffic allowed to all ports)
    From: <any> (traffic not restricted by source)
  Not affecting egress traffic
  Policy Types: Ingress`;

it('words what a NetworkPolicy allows as kubectl does', () => {
  const selectorText = ({ matchLabels = {} }: { matchLabels?: Record<string, string> }): string => Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`).join();
  expect(networkPolicyLines({
    podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'],
    ingress: [
      { ports: [{ port: 'http' }, { port: 53, protocol: 'UDP' }], from: [{ podSelector: { matchLabels: { app: 'good' } } }, { namespaceSelector: { matchLabels: { t: 'u' } }, podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }] },
      {},
    ],
  }, selectorText).join('\n')).toBe(recorded);
  expect(networkPolicyLines({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] }, selectorText)).toContain('    <none> (Selected pods are isolated for egress connectivity)');
});

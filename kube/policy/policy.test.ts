import { describe, expect, it } from 'vitest';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1';
import { APPENDED, INSERTED, planPolicies } from './chains.ts';

/** What iptables-save showed on a node of a GKE cluster with network policy, Calico 3.x, 2019: devices were called cali... and chains bore no titles yet. */
const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({ metadata: { name, namespace: 'alpha' }, spec });
const access = policy('access-nginx', { podSelector: { matchLabels: { run: 'nginx' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { run: 'access' } } }] }] });
const complex = policy('access-nginx-complex', {
  podSelector: { matchLabels: { run: 'nginx' } }, policyTypes: ['Ingress', 'Egress'],
  ingress: [{
    from: [
      { ipBlock: { cidr: '10.63.48.0/22', except: ['10.63.48.4/32'] } }, { namespaceSelector: { matchLabels: { ns: 'a' } } }, { namespaceSelector: { matchLabels: { ns: 'b' } }, podSelector: { matchLabels: { run: 'access' } } },
    ],
    ports: [{ protocol: 'TCP', port: 80 }],
  }],
  egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ protocol: 'TCP', port: 80 }] }],
});
const deny = policy('alpha-deny', { podSelector: {}, policyTypes: ['Ingress'] });
const plan = planPolicies([{ device: 'cali92d634f8f03', namespace: 'alpha', serviceAccount: 'default', policies: [deny, complex, access] }], 'cali');
const hashes = (rules: readonly string[]): string[] => rules.map((rule) => /"cali:([^"]+)"/.exec(rule)![1]!);
const bare = (chain: string): string[] => plan.chains.get(chain)!.map((rule) => rule.replace(/-m comment --comment "[^"]*" ?/g, ''));

describe('Calico\'s chains', () => {
  it.each([
    ['cali-tw-cali92d634f8f03', 'FUgB7G5ObIh96acF WQJ64LtbzEP_A0C0 lq8KVGA-L8Gpp_Q1 LFDbDDVQlKjgSqzz ODoIaF_IPx3TRmF0 MVOQxoANBbR11zgK QSU7FEl8qyFq_eb_ IwQCaIJYB0Xv2pnz JMR8duevPJaGGETx V-5zbmnFEnvy3C08 n8H209DKk8qU6ouB Mc0HvlTvJYn3WiYP Ll9bF0pw6ucQqWN3 -z2j3U8P5K5dV6RU Xag14bGDZMTIX1ba xW_TEZ66EGJbOdrU'],
    ['cali-FORWARD', 'vjrMJCRpqwy5oRoX A_sPAO0mcxbT9mOV 8ZoYfO5HKXWbB3pk jdEuaPBe14V2hutn 12bc6HljsMKsmfr- NOSxoaGx8OIstr1z'],
  ])('are those of a real node: %s', (chain, wanted) => expect(hashes(plan.chains.get(chain)!)).toEqual(wanted.split(' ')));

  it('are entered first in the built-in chains, and accept at the end of FORWARD', () => {
    expect(INSERTED.map(([chain, rule]) => [chain, ...hashes([rule])])).toEqual([['INPUT', 'Cz_u1IQiXIMmKD4c'], ['FORWARD', 'wUHhoiAYhphO9Mso'], ['OUTPUT', 'tVnHkvAo15HuiPy0']]);
    expect(hashes(APPENDED)).toEqual(['S93hcgKJrXEqnTfs', 'mp77cMpurHhyjLrM']);
  });

  it('name sets by what they select, and leave out excepted networks by a mark', () => {
    expect(bare('cali-pi-_e8MLrhOHDfNlfSa51Ak')).toEqual(['-m set --match-set cali40s:XZEFRy4u2E2Kz28IwtNm0u8 src --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN']);
    expect(bare('cali-pi-_w6rJoXTmbxiadSPZU3_')).toEqual([
      '--jump MARK --set-mark 0x40000/0xc0000', '--source 10.63.48.4/32 --jump MARK --set-mark 0/0x40000', '-p tcp --source 10.63.48.0/22 -m multiport --destination-ports 80 -m mark --mark 0x40000/0x40000 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN',
      '-p tcp -m set --match-set cali40s:USRWmGlMuNymjhMsAmbxKOD src -m multiport --destination-ports 80 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN',
      '-p tcp -m set --match-set cali40s:11jW-7YBzuTbDQfMRpGESlM src -m multiport --destination-ports 80 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN',
    ]);
    expect(bare('cali-po-_w6rJoXTmbxiadSPZU3_')).toEqual(['-p tcp --destination 10.0.0.0/8 -m multiport --destination-ports 80 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN']);
    expect(bare('cali-pi-_kxgQy6VBWOo3Mj1GNsy')).toEqual(['']);
  });

  it('say many ports and named ones in a block of their own', () => {
    const ports = [...Array.from({ length: 16 }, (_, at) => ({ port: 1000 + at * 2 })), { port: 'web' }, { protocol: 'UDP', port: 5000, endPort: 5010 }];
    const { chains, sets } = planPolicies([{ device: 'gke1', namespace: 'alpha', serviceAccount: 'default', policies: [policy('many', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports }] })] }], 'gke');
    const rules = [...chains].find(([name]) => name.startsWith('cali-pi-'))![1].map((rule) => rule.replace(/-m comment --comment "[^"]*" ?/g, ''));
    expect(rules).toEqual([
      '--jump MARK --set-mark 0x0/0xc0000', expect.stringMatching(/^-p tcp -m multiport --destination-ports 1000,.*,1028 --jump MARK --set-mark 0x40000\/0x40000$/), '-p tcp -m multiport --destination-ports 1030 --jump MARK --set-mark 0x40000/0x40000',
      expect.stringMatching(/^-m set --match-set cali40n:\S+ dst,dst --jump MARK --set-mark 0x40000\/0x40000$/), '-p tcp -m mark --mark 0x40000/0x40000 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN',
      '-p udp -m multiport --destination-ports 5000:5010 --jump MARK --set-mark 0x10000/0x10000', '-m mark --mark 0x10000/0x10000 --jump RETURN',
    ]);
    expect([...sets.values()]).toMatchObject([{ port: 'web', protocol: 'TCP' }]);
  });
});

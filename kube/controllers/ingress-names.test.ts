/** The names that ingress-gce's own tests expect: pkg/utils/namer/{namer,frontendnamer}_test.go. */
import { expect, it } from 'vitest';
import { endpointGroupName, firstScheme, nodePortName, secondScheme, sharedNames } from './ingress-names.ts';

const LONG = '01234567890123456789012345678901234567890123456789';

it.each([
  ['namespace', 'name', 80, 'k8s1-01234567-namespace-name-80-5104b449'],
  [LONG.slice(0, 10), LONG.slice(0, 10), 1234567890, 'k8s1-01234567-0123456789-0123456789-1234567890-ed141b14'],
  [LONG, '0', 0, 'k8s1-01234567-0123456789012345678901234567890123456-0--72142e04'],
  [LONG, LONG, 0, 'k8s1-01234567-0123456789012345678-0123456789012345678--9129e3d2'],
  [LONG, LONG.slice(0, 40), 2147483647, 'k8s1-01234567-0123456789012345678-0123456789012345-214-ed1f2a2f'],
])('the endpoint group of %s/%s port %i is %s', (namespace, name, port, expected) => {
  expect(endpointGroupName('0123456789abcdef', { namespace, name }, port)).toBe(expected);
});

it.each([
  ['namespace', 'name', '7kpbhpki-namespace-name-uhmwf5xi'],
  [LONG.slice(0, 23), LONG.slice(0, 24), '7kpbhpki-012345678901234567-012345678901234567-hg17g9tx'],
  [LONG, '0', '7kpbhpki-012345678901234567890123456789012345--v8ajgbg3'],
  ['0', LONG, '7kpbhpki-0-01234567890123456789012345678901234-fyhus2f6'],
  [LONG, LONG, '7kpbhpki-012345678901234567-012345678901234567-69z4wrm0'],
])('by the second scheme the front of %s/%s is of %s', (namespace, name, expected) => {
  expect(secondScheme('kubesystem-uid1', { namespace, name })).toEqual({ urlMap: `k8s2-um-${expected}`, proxy: `k8s2-tp-${expected}`, rule: `k8s2-fr-${expected}` });
});

it('by the first scheme names end in the cluster, or in 0 where they are cut', () => {
  expect(firstScheme('c1f99c83f2e87324', { namespace: 'default', name: 'web' })).toEqual({ urlMap: 'k8s-um-default-web--c1f99c83f2e87324', proxy: 'k8s-tp-default-web--c1f99c83f2e87324', rule: 'k8s-fw-default-web--c1f99c83f2e87324' });
  expect(firstScheme('c1f99c83f2e87324', { namespace: 'default', name: LONG }).urlMap).toBe(`k8s-um-default-${LONG.slice(0, 47)}0`);
  expect([nodePortName('c1f99c83f2e87324', 30080), ...Object.values(sharedNames('c1f99c83f2e87324'))]).toEqual(['k8s-be-30080--c1f99c83f2e87324', 'k8s-ig--c1f99c83f2e87324', 'k8s-fw-l7--c1f99c83f2e87324']);
});

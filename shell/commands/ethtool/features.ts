/**
 * Features of devices as `ethtool -k` names them, and how they stand on each kind of device when it is made. Read first: net/core/dev_ioctl.c,
 * include/linux/netdev_features.h, net/ethtool/common.c (netdev_features_strings), and each driver's setup.
 */

/** One letter a kind, in this order. */
const kinds = ['ether', 'veth', 'loopback', 'bridge', 'tap', 'tun', 'macvlan', 'vxlan'];
const words: Readonly<Record<string, string>> = { 1: 'on', 0: 'off', F: 'on [fixed]', f: 'off [fixed]', r: 'off [requested on]' };

/** Indented: a part of what stands above it. */
const features: readonly (readonly [name: string, states: string])[] = [
  ['rx-checksumming', 'F1FfffF1'],
  ['tx-checksumming', '11110011'],
  ['  tx-checksum-ipv4', 'ffffffff'],
  ['  tx-checksum-ip-generic', '11F1rrF1'],
  ['  tx-checksum-ipv6', 'ffffffff'],
  ['  tx-checksum-fcoe-crc', 'ffffffff'],
  ['  tx-checksum-sctp', 'f1Ffffff'],
  ['scatter-gather', '11111111'],
  ['  tx-scatter-gather', '11F111F1'],
  ['  tx-scatter-gather-fraglist', 'f1F111F1'],
  ['tcp-segmentation-offload', '11110011'],
  ['  tx-tcp-segmentation', '1111rrF1'],
  ['  tx-tcp-ecn-segmentation', 'f111rrF1'],
  ['  tx-tcp-mangleid-segmentation', '011100F1'],
  ['  tx-tcp6-segmentation', '1111rrF1'],
  ['  tx-tcp-accecn-segmentation', 'f111ffF1'],
  ['generic-segmentation-offload', '11111111'],
  ['generic-receive-offload', '101111r1'],
  ['large-receive-offload', 'ffffff0f'],
  ['rx-vlan-offload', 'f1ffffff'],
  ['tx-vlan-offload', 'f1f111ff'],
  ['ntuple-filters', 'ffffffff'],
  ['receive-hashing', 'ffffffff'],
  ['highdma', 'F1F1ffFf'],
  ['rx-vlan-filter', 'ffffffff'],
  ['vlan-challenged', 'ffFfffff'],
  ['tx-gso-robust', 'Fff1ffFf'],
  ['tx-fcoe-segmentation', 'fff1ffff'],
  ['tx-gre-segmentation', 'f1f1ffFf'],
  ['tx-gre-csum-segmentation', 'f1f1ffFf'],
  ['tx-ipxip4-segmentation', 'f1f1ffFf'],
  ['tx-ipxip6-segmentation', 'f1f1ffFf'],
  ['tx-udp_tnl-segmentation', 'f1f1rrFf'],
  ['tx-udp_tnl-csum-segmentation', 'f1f1rrFf'],
  ['tx-gso-partial', 'fff1ffff'],
  ['tx-tunnel-remcsum-segmentation', 'fff1ffff'],
  ['tx-sctp-segmentation', 'f111ffF1'],
  ['tx-esp-segmentation', 'fff1ffff'],
  ['tx-udp-segmentation', 'f111rrF1'],
  ['tx-gso-list', 'f111ffF1'],
  ['tx-nocache-copy', '00f00000'],
  ['loopback', 'ffFfffff'],
  ['rx-fcs', 'ffffffff'],
  ['rx-all', 'ffffffff'],
  ['tx-vlan-stag-hw-insert', 'f1f111ff'],
  ['rx-vlan-stag-hw-parse', 'f1ffffff'],
  ['rx-vlan-stag-filter', 'ffffffff'],
  ['l2-fwd-offload', 'ffffffff'],
  ['hw-tc-offload', 'ffffffff'],
  ['esp-hw-offload', 'ffffffff'],
  ['esp-tx-csum-hw-offload', 'ffffffff'],
  ['rx-udp_tunnel-port-offload', 'ffffffff'],
  ['tls-hw-tx-offload', 'ffffffff'],
  ['tls-hw-rx-offload', 'ffffffff'],
  ['rx-gro-hw', 'Ffffffff'],
  ['tls-hw-record', 'ffffffff'],
  ['rx-gro-list', '00000000'],
  ['macsec-hw-offload', 'ffffffff'],
  ['rx-udp-gro-forwarding', '00000000'],
  ['hsr-tag-ins-offload', 'ffffffff'],
  ['hsr-tag-rm-offload', 'ffffffff'],
  ['hsr-fwd-offload', 'ffffffff'],
  ['hsr-dup-offload', 'ffffffff'],
];

/** The lines of `ethtool -k`, or undefined where a kind's are not known. */
export function featureLines(kind: string): string[] | undefined {
  const at = kinds.indexOf(kind);
  return at === -1 ? undefined : features.map(([name, states]) => `${name.replace(/^ +/, '\t')}: ${words[states[at]!]!}`);
}

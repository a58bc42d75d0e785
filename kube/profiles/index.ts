/**
 * What differs between the clusters a lab may have, as data. `2018` is a routes-based cluster with kubenet and docker; `vpc-native` one with alias ranges and
 * containerd; `dpv2` one whose Services are not iptables' business at all.
 */
import type { IngressGenerationName } from '../controllers/ingress-generations.ts';
import type { GenerationName } from '../proxy/generation.ts';

export type ProfileName = '2018' | 'vpc-native' | 'dpv2';

export interface Profile {
  readonly name: ProfileName;
  /** What /version says; `minor` decides what the API server serves. */
  readonly server: { readonly minor: number; readonly gitVersion: string };
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly runtime: { readonly kind: 'docker' | 'containerd'; readonly version: string };
  /** How pods hang on the node: ports of a bridge, or a wire each with a host route. */
  readonly network: 'kubenet' | 'ptp';
  /** The host's ends of pods' wires: `veth` and eight digits, `gke` and eleven. */
  readonly hostLink: { readonly prefix: string; readonly digits: number };
  readonly proxy: GenerationName | undefined;
  readonly ingress: IngressGenerationName;
  /** Who enforces NetworkPolicies on the node; without one they are kept and mean nothing. */
  readonly policy: 'calico' | undefined;
  /** Programs in the kernel in place of kube-proxy and of who enforces policies. */
  readonly datapath: 'ebpf' | undefined;
  readonly sandboxImage: string;
  readonly clusterCidr: string;
  readonly nodeMask: number;
  /** Each node's range needs a route in the cloud. */
  readonly isRouted: boolean;
  readonly serviceRange: string;
  readonly clusterDns: string;
  /** Source addresses of pods stay as they are towards these. */
  readonly nonMasquerade: readonly { readonly cidr: string; readonly why: string }[];
}

const NON_MASQUERADE: Profile['nonMasquerade'] = [
  { cidr: '169.254.0.0/16', why: 'local traffic' },
  { cidr: '10.0.0.0/8', why: 'RFC 1918 reserved range' },
  { cidr: '172.16.0.0/12', why: 'RFC 1918 reserved range' },
  { cidr: '192.168.0.0/16', why: 'RFC 1918 reserved range' },
  { cidr: '240.0.0.0/4', why: 'RFC 5735 reserved range' },
  { cidr: '192.0.2.0/24', why: 'RFC 5737 reserved range' },
  { cidr: '198.51.100.0/24', why: 'RFC 5737 reserved range' },
  { cidr: '203.0.113.0/24', why: 'RFC 5737 reserved range' },
  { cidr: '100.64.0.0/10', why: 'RFC 6598 reserved range' },
  { cidr: '198.18.0.0/15', why: 'RFC 6815 reserved range' },
  { cidr: '192.0.0.0/24', why: 'RFC 6890 reserved range' },
  { cidr: '192.88.99.0/24', why: 'RFC 7526 reserved range' },
];

const vpcNative: Profile = {
  name: 'vpc-native',
  server: { minor: 27, gitVersion: 'v1.27.16-gke.1742000' }, kubeletVersion: 'v1.27.16-gke.1742000', osImage: 'Container-Optimized OS from Google', kernelVersion: '5.15.154+',
  runtime: { kind: 'containerd', version: '1.7.19' }, network: 'ptp', hostLink: { prefix: 'gke', digits: 11 }, proxy: '1.27', ingress: '1.20', policy: 'calico', datapath: undefined, sandboxImage: 'gke.gcr.io/pause:3.8',
  clusterCidr: '10.40.0.0/14', nodeMask: 24, isRouted: false, serviceRange: '34.118.224.0/20', clusterDns: '34.118.224.10', nonMasquerade: NON_MASQUERADE,
};

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  '2018': {
    name: '2018',
    server: { minor: 20, gitVersion: 'v1.10.5-gke.0' }, kubeletVersion: 'v1.10.5-gke.0', osImage: 'Container-Optimized OS from Google', kernelVersion: '4.14.22+',
    runtime: { kind: 'docker', version: '17.3.2' }, network: 'kubenet', hostLink: { prefix: 'veth', digits: 8 }, proxy: '2018', ingress: '1.3', policy: undefined, datapath: undefined, sandboxImage: 'k8s.gcr.io/pause-amd64:3.1',
    clusterCidr: '10.40.0.0/14', nodeMask: 24, isRouted: true, serviceRange: '10.43.240.0/20', clusterDns: '10.43.240.10', nonMasquerade: NON_MASQUERADE,
  },
  'vpc-native': vpcNative,
  dpv2: { ...vpcNative, name: 'dpv2', proxy: undefined, policy: undefined, datapath: 'ebpf' },
};

/** Regions and their zones, with the range an auto mode network has in each (https://cloud.google.com/vpc/docs/subnets#ip-ranges); machine types; images. */

export interface Region { readonly name: string; readonly zones: string; readonly autoRange: string }

export const regions: readonly Region[] = [
  { name: 'asia-east1', zones: 'abc', autoRange: '10.140.0.0/20' },
  { name: 'asia-northeast1', zones: 'abc', autoRange: '10.146.0.0/20' },
  { name: 'asia-south1', zones: 'abc', autoRange: '10.160.0.0/20' },
  { name: 'asia-southeast1', zones: 'abc', autoRange: '10.148.0.0/20' },
  { name: 'australia-southeast1', zones: 'abc', autoRange: '10.152.0.0/20' },
  { name: 'europe-north1', zones: 'abc', autoRange: '10.166.0.0/20' },
  { name: 'europe-west1', zones: 'bcd', autoRange: '10.132.0.0/20' },
  { name: 'europe-west2', zones: 'abc', autoRange: '10.154.0.0/20' },
  { name: 'europe-west3', zones: 'abc', autoRange: '10.156.0.0/20' },
  { name: 'europe-west4', zones: 'abc', autoRange: '10.164.0.0/20' },
  { name: 'northamerica-northeast1', zones: 'abc', autoRange: '10.162.0.0/20' },
  { name: 'southamerica-east1', zones: 'abc', autoRange: '10.158.0.0/20' },
  { name: 'us-central1', zones: 'abcf', autoRange: '10.128.0.0/20' },
  { name: 'us-east1', zones: 'bcd', autoRange: '10.142.0.0/20' },
  { name: 'us-east4', zones: 'abc', autoRange: '10.150.0.0/20' },
  { name: 'us-west1', zones: 'abc', autoRange: '10.138.0.0/20' },
  { name: 'us-west2', zones: 'abc', autoRange: '10.168.0.0/20' },
];

export function zonesOf(offered: readonly Region[]): string[] {
  return offered.flatMap(({ name, zones }) => [...zones].map((letter) => `${name}-${letter}`));
}

/** The regions and their zones, as a cluster's location may name them. */
export function placesIn(offered: readonly Region[]): string[] {
  return [...offered.map(({ name }) => name), ...zonesOf(offered)];
}

export interface MachineType { readonly name: string; readonly guestCpus: number; readonly memoryMb: number; readonly isShared: boolean; readonly description: string }

function type(name: string, guestCpus: number, memoryMb: number, description: string, isShared = false): MachineType {
  return { name, guestCpus, memoryMb, isShared, description };
}

export const machineTypes: readonly MachineType[] = [
  type('e2-medium', 2, 4096, 'Efficient Instance, 2 vCPU (1/2 shared physical core) and 4 GB RAM', true),
  type('e2-micro', 2, 1024, 'Efficient Instance, 2 vCPU (1/8 shared physical core) and 1 GB RAM', true),
  type('e2-small', 2, 2048, 'Efficient Instance, 2 vCPU (1/4 shared physical core) and 2 GB RAM', true),
  type('e2-standard-2', 2, 8192, 'Efficient Instance, 2 vCPUs, 8 GB RAM'),
  type('e2-standard-4', 4, 16_384, 'Efficient Instance, 4 vCPUs, 16 GB RAM'),
  type('f1-micro', 1, 614, '1 vCPU (shared physical core) and 0.6 GB RAM', true),
  type('g1-small', 1, 1740, '1 vCPU (shared physical core) and 1.7 GB RAM', true),
  type('n1-standard-1', 1, 3840, '1 vCPU, 3.75 GB RAM'),
  type('n1-standard-2', 2, 7680, '2 vCPUs, 7.5 GB RAM'),
  type('n1-standard-4', 4, 15_360, '4 vCPUs, 15 GB RAM'),
];

export interface Image { readonly project: string; readonly family: string; readonly name: string; readonly diskSizeGb: number }

export const images: readonly Image[] = [
  { project: 'debian-cloud', family: 'debian-12', name: 'debian-12-bookworm-v20250513', diskSizeGb: 10 },
  { project: 'debian-cloud', family: 'debian-11', name: 'debian-11-bullseye-v20250513', diskSizeGb: 10 },
  { project: 'debian-cloud', family: 'debian-9', name: 'debian-9-stretch-v20180716', diskSizeGb: 10 },
  { project: 'cos-cloud', family: 'cos-stable', name: 'cos-stable-117-18613-164-98', diskSizeGb: 10 },
];

/** What toolbox unpacks on a node: a Debian with ping and apt, where the rest is still to be installed. https://cloud.google.com/container-optimized-os/docs/how-to/toolbox */
import type { MachineImage } from '../../machine/image.ts';
import { imageFor } from './index.ts';

export const TOOLBOX_IMAGE = 'gcr.io/google-containers/toolbox:20170504-00';
/** Installed on demand. */
const ABSENT = ['bind9-dnsutils', 'bind9-host', 'bridge-utils', 'conntrack', 'ethtool', 'jq', 'lsof', 'man-db', 'mtr-tiny', 'nano', 'netcat-openbsd', 'nftables', 'screen', 'socat', 'strace', 'tcpdump', 'traceroute', 'google-cloud-cli', 'kubernetes-client'];

export function toolboxImage(): MachineImage {
  const image = imageFor({ name: 'toolbox', hostname: 'toolbox', image: 'debian-vm', devices: [], boot: [], packages: { absent: ABSENT } });
  const isRoot = ({ uid }: { readonly uid: number }): boolean => uid === 0;
  // systemd-nspawn mounts an empty /run, where screen keeps its sockets.
  return { ...image, users: image.users.filter(isRoot), files: [...image.files, { path: '/run' }] };
}

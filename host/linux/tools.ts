/** The programs a lab on real Linux takes from the machine it runs on, and the packages that hold them. Package lists: packages.debian.org, packages.fedoraproject.org, archlinux.org/packages */

export interface Tool {
  readonly name: string;
  /** Without it no lab can be built. The others are missed by the lessons that use them. */
  readonly isNeeded: boolean;
  readonly debian: string;
  readonly fedora: string;
  readonly arch: string;
}

const tool = (name: string, debian: string, fedora = debian, arch = debian): Tool => ({ name, isNeeded: false, debian, fedora, arch });
const needed = (name: string, debian: string, fedora = debian, arch = debian): Tool => ({ ...tool(name, debian, fedora, arch), isNeeded: true });

export const tools: readonly Tool[] = [
  needed('unshare', 'util-linux'), needed('nsenter', 'util-linux'), needed('setpriv', 'util-linux'), needed('script', 'bsdutils', 'util-linux', 'util-linux'), needed('mount', 'mount', 'util-linux', 'util-linux'),
  needed('bash', 'bash'), needed('ip', 'iproute2', 'iproute'), needed('bridge', 'iproute2', 'iproute'), needed('ss', 'iproute2', 'iproute'), needed('sysctl', 'procps', 'procps-ng', 'procps-ng'), needed('iptables', 'iptables', 'iptables-nft', 'iptables-nft'),
  needed('conntrack', 'conntrack', 'conntrack-tools', 'conntrack-tools'),
  tool('newuidmap', 'uidmap', 'shadow-utils', 'shadow'), tool('brctl', 'bridge-utils'), tool('tcpdump', 'tcpdump'), tool('screen', 'screen'), tool('ifconfig', 'net-tools'), tool('ping', 'iputils-ping', 'iputils', 'iputils'),
  tool('traceroute', 'traceroute'), tool('curl', 'curl'), tool('ethtool', 'ethtool'), tool('nc', 'netcat-openbsd', 'netcat', 'openbsd-netcat'), tool('jq', 'jq'), tool('less', 'less'), tool('nano', 'nano'),
];

/** The programs of packages a lab may begin without. */
export function programsOf(debianPackage: string): string[] {
  return tools.filter(({ debian }) => debian === debianPackage).map(({ name }) => name);
}

/**
 * A node's system: Container-Optimized OS has what kubelet needs and little else. No package manager, no tcpdump, no ping, no conntrack; toolbox brings
 * them. https://cloud.google.com/container-optimized-os/docs/concepts/features-and-benefits
 */
import type { MachineImage } from '../../machine/image.ts';
import { notSimulatedProgramsOf } from './not-simulated.ts';
import { programsOf, setuidOf, standardFiles, standardGroups, standardUsers } from './userland.ts';

const packages = new Set([
  'bash', 'bsdutils', 'coreutils', 'curl', 'debianutils', 'diffutils', 'ethtool', 'findutils', 'grep', 'gzip', 'hostname', 'iproute2', 'iptables', 'less', 'mawk', 'mount', 'ncurses-bin', 'net-tools', 'openssh-client', 'openssh-server', 'procps', 'sed', 'sudo', 'systemd', 'tar', 'util-linux', 'vim-tiny',
  'docker', 'cri-tools', 'toolbox',
]);

const release = `NAME="Container-Optimized OS"
ID=cos
PRETTY_NAME="Container-Optimized OS from Google"
HOME_URL="https://cloud.google.com/container-optimized-os/docs"
GOOGLE_CRASH_ID=Lakitu
KERNEL_COMMIT_ID=unknown
VERSION=66
VERSION_ID=66
BUILD_ID=10452.101.0
`;

/** Who comes in by ssh may use docker without sudo. */
const dockerGroup: MachineImage['groups'][number] = { name: 'docker', gid: 412, members: ['learner'] };

/** Gentoo's, which COS is made from (app-shells/bash files/bashrc). */
const prompt = `[[ $- != *i* ]] && return
shopt -s checkwinsize
if [[ $EUID == 0 ]]; then
  PS1='\\[\\033[01;31m\\]\\h\\[\\033[01;34m\\] \\W \\$\\[\\033[00m\\] '
else
  PS1='\\[\\033[01;32m\\]\\u@\\h\\[\\033[01;34m\\] \\w \\$\\[\\033[00m\\] '
fi
`;
const prompts: MachineImage['files'] = [{ path: '/etc/bash.bashrc', content: prompt }, { path: '/home/learner/.bashrc', content: '# Put your fun stuff here.\n', uid: 1000, gid: 1000 }];

/** On a node of a containerd cluster docker is not there. */
export function cosImage(runtime: 'docker' | 'containerd'): MachineImage {
  const own = new Set([...packages].filter((name) => name !== (runtime === 'docker' ? 'cri-tools' : 'docker')));
  return {
    base: 'debian', users: standardUsers, groups: [...standardGroups, ...(runtime === 'docker' ? [dockerGroup] : [])], packages: [], programs: new Map([...programsOf(own), ...notSimulatedProgramsOf(own)]), setuid: setuidOf(own),
    files: [...standardFiles, ...prompts, { path: '/etc/os-release', content: release }, { path: '/home/kubernetes/bin' }, { path: '/var/lib/toolbox' }, { path: '/var/log' }],
  };
}

/** Alpine as container images have it: busybox's tools, apk, and a small index of packages that it can install. */
import type { ImagePackage } from '../../machine/image.ts';
import type { UserLand } from '../../kube/node/images.ts';
import { bash } from '../../shell/bash/bash.ts';
import { busyboxWget } from '../../shell/commands/busybox/wget.ts';
import { toProgram } from '../../shell/commands/define.ts';
import { commands } from '../../shell/commands/index.ts';
import { alpinePackages } from './alpine-packages.ts';
import { pathsOf, programsOf, setuidOf } from './userland.ts';

/** What busybox brings, by the Debian package our tools are filed under. */
const busybox = new Set(['apk-tools', 'bsdutils', 'coreutils', 'debianutils', 'diffutils', 'findutils', 'grep', 'gzip', 'hostname', 'iproute2', 'iputils-ping', 'less', 'mawk', 'mount', 'net-tools', 'netcat-openbsd', 'procps', 'psmisc', 'sed', 'tar', 'traceroute', 'util-linux', 'vim-tiny']);
/** Of those packages' tools the ones that it does not bring. */
const notInBusybox = new Set('b2sum base32 basenc csplit dircolors fmt logname numfmt pathchk pr rgrep sha224sum sha384sum stdbuf tsort uncompress zcmp zdiff zegrep zfgrep zgrep zless zmore'.split(' '));
const extra = new Set(alpinePackages.flatMap(({ tools = [] }) => tools));

/** Of bind's tools the one that busybox has as well. */
const NSLOOKUP = '/usr/bin/nslookup';

const packages: readonly ImagePackage[] = alpinePackages.map(({ name, version, sizeKb, installedSizeKb, summary, depends, isBase = false, tools = [] }) => ({
  name, version, architecture: 'x86_64', installed: isBase, section: 'main', sizeKb, installedSizeKb, summary, depends: [...depends],
  files: [...(name === 'bash' ? ['/usr/bin/bash'] : []), ...commands.filter((command) => tools.includes(command.package)).flatMap(pathsOf).filter((path) => path !== NSLOOKUP)],
}));

export const alpine: UserLand = {
  name: 'alpine',
  programs: new Map([...[...programsOf(new Set([...busybox, ...extra]))].filter(([path]) => !notInBusybox.has(path.slice(path.lastIndexOf('/') + 1))), ...[...programsOf(new Set(['bind9-dnsutils']))].filter(([path]) => path === NSLOOKUP), ['/usr/bin/wget', toProgram(busyboxWget)], ['/bin/busybox', bash]]),
  setuid: setuidOf(extra),
  files: [
    { path: '/bin/sh', link: 'busybox' }, { path: '/bin/ash', link: 'busybox' },
    { path: '/etc/alpine-release', content: '3.15.3\n' },
    { path: '/etc/os-release', content: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.15.3\nPRETTY_NAME="Alpine Linux v3.15"\nHOME_URL="https://alpinelinux.org/"\n' },
    { path: '/etc/apk/repositories', content: 'https://dl-cdn.alpinelinux.org/alpine/v3.15/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.15/community\n' },
    { path: '/etc/apk/world', content: 'alpine-baselayout\nalpine-keys\napk-tools\nbusybox\nlibc-utils\n' },
    { path: '/etc/sudoers', content: 'root ALL=(ALL:ALL) ALL\n', mode: 0o440 },
    { path: '/var/cache/apk' }, { path: '/tmp', mode: 0o1777 }, { path: '/root', mode: 0o700 },
  ],
  packages,
  users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/ash', gecos: 'root' }, { name: 'nobody', uid: 65_534, gid: 65_534, home: '/', shell: '/sbin/nologin', gecos: 'nobody' }],
  groups: [{ name: 'root', gid: 0, members: [] }, { name: 'nobody', gid: 65_534, members: [] }],
};

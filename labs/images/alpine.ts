/** Alpine as container images have it: busybox's tools, apk, and a small index of packages that it can install. */
import type { UserLand } from '../../kube/node/images.ts';
import { bash } from '../../shell/bash/bash.ts';
import { programsOf } from './userland.ts';

/** What busybox brings, by the Debian package our tools are filed under. */
const busybox = new Set(['bsdutils', 'coreutils', 'debianutils', 'diffutils', 'findutils', 'grep', 'gzip', 'hostname', 'iproute2', 'iputils-ping', 'less', 'mawk', 'mount', 'net-tools', 'netcat-openbsd', 'procps', 'psmisc', 'sed', 'tar', 'traceroute', 'util-linux', 'vim-tiny', 'wget', 'apk-tools']);

export const alpine: UserLand = {
  name: 'alpine',
  programs: new Map([...[...programsOf(busybox)].filter(([path]) => path !== '/usr/bin/bash'), ['/bin/busybox', bash]]),
  files: [
    { path: '/bin/sh', link: 'busybox' }, { path: '/bin/ash', link: 'busybox' },
    { path: '/etc/alpine-release', content: '3.15.3\n' },
    { path: '/etc/os-release', content: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.15.3\nPRETTY_NAME="Alpine Linux v3.15"\nHOME_URL="https://alpinelinux.org/"\n' },
    { path: '/etc/apk/repositories', content: 'https://dl-cdn.alpinelinux.org/alpine/v3.15/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.15/community\n' },
    { path: '/tmp', mode: 0o1777 }, { path: '/root', mode: 0o700 },
  ],
  packages: [],
  users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/ash', gecos: 'root' }, { name: 'nobody', uid: 65_534, gid: 65_534, home: '/', shell: '/sbin/nologin', gecos: 'nobody' }],
  groups: [{ name: 'root', gid: 0, members: [] }, { name: 'nobody', gid: 65_534, members: [] }],
};

/** Recorded steps the simulator does not reproduce, on purpose or not yet: `case step` and why. */
export const knownDifferences: Readonly<Record<string, string>> = {
  'link-veth 1': 'the recording machine was itself behind a veth, which `type veth` lists; a cloud machine\'s eth0 is none',
  'link-veth 7': 'as link-veth 1',
  'm-netstat 37': 'the recording machine cannot open its cgroup tree, and ss says so',
  'm-netstat 43': 'as ss -tlne',
  'm-sysctl 40': 'a new namespace has no default there',
  'm-sysctl 50': 'the recording machine has more memory',
  'm-tools 10': 'refused by ethtool: not simulated yet',
  'm-tools 11': 'follows the refused ethtool -K',
  'm-tools 12': 'the long help is missing',
  'n-addr-errors 25': 'refused by ip: not simulated yet',
  'n-link-show 1': 'as link-veth 1',
  'n-link-types 31': 'as link-veth 1',
  'n-route 49': 'the recording began while eth0\'s own IPv6 address was still tentative: one route fewer',
  'n-rule 49': 'refused by ip: not simulated yet',
  't-gzip 29': 'zlib packs a short text a little differently from gzip',
  't-gzip 31': 'zcat -f refuses a file that is not packed',
  't-xargs 30': 'refused by xargs: option -p is not simulated yet',
  't-xargs 35': 'sort -z ends its output in a newline too many',
  't-xargs 38': 'a trailing blank does not join two lines under xargs -L',
  'tty-vi-more 8': 'vim lists its own file encodings and run-time path, which mean nothing here',
  'tty-vi-options 36': 'vim has not yet counted the new line into its ruler: it says Top until the next key',
};

/** What differs besides when the same steps run in the simulator and on the kernel at hand, in a sandbox without root: `case step` and why. */
export const onRealLinux: Readonly<Record<string, string>> = {
  'ct-tcp 8': 'a client that outlives its shell is ended four seconds after it began: a busy machine has emptied the table before that and sees it end',
  'm-ifconfig 26': 'SIOCSIFTXQLEN needs the machine\'s own root, which no sandbox has',
  'm-ifconfig 27': 'follows m-ifconfig 26',
  'm-ifconfig 42': 'follows m-ifconfig 26',
  'm-ifconfig 45': 'follows m-ifconfig 26',
  'm-ifconfig 55': 'follows m-ifconfig 26',
  'm-sysctl 45': 'kernel.hostname can be written by the machine\'s own root only; hostname(1) works',
  'm-netstat 55': 'background commands end some seconds after they began: on a busy machine before they are looked at',
  'm-netstat 56': 'as m-netstat 55',
  'v6-out 14': 'a router reports errors to one address once a second: whether it does so here depends on how fast the steps before were',
};

/**
 * What makes a sandbox, in two scripts. The first builds a root folder out of this machine's programs. The second, the sandbox's first process, moves
 * into it, builds the lab's network, and stays until nobody holds the other end of its standard input.
 * Read first: mount_namespaces(7) "Restrictions on mount namespaces", pivot_root(2), ip-netns(8).
 *
 * There are two user namespaces, one in the other, for one reason: mounts that come from an outer one are locked. What the first script made read-only
 * or covered stays so whatever the sandbox's root does. The root folder is a list of what may be seen, not of what is hidden: /usr read-only, a handful
 * of files of /etc, harmless devices, everything else empty. Starting programs is what takes the time, so whatever the shell can do itself it does itself.
 */
import type { MachineSpec, Scenario } from '../../labs/scenarios/index.ts';
import { LEARNER_ID, SINGLE_GROUP, type AnyIdentity } from './identity.ts';
import { copiedFromEtc, ownFiles } from './image.ts';
import { programsOf } from './tools.ts';

/** Where the new root is put together: a folder every system has. It is covered in the sandbox's own mount namespace only. */
const ROOT = '/tmp';
const SIZE = 'mode=755,size=256m,nr_inodes=65536';
const BOOT_FILE = `${ROOT}/run/podwire/boot`;
export const MACHINES = '/run/podwire/machines';

export const READY = 'podwire ready';

/**
 * Kept low enough that a runaway lab cannot hurt; high enough that nobody meets it by accident. `processes` are each user's, `allProcesses` those of all
 * users: the kernel counts them for the user namespace too, against the limit of who made it. `dataKiB` and `files` are each process's, `memoryKiB` is
 * what the watchdog allows the whole.
 */
export const limits = { processes: 400, allProcesses: 600, dataKiB: 1_048_576, memoryKiB: 1_048_576, files: 1024 };
/** Where memory runs out, what a lab runs goes before what is around it, and its biggest process first. */
export const setLimits = `{ echo 1000 > /proc/self/oom_score_adj; } 2> /dev/null; ulimit -S -c 0; ulimit -H -c 0; ulimit -u ${limits.processes}; ulimit -d ${limits.dataKiB}; ulimit -n ${limits.files}`;

const strictly = ['set -eE', "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR"];

/** Ends by becoming the sandbox's first user namespace's child; `next` is the script that goes on there. */
export function buildScript(scenario: Scenario, identity: AnyIdentity): string {
  const home = homeOf(scenario);
  const absent = home.packages?.absent ?? [];
  const isContainer = identity.way === 'container';
  const [users, groups] = innerMaps(identity);
  return [
    ...strictly, ...root(), ...userland(absent), ...etc(identity, home, absent),
    `printf %s "$1" > ${BOOT_FILE}`,
    // The outer namespace gives the inner one its users: the same again.
    'outer=$$',
    `{ while [ /proc/$outer/ns/user -ef /proc/self/ns/user ]; do :; done; env printf '%b\\n' ${users} > /proc/$outer/uid_map; env printf '%b\\n' ${groups} > /proc/$outer/gid_map; } &`,
    `ulimit -u ${limits.allProcesses}`,
    // Who was root outside of the container is nobody in here until told to be somebody.
    `exec unshare --user ${isContainer ? '--keep-caps ' : ''}-- bash --norc -c 'until read -r _ < /proc/self/gid_map; do :; done; exec ${isContainer ? 'setpriv --reuid=0 --regid=0 --clear-groups --inh-caps=-all --ambient-caps=-all -- ' : ''}unshare --mount --net --uts --ipc --pid --fork --kill-child -- bash --norc ${BOOT_FILE}'`,
  ].join('\n');
}

/** The words for both maps of the inner user namespace; in a container they and their first user are the script's arguments. */
function innerMaps(identity: AnyIdentity): [users: string, groups: string] {
  switch (identity.way) {
    case 'single': return ["'0 0 1'", `'${SINGLE_GROUP} ${SINGLE_GROUP} 1'`];
    case 'root': return [`'0 0 ${identity.users.count}'`, `'0 0 ${identity.groups.count}'`];
    case 'range': return [`'0 0 1\\n1 1 ${identity.users.count}'`, `'0 0 1\\n1 1 ${identity.groups.count}'`];
    case 'container': return ['"$2"', '"$3"'];
    default: return identity satisfies never;
  }
}

export function bootScript(scenario: Scenario, identity: AnyIdentity): string {
  const home = homeOf(scenario);
  return [
    ...strictly, setLimits, ...pivot(),
    `hostname ${home.hostname}`, ...network(scenario, home, identity),
    // Children left without a parent are cleared away by the kernel where nobody listens for their end.
    `echo ${READY}`, "trap '' CHLD", 'exec -a /sbin/init cat > /dev/null 2>&1',
  ].join('\n');
}

export function homeOf({ id, machines, home }: Scenario): MachineSpec {
  const found = machines.find(({ name }) => name === home);
  if (found === undefined) throw new Error(`the lab ${id} has no machine ${home}`);
  return found;
}

function root(): string[] {
  return [
    'mount --make-rprivate /', `mount -t tmpfs -o ${SIZE} podwire ${ROOT}`, `cd ${ROOT}`,
    'mkdir -p usr etc/profile.d proc sys dev/{net,pts,shm} run/{netns,podwire/{machines,sys,usr,absent,local/{bin,sbin,lib,share,etc},farm/{bin,sbin}},lock,screen,user} tmp home/learner root var/lib/{apt/lists/partial,dpkg} var/{cache/apt,log,mail,tmp,spool} mnt media opt srv boot old',
    'chmod 1777 tmp var/tmp run/lock dev/shm; chmod 777 run/screen run/podwire/farm; chmod 755 run/podwire/farm; chmod 700 root',
    'for folder in bin sbin lib lib32 lib64 libx32; do if [ -L /$folder ]; then links+=(/$folder); elif [ -d /$folder ]; then mkdir $folder; real+=($folder); fi; done',
    'if [ ${#links[@]} -gt 0 ]; then cp -P "${links[@]}" .; fi',
    'cp -P /dev/fd /dev/stdin /dev/stdout /dev/stderr dev/', 'ln -s pts/ptmx dev/ptmx', 'ln -s /run var/run', 'ln -s /run/lock var/lock', ': > run/podwire/netns',
    'table=',
    'add() { table+="$*"$\'\\n\'; }',
    `add /usr ${ROOT}/usr none rbind 0 0; add ${ROOT}/run/podwire/local ${ROOT}/usr/local none bind 0 0`,
    `for folder in "\${real[@]}"; do add /$folder ${ROOT}/$folder none rbind 0 0; done`,
    `for device in null zero full random urandom tty net/tun; do if [ -e /dev/$device ]; then : > dev/$device; add /dev/$device ${ROOT}/dev/$device none bind 0 0; fi; done`,
    `if [ -d /var/lib/dpkg/info ]; then mkdir var/lib/dpkg/info; add /var/lib/dpkg/info ${ROOT}/var/lib/dpkg/info none rbind 0 0; fi`,
    'printf %s "$table" > run/podwire/mounts', `mount -a -T ${ROOT}/run/podwire/mounts`,
    // Flags a mount was given outside cannot be taken off in here, so each one is named again beside `ro`.
    'while read -r _ _ _ _ where options _; do',
    `  case $where in ${ROOT}/usr|${ROOT}/usr/*|${ROOT}/lib*|${ROOT}/bin|${ROOT}/sbin|${ROOT}/var/lib/dpkg/info) [ "$where" = ${ROOT}/usr/local ] || mount -o "remount,bind,ro\${options#r[ow]}" "$where";; esac`,
    'done < /proc/self/mountinfo',
  ];
}

/** A lab that begins without some packages gets folders of links in place of /usr/bin and /usr/sbin, so that a program can be missing and come back. */
function userland(absent: readonly string[]): string[] {
  const own = ['if [ -r /var/lib/dpkg/status ]; then cp /var/lib/dpkg/status var/lib/dpkg/status; fi'];
  if (absent.length === 0) return own;
  return [
    `mount --rbind ${ROOT}/usr run/podwire/usr`,
    `for folder in bin sbin; do if [ -d usr/$folder ] && [ ! -L usr/$folder ]; then (cd usr/$folder; names=(*); ln -s -t ${ROOT}/run/podwire/farm/$folder "\${names[@]/#//run/podwire/usr/$folder/}"); mount --bind run/podwire/farm/$folder usr/$folder; fi; done`,
    `rm -f ${absent.flatMap(programsOf).map((name) => `usr/{bin,sbin}/${name}`).join(' ')}`,
    ...absent.map((name) => `: > run/podwire/absent/${name}`),
    `if [ -r /var/lib/dpkg/status ]; then awk -v RS= -v ORS='\\n\\n' '$1 == "Package:" && $2 ~ /^(${absent.join('|')})$/ { print > ("run/podwire/absent/" $2); next } { print > "var/lib/dpkg/status" }' /var/lib/dpkg/status; fi`,
  ];
}

function etc(identity: AnyIdentity, home: MachineSpec, absent: readonly string[]): string[] {
  const files = ownFiles(identity, home.hostname, addressesOf(home), absent);
  const executable = files.filter(({ mode }) => mode === 0o755).map(({ path }) => placed(path));
  return [
    `for name in ${copiedFromEtc.join(' ')}; do if [ -e /etc/$name ]; then copied+=(/etc/$name); fi; done`,
    'cp -RP --preserve=timestamps "${copied[@]}" etc/ 2> /dev/null || :',
    ...files.map(({ path, text }) => `printf %s ${quote(text)} > ${placed(path)}`),
    `chmod 755 ${executable.join(' ')}`,
    // There is no utmp to enter a window in. Each is logged, so that what was shown in it can be asked after.
    "printf 'deflogin off\\ndeflog on\\nlogfile /run/podwire/screen/%%S.%%n\\nlogfile flush 0\\n' >> etc/screenrc", 'mkdir -m 1777 run/podwire/screen',
    ...(identity.way === 'single' ? [] : ['cp "$(type -P setpriv)" run/podwire/setpriv']),
    ...(identity.way === 'container' ? ['mount --bind . /mnt; chown -hR "$4:$4" /mnt; umount /mnt'] : []),
    ...(identity.way === 'single' ? [] : ['chmod 4755 run/podwire/setpriv', `learner=$((\${4:-0} + ${LEARNER_ID})); chown -R "$learner:$learner" home/learner`]),
  ];
}

function placed(path: string): string {
  return path.startsWith('/usr/local/') ? `run/podwire/local/${path.slice('/usr/local/'.length)}` : path.slice(1);
}

/** sysfs is mounted twice because `ip netns exec` takes one away and may mount it anew only where another is in sight. */
function pivot(): string[] {
  return [
    `mount --make-rprivate /; mount --rbind ${ROOT} ${ROOT}; cd ${ROOT}`,
    `printf '%s\\n' 'proc ${ROOT}/proc proc nosuid,nodev,noexec 0 0' 'sysfs ${ROOT}/run/podwire/sys sysfs nosuid,nodev,noexec 0 0' 'sysfs ${ROOT}/sys sysfs nosuid,nodev,noexec 0 0' 'devpts ${ROOT}/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5 0 0' '/proc/self/ns/net ${ROOT}/run/podwire/netns none bind 0 0' > run/podwire/mounts`,
    `mount -a -T ${ROOT}/run/podwire/mounts`,
    'pivot_root . old', 'cd /', 'umount -l /old', 'rmdir /old', 'rm /run/podwire/{mounts,boot}', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
}

/** Every other machine of the lab is a namespace out of sight, with its end of a wire; what its scenario boots with is done there. */
export function network({ machines, wires }: Scenario, home: MachineSpec, identity: AnyIdentity): string[] {
  const others = machines.filter(({ name }) => name !== home.name);
  const lines = others.flatMap(({ name }) => [`: > ${MACHINES}/${name}`, `unshare --net=${MACHINES}/${name} true`]);
  // Numbers out of the way: the learner's first namespace gets 0, as on a machine of its own. `ip netns set` takes names only.
  lines.push(`ln -s ${others.map(({ name }) => `${MACHINES}/${name}`).join(' ')} /run/netns`, ...others.map(({ name }, index) => `ip netns set ${name} ${999 - index}`), `rm ${others.map(({ name }) => `/run/netns/${name}`).join(' ')}`);
  for (const { ends } of wires) {
    const [near, far] = ends.map((end) => device(machines, end)).sort((a) => (a.machine === home.name ? -1 : 1)) as [Device, Device];
    lines.push(`ip link add ${near.text} type veth peer ${far.text.replace(/^/, 'name ')} netns ${MACHINES}/${far.machine}`);
  }
  for (const { name, boot } of others) lines.push(`nsenter --net=${MACHINES}/${name} bash --norc -e << 'PODWIRE'\n${batched(boot).join('\n')}\nPODWIRE`);
  lines.push(`echo '0 ${identity.way === 'single' ? '0' : LEARNER_ID}' > /proc/sys/net/ipv4/ping_group_range || :`);
  for (const what of ['iptables', 'ip6tables', 'arptables']) lines.push(`if [ -e /proc/sys/net/bridge/bridge-nf-call-${what} ]; then echo 0 > /proc/sys/net/bridge/bridge-nf-call-${what}; fi`);
  return [...lines, ...batched(home.boot)];
}

interface Device { readonly machine: string; readonly text: string }
function device(machines: readonly MachineSpec[], end: string): Device {
  const [machine = '', name = ''] = end.split('/');
  const found = machines.find((each) => each.name === machine)?.devices.find((each) => each.name === name);
  if (found === undefined) throw new Error(`a wire ends at ${end}, which does not exist`);
  return { machine, text: `${name} address ${found.mac} mtu ${found.mtu}` };
}

/** `ip` lines in a row become one run of `ip -batch`. */
export function batched(commands: readonly string[]): string[] {
  const out: string[] = [];
  let batch: string[] = [];
  const flush = (): void => {
    if (batch.length > 0) out.push(`ip -batch - << 'BATCH'\n${batch.join('\n')}\nBATCH`);
    batch = [];
  };
  for (const command of commands) {
    const plain = /^ip ([\w .,:/@-]+)$/.exec(command)?.[1];
    if (plain !== undefined && !plain.startsWith('-') && !plain.startsWith('netns exec')) {
      batch.push(plain);
      continue;
    }
    flush();
    out.push(command);
  }
  flush();
  return out;
}

/** The addresses a machine's boot gives it: what its name means to itself. */
function addressesOf({ boot }: MachineSpec): string[] {
  return boot.flatMap((line) => /\baddress add ([\d.]+)\/\d+ dev eth0/.exec(line)?.[1] ?? []);
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

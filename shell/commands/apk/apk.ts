/** apk, Alpine's package keeper 2.12: update, add, del, info, list, search, fetch refused. Packages come from an index that is part of the product; a way out of the pod is needed all the same. Read first: apk(8) */
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { fetchCost } from './mirror.ts';

const REPOSITORIES = '/etc/apk/repositories';
const CACHE = '/var/cache/apk';
const WORLD = '/etc/apk/world';
/** Of v3.15 as its mirrors left it; the number counts what main and community hold together. */
const BRANCH = ['v3.15.11-83-ga8e66b3e4bd', 'v3.15.11-82-g1c6ce2d84fe'];
const DISTINCT = 15_860;
const TRIGGER = 'Executing busybox-1.34.1-r5.trigger';

type Package = ReturnType<Invocation['sys']['machine']['packages']>[number];

export const apk = defineCommand({
  name: 'apk',
  summary: 'Alpine package keeper',
  package: 'apk-tools',
  path: '/sbin/apk',
  async run(call) {
    const [verb, ...rest] = call.args.filter((word) => !/^-/.test(word) || word === '--version');
    const flags = call.args.filter((word) => word.startsWith('-') && word !== '--version');
    const unknown = flags.find((flag) => !/^(?:-q|-U|-u|-a|-v|-vv|--no-cache|--update|--update-cache|--quiet|--verbose|--upgrade|--purge|--no-progress|--installed|-I|-L|-e|-d|--contents|--installed|--description)$/.test(flag));
    if (unknown !== undefined) return notSimulated(call, `option ${unknown}`);
    const isQuiet = flags.includes('-q') || flags.includes('--quiet');
    switch (verb) {
      case undefined:
      case 'help': return usage(call);
      case '--version': call.out('apk-tools 2.12.7, compiled for x86_64.'); return 0;
      case 'update': return update(call, isQuiet);
      case 'add': return add(call, rest, flags.some((flag) => flag === '--no-cache' || flag === '-U' || flag === '--update' || flag === '--update-cache'), isQuiet);
      case 'del': return remove(call, rest);
      case 'info': return info(call, rest, flags);
      case 'list': return list(call, rest, flags.includes('-I') || flags.includes('--installed'));
      case 'search': return search(call, rest);
      case 'upgrade': return upgrade(call);
      default:
        if (/^(?:fix|fetch|cache|verify|dot|policy|stats|index|manifest|version|audit|convert)$/.test(verb)) return notSimulated(call, verb);
        call.err(`ERROR: '${verb}' is not an apk command. See 'apk --help'.`);
        return 1;
    }
  },
});

function usage(call: Invocation): number {
  call.write('apk-tools 2.12.7, compiled for x86_64.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n\nPackage installation and removal:\n  add        Add packages to WORLD and commit changes\n  del        Remove packages from WORLD and commit changes\n\nSystem maintenance:\n  update     Update repository indexes\n  upgrade    Install upgrades available from repositories\n\nQuerying package information:\n  info       Give detailed information about packages or repositories\n  list       List packages matching a pattern or other criteria\n  search     Search for packages by name or description\n');
  return 1;
}

async function repositories(call: Invocation): Promise<string[]> {
  const text = await call.sys.readText(REPOSITORIES);
  return (text.ok ? text.value : '').split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** The index of a repository as it lies in the cache. */
function cached(repository: string): string {
  let hash = 0x811c9dc5;
  for (const letter of repository) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return `${CACHE}/APKINDEX.${hash.toString(16).padStart(8, '0')}.tar.gz`;
}

/** Without a way out nothing can be fetched. */
function canReach({ net }: Invocation): boolean {
  return net.netlink.lookupRoute({ family: 'inet', to: '151.101.2.132' }).ok;
}

async function fetchIndexes(call: Invocation, isQuiet: boolean, keeps: boolean): Promise<boolean> {
  let isAll = true;
  for (const repository of await repositories(call)) {
    const url = `${repository}/x86_64/APKINDEX.tar.gz`;
    if (!isQuiet) call.out(`fetch ${url}`);
    await call.flush();
    if (!canReach(call)) {
      await call.sys.sleep(5_000_000);
      call.err(`WARNING: Ignoring ${repository}: temporary error (try again later)`);
      isAll = false;
      continue;
    }
    await call.sys.sleep(fetchCost(650));
    if (keeps) await call.sys.writeFile(cached(repository), repository);
  }
  return isAll;
}

async function update(call: Invocation, isQuiet: boolean): Promise<number> {
  const isAll = await fetchIndexes(call, isQuiet, true);
  const known = await repositories(call);
  if (!isAll) {
    call.err(`${known.length} unavailable, 0 stale; ${installed(call).length} distinct packages available`);
    return known.length;
  }
  if (isQuiet) return 0;
  for (const [at, repository] of known.entries()) call.out(`${BRANCH[at % 2]} [${repository}]`);
  call.out(`OK: ${DISTINCT} distinct packages available`);
  return 0;
}

const installed = (call: Invocation): Package[] => call.sys.machine.packages().filter((one) => one.installed);

async function hasIndex(call: Invocation): Promise<boolean> {
  return (await repositories(call)).some((repository) => call.sys.stat(cached(repository)).ok);
}

function total(call: Invocation): string {
  const own = installed(call);
  const mib = Math.round(own.reduce((sum, { installedSizeKb }) => sum + installedSizeKb, 0) / 1024);
  return `OK: ${mib} MiB in ${own.length} packages`;
}

/** Dependencies first, each once, in the order they are needed. */
function withDependencies(all: ReadonlyMap<string, Package>, name: string, found: Package[] = []): Package[] {
  const own = all.get(name);
  if (own === undefined || own.installed || found.includes(own)) return found;
  for (const needed of own.depends) withDependencies(all, needed, found);
  found.push(own);
  return found;
}

async function add(call: Invocation, names: readonly string[], fetches: boolean, isQuiet: boolean): Promise<number> {
  const { sys } = call;
  if (sys.uid !== 0) {
    call.err('ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied');
    return 99;
  }
  let isKnown = await hasIndex(call);
  if (fetches) isKnown = await fetchIndexes(call, isQuiet, !call.args.includes('--no-cache'));
  else if (!isKnown) for (const repository of await repositories(call)) call.err(`WARNING: Ignoring ${repository}: No such file or directory`);
  const all = new Map(sys.machine.packages().map((one) => [one.name, one]));
  const missing = names.filter((name) => all.get(name)?.installed !== true && (!isKnown || !all.has(name)));
  if (missing.length > 0) {
    call.err('ERROR: unable to select packages:');
    for (const name of missing) call.err(`  ${name} (no such package):\n    required by: world[${name}]`);
    return missing.length;
  }
  const wanted: Package[] = [];
  for (const name of names) withDependencies(all, name, wanted);
  const text = await sys.readText(WORLD);
  const world = new Set((text.ok ? text.value : '').split('\n').filter(Boolean));
  for (const [at, one] of wanted.entries()) {
    if (!isQuiet) call.out(`(${at + 1}/${wanted.length}) Installing ${one.name} (${one.version})`);
    await call.flush();
    await sys.sleep(fetchCost(one.sizeKb));
    sys.machine.installPackage(one.name);
  }
  for (const name of names) world.add(name);
  await sys.writeFile(WORLD, `${[...world].toSorted().join('\n')}\n`);
  if (wanted.length > 0 && !isQuiet) call.out(TRIGGER);
  if (!isQuiet) call.out(total(call));
  return 0;
}

async function remove(call: Invocation, names: readonly string[]): Promise<number> {
  const { sys } = call;
  const text = await sys.readText(WORLD);
  const world = new Set((text.ok ? text.value : '').split('\n').filter(Boolean));
  for (const name of names) if (!world.delete(name)) call.err(`World updated, but the following packages are not removed due to:\n  ${name}: (no such package)`);
  await sys.writeFile(WORLD, `${[...world].toSorted().join('\n')}\n`);
  const all = new Map(sys.machine.packages().map((one) => [one.name, one]));
  const kept = new Set(sys.machine.packages().filter(({ name }) => BASE.has(name)).map(({ name }) => name));
  const keep = (name: string): void => {
    if (kept.has(name)) return;
    kept.add(name);
    for (const needed of all.get(name)?.depends ?? []) keep(needed);
  };
  for (const name of world) keep(name);
  const gone = installed(call).filter(({ name }) => !kept.has(name)).toReversed();
  for (const [at, one] of gone.entries()) {
    call.out(`(${at + 1}/${gone.length}) Purging ${one.name} (${one.version})`);
    sys.machine.removePackage(one.name);
  }
  if (gone.length > 0) call.out(TRIGGER);
  call.out(total(call));
  return 0;
}
const BASE = new Set(['alpine-baselayout', 'alpine-keys', 'apk-tools', 'busybox', 'ca-certificates-bundle', 'libc-utils', 'libcrypto1.1', 'libretls', 'libssl1.1', 'musl', 'musl-utils', 'scanelf', 'ssl_client', 'zlib']);

function info(call: Invocation, names: readonly string[], flags: readonly string[]): number {
  const own = installed(call);
  if (names.length === 0) {
    for (const { name, version } of own) call.out(flags.includes('-v') || flags.includes('-vv') ? `${name}-${version}` : name);
    return 0;
  }
  let exit = 0;
  for (const name of names) {
    const one = call.sys.machine.packages().find((each) => each.name === name);
    if (one === undefined || (flags.includes('-e') && !one.installed)) {
      exit = 1;
      continue;
    }
    if (flags.includes('-e')) call.out(name);
    else if (flags.includes('-L') || flags.includes('--contents')) call.out(`${name}-${one.version} contains:\n${one.files.map((file) => file.slice(1)).join('\n')}\n`);
    else call.out(`${name}-${one.version} description:\n${one.summary}\n\n${name}-${one.version} webpage:\nhttps://pkgs.alpinelinux.org/package/v3.15/main/x86_64/${name}\n\n${name}-${one.version} installed size:\n${one.installedSizeKb} KiB\n`);
  }
  return exit;
}

function list(call: Invocation, names: readonly string[], onlyInstalled: boolean): number {
  for (const one of call.sys.machine.packages()) {
    if ((onlyInstalled && !one.installed) || (names.length > 0 && !names.includes(one.name))) continue;
    call.out(`${one.name}-${one.version} x86_64 {${one.name}} (GPL-2.0-or-later)${one.installed ? ' [installed]' : ''}`);
  }
  return 0;
}

async function search(call: Invocation, names: readonly string[]): Promise<number> {
  if (!(await hasIndex(call))) {
    for (const repository of await repositories(call)) call.err(`WARNING: Ignoring ${repository}: No such file or directory`);
    return 0;
  }
  for (const { name, version } of call.sys.machine.packages()) if (names.length === 0 || names.some((word) => name.includes(word))) call.out(`${name}-${version}`);
  return 0;
}

async function upgrade(call: Invocation): Promise<number> {
  if (!(await hasIndex(call)) && !(await fetchIndexes(call, false, true))) return 1;
  call.out(total(call));
  return 0;
}

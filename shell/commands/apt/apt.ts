/** apt, apt-get, apt-cache and dpkg of Debian 12 over the machine's package catalogue. Read first: apt(8), dpkg(1). */
import type { ExitCode, MachinePorts } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { shellPattern } from '../../lib/pattern.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

type Package = ReturnType<MachinePorts['packages']>[number];
const LISTS = '/var/lib/apt/lists';
const MIRROR = 'http://deb.debian.org/debian';

export const apt = defineCommand({
  name: 'apt', aliases: ['apt-get', 'apt-cache'], summary: 'package manager', package: 'apt',
  run: (call) => runApt(call),
});

async function runApt(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'yqsdfuVo:t:c:a', long: { yes: 'none=y', 'assume-yes': 'none=y', quiet: 'none=q', 'dry-run': 'none=s', simulate: 'none=s', 'no-install-recommends': 'none', 'install-recommends': 'none', reinstall: 'none', 'fix-broken': 'none=f', purge: 'none', installed: 'none', upgradable: 'none', 'all-versions': 'none=a', 'allow-unauthenticated': 'none', 'assume-no': 'none', 'download-only': 'none=d', 'autoremove': 'none', version: 'none', help: 'none', 'no-cache': 'none', 'names-only': 'none' } });
  if (options.error !== undefined) {
    const long = /unrecognized option '--(.*)'/.exec(options.error);
    const short = /invalid option -- '(.)'/.exec(options.error);
    call.err(long !== null ? `E: Command line option --${long[1]!} is not understood in combination with the other options` : `E: Command line option '${short?.[1] ?? ''}' [from -${short?.[1] ?? ''}] is not known.`);
    return 100;
  }
  if (options.has('version')) {
    call.out('apt 2.6.1 (amd64)');
    return 0;
  }
  const [verb, ...names] = options.operands;
  const isApt = call.name === 'apt';
  if (isApt && !call.stdoutIsTerminal && verb !== undefined) call.err('\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n');
  const isYes = options.has('y');
  switch (verb) {
    case undefined: case 'help':
      call.out(`${isApt || call.name === 'apt-get' ? 'apt' : 'apt'} 2.6.1 (amd64)\nUsage: ${call.name} [options] command\n\nMost used commands:\n  list - list packages based on package names\n  search - search in package descriptions\n  show - show package details\n  install - install packages\n  remove - remove packages\n  update - update list of available packages\n  upgrade - upgrade the system by installing/upgrading packages`);
      return verb === undefined ? 1 : 0;
    case 'update': return update(call, isApt);
    case 'install': return install(call, names, isYes, options.has('s'));
    case 'remove': case 'purge': return remove(call, names, verb, isYes, options.has('s'));
    case 'autoremove': case 'autopurge': case 'upgrade': case 'full-upgrade': case 'dist-upgrade': return nothingToDo(call, verb);
    case 'clean': case 'autoclean': return call.sys.uid === 0 ? 0 : lockError(call, '/var/cache/apt/archives/lock', undefined);
    case 'list': return list(call, names, options.has('installed'), options.has('upgradable'));
    case 'show': return show(call, names);
    case 'search': return search(call, names);
    case 'policy': return policy(call, names);
    case 'depends': case 'rdepends': case 'edit-sources': case 'source': case 'build-dep': case 'satisfy': case 'download': case 'changelog': case 'madison': return notSimulated(call, verb);
    default:
      call.err(`E: Invalid operation ${verb}`);
      return 100;
  }
}

function packages(call: Invocation): readonly Package[] {
  return call.sys.machine.packages();
}

function lockError(call: Invocation, path: string, hint: string | undefined): ExitCode {
  call.err(`E: Could not open lock file ${path} - open (13: Permission denied)`);
  if (hint !== undefined) call.err(hint);
  return 100;
}

/** A terminal sees "Done", a pipe does not. */
function step(call: Invocation, text: string): void {
  call.out(call.stdoutIsTerminal ? `${text}... Done` : `${text}...`);
}

async function readingState(call: Invocation): Promise<void> {
  step(call, 'Reading package lists');
  await call.flush();
  await call.sys.sleep(180_000);
  step(call, 'Building dependency tree');
  step(call, 'Reading state information');
  await call.flush();
  await call.sys.sleep(60_000);
}

function kilobytes(kb: number): string {
  return kb >= 10_000 ? `${(kb / 1000).toFixed(1)} MB` : kb >= 1000 ? `${grouped(Math.round(kb))} kB` : kb >= 100 ? `${Math.round(kb)} kB` : `${(Math.round(kb * 10) / 10).toFixed(1)} kB`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Lists that an image comes without are got by `apt update`. */
function hasLists(call: Invocation): boolean {
  const names = call.sys.list(LISTS);
  return !names.ok || names.value.some((name) => name.endsWith('_Packages'));
}

async function update(call: Invocation, isApt: boolean): Promise<ExitCode> {
  if (call.sys.uid !== 0) {
    step(call, 'Reading package lists');
    lockError(call, `${LISTS}/lock`, `E: Unable to lock directory ${LISTS}/`);
    call.err('W: Problem unlinking the file /var/cache/apt/pkgcache.bin - RemoveCaches (13: Permission denied)');
    call.err('W: Problem unlinking the file /var/cache/apt/srcpkgcache.bin - RemoveCaches (13: Permission denied)');
    return 100;
  }
  const isFresh = !hasLists(call) || !call.sys.list(LISTS).ok;
  const suites = ['bookworm', 'bookworm-updates', 'bookworm-security'];
  const sizes = ['151 kB', '55.4 kB', '48.0 kB'];
  let number = 0;
  for (const [index, suite] of suites.entries()) {
    number += 1;
    const site = suite === 'bookworm-security' ? 'http://deb.debian.org/debian-security' : MIRROR;
    call.out(isFresh ? `Get:${number} ${site} ${suite} InRelease [${sizes[index]!}]` : `Hit:${number} ${site} ${suite} InRelease`);
    await call.flush();
    await call.sys.sleep(120_000);
  }
  if (isFresh) {
    const lists = [['bookworm', '8,793 kB'], ['bookworm-updates', '6,924 B'], ['bookworm-security', '266 kB']] as const;
    for (const [suite, size] of lists) {
      number += 1;
      call.out(`Get:${number} ${suite === 'bookworm-security' ? 'http://deb.debian.org/debian-security' : MIRROR} ${suite}/main amd64 Packages [${size}]`);
      await call.flush();
      await call.sys.sleep(300_000);
    }
    call.out('Fetched 9,320 kB in 1s (7,172 kB/s)');
  }
  await writeLists(call);
  step(call, 'Reading package lists');
  if (isApt) {
    step(call, 'Building dependency tree');
    step(call, 'Reading state information');
    call.out('All packages are up to date.');
  }
  return 0;
}

async function writeLists(call: Invocation): Promise<void> {
  for (const path of ['/var/lib/apt', LISTS]) call.sys.makeDirectory(path, 0o755);
  const catalogue = packages(call).map((each) => `Package: ${each.name}\nArchitecture: ${each.architecture}\nVersion: ${each.version}\nSection: ${each.section}\nInstalled-Size: ${each.installedSizeKb}\n${each.depends.length > 0 ? `Depends: ${each.depends.join(', ')}\n` : ''}Description: ${each.summary}\n`).join('\n');
  await call.sys.writeFile(`${LISTS}/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages`, catalogue);
  await call.sys.writeFile(`${LISTS}/deb.debian.org_debian_dists_bookworm_InRelease`, 'Origin: Debian\nSuite: stable\nCodename: bookworm\n');
}

function column(call: Invocation, title: string, names: readonly string[]): void {
  if (names.length === 0) return;
  call.out(title);
  const width = 78;
  let line = ' ';
  for (const name of names) {
    if (line.length + name.length + 1 > width && line.trim() !== '') {
      call.out(line);
      line = ' ';
    }
    line += ` ${name}`;
  }
  call.out(line);
}

async function confirmed(call: Invocation): Promise<boolean> {
  call.write('Do you want to continue? [Y/n] ');
  await call.flush();
  const got = await call.sys.read(0, 4096);
  const answer = got.ok ? new TextDecoder().decode(got.value).trim().toLowerCase() : '';
  if (!got.ok || got.value.length === 0 || (answer !== '' && !answer.startsWith('y'))) {
    call.out('Abort.');
    return false;
  }
  return true;
}

async function install(call: Invocation, names: readonly string[], isYes: boolean, isSimulated: boolean): Promise<ExitCode> {
  if (call.sys.uid !== 0 && !isSimulated) return lockError(call, '/var/lib/dpkg/lock-frontend', 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?');
  await readingState(call);
  const catalogue = new Map(packages(call).map((each) => [each.name, each]));
  const isKnown = hasLists(call);
  const wanted: Package[] = [];
  let hasError = false;
  for (const word of names) {
    const [name = ''] = word.split(/[=/:]/);
    const found = catalogue.get(name);
    if (found === undefined || (!found.installed && !isKnown)) {
      call.err(`E: Unable to locate package ${name}`);
      hasError = true;
    } else if (found.installed) call.out(`${found.name} is already the newest version (${found.version}).`);
    else wanted.push(found);
  }
  if (hasError) return 100;
  const all: Package[] = [];
  const visit = (each: Package): void => {
    if (each.installed || all.includes(each)) return;
    for (const dependency of each.depends) {
      const other = catalogue.get(dependency.split(/[ (:|]/)[0]!);
      if (other !== undefined) visit(other);
    }
    all.push(each);
  };
  for (const each of wanted) visit(each);
  const extra = all.filter((each) => !wanted.includes(each));
  const sorted = all.map((each) => each.name).sort();
  column(call, 'The following additional packages will be installed:', extra.map((each) => each.name).sort());
  column(call, 'The following NEW packages will be installed:', sorted);
  call.out(`0 upgraded, ${all.length} newly installed, 0 to remove and 0 not upgraded.`);
  if (all.length === 0) return 0;
  const size = all.reduce((sum, each) => sum + each.sizeKb, 0);
  const installedSize = all.reduce((sum, each) => sum + each.installedSizeKb, 0);
  if (isSimulated) {
    for (const each of all) call.out(`Inst ${each.name} (${each.version} Debian:12.11/stable [${each.architecture}])`);
    for (const each of all) call.out(`Conf ${each.name} (${each.version} Debian:12.11/stable [${each.architecture}])`);
    return 0;
  }
  call.out(`Need to get ${kilobytes(size)} of archives.`);
  call.out(`After this operation, ${kilobytes(installedSize)} of additional disk space will be used.`);
  if (extra.length > 0 && !isYes && !(await confirmed(call))) return 1;
  for (const [index, each] of all.entries()) {
    call.out(`Get:${index + 1} ${MIRROR} bookworm/main amd64 ${each.name} ${each.architecture} ${each.version} [${kilobytes(each.sizeKb)}]`);
    await call.flush();
    await call.sys.sleep(60_000 + each.sizeKb * 100);
  }
  call.out(`Fetched ${kilobytes(size)} in 0s (${grouped(Math.max(1, Math.round(size * 8)))} kB/s)`);
  let database = 32_000 + packages(call).filter((each) => each.installed).length * 137;
  for (const [index, each] of all.entries()) {
    call.out(`Selecting previously unselected package ${each.name}.`);
    if (index === 0) call.out(`(Reading database ... ${database} files and directories currently installed.)`);
    call.out(`Preparing to unpack .../${all.length > 1 ? `${String(index).padStart(all.length > 10 ? 2 : 1, '0')}-` : ''}${each.name}_${each.version.replaceAll(':', '%3a')}_${each.architecture}.deb ...`);
    call.out(`Unpacking ${each.name} (${each.version}) ...`);
    database += each.files.length;
    await call.flush();
    await call.sys.sleep(90_000);
  }
  for (const each of all) {
    const installed = call.sys.machine.installPackage(each.name);
    if (!installed.ok) {
      call.err(`dpkg: error processing package ${each.name} (--configure):\nE: Sub-process /usr/bin/dpkg returned an error code (1)`);
      return 100;
    }
    call.out(`Setting up ${each.name} (${each.version}) ...`);
    await call.flush();
    await call.sys.sleep(50_000);
  }
  call.out('Processing triggers for man-db (2.11.2-2) ...');
  if (all.some((each) => each.name.startsWith('lib'))) call.out('Processing triggers for libc-bin (2.36-9+deb12u10) ...');
  return 0;
}

async function remove(call: Invocation, names: readonly string[], verb: string, isYes: boolean, isSimulated: boolean): Promise<ExitCode> {
  if (call.sys.uid !== 0 && !isSimulated) return lockError(call, '/var/lib/dpkg/lock-frontend', 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?');
  await readingState(call);
  const catalogue = new Map(packages(call).map((each) => [each.name, each]));
  const going: Package[] = [];
  for (const name of names) {
    const found = catalogue.get(name);
    if (found === undefined) {
      call.err(`E: Unable to locate package ${name}`);
      return 100;
    }
    if (!found.installed) call.out(`Package '${name}' is not installed, so not removed`);
    else going.push(found);
  }
  for (let isGrowing = true; isGrowing;) {
    isGrowing = false;
    for (const each of packages(call)) {
      if (!each.installed || going.some((other) => other.name === each.name)) continue;
      if (each.depends.some((dependency) => going.some((other) => other.name === dependency.split(/[ (:|]/)[0]))) {
        going.push(each);
        isGrowing = true;
      }
    }
  }
  column(call, 'The following packages will be REMOVED:', going.map((each) => `${each.name}${verb === 'purge' ? '*' : ''}`).sort());
  call.out(`0 upgraded, 0 newly installed, ${going.length} to remove and 0 not upgraded.`);
  if (going.length === 0 || isSimulated) return 0;
  call.out(`After this operation, ${kilobytes(going.reduce((sum, each) => sum + each.installedSizeKb, 0))} disk space will be freed.`);
  if (!isYes && !(await confirmed(call))) return 1;
  for (const [index, each] of going.entries()) {
    if (index === 0) call.out(`(Reading database ... ${32_000 + packages(call).filter((other) => other.installed).length * 137} files and directories currently installed.)`);
    call.out(`Removing ${each.name} (${each.version}) ...`);
    await call.flush();
    await call.sys.sleep(80_000);
    call.sys.machine.removePackage(each.name);
  }
  call.out('Processing triggers for man-db (2.11.2-2) ...');
  return 0;
}

async function nothingToDo(call: Invocation, verb: string): Promise<ExitCode> {
  if (call.sys.uid !== 0) return lockError(call, '/var/lib/dpkg/lock-frontend', 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?');
  await readingState(call);
  if (!verb.startsWith('auto')) step(call, 'Calculating upgrade');
  call.out('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.');
  return 0;
}

/** fnmatch(3), as apt has it. */
function globbed(names: readonly string[]): (name: string) => boolean {
  const patterns = names.map((name) => shellPattern(name, { extended: false, ignoreCase: false }));
  return (name) => patterns.length === 0 || patterns.some((pattern) => pattern.matches(name));
}

function list(call: Invocation, names: readonly string[], isInstalled: boolean, isUpgradable: boolean): ExitCode {
  call.out('Listing...');
  const fits = globbed(names);
  for (const each of [...packages(call)].sort((left, right) => (left.name < right.name ? -1 : 1))) {
    if (!fits(each.name) || (isInstalled && !each.installed) || isUpgradable) continue;
    call.out(`${each.name}/stable${each.installed ? ',now' : ''} ${each.version} ${each.architecture}${each.installed ? ' [installed]' : ''}`);
  }
  return 0;
}

function control(each: Package): string {
  return `Package: ${each.name}\n${each.installed ? 'Status: install ok installed\n' : ''}Priority: optional\nSection: ${each.section}\nInstalled-Size: ${each.installedSizeKb}\nMaintainer: Debian Maintainers <debian@lists.debian.org>\nArchitecture: ${each.architecture}\nVersion: ${each.version}\n${each.depends.length > 0 ? `Depends: ${each.depends.join(', ')}\n` : ''}Description: ${each.summary}`;
}

function show(call: Invocation, names: readonly string[]): ExitCode {
  let code: ExitCode = 0;
  for (const name of names) {
    const each = packages(call).find((candidate) => candidate.name === name);
    if (each === undefined) {
      call.err(`N: Unable to locate package ${name}`);
      if (names.length === 1) call.err('E: No packages found');
      code = 100;
      continue;
    }
    call.out(`Package: ${each.name}\nVersion: ${each.version}\nPriority: optional\nSection: ${each.section}\nMaintainer: Debian Maintainers <debian@lists.debian.org>\nInstalled-Size: ${kilobytes(each.installedSizeKb)}\n${each.depends.length > 0 ? `Depends: ${each.depends.join(', ')}\n` : ''}Download-Size: ${kilobytes(each.sizeKb)}\nAPT-${each.installed ? 'Manual-Installed: yes\nAPT-' : ''}Sources: ${MIRROR} bookworm/main amd64 Packages\nDescription: ${each.summary}\n`);
  }
  return code;
}

function search(call: Invocation, words: readonly string[]): ExitCode {
  if (call.name === 'apt') call.out('Sorting...\nFull Text Search...');
  for (const each of [...packages(call)].sort((left, right) => (left.name < right.name ? -1 : 1))) {
    if (!words.every((word) => `${each.name} ${each.summary}`.toLowerCase().includes(word.toLowerCase()))) continue;
    call.out(call.name === 'apt' ? `${each.name}/stable${each.installed ? ',now' : ''} ${each.version} ${each.architecture}${each.installed ? ' [installed]' : ''}\n  ${each.summary}\n` : `${each.name} - ${each.summary}`);
  }
  return 0;
}

function policy(call: Invocation, names: readonly string[]): ExitCode {
  for (const name of names) {
    const each = packages(call).find((candidate) => candidate.name === name);
    if (each === undefined) call.err(`N: Unable to locate package ${name}`);
    else call.out(`${each.name}:\n  Installed: ${each.installed ? each.version : '(none)'}\n  Candidate: ${each.version}\n  Version table:\n ${each.installed ? '***' : '   '} ${each.version} 500\n        500 ${MIRROR} bookworm/main amd64 Packages${each.installed ? '\n        100 /var/lib/dpkg/status' : ''}`);
  }
  return 0;
}

// ---------------------------------------------------------------- dpkg
export const dpkg = defineCommand({
  name: 'dpkg', aliases: ['dpkg-query'], summary: 'package database', package: 'dpkg',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'lsLSWirPV', long: { list: 'none=l', status: 'none=s', listfiles: 'none=L', search: 'none=S', 'get-selections': 'none', 'print-architecture': 'none', version: 'none', install: 'none=i', show: 'none=W' } });
    if (options.error !== undefined) {
      call.err(`dpkg: error: unknown option ${/'(.*)'/.exec(options.error)?.[1]?.replace(/^(?!-)/, '-') ?? ''}\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;`);
      return 2;
    }
    const installed = packages(call).filter((each) => each.installed).sort((left, right) => (left.name < right.name ? -1 : 1));
    const { operands } = options;
    if (options.has('print-architecture')) {
      call.out('amd64');
      return 0;
    }
    if (options.has('version')) {
      call.out("Debian 'dpkg' package management program version 1.21.22 (amd64).");
      return 0;
    }
    if (options.has('get-selections')) {
      for (const each of installed) call.out(`${each.name.padEnd(48)}install`);
      return 0;
    }
    if (options.has('l')) return dpkgList(call, installed, operands);
    if (options.has('W')) {
      for (const each of installed) if (globbed(operands)(each.name)) call.out(`${each.name}\t${each.version}`);
      return 0;
    }
    let code: ExitCode = 0;
    for (const name of operands) {
      const each = installed.find((candidate) => candidate.name === name);
      if (options.has('S')) {
        const found = installed.flatMap((owner) => owner.files.filter((file) => (name.startsWith('/') ? file === name : file.includes(name))).map((file) => `${owner.name}: ${file}`));
        for (const line of found) call.out(line);
        if (found.length === 0) {
          call.err(`dpkg-query: no path found matching pattern ${name.startsWith('/') ? name : `*${name}*`}`);
          code = 1;
        }
      } else if (each === undefined) {
        call.err(options.has('L') ? `dpkg-query: package '${name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.` : `dpkg-query: package '${name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.`);
        code = 1;
      } else if (options.has('L')) call.out(['/.', ...each.files].join('\n'));
      else if (options.has('s')) call.out(`${control(each)}${operands.length > 1 ? '\n' : ''}`);
      else return notSimulated(call, 'installing archives');
    }
    if (operands.length === 0) {
      call.err("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;");
      return 2;
    }
    return code;
  },
});

function dpkgList(call: Invocation, installed: readonly Package[], patterns: readonly string[]): ExitCode {
  const fits = globbed(patterns);
  const shown = installed.filter((each) => fits(each.name));
  let code: ExitCode = 0;
  for (const pattern of patterns) {
    if (!installed.some((each) => globbed([pattern])(each.name))) {
      call.err(`dpkg-query: no packages found matching ${pattern}`);
      code = 1;
    }
  }
  if (shown.length === 0) return code;
  const width = (cells: readonly string[], title: string): number => Math.max(title.length, ...cells.map((cell) => cell.length));
  const name = width(shown.map((each) => each.name), 'Name          ');
  const version = width(shown.map((each) => each.version), 'Version     ');
  const architecture = width(shown.map((each) => each.architecture), 'Architecture');
  call.out('Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)');
  const summary = Math.max(11, ...shown.map((each) => each.summary.length));
  call.out(`||/ ${'Name'.padEnd(name)} ${'Version'.padEnd(version)} ${'Architecture'.padEnd(architecture)} Description`);
  call.out(`+++-${'='.repeat(name)}-${'='.repeat(version)}-${'='.repeat(architecture)}-${'='.repeat(summary)}`);
  for (const each of shown) call.out(`ii  ${each.name.padEnd(name)} ${each.version.padEnd(version)} ${each.architecture.padEnd(architecture)} ${each.summary}`);
  return code;
}

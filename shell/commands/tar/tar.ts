/** GNU tar 1.34: c, x, t, r, u, d and --delete, with or without gzip. Read first: the GNU tar manual, chapters 2 to 6. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { shellPattern } from '../../lib/pattern.ts';
import { formatTime } from '../../lib/calendar.ts';
import { timeZone } from '../../lib/time-zone.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { gunzip, gzip, isGzip } from '../../lib/gzip.ts';
import { readWhole } from '../../lib/input.ts';
import { concat } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { tarHelp } from './help.ts';
import { endOfArchive, memberBlocks, readArchive, type Member, type MemberKind } from './format.ts';

export const tar = defineCommand({
  name: 'tar', summary: 'an archiving utility', package: 'tar',
  async run(call) {
    try {
      return await new Tar(call).run();
    } catch (stop) {
      if (stop instanceof Fatal) {
        await call.flush();
        for (const line of stop.lines) call.err(line);
        return 2;
      }
      throw stop;
    }
  },
});

class Fatal extends Error {
  readonly lines: readonly string[];
  constructor(...lines: string[]) {
    super(lines[0]);
    this.lines = lines;
  }
}
const UNRECOVERABLE = 'tar: Error is not recoverable: exiting now';
const TRY_HELP = "Try 'tar --help' or 'tar --usage' for more information.";
const DELAYED = 'tar: Exiting with failure status due to previous errors';

const OPERATIONS: Readonly<Record<string, string>> = { c: 'create', x: 'extract', t: 'list', r: 'append', u: 'update', d: 'compare', delete: 'delete' };
const KNOWN_BUT_ABSENT: readonly string[] = ['A', 'j', 'J', 'Z', 'g', 'G', 'M', 'F', 'L', 'W', 'I', 'zstd', 'lzma', 'lzip', 'format', 'to-command', 'transform', 'checkpoint', 'sparse', 'S', 'H', 'xattrs', 'acls', 'selinux', 'one-file-system', 'w'];

const table = {
  short: 'cxtruAdzjJZvf:C:pkOPhamoUlWwb:BiSX:T:I:H:gGMFL:', long: {
    create: 'none=c', extract: 'none=x', get: 'none=x', list: 'none=t', append: 'none=r', update: 'none=u', catenate: 'none=A', diff: 'none=d', compare: 'none=d', delete: 'none', gzip: 'none=z', gunzip: 'none=z', ungzip: 'none=z', bzip2: 'none=j', xz: 'none=J', compress: 'none=Z', zstd: 'none', lzma: 'none', lzip: 'none',
    verbose: 'none=v', file: 'required=f', directory: 'required=C', 'preserve-permissions': 'none=p', 'same-permissions': 'none=p', 'keep-old-files': 'none=k', overwrite: 'none', 'to-stdout': 'none=O', 'absolute-names': 'none=P', dereference: 'none=h', 'auto-compress': 'none=a', touch: 'none=m', 'no-same-owner': 'none=o', 'same-owner': 'none', 'no-same-permissions': 'none',
    exclude: 'required', 'exclude-from': 'required=X', 'files-from': 'required=T', 'strip-components': 'required', owner: 'required', group: 'required', mtime: 'required', mode: 'required', 'numeric-owner': 'none', sort: 'required', 'no-recursion': 'none', recursion: 'none', wildcards: 'none', 'no-wildcards': 'none', 'full-time': 'none', utc: 'none', totals: 'none', 'remove-files': 'none', help: 'none', version: 'none', usage: 'none',
    'use-compress-program': 'required=I', format: 'required=H', 'one-file-system': 'none', interactive: 'none=w', verify: 'none=W', 'to-command': 'required', transform: 'required', checkpoint: 'optional', sparse: 'none=S', xattrs: 'none', acls: 'none', selinux: 'none', 'skip-old-files': 'none', 'show-transformed-names': 'none', 'ignore-failed-read': 'none', 'warning': 'required',
  } } as const;

class Tar {
  private readonly call: Invocation;
  private readonly options: ParsedOptions;
  private readonly verbosity: number;
  private readonly archive: string;
  private readonly excludes: readonly string[];
  /** The letter of the old form that asks for a word there is none for. */
  private readonly missing: string | undefined;
  private isFailed = false;
  private isDifferent = false;
  private hasWarnedOfPrefix = false;
  /** user/group and size are set in this width together, which grows. */
  private ownerAndSizeWidth = 19;
  private readonly linked = new Map<string, string>();

  constructor(call: Invocation) {
    this.call = call;
    const words = withDashes(call.args);
    this.options = parseOptions(typeof words === 'string' ? [] : words, table);
    this.missing = typeof words === 'string' ? words : undefined;
    this.verbosity = this.options.options.filter(({ name }) => name === 'v').length;
    this.archive = this.options.value('f') ?? '-';
    this.excludes = this.options.values('exclude');
  }

  async run(): Promise<ExitCode> {
    const { call, options } = this;
    if (this.missing !== undefined) throw new Fatal(`tar: Old option '${this.missing}' requires an argument.`, TRY_HELP);
    if (options.error !== undefined) {
      call.err(`tar: ${options.error}\n${TRY_HELP}`);
      return 64;
    }
    if (options.has('version')) {
      call.out('tar (GNU tar) 1.34');
      return 0;
    }
    if (options.has('help')) {
      call.out(tarHelp);
      return 0;
    }
    if (options.has('usage')) return notSimulated(call, 'option --usage');
    for (const name of KNOWN_BUT_ABSENT) if (options.has(name)) return notSimulated(call, `option ${name.length === 1 ? '-' : '--'}${name}`);
    const operations = [...new Set(options.options.map(({ name }) => name).filter((name) => name in OPERATIONS))];
    if (operations.length === 0) throw new Fatal("tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options", TRY_HELP);
    if (operations.length > 1) throw new Fatal("tar: You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option", TRY_HELP);
    switch (OPERATIONS[operations[0]!]) {
      case 'create': await this.create(); break;
      case 'list': await this.list(); break;
      case 'extract': await this.extract(); break;
      case 'compare': await this.compare(); break;
      case 'delete': await this.remove(); break;
      default: await this.append(OPERATIONS[operations[0]!] === 'update');
    }
    if (!this.isFailed) return this.isDifferent ? 1 : 0;
    await call.flush();
    call.err(DELAYED);
    return 2;
  }

  private fail(text: string): void {
    this.call.err(`tar: ${text}`);
    this.isFailed = true;
  }

  // ---------------------------------------------------------------- writing
  private async create(): Promise<void> {
    const { call, options } = this;
    const isZipped = options.has('z') || (options.has('a') && /\.(t?gz|taz)$/.test(this.archive));
    if (this.archive === '-' && call.stdoutIsTerminal) throw new Fatal('tar: Refusing to write archive contents to terminal (missing -f option?)', UNRECOVERABLE);
    const names = await this.names();
    const isLate = this.isRecursionLate();
    if (names.length === 0 && !options.has('T')) throw new Fatal('tar: Cowardly refusing to create an empty archive', TRY_HELP);
    const blocks = await this.collect(names);
    const bytes = concat(...blocks, endOfArchive(sizeOf(blocks)));
    await this.save(isZipped ? gzip(bytes) : bytes);
    if (!isLate) return;
    call.err('tar: The following options were used after any non-optional arguments in archive create or update mode.  These options are positional and affect only arguments that follow them.  Please, rearrange them properly.\ntar: --no-recursion has no effect');
    this.isFailed = true;
  }

  /** --no-recursion is for the names after it; after all of them it does nothing, and tar says so. */
  private isRecursionLate(): boolean {
    const last = this.options.operands.at(-1);
    return last !== undefined && this.call.args.indexOf('--no-recursion') > this.call.args.lastIndexOf(last);
  }

  private async append(isUpdate: boolean): Promise<void> {
    const before = await this.load(true);
    if (isGzip(before)) throw new Fatal('tar: Cannot update compressed archives', UNRECOVERABLE);
    const { members, end } = readArchive(before);
    const times = new Map(members.map(({ name, modifiedSeconds }) => [name, modifiedSeconds]));
    const blocks = [before.subarray(0, end), ...(await this.collect(await this.names(), isUpdate ? times : undefined))];
    await this.save(concat(...blocks, endOfArchive(sizeOf(blocks))));
  }

  /** Writes the archive again without the members named. */
  private async remove(): Promise<void> {
    const before = await this.load();
    if (isGzip(before)) throw new Fatal('tar: Cannot update compressed archives', UNRECOVERABLE);
    const { members } = readArchive(before);
    const gone = new Set(this.options.operands.length === 0 ? [] : this.chosen(members));
    const blocks = members.filter((member) => !gone.has(member)).map(memberBlocks);
    await this.save(concat(...blocks, endOfArchive(sizeOf(blocks))));
    await this.reportNotFound();
  }

  private async save(bytes: Uint8Array): Promise<void> {
    if (this.archive === '-') {
      this.call.write(bytes);
      return;
    }
    const written = await this.call.sys.writeFile(this.archive, bytes);
    if (!written.ok) throw new Fatal(`tar: ${this.archive}: Cannot open: ${strerror(written.error)}`, UNRECOVERABLE);
  }

  /** What is to be archived, each with the directory it is found in. */
  private async names(): Promise<{ name: string; directory: string }[]> {
    const { options } = this;
    const directory = options.value('C') ?? '';
    if (directory !== '' && !this.call.sys.stat(directory).ok) throw new Fatal(`tar: ${directory}: Cannot open: No such file or directory`, UNRECOVERABLE);
    const listed: string[] = [];
    for (const file of options.values('T')) {
      const text = file === '-' ? { ok: true as const, value: await this.call.stdinText() } : await this.call.sys.readText(file);
      if (!text.ok) throw new Fatal(`tar: ${file}: Cannot open: ${strerror(text.error)}`, UNRECOVERABLE);
      listed.push(...text.value.split('\n').filter((line) => line !== ''));
    }
    return [...options.operands, ...listed].map((name) => ({ name, directory }));
  }

  private async collect(names: readonly { name: string; directory: string }[], times?: ReadonlyMap<string, number>): Promise<Uint8Array[]> {
    const blocks: Uint8Array[] = [];
    for (const { name, directory } of names) await this.collectOne(name, directory, blocks, times);
    return blocks;
  }

  private async collectOne(name: string, directory: string, blocks: Uint8Array[], times: ReadonlyMap<string, number> | undefined): Promise<void> {
    const { call, options } = this;
    const path = directory === '' || name.startsWith('/') ? name : `${directory.replace(/\/$/, '')}/${name}`;
    if (this.isExcluded(name)) return;
    const found = call.sys.stat(path, options.has('h'));
    if (!found.ok) {
      this.fail(`${name}: Cannot stat: ${strerror(found.error)}`);
      return;
    }
    const stat = found.value;
    if (stat.kind === 'socket') {
      call.err(`tar: ${name}: socket ignored`);
      return;
    }
    const own = this.archive === '-' ? undefined : call.sys.stat(this.archive);
    if (own?.ok === true && own.value.inode === stat.inode && own.value.device === stat.device) {
      call.err(`tar: ${name}: file is the archive; not dumped`);
      return;
    }
    const stored = this.storedName(stat.kind === 'directory' ? `${name.replace(/\/+$/, '')}/` : name);
    const seconds = Math.floor(stat.modifiedUs / 1e6);
    if (times === undefined || seconds > (times.get(stored) ?? Number.NEGATIVE_INFINITY)) {
      const member = await this.memberOf(path, name, stored, stat);
      if (member === undefined) return;
      blocks.push(memberBlocks(member));
      if (this.verbosity > 0) this.tell(this.verbosity > 1 ? this.longLine(member) : name.endsWith('/') || stat.kind !== 'directory' ? name : `${name}/`);
    }
    if (stat.kind !== 'directory' || (options.has('no-recursion') && !this.isRecursionLate())) return;
    const inside = call.sys.list(path);
    if (!inside.ok) {
      this.fail(`${name}: Cannot open: ${strerror(inside.error)}`);
      return;
    }
    const children = options.value('sort') === 'name' ? [...inside.value].sort((left, right) => (left < right ? -1 : 1)) : inside.value;
    for (const child of children) await this.collectOne(`${name.replace(/\/+$/, '')}/${child}`, directory, blocks, times);
  }

  private async memberOf(path: string, name: string, stored: string, stat: FileStat): Promise<Member | undefined> {
    const { call, options } = this;
    let kind: MemberKind = stat.kind === 'socket' ? 'file' : stat.kind;
    let target = '';
    let content: Uint8Array = new Uint8Array();
    if (kind === 'symlink') {
      const read = call.sys.readLink(path);
      target = read.ok ? read.value : '';
    } else if (kind === 'file') {
      const inode = `${stat.device}:${stat.inode}`;
      const first = stat.links > 1 ? this.linked.get(inode) : undefined;
      if (first === undefined) {
        this.linked.set(inode, stored);
        const read = await readWhole(call.sys, path);
        if (!read.ok) {
          this.fail(`${name}: Cannot open: ${strerror(read.error)}`);
          return undefined;
        }
        content = read.value;
      } else {
        kind = 'hard link';
        target = first;
      }
    }
    const owner = ownerOf(options.value('owner'), call.sys.machine.users().find(({ uid }) => uid === stat.uid)?.name ?? '', stat.uid, (wanted) => call.sys.machine.users().find((each) => each.name === wanted)?.uid);
    const group = ownerOf(options.value('group'), call.sys.machine.groups().find(({ gid }) => gid === stat.gid)?.name ?? '', stat.gid, (wanted) => call.sys.machine.groups().find((each) => each.name === wanted)?.gid);
    const numeric = options.has('numeric-owner');
    return { name: stored, kind, mode: stat.mode, uid: owner.id, gid: group.id, user: numeric ? '' : owner.name, group: numeric ? '' : group.name, modifiedSeconds: Math.floor(stat.modifiedUs / 1e6), target, content, device: stat.rdev ?? [0, 0] };
  }

  private storedName(name: string): string {
    const unsafe = this.options.has('P') ? undefined : /^\/+|^(?:.*\/)?\.\.\//.exec(name)?.[0];
    if (unsafe === undefined) return name;
    if (!this.hasWarnedOfPrefix) this.call.err(`tar: Removing leading \`${unsafe}' from member names`);
    this.hasWarnedOfPrefix = true;
    return name.slice(unsafe.length) || './';
  }

  /** `--exclude`: a pattern matches a name or what stands behind any slash in it; its `*` crosses slashes. */
  private isExcluded(name: string): boolean {
    const bare = name.replace(/\/+$/, '');
    const tails = [bare, ...[...bare.matchAll(/\//g)].map(({ index }) => bare.slice(index + 1))];
    return this.excludes.some((pattern) => {
      const compiled = shellPattern(pattern, { extended: false, ignoreCase: false });
      return tails.some((tail) => compiled.matches(tail));
    });
  }

  // ---------------------------------------------------------------- reading
  private async load(mayBeAbsent = false): Promise<Uint8Array> {
    const { call } = this;
    if (this.archive === '-' && call.stdinIsTerminal) throw new Fatal('tar: Refusing to read archive contents from terminal (missing -f option?)', UNRECOVERABLE);
    const read = await readWhole(call.sys, this.archive);
    if (!read.ok) {
      if (mayBeAbsent && read.error === 'ENOENT') return new Uint8Array();
      throw new Fatal(`tar: ${this.archive}: Cannot ${read.error === 'EISDIR' ? 'read' : 'open'}: ${strerror(read.error)}`, ...(read.error === 'EISDIR' ? ['tar: At beginning of tape, quitting now'] : []), UNRECOVERABLE);
    }
    return read.value;
  }

  private async members(): Promise<readonly Member[]> {
    let bytes = await this.load();
    if (this.archive === '-' && isGzip(bytes) && !this.options.has('z')) throw new Fatal('tar: Archive is compressed. Use -z option', UNRECOVERABLE);
    if (this.options.has('z') || isGzip(bytes)) {
      const unpacked = gunzip(bytes);
      if (!unpacked.ok) throw new Fatal(`\ngzip: stdin: ${bytes.length === 0 ? 'unexpected end of file' : unpacked.error}`, 'tar: Child returned status 1', UNRECOVERABLE);
      ({ bytes } = unpacked);
    }
    const { members, problem } = readArchive(bytes);
    if (problem === 'not an archive') {
      this.call.err(`tar: This does not look like a tar archive${bytes.length < 512 ? '' : '\ntar: Skipping to next header'}`);
      this.isFailed = true;
    } else if (problem === 'ends early') {
      this.call.err('tar: Unexpected EOF in archive');
      this.isFailed = true;
    }
    return this.chosen(members);
  }

  /** The members named, and all below them; a name nothing has is an error at the end. */
  private chosen(members: readonly Member[]): readonly Member[] {
    const wanted = this.options.operands.map((name) => name.replace(/\/+$/, ''));
    const hasWildcards = this.options.has('wildcards');
    const seen = new Set<string>();
    const found = members.filter(({ name }) => {
      if (this.isExcluded(name)) return false;
      if (wanted.length === 0) return true;
      const bare = name.replace(/\/+$/, '');
      const hits = wanted.filter((each) => bare === each || bare.startsWith(`${each}/`) || (hasWildcards && shellPattern(each, { extended: false, ignoreCase: false }).matches(bare)));
      for (const hit of hits) seen.add(hit);
      return hits.length > 0;
    });
    this.notFound = this.options.operands.filter((name) => !seen.has(name.replace(/\/+$/, '')));
    return found;
  }
  private notFound: readonly string[] = [];

  private async reportNotFound(): Promise<void> {
    if (this.notFound.length > 0) await this.call.flush();
    for (const name of this.notFound) this.fail(`${name}: Not found in archive`);
  }

  private async list(): Promise<void> {
    for (const member of await this.members()) this.call.out(this.verbosity > 0 ? this.longLine(member) : member.name);
    await this.reportNotFound();
  }

  private longLine(member: Member): string {
    const letter: Readonly<Record<MemberKind, string>> = { file: '-', 'hard link': 'h', symlink: 'l', character: 'c', block: 'b', directory: 'd', fifo: 'p' };
    const isNumeric = this.options.has('numeric-owner');
    const owner = `${isNumeric || member.user === '' ? member.uid : member.user}/${isNumeric || member.group === '' ? member.gid : member.group}`;
    const size = member.kind === 'character' || member.kind === 'block' ? member.device.join(',') : String(member.content.length);
    this.ownerAndSizeWidth = Math.max(this.ownerAndSizeWidth, owner.length + 1 + size.length);
    const zone = timeZone(this.options.has('utc') ? 'UTC0' : this.call.env.get('TZ'));
    const time = formatTime(this.options.has('full-time') ? '%Y-%m-%d %H:%M:%S' : '%Y-%m-%d %H:%M', member.modifiedSeconds, undefined, zone.at(member.modifiedSeconds));
    const link = member.kind === 'symlink' ? ` -> ${member.target}` : member.kind === 'hard link' ? ` link to ${member.target}` : '';
    return `${letter[member.kind]}${permissions(member.mode)} ${owner}${size.padStart(this.ownerAndSizeWidth - owner.length)} ${time} ${member.name}${link}`;
  }

  /** -d: what differs between the archive and the files. */
  private async compare(): Promise<void> {
    const { call, options } = this;
    const members = await this.members();
    const directory = options.value('C');
    if (directory !== undefined) {
      const entered = call.sys.chdir(directory);
      if (!entered.ok) throw new Fatal(`tar: ${directory}: Cannot open: ${strerror(entered.error)}`, UNRECOVERABLE);
    }
    for (const member of members) {
      if (this.verbosity > 0) call.out(this.verbosity > 1 ? this.longLine(member) : member.name);
      const stat = call.sys.stat(member.name.replace(/(?<=.)\/+$/, ''), false);
      if (!stat.ok) {
        await call.flush();
        call.err(`tar: ${member.name}: Warning: Cannot stat: ${strerror(stat.error)}`);
        this.isDifferent = true;
        continue;
      }
      for (const difference of await this.differences(member, stat.value)) {
        call.out(`${member.name}: ${difference}`);
        this.isDifferent = true;
      }
    }
    await this.reportNotFound();
  }

  private async differences(member: Member, stat: FileStat): Promise<string[]> {
    const { sys } = this.call;
    if (member.kind === 'hard link') {
      const other = sys.stat(member.target, false);
      return other.ok && other.value.inode === stat.inode && other.value.device === stat.device ? [] : [`Not linked to ${member.target}`];
    }
    if (member.kind !== stat.kind) return ['File type differs'];
    if (member.kind === 'symlink') {
      const target = sys.readLink(member.name);
      return target.ok && target.value === member.target ? [] : ['Symlink differs'];
    }
    const found = (member.mode & 0o7777) === stat.mode ? [] : ['Mode differs'];
    if (member.kind === 'directory') return found;
    if (member.uid !== stat.uid) found.push('Uid differs');
    if (member.gid !== stat.gid) found.push('Gid differs');
    if (Math.floor(member.modifiedSeconds) !== Math.floor(stat.modifiedUs / 1e6)) found.push('Mod time differs');
    if (member.kind !== 'file') return found;
    if (member.content.length !== stat.size) return [...found, 'Size differs'];
    const content = await readWhole(sys, member.name);
    if (!content.ok || content.value.some((byte, at) => byte !== member.content[at])) found.push('Contents differ');
    return found;
  }

  private async extract(): Promise<void> {
    const { call, options } = this;
    const directory = options.value('C');
    const members = await this.members();
    if (directory !== undefined) {
      const entered = call.sys.chdir(directory);
      if (!entered.ok) throw new Fatal(`tar: ${directory}: Cannot open: ${strerror(entered.error)}`, UNRECOVERABLE);
    }
    const strip = Number(options.value('strip-components') ?? '0');
    const times: [string, number][] = [];
    for (const member of members) {
      const stripped = strip === 0 ? member.name : member.name.split('/').slice(strip).join('/');
      if (stripped === '') continue;
      if (this.verbosity > 0) this.tell(this.verbosity > 1 ? this.longLine(member) : member.name);
      if (options.has('O')) {
        if (member.kind === 'file') call.write(member.content);
        continue;
      }
      const path = this.storedName(stripped);
      if (!options.has('P') && stripped.split('/').includes('..')) {
        this.fail(`${stripped}: Member name contains '..'`);
        continue;
      }
      await this.restore(member, path, times);
    }
    // A directory's time is set when nothing more is put into it.
    if (!options.has('m')) for (const [path, seconds] of times.reverse()) call.sys.setTimes(path, call.sys.now(), seconds * 1e6);
    await this.reportNotFound();
  }

  private async restore(member: Member, path: string, times: [string, number][]): Promise<void> {
    const { call, options } = this;
    const { sys } = call;
    const bare = path.replace(/\/+$/, '');
    this.makeParents(bare);
    const before = sys.stat(bare, false);
    if (before.ok && member.kind !== 'directory') {
      if (options.has('skip-old-files')) return;
      if (options.has('k')) return this.fail(`${bare}: Cannot ${member.kind === 'hard link' ? `hard link to ‘${member.target}’` : member.kind === 'symlink' ? `create symlink to ‘${member.target}’` : 'open'}: File exists`);
      if (before.value.kind === 'directory') {
        const removed = sys.removeDirectory(bare);
        if (!removed.ok) return this.fail(`${bare}: Cannot open: ${strerror('EEXIST')}`);
      } else sys.unlink(bare);
    }
    const made = await this.make(member, bare, before.ok && before.value.kind === 'directory');
    if (!made.ok) return this.fail(`${bare}: Cannot ${member.kind === 'file' ? 'open' : member.kind === 'directory' ? 'mkdir' : member.kind === 'symlink' ? `create symlink to ‘${member.target}’` : member.kind === 'hard link' ? `hard link to ‘${member.target}’` : 'mknod'}: ${strerror(made.error)}`);
    if (member.kind === 'hard link') return;
    if (sys.uid === 0 && !options.has('o')) {
      const uid = options.has('numeric-owner') ? undefined : sys.machine.users().find(({ name }) => name === member.user)?.uid;
      const gid = options.has('numeric-owner') ? undefined : sys.machine.groups().find(({ name }) => name === member.group)?.gid;
      sys.chown(bare, uid ?? member.uid, gid ?? member.gid, false);
    }
    if (member.kind === 'symlink') return;
    const keepsMode = options.has('p') || (sys.uid === 0 && !options.has('no-same-permissions'));
    sys.chmod(bare, keepsMode ? member.mode & 0o7777 : member.mode & 0o777 & ~sys.umask());
    if (member.kind === 'directory') times.push([bare, member.modifiedSeconds]);
    else if (!options.has('m')) sys.setTimes(bare, sys.now(), member.modifiedSeconds * 1e6);
  }

  private make(member: Member, path: string, isThere: boolean): Promise<ReturnType<Invocation['sys']['unlink']>> | ReturnType<Invocation['sys']['unlink']> {
    const { sys } = this.call;
    switch (member.kind) {
      case 'file': return sys.writeFile(path, member.content);
      case 'directory': return isThere ? { ok: true, value: undefined } : sys.makeDirectory(path, 0o700);
      case 'symlink': return sys.symlink(member.target, path);
      case 'hard link': return sys.link(this.options.has('P') ? member.target : member.target.replace(/^\/+/, ''), path);
      case 'fifo': return sys.makeNode(path, 'fifo', member.mode);
      case 'character': case 'block': return { ok: false, error: 'EPERM' };
    }
  }

  private makeParents(path: string): void {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      if (parent !== '' && !this.call.sys.stat(parent).ok) this.call.sys.makeDirectory(parent, 0o777);
    }
  }

  /** Names of members go to standard output, unless the archive does. */
  private tell(line: string): void {
    const isTaken = this.options.has('c') ? this.archive === '-' : this.options.has('O');
    if (isTaken) this.call.err(line);
    else this.call.out(line);
  }
}

/** The old form: `tar cvzf archive`, letters first and then what they ask for in order. A letter alone is one there is no word for. */
function withDashes(args: readonly string[]): string[] | string {
  const [letters, ...rest] = args;
  if (letters === undefined || letters.startsWith('-') || letters === '') return [...args];
  const words: string[] = [];
  for (const letter of letters) {
    words.push(`-${letter}`);
    if (!table.short.includes(`${letter}:`)) continue;
    const word = rest.shift();
    if (word === undefined) return letter;
    words.push(word);
  }
  return [...words, ...rest];
}

function sizeOf(blocks: readonly Uint8Array[]): number {
  return blocks.reduce((size, block) => size + block.length, 0);
}

function ownerOf(option: string | undefined, name: string, id: number, idOf: (name: string) => number | undefined): { name: string; id: number } {
  if (option === undefined) return { name, id };
  const [wanted, number] = option.split(':');
  if (/^\+?\d+$/.test(option)) return { name: '', id: Number(option) };
  return { name: wanted!, id: number === undefined ? (idOf(wanted!) ?? id) : Number(number) };
}

function permissions(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, at) => ((mode >> (8 - at)) & 1) === 1 ? letter : '-');
  const special = (bit: number, at: number, letter: string): void => {
    if ((mode & bit) !== 0) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  };
  special(0o4000, 2, 's');
  special(0o2000, 5, 's');
  special(0o1000, 8, 't');
  return letters.join('');
}

/** `ip netns` and `ip -n`. Read first: ip/ipnetns.c, lib/namespace.c, ip-netns(8). */
import type { ExitCode, NetnsHandle, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { matches, parseUnsigned, Words } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

const DIRECTORY = '/run/netns';

export function netns(context: IpContext, args: readonly string[]): ExitCode | Promise<ExitCode> {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return list(context);
  const name = args[1];
  if (!context.options.all && name !== undefined && !isValidName(name)) return invalidName(context, name);
  if (matches(verb, 'list') || matches(verb, 'show') || matches(verb, 'lst')) return list(context);
  if (matches(verb, 'list-id')) return listIds(context, words);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.netns);
    return 255;
  }
  if (matches(verb, 'add')) return add(context, words);
  if (matches(verb, 'set')) return setId(context, words);
  if (matches(verb, 'delete')) return remove(context, words);
  if (matches(verb, 'identify')) return identify(context, words);
  if (matches(verb, 'pids')) return pids(context, words);
  if (matches(verb, 'exec')) return execute(context, words);
  if (matches(verb, 'monitor')) return unsupported(context, 'netns monitor');
  if (matches(verb, 'attach')) return attach(context, words);
  context.err(`Command "${verb}" is unknown, try "ip netns help".`);
  return 255;
}

/** get_netns_fd(): a name below /run/netns, a path, or a process id. */
export function namespaceOf(context: IpContext, name: string): NetnsHandle | undefined {
  const { sys } = context.call;
  const opened = sys.openNetns(name.includes('/') ? name : `${DIRECTORY}/${name}`);
  if (opened.ok) return opened.value;
  const pid = parseUnsigned(name);
  if (pid === undefined) return undefined;
  const ofProcess = sys.openNetns(`/proc/${pid}/ns/net`);
  return ofProcess.ok ? ofProcess.value : undefined;
}

/** netns_switch(). */
export function switchNamespace(context: Pick<IpContext, 'call' | 'err'>, name: string): ExitCode {
  const { sys } = context.call;
  const handle = sys.openNetns(name.includes('/') ? name : `${DIRECTORY}/${name}`);
  if (!handle.ok) {
    context.err(`Cannot open network namespace "${name}": ${strerror(handle.error)}`);
    return 1;
  }
  const entered = sys.enterNetns(handle.value);
  if (!entered.ok) {
    context.err(`setting the network namespace "${name}" failed: ${strerror(entered.error)}`);
    return 1;
  }
  return 0;
}

function names(sys: Sys): string[] {
  const listed = sys.list(DIRECTORY);
  return listed.ok ? listed.value : [];
}

function list(context: IpContext): ExitCode {
  const { sys } = context.call;
  const printer = context.newPrinter();
  for (const name of names(sys)) {
    const handle = sys.openNetns(`${DIRECTORY}/${name}`);
    const id = handle.ok ? context.net.netlink.netnsId(handle.value.id) : undefined;
    printer.object(() => {
      printer.put('name', name, name);
      if (id !== undefined && id >= 0) printer.put('id', ` (id: ${id})`, id);
      printer.text('\n');
    });
  }
  printer.finish();
  return 0;
}

function listIds(context: IpContext, words: Words): ExitCode {
  let target: number | undefined;
  let only: number | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'target-nsid') target = takeNsid(words, word);
    else if (word === 'nsid') only = takeNsid(words, word);
    else {
      context.call.writeErr(usageTexts.netns);
      return 255;
    }
  }
  if (target !== undefined && only !== undefined) return unsupported(context, 'netns list-id with both target-nsid and nsid');
  const known = namesById(context);
  if (only !== undefined && !known.has(only)) return kernelAnswer(context, { ok: false, error: 'ENOENT', message: 'Peer netns reference is invalid' });
  const elsewhere = target === undefined ? undefined : context.net.netlink.netnsIdsOf(target);
  if (elsewhere?.ok === false) {
    context.err('Error: Invalid target network namespace id.\nDump terminated');
    return 1;
  }
  const printer = context.newPrinter();
  const line = (id: number, here?: { readonly id: number | undefined }): void => printer.object(() => {
    printer.put('nsid', `nsid ${id} `, id);
    if (here !== undefined && here.id === undefined) printer.text('current-nsid unassigned ');
    else if (here?.id !== undefined) printer.put('current-nsid', `current-nsid ${here.id} `, here.id);
    // What has no number here is named as if the other's number were meant.
    const name = known.get(here?.id ?? id);
    if (name !== undefined) printer.put('name', `(iproute2 netns name: ${name})`, name);
    printer.text('\n');
  });
  if (elsewhere !== undefined) for (const { id, here } of elsewhere.value) line(id, { id: here });
  else for (const id of [...known.keys()].sort((left, right) => left - right)) if (only === undefined || id === only) line(id);
  printer.finish();
  return 0;
}

function takeNsid(words: Words, key: string): number {
  const text = words.value();
  const id = /^[+-]?\d+$/.test(text) ? Number(text) : words.invalid(`"${key}" value is invalid`, text);
  // The word has gone by when iproute2 looks for it.
  if (id < 0) words.exit(255, `Error: argument "(null)" is wrong: "${key}" value should be >= 0`);
  return id;
}

function namesById(context: IpContext): Map<number, string | undefined> {
  const { sys } = context.call;
  const known = new Map<number, string | undefined>();
  for (const name of names(sys)) {
    const handle = sys.openNetns(`${DIRECTORY}/${name}`);
    const id = handle.ok ? context.net.netlink.netnsId(handle.value.id) : undefined;
    if (id !== undefined) known.set(id, name);
  }
  for (const link of context.net.netlink.links()) if (link.linkNetnsId !== undefined && !known.has(link.linkNetnsId)) known.set(link.linkNetnsId, undefined);
  return known;
}

/** on_netns_label and invalid_name(). */
function isValidName(name: string): boolean {
  return name !== '' && name.length <= 255 && !name.includes('/') && name !== '.' && name !== '..';
}

function invalidName(context: IpContext, name: string): ExitCode {
  context.err(`Invalid netns name "${name}"`);
  return 255;
}

function add(context: IpContext, words: Words): ExitCode | Promise<ExitCode> {
  const name = words.take();
  if (name === undefined) return oops(context, 'No netns name specified');
  if (!isValidName(name)) return invalidName(context, name);
  return create(context, name, undefined);
}

async function create(context: IpContext, name: string, pid: number | undefined): Promise<ExitCode> {
  const { sys } = context.call;
  const path = `${DIRECTORY}/${name}`;
  if (!sys.stat(DIRECTORY).ok) {
    const made = sys.makeDirectory(DIRECTORY, 0o755);
    if (!made.ok) return oops(context, `mkdir ${DIRECTORY} failed: ${strerror(made.error)}`);
  }
  if (sys.uid !== 0) return oops(context, `mount --make-shared ${DIRECTORY} failed: ${strerror('EPERM')}`);
  if (sys.stat(path).ok) return oops(context, `Cannot create namespace file "${path}": ${strerror('EEXIST')}`);
  // The mount point of the bind is a file of its own, made first (open with O_CREAT | O_EXCL, mode 0).
  const point = await sys.writeFile(path, '', { mode: 0 });
  if (!point.ok) return oops(context, `Cannot create namespace file "${path}": ${strerror(point.error)}`);
  if (pid !== undefined) {
    const handle = sys.openNetns(`/proc/${pid}/ns/net`);
    const bound = handle.ok ? sys.bindNetns(path, handle.value) : handle;
    return bound.ok ? 0 : oops(context, `Bind /proc/${pid}/ns/net -> ${path} failed: ${strerror(bound.error)}`);
  }
  // unshare(2) moves this process; the namespace `ip` came from is left with it, as it is with the real one.
  const before = sys.netns;
  const made = sys.unshareNetns();
  if (!made.ok) return oops(context, `Failed to create a new network namespace "${name}": ${strerror(made.error)}`);
  const bound = sys.bindNetns(path);
  sys.enterNetns(before);
  return bound.ok ? 0 : oops(context, `Bind /proc/self/ns/net -> ${path} failed: ${strerror(bound.error)}`);
}

function attach(context: IpContext, words: Words): ExitCode | Promise<ExitCode> {
  const name = words.take();
  if (name === undefined) return oops(context, 'No netns name specified');
  if (!isValidName(name)) return invalidName(context, name);
  const pid = words.take();
  if (pid === undefined) return oops(context, 'No PID specified');
  return create(context, name, parseUnsigned(pid) ?? -1);
}

function remove(context: IpContext, words: Words): ExitCode {
  const { sys } = context.call;
  if (context.options.all) {
    for (const name of names(sys)) {
      const code = removeOne(context, name);
      if (code !== 0) return code;
    }
    return 0;
  }
  const name = words.take();
  if (name === undefined) return oops(context, 'No netns name specified');
  if (!isValidName(name)) return invalidName(context, name);
  return removeOne(context, name);
}

function removeOne(context: IpContext, name: string): ExitCode {
  const path = `${DIRECTORY}/${name}`;
  const unbound = context.call.sys.unbindNetns(path);
  const removed = unbound.ok ? context.call.sys.unlink(path) : unbound;
  return removed.ok ? 0 : oops(context, `Cannot remove namespace file "${path}": ${strerror(removed.error)}`);
}

function setId(context: IpContext, words: Words): ExitCode {
  const name = words.take();
  if (name === undefined) return oops(context, 'No netns name specified');
  if (!isValidName(name)) return invalidName(context, name);
  const word = words.take();
  if (word === undefined) return oops(context, 'No nsid specified');
  const id = word === 'auto' ? 'auto' : parseUnsigned(word);
  if (id === undefined) return words.invalid('Invalid "netnsid" value\n', word);
  const handle = context.call.sys.openNetns(`${DIRECTORY}/${name}`);
  if (!handle.ok) return oops(context, `Cannot open network namespace "${name}": ${strerror(handle.error)}`);
  return kernelAnswer(context, context.net.netlink.setNetnsId(handle.value.id, id));
}

function identify(context: IpContext, words: Words): ExitCode {
  const { sys } = context.call;
  const word = words.take();
  if (word !== undefined && parseUnsigned(word) === undefined) return oops(context, `Invalid process id "${word}"`);
  const opened = sys.openNetns(`/proc/${word ?? sys.pid}/ns/net`);
  if (!opened.ok) return oops(context, `Could not find /proc/${word ?? 'self'}/ns/net: ${strerror(opened.error)}`);
  const found = names(sys).find((name) => {
    const handle = sys.openNetns(`${DIRECTORY}/${name}`);
    return handle.ok && handle.value.id === opened.value.id;
  });
  context.out(found ?? '');
  return 0;
}

function pids(context: IpContext, words: Words): ExitCode {
  const name = words.take();
  if (name === undefined) return oops(context, 'No netns name specified');
  if (!isValidName(name)) return invalidName(context, name);
  const { sys } = context.call;
  const handle = sys.openNetns(`${DIRECTORY}/${name}`);
  if (!handle.ok) return oops(context, `Cannot open network namespace: ${strerror(handle.error)}`);
  for (const process of sys.processes()) if (process.netns === handle.value.id) context.out(String(process.pid));
  return 0;
}

async function execute(context: IpContext, words: Words): Promise<ExitCode> {
  const { sys } = context.call;
  const name = context.options.all ? undefined : words.take();
  if (!context.options.all && name === undefined) return oops(context, 'No netns name specified');
  const command = words.rest();
  if (command.length === 0) return oops(context, 'No command specified');
  if (name !== undefined) {
    const code = switchNamespace(context, name);
    return code === 0 ? run(context, command) : 255;
  }
  for (const each of names(sys)) {
    context.out(`\nnetns: ${each}`);
    await context.call.flush();
    const handle = sys.openNetns(`${DIRECTORY}/${each}`);
    if (!handle.ok) continue;
    const program = sys.findProgram(command[0]!);
    const child = program.ok ? await sys.spawn(program.value, { argv: command, netns: handle.value }) : program;
    if (!child.ok) {
      context.err(`exec of "${command[0]!}" failed: ${strerror(child.error)}`);
      continue;
    }
    await sys.wait(child.value);
  }
  return 0;
}

async function run(context: IpContext, command: readonly string[]): Promise<ExitCode> {
  const { sys } = context.call;
  const program = sys.findProgram(command[0]!);
  const failed = program.ok ? await sys.exec(program.value, command) : program;
  context.err(`exec of "${command[0]!}" failed: ${strerror(failed.ok ? 'ENOENT' : failed.error)}`);
  return 1;
}

function oops(context: IpContext, text: string): ExitCode {
  context.err(text);
  return 1;
}

/** lsof 4.95, of network files: who has which socket. Read first: lsof(8), "-i [i]" and "OUTPUT". */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { nameOfAddress } from '../../lib/resolve.ts';
import { readServices, type Services } from '../../lib/services.ts';
import type { SocketView } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const lsof = defineCommand({
  name: 'lsof', summary: 'list open files', package: 'lsof',
  run: (call) => run(call),
});

type Open = SocketView & { readonly process: { pid: number; name: string; fd: number } | undefined };
/** `[46][protocol][@host][:ports]`. */
interface Wanted { readonly family: 'inet' | 'inet6' | undefined; readonly protocol: string | undefined; readonly host: string | undefined; readonly ports: ReadonlySet<number> | undefined }

async function run(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(withAttachedValues(call.args), { short: 'ai:nPts:p:u:c:lhvwT:F:R' });
  if (options.error !== undefined) {
    call.err(`lsof: illegal option character: ${/'(.)'/.exec(options.error)?.[1] ?? '?'}`);
    return 1;
  }
  for (const letter of ['h', 'v', 'F', 'T', 'R']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  if (!options.has('i')) return notSimulated(call, 'a list of other than network files (give -i)');
  if (options.operands.length > 0) return notSimulated(call, 'a file name to look for');
  const services = await readServices(call.sys);
  const wanted: Wanted[] = [];
  for (const text of options.values('i')) {
    const one = parseWanted(text, services);
    if (typeof one === 'string') {
      call.err(`lsof: ${one}`);
      return 1;
    }
    wanted.push(one);
  }
  const sockets = call.net.sockets.sockets().filter((socket) => socket.process !== undefined && (socket.type === 'tcp' || socket.type === 'udp') && isWanted(call, options, wanted, socket));
  sockets.sort((left, right) => left.process!.pid - right.process!.pid || left.process!.fd - right.process!.fd);
  if (sockets.length === 0) return 1;
  if (options.has('t')) {
    for (const pid of new Set(sockets.map(({ process }) => process!.pid))) call.out(String(pid));
    return 0;
  }
  const rows = [['COMMAND', 'PID', 'USER', 'FD', 'TYPE', 'DEVICE', 'SIZE/OFF', 'NODE', 'NAME']];
  for (const socket of sockets) {
    const { pid, name, fd } = socket.process!;
    const uid = call.sys.process(pid)?.uid ?? socket.uid;
    const user = options.has('l') ? undefined : call.sys.machine.users().find((each) => each.uid === uid)?.name;
    const state = socket.type === 'tcp' ? ` (${socket.state === 'ESTAB' ? 'ESTABLISHED' : socket.state.replace(/-(?=\d)/, '').replace('-', '_')})` : ' ';
    rows.push([name.slice(0, 9), String(pid), user ?? String(uid), `${fd}u`, socket.family === 'inet' ? 'IPv4' : 'IPv6', String(socket.inode), '0t0', socket.type.toUpperCase(), `${await nameOf(call, options, services, socket)}${state}`]);
  }
  for (const line of columns(rows)) call.out(line);
  return 0;
}

/** -i may stand alone; what follows it is its value only when it looks like one. */
function withAttachedValues(args: readonly string[]): string[] {
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const match = /^-([anPtlw]*)i(.*)$/.exec(args[at]!);
    if (match === null) {
      words.push(args[at]!);
      continue;
    }
    if (match[1] !== '') words.push(`-${match[1]!}`);
    const next = args[at + 1];
    const takesNext = match[2] === '' && next !== undefined && !next.startsWith('-') && /^[46]?(tcp|udp)?(@[^:]*)?(:.*)?$/i.test(next);
    words.push('-i', takesNext ? next : match[2]!);
    if (takesNext) at += 1;
  }
  return words;
}

function parseWanted(text: string, services: Services): Wanted | string {
  const match = /^([46])?(tcp|udp)?(?:@(\[[^\]]*\]|[^:]*))?(?::(.+))?$/i.exec(text);
  if (match === null) return `unknown protocol name (${text}) in: -i ${text}`;
  const [, family, protocol, host, list] = match;
  const ports = new Set<number>();
  for (const word of list?.split(',') ?? []) {
    const range = /^(\d+)-(\d+)$/.exec(word);
    if (range !== null) for (let port = Number(range[1]); port <= Math.min(65535, Number(range[2])); port += 1) ports.add(port);
    else {
      const port = /^\d+$/.test(word) ? Number(word) : (services.port(word, 'tcp') ?? services.port(word, 'udp'));
      if (port === undefined) return `unknown service ${word} in: -i ${text}`;
      ports.add(port);
    }
  }
  return { family: family === '4' ? 'inet' : family === '6' ? 'inet6' : undefined, protocol: protocol?.toLowerCase(), host: host?.replace(/^\[|\]$/g, ''), ports: list === undefined ? undefined : ports };
}

function isWanted(call: Invocation, options: ParsedOptions, wanted: readonly Wanted[], socket: Open): boolean {
  const isAddressed = wanted.some(({ family, protocol, host, ports }) => (family === undefined || socket.family === family) && (protocol === undefined || socket.type === protocol) &&
    (host === undefined || socket.local.address === host || socket.remote.address === host) && (ports === undefined || ports.has(socket.local.port) || ports.has(socket.remote.port)));
  const states = options.values('s').flatMap((text) => /^(tcp|udp):(.*)$/i.exec(text)?.[2]!.toUpperCase().split(',') ?? []);
  const state = socket.state === 'ESTAB' ? 'ESTABLISHED' : socket.state.replace('-', '_');
  const isInState = states.length === 0 || states.includes(state) || (states[0]!.startsWith('^') && !states.map((each) => each.replace('^', '')).includes(state));
  const tests: boolean[] = [];
  const { pid, name } = socket.process!;
  if (options.has('p')) tests.push(options.value('p')!.split(',').includes(String(pid)));
  if (options.has('c')) tests.push(options.values('c').some((each) => name.startsWith(each)));
  if (options.has('u')) tests.push(options.value('u')!.split(',').some((each) => each === String(call.sys.process(pid)?.uid) || call.sys.machine.users().some((user) => user.name === each && user.uid === call.sys.process(pid)?.uid)));
  // Selections are added up, unless -a asks for all of them.
  return isInState && (options.has('a') ? isAddressed && tests.every(Boolean) : isAddressed || tests.some(Boolean));
}

async function nameOf(call: Invocation, options: ParsedOptions, services: Services, socket: Open): Promise<string> {
  const side = async ({ address, port }: SocketView['local']): Promise<string> => {
    const isAny = address === '0.0.0.0' || address === '::';
    const host = isAny ? '*' : options.has('n') ? address : ((await nameOfAddress(call.sys, address)) ?? address);
    const shown = port === 0 ? '*' : options.has('P') ? String(port) : (services.name(port, socket.type === 'udp' ? 'udp' : 'tcp') ?? String(port));
    return `${host.includes(':') ? `[${host}]` : host}:${shown}`;
  };
  const isConnected = socket.remote.port !== 0;
  return isConnected ? `${await side(socket.local)}->${await side(socket.remote)}` : side(socket.local);
}

/** Numbers to the right, words to the left; a descriptor leaves room for its lock. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]!.length));
  return rows.map(([command = '', pid = '', user = '', fd = '', type = '', device = '', size = '', node = '', name = ''], index) =>
    `${command.padEnd(width(0))} ${pid.padStart(width(1))} ${user.padStart(width(2))} ${`${(index === 0 ? fd : fd.slice(0, -1)).padStart(4)}${index === 0 ? ' ' : fd.slice(-1)} `} ${type.padStart(Math.max(4, width(4)))} ${device.padStart(width(5))} ${size.padStart(width(6))} ${node.padStart(width(7))} ${name}`);
}

/** ip(8) of iproute2 6.1.0. Read first: ip/ip.c (options, objects), then the file of the object here. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { address } from './address.ts';
import { IpExit, matches } from './arguments.ts';
import { unsupported, type IpContext, type IpOptions, type ObjectHandler } from './context.ts';
import { link } from './link.ts';
import { maddress } from './maddress.ts';
import { monitor } from './monitor.ts';
import { neighbour } from './neighbour.ts';
import { netconf } from './netconf.ts';
import { netns, switchNamespace } from './netns.ts';
import { Printer } from './printer.ts';
import { route } from './route.ts';
import { rule } from './rule.ts';
import { tunnel } from './tunnel.ts';
import { tuntap } from './tuntap.ts';
import { usageTexts } from './usage.ts';

export const ip = defineCommand({
  name: 'ip',
  summary: 'show and change links, addresses, routes, neighbours and namespaces',
  package: 'iproute2',
  path: '/usr/bin/ip',
  run: (call) => runIp(call),
});

/** In the order of ip.c: an abbreviation means the first that fits. */
const objects: readonly (readonly [name: string, handler: ObjectHandler | undefined])[] = [
  ['address', address], ['addrlabel', undefined], ['maddress', maddress], ['route', route], ['rule', rule], ['neighbor', neighbour],
  ['neighbour', neighbour], ['ntable', undefined], ['ntbl', undefined], ['link', link], ['l2tp', undefined], ['fou', undefined],
  ['ila', undefined], ['macsec', undefined], ['tunnel', tunnel], ['tunl', tunnel], ['tuntap', tuntap], ['tap', tuntap],
  ['token', undefined], ['tcpmetrics', undefined], ['tcp_metrics', undefined], ['monitor', monitor], ['xfrm', undefined],
  ['mroute', undefined], ['mrule', undefined], ['netns', netns], ['netconf', netconf], ['vrf', undefined], ['sr', undefined],
  ['nexthop', undefined], ['mptcp', undefined], ['ioam', undefined], ['help', (context) => { context.call.writeErr(usageTexts.ip); return 255; }],
  ['stats', undefined],
];

interface Globals extends IpOptions { json: boolean; pretty: boolean; colour: 'never' | 'auto' | 'always'; batch: string | undefined; force: boolean }

async function runIp(call: Invocation): Promise<ExitCode> {
  const globals: Globals = {
    family: undefined, statistics: 0, details: 0, brief: false, oneLine: false, humanReadable: false, iec: false, numeric: false, resolve: false,
    all: false, timestamp: 'no', json: false, pretty: false, colour: 'never', batch: undefined, force: false,
  };
  try {
    const words = await readOptions(call, globals);
    const context = makeContext(call, globals);
    if (globals.batch !== undefined) return await runBatch(context, globals.batch, globals.force);
    if (words.length === 0) {
      call.writeErr(usageTexts.ip);
      return 255;
    }
    return await dispatch(context, words);
  } catch (stop) {
    if (stop instanceof IpExit) return stop.code;
    throw stop;
  }
}

async function readOptions(call: Invocation, globals: Globals): Promise<readonly string[]> {
  const { args } = call;
  let at = 0;
  const argument = (): string => {
    at += 1;
    const word = args[at];
    if (word === undefined) {
      call.err('Command line is not complete. Try option "help"');
      throw new IpExit(255);
    }
    return word;
  };
  for (; at < args.length && args[at]!.startsWith('-'); at += 1) {
    const typed = args[at]!;
    if (typed === '--') {
      at += 1;
      break;
    }
    const option = typed.startsWith('--') ? typed.slice(1) : typed;
    const is = (name: string): boolean => matches(option, name) && option.length > 1;
    if (is('-loops')) argument();
    else if (is('-family')) globals.family = familyNamed(call, argument());
    else if (option === '-4') globals.family = 'inet';
    else if (option === '-6') globals.family = 'inet6';
    else if (option === '-0') globals.family = 'link';
    else if (option === '-M') unsupported(makeContext(call, globals), 'option -M');
    else if (option === '-B') globals.family = 'bridge';
    else if (is('-human') || is('-human-readable')) globals.humanReadable = true;
    else if (is('-iec')) { globals.humanReadable = true; globals.iec = true; }
    else if (is('-stats') || is('-statistics')) globals.statistics += 1;
    else if (is('-details')) globals.details += 1;
    else if (is('-resolve')) globals.resolve = true;
    else if (is('-oneline')) globals.oneLine = true;
    else if (is('-timestamp')) globals.timestamp = 'long';
    else if (is('-tshort')) globals.timestamp = 'short';
    else if (is('-Version')) {
      call.out('ip utility, iproute2-6.1.0, libbpf 1.1.2');
      throw new IpExit(0);
    } else if (is('-force')) globals.force = true;
    else if (is('-batch')) globals.batch = argument();
    else if (is('-brief')) globals.brief = true;
    else if (is('-json')) globals.json = true;
    else if (is('-pretty')) globals.pretty = true;
    else if (is('-rcvbuf')) argument();
    else if (is('-color') || /^-c(o(l(o(r)?)?)?)?=/.test(option)) globals.colour = colourChoice(call, typed, option);
    else if (is('-help')) {
      call.writeErr(usageTexts.ip);
      throw new IpExit(255);
    } else if (is('-netns')) {
      const code = switchNamespace(makeContext(call, globals), argument());
      if (code !== 0) throw new IpExit(255);
    } else if (is('-Numeric')) globals.numeric = true;
    else if (is('-all')) globals.all = true;
    else {
      call.err(`Option "${typed}" is unknown, try "ip -help".`);
      throw new IpExit(255);
    }
  }
  return args.slice(at);
}

function familyNamed(call: Invocation, name: string): IpOptions['family'] {
  if (name === 'inet' || name === 'inet6' || name === 'link' || name === 'bridge') return name;
  call.err(`Error: argument "${name}" is wrong: invalid protocol family`);
  throw new IpExit(255);
}

function colourChoice(call: Invocation, typed: string, option: string): Globals['colour'] {
  const equals = option.indexOf('=');
  if (equals === -1) return 'always';
  const choice = option.slice(equals + 1);
  if (choice === 'always' || choice === 'auto' || choice === 'never') return choice;
  call.err(`Option "${typed}" is unknown, try "ip -help".`);
  throw new IpExit(255);
}

function makeContext(call: Invocation, globals: Globals): IpContext {
  const isColoured = (globals.colour === 'always' || (globals.colour === 'auto' && call.stdoutIsTerminal)) && !globals.json;
  const background = Number(/;(\d+)$/.exec(call.env.get('COLORFGBG') ?? '')?.[1] ?? '15');
  const isDark = background <= 6 || background === 8;
  return {
    call,
    get net() {
      return call.sys.net;
    },
    options: globals,
    family: globals.family === 'inet' || globals.family === 'inet6' ? globals.family : undefined,
    newPrinter: () => new Printer((text) => call.write(text), {
      json: globals.json, pretty: globals.pretty, oneLine: globals.oneLine, colour: isColoured ? (isDark ? 'bold' : 'plain') : 'off',
    }),
    out: (line) => call.out(line),
    err: (line) => call.err(line),
  };
}

async function dispatch(context: IpContext, words: readonly string[]): Promise<ExitCode> {
  const [typed = '', ...rest] = words;
  const found = objects.find(([name]) => matches(typed, name));
  if (found === undefined) {
    context.err(`Object "${typed}" is unknown, try "ip help".`);
    return 1;
  }
  const handler = found[1] ?? unsupported(context, `object ${found[0]}`);
  return handler(context, rest);
}

async function runBatch(context: IpContext, file: string, isForced: boolean): Promise<ExitCode> {
  let text: string;
  if (file === '-') {
    text = await context.call.stdinText();
  } else {
    const read = await context.call.sys.readText(file);
    if (!read.ok) {
      context.err(`Cannot open file "${file}" for reading: ${strerror(read.error)}`);
      return 1;
    }
    text = read.value;
  }
  let status = 0;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const words = splitBatchLine(line);
    if (words.length === 0) continue;
    let code: ExitCode;
    try {
      code = await dispatch(context, words);
    } catch (stop) {
      if (!(stop instanceof IpExit)) throw stop;
      if (stop.code === 255) return 255;                    // exit(-1) leaves the whole batch
      code = stop.code;
    }
    if (code === 0) continue;
    context.err(`Command failed ${file}:${index + 1}`);
    status = 1;
    if (!isForced) break;
  }
  return status;
}

/** makeargs(): words, quotes, # comments. */
function splitBatchLine(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/"([^"]*)"|'([^']*)'|#.*$|[^\s"'#]\S*/g)) {
    if (match[0].startsWith('#')) break;
    words.push(match[1] ?? match[2] ?? match[0]);
  }
  return words;
}

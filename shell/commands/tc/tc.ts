/** tc(8) of iproute2 6.1.0: root queueing disciplines, netem above all. Read first: tc/tc_qdisc.c, tc/q_netem.c, tc-netem(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import type { LinkView, QdiscView } from '../../ports/kernel.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { findLink, IpExit, matches, Words } from '../ip/arguments.ts';
import { kernelAnswer, unsupported, type IpContext, type IpOptions } from '../ip/context.ts';
import { switchNamespace } from '../ip/netns.ts';
import { Printer } from '../ip/printer.ts';
import { readNetem, type Netem } from './netem.ts';
import { printQueue, readFifo, readTbf, type Queue } from './queues.ts';
import { rateText, timeText } from './units.ts';
import { qdiscUsage, usage } from './usage.ts';

export const tc = defineCommand({
  name: 'tc', summary: 'show and change traffic control', package: 'iproute2', path: '/usr/sbin/tc',
  run: (call) => {
    try {
      return runTc(call);
    } catch (stop) {
      if (stop instanceof IpExit) return stop.code;
      throw stop;
    }
  },
});

function runTc(call: Invocation): ExitCode {
  const options: IpOptions = { family: undefined, statistics: 0, details: 0, brief: false, oneLine: false, humanReadable: false, iec: false, numeric: false, resolve: false, all: false, timestamp: 'no' };
  let isJson = false;
  let isPretty = false;
  const args = [...call.args];
  const context: IpContext = {
    call, get net() { return call.sys.net; }, options, family: undefined,
    newPrinter: () => new Printer((text) => call.write(text), { json: isJson, pretty: isPretty, oneLine: options.oneLine, colour: 'off' }),
    out: (line) => call.out(line), err: (line) => call.err(line),
  };
  while (args[0]?.startsWith('-') === true) {
    const typed = args.shift()!;
    const option = typed.startsWith('--') ? typed.slice(1) : typed;
    const is = (name: string): boolean => option.length > 1 && matches(option, name);
    if (is('-stats') || is('-statistics')) options.statistics += 1;
    else if (is('-details')) options.details += 1;
    else if (is('-oneline')) options.oneLine = true;
    else if (is('-json')) isJson = true;
    else if (is('-pretty')) isPretty = true;
    else if (is('-Version')) {
      call.out('tc utility, iproute2-6.1.0, libbpf 1.1.2');
      return 0;
    } else if (is('-netns')) {
      if (switchNamespace(context, args.shift() ?? '') !== 0) return 255;
    } else if (is('-help')) {
      call.writeErr(usage);
      return 0;
    } else if (is('-raw') || is('-force') || is('-batch') || is('-iec') || is('-names') || is('-cf') || is('-graph') || is('-brief') || is('-color') || is('-Numeric') || is('-timestamp')) unsupported(context, `option ${typed}`);
    else {
      call.err(`Option "${typed}" is unknown, try "tc -help".`);
      return 255;
    }
  }
  const [object, ...rest] = args;
  if (object === undefined || matches(object, 'help')) {
    call.writeErr(usage);
    return 0;
  }
  const words = new Words(rest, context);
  if (matches(object, 'qdisc')) return qdisc(context, words);
  if (matches(object, 'class') || matches(object, 'filter') || matches(object, 'chain')) {
    const verb = words.take() ?? 'show';
    if (matches(verb, 'show') || matches(verb, 'list') || matches(verb, 'ls')) return matches(object, 'filter') ? showFilters(context, words, isJson) : 0;
    if (['add', 'change', 'replace', 'delete', 'get', 'help'].some((known) => matches(verb, known))) return unsupported(context, `${object} ${verb}`);
    context.err(`Command "${verb}" is unknown, try "tc ${['class', 'filter', 'chain'].find((name) => matches(object, name))!} help".`);
    return 255;
  }
  if (matches(object, 'action') || matches(object, 'monitor') || matches(object, 'exec')) return unsupported(context, `object ${object}`);
  call.err(`Object "${object}" is unknown, try "tc help".`);
  return 255;
}

function qdisc(context: IpContext, words: Words): ExitCode {
  const verb = words.take();
  if (verb === undefined) return show(context, words);
  if (matches(verb, 'add')) return modify(context, words, 'add');
  if (matches(verb, 'change')) return modify(context, words, 'change');
  if (matches(verb, 'replace')) return modify(context, words, 'replace');
  if (matches(verb, 'link')) return modify(context, words, 'replace');
  if (matches(verb, 'delete')) return modify(context, words, 'delete');
  if (matches(verb, 'show') || verb === 'list' || verb === 'lst' || matches(verb, 'ls')) return show(context, words);
  if (matches(verb, 'help')) {
    context.call.writeErr(qdiscUsage);
    return 0;
  }
  context.err(`Command "${verb}" is unknown, try "tc qdisc help".`);
  return 255;
}

function needDevice(context: IpContext, name: string): LinkView {
  const link = findLink(context, name);
  if (link !== undefined) return link;
  context.err(`Cannot find device "${name}"`);
  throw new IpExit(1);
}

// ---------------------------------------------------------------- show
function show(context: IpContext, words: Words): ExitCode {
  let device: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'root' || word === 'invisible') continue;
    else if (word === 'ingress' || word === 'clsact' || word === 'handle' || word === 'parent') unsupported(context, `qdisc show ${word}`);
    else if (matches(word, 'help')) {
      context.call.writeErr(qdiscUsage);
      return 0;
    } else words.exit(255, `What is "${word}"? Try "tc qdisc help".`);
  }
  const links = device === undefined ? context.net.netlink.links() : [needDevice(context, device)];
  const printer = context.newPrinter();
  for (const link of links) {
    const view = context.net.netlink.qdisc(link.index);
    if (view === undefined) continue;
    if (view.netem !== undefined && printer.isJson) unsupported(context, 'netem in JSON');
    printer.object(() => printQdisc(context, printer, link, view, device === undefined));
    if (context.net.netlink.filters(link.index) !== undefined) printer.object(() => printClsact(context, printer, link, device === undefined));
  }
  printer.finish();
  return 0;
}

function printQdisc(context: IpContext, printer: Printer, link: LinkView, view: QdiscView, showsDevice: boolean): void {
  printer.put('kind', `qdisc ${view.kind} `, view.kind);
  printer.put('handle', `${view.handle.toString(16)}: `, `${view.handle.toString(16)}:`);
  if (showsDevice) printer.put('dev', `dev ${link.name} `, link.name);
  printer.put('root', 'root ', true);
  printer.put('refcnt', `refcnt ${view.references} `, view.references);
  printer.openObject('options');
  printQueue(context, printer, view);
  printer.text(optionsText(view));
  printer.close();
  printer.text(context.options.oneLine ? '\\' : '\n');
  if (context.options.statistics === 0) return;
  printer.json('bytes', view.sentBytes);
  printer.json('packets', view.sentPackets);
  printer.json('drops', view.dropped);
  printer.json('overlimits', view.overlimits ?? 0);
  printer.json('requeues', 0);
  printer.json('backlog', view.backlogBytes ?? 0);
  printer.json('qlen', view.backlogPackets);
  printer.text(` Sent ${view.sentBytes} bytes ${view.sentPackets} pkt (dropped ${view.dropped}, overlimits ${view.overlimits ?? 0} requeues 0) \n backlog ${view.backlogBytes ?? 0}b ${view.backlogPackets}p requeues 0\n`);
}

function printClsact(context: IpContext, printer: Printer, link: LinkView, showsDevice: boolean): void {
  printer.put('kind', 'qdisc clsact ', 'clsact');
  printer.put('handle', 'ffff: ', 'ffff:');
  if (showsDevice) printer.put('dev', `dev ${link.name} `, link.name);
  printer.put('parent', 'parent ffff:fff1 ', 'ffff:fff1');
  printer.openObject('options');
  printer.close();
  printer.text(context.options.oneLine ? '\\' : '\n');
  if (context.options.statistics > 0) unsupported(context, 'statistics of clsact');
}

/** Programs that clsact holds; other filters cannot be made. f_bpf.c (bpf_print_opt), with the fifteen letters a kernel keeps of a program's name. */
function showFilters(context: IpContext, words: Words, isJson: boolean): ExitCode {
  const given: string[] = [];
  for (let word = words.take(); word !== undefined; word = words.take()) given.push(word);
  const direction = given.find((word): word is 'ingress' | 'egress' => word === 'ingress' || word === 'egress');
  const device = given.includes('dev') ? given[given.indexOf('dev') + 1] : undefined;
  if (direction === undefined || device === undefined) return 0;
  const program = context.net.netlink.filters(needDevice(context, device).index)?.[direction];
  if (program === undefined) return 0;
  if (isJson || context.options.details > 0) unsupported(context, `filter show with ${isJson ? '-json' : '-details'}`);
  context.out('filter protocol all pref 1 bpf chain 0 ');
  context.out(`filter protocol all pref 1 bpf chain 0 handle 0x1 ${program.section}-${device} direct-action not_in_hw id ${program.id} name ${program.section.slice(0, 15)} tag ${tagOf(program.section)} jited `);
  return 0;
}

/** The digest of a program's instructions, which here are its name. */
function tagOf(section: string): string {
  let state = 0x811c9dc5;
  return Array.from({ length: 8 }, () => {
    for (const letter of section) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0;
    return ((state >>> 13) & 255).toString(16).padStart(2, '0');
  }).join('');
}

function optionsText(view: QdiscView): string {
  if (view.kind === 'fq_codel') return 'limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 ';
  const { netem } = view;
  if (netem === undefined) return '';
  const parts = [`limit ${netem.limit}`];
  if (netem.delayUs > 0) parts.push(`delay ${timeText(netem.delayUs)}`, ...(netem.jitterUs > 0 ? [` ${timeText(netem.jitterUs)}`] : []));
  if (netem.lossPercent > 0) parts.push(`loss ${percentText(netem.lossPercent)}`);
  if (netem.duplicatePercent > 0) parts.push(`duplicate ${percentText(netem.duplicatePercent)}`);
  if (netem.reorderPercent > 0) parts.push(`reorder ${percentText(netem.reorderPercent)}`);
  if (netem.rateBitsPerSecond > 0) parts.push(`rate ${rateText(netem.rateBitsPerSecond)}`);
  if (netem.reorderPercent > 0) parts.push('gap 1');
  return parts.join(' ');
}

function percentText(percent: number): string {
  return `${Number(percent.toPrecision(6))}%`;
}

// ---------------------------------------------------------------- add, change, replace, delete
function modify(context: IpContext, words: Words, verb: 'add' | 'change' | 'replace' | 'delete'): ExitCode {
  let device: string | undefined;
  let isRoot = false;
  let parent: string | undefined;
  let handle: number | undefined;
  let kind: string | undefined;
  let netem: Netem | undefined;
  let queue: Queue | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'handle') {
      const text = words.value();
      const major = /^([0-9a-f]{1,4}):?$/i.exec(text) ?? words.invalid('invalid qdisc ID', text);
      handle = Number.parseInt(major[1]!, 16);
    } else if (word === 'root') {
      if (isRoot || parent !== undefined) words.exit(255, 'Error: "root" is duplicate parent ID');
      isRoot = true;
    } else if (word === 'parent') {
      const text = words.value();
      if (isRoot || parent !== undefined) words.exit(255, `Error: duplicate "parent": "${text}" is the second value.`);
      parent = /^[0-9a-f]{0,4}:?[0-9a-f]{0,4}$/i.test(text) ? text : words.invalid('invalid parent ID', text);
    } else if (word === 'ingress' || word === 'clsact' || word === 'estimator' || word === 'stab' || word.endsWith('_block')) unsupported(context, `qdisc ${word}`);
    else if (matches(word, 'help')) {
      context.call.writeErr(qdiscUsage);
      return 0;
    } else {
      kind = word;
      if (kind === 'netem') netem = readNetem(context, words);
      else if (kind === 'tbf') queue = verb === 'delete' && words.peek() === undefined ? { kind } : readTbf(context, words);
      else if (kind === 'pfifo' || kind === 'bfifo') queue = readFifo(context, words, kind);
      else if (kind === 'pfifo_fast' || kind === 'noqueue') queue = { kind };
      break;
    }
  }
  const option = words.take();
  if (kind !== undefined && option !== undefined) {
    if (kind === 'pfifo_fast') words.exit(255, `qdisc '${kind}' does not support option parsing`);
    if (knownKinds.includes(kind)) unsupported(context, `qdisc ${kind}`);
    words.exit(1, `Unknown qdisc "${kind}", hence option "${option}" is unparsable`);
  }
  if (device === undefined) return kernelAnswer(context, { ok: false, error: 'ENODEV' });
  const link = needDevice(context, device);
  const { netlink } = context.net;
  const present = netlink.qdisc(link.index);
  const refuse = (message: string): ExitCode => kernelAnswer(context, { ok: false, error: 'EINVAL', message });
  if (parent !== undefined) return refuse('Failed to find specified qdisc.');
  if (verb === 'delete') {
    if (!isRoot) return refuse('Failed to find qdisc with specified handle.');
    if (handle !== undefined && handle !== 0 && handle !== (present?.handle ?? 0)) return refuse('Invalid handle.');
    if (kind !== undefined && kind !== present?.kind) return refuse('Invalid qdisc name: must match existing qdisc.');
    if ((present?.handle ?? 0) === 0) return refuse('Cannot delete qdisc with handle of zero.');
    return kernelAnswer(context, netlink.setQdisc(link.index, undefined));
  }
  if (!isRoot) return refuse('Handle cannot be zero.');
  if (kind !== undefined && knownKinds.includes(kind)) return unsupported(context, `qdisc ${kind}`);
  const wanted = netem ?? queue;
  const mine = (present?.handle ?? 0) === 0 ? undefined : present;
  const isOther = mine !== undefined && handle !== undefined && handle !== 0 && handle !== mine.handle;
  if (isOther && verb !== 'replace') return refuse('NLM_F_REPLACE needed to override.');
  if (mine === undefined && verb === 'change') return refuse('Qdisc not found. To create specify NLM_F_CREATE flag.');
  // One of another kind takes the place of what is there, whatever the verb; by its handle it is asked for in vain.
  if (mine !== undefined && !isOther && (mine.kind === kind || kind === undefined || handle !== undefined)) {
    if (verb === 'add') return refuse('Exclusivity flag on, cannot modify.');
    if (kind !== undefined && mine.kind !== kind) return refuse('Invalid qdisc name: must match existing qdisc.');
  }
  if (wanted === undefined) return refuse('Specified qdisc kind is unknown.');
  return kernelAnswer(context, netlink.setQdisc(link.index, { ...wanted, ...(handle === undefined || handle === 0 ? {} : { handle }) }));
}

/** Kinds a kernel has and the simulated one has not. */
const knownKinds: readonly string[] = ['pfifo_head_drop', 'htb', 'hfsc', 'prio', 'red', 'sfq', 'fq', 'fq_codel', 'codel', 'cake', 'cbq', 'drr', 'ets', 'mq', 'mqprio', 'multiq', 'pie', 'fq_pie', 'qfq', 'taprio', 'teql0', 'hhf', 'choke', 'cbs', 'etf'];

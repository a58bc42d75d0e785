/** The options of tbf and of the simple queues, and how they are shown. Read first: tc/q_tbf.c, q_fifo.c, tc_core.c, tc_util.c (get_size, print_size), tc-tbf(8) */
import type { QdiscView } from '../../ports/kernel.ts';
import { IpExit, matches, type Words } from '../ip/arguments.ts';
import { unsupported, type IpContext } from '../ip/context.ts';
import type { Printer } from '../ip/printer.ts';
import { rateOf, timeOf } from './netem.ts';
import { rateText, timeText } from './units.ts';
import { fifoUsage, tbfUsage } from './usage.ts';

export interface Queue { kind: 'tbf' | 'pfifo' | 'bfifo' | 'pfifo_fast' | 'noqueue'; limit?: number; rateBytesPerSecond?: number; burstNs?: number }

/** psched: the kernel counts a bucket's time in ticks of 64 ns. */
const TICK_NS = 64;

export function readFifo(context: IpContext, words: Words, kind: 'pfifo' | 'bfifo'): Queue {
  const queue: Queue = { kind };
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'limit') {
      const text = words.value();
      queue.limit = sizeOf(text) ?? words.exit(1, `${kind}: Illegal value for "limit": "${text}"`);
    } else {
      if (word !== 'help') context.err(`${kind}: unknown parameter "${word}"`);
      explain(context, fifoUsage);
    }
  }
  return queue;
}

export function readTbf(context: IpContext, words: Words): Queue {
  let rate: number | undefined;
  let size: number | undefined;
  let limit: number | undefined;
  let latencyUs: number | undefined;
  const once = (name: string, before: number | undefined, other?: number): string => {
    const text = words.value();
    if (before !== undefined) words.exit(1, `tbf: duplicate "${name}" specification`);
    if (other !== undefined) words.exit(1, 'tbf: specifying both "limit" and "/latency" is not allowed');
    return text;
  };
  const illegal = (name: string, text: string): never => words.exit(1, `tbf: illegal value for "${name}": "${text}"`);
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'limit')) {
      const text = once('limit', limit, latencyUs);
      limit = sizeOf(text) ?? illegal('limit', text);
    } else if (matches(word, 'latency')) {
      const text = once('latency', latencyUs, limit);
      latencyUs = timeOf(text) ?? illegal('latency', text);
    } else if (matches(word, 'burst') || word === 'buffer' || word === 'maxburst') {
      const text = once('buffer/burst/maxburst', size);
      if (text.includes('/')) unsupported(context, 'tbf cells');
      size = sizeOf(text) ?? illegal(word, text);
    } else if (word === 'rate') {
      const text = once('rate', rate);
      if (/^[\d.]+%$/.test(text)) unsupported(context, 'a rate in percent');
      const bits = rateOf(text) ?? illegal('rate', text);
      rate = Math.floor(bits / 8);
    } else if (['mtu', 'minburst', 'mpu', 'peakrate', 'overhead', 'linklayer'].includes(word)) unsupported(context, `tbf ${word}`);
    else {
      if (word !== 'help') context.err(`tbf: unknown parameter "${word}"`);
      explain(context, tbfUsage);
    }
  }
  if (!rate) context.err('tbf: the "rate" parameter is mandatory.');
  if (!size) context.err('tbf: the "burst" parameter is mandatory.');
  if (!limit && latencyUs === undefined) context.err('tbf: either "limit" or "latency" is required.');
  if (!rate || !size || (!limit && latencyUs === undefined)) return explain(context, tbfUsage);
  const ticks = Math.ceil(((size / rate) * 1e9) / TICK_NS);
  return { kind: 'tbf', rateBytesPerSecond: rate, burstNs: ticks * TICK_NS, limit: limit ?? Math.floor((rate * latencyUs!) / 1e6 + size) };
}

function explain(context: IpContext, usage: string): never {
  context.call.writeErr(usage);
  throw new IpExit(1);
}

/** What stands behind `refcnt 2 `. */
export function printQueue(context: IpContext, printer: Printer, view: QdiscView): void {
  const { queue, kind } = view;
  if (kind === 'pfifo_fast') {
    printer.put('bands', 'bands 3 ', 3);
    printer.put('priomap', 'priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1', [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    printer.json('multiqueue', false);
  } else if (queue === undefined) return;
  else if (kind === 'pfifo') printer.put('limit', `limit ${queue.limit}p`, queue.limit);
  else if (kind === 'bfifo') printer.put('limit', `limit ${sizeText(queue.limit)}`, queue.limit);
  else if (kind === 'tbf') {
    const isDetailed = context.options.details > 0;
    if (isDetailed && printer.isJson) unsupported(context, 'tbf with -d in JSON');
    const { rateBytesPerSecond: rate } = queue;
    const burstUs = Math.floor(queue.burstNs / 1000);
    const burst = Math.floor((rate * burstUs) / 1e6);
    const latencyUs = Math.max(0, Math.floor((queue.limit / rate) * 1e6 - burstUs));
    printer.put('rate', `rate ${rateText(rate * 8)} `, rate);
    printer.put('burst', `burst ${sizeText(burst)}${isDetailed ? '/1 mpu 0b' : ''} `, burst);
    printer.put('lat', `lat ${timeText(latencyUs)} `, latencyUs);
    if (isDetailed) printer.text('linklayer ethernet ');
  }
}

/** get_size: bytes, with units of 1024. */
function sizeOf(text: string): number | undefined {
  const found = /^(\d+(?:\.\d*)?|\.\d+)(b|kb?|mb?|gb?|kbit|mbit|gbit)?$/i.exec(text);
  if (found === null) return undefined;
  const unit = (found[2] ?? 'b').toLowerCase();
  const power = ['k', 'm', 'g'].indexOf(unit[0]!) + 1;
  const size = Math.floor((Number(found[1]) * 1024 ** power) / (unit.endsWith('bit') ? 8 : 1));
  return size < 2 ** 32 ? size : undefined;
}

/** print_size: in whole units where that is nearly right. */
function sizeText(bytes: number): string {
  const [kilo, mega] = [Math.round(bytes / 1024), Math.round(bytes / 1048576)];
  if (bytes >= 1048576 && Math.abs(1048576 * mega - bytes) < 1024) return `${mega}Mb`;
  return bytes >= 1024 && Math.abs(1024 * kilo - bytes) < 16 ? `${kilo}Kb` : `${bytes}b`;
}

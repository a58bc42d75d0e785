/** The options of netem. Read first: tc/q_netem.c (netem_parse_opt), tc/tc_util.c (get_rate, get_time, parse_percent), tc-netem(8). */
import type { Words } from '../ip/arguments.ts';
import { IpExit, matches } from '../ip/arguments.ts';
import { unsupported, type IpContext } from '../ip/context.ts';
import { netemUsage } from './usage.ts';

export interface Netem { delayUs?: number; jitterUs?: number; lossPercent?: number; rateBitsPerSecond?: number; duplicatePercent?: number; reorderPercent?: number; limit?: number }

export function readNetem(context: IpContext, words: Words): Netem {
  const netem: Netem = {};
  const explain = (): never => {
    context.call.writeErr(netemUsage);
    throw new IpExit(1);
  };
  const illegal = (what: string): never => words.exit(1, `Illegal "${what}"`);
  /** A correlation would have to be acted on: refused rather than kept for show. */
  const refuseCorrelation = (of: string): void => {
    const next = words.peek();
    if (next !== undefined && /^[\d.]/.test(next)) unsupported(context, `correlation of ${of}`);
  };
  const percent = (what: string): number => {
    const value = percentOf(words.value());
    return value ?? illegal(what);
  };
  let gap = 0;
  let hasDistribution = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'limit')) netem.limit = /^\d+$/.test(words.peek() ?? '') ? Number(words.value()) : (words.value(), illegal('limit'));
    else if (matches(word, 'latency') || matches(word, 'delay')) {
      netem.delayUs = timeOf(words.value()) ?? illegal('latency');
      if (isNumber(words.peek())) {
        netem.jitterUs = timeOf(words.value()) ?? illegal('latency');
        if (isNumber(words.peek())) refuseCorrelation('delay');
      }
    } else if (matches(word, 'loss') || matches(word, 'drop')) {
      const next = words.value();
      if (next === 'state' || next === 'gemodel') unsupported(context, `netem loss ${next}`);
      if (next !== 'random') words.back();
      if (next !== 'random' && !isNumber(next)) words.exit(1, `Unknown loss parameter: ${next}`);
      netem.lossPercent = percent('loss percent');
      refuseCorrelation('loss');
    } else if (matches(word, 'reorder')) {
      netem.reorderPercent = percent('reorder');
      refuseCorrelation('reorder');
    } else if (matches(word, 'duplicate')) {
      netem.duplicatePercent = percent('duplicate');
      refuseCorrelation('duplicate');
    } else if (matches(word, 'rate')) {
      netem.rateBitsPerSecond = rateOf(words.value()) ?? illegal('rate');
      if (isNumber(words.peek())) unsupported(context, 'netem rate overhead');
    } else if (matches(word, 'gap')) {
      const text = words.value();
      gap = /^\d+$/.test(text) ? Number(text) : illegal('gap');
    } else if (matches(word, 'distribution')) {
      const name = words.value();
      if (!DISTRIBUTIONS.has(name)) words.exit(1, `No distribution data for ${name} (/usr/lib/x86_64-linux-gnu/tc//${name}.dist: No such file or directory)`);
      hasDistribution = true;
    } else if (matches(word, 'corrupt') || matches(word, 'slot')) {
      words.value();
      unsupported(context, `netem ${word}`);
    } else if (matches(word, 'ecn')) unsupported(context, `netem ${word}`);
    else if (word === 'help') explain();
    else {
      context.err(`What is "${word}"?`);
      explain();
    }
  }
  if (netem.reorderPercent !== undefined && netem.reorderPercent > 0 && (netem.delayUs ?? 0) === 0) {
    context.err('reordering not possible without specifying some delay');
    explain();
  }
  if (gap > 0) {
    if ((netem.reorderPercent ?? 0) > 0) unsupported(context, 'netem gap');
    context.err('gap specified without reorder probability');
    explain();
  }
  if (hasDistribution) {
    if ((netem.delayUs ?? 0) > 0 && (netem.jitterUs ?? 0) > 0) unsupported(context, 'netem distribution');
    context.err('distribution specified but no latency and jitter values');
    explain();
  }
  return netem;
}

/** What iproute2 ships as tables; a uniform one is the rule. */
const DISTRIBUTIONS: ReadonlySet<string> = new Set(['uniform', 'normal', 'pareto', 'paretonormal', 'experimental']);

function isNumber(word: string | undefined): word is string {
  return word !== undefined && /^\d/.test(word);
}

/** `10%`, or a number without a sign taken as a percentage; more than all is illegal. */
function percentOf(text: string): number | undefined {
  const found = /^(\d+(?:\.\d*)?)%?$/.exec(text);
  const value = found === null ? Number.NaN : Number(found[1]);
  return value >= 0 && value <= 100 ? value : undefined;
}

/** A bare number is microseconds. */
export function timeOf(text: string): number | undefined {
  const found = /^(\d+(?:\.\d*)?)(s|sec|secs|ms|msec|msecs|us|usec|usecs)?$/i.exec(text);
  if (found === null) return undefined;
  const unit = (found[2] ?? 'us').toLowerCase();
  return Math.round(Number(found[1]) * (unit.startsWith('s') ? 1e6 : unit.startsWith('m') ? 1e3 : 1));
}

/** A bare number is bits a second; `bps` is bytes. */
export function rateOf(text: string): number | undefined {
  const found = /^(\d+(?:\.\d*)?)(?:([kmgt])(i?))?(bit|bps)?$/i.exec(text);
  if (found === null) return undefined;
  const power = found[2] === undefined ? 0 : 'kmgt'.indexOf(found[2].toLowerCase()) + 1;
  const base = found[3] === undefined || found[3] === '' ? 1000 : 1024;
  return Math.round(Number(found[1]) * base ** power * (found[4]?.toLowerCase() === 'bps' ? 8 : 1));
}

/** -m limit, which iptables-nft turns into nftables' own token bucket (net/netfilter/nft_limit.c), and -m hashlimit (libxt_hashlimit.c, xt_hashlimit.c). */
import { destinationKey, sourceKey, type PacketContext } from '../context.ts';
import { exclusive, optionsOf, ParameterProblem, unsignedOption, type MatchExtension, type OptionSpec } from '../extension.ts';

const UNITS: readonly (readonly [string, number])[] = [['second', 1], ['minute', 60], ['hour', 3600], ['day', 86_400]];
const SHORT: ReadonlyMap<number, string> = new Map([[1, 'sec'], [60, 'min'], [3600, 'hour'], [86_400, 'day']]);

export interface Rate { count: number; unitSeconds: number }
/** Tokens in nanoseconds of credit; `lastUs` undefined: the bucket is full and was never used. */
export interface Bucket { tokensNs: number; lastUs: number }
export interface LimitMatch { kind: 'limit'; rate: Rate; burst: number; bucket: Bucket | undefined }
export interface HashlimitMatch {
  kind: 'hashlimit'; rate: Rate; isAbove: boolean; burst: number; mode: string[]; name: string; sourceMask: number; destinationMask: number; sizes: Partial<Record<'htable-size' | 'htable-max' | 'htable-gcinterval' | 'htable-expire', number>>;
  buckets: Map<string, Bucket>;
}

/** xt_limit counts in ten-thousandths of a second: nothing faster can be written down. */
const XT_LIMIT_SCALE = 10_000;

function parseRate(text: string, perSecond = Infinity): Rate {
  const [count = '', unit] = text.split('/');
  const value = /^\d+$/.test(count) ? Number(count) : 0;
  const found = unit === undefined ? UNITS[0] : UNITS.find(([name]) => unit !== '' && name.startsWith(unit.toLowerCase()));
  if (value === 0 || found === undefined) throw new ParameterProblem(`bad rate "${text}"'`);
  if (value > perSecond * found[1]) throw new ParameterProblem(`Rate too fast "${text}"`);
  return { count: value, unitSeconds: found[1] };
}

function rateText({ count, unitSeconds }: Rate): string {
  return `${count}/${SHORT.get(unitSeconds) ?? 'sec'}`;
}

/** Takes one packet's worth if it is there. */
function takes(bucket: Bucket, rate: Rate, burst: number, nowUs: number): boolean {
  const costNs = (rate.unitSeconds * 1_000_000_000) / rate.count;
  const tokens = Math.min(bucket.tokensNs + (nowUs - bucket.lastUs) * 1000, costNs * burst);
  bucket.lastUs = nowUs;
  const isEnough = tokens >= costNs;
  bucket.tokensNs = isEnough ? tokens - costNs : tokens;
  return isEnough;
}

function fullBucket(rate: Rate, burst: number, nowUs: number): Bucket {
  return { tokensNs: ((rate.unitSeconds * 1_000_000_000) / rate.count) * burst, lastUs: nowUs };
}

const limitOptions: readonly OptionSpec[] = [{ name: 'limit', words: 1 }, { name: 'limit-burst', words: 1 }];
export const limit: MatchExtension<LimitMatch> = {
  name: 'limit',
  options: limitOptions,
  parse(uses) {
    const found = optionsOf('limit', uses, limitOptions);
    const rate = found.get('limit');
    const burst = found.get('limit-burst');
    return { kind: 'limit', rate: rate === undefined ? { count: 3, unitSeconds: 3600 } : parseRate(rate.values[0]!, XT_LIMIT_SCALE), burst: burst === undefined ? 5 : unsignedOption('limit', burst, 0, 10_000), bucket: undefined };
  },
  save: ({ rate, burst }) => ` --limit ${rateText(rate)}${burst === 5 ? '' : ` --limit-burst ${burst}`}`,
  list: ({ rate, burst }) => ` limit: avg ${rateText(rate)} burst ${burst}`,
  evaluate(record, { environment }) {
    record.bucket ??= fullBucket(record.rate, record.burst, environment.nowUs);
    return takes(record.bucket, record.rate, record.burst, environment.nowUs);
  },
};

const MODES = ['srcip', 'srcport', 'dstip', 'dstport'];
const MODE_ORDER = ['dstip', 'srcip', 'srcport', 'dstport'];
const SIZES = ['htable-size', 'htable-max', 'htable-gcinterval', 'htable-expire'] as const;
const hashOptions: readonly OptionSpec[] = [
  { name: 'hashlimit-upto', aliases: ['hashlimit'], words: 1 }, { name: 'hashlimit-above', words: 1 }, { name: 'hashlimit-burst', words: 1 }, { name: 'hashlimit-mode', words: 1 }, { name: 'hashlimit-name', words: 1 },
  { name: 'hashlimit-srcmask', words: 1 }, { name: 'hashlimit-dstmask', words: 1 }, ...SIZES.map((name) => ({ name: `hashlimit-${name}`, words: 1 as const })),
];

function hashKey(context: PacketContext, mode: readonly string[], sourceMask: number, destinationMask: number): string {
  const { frame, transportAt } = context;
  const masked = (address: number | string, bits: number): number | string => (typeof address === 'number' ? (bits === 0 ? 0 : (address & (0xffffffff << (32 - bits))) >>> 0) : address.slice(0, bits >> 2));
  let key = '';
  if (mode.includes('srcip')) key += `s${masked(sourceKey(context), sourceMask)}`;
  if (mode.includes('dstip')) key += `d${masked(destinationKey(context), destinationMask)}`;
  if (mode.includes('srcport') && transportAt >= 0) key += `p${frame[transportAt]! * 256 + frame[transportAt + 1]!}`;
  if (mode.includes('dstport') && transportAt >= 0) key += `q${frame[transportAt + 2]! * 256 + frame[transportAt + 3]!}`;
  return key;
}

export const hashlimit: MatchExtension<HashlimitMatch> = {
  name: 'hashlimit',
  options: hashOptions,
  parse(uses, { family }) {
    const found = optionsOf('hashlimit', uses, hashOptions);
    exclusive('hashlimit', found, ['hashlimit-upto', 'hashlimit-above']);
    const rate = found.get('hashlimit-upto') ?? found.get('hashlimit-above');
    if (rate === undefined) throw new ParameterProblem('You have to specify --hashlimit');
    const name = found.get('hashlimit-name')?.values[0];
    if (name === undefined) throw new ParameterProblem('hashlimit: option "--hashlimit-name" must be specified\n');
    const mode = found.get('hashlimit-mode')?.values[0]?.split(',') ?? [];
    for (const word of mode) if (!MODES.includes(word)) throw new ParameterProblem(`hashlimit: bad value for option "--hashlimit-mode": ${word}`);
    const whole = family === 'inet' ? 32 : 128;
    const bits = (option: string): number => {
      const use = found.get(option);
      return use === undefined ? whole : unsignedOption('hashlimit', use, 0, whole);
    };
    const burst = found.get('hashlimit-burst');
    const sizes: HashlimitMatch['sizes'] = {};
    for (const key of SIZES) {
      const use = found.get(`hashlimit-${key}`);
      if (use !== undefined) sizes[key] = unsignedOption('hashlimit', use, 0, 0xffffffff);
    }
    return {
      kind: 'hashlimit', rate: parseRate(rate.values[0]!), isAbove: rate.name === 'hashlimit-above', burst: burst === undefined ? 5 : unsignedOption('hashlimit', burst, 1, 1_000_000),
      mode: MODE_ORDER.filter((word) => mode.includes(word)), name, sourceMask: bits('hashlimit-srcmask'), destinationMask: bits('hashlimit-dstmask'), sizes, buckets: new Map(),
    };
  },
  save(record, { family }) {
    const whole = family === 'inet' ? 32 : 128;
    let text = ` --hashlimit-${record.isAbove ? 'above' : 'upto'} ${rateText(record.rate)} --hashlimit-burst ${record.burst}`;
    if (record.mode.length > 0) text += ` --hashlimit-mode ${record.mode.join(',')}`;
    text += ` --hashlimit-name ${record.name}`;
    for (const key of SIZES) if (record.sizes[key] !== undefined) text += ` --hashlimit-${key} ${record.sizes[key]}`;
    if (record.sourceMask !== whole) text += ` --hashlimit-srcmask ${record.sourceMask}`;
    return record.destinationMask === whole ? text : `${text} --hashlimit-dstmask ${record.destinationMask}`;
  },
  list(record, { family }) {
    const whole = family === 'inet' ? 32 : 128;
    let text = ` limit: ${record.isAbove ? 'above' : 'up to'} ${rateText(record.rate)} burst ${record.burst}`;
    if (record.mode.length > 0) text += ` mode ${record.mode.join('-')}`;
    for (const key of SIZES) if (record.sizes[key] !== undefined) text += ` ${key} ${record.sizes[key]}`;
    if (record.sourceMask !== whole) text += ` srcmask ${record.sourceMask}`;
    return record.destinationMask === whole ? text : `${text} dstmask ${record.destinationMask}`;
  },
  evaluate(record, context) {
    const nowUs = context.environment.nowUs;
    const key = hashKey(context, record.mode, record.sourceMask, record.destinationMask);
    let bucket = record.buckets.get(key);
    if (bucket === undefined) {
      bucket = fullBucket(record.rate, record.burst, nowUs);
      record.buckets.set(key, bucket);
    }
    return takes(bucket, record.rate, record.burst, nowUs) !== record.isAbove;
  },
};

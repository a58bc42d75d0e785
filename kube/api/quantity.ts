/**
 * Quantities: `100m`, `1.5Gi`, `2e3` (apimachinery/pkg/api/resource/quantity.go, suffix.go). The canonical text is what the real
 * server gives back: no fraction, the largest suffix that leaves none, the family of suffixes that was written.
 */

export interface Quantity {
  /** In units of 10^-9, rounded away from zero, as Kubernetes keeps nothing finer. */
  readonly nanos: bigint;
  readonly format: 'decimal' | 'binary' | 'exponent';
}

const billion = 1_000_000_000n;
const decimalSuffixes = new Map([['n', -9], ['u', -6], ['m', -3], ['', 0], ['k', 3], ['M', 6], ['G', 9], ['T', 12], ['P', 15], ['E', 18]]);
const binarySuffixes = new Map([['Ki', 10n], ['Mi', 20n], ['Gi', 30n], ['Ti', 40n], ['Pi', 50n], ['Ei', 60n]]);

const quantityFormProblem = `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;

/** The quantity, or what is wrong with the text. */
export function parseQuantity(text: string): Quantity | string {
  if (text === '') return 'Quantity must not be empty';
  const match = /^([+-]?)(\d{0,60})(?:\.(\d{0,60}))?([eEinumkKMGTP]*[-+]?\d{0,9})$/.exec(text);
  if (match === null) return quantityFormProblem;
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return quantityFormProblem;
  const digits = BigInt(whole + fraction) * billion;
  const divisor = 10n ** BigInt(fraction.length);
  const binary = binarySuffixes.get(suffix);
  const decimal = decimalSuffixes.get(suffix);
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix);
  let nanos: bigint;
  let format: Quantity['format'];
  if (binary !== undefined) {
    nanos = roundUp(digits << binary, divisor);
    format = 'binary';
  } else if (decimal !== undefined || exponent !== null) {
    const power = decimal ?? Math.max(-400, Math.min(400, Number(exponent![1])));
    nanos = power >= 0 ? roundUp(digits * 10n ** BigInt(power), divisor) : roundUp(digits, divisor * 10n ** BigInt(-power));
    format = decimal === undefined ? 'exponent' : 'decimal';
  } else return "unable to parse quantity's suffix";
  // More digits than an int64 has are capped at what it holds (maxAllowed).
  const most = ((1n << 63n) - 1n) * billion;
  if (whole.length + fraction.length > 18 && nanos > most) nanos = most;
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

function roundUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const sign = nanos < 0n ? '-' : '';
  let rest = nanos < 0n ? -nanos : nanos;
  if (format === 'binary' && rest >= 1024n * billion) {
    let units = roundUp(rest, billion);
    let suffix = '';
    for (const [name] of binarySuffixes) {
      if (units % 1024n !== 0n) break;
      units /= 1024n;
      suffix = name;
    }
    return `${sign}${units}${suffix}`;
  }
  let power = -9;
  while (rest % 1000n === 0n && power < 18) {
    rest /= 1000n;
    power += 3;
  }
  if (format === 'exponent') return `${sign}${rest}${power === 0 ? '' : `e${power}`}`;
  const suffix = [...decimalSuffixes].find(([, value]) => value === power)![0];
  return `${sign}${rest}${suffix}`;
}

/** As the server would write it back; text that is no quantity stays as it is. */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text);
  return typeof quantity === 'string' ? text : formatQuantity(quantity);
}

/** In thousandths, rounded up: what a scheduler counts processors in. */
export function milliValue(text: string | undefined): number {
  const quantity = parseQuantity(text ?? '0');
  return typeof quantity === 'string' ? 0 : Number(roundUp(quantity.nanos, 1_000_000n));
}

/** In whole units, rounded up: bytes, pods. */
export function wholeValue(text: string | undefined): number {
  const quantity = parseQuantity(text ?? '0');
  return typeof quantity === 'string' ? 0 : Number(roundUp(quantity.nanos, billion));
}

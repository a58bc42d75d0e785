/** The columns of a report. Read first: mtr(8) --order, mtr's data_fields. */
import type { Hop } from './path.ts';

export interface Field { readonly key: string; readonly title: string; readonly width: number; readonly isShare?: boolean; readonly isCount?: boolean; value(hop: Hop): number }

const ms = (us: number): number => us / 1000;
const lost = (hop: Hop): number => Math.max(0, hop.sent - hop.transit - hop.returned);

/** Probes still on their way count neither way. */
export function lossOf(hop: Hop): number {
  const settled = hop.sent - hop.transit;
  return settled <= 0 ? 0 : 100 * (1 - hop.returned / settled);
}

const fields: readonly Field[] = [
  { key: ' ', title: ' ', width: 1, value: () => 0 },
  { key: 'L', title: 'Loss%', width: 6, isShare: true, value: lossOf },
  { key: 'D', title: 'Drop', width: 5, isCount: true, value: lost },
  { key: 'R', title: 'Rcv', width: 6, isCount: true, value: (hop) => hop.returned },
  { key: 'S', title: 'Snt', width: 6, isCount: true, value: (hop) => hop.sent },
  { key: 'N', title: 'Last', width: 6, value: (hop) => ms(hop.lastUs) },
  { key: 'B', title: 'Best', width: 6, value: (hop) => ms(hop.bestUs) },
  { key: 'A', title: 'Avg', width: 6, value: (hop) => ms(hop.averageUs) },
  { key: 'W', title: 'Wrst', width: 6, value: (hop) => ms(hop.worstUs) },
  { key: 'V', title: 'StDev', width: 6, value: (hop) => (hop.returned < 2 ? 0 : ms(Math.sqrt(hop.spread / (hop.returned - 1)))) },
  { key: 'G', title: 'Gmean', width: 6, value: (hop) => ms(hop.meanUs) },
  { key: 'J', title: 'Jttr', width: 5, value: (hop) => ms(hop.jitterUs) },
  { key: 'M', title: 'Javg', width: 5, value: (hop) => ms(hop.averageJitterUs) },
  { key: 'X', title: 'Jmax', width: 5, value: (hop) => ms(hop.worstJitterUs) },
  { key: 'I', title: 'Jint', width: 5, value: (hop) => ms(hop.interarrivalUs) },
];

export const USUAL_ORDER = 'LS NABWV';

/** undefined when a letter is no field's. */
export function fieldsOf(order: string): Field[] | undefined {
  const found = [...order].map((letter) => fields.find(({ key }) => key === letter));
  return found.every((each) => each !== undefined) ? found : undefined;
}

/** A value wider than its column is cut: what stands behind covers the rest in mtr's own buffer. */
export function cell(field: Field, hop: Hop): string {
  const value = field.value(hop);
  if (field.key === ' ') return ' ';
  const text = field.isShare === true ? `${value.toFixed(1).padStart(4)}%` : (field.isCount === true ? String(value) : value.toFixed(1)).padStart(field.width - 1);
  return ` ${text}`.slice(0, field.width);
}

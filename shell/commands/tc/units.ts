/** Times and rates as tc writes them. Read first: lib/utils.c, tc/tc_util.c of iproute2 */

/** print_time: three digits. */
export function timeText(us: number): string {
  if (us >= 1e6) return `${Number((us / 1e6).toPrecision(3))}s`;
  return us >= 1e3 ? `${Number((us / 1e3).toPrecision(3))}ms` : `${us}us`;
}

/** tc_print_rate: whole units only. */
export function rateText(bitsPerSecond: number): string {
  const units = ['bit', 'Kbit', 'Mbit', 'Gbit', 'Tbit'];
  let rate = bitsPerSecond;
  let unit = 0;
  while (unit < units.length - 1 && rate >= 1000 && rate % 1000 === 0) {
    rate /= 1000;
    unit += 1;
  }
  return `${Math.round(rate)}${units[unit]!}`;
}

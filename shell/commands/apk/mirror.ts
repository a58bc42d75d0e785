/** How long a download takes from a mirror that is near: a round trip, then about 8 MB a second. */
const ROUND_TRIP_US = 120_000;
const KB_PER_SECOND = 8000;

/** In microseconds. */
export function fetchCost(sizeKb: number): number {
  return ROUND_TRIP_US + Math.round((sizeKb / KB_PER_SECOND) * 1e6);
}

/** 2018-07-14T19:46:00: an instant in UTC to the second. */
import { timestamp } from '../../ports/kube.ts';

export function isoOf(epochUs: number): string {
  return timestamp(Math.floor(epochUs / 1000)).slice(0, 19);
}

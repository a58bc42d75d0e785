/** Schedules of CronJobs, and what is said of those that are none. */
import { expect, test } from 'vitest';
import { parseTimestamp, timestamp } from '../runtime.ts';
import { parseSchedule, timesBetween } from './cron-schedule.ts';

test.each([
  ['*/5 * * * *', '2018-07-14T19:43:20Z', ['07-14T19:45', '07-14T19:50', '07-14T19:55']],
  ['* * * * *', '2018-07-14T19:45:00Z', ['07-14T19:46', '07-14T19:47', '07-14T19:48']],
  ['0 3 * * *', '2018-07-14T19:45:00Z', ['07-15T03:00', '07-16T03:00', '07-17T03:00']],
  ['30 9-17/4 * * mon-fri', '2018-07-14T19:45:00Z', ['07-16T09:30', '07-16T13:30', '07-16T17:30']],
  ['0 0 1,15 * sun', '2018-07-14T19:45:00Z', ['07-15T00:00', '07-22T00:00', '07-29T00:00']],
  ['0 0 29 2 ?', '2018-07-14T19:45:00Z', ['02-29T00:00']],
  ['@hourly', '2018-07-14T19:45:00Z', ['07-14T20:00', '07-14T21:00', '07-14T22:00']],
  ['@every 1m30s', '2018-07-14T19:45:10Z', ['07-14T19:46', '07-14T19:48', '07-14T19:49']],
])('%s', (text, from, wanted) => {
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') throw new Error(schedule);
  const fromMs = parseTimestamp(from)!;
  expect(timesBetween(schedule, fromMs, fromMs + 4 * 366 * 86_400_000, 3).map((atMs) => timestamp(atMs).slice(5, 16))).toEqual(wanted);
});

test.each([
  ['* * * *', 'Expected exactly 5 fields, found 4: * * * *'], ['60 * * * *', 'End of range (60) above maximum (59): 60'], ['a * * * *', 'Failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['*/0 * * * *', 'Step of range should be a positive number: */0'], ['* * 0 * *', 'Beginning of range (0) below minimum (1): 0'], ['5-1 * * * *', 'Beginning of range (5) beyond end of range (1): 5-1'],
  ['1-2-3 * * * *', 'Too many hyphens: 1-2-3'], ['@often', 'Unrecognized descriptor: @often'],
])('%s is none', (text, problem) => {
  expect(parseSchedule(text)).toBe(problem);
});

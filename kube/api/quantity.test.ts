import { expect, test } from 'vitest';
import { canonicalQuantity, milliValue, parseQuantity, wholeValue } from './quantity.ts';

test.each([
  ['0', '0'], ['1000m', '1'], ['0.5', '500m'], ['1.5', '1500m'], ['100m', '100m'], ['1.5Gi', '1536Mi'], ['1024Ki', '1Mi'], ['2700500Ki', '2700500Ki'], ['1000Ki', '1000Ki'], ['512', '512'],
  ['1e3', '1e3'], ['1000', '1k'], ['100000000', '100M'], ['.5', '500m'], ['-1', '-1'], ['1Ki', '1Ki'], ['0.1Ki', '102400m'], ['1n', '1n'], ['0.1n', '1n'], ['12E', '12E'], ['+5', '5'],
])('writes %s as %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

test('refuses what is none', () => {
  for (const text of ['', 'abc', '1x', '1 Gi', 'Gi', '1.2.3', '--1']) expect(typeof parseQuantity(text), text).toBe('string');
});

test('counts in thousandths and wholes, rounded up', () => {
  expect([milliValue('940m'), milliValue('2'), milliValue('0.0001'), wholeValue('3785940Ki'), wholeValue('100m')]).toEqual([940, 2000, 1, 3_876_802_560, 1]);
});

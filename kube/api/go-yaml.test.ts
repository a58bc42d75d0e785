import { describe, expect, test } from 'vitest';
import { readGoYaml } from './go-yaml.ts';

/** As kubectl 1.20.2 printed them with `create --dry-run=client -o yaml`, or sent them. */
describe('plain scalars', () => {
  test.each<[string, unknown]>([
    ['yes', true], ['y', true], ['on', true], ['N', false], ['Off', false], ['"yes"', 'yes'], ['yEs', 'yEs'],
    ['1', 1], ['010', 8], ['089', 89], ['1_000', 1000], ['0x1F', 31], ['0b11', 3], ['0o7', 7], ['-3', -3], ['1.5', 1.5], ['1e3', 1000],
    ['~', null], ['', null], ['1:30', '1:30'], ['2001-01-01', '2001-01-01'], ['1.2.3.4', '1.2.3.4'], ['10m', '10m'], ['!!str 5', '5'], ['-', [null]],
  ])('%s', (text, value) => expect(readGoYaml(`a: ${text === '-' ? '\n- ' : text}`)).toEqual({ a: value }));

  test('are keys of maps too', () => expect(readGoYaml('{y: 1, 2: b, 1.5: c}')).toEqual({ true: 1, 2: 'b', 1.5: 'c' }));
});

test.each([
  ['a: .inf', 'json: unsupported value: +Inf'],
  ['null: d', 'Unsupported map key of type: %!s(<nil>), key: <nil>, value: "d"'],
  ['a: {{ .Name }}', 'yaml: invalid map key: map[interface {}]interface {}{".Name":interface {}(nil)}'],
  ['a: \u0000', 'yaml: control characters are not allowed'],
  ['a: *b', "yaml: unknown anchor 'b' referenced"],
  [`a: ${'['.repeat(20_000)}`, 'yaml: line 1: exceeded max depth of 10000'],
])('%.30s is refused', (text, problem) => expect(() => readGoYaml(text)).toThrow(problem));

test('an alias may be used often, but not by aliases of aliases', () => {
  expect(readGoYaml(`a: &a {x: z}\nb: [${Array(300).fill('*a').join(', ')}]`)).toHaveProperty('b.299.x', 'z');
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...[...'bcdefghij'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]`)].join('\n');
  expect(() => readGoYaml(bomb)).toThrow('yaml: document contains excessive aliasing');
});

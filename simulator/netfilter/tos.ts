/** Names of type-of-service and DSCP values (tos_values.c, dscp_helper.c). */
import { ParameterProblem, unsigned, type OptionUse } from './extension.ts';

export const TOS_NAMES: readonly (readonly [string, number])[] = [['Minimize-Delay', 0x10], ['Maximize-Throughput', 0x08], ['Maximize-Reliability', 0x04], ['Minimize-Cost', 0x02], ['Normal-Service', 0]];

/** `0x10`, `0x10/0x3f`, `Minimize-Delay`. */
export function tosValue(extension: string, use: OptionUse): { value: number; mask: number } {
  const text = use.values[0]!;
  const named = TOS_NAMES.filter(([name]) => name.toLowerCase().startsWith(text.toLowerCase()));
  if (/^[A-Za-z]/.test(text)) {
    if (named.length === 0) throw new ParameterProblem(`Symbolic name "${text}" is unknown`);
    if (named.length > 1) throw new ParameterProblem(`Symbolic name "${text}" is ambiguous`);
    return { value: named[0]![1], mask: 0x3f };
  }
  const [low = '', high] = text.split('/');
  const value = unsigned(low, 0, 255);
  const mask = high === undefined ? 0xff : unsigned(high, 0, 255);
  if (value === undefined || mask === undefined) throw new ParameterProblem(`${extension}: bad value for option "--${use.name}", or out of range (0-255).\n`);
  return { value, mask };
}

const CLASSES: ReadonlyMap<string, number> = new Map([
  ['CS0', 0], ['CS1', 8], ['CS2', 16], ['CS3', 24], ['CS4', 32], ['CS5', 40], ['CS6', 48], ['CS7', 56], ['BE', 0], ['AF11', 10], ['AF12', 12], ['AF13', 14], ['AF21', 18], ['AF22', 20], ['AF23', 22],
  ['AF31', 26], ['AF32', 28], ['AF33', 30], ['AF41', 34], ['AF42', 36], ['AF43', 38], ['EF', 46],
]);

export function dscpClass(text: string): number {
  const value = CLASSES.get(text.toUpperCase());
  if (value === undefined) throw new ParameterProblem(`Invalid DSCP value \`${text}'`);
  return value;
}

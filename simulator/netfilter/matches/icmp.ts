/** -m icmp and -m icmp6 (libipt_icmp.c, libip6t_icmp6.c, libxt_icmp.h). */
import { ParameterProblem, type MatchExtension, type OptionSpec } from '../extension.ts';

export interface IcmpMatch { kind: 'icmp' | 'icmp6'; negate: boolean; type: number; code: [number, number] }
type Row = readonly [name: string, type: number, from: number, to: number];

const ICMP: readonly Row[] = [
  ['any', 0xff, 0, 0xff], ['echo-reply', 0, 0, 0xff], ['pong', 0, 0, 0xff], ['destination-unreachable', 3, 0, 0xff], ['network-unreachable', 3, 0, 0], ['host-unreachable', 3, 1, 1],
  ['protocol-unreachable', 3, 2, 2], ['port-unreachable', 3, 3, 3], ['fragmentation-needed', 3, 4, 4], ['source-route-failed', 3, 5, 5], ['network-unknown', 3, 6, 6], ['host-unknown', 3, 7, 7],
  ['network-prohibited', 3, 9, 9], ['host-prohibited', 3, 10, 10], ['TOS-network-unreachable', 3, 11, 11], ['TOS-host-unreachable', 3, 12, 12], ['communication-prohibited', 3, 13, 13],
  ['host-precedence-violation', 3, 14, 14], ['precedence-cutoff', 3, 15, 15], ['source-quench', 4, 0, 0xff], ['redirect', 5, 0, 0xff], ['network-redirect', 5, 0, 0], ['host-redirect', 5, 1, 1],
  ['TOS-network-redirect', 5, 2, 2], ['TOS-host-redirect', 5, 3, 3], ['echo-request', 8, 0, 0xff], ['ping', 8, 0, 0xff], ['router-advertisement', 9, 0, 0xff], ['router-solicitation', 10, 0, 0xff],
  ['time-exceeded', 11, 0, 0xff], ['ttl-exceeded', 11, 0, 0xff], ['ttl-zero-during-transit', 11, 0, 0], ['ttl-zero-during-reassembly', 11, 1, 1], ['parameter-problem', 12, 0, 0xff],
  ['ip-header-bad', 12, 0, 0], ['required-option-missing', 12, 1, 1], ['timestamp-request', 13, 0, 0xff], ['timestamp-reply', 14, 0, 0xff], ['address-mask-request', 17, 0, 0xff], ['address-mask-reply', 18, 0, 0xff],
];
const ICMP6: readonly Row[] = [
  ['destination-unreachable', 1, 0, 0xff], ['no-route', 1, 0, 0], ['communication-prohibited', 1, 1, 1], ['beyond-scope', 1, 2, 2], ['address-unreachable', 1, 3, 3], ['port-unreachable', 1, 4, 4],
  ['failed-policy', 1, 5, 5], ['reject-route', 1, 6, 6], ['packet-too-big', 2, 0, 0xff], ['time-exceeded', 3, 0, 0xff], ['ttl-exceeded', 3, 0, 0xff], ['ttl-zero-during-transit', 3, 0, 0],
  ['ttl-zero-during-reassembly', 3, 1, 1], ['parameter-problem', 4, 0, 0xff], ['bad-header', 4, 0, 0], ['unknown-header-type', 4, 1, 1], ['unknown-option', 4, 2, 2], ['echo-request', 128, 0, 0xff],
  ['ping', 128, 0, 0xff], ['echo-reply', 129, 0, 0xff], ['pong', 129, 0, 0xff], ['mld-listener-query', 130, 0, 0xff], ['mld-listener-report', 131, 0, 0xff], ['mld-listener-done', 132, 0, 0xff],
  ['mld-listener-reduction', 132, 0, 0xff], ['router-solicitation', 133, 0, 0xff], ['router-advertisement', 134, 0, 0xff], ['neighbour-solicitation', 135, 0, 0xff], ['neighbor-solicitation', 135, 0, 0xff],
  ['neighbour-advertisement', 136, 0, 0xff], ['neighbor-advertisement', 136, 0, 0xff], ['redirect', 137, 0, 0xff],
];

function icmpExtension(kind: IcmpMatch['kind'], rows: readonly Row[], option: string, protocol: number, label: string): MatchExtension<IcmpMatch> {
  const options: readonly OptionSpec[] = [{ name: option, words: 1, invertible: true }];
  return {
    name: kind,
    options,
    needsProtocol: protocol,
    parse(uses) {
      const use = uses.at(-1);
      if (use === undefined) throw new ParameterProblem(`${kind}: option "--${option}" must be specified\n`);
      if (uses.length > 1) throw new ParameterProblem(`${kind}: option "--${option}" can only be used once.\n`);
      const text = use.values[0]!;
      const named = rows.filter(([name]) => name.toLowerCase().startsWith(text.toLowerCase()));
      const exact = named.find(([name]) => name.toLowerCase() === text.toLowerCase());
      if (exact === undefined && named.length > 1) throw new ParameterProblem(`Ambiguous ${label} type \`${text}': \`${named[0]![0]}' or \`${named[1]![0]}'?`);
      const row = exact ?? named[0];
      if (row !== undefined) return { kind, negate: use.negate, type: row[1], code: [row[2], row[3]] };
      const numbers = /^(\d+)(?:\/(\d+))?$/.exec(text);
      const type = Number(numbers?.[1]);
      const code = numbers?.[2] === undefined ? undefined : Number(numbers[2]);
      if (numbers === null || type > 255) throw new ParameterProblem(`Unknown ${label} type \`${text}'`);
      if (code !== undefined && code > 255) throw new ParameterProblem(`Unknown ${label} code \`${text}'`);
      return { kind, negate: use.negate, type, code: code === undefined ? [0, 0xff] : [code, code] };
    },
    save({ negate, type, code }) {
      const what = kind === 'icmp' && type === 0xff ? 'any' : code[0] === 0 && code[1] === 0xff ? String(type) : `${type}/${code[0]}`;
      return `${negate ? ' !' : ''} --${option} ${what}`;
    },
    list({ negate, type, code }, { numeric }) {
      const not = negate ? '!' : '';
      const row = numeric ? undefined : rows.find((one) => one[1] === type && one[2] === code[0] && one[3] === code[1]);
      const head = kind === 'icmp' ? ' icmp' : ' ipv6-icmp';
      if (row !== undefined) return `${head} ${not}${row[0]}`;
      const text = `${negate ? `${head} !` : head}type ${type}`;
      if (code[0] === code[1]) return `${text} code ${code[0]}`;
      return code[0] === 0 && code[1] === 0xff ? text : `${text} codes ${code[0]}-${code[1]}`;
    },
    evaluate({ negate, type, code }, { frame, transportAt, end }) {
      if (transportAt < 0 || transportAt + 4 > end) return false;
      const isAny = kind === 'icmp' && type === 0xff;
      const found = frame[transportAt + 1]!;
      return (isAny || (frame[transportAt]! === type && found >= code[0] && found <= code[1])) !== negate;
    },
  };
}

export const icmp = icmpExtension('icmp', ICMP, 'icmp-type', 1, 'ICMP');
export const icmp6 = icmpExtension('icmp6', ICMP6, 'icmpv6-type', 58, 'ICMPv6');

/** Spanning tree (print-stp.c): configuration, rapid and topology change messages. */
import { bitNames, hex4, type Dissection } from './dissection.ts';

const VERSIONS: Readonly<Record<number, string>> = { 0: '802.1d', 2: '802.1w', 3: '802.1s', 4: '802.1aq' };
const FLAGS = [[0x01, 'Topology change'], [0x02, 'Proposal'], [0x10, 'Learn'], [0x20, 'Forward'], [0x40, 'Agreement'], [0x80, 'Topology change ACK']] as const;
const ROLES = ['Unknown', 'Alternate', 'Root', 'Designated'];

export function printStp(out: Dissection, at: number, length: number): void {
  out.protocol = 'stp';
  if (length < 4) return out.invalid();
  if (out.u16(at) !== 0) {
    out.print(`unknown STP version, length ${length}`);
    return;
  }
  const version = out.u8(at + 2);
  const versionName = VERSIONS[version];
  out.print(`STP ${versionName ?? `Unknown STP protocol (0x${version.toString(16).padStart(2, '0')})`}`);
  if (versionName === undefined) return;
  const type = out.u8(at + 3);
  if (type === 0x80) {
    out.print(', Topology Change');
  } else if (type === 0 || (type === 2 && version === 2)) {
    out.print(type === 0 ? ', Config' : ', Rapid STP');
    if (length < (type === 0 ? 35 : 36)) return out.invalid();
    printConfig(out, at, length, version);
  } else if (type === 2) {
    out.print(', Rapid STP');
  } else {
    out.print(`, Unknown BPDU Type (0x${type.toString(16).padStart(2, '0')})`);
  }
}

function printConfig(out: Dissection, at: number, length: number, version: number): void {
  const flags = out.u8(at + 4);
  out.print(`, Flags [${bitNames(FLAGS, 'none', flags)}]`);
  out.print(`, bridge-id ${bridgeId(out, at + 17)}.${hex4(out.u16(at + 25))}, length ${length}`);
  if (out.verbosity === 0) return;
  const seconds = (field: number): string => `${(out.u16(at + field) / 256).toFixed(2)}s`;
  out.print(`\n\tmessage-age ${seconds(27)}, max-age ${seconds(29)}, hello-time ${seconds(31)}, forwarding-delay ${seconds(33)}`);
  out.print(`\n\troot-id ${bridgeId(out, at + 5)}, root-pathcost ${out.u32(at + 13)}`);
  if (version === 2) out.print(`, port-role ${ROLES[(flags >> 2) & 3]!}`);
}

function bridgeId(out: Dissection, at: number): string {
  const bytes = Array.from({ length: 6 }, (_, index) => out.u8(at + 2 + index).toString(16).padStart(2, '0'));
  return `${hex4(out.u16(at))}.${bytes.join(':')}`;
}

/** -m owner (libxt_owner.c): who sent it. Group ids are not known to the packet: a group rule matches the root group for root's packets only. */
import { bang, optionsOf, ParameterProblem, unsigned, type MatchExtension, type OptionSpec } from '../extension.ts';

interface IdRange { negate: boolean; from: number; to: number }
export interface OwnerMatch { kind: 'owner'; uid?: IdRange; gid?: IdRange; socket?: { negate: boolean } }
const options: readonly OptionSpec[] = [
  { name: 'uid-owner', words: 1, invertible: true }, { name: 'gid-owner', words: 1, invertible: true }, { name: 'socket-exists', words: 0, invertible: true }, { name: 'suppl-groups', words: 0 },
];

function parseIds(option: string, text: string, lookUp: (name: string) => number | undefined): { from: number; to: number } {
  const named = lookUp(text);
  if (named !== undefined) return { from: named, to: named };
  const [low = '', high] = text.split('-');
  const from = unsigned(low);
  const to = high === undefined ? from : unsigned(high);
  if (from === undefined || to === undefined) throw new ParameterProblem(`owner: Bad value for "--${option}" option: "${text}"`);
  return { from, to };
}

export const owner: MatchExtension<OwnerMatch> = {
  name: 'owner',
  options,
  hooks: ['OUTPUT', 'POSTROUTING'],
  parse(uses, { names }) {
    const found = optionsOf('owner', uses, options);
    const record: OwnerMatch = { kind: 'owner' };
    const uid = found.get('uid-owner');
    const gid = found.get('gid-owner');
    const socket = found.get('socket-exists');
    if (uid !== undefined) record.uid = { negate: uid.negate, ...parseIds('uid-owner', uid.values[0]!, names.userNumber) };
    if (gid !== undefined) record.gid = { negate: gid.negate, ...parseIds('gid-owner', gid.values[0]!, names.groupNumber) };
    if (socket !== undefined) record.socket = { negate: socket.negate };
    if (uid === undefined && gid === undefined && socket === undefined) throw new ParameterProblem('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required');
    return record;
  },
  save({ uid, gid, socket }) {
    const one = (option: string, ids: IdRange | undefined): string => (ids === undefined ? '' : `${bang(ids.negate)} --${option} ${ids.from === ids.to ? ids.from : `${ids.from}-${ids.to}`}`);
    return `${socket === undefined ? '' : `${bang(socket.negate)} --socket-exists`}${one('uid-owner', uid)}${one('gid-owner', gid)}`;
  },
  list({ uid, gid, socket }, { numeric, names }) {
    const one = (label: string, ids: IdRange | undefined, nameOf: (id: number) => string | undefined): string => {
      if (ids === undefined) return '';
      const what = ids.from === ids.to ? ((numeric ? undefined : nameOf(ids.from)) ?? String(ids.from)) : `${ids.from}-${ids.to}`;
      return `${bang(ids.negate)} owner ${label} match ${what}`;
    };
    return `${socket === undefined ? '' : `${bang(socket.negate)} owner socket exists`}${one('UID', uid, names.userName)}${one('GID', gid, names.groupName)}`;
  },
  evaluate({ uid, gid, socket }, { packet }) {
    if (socket !== undefined && (packet.socketId !== 0 && packet.uid >= 0) === socket.negate) return false;
    if (uid !== undefined && (packet.uid < 0 || (packet.uid >= uid.from && packet.uid <= uid.to) === uid.negate)) return false;
    return gid === undefined || (packet.uid >= 0 && (packet.uid >= gid.from && packet.uid <= gid.to) !== gid.negate);
  },
};

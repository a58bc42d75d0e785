/** A device by name, and what is true of it. See ip-link(8) for the words. */
import { z } from 'zod';
import type { LinkView } from '../../contracts/observer.ts';
import type { Evidence } from '../../contracts/report.ts';
import { defineCheck, fail, type JudgeCall, pass } from '../define.ts';

const spec = z.strictObject({
  at: z.string(),
  name: z.string(),
  /** bridge, veth, tap, tun, loopback, ether ... */
  type: z.string().optional(),
  /** Switched on (IFF_UP); never the operational state, which depends on the far end. */
  up: z.boolean().optional(),
  carrier: z.boolean().optional(),
  /** The name of the other end of a veth, wherever it is. */
  peer: z.string().optional(),
  state: z.string().optional(),
  /** True when there must be no such device here. */
  absent: z.boolean().optional(),
});

export const link = defineCheck({
  kind: 'link',
  summary: 'a device exists at a place, of a type, switched on, with a carrier, wired to a peer',
  spec,
  places: ({ at }) => [at],
  async judge(wanted, call) {
    const { at, name } = wanted;
    const { look } = call;
    const where = look.title(at);
    const expected = describe(wanted, where);
    const link = (await look.links(at)).find((each) => each.name === name);
    const see: Evidence[] = [{ kind: 'link', label: name, place: look.place(at) }];
    if (wanted.absent === true) {
      return link === undefined
        ? pass(expected)
        : fail({ expected, found: `${name} is in ${where}`, because: `${name} is still in ${where}.`, layer: 'link', see, values: { name, state: link.operstate, where } });
    }
    if (link === undefined) {
      const other = await elsewhere(call, at, name);
      return fail({
        expected,
        found: other === null ? `there is no ${name}` : `${name} is in ${other}`,
        because: other === null ? `There is no ${name} in ${where} yet.` : `${name} is in ${other}, not in ${where}.`,
        layer: 'link',
        values: { name, state: 'missing', where: other ?? 'nowhere' },
      });
    }
    const wrong = (await firstDifference(wanted, link, call)) ?? null;
    const values = { name, state: link.operstate, kind: link.kind, where };
    if (wrong === null) return pass(expected, expected, { see, values });
    return fail({ expected, found: wrong.found, because: wrong.because, layer: 'link', see, values });
  },
});

function describe({ name, type, up, carrier, peer, state, absent }: z.infer<typeof spec>, where: string): string {
  if (absent === true) return `no ${name} in ${where}`;
  const parts = [
    type === undefined ? '' : `a ${type}`,
    up === undefined ? '' : up ? 'switched on' : 'switched off',
    carrier === undefined ? '' : carrier ? 'with a carrier' : 'without a carrier',
    peer === undefined ? '' : `the other end of ${peer}`,
    state === undefined ? '' : `state ${state}`,
  ].filter((part) => part !== '');
  return `${name} in ${where}${parts.length === 0 ? '' : `, ${parts.join(', ')}`}`;
}

async function firstDifference(wanted: z.infer<typeof spec>, link: LinkView, call: JudgeCall): Promise<{ found: string; because: string } | undefined> {
  const { name } = link;
  if (wanted.type !== undefined && link.kind !== wanted.type) {
    return { found: `${name} is a ${link.kind}`, because: `${name} is a ${link.kind} device, not a ${wanted.type}.` };
  }
  if (wanted.up !== undefined && link.isUp !== wanted.up) {
    const now = link.isUp ? 'switched on' : 'switched off';
    return { found: `${name} is ${now}`, because: `${name} is ${now}.` };
  }
  if (wanted.carrier !== undefined && link.hasCarrier !== wanted.carrier) {
    return link.hasCarrier
      ? { found: `${name} has a carrier`, because: `${name} senses a live far end.` }
      : { found: `${name} has no carrier`, because: `${name} senses nothing at its far end.` };
  }
  if (wanted.state !== undefined && link.operstate !== wanted.state) {
    return { found: `${name} is ${link.operstate}`, because: `${name} reports ${link.operstate}, not ${wanted.state}.` };
  }
  if (wanted.peer !== undefined && !(await isPeer(link, wanted.peer, call))) {
    const other = link.peer === null ? 'wired to nothing' : `wired to ${link.peer.name ?? `device ${link.peer.index}`}`;
    return { found: `${name} is ${other}`, because: `${name} is ${other}, not to ${wanted.peer}.` };
  }
  return undefined;
}

/** By name where both ends are in one namespace, else by the pair of indices that point at each other. */
async function isPeer(link: LinkView, peerName: string, { look }: JudgeCall): Promise<boolean> {
  if (link.peer === null) return false;
  if (link.peer.name !== null) return link.peer.name === peerName;
  for (const at of Object.keys(look.places)) {
    const other = (await look.links(at)).find((each) => each.name === peerName && each.index === link.peer?.index);
    if (other?.peer?.index === link.index) return true;
  }
  return false;
}

async function elsewhere({ look }: JudgeCall, at: string, name: string): Promise<string | null> {
  for (const other of Object.keys(look.places)) {
    if (other !== at && (await look.links(other)).some((each) => each.name === name)) return look.title(other);
  }
  return null;
}

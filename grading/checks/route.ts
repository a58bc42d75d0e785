/** An entry of the main routing table. See ip-route(8). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const route = defineCheck({
  kind: 'route',
  summary: 'a place has a route to a destination, by a gateway or a device',
  spec: z.strictObject({
    at: z.string(),
    /** default, or address/prefix. */
    to: z.string(),
    via: z.string().optional(),
    dev: z.string().optional(),
    absent: z.boolean().optional(),
  }),
  places: ({ at }) => [at],
  async judge({ at, to, via, dev, absent = false }, { look }) {
    const expected = `${absent ? 'no ' : 'a '}route in ${look.title(at)}: ${to}${via === undefined ? '' : ` via ${via}`}${dev === undefined ? '' : ` dev ${dev}`}`;
    const routes = (await look.routes(at)).filter((each) => each.destination === to && (each.table === 'main' || each.table === ''));
    const match = routes.find((each) => (via === undefined || each.gateway === via) && (dev === undefined || each.device === dev));
    const see = [{ kind: 'route' as const, label: to, place: look.place(at) }];
    if ((match !== undefined) !== absent) return pass(expected, expected, { see });
    const other = routes[0];
    const found = other === undefined ? `${look.title(at)} has no route to ${to}`
      : `${to}${other.gateway === null ? '' : ` via ${other.gateway}`} dev ${other.device ?? 'none'}`;
    const because = absent ? `${look.title(at)} still has that route.`
      : other === undefined ? `${look.title(at)} knows no way to ${to === 'default' ? 'addresses outside its own networks' : to}.`
      : `The route to ${to} takes another way: ${found}.`;
    return fail({ expected, found, because, layer: 'route', see });
  },
});

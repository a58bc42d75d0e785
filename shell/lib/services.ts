/** Port names from /etc/services, and the few protocol numbers tools print. Read first: services(5), getservent(3). */
import type { Sys } from '../../machine/sys.ts';

export interface Services {
  /** `http-alt` for 8080 over tcp, undefined when nobody knows. */
  name(port: number, protocol: 'tcp' | 'udp'): string | undefined;
  port(name: string, protocol: 'tcp' | 'udp'): number | undefined;
}

export async function readServices(sys: Pick<Sys, 'readText'>): Promise<Services> {
  const text = await sys.readText('/etc/services');
  return parseServices(text.ok ? text.value : '');
}

export function parseServices(text: string): Services {
  const names = new Map<string, string>();
  const ports = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name, portAndProtocol = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const [port, protocol] = portAndProtocol.split('/');
    if (name === undefined || name === '' || port === undefined || protocol === undefined) continue;
    if (!names.has(`${port}/${protocol}`)) names.set(`${port}/${protocol}`, name);
    for (const each of [name, ...aliases]) if (!ports.has(`${each}/${protocol}`)) ports.set(`${each}/${protocol}`, Number(port));
  }
  return {
    name: (port, protocol) => names.get(`${port}/${protocol}`),
    port: (name, protocol) => ports.get(`${name}/${protocol}`),
  };
}

/** Redirections to /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT, which bash opens itself. Read first: bash(1) "REDIRECTION", lib/sh/netopen.c */
import { errnoText } from '../../machine/errno.ts';
import { resolveHost } from '../lib/resolve.ts';
import { readServices } from '../lib/services.ts';
import type { Shell } from './shell.ts';

/** The descriptor, or what the redirection's error says; what is wrong with the name or the connection is told first. */
export async function openNetwork(shell: Shell, path: string, protocol: 'tcp' | 'udp', host: string, service: string): Promise<number | string> {
  const { sys } = shell;
  // getaddrinfo(3) keeps the lower 16 bits of a number.
  const port = /^\d+$/.test(service) ? Number(service) & 0xffff : (await readServices(sys)).port(service, protocol);
  const found = port === undefined ? undefined : await resolveHost(sys, host);
  if (port === undefined || found?.ok !== true) {
    await shell.error(found === undefined ? `${service}: Servname not supported for ai_socktype` : `${host}: ${found.ok ? '' : found.error}`);
    return `${path}: ${errnoText('EINVAL')}`;
  }
  let failure = 'ENOENT' as Parameters<typeof errnoText>[0];
  for (const { address, family } of found.addresses) {
    const opened = sys.net.sockets.open({ type: protocol, family });
    const connected = opened.ok ? await sys.net.sockets.connect(opened.value, { address, port }) : opened;
    if (opened.ok && connected.ok) {
      const descriptor = sys.socketDescriptor(opened.value);
      return descriptor.ok ? descriptor.value : `${path}: ${errnoText(descriptor.error)}`;
    }
    if (opened.ok) sys.net.sockets.close(opened.value);
    if (!connected.ok) failure = connected.error;
  }
  await shell.write(2, `${shell.programName}: connect: ${errnoText(failure)}\n`);
  return `${path}: ${errnoText(failure)}`;
}

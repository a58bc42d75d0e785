/**
 * The pages, served under app://podwire/ from the build's own folder and from nowhere else.
 * https://www.electronjs.org/docs/latest/api/protocol#protocolhandlescheme-handler
 * https://www.electronjs.org/docs/latest/tutorial/security#18-avoid-usage-of-the-file-protocol-and-prefer-usage-of-custom-protocols
 */
import { readFile } from 'node:fs/promises';
import type { Protocol } from 'electron';
import { pageFile, pageHeaders } from '../host/pages.ts';

const scheme = 'app';
export const pageOrigin = `${scheme}://podwire`;
export const firstPage = `${pageOrigin}/index.html`;

/** Must be told to Electron before it is ready. */
export const pagePrivileges = { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } } as const;

export function servePages(protocol: Protocol, folder: string): void {
  protocol.handle(scheme, async (request) => {
    const { host, pathname } = new URL(request.url);
    const file = request.method === 'GET' && host === 'podwire' ? pageFile(folder, pathname) : undefined;
    if (file === undefined) return new Response('There is no such page.\n', { status: 404 });
    return new Response(new Uint8Array(await readFile(file)), { headers: pageHeaders(file) });
  });
}

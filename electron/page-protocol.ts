/**
 * The pages, served under app://podwire/ from the build's own folder and from nowhere else.
 * https://www.electronjs.org/docs/latest/api/protocol#protocolhandlescheme-handler
 * https://www.electronjs.org/docs/latest/tutorial/security#18-avoid-usage-of-the-file-protocol-and-prefer-usage-of-custom-protocols
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { Protocol } from 'electron';

export const pageScheme = 'app';
export const pageOrigin = `${pageScheme}://podwire`;
export const firstPage = `${pageOrigin}/index.html`;

/** Must be told to Electron before it is ready. */
export const pagePrivileges = {
  scheme: pageScheme,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
} as const;

/**
 * No origin but the page's own. 'wasm-unsafe-eval' compiles jq in the worker; inline styles are xterm's and Svelte's
 * (style attributes carry sizes and colours), and a style can run nothing.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json'],
  ['.map', 'application/json'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
  ['.wasm', 'application/wasm'],
]);

/** The file a page address names, or undefined when it names something outside the folder. */
export function pageFile(folder: string, address: string): string | undefined {
  let url: URL;
  let name: string;
  try {
    url = new URL(address);
    name = decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
  if (url.protocol !== `${pageScheme}:` || url.host !== 'podwire' || name.includes('\0') || name.includes('\\')) return undefined;
  const root = normalize(folder);
  const path = normalize(join(root, name === '/' ? 'index.html' : name));
  return path.startsWith(root + sep) ? path : undefined;
}

export function servePages(protocol: Protocol, folder: string): void {
  protocol.handle(pageScheme, async (request) => {
    const path = request.method === 'GET' ? pageFile(folder, request.url) : undefined;
    const mediaType = path === undefined ? undefined : mediaTypes.get(extname(path));
    if (path === undefined || mediaType === undefined) return new Response('not found', { status: 404 });
    try {
      return new Response(new Uint8Array(await readFile(path)), {
        headers: {
          'content-type': mediaType,
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-cache',
        },
      });
    } catch {
      return new Response('not found', { status: 404 });
    }
  });
}

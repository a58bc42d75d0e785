/**
 * What runs in containers: the sandbox's pause, and the servers of the course. Read first: github.com/GoogleCloudPlatform/kubernetes-engine-samples hello-app/main.go;
 * kubernetes build/pause/pause.c
 */
import type { Program, Sys } from '../../../machine/sys.ts';
import { fromUtf8, utf8 } from '../../../simulator/bytes.ts';
import { logPrefix } from './civil.ts';
import { serveHttp, type HttpHandler } from './http.ts';

/** Holds the pod's namespaces until it is told to end. */
export const pause: Program = async (sys) => {
  for (const signal of ['INT', 'TERM'] as const) sys.onSignal(signal, () => sys.exit(0));
  sys.onSignal('CHLD', () => {});
  for (;;) await sys.pause();
};

/** A Go program without handlers of its own: as process 1 it ends with status 2 at SIGINT or SIGTERM (runtime.dieFromSignal). */
export function goProgram(run: (sys: Sys) => Promise<number>): Program {
  return async (sys) => {
    for (const signal of ['INT', 'TERM', 'HUP', 'QUIT'] as const) sys.onSignal(signal, () => sys.exit(2));
    return run(sys);
  };
}

async function logLine(sys: Sys, text: string): Promise<void> {
  await sys.write(2, utf8(`${logPrefix(sys.now())}${text}\n`));
}

function goServer(defaultPort: number, make: (sys: Sys) => HttpHandler): Program {
  return goProgram(async (sys) => {
    const port = Number(sys.env.get('PORT') ?? defaultPort);
    const listener = { port, handler: make(sys) };
    await logLine(sys, `Server listening on port ${port}`);
    let refused = '';
    const stop = (): readonly [] | readonly [typeof listener] => (refused === '' ? [listener] : []);
    return serveHttp(sys, {
      listeners: stop,
      onRefused: (_listener, error) => {
        refused = error;
        sys.exit(1);
      },
    });
  });
}

export function helloApp(version: string): Program {
  return goServer(8080, (sys) => async ({ path }) => {
    await logLine(sys, `Serving request: ${path}`);
    return { body: `Hello, world!\nVersion: ${version}\nHostname: ${sys.hostname}\n` };
  });
}

/** Tells the client what it asked and from where. */
export const echoServer: Program = goServer(8080, (sys) => ({ method, path, query, headers, body }, from) => {
  const lines = [
    `Hostname: ${sys.hostname}`, '', 'Request Information:', `\tclient_address=${from.replace('::ffff:', '')}`, `\tmethod=${method}`, `\treal path=${path}${query === '' ? '' : `?${query}`}`, '',
    'Request Headers:', ...[...headers].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, value]) => `\t${name}=${value}`), '', 'Request Body:', body.length === 0 ? '\t-no body in request-' : fromUtf8(body), '',
  ];
  return { body: lines.join('\n') };
});

/** What an ingress answers where no rule matches (ingress-gce, cmd/404-server). */
export const defaultBackend: Program = goServer(8080, () => ({ path }) => (path === '/healthz' ? { body: 'ok' } : { status: 404, body: 'default backend - 404' }));

const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

/** nginx's way with signals is a handler that ends at once; what it serves is its welcome page, or a file of its root. */
export const nginx: Program = async (sys) => {
  for (const signal of ['TERM', 'INT', 'QUIT'] as const) sys.onSignal(signal, () => sys.exit(0));
  const page = async (path: string): Promise<{ status?: number; headers: Record<string, string>; body: string }> => {
    const headers = { Server: 'nginx/1.25.5', 'Content-Type': 'text/html' };
    const file = await sys.readText(`/usr/share/nginx/html${path === '/' ? '/index.html' : path}`);
    if (file.ok) return { headers, body: file.value };
    if (path === '/' || path === '/index.html') return { headers, body: WELCOME };
    return { status: 404, headers, body: '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.25.5</center>\r\n</body>\r\n</html>\r\n' };
  };
  const listener = {
    port: 80,
    handler: async ({ method, path, headers }: Parameters<HttpHandler>[0], from: string) => {
      const answer = await page(path);
      await sys.write(1, utf8(`${from} - - [${logPrefix(sys.now()).trim()}] "${method} ${path} HTTP/1.1" ${answer.status ?? 200} ${answer.body.length} "-" "${headers.get('user-agent') ?? '-'}" "-"\n`));
      return answer;
    },
  };
  return serveHttp(sys, { family: 'inet', listeners: () => [listener], onRefused: () => sys.exit(1) });
};

/** The metadata agent and its like: there, and at rest. */
export const resident: Program = goProgram(async (sys) => {
  for (;;) await sys.pause();
});

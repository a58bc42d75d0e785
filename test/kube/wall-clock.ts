/** A cluster on the wall's time behind a loopback port, for programs that are not ours; its pods answer as scripted here. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, type ApiListener } from '../../host/apiserver/server.ts';
import { createApiServer, type ApiServer, type ApiServerConfig } from '../../kube/apiserver/server.ts';
import type { PodStreams } from '../../kube/pod-streams.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * A pod in which `cat` gives back what it reads, `size` says what terminal it has, `exit N` ends with N, and port 80 shouts.
 */
export const scriptedPods: PodStreams = {
  logs(_target, { follow, tailLines }, sink) {
    const lines = ['one\n', 'two\n', 'three\n'];
    for (const line of tailLines === undefined ? lines : lines.slice(-tailLines)) sink.write(bytes(line));
    if (!follow) {
      sink.end();
      return () => undefined;
    }
    const timer = setTimeout(() => {
      sink.write(bytes('four\n'));
      sink.end();
    }, 200);
    return () => { clearTimeout(timer); };
  },
  exec(_target, { command }, output) {
    const [name, ...args] = command;
    if (name === 'cat') {
      return { stdin: (data) => { output.stdout(data); }, endStdin: () => { output.exit({ exitCode: 0 }); }, resize: () => undefined, close: () => undefined };
    }
    if (name === 'size') {
      return { stdin: () => undefined, endStdin: () => undefined, close: () => undefined, resize(columns, rows) {
        output.stdout(bytes(`${columns}x${rows}\n`));
        output.exit({ exitCode: 0 });
      } };
    }
    if (name === 'exit') {
      output.stderr(bytes('going\n'));
      output.exit({ exitCode: Number(args[0]) });
    } else output.exit({ message: `exec: "${name}": executable file not found in $PATH: unknown` });
    return { stdin: () => undefined, endStdin: () => undefined, resize: () => undefined, close: () => undefined };
  },
  attach: (target, options, output) => scriptedPods.exec(target, { ...options, command: ['cat'] }, output),
  portForward(_target, port, output) {
    if (port !== 80) output.end(`dial tcp4 127.0.0.1:${port}: connect: connection refused`);
    return {
      data: (data) => { output.data(bytes(new TextDecoder().decode(data).toUpperCase())); },
      end: () => { output.end(); },
      close: () => undefined,
    };
  },
};

export interface ServedCluster {
  readonly server: ApiServer;
  readonly listener: ApiListener;
  readonly kubeconfig: string;
}

export async function serveCluster(config: Partial<ApiServerConfig> = {}): Promise<ServedCluster> {
  const server = createApiServer({
    runtime: {
      nowMs: () => Date.now(),
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs);
        return () => { clearTimeout(timer); };
      },
      dice: { below: (limit) => randomInt(Math.max(1, limit)), bytes: (length) => new Uint8Array(randomBytes(length)) },
    },
    streams: scriptedPods, ...config,
  });
  const listener = await listen((request) => server.handle(request), 0);
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'podwire-test-')), 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'c', cluster: { server: listener.url } }], contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }], 'current-context': 'c',
  }));
  return { server, listener, kubeconfig };
}

/** `podwire serve`: the application in a browser, on a loopback port. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createHost } from '../host/host.ts';
import { AlreadyRunning, noteAddress } from '../host/instance-lock.ts';
import { dataDir, productDir } from '../host/paths.ts';
import { serve as serveHost } from '../host/server.ts';
import type { CliCommand } from './command.ts';

export const serve: CliCommand = {
  name: 'serve',
  usage: 'serve [--port N] [--no-open] [--pack PATH]',
  summary: 'open Podwire in the browser',
  async run(args) {
    const portAt = args.indexOf('--port');
    const port = portAt < 0 ? 0 : Number(args[portAt + 1]);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      process.stderr.write(`podwire: serve: --port wants a number from 0 to 65535, found ${args[portAt + 1] ?? 'nothing'}\n`);
      return 2;
    }
    const packAt = args.indexOf('--pack');
    const pack = packAt < 0 ? undefined : args[packAt + 1];
    if (packAt >= 0 && (pack === undefined || !existsSync(pack))) {
      process.stderr.write(`podwire: serve: --pack wants a course pack or its folder, found ${pack === undefined ? 'nothing' : `no ${pack}`}\n`);
      return 2;
    }
    const product = productDir();
    let host;
    try {
      host = createHost({ userDataDir: dataDir(), coursesDir: join(product, 'courses'), shell: 'browser' });
    } catch (cause) {
      if (!(cause instanceof AlreadyRunning)) throw cause;
      process.stderr.write(`podwire: ${cause.message}\n`);
      if (cause.url !== undefined && !args.includes('--no-open')) openBrowser(cause.url);
      return 1;
    }
    if (pack !== undefined) host.offerPack(resolve(pack));
    const server = await serveHost({ host, pagesDir: join(product, 'dist', 'renderer'), port });
    noteAddress(dataDir(), server.url);
    process.stdout.write(`Podwire is at ${server.url}\nPress Ctrl+C to stop. Your work is saved as you type.\n`);
    if (!args.includes('--no-open')) openBrowser(server.url);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    await server.close();
    host.close();
    return 0;
  },
};

/** Best effort: the address has been printed. */
function openBrowser(url: string): void {
  const [program, ...args] = process.platform === 'darwin' ? ['open', url] : process.platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url];
  const child = spawn(program!, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

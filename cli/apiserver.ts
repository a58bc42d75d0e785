/**
 * `podwire apiserver`: the cluster of a lab, for a real kubectl on a loopback port. The whole lab runs, machines included, at the pace of the
 * wall's clock from where its start has brought it; what it tells of time is the lab's own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../host/apiserver/server.ts';
import { scenarioNamed, scenarios } from '../labs/scenarios/index.ts';
import { SimulatedLab } from '../labs/simulated-lab.ts';
import type { CliCommand } from './command.ts';

/** How often the lab catches up with the wall, and by how much at most: after a stall it goes on, it does not hurry. */
const beatMs = 10;
const mostMs = 250;

export const apiserver: CliCommand = {
  name: 'apiserver',
  usage: 'apiserver [--lab gke] [--port N] [--seed N]',
  summary: "serve a lab's cluster to a real kubectl, on a loopback port",
  async run(args) {
    const unknown = args.find((word, index) => !['--lab', '--port', '--seed'].includes(word) && !['--lab', '--port', '--seed'].includes(args[index - 1] ?? ''));
    if (unknown !== undefined) return refuse(`there is no option ${JSON.stringify(unknown)}`);
    const valueOf = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] ?? '' : undefined);
    const name = valueOf('--lab') ?? 'gke';
    const scenario = scenarioNamed(name);
    const withCluster = scenarios.filter(({ cloud }) => cloud?.cluster.isRunning === true).map(({ id }) => id);
    if (scenario === undefined || !withCluster.includes(name)) return refuse(`the labs with a cluster are ${withCluster.join(', ')}; found ${JSON.stringify(name)}`);
    const port = Number(valueOf('--port') ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return refuse(`--port wants a number from 0 to 65535, found ${valueOf('--port') || 'nothing'}`);
    const seed = Number(valueOf('--seed') ?? 1);
    if (!Number.isInteger(seed)) return refuse(`--seed wants a whole number, found ${valueOf('--seed') || 'nothing'}`);

    const lab = await SimulatedLab.open(scenario, { seed });
    const server = lab.apiServer()!;
    const listener = await listen((request) => server.handle(request), port);
    const folder = mkdtempSync(join(tmpdir(), 'podwire-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigFor(listener.url), { mode: 0o600 });
    process.stdout.write(`${JSON.stringify({ url: listener.url, kubeconfig })}\n`);
    let isOver = false;
    const over = (): void => { isOver = true; };
    process.once('SIGINT', over);
    process.once('SIGTERM', over);
    process.stdin.once('end', over).resume();
    for (let lastMs = performance.now(); !isOver;) {
      await sleep(beatMs);
      const nowMs = performance.now();
      await lab.runUntil(lab.nowUs + Math.round(Math.min(nowMs - lastMs, mostMs) * 1000));
      lastMs = nowMs;
    }
    await listener.close();
    rmSync(folder, { recursive: true, force: true });
    lab.close();
    process.stdin.destroy();
    return 0;
  },
};

function refuse(why: string): number {
  process.stderr.write(`podwire: apiserver: ${why}\n`);
  return 2;
}

/** Without a user: over HTTP kubectl sends no credentials. */
function kubeconfigFor(url: string): string {
  return [
    'apiVersion: v1', 'kind: Config', 'clusters:', '- name: podwire', '  cluster:', `    server: ${url}`, 'contexts:', '- name: podwire', '  context:', '    cluster: podwire',
    '    user: podwire', 'current-context: podwire', 'preferences: {}', 'users:', '- name: podwire', '  user: {}', '',
  ].join('\n');
}

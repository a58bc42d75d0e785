/** The same input log, watched at 1x in a browser whose worker stalls at random, and played flat out here: equal bytes, equal states. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { decodeLog } from '../../labs/log.ts';
import { replayLog } from '../../labs/replay.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';
import { readCourse } from '../../host/course-files.ts';
import { Learner, openWorld, type World } from './learner.ts';

const LESSON = 'u1-software-switch';

describeInChromium('determinism', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); });
  afterAll(() => world?.close());

  test('pipelines, jq, screen, Ctrl+C in a busy loop, a paste in it', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    // Every byte the lab sends to the terminal, in order.
    await page.addInitScript(() => {
      const bytes: number[] = [];
      const Real = globalThis.Worker;
      globalThis.Worker = class extends Real {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          this.addEventListener('message', ({ data }: MessageEvent<{ type?: string; terminal?: string; bytes?: Uint8Array }>) => {
            if (data?.type === 'data' && data.terminal === 'vm' && data.bytes !== undefined) bytes.push(...data.bytes);
          });
        }
      };
      (globalThis as unknown as { labBytes: number[] }).labBytes = bytes;
    });
    await page.reload();
    await learner.open(LESSON);

    let isStalling = true;
    const stalls = (async () => {
      for (let turn = 0; isStalling; turn++) {
        const worker = page.workers().find((each) => /lab/.test(each.url()));
        await worker?.evaluate((ms) => { const end = performance.now() + ms; while (performance.now() < end); }, [40, 400, 90, 700, 15][turn % 5]!).catch(() => undefined);
        await page.waitForTimeout([130, 30, 310, 75][turn % 4]!).catch(() => { isStalling = false; });
      }
    })();
    await learner.type('seq 40 | grep 3 | sort -r | head -n 4 | tr "\\n" ,');
    await learner.shows(/37,36,35,34,|39,38,37,36,/);
    await learner.type('ip -j link | jq -c "map(.ifname)"');
    await learner.shows(/\["lo",/);
    // It prints nothing, so there is nothing to wait for.
    await page.keyboard.type('while :; do :; done\n');
    await learner.shows(/while :; do :; done$/);
    await page.waitForTimeout(700);
    await page.evaluate(() => navigator.clipboard.writeText('echo pasted=$((20+1))'));
    await page.keyboard.press('Control+Shift+V');
    await page.waitForTimeout(400);
    await learner.press(['ctrl-c']);
    await learner.prompts();
    await learner.type('screen -S inner');
    await learner.prompts();
    await learner.type('echo within=$((5+5))');
    await learner.shows(/within=10/);
    await learner.press(['ctrl-a', 'd']);
    await learner.shows(/detached from/);
    await learner.type('ping -c 2 127.0.0.1');
    await learner.shows(/2 received/);
    isStalling = false;
    await stalls;

    // The last verdict and its hash follow a quarter of a second after the last change.
    const path = join(world.folder, 'logs/gke-networking', `${LESSON}.log`);
    await learner.type('ip link set nothing up');
    await learner.prompts();
    await page.waitForTimeout(1500);
    const watched = Buffer.from(await page.evaluate(() => (globalThis as unknown as { labBytes: number[] }).labBytes));
    const log = readFileSync(path);
    await learner.close();

    const { records } = decodeLog(log);
    const hashes = records.filter(({ kind }) => kind === 'hash');
    expect(hashes.length).toBeGreaterThan(2);
    const played = await replayLog(log, readCourse(join(import.meta.dirname, '../../courses/gke-networking')), simulatorBackend);
    expect(played.isFaithful).toBe(true);
    const flatOut = Buffer.concat(played.shown.get('vm') ?? []);
    // The replay ends with the last record; what the watched lab printed after it has nothing to be compared with.
    expect(flatOut.length).toBeGreaterThan(1000);
    expect(watched.subarray(0, flatOut.length).toString('utf8')).toBe(flatOut.toString('utf8'));
    const tail = watched.subarray(flatOut.length).toString('utf8');
    expect(tail.length, `after the last record: ${JSON.stringify(tail)}`).toBeLessThan(200);
  });
});

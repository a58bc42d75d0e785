/** A cluster in the browser: what a learner does between the first Deployment and a page seen from the internet, typed into two terminals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, until, type World } from './learner.ts';

const SHELL = 'cloudshell';
const OUTSIDE = 'browser';

describeInChromium('a cluster in the browser', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); });
  afterAll(() => world?.close());

  test('a Deployment is exposed, answers from outside, and is met again on its node and after a reload', { timeout: 240_000 }, async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await page.getByRole('link', { name: 'Free play' }).click();
    await page.getByText('A running cluster with three nodes').click();
    await page.getByText('This lab can be made').waitFor();
    await page.getByRole('button', { name: 'Start the lab' }).click();
    await learner.prompts(SHELL, 60_000);
    await learner.type('kubectl create deployment hello-server --image=gcr.io/google-samples/hello-app:1.0', SHELL);
    await learner.shows(/deployment\.apps\/hello-server created/, SHELL);
    await learner.type('kubectl rollout status deploy/hello-server', SHELL);
    await learner.shows(/successfully rolled out/, SHELL, 40_000);
    await learner.type('kubectl expose deployment hello-server --type LoadBalancer --port 80 --target-port 8080', SHELL);
    await learner.shows(/service\/hello-server exposed/, SHELL);
    await learner.prompts(SHELL);
    // A cloud takes its time to build a load balancer; the wait is skipped as a learner would.
    await learner.type("until kubectl get service hello-server -o jsonpath='{.status.loadBalancer.ingress[0].ip}' | grep -q .; do sleep 2; done; kubectl get service hello-server -o jsonpath='LB {.status.loadBalancer.ingress[0].ip}{\"\\n\"}'", SHELL, { isSilent: true });
    await page.getByRole('button', { name: /Skip/ }).click();
    await learner.shows(/LB \d+\.\d+\.\d+\.\d+/, SHELL, 60_000);
    const address = /LB (\d+\.\d+\.\d+\.\d+)/.exec(await learner.text(SHELL))![1]!;
    await learner.type(`for i in 1 2 3; do curl -sS --max-time 5 http://${address}; done`, OUTSIDE);
    await learner.shows(/(?:Hello, world!\nVersion: 1\.0\.0\nHostname: hello-server-\S+\s+){3}/, OUTSIDE, 30_000);
    // The check's port is not forwarded: from outside there is silence.
    await learner.type(`curl -sS --max-time 2 http://${address}:10256/healthz`, OUTSIDE);
    await learner.shows(/curl: \(28\) Connection timed out/, OUTSIDE, 30_000);
    // The same page in the browser: a real request in the lab, seen by whoever listens there.
    await learner.type('sudo tcpdump -ni eth0 -c 1 tcp dst port 80 &', OUTSIDE);
    await learner.shows(/listening on eth0/, OUTSIDE);
    await learner.visit(address);
    await page.getByRole('region', { name: 'Browser' }).getByText('HTTP/1.1 200 OK').waitFor();
    expect(await page.locator('.page .body').innerText()).toMatch(/^Hello, world!\nVersion: 1\.0\.0\nHostname: hello-server-/);
    await learner.shows(new RegExp(`104\\.132\\.154\\.90\\.\\d+ > ${address.replaceAll('.', '\\.')}\\.80: Flags \\[S\\]`), OUTSIDE);
    await page.getByRole('button', { name: "Answer's headers" }).click();
    await page.getByText('text/plain; charset=utf-8').waitFor();
    // From a pod by the Service's name, and into the cloud's closed firewall.
    const pod = await page.getByLabel('From', { exact: true }).locator('option', { hasText: /from hello-server-/ }).getAttribute('value');
    await page.getByLabel('From', { exact: true }).selectOption(pod);
    await learner.visit('http://hello-server/');
    await page.locator('.page .body').getByText('Hello, world!').waitFor();
    await page.getByLabel('From', { exact: true }).selectOption({ label: 'from a laptop outside' });
    await learner.visit(`${address}:10256/healthz`);
    await page.getByText('Connecting…').waitFor();
    for (let skip = 0; skip < 5; skip++) {
      await page.getByRole('button', { name: /Skip/ }).click();
      await page.waitForTimeout(400);
    }
    await page.getByText(`${address} took too long to respond.`).waitFor();
    await page.getByText('ERR_CONNECTION_TIMED_OUT').first().waitFor();
    // Others by names for people.
    await page.getByRole('button', { name: 'Open another terminal' }).click();
    expect((await page.getByRole('menuitem').allInnerTexts()).map((text) => text.trim())).toEqual(['Cloud Shell', 'a laptop outside']);
    await page.keyboard.press('Escape');
    await until('the nodes in the picture', async () => (await page.locator('body').innerText()).includes('node 2jdh'));
    expect(learner.complaints).toEqual([]);
    await page.reload();
    await learner.shows(/Connection timed out/, OUTSIDE, 60_000);
    await until('the lab to have been picked up', async () => (await page.locator('.resumed').allInnerTexts()).length > 0);
    expect(await page.locator('.resumed').innerText()).toMatch(/^Picked up after \d+ events$/);
    // The browser is where it was.
    expect(await page.getByLabel('Address', { exact: true }).inputValue()).toBe(`http://${address}:10256/healthz`);
    // All the while nobody but the application was asked for anything.
    const { host } = new URL(world.served.url);
    expect(learner.requests.filter((each) => new URL(each).host !== host && !each.startsWith('data:') && !each.startsWith('blob:'))).toEqual([]);
    await learner.close();
  });
});

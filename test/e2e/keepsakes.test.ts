/** What a learner takes along and goes back to: captures, recordings, the timeline; and labs without a lesson. */
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, until, type World } from './learner.ts';

const LESSON = 'u0-first-five-minutes';

async function saved(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}
async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

describeInChromium('what a learner keeps', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); });
  afterAll(() => world?.close());

  test('a capture is saved as a pcap file, a session as a cast', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.type('sudo tcpdump -ni eth0 -c 2 icmp & sleep 0.3; ping -c 1 8.8.8.8; wait');
    await learner.shows(/2 packets captured/);
    await page.getByRole('tab', { name: 'Captures', exact: true }).click();
    const capture = await saved(page, () => page.getByRole('button', { name: 'Save the capture on eth0 as a pcap file' }).click());
    expect(capture.name).toBe('host-eth0.pcap');
    expect([capture.bytes.readUInt32LE(0).toString(16), capture.bytes.readUInt32LE(20)]).toEqual(['a1b2c3d4', 1]);
    expect(capture.bytes.length).toBe(24 + 2 * (16 + 98));

    const cast = await saved(page, () => page.getByRole('button', { name: /^Save the session of vm/ }).click());
    expect(cast.name).toBe(`${LESSON}-vm.cast`);
    const [head, ...events] = cast.bytes.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(head).toMatchObject({ version: 2, width: 80, height: 24 });
    expect((events as [number, string, string][]).filter(([, kind]) => kind === 'o').map(([, , data]) => data).join('')).toContain('2 packets captured');
    expect(learner.complaints).toEqual([]);
    await learner.close();
  });

  test.each([['light', LESSON, 'toy0'], ['dark', 'u1-software-switch', 'tap0']] as const)('the timeline says what lines did, and goes back to before one (%s)', async (colorScheme, lesson, device) => {
    const learner = await Learner.enter(world.browser, world.served.url, { colorScheme });
    const { page } = learner;
    await learner.open(lesson);
    await learner.type(`sudo ip link set ${device} up`);
    await learner.prompts();
    await learner.type(`sudo ip address add 10.9.0.1/24 dev ${device}`);
    await learner.prompts();
    await page.getByRole('tab', { name: 'Timeline', exact: true }).click();
    const line = (text: string) => page.getByRole('button', { name: text }).and(page.locator('.line'));
    await line(`sudo ip link set ${device} up`).last().click();
    await page.getByText(`${device} was switched on`).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Go back to before this' }).click();
    await until('the line to be gone', async () => !(await learner.text()).includes('ip link set'));
    await line(`sudo ip link set ${device} up`).waitFor({ state: 'detached' });
    await page.locator('.acts').getByRole('button', { name: /^Redo/ }).click();
    await learner.shows(/ip address add 10\.9\.0\.1/);
    await learner.close();
  });

  test('free play: a topology is changed, judged, started, left and found again', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await page.getByRole('link', { name: 'Free play' }).click();
    await page.getByText('This lab can be made').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const editor = page.getByLabel('Topology as YAML');
    const text = await editor.inputValue();
    await editor.fill(text.replace('host/eth0', 'host/eht0'));
    await page.getByText('wires.0.ends.1: wanted a device of a machine, MACHINE/DEVICE, found host/eht0. Did you mean host/eth0?').waitFor();
    expect(await page.getByRole('button', { name: 'Start the lab' }).isDisabled()).toBe(true);
    // A boot line that fails, and the text is still there to mend.
    await editor.fill(text.replace('ip link set eth0 up', 'ip link set eth7 up'));
    await page.getByText('This lab can be made').waitFor();
    await page.getByRole('button', { name: 'Start the lab' }).click();
    await page.getByText(/host does not boot: .*eth7/).waitFor();
    await page.getByRole('button', { name: 'To free play' }).click();
    await page.getByText('This lab can be made').waitFor();
    expect(await editor.inputValue()).toContain('eth7');
    // A second machine, on a wire of its own.
    const second = `  - name: other
    hostname: other
    image: debian-vm
    devices: [{ name: eth0, mac: 42:01:0a:8e:00:03, mtu: 1460 }]
    boot: [ip link set eth0 up, ip address add 192.168.7.2/24 dev eth0]
wires:
  - ends: [host/eth1, other/eth0]
    latencyUs: 500
`;
    await editor.fill(text.replace('wires:\n', second).replace('      - name: eth0\n', '      - { name: eth1, mac: 42:01:0a:8e:00:04, mtu: 1460 }\n      - name: eth0\n'));
    await page.getByText('This lab can be made').waitFor();
    await page.getByRole('button', { name: 'Start the lab' }).click();
    await learner.prompts('host');
    await learner.prompts('other');
    await learner.type('sudo ip link set eth1 up; sudo ip address add 192.168.7.1/24 dev eth1; ping -c 1 192.168.7.2', 'host');
    await learner.shows(/1 received, 0% packet loss/, 'host');
    expect(await seriousFindings(page)).toEqual([]);
    await page.reload();
    await learner.shows(/1 received, 0% packet loss/, 'host');
    await page.getByText(/^Picked up after/).waitFor();
    await page.getByRole('link', { name: 'Free play' }).click();
    await page.getByRole('link', { name: /^linux-host-2/ }).click();
    await learner.shows(/1 received, 0% packet loss/, 'host');
    // Asked twice, it goes for good.
    await page.getByRole('link', { name: 'Free play' }).click();
    await page.getByRole('button', { name: 'Delete linux-host-2' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Delete linux-host-2' }).click();
    await page.getByRole('button', { name: 'Delete the lab' }).click();
    await page.getByRole('link', { name: /^linux-host-2/ }).waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText('This lab can be made').waitFor();
    expect(await page.getByRole('link', { name: /^linux-host-2/ }).count()).toBe(0);
    expect(learner.complaints).toEqual([]);
    await learner.close();
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemText } from '../course/problems.ts';
import { scenarios } from './index.ts';
import { readScenario, scenarioText } from './text.ts';

const text = scenarioText(scenarios[0]!);
const said = (changed: string): string[] => readScenario(changed).problems.map(problemText);

describe('a scenario as text', () => {
  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))('says all there is to %s', (_, scenario) => {
    expect(readScenario(scenarioText(scenario))).toEqual({ scenario, problems: [] });
  });
  it('is what the guide shows', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/free-play.md'), 'utf8');
    expect(said(/```yaml\n([^]*?)```/.exec(guide)![1]!)).toEqual([]);
  });
  it.each([
    ['a device nobody has', text.replace('host/eth0', 'host/eth9'), ['scenario.yaml:39: wires.0.ends.1: wanted a device of a machine, MACHINE/DEVICE, found host/eth9. Did you mean host/eth0?']],
    ['an image there is not', text.replace('    image: debian-vm', '    image: debian-mv'), ['scenario.yaml:25: machines.1.image: wanted one of debian-vm, gateway, cloud-shell, outside, control-plane, cos-docker, cos-containerd, found debian-mv. Did you mean debian-vm?']],
    ['a key there is not', text.replace('wires:', 'cables:'), ['scenario.yaml:1: wires: wanted array, found nothing.', 'scenario.yaml:36: cables: wanted one of id, title, home, machines, wires, cloud, found cables.']],
    ['a hardware address twice', text.replace('42:01:0a:8e:00:02', '42:01:0a:8e:00:01'), ['scenario.yaml:28: machines.1.devices.0.mac: wanted a hardware address once, found 42:01:0a:8e:00:01.']],
    ['text that is no YAML', 'id: [', ['scenario.yaml:1: wanted valid YAML, found Flow sequence in block collection must be sufficiently indented and end with a ].']],
  ])('is refused with line and nearest word: %s', (_, changed, wanted) => {
    expect(said(changed)).toEqual(wanted);
    expect(readScenario(changed).scenario).toBeNull();
  });
});

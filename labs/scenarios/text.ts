/** Scenarios as people write them: YAML, judged before a lab is made of it. */
import { stringify } from 'yaml';
import { z } from 'zod';
import type { CourseProblem } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';
import { readBySchema, readYaml, type YamlText } from '../course/problems.ts';
import type { Scenario } from './scenario.ts';

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a name: small letters, digits and dashes, at most 32');
const DeviceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'a device name of at most 15 characters');
const Mac = z.string().regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i, 'a hardware address of one device, such as 42:01:0a:8e:00:02');

const Machine = z.strictObject({
  name: Name,
  hostname: Name,
  image: z.enum(['debian-vm', 'gateway']),
  isHidden: z.boolean().optional(),
  devices: z.array(z.strictObject({ name: DeviceName, mac: Mac, mtu: z.number().int().min(576).max(65535) })).max(16),
  boot: z.array(z.string().min(1).max(2000)).max(200),
  packages: z.strictObject({ installed: z.array(z.string()).optional(), absent: z.array(z.string()).optional() }).optional(),
});

const ScenarioText = z.strictObject({
  id: Name,
  title: z.string().min(1).max(120),
  home: Name,
  machines: z.array(Machine).min(1).max(16),
  wires: z.array(z.strictObject({ ends: z.tuple([z.string(), z.string()]), latencyUs: z.number().int().min(1).max(10_000_000) })).max(64),
});

export interface ReadScenario {
  /** Null when anything is wrong. */
  readonly scenario: Scenario | null;
  readonly problems: readonly CourseProblem[];
}

export function readScenario(text: string, file = 'scenario.yaml'): ReadScenario {
  const problems: CourseProblem[] = [];
  const yaml = readYaml(file, text, problems);
  const read = yaml === null ? null : readBySchema(yaml, ScenarioText, problems);
  if (yaml === null || read === null) return { scenario: null, problems };
  problems.push(...contradictions(read, yaml));
  if (problems.length > 0) return { scenario: null, problems };
  const machines = read.machines.map(({ isHidden, packages, ...machine }) => ({
    ...machine, ...(isHidden === undefined ? {} : { isHidden }),
    ...(packages === undefined ? {} : { packages: { ...(packages.installed === undefined ? {} : { installed: packages.installed }), ...(packages.absent === undefined ? {} : { absent: packages.absent }) } }),
  }));
  return { scenario: { ...read, machines }, problems };
}

/** Whatever a schema cannot see: names that are there twice or not at all. */
function contradictions({ machines, wires, home }: z.infer<typeof ScenarioText>, yaml: YamlText): CourseProblem[] {
  const problems: CourseProblem[] = [];
  const say = (path: (string | number)[], wanted: string, found: string, known: readonly string[] = []): void => {
    problems.push({ file: yaml.file, line: yaml.lineOf(path), key: path.join('.'), wanted, found, nearest: nearestWord(found, known) });
  };
  const once = (seen: Set<string>, path: (string | number)[], what: string, name: string): void => {
    if (seen.has(name)) say(path, `${what} once`, name);
    seen.add(name);
  };
  const names = new Set<string>();
  const macs = new Set<string>();
  const ends: string[] = [];
  for (const [index, machine] of machines.entries()) {
    once(names, ['machines', index, 'name'], 'a machine', machine.name);
    const devices = new Set<string>(['lo']);
    for (const [at, { name, mac }] of machine.devices.entries()) {
      once(devices, ['machines', index, 'devices', at, 'name'], 'a device', name);
      once(macs, ['machines', index, 'devices', at, 'mac'], 'a hardware address', mac.toLowerCase());
      ends.push(`${machine.name}/${name}`);
    }
  }
  const wired = new Set<string>();
  for (const [index, wire] of wires.entries()) {
    for (const [at, end] of wire.ends.entries()) {
      if (!ends.includes(end)) say(['wires', index, 'ends', at], 'a device of a machine, MACHINE/DEVICE', end, ends);
      else once(wired, ['wires', index, 'ends', at], 'a device at one wire', end);
    }
  }
  const open = machines.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
  if (!open.includes(home)) say(['home'], 'a machine that is not hidden', home, open);
  return problems;
}

const HEAD = `# A lab to play in. Machines, the devices they begin with, and the wires between those.
# boot: lines root runs, in order, before anybody logs in; each must succeed.
# image: debian-vm has every tool of the course; gateway is the world outside.
`;

/** The text to begin editing with. Undefined for a lab that holds more than a text can say. */
export function scenarioText(scenario: Scenario): string | undefined {
  const { id, title, home, machines, wires } = scenario;
  const text = `${HEAD}${stringify({ id, title, home, machines, wires }, { lineWidth: 0 })}`;
  return JSON.stringify(readScenario(text).scenario) === JSON.stringify(readScenario(`${stringify(scenario, { lineWidth: 0 })}`).scenario) && readScenario(text).scenario !== null ? text : undefined;
}

/** Scenarios as people write them: YAML, judged before a lab is made of it. */
import { stringify } from 'yaml';
import { z } from 'zod';
import type { CourseProblem } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';
import { readBySchema, readYaml, type YamlText } from '../course/problems.ts';
import type { ImageName, Scenario } from './scenario.ts';

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a name: small letters, digits and dashes, at most 32');
const DeviceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'a device name of at most 15 characters');
const Mac = z.string().regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i, 'a hardware address of one device, such as 42:01:0a:8e:00:02');

const images = ['debian-vm', 'gateway', 'cloud-shell', 'outside', 'control-plane', 'cos-docker', 'cos-containerd'] as const satisfies readonly ImageName[];
const Address = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}$/, 'an IPv4 address');

const Machine = z.strictObject({
  name: Name,
  hostname: Name,
  title: z.string().min(1).max(40).optional(),
  image: z.enum(images),
  isHidden: z.boolean().optional(),
  devices: z.array(z.strictObject({ name: DeviceName, mac: Mac, mtu: z.number().int().min(576).max(65535) })).max(16),
  boot: z.array(z.string().min(1).max(2000)).max(200),
  packages: z.strictObject({ installed: z.array(z.string()).optional(), absent: z.array(z.string()).optional() }).optional(),
  outside: z.strictObject({ addresses: z.array(Address).min(1).max(8), inside: Address.optional(), gatewayMac: Mac, distanceUs: z.number().int().min(1).max(1_000_000), hops: z.number().int().min(1).max(60) }).optional(),
  isLoggedIn: z.boolean().optional(),
});

const Cloud = z.strictObject({
  profile: z.enum(['2018', 'vpc-native', 'dpv2']),
  project: Name, projectNumber: z.string().regex(/^\d{6,15}$/, 'a number of 6 to 15 digits'), account: z.string().max(80), region: Name, zone: Name, machineType: Name,
  cluster: z.strictObject({
    name: Name, hash: z.string().regex(/^[0-9a-f]{8}$/, '8 hex digits'), id: z.string().regex(/^[0-9a-f]{16}$/, '16 hex digits'), endpoint: Address, isRunning: z.boolean(),
    nodes: z.array(z.strictObject({ suffix: z.string().regex(/^[a-z0-9]{4}$/, '4 small letters or digits'), address: Address, external: Address })).min(1).max(8),
  }),
});

const ScenarioText = z.strictObject({
  id: Name,
  title: z.string().min(1).max(120),
  home: Name,
  machines: z.array(Machine).min(1).max(16),
  wires: z.array(z.strictObject({ ends: z.tuple([z.string(), z.string()]), latencyUs: z.number().int().min(1).max(10_000_000) })).max(64),
  cloud: Cloud.optional(),
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
  // What is optional and not there is not there at all.
  return { scenario: JSON.parse(JSON.stringify(read)) as Scenario, problems };
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

/** The text to begin editing with. */
export function scenarioText(scenario: Scenario): string {
  return `${HEAD}${stringify(scenario, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

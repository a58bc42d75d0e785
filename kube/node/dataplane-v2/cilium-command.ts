/**
 * `cilium` in the agent's container: what the agent and the kernel's maps know, in the tables of release 1.12. Commands and flags beyond these say that they are missing.
 * Read first: cilium cilium/cmd/{status,service_list,endpoint_list,bpf_lb_list,bpf_ct_list}.go; pkg/client/client.go (FormatStatusResponse); pkg/maps/ctmap/types.go
 */
import type { Machine } from '../../../machine/machine.ts';
import type { Program, Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../../simulator/bytes.ts';
import { formatIp4 } from '../../../simulator/wire/ip4.ts';
import type { Profile } from '../../profiles/index.ts';
import { AGENT } from './anetd.ts';
import type { AgentMaps, Backend, Flow, FlowMaps, ServiceEntry } from './maps.ts';

export interface CiliumOptions { readonly machine: Machine; readonly profile: Profile; readonly address: string; podRange(): string }

const VERSION = '1.12.10';
const USAGE = 'podwire: cilium: these are simulated: status [--brief], service list, endpoint list, bpf lb list, bpf ct list global';

type Answer = readonly string[] | { readonly error: string; readonly exit: number };
const NO_AGENT: Answer = { error: 'Error: Get "http://localhost/v1/": dial unix /var/run/cilium/cilium.sock: connect: connection refused\nIs the agent running?', exit: 1 };

export function ciliumProgram(options: CiliumOptions): Program {
  return async (sys) => {
    const answer = ask(options, sys.argv.slice(1));
    const [fd, lines, exit] = 'error' in answer ? ([2, [answer.error], answer.exit] as const) : ([1, answer, 0] as const);
    if (lines.length > 0) await write(sys, fd, lines);
    return exit;
  };
}

async function write(sys: Sys, fd: number, lines: readonly string[]): Promise<void> {
  await sys.write(fd, utf8(`${lines.join('\n')}\n`));
}

function ask(options: CiliumOptions, args: readonly string[]): Answer {
  const { machine: { kernel, processes } } = options;
  const line = args.map((word) => (word === 'ls' ? 'list' : word)).join(' ');
  const known = new Set(['status', 'status --brief', 'service list', 'endpoint list', 'bpf lb list', 'bpf ct list global']);
  if (line === '') return { error: USAGE, exit: 125 };
  if (!known.has(line)) {
    const option = args.find((word) => word.startsWith('-') && word !== '--brief');
    return { error: option === undefined ? `podwire: cilium: command ${args.join(' ')} is not simulated yet` : `podwire: cilium: option ${option} is not simulated yet`, exit: 125 };
  }
  if (kernel.bpf.loaded === undefined) return NO_AGENT;
  const agent = kernel.bpf.agentMaps() as AgentMaps;
  // The maps answer for themselves, everything else asks the agent by its socket.
  if (line === 'bpf lb list') return loadBalancerMap([...agent.services.values()]);
  if (line === 'bpf ct list global') return connectionMap(kernel.bpf.flowMaps() as FlowMaps, sysNow(options.machine));
  if (![...processes.values()].some(({ name, state }) => name === AGENT && state !== 'zombie')) return NO_AGENT;
  switch (line) {
    case 'status --brief': return ['OK'];
    case 'status': return status(options, agent);
    case 'service list': return serviceList([...agent.services.values()]);
    default: return endpointList(agent);
  }
}

function sysNow({ world }: Machine): number {
  return world.nowUs;
}

function status({ profile, address, podRange }: CiliumOptions, { endpoints }: AgentMaps): readonly string[] {
  const [minor, version] = [profile.server.minor, profile.server.gitVersion];
  const range = podRange();
  const rows = [
    ['KVStore:', 'Ok   Disabled'],
    ['Kubernetes:', `Ok   1.${minor} (${version}) [linux/amd64]`],
    ['Kubernetes APIs:', '["core/v1::Namespace", "core/v1::Node", "core/v1::Pods", "core/v1::Service", "discovery/v1::EndpointSlice", "networking.k8s.io/v1::NetworkPolicy"]'],
    ['KubeProxyReplacement:', `Strict   [eth0 ${address} (Direct Routing)]`],
    ['Host firewall:', 'Disabled'],
    ['CNI Chaining:', 'none'],
    ['Cilium:', `Ok   ${VERSION} (v${VERSION})`],
    ['NodeMonitor:', 'Disabled'],
    ['IPAM:', `IPv4: ${endpoints.size}/${2 ** (32 - Number(range.split('/')[1] ?? 24)) - 2} allocated from ${range}, `],
    ['BandwidthManager:', 'Disabled'],
    ['Host Routing:', 'Legacy'],
    ['Masquerading:', 'Disabled'],
    ['Global Identity Range:', 'min 256, max 65535'],
    ['Hubble:', 'Disabled'],
    ['Encryption:', 'Disabled'],
    ['Cluster health:', 'Probe disabled'],
  ];
  return rows.map(([name = '', text = '']) => name.padEnd(25) + text);
}

function serviceList(services: readonly ServiceEntry[]): readonly string[] {
  const rows = services.toSorted((one, other) => one.id - other.id).flatMap((service) => {
    const backends = service.backends.map((backend, index) => `${index + 1} => ${endText(backend)} (active)`);
    return [[String(service.id), endText(service), service.type, backends[0] ?? ''], ...backends.slice(1).map((text) => ['', '', '', text])];
  });
  return table([['ID', 'Frontend', 'Service Type', 'Backend'], ...rows]);
}

function endpointList({ endpoints }: AgentMaps): readonly string[] {
  const mode = (rules: unknown): string => (rules === undefined ? 'Disabled' : 'Enabled');
  const rows = [...endpoints.values()].toSorted((one, other) => one.id - other.id).flatMap(({ id, ingress, egress, identity, labels, address }) => [
    [String(id), mode(ingress), mode(egress), String(identity), labels[0] ?? '', '', formatIp4(address), 'ready'],
    ...labels.slice(1).map((label) => ['', '', '', '', label, '', '', '']),
  ]);
  return table([['ENDPOINT', 'POLICY (ingress)', 'POLICY (egress)', 'IDENTITY', 'LABELS (source:key[=value])', 'IPv6', 'IPv4', 'STATUS'], ['', 'ENFORCEMENT', 'ENFORCEMENT', '', '', '', '', ''], ...rows]);
}

/** Slot 0 is the service itself, the others its backends. */
function loadBalancerMap(services: readonly ServiceEntry[]): readonly string[] {
  const rows = services.map((service) => ({ frontend: endText(service), service })).toSorted((one, other) => (one.frontend < other.frontend ? -1 : 1)).flatMap(({ frontend, service }) => {
    const flags = [service.type, ...(service.isLocalOnly ? ['Local', 'two-scopes'] : []), ...(service.affinitySeconds === undefined ? [] : ['sessionAffinity']), ...(service.sources === undefined ? [] : ['check source-range']), ...(service.outerBackends === undefined ? ['non-routable'] : [])];
    return [[frontend, `0.0.0.0:0 (${service.id}) (0) [${flags.join(', ')}]`], ...service.backends.map((backend, index) => ['', `${endText(backend)} (${service.id}) (${index + 1})`])];
  });
  return table([['SERVICE ADDRESS', 'BACKEND ADDRESS (REVNAT_ID) (SLOT)'], ...rows]);
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP' };

function connectionMap({ flows }: FlowMaps, nowUs: number): readonly string[] {
  return [...flows.values()].filter(({ expiresUs }) => expiresUs > nowUs).map((flow) => `${flowText(flow)} `);
}

function flowText(flow: Flow): string {
  const { kind, tuple: { protocol, source, sport, destination, dport } } = flow;
  const seconds = (us: number): number => Math.floor(us / 1e6);
  const flags = [['RxClosing', flow.rxClosing, 1], ['TxClosing', flow.txClosing, 2], ['SeenNonSyn', flow.seenNonSyn, 16], ['NodePort', flow.service !== undefined && kind === 'OUT', 32]] as const;
  const set = flags.filter(([, isSet]) => isSet);
  const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
  return [
    `${PROTOCOLS[protocol]} ${kind === 'IN' ? 'IN' : 'OUT'} ${formatIp4(source)}:${sport} -> ${formatIp4(destination)}:${dport}`, ...(kind === 'SERVICE' ? ['service'] : []), `expires=${seconds(flow.expiresUs)}`,
    `RxPackets=${flow.rxPackets} RxBytes=${flow.rxBytes} RxFlagsSeen=${hex(flow.rxFlags, 2)} LastRxReport=${seconds(flow.rxReportUs)}`, `TxPackets=${flow.txPackets} TxBytes=${flow.txBytes} TxFlagsSeen=${hex(flow.txFlags, 2)} LastTxReport=${seconds(flow.txReportUs)}`,
    `Flags=${hex(set.reduce((sum, [, , bit]) => sum + bit, 0), 4)} [ ${set.map(([name]) => `${name} `).join('')}]`, `RevNAT=${flow.service?.id ?? 0} SourceSecurityID=${flow.sourceIdentity}`,
  ].join(' ');
}

function endText({ address, port }: Backend): string {
  return `${formatIp4(address)}:${port}`;
}

/** Go's tabwriter with a least width of 5 and three blanks between columns, each cell ended by a tab. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(5, 3 + Math.max(...rows.map((row) => row[column]!.length))));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join(''));
}

/**
 * Questions anybody may ask about a lab, in one shape for every backend. Grading, the network list, the picture and
 * live values in the text see a lab only through this interface.
 *
 * Every method is asynchronous and answers `{ atMs, value }`, or `{ unavailable }` with the cause when the backend
 * cannot know; a check that meets an unavailable answer can't be judged (`passed: null`), it never fails.
 * Looking never changes the lab. The active questions (ping, connect, trace) work on a copy where the backend can copy
 * itself; a backend that cannot says so in `capabilities.activeQuestions`.
 *
 * Field names and meanings follow rtnetlink(7), ip-link(8), ip-route(8), bridge(8), iptables(8), conntrack(8), proc(5).
 */
import { z } from 'zod';
import { Death, PacketTrace, Place } from './trace.ts';

export { Place };

export type Answer<Value> = { readonly atMs: number; readonly value: Value } | { readonly unavailable: string };

/** The schema of an answer whose value has the given schema, for the walls an answer crosses. */
export function answerOf<Schema extends z.ZodType>(value: Schema) {
  return z.union([z.strictObject({ atMs: z.number(), value }), z.strictObject({ unavailable: z.string() })]);
}

export function isAvailable<Value>(answer: Answer<Value>): answer is { readonly atMs: number; readonly value: Value } {
  return 'value' in answer;
}

// --- devices, addresses, routes -------------------------------------------------------------------------------------

/** `kind` is what `ip -d link` names: loopback, ether (hardware), bridge, veth, tun, tap, dummy, vlan ... */
export const LinkView = z.strictObject({
  name: z.string(),
  index: z.number(),
  kind: z.string(),
  mac: z.string(),
  /** As between the angle brackets of `ip link`: UP, LOWER_UP, NO-CARRIER, BROADCAST ... */
  flags: z.array(z.string()),
  /** Administratively up (IFF_UP); says nothing about a carrier. */
  isUp: z.boolean(),
  hasCarrier: z.boolean(),
  /** UP, DOWN, UNKNOWN, LOWERLAYERDOWN, as `ip link` prints after `state`. */
  operstate: z.string(),
  master: z.string().nullable(),
  /** The other end of a veth. `netns` is null where the peer's namespace has no name known to this machine. */
  peer: z.strictObject({ index: z.number(), name: z.string().nullable(), netns: z.string().nullable() }).nullable(),
  mtu: z.number(),
  alias: z.string().nullable(),
});
export type LinkView = z.infer<typeof LinkView>;

export const AddressView = z.strictObject({
  device: z.string(),
  family: z.union([z.literal(4), z.literal(6)]),
  address: z.string(),
  prefixLength: z.number(),
  scope: z.string(),
});
export type AddressView = z.infer<typeof AddressView>;

export const RouteView = z.strictObject({
  family: z.union([z.literal(4), z.literal(6)]),
  table: z.string(),
  /** 'default', or address/prefix in canonical form (a host route keeps its /32). */
  destination: z.string(),
  kind: z.string(),
  gateway: z.string().nullable(),
  device: z.string().nullable(),
  scope: z.string(),
  source: z.string().nullable(),
  metric: z.number(),
  protocol: z.string(),
});
export type RouteView = z.infer<typeof RouteView>;

export const PolicyRuleView = z.strictObject({
  priority: z.number(),
  from: z.string(),
  to: z.string(),
  mark: z.string().nullable(),
  inDevice: z.string().nullable(),
  outDevice: z.string().nullable(),
  table: z.string(),
});
export type PolicyRuleView = z.infer<typeof PolicyRuleView>;

export const NeighbourView = z.strictObject({
  address: z.string(),
  device: z.string(),
  mac: z.string().nullable(),
  /** REACHABLE, STALE, DELAY, PROBE, FAILED, INCOMPLETE, PERMANENT, NOARP. */
  state: z.string(),
});
export type NeighbourView = z.infer<typeof NeighbourView>;

export const FdbView = z.strictObject({
  bridge: z.string(),
  port: z.string(),
  mac: z.string(),
  isLocal: z.boolean(),
  ageMs: z.number(),
});
export type FdbView = z.infer<typeof FdbView>;

// --- netfilter ------------------------------------------------------------------------------------------------------

export const RuleOption = z.strictObject({ value: z.string(), isNegated: z.boolean() });
export type RuleOption = z.infer<typeof RuleOption>;

/** One rule by meaning. `matches` and `target` name iptables extensions; their options are keyed without dashes. */
export const RuleView = z.strictObject({
  number: z.number(),
  /** As `iptables -S` prints it. */
  text: z.string(),
  protocol: RuleOption.nullable(),
  source: RuleOption.nullable(),
  destination: RuleOption.nullable(),
  inDevice: RuleOption.nullable(),
  outDevice: RuleOption.nullable(),
  matches: z.array(z.strictObject({ kind: z.string(), options: z.record(z.string(), RuleOption) })),
  target: z.strictObject({ kind: z.string(), options: z.record(z.string(), z.string()) }).nullable(),
  packets: z.number(),
  bytes: z.number(),
});
export type RuleView = z.infer<typeof RuleView>;

export const ChainView = z.strictObject({
  table: z.string(),
  name: z.string(),
  /** ACCEPT or DROP for built-in chains, null for user chains. */
  policy: z.string().nullable(),
  packets: z.number(),
  bytes: z.number(),
  rules: z.array(RuleView),
});
export type ChainView = z.infer<typeof ChainView>;

export const ConntrackTuple = z.strictObject({
  source: z.string(),
  destination: z.string(),
  sourcePort: z.number().optional(),
  destinationPort: z.number().optional(),
  icmpType: z.number().optional(),
  icmpCode: z.number().optional(),
  icmpId: z.number().optional(),
});
export type ConntrackTuple = z.infer<typeof ConntrackTuple>;

export const ConntrackView = z.strictObject({
  protocol: z.string(),
  original: ConntrackTuple,
  reply: ConntrackTuple,
  /** TCP's state, else null. */
  state: z.string().nullable(),
  isReplied: z.boolean(),
  isAssured: z.boolean(),
  timeoutS: z.number(),
  mark: z.number(),
  /** The line `conntrack -L` prints. */
  text: z.string(),
});
export type ConntrackView = z.infer<typeof ConntrackView>;

// --- machines -------------------------------------------------------------------------------------------------------

export const SocketView = z.strictObject({
  protocol: z.string(),
  state: z.string(),
  localAddress: z.string(),
  localPort: z.number(),
  peerAddress: z.string(),
  peerPort: z.number(),
  pid: z.number().nullable(),
});
export type SocketView = z.infer<typeof SocketView>;

export const ProcessView = z.strictObject({
  pid: z.number(),
  parentPid: z.number(),
  processGroup: z.number(),
  session: z.number(),
  /** Controlling terminal, e.g. pts/0, or null. */
  tty: z.string().nullable(),
  /** Name of the network namespace, '' for the machine's own, null when it has no name. */
  netns: z.string().nullable(),
  user: z.string(),
  argv: z.array(z.string()),
  cwd: z.string(),
  state: z.enum(['running', 'sleeping', 'stopped', 'zombie']),
  startedAtMs: z.number(),
});
export type ProcessView = z.infer<typeof ProcessView>;

/** A shell in a stack of nested ones; the first is the login shell, the last the one that prompts. */
export const ShellView = z.strictObject({
  pid: z.number(),
  argv: z.array(z.string()),
  netns: z.string().nullable(),
  user: z.string(),
  cwd: z.string(),
});
export type ShellView = z.infer<typeof ShellView>;

/** A terminal somebody can type at: one of the lab's own, or a window of a screen session. */
export const SessionView = z.strictObject({
  /** The lab's terminal id, or `screen:<pid>.<name>`. */
  terminal: z.string(),
  machine: z.string(),
  kind: z.enum(['terminal', 'screen']),
  /** The name of a screen session (screen -S NAME), else null. */
  name: z.string().nullable(),
  /** For screen: whether a client shows it now. */
  isAttached: z.boolean(),
  shells: z.array(ShellView),
  /** The program in the foreground, or null while the last shell prompts. */
  foreground: z.array(z.string()).nullable(),
});
export type SessionView = z.infer<typeof SessionView>;

export const FileView = z.strictObject({
  path: z.string(),
  kind: z.enum(['file', 'directory', 'link', 'other']),
  mode: z.number(),
  owner: z.string(),
  group: z.string(),
  sizeBytes: z.number(),
  /** The first 64 KiB as text, for files. */
  text: z.string().nullable(),
});
export type FileView = z.infer<typeof FileView>;

export const PackageView = z.strictObject({ name: z.string(), version: z.string() });
export type PackageView = z.infer<typeof PackageView>;

export const NetnsView = z.strictObject({ name: z.string(), id: z.number().nullable() });
export type NetnsView = z.infer<typeof NetnsView>;

// --- evidence: what has been shown ----------------------------------------------------------------------------------

/**
 * One job that ran at a terminal (a process group started by an interactive shell), finished or running, with what its
 * processes have written to that terminal. Interactive shells are not jobs in this list: what is typed in them is.
 * Or a page visited in the browser: `terminal` is '@browser', the line and program `chromium URL`, the output what it showed.
 */
export const CommandView = z.strictObject({
  id: z.number(),
  terminal: z.string(),
  machine: z.string(),
  /** The namespace the writing process was in when it last wrote (or began, if it never wrote): `ip netns exec demo-ns
   *  ping` and `ip -n demo-ns link` are in demo-ns. Null when the namespace has no name. */
  netns: z.string().nullable(),
  user: z.string(),
  /** The line as typed, history-expanded. */
  line: z.string(),
  /** The argv of every process of the job in the order they started, execs included: sudo, ip, ping. */
  programs: z.array(z.array(z.string())),
  /** Standard output and error as the terminal got them, newlines as '\n', the last 64 KiB. */
  output: z.string(),
  startedAtMs: z.number(),
  /** Null while it runs (or is stopped). */
  endedAtMs: z.number().nullable(),
  /** As `$?` would be; null while it runs. */
  exit: z.number().nullable(),
});
export type CommandView = z.infer<typeof CommandView>;

export const CapturedPacket = z.strictObject({
  atMs: z.number(),
  protocol: z.string(),
  source: z.string(),
  destination: z.string(),
  sourcePort: z.number().optional(),
  destinationPort: z.number().optional(),
  icmpType: z.number().optional(),
  icmpId: z.number().optional(),
  /** The line tcpdump prints for it. */
  text: z.string(),
});
export type CapturedPacket = z.infer<typeof CapturedPacket>;

/** One run of tcpdump, or of the capture panel: the packets that were shown (after its filter), the newest 1,000. */
export const CaptureView = z.strictObject({
  id: z.number(),
  place: Place,
  device: z.string(),
  filter: z.string(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  packets: z.array(CapturedPacket),
});
export type CaptureView = z.infer<typeof CaptureView>;

// --- active questions -----------------------------------------------------------------------------------------------

export const PingView = z.strictObject({
  outcome: z.enum(['reply', 'silence', 'error']),
  /** What ping would print for an error: 'Network is unreachable', 'Destination Host Unreachable' ... */
  error: z.string().optional(),
  request: PacketTrace,
  reply: PacketTrace.optional(),
  died: Death.optional(),
});
export type PingView = z.infer<typeof PingView>;

export const ConnectView = z.strictObject({
  outcome: z.enum(['connected', 'refused', 'timeout', 'unreachable', 'unknown-host']),
  request: PacketTrace,
  reply: PacketTrace.optional(),
  died: Death.optional(),
});
export type ConnectView = z.infer<typeof ConnectView>;

export interface PingQuestion {
  readonly from: Place;
  readonly to: string;
  readonly sizeBytes?: number;
  readonly ttl?: number;
}

export interface ConnectQuestion {
  readonly from: Place;
  readonly host: string;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
}

/** Follow one new packet of a new flow; `port` is for tcp and udp. */
export interface TraceQuestion {
  readonly from: Place;
  readonly to: string;
  readonly protocol: 'icmp' | 'udp' | 'tcp';
  readonly port?: number;
  readonly sourcePort?: number;
}

export interface ObserverCapabilities {
  readonly backend: string;
  /** 'copy': active questions leave no trace. 'intrusive': they send real packets. 'none': they are unavailable. */
  readonly activeQuestions: 'copy' | 'intrusive' | 'none';
}

/** Kubernetes and cloud objects are JSON of their own API; `kind` may be qualified (`deployments.apps`). */
export type JsonObject = { readonly [key: string]: unknown };

export interface ObjectQuery {
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface CloudQuery {
  readonly kind: string;
  readonly name?: string;
}

export interface Observer {
  readonly capabilities: ObserverCapabilities;
  machines(): Promise<Answer<string[]>>;
  /** The named namespaces of a machine, as `ip netns list` would; newest first. */
  namespaces(machine: string): Promise<Answer<NetnsView[]>>;

  links(place: Place): Promise<Answer<LinkView[]>>;
  addresses(place: Place): Promise<Answer<AddressView[]>>;
  routes(place: Place): Promise<Answer<RouteView[]>>;
  policyRules(place: Place): Promise<Answer<PolicyRuleView[]>>;
  neighbours(place: Place): Promise<Answer<NeighbourView[]>>;
  fdb(place: Place): Promise<Answer<FdbView[]>>;
  chains(place: Place): Promise<Answer<ChainView[]>>;
  conntrack(place: Place): Promise<Answer<ConntrackView[]>>;
  /** The value as `sysctl -n` prints it, or null where there is no such key. */
  sysctl(place: Place, key: string): Promise<Answer<string | null>>;
  sockets(place: Place): Promise<Answer<SocketView[]>>;

  processes(machine: string): Promise<Answer<ProcessView[]>>;
  sessions(): Promise<Answer<SessionView[]>>;
  packages(machine: string): Promise<Answer<PackageView[]>>;
  /** Null where there is no such path. */
  file(machine: string, path: string): Promise<Answer<FileView | null>>;

  commands(): Promise<Answer<CommandView[]>>;
  captures(): Promise<Answer<CaptureView[]>>;

  ping(question: PingQuestion): Promise<Answer<PingView>>;
  connect(question: ConnectQuestion): Promise<Answer<ConnectView>>;
  trace(question: TraceQuestion): Promise<Answer<PacketTrace>>;

  /** Where a place is now that the lab chooses ("node-of app=x"); any other is answered as it is. */
  settle(place: Place): Promise<Answer<Place>>;

  objects(query: ObjectQuery): Promise<Answer<JsonObject[]>>;
  cloud(query: CloudQuery): Promise<Answer<JsonObject[]>>;
}

/**
 * An observer every method of which answers "unavailable", for backends and tests to build on:
 * `{ ...unavailableObserver('scripted', 'not recorded'), links: ... }`.
 */
export function unavailableObserver(backend: string, cause: string): Observer {
  const answer = () => Promise.resolve({ unavailable: cause });
  return {
    capabilities: { backend, activeQuestions: 'none' },
    machines: answer, namespaces: answer, links: answer, addresses: answer, routes: answer, policyRules: answer,
    neighbours: answer, fdb: answer, chains: answer, conntrack: answer, sysctl: answer, sockets: answer,
    processes: answer, sessions: answer, packages: answer, file: answer, commands: answer, captures: answer,
    ping: answer, connect: answer, trace: answer, settle: answer, objects: answer, cloud: answer,
  };
}

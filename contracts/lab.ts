/**
 * A lab session as its users meet it: messages in, messages out. It is served by a Web Worker in the page, in process (command line,
 * tests) or by the host (real Linux), and nobody who speaks it can tell which. Every message is plain data; both sides parse.
 */
import { z } from 'zod';
import { AddressView, CaptureView, ChainView, ConntrackView, LinkView, NetnsView, RouteView } from './observer.ts';
import { Report } from './report.ts';
import { Place } from './trace.ts';

/** Raw bytes cross as Uint8Array where the channel clones, and nothing else. */
const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes (Uint8Array)');
const TerminalId = z.string().min(1).max(64);

// ---------------------------------------------------------------- to the lab
export const LabRequest = z.discriminatedUnion('type', [
  /** The first message. `files`: the course's files by path. `log`: what the store holds of an earlier session, to resume it; `earned`: check and question ids kept from before. */
  z.strictObject({
    type: z.literal('open'), files: z.record(z.string(), z.string()), lesson: z.string(), seed: z.number().int().min(0), log: Bytes.optional(),
    /** The text of a scenario to play in freely, in place of a lesson; a log that is resumed holds it already. */
    scenario: z.string().max(100_000).optional(),
    earned: z.array(z.string()).default([]), columns: z.number().int().min(20).max(500).default(80), rows: z.number().int().min(4).max(200).default(24),
  }),
  /** Keys as a terminal sends them. */
  z.strictObject({ type: z.literal('input'), terminal: TerminalId, data: z.string() }),
  z.strictObject({ type: z.literal('resize'), terminal: TerminalId, columns: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) }),
  /** Flow control: the page has shown this many bytes of that terminal. */
  z.strictObject({ type: z.literal('shown'), terminal: TerminalId, bytes: z.number().int().min(0) }),
  /** One more terminal on a machine (`place` as lesson.yaml names places); answered by `terminals`. */
  z.strictObject({ type: z.literal('open-terminal'), place: z.string() }),
  z.strictObject({ type: z.literal('close-terminal'), terminal: TerminalId }),
  /** Types the lines of a run block (or one of them) at its terminal, when its shell prompts. */
  z.strictObject({ type: z.literal('run'), block: z.string(), line: z.number().int().min(0).optional(), terminal: TerminalId.optional() }),
  /** The browser goes to an address as typed, from a machine or a pod (`netns`: the pod's name); `visit` follows. */
  z.strictObject({ type: z.literal('visit'), from: Place, address: z.string().trim().min(1).max(2000) }),
  z.strictObject({ type: z.literal('stop-visit') }),
  z.strictObject({ type: z.literal('answer'), question: z.string(), answer: z.union([z.array(z.number().int()), z.string()]) }),
  z.strictObject({ type: z.literal('hint'), check: z.string() }),
  /** Back to the lesson's start; earned checks are kept. Everything so far stays in the log. */
  /** Takes the last line typed back, or brings the last one taken back again. `history` says in words which. `before`: back to just before that entry of the timeline. */
  z.strictObject({ type: z.literal('undo'), before: z.number().int().optional() }),
  z.strictObject({ type: z.literal('redo') }),
  z.strictObject({ type: z.literal('reset'), what: z.enum(['step', 'lab']) }),
  /** The screen the learner reads now (1-based), remembered and used by reset step. */
  z.strictObject({ type: z.literal('screen'), number: z.number().int().min(1) }),
  z.strictObject({ type: z.literal('pace'), mode: z.enum(['live', 'paused', 'skip']) }),
  /** Whether somebody looks at the timeline: then `timeline` follows, and again after every command. */
  z.strictObject({ type: z.literal('watch-timeline'), isWatched: z.boolean() }),
  /** Answered by `file`: a capture as a pcap file, a terminal's session as an asciinema cast. */
  z.strictObject({ type: z.literal('save-capture'), capture: z.number().int() }),
  z.strictObject({ type: z.literal('save-terminal'), terminal: TerminalId }),
  /** The store has the log up to and including this record. */
  z.strictObject({ type: z.literal('stored'), sequence: z.number().int() }),
  z.strictObject({ type: z.literal('close') }),
]);
export type LabRequest = z.infer<typeof LabRequest>;
export type LabRequestInput = z.input<typeof LabRequest>;

// ---------------------------------------------------------------- from the lab
export const TerminalView = z.strictObject({
  id: TerminalId, title: z.string(), machine: z.string(),
  /** The namespace of the innermost shell: '' for the machine's own. */
  netns: z.string(), user: z.string(), cwd: z.string(),
  /** Shells inside the login shell. */
  depth: z.number().int(),
  /** The command line in the foreground, null while the shell prompts. */
  running: z.string().nullable(),
  sinceMs: z.number(),
  isOpen: z.boolean(),
});
export type TerminalView = z.infer<typeof TerminalView>;

export const NamespaceView = z.strictObject({
  machine: z.string(), netns: z.string(),
  links: z.array(LinkView), addresses: z.array(AddressView), routes: z.array(RouteView), chains: z.array(ChainView), conntrack: z.array(ConntrackView),
  isForwarding: z.boolean(), isConntrackActive: z.boolean(),
});
export type NamespaceView = z.infer<typeof NamespaceView>;
/** Machines the learner may see, each with its own namespace first, then the named ones, oldest first. */
export const NetworkView = z.strictObject({
  atMs: z.number(), namespaces: z.array(NamespaceView), names: z.record(z.string(), z.array(NetnsView)),
  /** The newest captures, each with its newest packets; `packetCount` counts them all. */
  captures: z.array(CaptureView.extend({ packetCount: z.number().int() })),
  /** How people call machines whose name is long or of no help: "node 2jdh". */
  titles: z.record(z.string(), z.string()),
  /** Machines somewhere on the internet, where a learner would browse from; the likeliest first. */
  outside: z.array(z.string()),
  /** Where the lesson's places are now, by name; what the lab has not chosen yet is missing. */
  places: z.record(z.string(), Place),
  /** Running pods with a network of their own, but for the cluster's. */
  pods: z.array(Place.extend({ address: z.string() })),
  /** Services of learners, by name: their doors, and the pods behind them as ADDRESS:PORT. */
  services: z.array(z.strictObject({
    namespace: z.string(), name: z.string(), type: z.string(),
    clusterIp: z.string().nullable(), ports: z.array(z.strictObject({ port: z.number(), nodePort: z.number().nullable() })),
    /** Of the load balancer; null: there is none (yet). */
    externalIp: z.string().nullable(),
    endpoints: z.array(z.string()),
  })),
});
export type NetworkView = z.infer<typeof NetworkView>;

/** A finished or running command line at a terminal, for the marks in the gutter and run blocks. */
export const CommandMark = z.strictObject({ id: z.number().int(), terminal: z.string(), netns: z.string().nullable(), line: z.string(), startedAtMs: z.number(), endedAtMs: z.number().nullable(), exit: z.number().int().nullable() });
export type CommandMark = z.infer<typeof CommandMark>;

/** The terminal that commands of the browser are filed under. */
export const BROWSER = '@browser';

/** What the browser's window shows: the page, on its way or there, or why there is none. */
export const VisitView = z.strictObject({
  id: z.number().int(), from: Place,
  /** As typed, and where redirects have led. */
  address: z.string(), url: z.string(),
  startedAtMs: z.number(), endedAtMs: z.number().nullable(),
  progress: z.enum(['resolving', 'connecting', 'waiting', 'receiving', 'done']),
  /** ADDRESS:PORT of the connection. */
  peer: z.string().nullable(),
  /** `text`: the first 64 KiB of the body. */
  answer: z.strictObject({ statusLine: z.string(), status: z.number().int(), headers: z.array(z.tuple([z.string(), z.string()])), mediaType: z.string(), text: z.string(), sizeBytes: z.number().int(), isCut: z.boolean() }).nullable(),
  /** As Chromium calls it: ERR_CONNECTION_REFUSED ...; ERR_ABORTED: stopped. */
  error: z.string().nullable(),
});
export type VisitView = z.infer<typeof VisitView>;

/** A command line of the lab's history as it stands, oldest first. */
export const TimelineEntry = z.strictObject({
  id: z.number().int(), terminal: z.string(), machine: z.string(), netns: z.string().nullable(), line: z.string(), atMs: z.number(), exit: z.number().int().nullable(), isRunning: z.boolean(),
  /** What became of the network until the next line, in words: "cbr0 was made". */
  changes: z.array(z.string()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const LabEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('opened'), lesson: z.string(), seed: z.number().int(), backend: z.string(), canUndo: z.boolean(), canReset: z.boolean(), canSkip: z.boolean(), canBrowse: z.boolean().default(false),
    /** How many records were replayed, and whether they led to the state they led to before. */
    resumed: z.strictObject({ records: z.number().int(), isFaithful: z.boolean(), atMs: z.number() }).nullable(),
    screen: z.number().int(), engine: z.string(),
    /** Free play: the scenario, and where terminals can be opened. */
    play: z.strictObject({ title: z.string(), text: z.string(), places: z.array(z.string()) }).optional(),
  }),
  z.strictObject({ type: z.literal('terminals'), terminals: z.array(TerminalView), active: z.string() }),
  z.strictObject({ type: z.literal('data'), terminal: TerminalId, bytes: Bytes }),
  /** The terminal begins anew (reset, resume): clear its screen and scrollback. */
  z.strictObject({ type: z.literal('cleared'), terminal: TerminalId }),
  /** Append these bytes to the log and answer `stored`. */
  z.strictObject({ type: z.literal('store'), sequence: z.number().int(), bytes: Bytes }),
  z.strictObject({ type: z.literal('network'), network: NetworkView }),
  z.strictObject({ type: z.literal('report'), report: Report }),
  z.strictObject({ type: z.literal('commands'), commands: z.array(CommandMark) }),
  z.strictObject({ type: z.literal('timeline'), entries: z.array(TimelineEntry) }),
  /** Null: the window is empty. */
  z.strictObject({ type: z.literal('visit'), visit: VisitView.nullable() }),
  z.strictObject({ type: z.literal('file'), name: z.string(), mediaType: z.string(), bytes: Bytes }),
  z.strictObject({ type: z.literal('outputs'), outputs: z.record(z.string(), z.string().nullable()) }),
  z.strictObject({ type: z.literal('clock'), atMs: z.number(), epochMs: z.number(), mode: z.enum(['live', 'paused', 'skip']), events: z.number().int() }),
  /** What undo and redo would do, in words; null: nothing. */
  z.strictObject({ type: z.literal('history'), undo: z.string().nullable(), redo: z.string().nullable() }),
  z.strictObject({ type: z.literal('reset-done'), what: z.enum(['step', 'lab', 'undo', 'redo']) }),
  /** A request that could not be done, or a lab that broke. `isFatal`: the session is over. */
  z.strictObject({ type: z.literal('failed'), code: z.enum(['bad-message', 'no-such-lesson', 'bad-course', 'bad-log', 'no-such-terminal', 'not-now', 'internal']), message: z.string(), isFatal: z.boolean() }),
]);
export type LabEvent = z.infer<typeof LabEvent>;

/** One end of a session. */
export interface LabChannel {
  send(request: LabRequestInput): void;
  onEvent(listener: (event: LabEvent) => void): void;
  close(): void;
}

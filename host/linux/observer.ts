/** The observer of a lab on real Linux: one reading of everything, kept for the round of questions it answers; active questions asked once per shape of the network. */
import { unavailableObserver, type Answer, type FileView, type Observer, type PackageView } from '../../contracts/observer.ts';
import type { Place } from '../../contracts/trace.ts';
import { activeLibrary, connect, ping, trace, type Asking } from './active.ts';
import { quote } from './boot-script.ts';
import type { Evidence } from './evidence.ts';
import { Reader } from './reader.ts';
import type { Sandbox } from './sandbox.ts';
import { parseState, parseWindows, stateLibrary, type MachineState, type NamespaceState, type WindowState } from './state.ts';
import { tools } from './tools.ts';

/** What is not in a state's shape may change the answer too, so none is believed for long. */
const ANSWER_KEPT_MS = 4000;
/** A round of judging asks a dozen questions one after the other: they see the same state. */
const FRESH_MS = 120;
const TEXT_KEPT = 65_536;

const library = `${stateLibrary}${activeLibrary}
file() { [ -e "$1" ] || [ -L "$1" ] || return; stat -c '%F|%a|%U|%G|%s' "$1"; [ -f "$1" ] && head -c ${TEXT_KEPT} "$1"; }
packages() { dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n'; }
programs() { local name; for name; do type -P "$name" > /dev/null && echo "$name"; done; }
`;

export interface LinuxObserver {
  readonly observer: Observer;
  /** Reads everything again; what windows of screen have written goes to the evidence. */
  refresh(): Promise<MachineState | undefined>;
  /** Only screen: which sessions there are, and what their windows wrote. */
  refreshWindows(): Promise<void>;
  screens(): readonly { pid: number; name: string; isAttached: boolean }[];
  /** Whether packets of our own may be on their way: what monitors say then is about us. */
  isAsking(): boolean;
  close(): void;
}

export function observeLinux(sandbox: Sandbox, evidence: Evidence, terminals: () => readonly string[], nowMs: () => number): LinuxObserver {
  const reader = new Reader(sandbox, library);
  const machine = sandbox.scenario.home;
  // Beside the other, so that nobody who waits for a window waits for a reading of everything.
  const windowReader = new Reader(sandbox, stateLibrary);
  let screens: WindowState['screens'] = [];
  let last: { state: MachineState; atMs: number } | undefined;
  let reading: Promise<MachineState | undefined> | undefined;
  let asking = 0;
  let askedUntilMs = 0;
  const asked = new Map<string, { shape: string; atMs: number; value: unknown }>();

  const refreshWindows = async (): Promise<void> => {
    const text = await windowReader.ask('window_state');
    if (text === undefined) return;
    const found = parseWindows(text);
    ({ screens } = found);
    for (const { name, bytes } of found.windows) {
      const session = name.slice(0, name.lastIndexOf('.'));
      const screen = screens.findLast((each) => each.name === session);
      if (screen !== undefined) evidence.take(`screen:${screen.pid}.${screen.name}`, bytes);
    }
  };
  const read = async (): Promise<MachineState | undefined> => {
    const [text] = await Promise.all([reader.ask('state'), refreshWindows()]);
    if (text === undefined || !text.includes('\x1dprocesses')) return undefined;
    const state = parseState(text, nowMs());
    last = { state, atMs: nowMs() };
    return state;
  };
  const refresh = (): Promise<MachineState | undefined> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const state = async (): Promise<MachineState | undefined> => (last !== undefined && nowMs() - last.atMs <= FRESH_MS ? last.state : refresh());

  const gone = (): { unavailable: string } => ({ unavailable: sandbox.isOver ? 'the sandbox has ended' : 'the machine did not answer in time' });
  const answer = <Value>(value: Value): Answer<Value> => ({ atMs: nowMs(), value });
  const all = async <Value>(pick: (state: MachineState) => Value): Promise<Answer<Value>> => {
    const found = await state();
    return found === undefined ? gone() : answer(pick(found));
  };
  const at = async <Value>({ machine: of, netns }: Place, pick: (namespace: NamespaceState) => Value): Promise<Answer<Value>> => {
    if (of !== machine) return { unavailable: `there is no machine ${of}` };
    const found = await state();
    const namespace = found?.namespaces.get(netns);
    return found === undefined ? gone() : namespace === undefined ? { unavailable: `there is no namespace ${netns}` } : answer(pick(namespace));
  };
  const home: Asking = {
    machine, ask: (line) => reader.ask(line),
    state: async () => {
      const found = await state();
      if (found === undefined) throw new Error(gone().unavailable);
      return found;
    },
  };
  const once = async <Value>(kind: string, question: { readonly from: Place }, ask: () => Promise<Value | undefined>): Promise<Answer<Value>> => {
    const shape = (await state())?.shape ?? '';
    const key = `${kind} ${JSON.stringify(question)}`;
    const known = asked.get(key);
    if (known !== undefined && known.shape === shape && nowMs() - known.atMs < ANSWER_KEPT_MS) return answer(known.value as Value);
    asking++;
    try {
      const value = await ask();
      if (value === undefined) return { unavailable: sandbox.isOver ? 'the sandbox has ended' : `${kind} questions of this kind cannot be asked on real Linux` };
      asked.set(key, { shape, atMs: nowMs(), value });
      return answer(value);
    } finally {
      asking--;
      askedUntilMs = nowMs() + 300;
    }
  };

  const observer: Observer = {
    ...unavailableObserver('linux', 'a lab on real Linux has no cluster and no cloud'),
    capabilities: { backend: 'linux', activeQuestions: 'intrusive' },
    machines: () => Promise.resolve(answer([machine])),
    namespaces: () => all(({ names }) => names),
    links: (place) => at(place, ({ links }) => links),
    addresses: (place) => at(place, ({ addresses }) => addresses),
    routes: (place) => at(place, ({ routes }) => routes),
    policyRules: (place) => at(place, ({ policyRules }) => policyRules),
    neighbours: (place) => at(place, ({ neighbours }) => neighbours),
    fdb: (place) => at(place, ({ fdb }) => fdb),
    chains: (place) => at(place, ({ chains }) => chains),
    conntrack: (place) => at(place, ({ conntrack }) => conntrack),
    sockets: (place) => at(place, ({ sockets }) => sockets),
    async sysctl(place, key) {
      if (key === 'net.ipv4.ip_forward' || key === 'net.ipv4.conf.all.forwarding') return at(place, ({ isForwarding }) => (isForwarding[4] ? '1' : '0'));
      const text = await reader.ask(`within ${quote(place.netns)} sysctl -n ${quote(key)}`);
      return text === undefined ? gone() : answer(text.trim() === '' ? null : text.trim());
    },
    processes: () => all(({ processes }) => processes),
    sessions: () => all(() => evidence.sessions(terminals(), screens)),
    async packages() {
      const text = await reader.ask(`packages || { echo; programs ${tools.map(({ name }) => name).join(' ')}; }`);
      return text === undefined ? gone() : answer(packagesOf(text));
    },
    async file(_, path) {
      const text = await reader.ask(`file ${quote(path)}`);
      return text === undefined ? gone() : answer(fileOf(path, text));
    },
    commands: () => all(() => evidence.commands()),
    captures: () => all(() => evidence.captures()),
    ping: (question) => once('ping', question, () => ping(home, question)),
    connect: (question) => once('connect', question, () => connect(home, question)),
    trace: (question) => once('trace', question, () => trace(home, question)),
  };

  return {
    observer, refresh, refreshWindows, screens: () => screens, isAsking: () => asking > 0 || nowMs() < askedUntilMs,
    close() {
      reader.close();
      windowReader.close();
    },
  };
}

/** Lines of dpkg-query; where there is no dpkg, the programs that are there stand for the packages they come in. */
function packagesOf(text: string): PackageView[] {
  if (text.startsWith('\n')) {
    const present = new Set(text.trim().split('\n'));
    return tools.filter(({ name }) => present.has(name)).map(({ debian }) => ({ name: debian, version: '' }));
  }
  return text.split('\n').flatMap((line) => {
    const [status, name = '', version = ''] = line.split(' ');
    return status === 'installed' ? [{ name, version }] : [];
  });
}

function fileOf(path: string, text: string): FileView | null {
  const at = text.indexOf('\n');
  const [kind = '', mode = '', owner = '', group = '', size = ''] = text.slice(0, at).split('|');
  if (kind === '') return null;
  const isFile = kind.startsWith('regular');
  return { path, kind: isFile ? 'file' : kind === 'directory' ? 'directory' : kind === 'symbolic link' ? 'link' : 'other', mode: Number.parseInt(mode, 8), owner, group, sizeBytes: Number(size), text: isFile ? text.slice(at + 1) : null };
}

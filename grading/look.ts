/**
 * How a check sees the lab: an Observer with the lesson's names for places, whose unavailable answers become the
 * CannotTell that makes a verdict null. Answers are kept for one round of judging, so that twelve checks about links
 * ask once.
 */
import type {
  AddressView, Answer, CaptureView, ChainView, CommandView, ConnectQuestion, ConnectView, ConntrackView, FdbView, FileView,
  JsonObject, LinkView, NeighbourView, NetnsView, Observer, PackageView, PingQuestion, PingView, ProcessView, RouteView,
  SessionView, SocketView, TraceQuestion,
} from '../contracts/observer.ts';
import type { PacketTrace, Place } from '../contracts/trace.ts';

/** The lab cannot answer, so the check is neither passed nor failed. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}

export type Places = Readonly<Record<string, Place>>;

/** What is typed or marked by the learner, by check or question id (`c3`, or `c3.serviceIP` for a form's field). */
export type Answers = Readonly<Record<string, string>>;

export class Look {
  readonly #observer: Observer;
  readonly #answered = new Map<string, Promise<unknown>>();
  /** Places that the lab chose: they exist, whatever their namespace is called. */
  readonly #chosen = new Set<string>();
  readonly places: Places;
  readonly answers: Answers;

  /** With the places that the lab chooses put where they are now; one that is nowhere yet keeps its name. */
  static async settled(observer: Observer, places: Places, answers: Answers = {}): Promise<Look> {
    const settled = await Promise.all(Object.entries(places).map(async ([name, place]) => {
      const answer = await observer.settle(place);
      return [name, 'value' in answer ? answer.value : place] as const;
    }));
    const look = new Look(observer, Object.fromEntries(settled), answers);
    for (const [name, place] of settled) if (place.machine !== places[name]?.machine) look.#chosen.add(name);
    return look;
  }

  constructor(observer: Observer, places: Places, answers: Answers = {}) {
    this.#observer = observer;
    this.places = places;
    this.answers = answers;
  }

  /** @throws CannotTell for a name the lesson does not map; the parser refuses such lessons. */
  place(name: string): Place {
    const place = this.places[name];
    if (place === undefined) throw new CannotTell(`the lesson maps no place called ${name}`);
    return place;
  }

  /** What a learner calls a place: a namespace by its own name, a machine by the lesson's. */
  title(name: string): string {
    const { netns } = this.place(name);
    return netns === '' ? name : netns;
  }

  nameOf({ machine, netns }: Place): string {
    if (netns !== '') return netns;
    return Object.entries(this.places).find(([, place]) => place.machine === machine && place.netns === '')?.[0] ?? machine;
  }

  links(at: string): Promise<LinkView[]> { return this.#in(at, 'links', (place) => this.#observer.links(place)); }
  addresses(at: string): Promise<AddressView[]> { return this.#in(at, 'addresses', (place) => this.#observer.addresses(place)); }
  routes(at: string): Promise<RouteView[]> { return this.#in(at, 'routes', (place) => this.#observer.routes(place)); }
  neighbours(at: string): Promise<NeighbourView[]> { return this.#in(at, 'neighbours', (place) => this.#observer.neighbours(place)); }
  fdb(at: string): Promise<FdbView[]> { return this.#in(at, 'fdb', (place) => this.#observer.fdb(place)); }
  chains(at: string): Promise<ChainView[]> { return this.#in(at, 'chains', (place) => this.#observer.chains(place)); }
  conntrack(at: string): Promise<ConntrackView[]> { return this.#in(at, 'conntrack', (place) => this.#observer.conntrack(place)); }
  sockets(at: string): Promise<SocketView[]> { return this.#in(at, 'sockets', (place) => this.#observer.sockets(place)); }
  /** Of a namespace that the lesson may have no name for. */
  socketsIn(place: Place): Promise<SocketView[]> { return this.#once(`sockets ${place.machine}/${place.netns}`, () => this.#observer.sockets(place)); }
  sysctl(at: string, key: string): Promise<string | null> { return this.#in(at, `sysctl ${key}`, (place) => this.#observer.sysctl(place, key)); }

  /** Whether the place's namespace exists at all; a machine's own always does. */
  async exists(at: string): Promise<boolean> {
    const place = this.place(at);
    return place.netns === '' || this.#chosen.has(at) || (await this.namespaces(at)).some(({ name }) => name === place.netns);
  }

  namespaces(at: string): Promise<NetnsView[]> {
    const { machine } = this.place(at);
    return this.#once(`namespaces ${machine}`, () => this.#observer.namespaces(machine));
  }
  processes(at: string): Promise<ProcessView[]> {
    const { machine } = this.place(at);
    return this.#once(`processes ${machine}`, () => this.#observer.processes(machine));
  }
  packages(at: string): Promise<PackageView[]> {
    const { machine } = this.place(at);
    return this.#once(`packages ${machine}`, () => this.#observer.packages(machine));
  }
  file(at: string, path: string): Promise<FileView | null> {
    const { machine } = this.place(at);
    return this.#once(`file ${machine} ${path}`, () => this.#observer.file(machine, path));
  }
  sessions(): Promise<SessionView[]> { return this.#once('sessions', () => this.#observer.sessions()); }
  commands(): Promise<CommandView[]> { return this.#once('commands', () => this.#observer.commands()); }
  captures(): Promise<CaptureView[]> { return this.#once('captures', () => this.#observer.captures()); }

  ping(question: PingQuestion): Promise<PingView> { return this.#once(`ping ${JSON.stringify(question)}`, () => this.#observer.ping(question)); }
  connect(question: ConnectQuestion): Promise<ConnectView> { return this.#once(`connect ${JSON.stringify(question)}`, () => this.#observer.connect(question)); }
  trace(question: TraceQuestion): Promise<PacketTrace> { return this.#once(`trace ${JSON.stringify(question)}`, () => this.#observer.trace(question)); }

  objects(kind: string, namespace?: string): Promise<JsonObject[]> {
    return this.#once(`objects ${kind} ${namespace ?? ''}`, () => this.#observer.objects({ kind, namespace }));
  }
  cloud(kind: string): Promise<JsonObject[]> { return this.#once(`cloud ${kind}`, () => this.#observer.cloud({ kind })); }

  /** A namespace that does not exist is empty, not unknown: its links and routes are none. */
  async #in<Value>(at: string, what: string, ask: (place: Place) => Promise<Answer<Value>>): Promise<Value> {
    const place = this.place(at);
    if (!(await this.exists(at))) return (what.startsWith('sysctl') ? null : []) as Value;
    return this.#once(`${what} ${place.machine}/${place.netns}`, () => ask(place));
  }

  #once<Value>(key: string, ask: () => Promise<Answer<Value>>): Promise<Value> {
    const known = this.#answered.get(key);
    if (known) return known as Promise<Value>;
    const asked = ask().then((answer) => {
      if ('unavailable' in answer) throw new CannotTell(answer.unavailable);
      return answer.value;
    });
    this.#answered.set(key, asked);
    return asked;
  }
}

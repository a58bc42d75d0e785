/** One run of gcloud: what it was asked, what it knows, and how it speaks to the APIs and to its user. Results go to standard output, all else to standard error. */
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { child, isObject, objects, text, type CloudPort, type Json, type JsonObject } from '../../ports/cloud.ts';
import type { Invocation } from '../define.ts';
import { parseFilter, type Dialect } from './output/filter.ts';
import { formatNames, parseFormat, UnknownFormat, type Format } from './output/format.ts';
import { ExpressionProblem, Lexer } from './output/lexer.ts';
import { print } from './output/print.ts';
import { valueAt } from './output/keys.ts';
import { pythonText } from './output/transforms.ts';
import type { Parsed } from './parse.ts';
import { GcloudProblem, HttpProblem } from './problem.ts';
import type { Properties } from './properties.ts';
import type { CommandSurface } from './surface/surface.ts';

/** What starting Python and a round trip to the API take. */
const START_US = 700_000;
const REQUEST_US = 120_000;
const POLL_US = 1_000_000;

export class Gcloud {
  readonly call: Invocation;
  readonly command: CommandSurface;
  readonly properties: Properties;
  private readonly parsed: Parsed;
  private readonly cloud: CloudPort | undefined;
  private readonly isColoured: boolean;

  constructor(call: Invocation, command: CommandSurface, parsed: Parsed, properties: Properties, cloud: CloudPort | undefined) {
    this.call = call;
    this.command = command;
    this.parsed = parsed;
    this.properties = properties;
    this.cloud = cloud;
    this.isColoured = call.sys.isTerminal(2);
  }

  // ---------------------------------------------------------------- what was asked

  /** The only value of a positional; empty when it was not given. */
  positional(name: string): string {
    return this.parsed.positionals.get(name)?.[0] ?? '';
  }
  /** Of the first positional: the names a command is about. */
  get names(): readonly string[] {
    return [...this.parsed.positionals.values()][0] ?? [];
  }
  /** All positionals in order. */
  get words(): readonly string[] {
    return [...this.parsed.positionals.values()].flat();
  }
  get rest(): readonly string[] {
    return this.parsed.rest;
  }
  /** A flag's text; undefined when it was not given. */
  flag(name: string): string | undefined {
    const value = this.parsed.flags.get(`--${name}`);
    return typeof value === 'string' ? value : undefined;
  }
  isSet(name: string): boolean {
    return this.parsed.flags.get(`--${name}`) === true;
  }
  /** A switch, or undefined where it was not mentioned. */
  choice(name: string): boolean | undefined {
    const value = this.parsed.flags.get(`--${name}`);
    return typeof value === 'boolean' ? value : undefined;
  }
  list(name: string): string[] {
    return (this.flag(name) ?? '').split(',').filter((one) => one !== '');
  }
  integer(name: string): number | undefined {
    const value = this.flag(name);
    return value === undefined ? undefined : Number(value);
  }
  /** `a=b,c=d` */
  pairs(name: string): [string, string][] {
    return this.list(name).map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [key, value.join('=')];
    });
  }
  get account(): string {
    return this.properties.get('core', 'account') ?? this.cloud?.account ?? '';
  }

  get project(): string {
    const project = this.properties.get('core', 'project') ?? this.cloud?.project ?? '';
    if (project === '') throw new GcloudProblem('The required property [project] is not currently set.\nIt can be set on a per-command basis by re-running your command with the [--project] flag.\n\nYou may set it for your current workspace by running:\n\n  $ gcloud config set project VALUE\n\nor it can be set temporarily by the environment variable [CLOUDSDK_CORE_PROJECT]');
    return project;
  }

  // ---------------------------------------------------------------- the APIs

  async start(): Promise<void> {
    await this.call.sys.sleep(START_US);
  }

  /** Throws HttpProblem. */
  async request(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    if (this.cloud === undefined) throw new GcloudProblem('There was a problem refreshing your current auth tokens: Unable to find the server at oauth2.googleapis.com\nPlease run:\n\n  $ gcloud auth login\n\nto obtain new credentials.');
    await this.call.flush();
    await this.call.sys.sleep(REQUEST_US);
    const response = this.cloud.request({ method, path, ...(body === undefined ? {} : { body: utf8(JSON.stringify(body)) }) });
    const read = JSON.parse(fromUtf8(response.body)) as Json;
    const answer = isObject(read) ? read : {};
    if (response.status >= 400) throw new HttpProblem(response.status, text(child(answer, 'error'), 'message'));
    return answer;
  }

  /** Below the project in the Compute API; errors read as gcloud words them. */
  async compute(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    try {
      return await this.request(method, `/compute/v1/projects/${this.project}/${path}`.replace(/\/$/, ''), body);
    } catch (thrown) {
      if (thrown instanceof HttpProblem) throw new GcloudProblem(`Could not fetch resource:\n - ${thrown.message}\n`);
      throw thrown;
    }
  }

  /** All pages of a list. */
  async computeList(path: string): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    for (let token = ''; ;) {
      const page = await this.compute('GET', `${path}?maxResults=500${token === '' ? '' : `&pageToken=${token}`}`);
      const items = child(page, 'items');
      if (items === undefined) found.push(...objects(page, 'items'));
      else for (const scope of Object.keys(items).sort()) found.push(...Object.values(child(items, scope) ?? {}).flatMap((list) => (Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : [])));
      token = text(page, 'nextPageToken');
      if (token === '') return found;
    }
  }

  /** Until an operation of the Compute API is over; `tick` at every look. */
  async finished(operation: JsonObject, tick: () => void = () => undefined): Promise<void> {
    const path = text(operation, 'selfLink').replace('https://www.googleapis.com', '');
    for (let at = operation; ;) {
      if (text(at, 'status') === 'DONE') {
        const [error] = objects(child(at, 'error'), 'errors');
        if (error !== undefined) throw new GcloudProblem(`Could not fetch resource:\n - ${text(error, 'message')}\n`);
        return;
      }
      tick();
      await this.call.sys.sleep(POLL_US);
      at = await this.request('GET', path);
    }
  }

  // ---------------------------------------------------------------- the user

  status(line: string): void {
    this.call.err(line);
  }

  warning(message: string): void {
    this.call.err(`${this.isColoured ? '\u001b[1;33mWARNING:\u001b[0m' : 'WARNING:'} ${message}`);
  }

  get canPrompt(): boolean {
    return this.call.stdinIsTerminal && this.isColoured && !this.arePromptsOff;
  }

  private get arePromptsOff(): boolean {
    return this.isSet('quiet') || this.properties.isTrue('core', 'disable_prompts');
  }

  /** A line from standard input; undefined at its end. */
  async readLine(): Promise<string | undefined> {
    let line = '';
    for (;;) {
      const got = await this.call.sys.read(0, this.call.stdinIsTerminal ? 4096 : 1);
      if (!got.ok || got.value.length === 0) return line === '' ? undefined : line;
      line += fromUtf8(got.value);
      const end = line.indexOf('\n');
      if (end !== -1) return line.slice(0, end);
    }
  }

  /** Says what will happen and asks; "no" ends the command. */
  async confirm(message: string): Promise<void> {
    if (!(await this.asks(message, true))) throw new GcloudProblem('Aborted by user.');
  }

  async asks(message: string, otherwise: boolean, question = 'Do you want to continue'): Promise<boolean> {
    if (this.arePromptsOff) return otherwise;
    if (message !== '') this.call.writeErr(`${message}\n\n`);
    this.call.writeErr(`${question} (${otherwise ? 'Y/n' : 'y/N'})?  `);
    for (;;) {
      const line = (await this.readLine())?.trim().toLowerCase();
      if (line === undefined || line === '') {
        this.call.writeErr('\n');
        return otherwise;
      }
      if (line === 'y' || line === 'yes' || line === 'n' || line === 'no') {
        this.call.writeErr('\n');
        return line.startsWith('y');
      }
      this.call.writeErr("Please enter 'y' or 'n':  ");
    }
  }

  /** The number of the choice, from 0; undefined when there was no answer. */
  async chooses(message: string, options: readonly string[]): Promise<number | undefined> {
    this.call.writeErr(`${message}\n${options.map((option, at) => ` [${at + 1}] ${option}\n`).join('')}Please enter your numeric choice:  `);
    for (;;) {
      const line = (await this.readLine())?.trim();
      if (line === undefined || line === '') {
        this.call.writeErr('\n');
        return undefined;
      }
      const number = Number(line);
      if (/^\d+$/.test(line) && number >= 1 && number <= options.length) {
        this.call.writeErr('\n');
        return number - 1;
      }
      this.call.writeErr(`Please enter a value between 1 and ${options.length}:  `);
    }
  }

  /** A message with marks after it while something goes on; `work` is given what draws the next one. */
  async progress(message: string, work: (tick: (detail?: string) => void) => Promise<void>): Promise<void> {
    const spinner = '⠏⠛⠹⠼⠶⠧';
    let turns = 0;
    let shown = '';
    const draw = (detail: string): void => {
      const line = `${message}...${detail}`;
      this.call.writeErr(`\r${line.padEnd(shown.length)}`);
      shown = line;
    };
    if (this.isColoured) draw(spinner[0]!);
    else this.call.writeErr(`${message}...\n`);
    try {
      await work((detail = '') => {
        turns += 1;
        if (this.isColoured) draw(`${detail}${spinner[turns % spinner.length]!}`);
        else this.call.writeErr('.');
      });
    } catch (thrown) {
      this.call.writeErr(this.isColoured ? `\r${message}...failed.${' '.repeat(Math.max(0, shown.length - message.length - 10))}\n` : 'failed.\n');
      throw thrown;
    }
    this.call.writeErr(this.isColoured ? `\r${`${message}...done.`.padEnd(shown.length)}\n` : 'done.\n');
  }

  // ---------------------------------------------------------------- results

  /** Of a list command: filtered, sorted, cut, printed as asked or as `format` says. */
  showList(resources: readonly JsonObject[], format: string, dialect: Dialect = 'client'): void {
    const chosen = this.format(format);
    let shown: JsonObject[] = [...resources];
    const filter = this.flag('filter');
    if (filter !== undefined) {
      const keep = this.expression(() => parseFilter(filter, dialect, (message) => this.warning(message)));
      shown = shown.filter((resource) => keep(resource));
    }
    for (const key of [...this.list('sort-by')].reverse()) shown = sorted(shown, key);
    const limit = this.integer('limit');
    if (limit !== undefined) shown = shown.slice(0, limit);
    if (this.isSet('uri')) {
      for (const resource of shown) this.call.out(text(resource, 'selfLink'));
      return;
    }
    if (shown.length === 0 && chosen.name !== 'json') this.status('Listed 0 items.');
    this.call.write(print(chosen, this.flattened(shown), true));
  }

  /** Resources that a change has made: printed like a list, nothing is said of an empty one. */
  showMade(resources: readonly JsonObject[], format: string): void {
    this.call.write(print(this.format(format), this.flattened(resources), true));
  }

  showOne(resource: Json, format = 'yaml'): void {
    const chosen = this.format(format);
    this.call.write(print(chosen.name === 'default' ? { ...chosen, name: 'yaml' } : chosen, [resource], false));
  }

  private flattened(resources: readonly JsonObject[]): readonly JsonObject[] {
    const keys = this.list('flatten').map((key) => new Lexer(key).key());
    return keys.reduce<readonly JsonObject[]>((list, key) => list.flatMap((resource) => {
      const name = key.find((part) => typeof part === 'string') as string;
      const values = valueAt(resource, [name]);
      return Array.isArray(values) ? (values as readonly Json[]).map((value) => ({ ...resource, [name]: value })) : [resource];
    }), resources);
  }

  private format(own: string): Format {
    const given = this.flag('format');
    const defaults = this.expression(() => parseFormat(own, undefined));
    if (given === undefined) return defaults;
    try {
      const format = this.expression(() => parseFormat(given, defaults));
      return format.columns === undefined && (format.name === 'table' || format.name === 'csv') ? { ...format, columns: defaults.columns } : format;
    } catch (thrown) {
      if (thrown instanceof UnknownFormat) throw new GcloudProblem(`Format must be one of ${formatNames.join(', ')}; received [${thrown.message}].\n\nFor information on output formats:\n  $ gcloud topic formats\n`);
      throw thrown;
    }
  }

  private expression<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (thrown) {
      if (thrown instanceof ExpressionProblem) throw new GcloudProblem(thrown.message);
      throw thrown;
    }
  }
}

/** `~name` sorts downwards. */
function sorted(resources: readonly JsonObject[], given: string): JsonObject[] {
  const isDown = given.startsWith('~');
  const key = new Lexer(isDown ? given.slice(1) : given).key();
  const valued = resources.map((resource, at) => ({ resource, at, value: valueAt(resource, key) }));
  const order = (left: Json | undefined, right: Json | undefined): number => {
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    const [one, other] = [pythonText(left), pythonText(right)];
    return one < other ? -1 : one > other ? 1 : 0;
  };
  return valued.sort((left, right) => (isDown ? -1 : 1) * order(left.value, right.value) || left.at - right.at).map(({ resource }) => resource);
}

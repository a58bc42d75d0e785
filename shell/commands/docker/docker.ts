/**
 * docker as a node's operator uses it: looking at containers the kubelet made, and going into them. Read first: docker(1), docker-ps(1), docker-inspect(1), docker-exec(1).
 * Making containers by hand (run, build, pull) is not for a node of a cluster and not simulated.
 */
import type { ContainerInfo, ContainerService } from '../../../machine/container-service.ts';
import type { ExitCode } from '../../../machine/sys.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { goTemplate } from '../kubectl/go-template.ts';
import { KubectlProblem } from '../kubectl/problem.ts';
import { enterContainer } from './enter.ts';
import { inspected, inspectedImage } from './inspect.ts';
import { isoOf } from './iso.ts';

interface Verb { readonly usage: string; readonly about: string; readonly options: readonly OptionSpec[]; readonly minimum: number; readonly maximum: number; run(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> | ExitCode }
/** `f, filter filter`: letter, name and what it takes ('' for a switch). */
interface OptionSpec { readonly letter?: string; readonly name: string; readonly takes?: string; readonly about: string; readonly isMissing?: boolean }
interface Given { readonly operands: readonly string[]; has(name: string): boolean; value(name: string): string | undefined; values(name: string): readonly string[] }

const option = (letter: string | undefined, name: string, about: string, takes = '', isMissing = false): OptionSpec => ({ ...(letter === undefined ? {} : { letter }), name, takes, about, isMissing });

const ps: Verb = {
  usage: 'docker ps [OPTIONS]', about: 'List containers', minimum: 0, maximum: 0,
  options: [
    option('a', 'all', 'Show all containers (default shows just running)'), option('f', 'filter', 'Filter output based on conditions provided', 'filter'), option(undefined, 'format', 'Pretty-print containers using a Go template', 'string'),
    option('n', 'last', 'Show n last created containers (includes all states) (default -1)', 'int'), option('l', 'latest', 'Show the latest created container (includes all states)'), option(undefined, 'no-trunc', "Don't truncate output"),
    option('q', 'quiet', 'Only display container IDs'), option('s', 'size', 'Display total file sizes', '', true),
  ],
  run: list,
};
const images: Verb = {
  usage: 'docker images [OPTIONS] [REPOSITORY[:TAG]]', about: 'List images', minimum: 0, maximum: 1,
  options: [option('a', 'all', 'Show all images (default hides intermediate images)'), option(undefined, 'digests', 'Show digests', '', true), option('f', 'filter', 'Filter output based on conditions provided', 'filter', true), option(undefined, 'format', 'Pretty-print images using a Go template', 'string'), option(undefined, 'no-trunc', "Don't truncate output"), option('q', 'quiet', 'Only show image IDs')],
  run: listImages,
};
const inspect: Verb = {
  usage: 'docker inspect [OPTIONS] NAME|ID [NAME|ID...]', about: 'Return low-level information on Docker objects', minimum: 1, maximum: Infinity,
  options: [option('f', 'format', 'Format the output using the given Go template', 'string'), option('s', 'size', 'Display total file sizes if the type is container', '', true), option(undefined, 'type', 'Return JSON for specified type', 'string')],
  run: inspectObjects,
};
const exec: Verb = {
  usage: 'docker exec [OPTIONS] CONTAINER COMMAND [ARG...]', about: 'Run a command in a running container', minimum: 2, maximum: Infinity,
  options: [
    option('d', 'detach', 'Detached mode: run command in the background', '', true), option(undefined, 'detach-keys', 'Override the key sequence for detaching a container', 'string', true), option('e', 'env', 'Set environment variables', 'list'),
    option('i', 'interactive', 'Keep STDIN open even if not attached'), option(undefined, 'privileged', 'Give extended privileges to the command'), option('t', 'tty', 'Allocate a pseudo-TTY'),
    option('u', 'user', 'Username or UID (format: <name|uid>[:<group|gid>])', 'string'), option('w', 'workdir', 'Working directory inside the container', 'string'),
  ],
  run: execute,
};
const logs: Verb = {
  usage: 'docker logs [OPTIONS] CONTAINER', about: 'Fetch the logs of a container', minimum: 1, maximum: 1,
  options: [
    option(undefined, 'details', 'Show extra details provided to logs', '', true), option('f', 'follow', 'Follow log output'), option(undefined, 'since', 'Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)', 'string', true),
    option('n', 'tail', 'Number of lines to show from the end of the logs (default "all")', 'string'), option('t', 'timestamps', 'Show timestamps'), option(undefined, 'until', 'Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)', 'string', true),
  ],
  run: showLogs,
};
const stop: Verb = { usage: 'docker stop [OPTIONS] CONTAINER [CONTAINER...]', about: 'Stop one or more running containers', minimum: 1, maximum: Infinity, options: [option('t', 'time', 'Seconds to wait for stop before killing it (default 10)', 'int')], run: stopContainers };
const kill: Verb = { usage: 'docker kill [OPTIONS] CONTAINER [CONTAINER...]', about: 'Kill one or more running containers', minimum: 1, maximum: Infinity, options: [option('s', 'signal', 'Signal to send to the container (default "KILL")', 'string')], run: killContainers };
const topProcesses: Verb = { usage: 'docker top CONTAINER [ps OPTIONS]', about: 'Display the running processes of a container', minimum: 1, maximum: 1, options: [], run: top };
const version: Verb = { usage: 'docker version [OPTIONS]', about: 'Show the Docker version information', minimum: 0, maximum: 0, options: [option('f', 'format', 'Format the output using the given Go template', 'string', true)], run: showVersion };

const verbs = new Map<string, Verb>([['ps', ps], ['images', images], ['inspect', inspect], ['exec', exec], ['logs', logs], ['stop', stop], ['kill', kill], ['top', topProcesses], ['version', version]]);
const groups: Readonly<Record<string, ReadonlyMap<string, Verb>>> = {
  container: new Map([['ls', ps], ['list', ps], ['ps', ps], ['inspect', inspect], ['exec', exec], ['logs', logs], ['stop', stop], ['kill', kill], ['top', topProcesses]]),
  image: new Map([['ls', images], ['list', images], ['inspect', inspect]]),
};
/** What docker has besides. */
const OTHERS = new Set('attach build builder commit completion config context cp create diff events export history import info load login logout manifest network node pause plugin port pull push rename restart rm rmi run save search secret service stack start stats swarm system tag trust unpause update volume wait'.split(' '));

export const docker = defineCommand({
  name: 'docker', summary: 'a self-sufficient runtime for containers', package: 'docker',
  async run(call) {
    const [word, ...rest] = call.args;
    if (word === undefined || word === '--help' || word === 'help' || word === '-h') {
      call.out(`\nUsage:  docker [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n\nCommands:\n${[...verbs].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`).join('\n')}\n\nRun 'docker COMMAND --help' for more information on a command.`);
      return 0;
    }
    if (word === '-v' || word === '--version') {
      call.out(`Docker version ${call.sys.machine.containers()?.version ?? '17.03.2-ce'}, build f5ec1e2`);
      return 0;
    }
    const group = groups[word];
    const verb = group === undefined ? verbs.get(word) : group.get(rest[0] ?? '');
    if (verb === undefined) {
      if (OTHERS.has(word) || group !== undefined) return notSimulated(call, group === undefined ? word : `${word} ${rest[0] ?? ''}`.trim());
      call.err(word.startsWith('-') ? `unknown ${word.startsWith('--') ? 'flag' : 'shorthand flag'}: ${word.startsWith('--') ? word : `'${word[1]!}' in ${word}`}\nSee 'docker --help'.` : `docker: '${word}' is not a docker command.\nSee 'docker --help'`);
      return word.startsWith('-') ? 125 : 1;
    }
    return runVerb(call, group === undefined ? word : `${word} ${rest[0]!}`, verb, group === undefined ? rest : rest.slice(1));
  },
});

async function runVerb(call: Invocation, name: string, verb: Verb, args: readonly string[]): Promise<ExitCode> {
  const parsed = parse(verb, args, verb === exec);
  if (parsed === 'help') {
    call.out(helpOf(verb));
    return 0;
  }
  if (typeof parsed === 'string') {
    call.err(`${parsed}\nSee 'docker ${name} --help'.`);
    return 125;
  }
  if ('missing' in parsed) return notSimulated(call, `${name} ${parsed.missing}`);
  const count = parsed.operands.length;
  if (count < verb.minimum || count > verb.maximum) {
    const wants = verb.maximum === 0 ? 'accepts no arguments' : `requires ${verb.minimum === verb.maximum ? 'exactly' : count < verb.minimum ? 'at least' : 'at most'} ${count < verb.minimum ? verb.minimum : verb.maximum} argument${(count < verb.minimum ? verb.minimum : verb.maximum) === 1 ? '' : 's'}`;
    call.err(`"docker ${name}" ${wants}.\nSee 'docker ${name} --help'.\n\nUsage:  ${verb.usage}\n\n${verb.about}`);
    return 1;
  }
  const service = call.sys.machine.containers();
  if (service?.kind !== 'docker') {
    call.err('Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?');
    return 1;
  }
  const dockerGroup = call.sys.machine.groups().find((entry) => entry.name === 'docker');
  if (call.sys.uid !== 0 && (dockerGroup === undefined || !call.sys.groups.includes(dockerGroup.gid))) {
    call.err('Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get http://%2Fvar%2Frun%2Fdocker.sock/v1.27/containers/json: dial unix /var/run/docker.sock: connect: permission denied');
    return 1;
  }
  return verb.run(call, service, parsed);
}

/** pflag: `--name=value`, `--name value`, `-abc`, `-n value`; for exec the options end at the first operand. */
function parse(verb: Verb, args: readonly string[], stopsEarly: boolean): Given | { missing: string } | string {
  const found: { name: string; value: string }[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (word === '--help') return 'help';
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      if (stopsEarly) {
        operands.push(...args.slice(at + 1));
        break;
      }
      continue;
    }
    const isLong = word.startsWith('--');
    const letters = isLong ? [word.slice(2).split('=')[0]!] : [...word.slice(1)];
    for (let index = 0; index < letters.length; index += 1) {
      const letter = letters[index]!;
      const spec = verb.options.find((one) => (isLong ? one.name === letter : one.letter === letter));
      if (spec === undefined) return isLong ? `unknown flag: --${letter}` : `unknown shorthand flag: '${letter}' in ${word}`;
      if (spec.isMissing === true) return { missing: `option --${spec.name}` };
      if (spec.takes === '') {
        found.push({ name: spec.name, value: 'true' });
        continue;
      }
      const attached = isLong ? (word.includes('=') ? word.slice(word.indexOf('=') + 1) : undefined) : (letters.slice(index + 1).join('').replace(/^=/, '') || undefined);
      const value = attached ?? args[at + 1];
      if (value === undefined) return isLong ? `flag needs an argument: --${letter}` : `flag needs an argument: '${letter}' in ${word}`;
      if (attached === undefined) at += 1;
      found.push({ name: spec.name, value });
      break;
    }
  }
  return { operands, has: (name) => found.some((one) => one.name === name), value: (name) => found.findLast((one) => one.name === name)?.value, values: (name) => found.filter((one) => one.name === name).map(({ value }) => value) };
}

function helpOf({ usage, about, options }: Verb): string {
  const left = options.map(({ letter, name, takes }) => `  ${letter === undefined ? '   ' : `-${letter},`} --${name}${takes === '' ? '' : ` ${takes!}`}`);
  const width = Math.max(0, ...left.map((text) => text.length));
  const rows = options.map(({ about: text }, index) => `${left[index]!.padEnd(width)}   ${text}`);
  return `\nUsage:  ${usage}\n\n${about}${rows.length > 0 ? `\n\nOptions:\n${rows.join('\n')}` : ''}`;
}

// ---------------------------------------------------------------- finding

/** By whole id, name, or the beginning of an id. */
function find(service: ContainerService, wanted: string): ContainerInfo | undefined {
  const all = service.containers();
  return all.find(({ id, name }) => id === wanted || name === wanted || `/${name}` === wanted) ?? (/^[0-9a-f]+$/.test(wanted) ? all.find(({ id }) => id.startsWith(wanted)) : undefined);
}

function noSuch(call: Invocation, wanted: string): ExitCode {
  call.err(`Error: No such container: ${wanted}`);
  return 1;
}

// ---------------------------------------------------------------- lists

function shortImage({ image, isSandbox }: ContainerInfo): string {
  // The kubelet asks for containers by digest, which ps leaves out.
  const family = image.replace(/^docker\.io\/(library\/)?/, '');
  return isSandbox ? family : family.replace(/:[^:/]*$/, '');
}

function statusOf({ state, startedUs, finishedUs, exitCode }: ContainerInfo, nowUs: number): string {
  if (state === 'created') return 'Created';
  return state === 'running' ? `Up ${humanDuration(nowUs - startedUs)}` : `Exited (${exitCode}) ${humanDuration(nowUs - finishedUs)} ago`;
}

function list(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const isWhole = given.has('no-trunc');
  const nowUs = call.sys.now();
  const filters = given.values('filter').map((text) => text.split(/=(.*)/s));
  let chosen = service.containers().filter((one) => given.has('all') || given.has('latest') || given.has('last') || filters.some(([key]) => key === 'status') || one.state === 'running');
  for (const [key, value = ''] of filters) {
    if (key === undefined || !['name', 'id', 'status', 'label', 'ancestor'].includes(key)) {
      call.err(`Error response from daemon: Invalid filter '${key ?? ''}'`);
      return 1;
    }
    const [label = '', wanted] = value.split(/=(.*)/s);
    chosen = chosen.filter((one) => (key === 'name' ? one.name.includes(value) : key === 'id' ? one.id.startsWith(value) : key === 'status' ? one.state === value : key === 'ancestor' ? one.image.includes(value) : label in one.labels && (wanted === undefined || one.labels[label] === wanted)));
  }
  const last = given.has('latest') ? 1 : Number(given.value('last') ?? -1);
  if (last >= 0) chosen = chosen.slice(0, last);
  if (given.has('quiet')) {
    for (const { id } of chosen) call.out(isWhole ? id : id.slice(0, 12));
    return 0;
  }
  const rows = chosen.map((one) => {
    const command = one.argv.join(' ');
    return {
      ID: isWhole ? one.id : one.id.slice(0, 12), Image: isWhole ? one.image : shortImage(one), Command: `"${isWhole || command.length <= 20 ? command : `${command.slice(0, 19)}…`}"`,
      RunningFor: `${humanDuration(nowUs - one.createdUs)} ago`, CreatedAt: '', Status: statusOf(one, nowUs), State: one.state, Ports: '', Names: one.name, Labels: Object.entries(one.labels).map(([key, value]) => `${key}=${value}`).join(','), Networks: one.isHostNetwork ? 'host' : 'none', LocalVolumes: '0', Mounts: '', Size: '0B',
    };
  });
  return printRows(call, given.value('format'), rows, [['CONTAINER ID', 'ID'], ['IMAGE', 'Image'], ['COMMAND', 'Command'], ['CREATED', 'RunningFor'], ['STATUS', 'Status'], ['PORTS', 'Ports'], ['NAMES', 'Names']]);
}

function listImages(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const [wanted] = given.operands;
  const rows = service.images().map(({ reference, id, sizeBytes }) => {
    const family = reference.replace(/^docker\.io\/(library\/)?/, '');
    const colon = family.lastIndexOf(':');
    return { Repository: family.slice(0, colon), Tag: family.slice(colon + 1), ID: given.has('no-trunc') ? `sha256:${id}` : id.slice(0, 12), CreatedSince: '3 months ago', CreatedAt: '', Digest: '<none>', Size: sizeText(sizeBytes) };
  }).filter(({ Repository, Tag }) => wanted === undefined || wanted === Repository || wanted === `${Repository}:${Tag}`);
  if (given.has('quiet')) {
    for (const { ID } of rows) call.out(ID);
    return 0;
  }
  return printRows(call, given.value('format'), rows, [['REPOSITORY', 'Repository'], ['TAG', 'Tag'], ['IMAGE ID', 'ID'], ['CREATED', 'CreatedSince'], ['SIZE', 'Size']]);
}

/** Decimal units with three figures (go-units HumanSizeWithPrecision). */
function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < 4) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${['B', 'kB', 'MB', 'GB', 'TB'][unit]!}`;
}

function printRows<Row extends Record<string, string>>(call: Invocation, format: string | undefined, rows: readonly Row[], columns: readonly (readonly [string, keyof Row & string])[]): ExitCode {
  if (format !== undefined && format !== 'table') {
    const isTable = format.startsWith('table ');
    const text = format.replace(/^table /, '').replaceAll('\\t', '\t').replaceAll('\\n', '\n');
    let print: (row: unknown) => string;
    try {
      print = templateOf(text);
    } catch (problem) {
      return templateProblem(call, problem);
    }
    const heads = Object.fromEntries(columns.map(([head, key]) => [key, head]));
    const lines = [...(isTable ? [print(heads)] : []), ...rows.map((row) => print(row))];
    const cells = lines.map((line) => line.split('\t'));
    for (const line of isTable ? aligned(cells) : lines) call.out(line);
    return 0;
  }
  for (const line of aligned([columns.map(([head]) => head), ...rows.map((row) => columns.map(([, key]) => row[key] ?? ''))])) call.out(line);
  return 0;
}

/** Columns as wide as their widest cell and three blanks; the last is not padded. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]! + 3))).join(''));
}

// ---------------------------------------------------------------- inspect

/** A template in docker's dialect: `json .X` and friends are the library's. */
function templateOf(text: string): (data: unknown) => string {
  return goTemplate(text);
}

function templateProblem(call: Invocation, problem: unknown): ExitCode {
  if (!(problem instanceof KubectlProblem)) throw problem;
  call.err(`Template parsing error: ${problem.message.replace(/^error parsing template: template: output:/, 'template: :')}`);
  return 64;
}

function inspectObjects(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const format = given.value('format');
  const type = given.value('type');
  let print: ((data: unknown) => string) | undefined;
  try {
    print = format === undefined ? undefined : templateOf(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  } catch (problem) {
    return templateProblem(call, problem);
  }
  const objects: unknown[] = [];
  let missing: string | undefined;
  for (const wanted of given.operands) {
    const container = type === 'image' ? undefined : find(service, wanted);
    const image = type === 'container' ? undefined : service.images().find(({ reference, id }) => reference === wanted || reference.replace(/^docker\.io\/(library\/)?/, '') === wanted || `sha256:${id}` === wanted || (wanted.length >= 3 && id.startsWith(wanted)));
    const object = container !== undefined ? inspected(container, service) : image !== undefined ? inspectedImage(image) : undefined;
    if (object === undefined) {
      missing = wanted;
      break;
    }
    objects.push(object);
  }
  let exit = 0;
  if (print === undefined) call.write(`${objects.length === 0 ? '[]' : JSON.stringify(objects, undefined, 4)}\n`);
  else {
    for (const object of objects) {
      try {
        call.out(print(object));
      } catch (problem) {
        if (!(problem instanceof KubectlProblem)) throw problem;
        call.err(`Template parsing error: ${problem.message.replace(/^error parsing template: template: output:/, 'template: :')}`);
        exit = 1;
      }
    }
    if (objects.length === 0) call.out('');
  }
  if (missing === undefined) return exit;
  call.err(`Error: No such ${type === 'container' || type === 'image' ? type : 'object'}: ${missing}`);
  return 1;
}

// ---------------------------------------------------------------- going in, looking on, ending

async function execute(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  const [wanted = '', ...argv] = given.operands;
  const container = find(service, wanted);
  if (container === undefined) return noSuch(call, wanted);
  if (container.state !== 'running') {
    call.err(`Error response from daemon: Container ${container.id} is not running`);
    return 1;
  }
  if (given.has('tty') && !call.stdinIsTerminal) {
    call.err('the input device is not a TTY');
    return 1;
  }
  const outcome = await enterContainer(call, container, argv, { hasTty: given.has('tty'), hasInput: given.has('interactive'), env: given.values('env'), workingDir: given.value('workdir'), user: given.value('user'), isPrivileged: given.has('privileged') });
  if ('code' in outcome) return outcome.code;
  const name = argv[0]!;
  const reason = outcome.error === 'EACCES' ? 'permission denied' : name.includes('/') ? `stat ${name}: no such file or directory` : 'executable file not found in $PATH';
  call.out(`OCI runtime exec failed: exec failed: container_linux.go:349: starting container process caused "exec: \\"${name}\\": ${reason}": unknown`);
  return 126;
}

async function showLogs(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  const wanted = given.operands[0]!;
  const container = find(service, wanted);
  if (container === undefined) return noSuch(call, wanted);
  const tail = given.value('tail');
  let shown = 0;
  const all = service.log(container.id);
  if (tail !== undefined && tail !== 'all') shown = Math.max(0, all.length - Number(tail));
  for (;;) {
    const lines = service.log(container.id);
    for (; shown < lines.length; shown += 1) {
      const { atUs, stream, text } = lines[shown]!;
      const line = `${given.has('timestamps') ? `${stampOf(atUs)} ` : ''}${text}`;
      if (stream === 'stdout') call.out(line);
      else call.err(line);
    }
    if (!given.has('follow') || find(service, container.id)?.state !== 'running') return 0;
    await call.flush();
    const slept = await call.sys.sleep(100_000);
    if (!slept.ok) return 130;
  }
}

function stampOf(us: number): string {
  return `${isoOf(us)}.${String(us % 1_000_000).padStart(6, '0')}000Z`;
}

async function stopContainers(call: Invocation, service: ContainerService, given: Given): Promise<ExitCode> {
  const graceUs = Number(given.value('time') ?? 10) * 1e6;
  let exit = 0;
  for (const wanted of given.operands) {
    const container = find(service, wanted);
    if (container === undefined) {
      exit = notThere(call, wanted);
      continue;
    }
    service.signal(container.id, 'TERM');
    const untilUs = call.sys.now() + graceUs;
    while (find(service, container.id)?.state === 'running' && call.sys.now() < untilUs) await call.sys.sleep(50_000);
    service.signal(container.id, 'KILL');
    call.out(wanted);
  }
  return exit;
}

function killContainers(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const signal = (given.value('signal') ?? 'KILL').replace(/^SIG/, '');
  if (signal !== 'KILL' && signal !== 'TERM' && signal !== '9' && signal !== '15') return notSimulated(call, `kill --signal ${signal}`);
  let exit = 0;
  for (const wanted of given.operands) {
    const container = find(service, wanted);
    if (container === undefined) exit = notThere(call, wanted);
    else if (service.signal(container.id, signal === 'TERM' || signal === '15' ? 'TERM' : 'KILL')) call.out(wanted);
    else {
      call.err(`Error response from daemon: Cannot kill container: ${wanted}: Container ${container.id} is not running`);
      exit = 1;
    }
  }
  return exit;
}

function notThere(call: Invocation, wanted: string): ExitCode {
  call.err(`Error response from daemon: No such container: ${wanted}`);
  return 1;
}

function top(call: Invocation, service: ContainerService, given: Given): ExitCode {
  const wanted = given.operands[0]!;
  const container = find(service, wanted);
  if (container === undefined) return notThere(call, wanted);
  if (container.state !== 'running') {
    call.err(`Error response from daemon: Container ${container.id} is not running`);
    return 1;
  }
  const namespace = call.sys.readLink(`/proc/${container.pid}/ns/pid`);
  const rows = call.sys.processes().filter(({ pid }) => {
    const own = call.sys.readLink(`/proc/${pid}/ns/pid`);
    return own.ok && namespace.ok && own.value === namespace.value;
  }).map(({ pid, ppid, uid, startedUs, cpuUs, argv }) => [uid === 0 ? 'root' : String(uid), String(pid), String(ppid), '0', isoOf(startedUs).slice(11, 16), '?', clockOf(cpuUs), argv.join(' ')]);
  const table = [['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'], ...rows];
  for (const row of table) call.out(row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(20))).join(''));
  return 0;
}

function clockOf(us: number): string {
  const seconds = Math.floor(us / 1e6);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

function showVersion(call: Invocation, { version: number }: ContainerService): ExitCode {
  const shown = number.replace(/^(\d+)\.(\d+)\.(\d+)$/, (_, major: string, minor: string, patch: string) => `${major}.${minor.padStart(2, '0')}.${patch}-ce`);
  call.write(`Client:\n Version:      ${shown}\n API version:  1.27\n Go version:   go1.9.1\n Git commit:   f5ec1e2\n OS/Arch:      linux/amd64\n\nServer:\n Version:      ${shown}\n API version:  1.27 (minimum version 1.12)\n Go version:   go1.9.1\n Git commit:   f5ec1e2\n OS/Arch:      linux/amd64\n Experimental: false\n`);
  return 0;
}

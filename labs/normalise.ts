/**
 * What may differ between two honest runs of the same commands: MAC addresses, times, ids, ephemeral ports, sequence numbers. The first
 * time a value is seen it gets an ordinal, so that equality and difference of values are kept.
 */
interface ComparedStep { readonly compare?: 'unordered' | 'noseq' | undefined; readonly stop?: string | undefined; readonly signal?: string | undefined }
export interface Answered { readonly stdout?: unknown; readonly stderr?: unknown; readonly exit?: unknown }

type Replacer = (...groups: string[]) => string;

export class Normaliser {
  private readonly macs = new Map<string, string>();
  private readonly ports = new Map<number, string>();
  private readonly ids = new Map<string, string>();

  apply(raw: string): string {
    let text = raw.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    const replace = (pattern: RegExp, by: string | Replacer): void => {
      text = typeof by === 'string' ? text.replace(pattern, by) : text.replace(pattern, (...groups) => by(...(groups as string[])));
    };
    replace(/\beth0@if2( {2,})/g, 'eth0    $1');
    replace(/\beth0@if2\b/g, 'eth0');
    text = text.replaceAll(' link-netnsid 999', '');
    replace(/"link_index":\s?2,"ifname":\s?"eth0"/g, '"ifname":"eth0"');
    replace(/,?\s*"link_netnsid":\s?999/g, '');
    replace(/^nsid 999 *\n/gm, '');
    replace(/\b8000\.([0-9a-f]{12})\b/g, (_, hex) => `8000.${this.mac(hex!.match(/../g)!.join(':'))}`);
    replace(/\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b/g, (mac) => this.mac(mac!));
    replace(/fe80::[0-9a-f:]+/g, 'fe80::LL');
    replace(/ tentative/g, '');
    replace(/^\d\d:\d\d:\d\d\.\d{6} /gm, 'TS ');
    replace(/time=[\d.]+ ms/g, 'time=T ms');
    replace(/time \d+ms/g, 'time Tms');
    replace(/(mdev = )[\d./]+ ms/g, '$1T ms');
    replace(/, pipe \d+/g, '');
    replace(/, ipg\/ewma [\d./]+ ms/g, '');
    replace(/(?<=[ \s])\d+\.\d{3} ms/g, 'T ms');
    replace(/\bid=(\d+)/g, (_, id) => `id=${this.id(id!)}`);
    replace(/(ICMP6?,? echo (?:request|reply), id )(\d+)/g, (_, before, id) => `${before}${this.id(id!)}`);
    replace(/(tos 0x\w+, ttl \d+, id )\d+/g, '$1N');
    replace(/(?<=[.:=])\d{5}(?=[ :>,\n)]|$)/g, (port) => this.port(port!));
    replace(/\b(seq|ack) \d{4,}(:\d{4,})?/g, (_, what, to) => `${what} SEQ${to === undefined ? '' : ':SEQ'}`);
    replace(/TS val \d+ ecr (\d+)/g, (_, echo) => `TS val N ecr ${echo === '0' ? '0' : 'N'}`);
    replace(/\bwin \d+/g, 'win W');
    replace(/wscale \d+/g, 'wscale S');
    replace(/cksum 0x[0-9a-f]{4} \((correct|incorrect -> 0x[0-9a-f]{4})\)/g, 'cksum X');
    replace(/^(\s*(?:\[\w+\] )?(?:ipv4 {5}2 )?(?:tcp|udp|icmp|unknown) +\d+ )\d+ /gm, '$1T ');
    replace(/\buse=\d+/g, 'use=N');
    // Whole seconds counted down while the commands before ran.
    replace(/\b((?:valid|preferred)_lft )(\d+)sec/g, (_, what, seconds) => `${what}${Math.ceil(Number(seconds) / 10) * 10}sec`);
    replace(/^( *\d+\t\S+\t+(?:yes|no)\t+) *[\d.]+ *$/gm, '$1AGE');
    replace(/(timer)[ \t]+[\d.]+/g, '$1 T');
    replace(/(_timer": ?)(?!0\.00)[\d.]+/g, '$1T');
    replace(/\b(REACHABLE|STALE|DELAY|PROBE)\b/g, 'NUD');
    replace(/^\d+ packets? received by filter/gm, 'N packets received by filter');
    replace(/^(# (?:Generated|Completed).* on ).*$/gm, '$1DATE');
    replace(/^((?:< )?Date: ).*$/gm, '$1DATE');
    replace(/\[\d\d\/\w{3}\/\d{4} \d\d:\d\d:\d\d\]/g, '[DATE]');
    replace(/\b\d+\/(python3|nc)\b/g, 'PID/$1');
    replace(/pid=\d+,fd=\d+/g, 'pid=PID,fd=FD');
    replace(/after \d+ (ms|milliseconds)/g, 'after N $1');
    replace(/([RT]X packets) \d+ {2}bytes \d+ \([^)]*\)/g, '$1 N  bytes N (N)');
    return text.replace(/[ \t]+$/gm, '');
  }

  /** For screens: also pids of job lines, watch's clock, how long ago vi's changes were, names of bash's temporary files, top's figures. */
  applyToScreen(raw: string): string {
    const text = raw
      .replace(/^(.*\$ )?(\[\d+\]) \d+$/gm, (_, prompt: string | undefined, job: string) => `${prompt ?? ''}${job} PID`)
      .replace(/(#\d+ {2})(?:\d+ seconds? ago|\d\d:\d\d:\d\d)$/gm, '$1AGO')
      .replace(/\/tmp\/bash-fc\.\w{6}/g, '/tmp/bash-fc.XXXXXX')
      .replace(/^\[detached from \d+\./gm, '[detached from PID.')
      .replace(/^ +\d+(\.\S+) +\([^)]*\) +\(/gm, '        PID$1 (STAMP) (')
      .replace(/^top - .*$/gm, 'top - NOW')
      .replace(/^(%Cpu\S*:).*$/gm, '$1 FIGURES')
      .replace(/^([KMGTPE]iB (?:Mem|Swap) ?:).*$/gm, '$1 FIGURES')
      .replace(/^ *\d+ (\S+ +(?:rt|-?\d+) +-?\d+) +[\d.]+[kmgt]? +[\d.]+[kmgt]? +[\d.]+[kmgt]? ([DIRSTZ]) +[\d.]+ +[\d.]+ +[\d:.]+ /gm, 'PID $1 SIZES $2 SHARES ')
      .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'DATE');
    return this.apply(text);
  }

  private mac(found: string): string {
    const mac = found.toLowerCase();
    if (mac === '00:00:00:00:00:00' || mac === 'ff:ff:ff:ff:ff:ff' || /^(33:33|01:00|01:80|42:01:0a:8e|02:00:00)/.test(mac)) return mac;
    return ordinal(this.macs, mac, 'MAC');
  }
  private id(found: string): string {
    return ordinal(this.ids, found, 'ID');
  }
  private port(found: string): string {
    const port = Number(found);
    return port >= 32768 && port <= 60999 ? ordinal(this.ports, port, 'EPH') : found;
  }
}

/** An answer as lines that two honest runs have in common: standard output, standard error behind a !, the exit status. */
export function answerLines(normaliser: Normaliser, step: object, answer: Answered): string[] {
  const { compare, stop, signal }: ComparedStep = step;
  const lines: string[] = [];
  for (const [mark, raw] of [['  ', answer.stdout], ['! ', answer.stderr]] as const) {
    const text = normaliser.apply(compare === 'unordered' ? sorted(String(raw ?? '')) : String(raw ?? ''));
    const shown = (compare === 'noseq' ? text.replace(/, seq \d+, length/g, ', seq S, length') : text).split('\n');
    if (shown.at(-1) === '') shown.pop();
    lines.push(...shown.map((line) => `${mark}${line}`));
  }
  // What a program makes of other signals is the shell's that started it.
  const isLoose = stop !== undefined && signal !== undefined && signal !== 'INT';
  return [...lines, isLoose ? '= *' : `= ${String(answer.exit)}`];
}

function sorted(text: string): string {
  const masked = (line: string): string => new Normaliser().apply(line).replace(/\d{5}/g, '#');
  return text.split('\n').filter((line) => line !== '').sort((a, b) => (masked(a) < masked(b) ? -1 : 1)).map((line) => `${line}\n`).join('');
}

function ordinal<Key>(known: Map<Key, string>, key: Key, prefix: string): string {
  const name = known.get(key) ?? `${prefix}${known.size + 1}`;
  known.set(key, name);
  return name;
}

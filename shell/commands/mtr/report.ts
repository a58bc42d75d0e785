/** What mtr prints when it is done. Read first: mtr's report.c, whose buffers cut a long name where the first column begins. */
import type { Invocation } from '../define.ts';
import { cell, type Field } from './fields.ts';
import type { Hop, Path, PathOptions } from './path.ts';

export interface Shown { readonly call: Invocation; readonly path: Path; readonly fields: readonly Field[]; readonly host: string; readonly options: PathOptions; readonly cycles: number; readonly names: (address: string) => Promise<string> }

interface Row { readonly number: number; readonly hop: Hop; readonly names: readonly string[] }
const NARROW = 33;

async function rowsOf({ path, options, names }: Shown): Promise<Row[]> {
  const rows: Row[] = [];
  for (let index = options.firstHop - 1; index < path.length; index += 1) {
    const hop = path.hops[index]!;
    rows.push({ number: index + 1, hop, names: hop.addresses.length === 0 ? ['???'] : await Promise.all(hop.addresses.map(names)) });
  }
  return rows;
}

export async function report(shown: Shown, isWide: boolean): Promise<void> {
  const { call, fields } = shown;
  const rows = await rowsOf(shown);
  const { hostname } = call.sys;
  const width = isWide ? Math.max(hostname.length, ...rows.flatMap(({ names }) => names.map((name) => name.length))) : NARROW;
  const fit = (text: string): string => (isWide ? text : text.padEnd(NARROW).slice(0, NARROW));
  call.out(fit(`HOST: ${hostname.padEnd(width)}`) + fields.map(({ title, width: columns }) => title.padStart(columns)).join(''));
  for (const { number, hop, names } of rows) {
    call.out(fit(`${String(number).padStart(3)}.|-- ${names[0]!.padEnd(width)}`) + fields.map((field) => cell(field, hop)).join(''));
    for (const other of names.slice(1)) call.out(`    |  \`|-- ${other}`);
  }
}

export async function json(shown: Shown): Promise<void> {
  const { call, fields, options, cycles, host } = shown;
  const hubs = (await rowsOf(shown)).map(({ number, hop, names }) => {
    const values = fields.filter(({ key }) => key !== ' ').map((field) => `                "${field.title}": ${field.isCount === true ? field.value(hop) : decimal(field.value(hop))}`);
    return `            {\n                "count": ${number},\n                "host": "${names[0]!}",\n${values.join(',\n')}\n            }`;
  });
  call.out(`{
    "report": {
        "mtr": {
            "src": "${call.sys.hostname}",
            "dst": "${host}",
            "tos": ${options.typeOfService},
            "tests": ${cycles},
            "psize": "${options.packetSize}",
            "bitpattern": "0x00"
        },
        "hubs": [${hubs.length === 0 ? '' : `\n${hubs.join(',\n')}\n        `}]
    }
}`);
}

/** Three places at most, one at least. */
function decimal(value: number): string {
  const text = value.toFixed(3).replace(/0+$/, '');
  return text.endsWith('.') ? `${text}0` : text;
}

export async function xml(shown: Shown): Promise<void> {
  const { call, fields, options, cycles, host } = shown;
  call.out(`<?xml version="1.0"?>\n<MTR SRC="${call.sys.hostname}" DST="${host}" TOS="0x${options.typeOfService.toString(16)}" PSIZE="${options.packetSize}" BITPATTERN="0x00" TESTS="${cycles}">`);
  for (const { number, hop, names } of await rowsOf(shown)) {
    call.out(`    <HUB COUNT="${number}" HOST="${names[0]!}">`);
    for (const field of fields) {
      if (field.key === ' ') continue;
      const name = field.title.replace('%', '');
      call.out(`        <${name}>${field.isShare === true ? `${field.value(hop).toFixed(1).padStart(5)}%` : cell(field, hop)}</${name}>`);
    }
    call.out('    </HUB>');
  }
  call.out('</MTR>');
}

export async function csv(shown: Shown, nowUs: number): Promise<void> {
  const { call, fields, host } = shown;
  const rows = await rowsOf(shown);
  if (rows.length > 0) call.out(`Mtr_Version,Start_Time,Status,Host,Hop,Ip,${fields.map(({ title }) => `${title},`).join('')}`);
  for (const { number, hop, names } of rows) call.out(`MTR.0.95,${Math.floor(nowUs / 1e6)},OK,${host},${number},${names[0]!},${fields.map((field) => (field.key === ' ' || field.isCount === true ? field.value(hop) : field.value(hop).toFixed(2))).join(',')}`);
}

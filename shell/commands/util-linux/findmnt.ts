/** findmnt(8) of util-linux 2.38.1: the mount table, as a tree. Read first: misc-utils/findmnt.c, /proc/PID/mountinfo in proc(5) */
import type { ExitCode } from '../../../machine/sys.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { utilLinuxOptions } from './common.ts';

export const findmnt = defineCommand({
  name: 'findmnt', summary: 'find a filesystem', package: 'util-linux', path: '/usr/bin/findmnt',
  run: (call) => runFindmnt(call),
});

interface Mount { readonly id: string; readonly parent: string; readonly device: string; readonly root: string; readonly target: string; readonly flags: string; readonly type: string; readonly source: string; readonly fsOptions: string }
type Format = 'tree' | 'list' | 'raw' | 'pairs' | 'json';

const COLUMNS: Readonly<Record<string, (mount: Mount) => string>> = {
  SOURCE: ({ source, root }) => (root === '/' ? source : `${source}[${root}]`), TARGET: ({ target }) => target, FSTYPE: ({ type }) => type,
  OPTIONS: ({ flags, fsOptions }) => [flags, ...fsOptions.split(',').filter((word) => word !== 'rw' && word !== 'ro')].join(','), 'VFS-OPTIONS': ({ flags }) => flags, 'FS-OPTIONS': ({ fsOptions }) => fsOptions,
  FSROOT: ({ root }) => root, 'MAJ:MIN': ({ device }) => device, ID: ({ id }) => id, PARENT: ({ parent }) => parent, PROPAGATION: () => 'private',
};
const OTHER_COLUMNS = new Set(['ACTION', 'AVAIL', 'FREQ', 'LABEL', 'OLD-OPTIONS', 'OLD-TARGET', 'OPT-FIELDS', 'PARTLABEL', 'PARTUUID', 'PASSNO', 'SIZE', 'SOURCES', 'TID', 'USED', 'USE%', 'UUID']);
const TO_THE_RIGHT = new Set(['ID', 'PARENT']);

async function runFindmnt(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = utilLinuxOptions(call, {
    short: 'AabCcDd:eF:fiJklM:mN:nO:o:PpRrS:sT:t:Uuvw:xy',
    long: {
      all: 'none=A', ascii: 'none=a', bytes: 'none=b', nocanonicalize: 'none=C', canonicalize: 'none=c', df: 'none=D', direction: 'required=d', evaluate: 'none=e', 'tab-file': 'required=F', 'first-only': 'none=f', invert: 'none=i', json: 'none=J', kernel: 'none=k', list: 'none=l',
      mountpoint: 'required=M', mtab: 'none=m', task: 'required=N', noheadings: 'none=n', options: 'required=O', output: 'required=o', 'output-all': 'none', pairs: 'none=P', poll: 'optional=p', pseudo: 'none', shadowed: 'none', submounts: 'none=R', raw: 'none=r', real: 'none', source: 'required=S',
      fstab: 'none=s', target: 'required=T', tree: 'none', types: 'required=t', uniq: 'none=U', notruncate: 'none=u', nofsroot: 'none=v', timeout: 'required=w', verify: 'none=x', verbose: 'none', 'vfs-all': 'none', shell: 'none=y',
    },
  });
  if (typeof options === 'number') return options;
  const refused = options.options.find(({ name }) => !['A', 'a', 'C', 'c', 'f', 'i', 'J', 'k', 'l', 'M', 'm', 'n', 'O', 'o', 'P', 'r', 'S', 'T', 't', 'U', 'u', 'v', 'tree'].includes(name));
  if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);

  const typed = options.value('o');
  const standard = ['TARGET', 'SOURCE', 'FSTYPE', 'OPTIONS'];
  const columns = typed === undefined ? standard : typed.startsWith('+') ? [...standard, ...typed.slice(1).toUpperCase().split(',')] : typed.toUpperCase().split(',');
  for (const name of columns) {
    if (COLUMNS[name] !== undefined) continue;
    if (OTHER_COLUMNS.has(name)) return notSimulated(call, `column ${name}`);
    call.err(`findmnt: unknown column: ${typed!.replace(/^\+/, '').split(',').find((word) => word.toUpperCase() === name)!}`);
    return 1;
  }

  const all = await mountTable(call);
  const [first, second] = options.operands;
  const isInverse = options.has('i');
  const types = options.value('t')?.split(',');
  const wantedOptions = options.value('O')?.split(',');
  const source = options.value('S') ?? (second === undefined ? undefined : first);
  const mountpoint = options.value('M') ?? second;
  const place = (path: string): string => {
    const real = sys.realPath(path);
    return real.ok ? real.value : path;
  };
  const above = options.value('T');
  const chosen = all.filter((mount) => {
    const tests: boolean[] = [];
    if (types !== undefined) tests.push(types.includes(mount.type));
    if (wantedOptions !== undefined) tests.push(wantedOptions.every((word) => COLUMNS['OPTIONS']!(mount).split(',').includes(word)));
    if (source !== undefined) tests.push(mount.source === source || mount.source === place(source));
    if (mountpoint !== undefined) tests.push(mount.target === place(mountpoint));
    if (first !== undefined && second === undefined) tests.push(mount.source === first || mount.target === place(first));
    if (above !== undefined) tests.push(mount === holder(all, place(above)));
    return tests.length === 0 || tests.every(Boolean) !== isInverse;
  });
  const shown = options.has('f') ? chosen.slice(0, 1) : chosen;
  if (shown.length === 0) return 1;

  const isSearch = source !== undefined || mountpoint !== undefined || first !== undefined || above !== undefined;
  const format: Format = options.has('J') ? 'json' : options.has('P') ? 'pairs' : options.has('r') ? 'raw' : options.has('l') || options.has('U') || options.has('f') || isSearch || !columns.includes('TARGET') ? 'list' : 'tree';
  const cells = (mount: Mount): string[] => columns.map((name) => (name === 'SOURCE' && options.has('v') ? mount.source : COLUMNS[name]!(mount)));
  if (format === 'json') printJson(call, columns, isSearch ? shown.map((mount) => ({ mount, children: [] })) : forest(shown), cells);
  else if (format === 'pairs') for (const mount of shown) call.out(cells(mount).map((cell, at) => `${columns[at]!}="${cell}"`).join(' '));
  else if (format === 'raw') {
    if (!options.has('n')) call.out(columns.join(' '));
    for (const mount of shown) call.out(cells(mount).map((cell) => cell.replaceAll('\\', '\\x5c').replaceAll(' ', '\\x20')).join(' '));
  } else {
    const isAscii = options.has('a') || !/utf-?8/i.test(call.env.get('LC_ALL') ?? call.env.get('LC_CTYPE') ?? call.env.get('LANG') ?? '');
    const rows = format === 'tree' ? treeRows(forest(shown), columns.indexOf('TARGET'), cells, isAscii) : shown.map(cells);
    printTable(call, options.has('n') ? undefined : columns, columns, rows, options.has('u'));
  }
  return 0;
}

/** The file system that a path is on. */
function holder(all: readonly Mount[], path: string): Mount | undefined {
  return all.filter(({ target }) => path === target || path.startsWith(target === '/' ? '/' : `${target}/`)).sort((left, right) => right.target.length - left.target.length)[0];
}

async function mountTable(call: Invocation): Promise<Mount[]> {
  const text = await call.sys.readText('/proc/self/mountinfo');
  return (text.ok ? text.value : '').split('\n').filter((line) => line !== '').map((line) => {
    const words = line.split(' ');
    const [id = '', parent = '', device = '', root = '', target = '', flags = ''] = words;
    const [type = '', source = '', fsOptions = ''] = words.slice(words.indexOf('-') + 1);
    return { id, parent, device, root, target, flags, type, source, fsOptions };
  });
}

interface Tree { readonly mount: Mount; readonly children: Tree[] }

/** Mounts under the mounts they stand on; one whose parent is not shown stands by itself. */
function forest(mounts: readonly Mount[]): Tree[] {
  const trees = new Map(mounts.map((mount) => [mount.id, { mount, children: [] as Tree[] }]));
  const roots: Tree[] = [];
  for (const tree of trees.values()) (trees.get(tree.mount.parent)?.children ?? roots).push(tree);
  return roots;
}

function treeRows(trees: readonly Tree[], column: number, cells: (mount: Mount) => string[], isAscii: boolean): string[][] {
  const [branch, last, line] = isAscii ? ['|-', '`-', '| '] : ['├─', '└─', '│ '];
  const rows: string[][] = [];
  const visit = ({ mount, children }: Tree, own: string, below: string): void => {
    const row = cells(mount);
    row[column] = own + row[column]!;
    rows.push(row);
    children.forEach((child, at) => visit(child, below + (at === children.length - 1 ? last : branch), below + (at === children.length - 1 ? '  ' : line)));
  };
  for (const tree of trees) visit(tree, '', '');
  return rows;
}

/** A heading keeps its room where it is not shown. On a terminal the last column is cut where the line ends. */
function printTable(call: Invocation, heading: readonly string[] | undefined, columns: readonly string[], rows: readonly (readonly string[])[], isWhole: boolean): void {
  const all = heading === undefined ? rows : [heading, ...rows];
  const widths = columns.map((_, at) => Math.max(columns[at]!.length, ...rows.map((row) => row[at]!.length)));
  const size = call.stdoutIsTerminal && !isWhole ? call.sys.windowSize(1) : undefined;
  for (const row of all) {
    const line = row.map((cell, at) => (TO_THE_RIGHT.has(columns[at]!) ? cell.padStart(widths[at]!) : at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join(' ');
    call.out(size?.ok === true && size.value.columns > 0 ? line.slice(0, size.value.columns) : line);
  }
}

function printJson(call: Invocation, columns: readonly string[], trees: readonly Tree[], cells: (mount: Mount) => string[]): void {
  const text = (value: string): string => JSON.stringify(value);
  const objects = (list: readonly Tree[], indent: string): string => list.map(({ mount, children }) => {
    const fields = cells(mount).map((cell, at) => `${indent}   "${columns[at]!.toLowerCase()}": ${TO_THE_RIGHT.has(columns[at]!) ? cell : text(cell)}`);
    if (children.length > 0) fields.push(`${indent}   "children": [\n${indent}      {\n${objects(children, `${indent}      `)}\n${indent}      }\n${indent}   ]`);
    return fields.join(',\n');
  }).join(`\n${indent}},{\n`);
  call.out(`{\n   "filesystems": [\n      {\n${objects(trees, '      ')}\n      }\n   ]\n}`);
}

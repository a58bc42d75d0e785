/** lsns: the namespaces of the processes one may see, from their /proc/PID/ns. Read first: lsns(8), sys-utils/lsns.c of util-linux 2.38 */
import type { ExitCode, ProcessView, Sys } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { userName } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { version } from './nsenter.ts';
import { lsnsHelp } from './usage.ts';

const types = ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'];

interface Namespace { readonly inode: number; readonly type: string; readonly path: string; readonly members: ProcessView[] }
interface Column { readonly isRight?: boolean; readonly isNumber?: boolean; text(of: Namespace, sys: Sys): string | undefined }

const first = ({ members }: Namespace): ProcessView => members[0]!;
const columns: Readonly<Record<string, Column>> = {
  NS: { isRight: true, isNumber: true, text: ({ inode }) => String(inode) },
  TYPE: { text: ({ type }) => type },
  PATH: { text: ({ path }) => path },
  NPROCS: { isRight: true, isNumber: true, text: ({ members }) => String(members.length) },
  PID: { isRight: true, isNumber: true, text: (of) => String(first(of).pid) },
  PPID: { isRight: true, isNumber: true, text: (of) => String(first(of).ppid) },
  COMMAND: { text: (of) => first(of).argv.join(' ') },
  UID: { isRight: true, isNumber: true, text: (of) => String(first(of).uid) },
  USER: { text: (of, sys) => userName(sys, first(of).uid) },
  NETNSID: { isRight: true, text: (of, sys) => (of.type === 'net' ? netnsId(of, sys) : undefined) },
  NSFS: { text: (of, sys) => (of.type === 'net' ? mountedAt(of, sys) : undefined) },
};

function netnsId(of: Namespace, sys: Sys): string {
  const id = first(of).netns;
  return (id === sys.netns.id ? undefined : sys.net.netlink.netnsId(id)?.toString()) ?? 'unassigned';
}

function mountedAt(of: Namespace, sys: Sys): string | undefined {
  const names = sys.list('/run/netns');
  return (names.ok ? names.value : []).map((name) => `/run/netns/${name}`).find((path) => {
    const handle = sys.openNetns(path);
    return handle.ok && handle.value.inode === of.inode;
  });
}

export const lsns = defineCommand({
  name: 'lsns', summary: 'list namespaces', package: 'util-linux',
  run: (call) => {
    const options = parseOptions(call.args, {
      short: 'Jlno:p:rt:uWhVT:',
      long: { json: 'none=J', list: 'none=l', raw: 'none=r', notruncate: 'none=u', nowrap: 'none=W', tree: 'required=T', 'output-all': 'none', type: 'required=t', noheadings: 'none=n', output: 'required=o', task: 'required=p', help: 'none=h', version: 'none=V' },
    });
    const problem = (text: string): ExitCode => {
      call.err(`lsns: ${text}`);
      return 1;
    };
    if (options.error !== undefined) return problem(`${options.error}\nTry 'lsns --help' for more information.`);
    if (options.has('V')) return version(call);
    if (options.has('h')) {
      call.write(lsnsHelp);
      return 0;
    }
    if (options.has('T')) return notSimulated(call, 'option -T');
    const type = options.value('t');
    if (type !== undefined && !types.includes(type)) return problem(`unknown namespace type: ${type}`);
    const task = options.value('p');
    if (task !== undefined && !/^\d+$/.test(task)) return problem(`invalid PID argument: '${task}'`);
    const [wanted] = options.operands;
    if (wanted !== undefined && !/^\d+$/.test(wanted)) return problem(`invalid namespace argument: '${wanted}'`);
    const found = namespaces(call, task, type);
    const picked = wanted === undefined ? undefined : found.find(({ inode }) => inode === Number(wanted));
    if (wanted !== undefined && picked === undefined) return problem(`not found namespace: ${wanted}`);
    // A namespace that is asked for is shown by its processes.
    const rows = picked === undefined ? found : picked.members.map((member) => ({ ...picked, members: [member] }));
    const plain = picked !== undefined ? ['PID', 'PPID', 'USER', 'COMMAND'] : type === 'net' ? ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', 'NETNSID', 'NSFS', 'COMMAND'] : ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', 'COMMAND'];
    const typed = options.value('o');
    const chosen = [...(typed === undefined || typed.startsWith('+') ? plain : []), ...(typed === undefined ? [] : typed.replace(/^\+/, '').split(','))];
    for (const name of chosen) {
      if (['PNS', 'ONS'].includes(name.toUpperCase())) return notSimulated(call, `column ${name}`);
      if (!(name.toUpperCase() in columns)) return problem(`unknown column: ${name}`);
    }
    if (rows.length === 0) return 0;
    const names = chosen.map((name) => name.toUpperCase());
    const cells = rows.map((row) => names.map((name) => columns[name]!.text(row, call.sys)));
    if (options.has('J')) json(call, names, cells);
    else if (options.has('r')) for (const row of [...(options.has('n') ? [] : [names]), ...cells]) call.out(row.map((cell) => (cell ?? '').replace(/[\s\\]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)).join(' '));
    else table(call, names, cells, !options.has('n'), options.has('u'));
    return 0;
  },
});

/** By number, each with the processes in it by pid. */
function namespaces(call: Invocation, task: string | undefined, type: string | undefined): Namespace[] {
  const { sys } = call;
  const byInode = new Map<number, Namespace>();
  for (const process of sys.processes().sort((left, right) => left.pid - right.pid)) {
    for (const each of type === undefined ? types : [type]) {
      const path = `/proc/${process.pid}/ns/${each}`;
      const target = sys.readLink(path);
      const inode = Number(/\[(\d+)\]/.exec(target.ok ? target.value : '')?.[1] ?? Number.NaN);
      if (Number.isNaN(inode) || (sys.uid !== 0 && process.uid !== sys.uid)) continue;
      const known = byInode.get(inode) ?? { inode, type: each, path, members: [] };
      known.members.push(process);
      byInode.set(inode, known);
    }
  }
  return [...byInode.values()].filter(({ members }) => task === undefined || members.some(({ pid }) => pid === Number(task))).sort((left, right) => left.inode - right.inode);
}

/** libsmartcols: a blank between columns, the last one open, cut where a terminal ends. */
function table(call: Invocation, names: readonly string[], cells: readonly (string | undefined)[][], hasHead: boolean, isWhole: boolean): void {
  const rows = [...(hasHead ? [[...names]] : []), ...cells].map((row) => row.map((cell) => cell ?? ''));
  // A heading that is not printed still takes its width.
  const widths = names.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]!.length)));
  const size = call.stdoutIsTerminal && !isWhole ? call.sys.windowSize(1) : undefined;
  for (const row of rows) {
    const line = row.map((cell, index) => (columns[names[index]!]!.isRight === true ? cell.padStart(widths[index]!) : index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join(' ');
    call.out(size?.ok === true ? line.slice(0, size.value.columns) : line);
  }
}

function json(call: Invocation, names: readonly string[], cells: readonly (string | undefined)[][]): void {
  const value = (name: string, cell: string | undefined): string => (cell === undefined ? 'null' : columns[name]!.isNumber === true ? cell : JSON.stringify(cell));
  const objects = cells.map((row) => `      {\n${row.map((cell, index) => `         "${names[index]!.toLowerCase()}": ${value(names[index]!, cell)}`).join(',\n')}\n      }`);
  call.out(`{\n   "namespaces": [\n${objects.join(',\n').replace(/\n {6}\},\n {6}\{/g, '\n      },{')}\n   ]\n}`);
}

/** Names as the C library answers them on this machine: users, /etc/hosts, /etc/networks; ports and protocols as in Debian's netbase. */
import type { Sys } from '../../../machine/sys.ts';
import { builtInNames, type Names } from '../../ports/netfilter.ts';

/** Loading libraries and opening netlink take a millisecond: what came before is over when the tables are read. */
const START_US = 1000;

export async function start(sys: Pick<Sys, 'charge'>): Promise<void> {
  const wait = sys.charge(START_US);
  if (wait !== undefined) await wait;
}

export async function machineNames(sys: Pick<Sys, 'readText' | 'machine' | 'charge'>): Promise<Names> {
  await start(sys);
  const hosts = await fileRows(sys, '/etc/hosts');
  const networks = await fileRows(sys, '/etc/networks');
  return {
    ...builtInNames,
    userName: (uid) => sys.machine.users().find((user) => user.uid === uid)?.name,
    userNumber: (name) => sys.machine.users().find((user) => user.name === name)?.uid,
    groupName: (gid) => sys.machine.groups().find((group) => group.gid === gid)?.name,
    groupNumber: (name) => sys.machine.groups().find((group) => group.name === name)?.gid,
    hostName: (address) => hosts.find(([first]) => first === address)?.[1],
    hostAddress: (name) => hosts.filter(([, ...rest]) => rest.includes(name)).map(([address]) => address!),
    networkName: (address) => networks.find(([, network]) => network === address)?.[0],
  };
}

async function fileRows(sys: Pick<Sys, 'readText'>, path: string): Promise<string[][]> {
  const text = await sys.readText(path);
  if (!text.ok) return [];
  return text.value.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/)).filter((words) => words.length > 1);
}

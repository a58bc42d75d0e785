/** getent(1) of glibc 2.36: entries of the account, host, service and protocol databases, as /etc/nsswitch.conf has them looked up. Read first: nss/getent.c, nsswitch.conf(5) */
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { hostsFile, literalAddress, nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { parseIp4 } from '../../ports/addresses.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

const help = `Usage: getent [OPTION...] database [key ...]
Get entries from administrative database.

  -A, --no-addrconfig        do not filter out unsupported IPv4/IPv6 addresses
                             (with ahosts*)
  -i, --no-idn               disable IDN encoding
  -s, --service=CONFIG       Service configuration to be used
  -?, --help                 Give this help list
      --usage                Give a short usage message
  -V, --version              Print program version

Mandatory or optional arguments to long options are also mandatory or optional
for any corresponding short options.

Supported databases:
ahosts ahostsv4 ahostsv6 aliases ethers group gshadow hosts initgroups
netgroup networks passwd protocols rpc services shadow

For bug reporting instructions, please see:
<http://www.debian.org/Bugs/>.
`;
const shortUsage = `Usage: getent [-Ai?V] [-s CONFIG] [--no-addrconfig] [--no-idn]
            [--service=CONFIG] [--help] [--usage] [--version]
            database [key ...]
`;
const hint = "Try `getent --help' or `getent --usage' for more information.";

/** The entries of one database: of a key, or all of them (undefined: they cannot be listed). */
interface Database {
  find(sys: Sys, key: string): Promise<string | undefined>;
  all?(sys: Sys): Promise<string[]>;
}

export const getent = defineCommand({
  name: 'getent', summary: 'get entries from name service databases', package: 'libc-bin',
  run: async (call) => {
    const options = parseOptions(call.args, { short: '+Ais:?V', long: { 'no-addrconfig': 'none=A', 'no-idn': 'none=i', service: 'required=s', help: 'none=?', usage: 'none', version: 'none=V' } });
    if (options.error !== undefined) {
      call.err(`getent: ${options.error}\n${hint}`);
      return 64;
    }
    if (options.has('?') || options.has('usage')) {
      call.write(options.has('?') ? help : shortUsage);
      return 0;
    }
    if (options.has('V')) {
      call.out('getent (Debian GLIBC 2.36-9+deb12u14) 2.36\nCopyright (C) 2022 Free Software Foundation, Inc.\nThis is free software; see the source for copying conditions.  There is NO\nwarranty; not even for MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.\nWritten by Ulrich Drepper.');
      return 0;
    }
    const [name, ...keys] = options.operands;
    if (name === undefined) {
      call.err('getent: wrong number of arguments');
      call.out(hint);
      return 1;
    }
    const database = databases[name];
    if (database === undefined) {
      call.err(`Unknown database: ${name}`);
      call.out(hint);
      return 1;
    }
    if (options.values('s').some((service) => !/^(\w+:)?(files|dns|compat)( (files|dns))*$/.test(service))) return notSimulated(call, 'a service other than files and dns');
    return print(call, name, database, keys);
  },
});

async function print(call: Invocation, name: string, database: Database, keys: readonly string[]): Promise<ExitCode> {
  if (keys.length === 0) {
    if (database.all === undefined) {
      call.err(`Enumeration not supported on ${name}`);
      return 3;
    }
    for (const line of await database.all(call.sys)) call.out(line);
    return 0;
  }
  let code: ExitCode = 0;
  for (const key of keys) {
    const found = await database.find(call.sys, key);
    if (found === undefined) code = 2;
    else call.out(found);
  }
  return code;
}

// ---------------------------------------------------------------- files
async function linesOf(sys: Sys, path: string): Promise<string[]> {
  const text = await sys.readText(path);
  return (text.ok ? text.value : '').split('\n').map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
}

/** Lines of fields between colons: by the first, or by the number in the third. */
function accounts(path: string): Database {
  return {
    all: (sys) => linesOf(sys, path),
    find: async (sys, key) => (await linesOf(sys, path)).find((line) => {
      const fields = line.split(':');
      return fields[0] === key || (/^\d+$/.test(key) && /^\/etc\/(passwd|group)$/.test(path) && fields[2] === key);
    }),
  };
}

/** Lines of a name, its value and other names. */
function named(path: string, shown: (name: string, value: string, aliases: readonly string[]) => string, isKey: (key: string, name: string, value: string, aliases: readonly string[]) => boolean): Database {
  const rows = async (sys: Sys): Promise<[string, string, string[]][]> => (await linesOf(sys, path)).map((line) => {
    const [name = '', value = '', ...aliases] = line.split(/\s+/);
    return [name, value, aliases];
  });
  return {
    all: async (sys) => (await rows(sys)).map(([name, value, aliases]) => shown(name, value, aliases)),
    find: async (sys, key) => {
      const row = (await rows(sys)).find(([name, value, aliases]) => isKey(key, name, value, aliases));
      return row === undefined ? undefined : shown(...row);
    },
  };
}
const wide = (name: string, value: string, aliases: readonly string[]): string => [name.padEnd(21), value, ...aliases].join(' ');

const services = named('/etc/services', wide, (key, name, value, aliases) => {
  const [wanted = '', protocol] = key.split('/');
  const [port, spoken] = value.split('/');
  return (protocol === undefined || protocol === spoken) && (/^\d+$/.test(wanted) ? port === wanted : [name, ...aliases].includes(wanted));
});
const protocols = named('/etc/protocols', wide, (key, name, value, aliases) => (/^\d+$/.test(key) ? value === key : [name, ...aliases].includes(key)));
const networks = named('/etc/networks', wide, (key, name, value, aliases) => value === key || [name, ...aliases].includes(key));
const ethers = named('/etc/ethers', (mac, host) => `${mac} ${host}`, (key, mac, host) => mac === key || host === key);
/** Databases this machine has no file of. */
const empty: Database = { find: () => Promise.resolve(undefined), all: () => Promise.resolve([]) };

const initgroups: Database = {
  find: async (sys, key) => {
    const user = sys.machine.users().find(({ name }) => name === key);
    const groups = (await linesOf(sys, '/etc/group')).map((line) => line.split(':')).filter(([, , , members = '']) => members.split(',').includes(key)).map(([, , gid]) => gid!);
    return user === undefined && groups.length === 0 ? `${key.padEnd(21)}` : [key.padEnd(21), ...groups].join(' ');
  },
};

// ---------------------------------------------------------------- hosts
const hostLine = (address: string, names: readonly string[]): string => `${address.padEnd(15)} ${names.join(' ')}`;

const hosts: Database = {
  all: async (sys) => (await hostsFile(sys)).map(({ address, names }) => hostLine(address, names)),
  find: async (sys, key) => {
    const literal = literalAddress(key);
    if (literal !== undefined) {
      const line = (await hostsFile(sys)).find(({ address }) => address === literal.address);
      const name = line === undefined ? await nameOfAddress(sys, literal.address) : undefined;
      return line !== undefined ? hostLine(line.address, line.names) : name === undefined ? undefined : hostLine(literal.address, [name]);
    }
    // The first family that has addresses: IPv6, then IPv4.
    for (const family of ['inet6', 'inet'] as const) {
      const found = await resolveHost(sys, key, family);
      if (!found.ok) continue;
      const lines = await hostsFile(sys);
      return found.addresses.map(({ address }) => hostLine(address, lines.find((line) => line.address === address && line.names.includes(key))?.names ?? [found.canonicalName, ...(found.canonicalName === key ? [] : [key])])).join('\n');
    }
    return undefined;
  },
};

/** getaddrinfo(3): each address once a kind of socket, the canonical name beside the first. */
function addresses(family?: 'inet' | 'inet6'): Database {
  return {
    find: async (sys, key) => {
      const own = await resolveHost(sys, key, family);
      const mapped = own.ok || family !== 'inet6' ? own : await resolveHost(sys, key, 'inet');
      if (!mapped.ok) return undefined;
      const first = (await hostsFile(sys)).find(({ names }) => names.includes(key))?.names[0] ?? mapped.canonicalName;
      return mapped.addresses.flatMap((each, index) => {
        const address = family === 'inet6' && parseIp4(each.address) !== undefined ? `::ffff:${each.address}` : each.address;
        return ['STREAM', 'DGRAM', 'RAW'].map((kind) => `${address.padEnd(15)} ${kind.padEnd(6)} ${index === 0 && kind === 'STREAM' ? first : ''}`);
      }).join('\n');
    },
    ...(family === undefined ? { all: hosts.all! } : {}),
  };
}

const databases: Readonly<Record<string, Database>> = {
  ahosts: addresses(), ahostsv4: addresses('inet'), ahostsv6: addresses('inet6'), aliases: empty, ethers, group: accounts('/etc/group'), gshadow: accounts('/etc/gshadow'), hosts, initgroups, netgroup: empty, networks, passwd: accounts('/etc/passwd'), protocols, rpc: empty,
  services, shadow: accounts('/etc/shadow'),
};

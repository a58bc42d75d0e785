/** iptables(8) and ip6tables(8) of Debian 12: the nf_tables variant, v1.8.9. Read first: iptables(8), iptables-extensions(8). */
import { defineCommand, type Invocation } from '../define.ts';
import { machineNames } from './names.ts';
import { runIptables, type Outcome, type TablesPort } from './run.ts';

function tablesOf(call: Invocation): TablesPort {
  const { netfilter } = call.net;
  return {
    table: (family, name) => netfilter.table(family, name),
    replaceTable: (table) => netfilter.replaceTable(table),
    deleteTable: (family, name) => netfilter.deleteTable(family, name),
    createdTables: (family) => netfilter.createdTables(family),
    hasSet: (name) => netfilter.ipSets().some((set) => set.name === name),
  };
}

function answer(call: Invocation, outcome: Outcome): number {
  call.write(outcome.stdout);
  call.writeErr(outcome.stderr);
  return outcome.exit;
}

export const iptables = defineCommand({
  name: 'iptables',
  aliases: ['iptables-nft'],
  summary: 'administration tool for IPv4 packet filtering and NAT',
  package: 'iptables',
  path: '/usr/sbin/iptables',
  run: async (call) => answer(call, runIptables(tablesOf(call), 'inet', call.args, await machineNames(call.sys))),
});

export const ip6tables = defineCommand({
  name: 'ip6tables',
  aliases: ['ip6tables-nft'],
  summary: 'administration tool for IPv6 packet filtering and NAT',
  package: 'iptables',
  path: '/usr/sbin/ip6tables',
  run: async (call) => answer(call, runIptables(tablesOf(call), 'inet6', call.args, await machineNames(call.sys))),
});

export { answer, tablesOf };

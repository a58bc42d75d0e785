/** NetfilterCalls: what iptables and conntrack ask of the kernel. */
import type { Family, NetnsId } from '../kernel/api.ts';
import { done, fail, type Result } from '../result.ts';
import type { NetfilterCalls, TableState } from './api.ts';
import { createEntry } from './conntrack/create.ts';
import { EVENT_UPDATE, isAccounting, sendEvent, viewOf } from './conntrack/events.ts';
import { armTimer, destroyEntry, dropExpired } from './conntrack/track.ts';
import type { NetfilterEnvironment } from './environment.ts';
import { deleteIpSet, setReferences } from './ipset.ts';
import type { NetfilterState } from './state.ts';
import { countConntrackUsers, emptyTable, validateTable } from './tables.ts';
import { prepare } from './traverse.ts';

export function createNetfilterCalls(environment: NetfilterEnvironment): NetfilterCalls {
  const stateOf = (ns: NetnsId): NetfilterState => environment.netfilterState(ns);
  return {
    table: (ns, family, name) => stateOf(ns).tables[family].get(name) ?? emptyTable(family, name),
    createdTables: (ns, family) => [...stateOf(ns).tables[family].keys()],
    replaceTable: (ns, table) => replaceTable(environment, stateOf(ns), table),
    deleteTable(ns, family, name) {
      stateOf(ns).tables[family].delete(name);
      recount(stateOf(ns), family);
      environment.stateChanged();
    },
    ipSets: (ns) => [...stateOf(ns).ipSets.values()],
    putIpSet(ns, set) {
      const { ipSets } = stateOf(ns);
      ipSets.set(set.name, { ...set, seed: ipSets.get(set.name)?.seed ?? environment.dice.next() });
      environment.stateChanged();
      return done;
    },
    deleteIpSet(ns, name) {
      environment.stateChanged();
      return deleteIpSet(stateOf(ns), name);
    },
    ipSetReferences: (ns, name) => setReferences(stateOf(ns), name),
    isConntrackActive: (ns) => stateOf(ns).conntrackUsers.inet + stateOf(ns).conntrackUsers.inet6 > 0,
    conntrack(ns) {
      const state = stateOf(ns);
      dropExpired(environment, ns, state);
      const accounting = isAccounting(environment, ns);
      return [...state.conntrack.entries.values()].map((entry) => viewOf(entry, environment.nowUs, accounting));
    },
    deleteConntrack(ns, id) {
      const state = stateOf(ns);
      const entry = state.conntrack.entries.get(id);
      if (entry === undefined || entry.timeoutAtUs <= environment.nowUs) return fail('ENOENT');
      destroyEntry(environment, ns, state, entry);
      environment.stateChanged();
      return done;
    },
    flushConntrack(ns) {
      const state = stateOf(ns);
      dropExpired(environment, ns, state);
      for (const entry of state.conntrack.entries.values()) destroyEntry(environment, ns, state, entry);
      environment.stateChanged();
    },
    conntrackCount(ns) {
      dropExpired(environment, ns, stateOf(ns));
      return stateOf(ns).conntrack.entries.size;
    },
    conntrackStatistics: (ns) => ({ ...stateOf(ns).conntrack.statistics }),
    updateConntrack(ns, id, change) {
      const state = stateOf(ns);
      const entry = state.conntrack.entries.get(id);
      if (entry === undefined || entry.timeoutAtUs <= environment.nowUs) return fail('ENOENT');
      if (change.mark !== undefined) entry.mark = change.mark >>> 0;
      if (change.timeoutSeconds !== undefined) {
        entry.timeoutUs = change.timeoutSeconds * 1_000_000;
        entry.timeoutAtUs = environment.nowUs + entry.timeoutUs;
        armTimer(environment, ns, state);
      }
      entry.pendingEvents &= ~EVENT_UPDATE;
      sendEvent(environment, ns, state, 'UPDATE', entry);
      environment.stateChanged();
      return done;
    },
    createConntrack: (ns, entry) => createEntry(environment, ns, stateOf(ns), entry),
    subscribeConntrack(ns) {
      const id = environment.allocateSocketId();
      stateOf(ns).subscriptions.set(id, []);
      armTimer(environment, ns, stateOf(ns));
      return id;
    },
    takeConntrackEvents(id) {
      for (const ns of environment.namespaceIds()) {
        const queue = stateOf(ns).subscriptions.get(id);
        if (queue !== undefined) return queue.splice(0);
      }
      return [];
    },
  };
}

function replaceTable(environment: NetfilterEnvironment, state: NetfilterState, table: TableState): Result {
  const valid = validateTable(table);
  if (!valid.ok) return valid;
  let order = 0;
  for (const chain of table.chains) order = Math.max(order, chain.order ?? 0);
  for (const chain of table.chains) {
    for (const rule of chain.rules) {
      if (rule.id !== 0) continue;
      rule.id = state.nextRuleId;
      state.nextRuleId += 1;
    }
    if (chain.order === undefined && (chain.policy === undefined || chain.rules.length > 0 || chain.policy === 'DROP' || chain.isCounted === true)) {
      order += 1;
      chain.order = order;
    }
  }
  state.tables[table.family].set(table.name, table);
  prepare(table);
  recount(state, table.family);
  environment.stateChanged();
  return done;
}

function recount(state: NetfilterState, family: Family): void {
  let users = 0;
  for (const table of state.tables[family].values()) users += usersOf(table);
  state.conntrackUsers[family] = users;
}

const counted = new WeakMap<TableState, number>();
function usersOf(table: TableState): number {
  let users = counted.get(table);
  if (users === undefined) {
    users = countConntrackUsers(table);
    counted.set(table, users);
  }
  return users;
}


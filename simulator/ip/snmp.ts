/** The counters of /proc/net/snmp and /proc/net/netstat, by `Group.Name`; absent means zero. */
import type { NamespaceState } from '../kernel/state.ts';

export function count(namespace: NamespaceState, name: string, by = 1): void {
  namespace.snmp.set(name, (namespace.snmp.get(name) ?? 0) + by);
}

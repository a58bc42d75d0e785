/** /proc/sys/net and /proc/net of one kernel. */
import { fail } from '../result.ts';
import { getSysctl, isWritableSysctl, setSysctl, sysctlKeys } from '../sysctl/sysctl.ts';
import type { SysctlCalls } from './api.ts';
import { procNet } from './proc-net.ts';
import type { Kernel } from './state.ts';

export function sysctlCalls(kernel: Kernel): SysctlCalls {
  const { namespaces } = kernel.state;
  return {
    keys(ns) {
      const namespace = namespaces.get(ns);
      return namespace === undefined ? [] : [...sysctlKeys(namespace)];
    },
    get(ns, key) {
      const namespace = namespaces.get(ns);
      return namespace === undefined ? fail('ENOENT') : getSysctl(kernel, namespace, key);
    },
    set(ns, key, value) {
      const namespace = namespaces.get(ns);
      return namespace === undefined ? fail('ENOENT') : setSysctl(kernel, namespace, key, value);
    },
    isWritable(ns, key) {
      const namespace = namespaces.get(ns);
      return namespace !== undefined && isWritableSysctl(namespace, key);
    },
    procNet(ns, name) {
      const namespace = namespaces.get(ns);
      return namespace === undefined ? fail('ENOENT') : procNet(kernel, namespace, name);
    },
  };
}

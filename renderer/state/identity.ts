/** One identity per namespace: its letter and colour are its place in the lab's list, the same in every panel. */
import type { NetworkView } from '../../contracts/lab.ts';

export interface Identity { readonly letter: string; readonly className: string; readonly name: string }

const classes = ['ns-a', 'ns-b', 'ns-c', 'ns-d', 'ns-e'];

export function identityOf(network: NetworkView | undefined, machine: string, netns: string): Identity {
  const index = Math.max(0, (network?.namespaces ?? []).findIndex((namespace) => namespace.machine === machine && namespace.netns === netns));
  return { letter: String.fromCharCode(65 + (index % 26)), className: classes[index % classes.length]!, name: netns === '' ? machine : netns };
}

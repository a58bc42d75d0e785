/** One identity per namespace: its letter and colour are its place in the lab's list, the same in every panel. */
import type { NetworkView } from '../../contracts/lab.ts';
import type { Place } from '../../contracts/trace.ts';

export interface Identity { readonly letter: string; readonly className: string; readonly name: string }
/** Where a browser can run, as people call it. */
export interface Client { readonly key: string; readonly place: Place; readonly title: string }

const classes = ['ns-a', 'ns-b', 'ns-c', 'ns-d', 'ns-e'];

export function identityOf(network: NetworkView | undefined, machine: string, netns: string): Identity {
  const known = [...(network?.namespaces ?? []), ...podsOf(network)];
  const index = Math.max(0, known.findIndex((namespace) => namespace.machine === machine && namespace.netns === netns));
  return { letter: String.fromCharCode(65 + (index % 26)), className: classes[index % classes.length]!, name: nameOf(network, machine, netns) };
}

/** "Cloud Shell", "node 2jdh", a pod's name; a namespace's own name. */
export function nameOf(network: NetworkView | undefined, machine: string, netns: string): string {
  return netns === '' ? (network?.titles[machine] ?? machine) : netns;
}

/** Namespaces in the order panels show them: innermost first, as lessons look at them, a machine's own after those in it; machines that no place of the lesson is on come last. */
export function inOrder(network: NetworkView): NetworkView['namespaces'] {
  const meant = new Set(Object.values(network.places).map(({ machine }) => machine));
  const all = [...network.namespaces].reverse();
  return [...all.filter(({ machine }) => meant.has(machine)), ...all.filter(({ machine }) => !meant.has(machine))];
}

export function placeKey({ machine, netns }: Place): string {
  return `${machine}/${netns}`;
}

/** Machines on the internet first, the likeliest before the others: that is where browsers are. Pods last. */
export function clientsOf(network: NetworkView | undefined): Client[] {
  const outside = (network?.outside ?? []).map((machine) => ({ machine, netns: '' }));
  const inside = (network?.namespaces ?? []).filter(({ machine }) => network?.outside.includes(machine) !== true).map(({ machine, netns }) => ({ machine, netns }));
  const places = [...outside, ...inside, ...podsOf(network)];
  return places.map((place) => ({ key: placeKey(place), place, title: place.netns === '' ? nameOf(network, place.machine, '') : `${place.netns} on ${nameOf(network, place.machine, '')}` }));
}

function podsOf(network: NetworkView | undefined): Place[] {
  return (network?.pods ?? []).map(({ machine, netns }) => ({ machine, netns }));
}

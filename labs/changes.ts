/** What became of a network between two views of it, in words. Counters, connections and neighbours come and go by themselves and are left out. */
import type { NamespaceView, NetworkView } from '../contracts/lab.ts';
import type { LinkView } from '../contracts/observer.ts';

export function changesBetween(before: NetworkView, after: NetworkView): string[] {
  const words: string[] = [];
  const old = new Map(before.namespaces.map((namespace) => [nameOf(namespace), namespace]));
  const now = new Map(after.namespaces.map((namespace) => [nameOf(namespace), namespace]));
  for (const [name, namespace] of now) {
    const was = old.get(name);
    if (was === undefined) words.push(`namespace ${namespace.netns} was made`);
    else words.push(...changesIn(was, namespace));
  }
  for (const [name, { netns }] of old) if (!now.has(name)) words.push(`namespace ${netns} was removed`);
  return [...new Set(words)];
}

const nameOf = ({ machine, netns }: NamespaceView): string => `${machine}/${netns}`;

function changesIn(was: NamespaceView, is: NamespaceView): string[] {
  const words: string[] = [];
  const inside = is.netns === '' ? '' : ` in ${is.netns}`;
  const links = new Map(was.links.map((link) => [link.index, link]));
  for (const link of is.links) {
    const old = links.get(link.index);
    links.delete(link.index);
    if (old === undefined) words.push(link.kind === 'loopback' ? '' : `${link.name} (${link.kind}) is there now${inside}`);
    else words.push(...changesOf(old, link, inside));
  }
  for (const { name } of links.values()) words.push(`${name} is gone${is.netns === '' ? '' : ` from ${is.netns}`}`);
  words.push(...setChanges(was.addresses.filter(isSet).map(addressText), is.addresses.filter(isSet).map(addressText), (address) => `address ${address} was set${inside}`, (address) => `address ${address} was removed${inside}`));
  words.push(...setChanges(was.routes.map(routeText), is.routes.map(routeText), (route) => `route ${route} was added${inside}`, (route) => `route ${route} went away${inside}`));
  words.push(...setChanges(was.chains.flatMap(rulesOf), is.chains.flatMap(rulesOf), (rule) => `rule ${rule} was added${inside}`, (rule) => `rule ${rule} was removed${inside}`));
  for (const chain of is.chains) {
    const old = was.chains.find(({ table, name }) => table === chain.table && name === chain.name);
    if (old !== undefined && old.policy !== chain.policy) words.push(`${chain.table} ${chain.name} now has the policy ${chain.policy}${inside}`);
  }
  if (was.isForwarding !== is.isForwarding) words.push(`forwarding was switched ${is.isForwarding ? 'on' : 'off'}${inside}`);
  return words.filter((word) => word !== '');
}

function changesOf(was: LinkView, is: LinkView, inside: string): string[] {
  const words: string[] = [];
  if (was.name !== is.name) words.push(`${was.name} is called ${is.name} now${inside}`);
  if (was.isUp !== is.isUp) words.push(`${is.name} was switched ${is.isUp ? 'on' : 'off'}${inside}`);
  if (was.master !== is.master) words.push(is.master === null ? `${is.name} left ${was.master}${inside}` : `${is.name} is a port of ${is.master} now${inside}`);
  if (was.mac !== is.mac) words.push(`${is.name} has the hardware address ${is.mac} now${inside}`);
  return words;
}

/** Link-local addresses come with the device. */
const isSet = ({ scope }: NamespaceView['addresses'][number]): boolean => scope !== 'link' && scope !== 'host';
const addressText = ({ address, prefixLength, device }: NamespaceView['addresses'][number]): string => `${address}/${prefixLength} on ${device}`;
const routeText = ({ destination, gateway, device }: NamespaceView['routes'][number]): string => `${destination}${gateway === null ? '' : ` via ${gateway}`}${device === null ? '' : ` dev ${device}`}`;
function rulesOf({ table, name, rules }: NamespaceView['chains'][number]): string[] {
  return rules.map(({ text }) => `${table === 'filter' ? '' : `-t ${table} `}${text.startsWith('-A') ? text : `-A ${name} ${text}`}`);
}

function setChanges(was: readonly string[], is: readonly string[], added: (text: string) => string, removed: (text: string) => string): string[] {
  return [...is.filter((text) => !was.includes(text)).map(added), ...was.filter((text) => !is.includes(text)).map(removed)];
}

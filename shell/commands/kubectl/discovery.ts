/**
 * Which resources the server has, and what `po`, `deploy` or `Service` mean (client-go/discovery, restmapper). Kept under ~/.kube/cache for ten
 * minutes, as kubectl keeps it.
 */
import type { Sys } from '../../../machine/sys.ts';
import { KubectlProblem } from './problem.ts';
import type { ApiConnection } from './rest.ts';

const CACHE_US = 600_000_000;

export interface ResourceInfo {
  readonly name: string; readonly singular: string; readonly kind: string; readonly shortNames: readonly string[]; readonly categories: readonly string[];
  readonly verbs: readonly string[]; readonly isNamespaced: boolean; readonly group: string; readonly version: string;
}

interface ServedResource { name: string; singularName: string; namespaced: boolean; kind: string; verbs: string[]; shortNames?: string[]; categories?: string[] }

/** The preferred order of groups when a short name is in several: core first, then as the server lists them. */
export class Discovery {
  private readonly sys: Sys;
  private readonly api: ApiConnection;
  private readonly directory: string;
  private found: readonly ResourceInfo[] | undefined;

  constructor(sys: Sys, api: ApiConnection, home: string) {
    this.sys = sys;
    this.api = api;
    this.directory = `${home}/.kube/cache/discovery/${api.server.replace(/^[a-z]+:\/\//, '').replace(/[^a-zA-Z0-9.]/g, '_')}`;
  }

  async resources(): Promise<readonly ResourceInfo[]> {
    return (this.found ??= await this.load());
  }

  /** `v1`, `apps/v1`: also those that have no resources. */
  async versions(): Promise<readonly string[]> {
    return (await this.groups()).flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  }

  private async groups(): Promise<readonly { readonly name: string; readonly versions: readonly { readonly groupVersion: string }[] }[]> {
    const { groups } = (await this.cached('servergroups.json', async () => {
      const core = (await this.api.get('/api')) as { versions?: string[] };
      const named = (await this.api.get('/apis')) as { groups?: { name: string; versions: { groupVersion: string }[] }[] };
      return { groups: [...(core.versions ?? []).map((version) => ({ name: '', versions: [{ groupVersion: version }] })), ...(named.groups ?? [])] };
    })) as { groups: { name: string; versions: { groupVersion: string }[] }[] };
    return groups;
  }

  private async load(): Promise<ResourceInfo[]> {
    const groups = await this.groups();
    const all: ResourceInfo[] = [];
    for (const { name: group, versions } of groups) {
      for (const { groupVersion } of versions) {
        const list = (await this.cached(`${groupVersion}/serverresources.json`, () => this.api.get(group === '' ? `/api/${groupVersion}` : `/apis/${groupVersion}`))) as { resources?: ServedResource[] };
        for (const one of list.resources ?? []) {
          if (one.name.includes('/')) continue;
          all.push({
            name: one.name, singular: one.singularName || one.kind.toLowerCase(), kind: one.kind, shortNames: one.shortNames ?? [], categories: one.categories ?? [], verbs: one.verbs,
            isNamespaced: one.namespaced, group, version: groupVersion.slice(groupVersion.indexOf('/') + 1),
          });
        }
      }
    }
    return all;
  }

  private async cached(name: string, fetch: () => Promise<unknown>): Promise<unknown> {
    const path = `${this.directory}/${name}`;
    const stat = this.sys.stat(path);
    if (stat.ok && this.sys.now() - stat.value.modifiedUs < CACHE_US) {
      const text = await this.sys.readText(path);
      if (text.ok) return JSON.parse(text.value);
    }
    const fresh = await fetch();
    makeDirectories(this.sys, path.slice(0, path.lastIndexOf('/')));
    await this.sys.writeFile(path, JSON.stringify(fresh));
    return fresh;
  }

  /** `deploy`, `deployments.apps`, `deployments.v1.apps`, `Deployment`. */
  async find(word: string): Promise<ResourceInfo> {
    const all = await this.resources();
    const lower = word.toLowerCase();
    const [name = '', ...rest] = lower.split('.');
    const qualifier = rest.join('.');
    const fits = (one: ResourceInfo): boolean => qualifier === '' || qualifier === one.group || one.group.startsWith(`${qualifier}.`) || qualifier === `${one.version}.${one.group}` || (one.group === '' && qualifier === one.version);
    const named = (one: ResourceInfo): boolean => one.name === name || one.singular === name || one.kind.toLowerCase() === name || one.shortNames.includes(name);
    const found = all.find((one) => one.name === name && fits(one)) ?? all.find((one) => named(one) && fits(one));
    if (found === undefined) throw new KubectlProblem(`the server doesn't have a resource type "${word}"`);
    return found;
  }

  async ofKind(apiVersion: string, kind: string): Promise<ResourceInfo | undefined> {
    const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
    return (await this.resources()).find((one) => one.kind === kind && one.group === group && one.version === version);
  }

  async inCategory(word: string): Promise<readonly ResourceInfo[]> {
    const all = (await this.resources()).filter(({ categories }) => categories.includes(word));
    return all.filter((one, at) => all.findIndex(({ name, group }) => name === one.name && group === one.group) === at);
  }
}

function makeDirectories(sys: Pick<Sys, 'makeDirectory' | 'stat'>, path: string): void {
  if (path === '' || sys.stat(path).ok) return;
  makeDirectories(sys, path.slice(0, path.lastIndexOf('/')));
  sys.makeDirectory(path, 0o750);
}

/** `/api/v1/namespaces/default/pods/NAME`. */
export function pathOf({ group, version, name: resource, isNamespaced }: Pick<ResourceInfo, 'group' | 'version' | 'name' | 'isNamespaced'>, namespace: string | undefined, name?: string, subresource?: string): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const place = isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${base}${place}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** `pod`, `deployment.apps`: as kubectl names an object in its messages. */
export function resourceName({ singular, kind, group }: Pick<ResourceInfo, 'singular' | 'kind' | 'group'>): string {
  const name = singular === '' ? kind.toLowerCase() : singular;
  return group === '' ? name : `${name}.${group}`;
}

export function query(values: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(values).filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value!)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

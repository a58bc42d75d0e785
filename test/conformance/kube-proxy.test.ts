/**
 * kube-proxy's rules against what the real proxier wrote, and packets through them against upstream's own expectations. Chains are compared as sets, rules in
 * each in order; up to 1.23 the order among Services is that of a Go map, so there the chains all Services share are compared sorted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubeProxyAnswer } from '../../cli/kube-proxy.ts';

interface Recording { id: string; kubernetesVersion: string; flows: { name: string; output: string; masq: boolean }[]; rules: Record<string, Record<string, string[]>> }

const folder = join(import.meta.dirname, 'recordings', 'kube-proxy');
const recordings = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording);
const SHARED = new Set(['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES']);

describe("kube-proxy's rules and flows", () => {
  it.each(recordings.map((recording) => [recording.id, recording] as const))('%s', (_id, recording) => {
    const { rules, flows, ...question } = recording;
    const bare = flows.map(({ output: _output, masq: _masq, ...flow }) => flow);
    const answer = kubeProxyAnswer({ ...question, flows: bare });
    const inOrder = !recording.kubernetesVersion.startsWith('1.20');
    expect(shaped(tablesOf(answer.iptablesSave), inOrder)).toEqual(shaped(rules, inOrder));
    expect(answer.flows.map((flow, index) => ({ name: flows[index]!.name, ...flow }))).toEqual(flows.map(({ name, output, masq }) => ({ name, output, masq })));
  });
});

function tablesOf(text: string): Record<string, Record<string, string[]>> {
  const tables: Record<string, Record<string, string[]>> = {};
  let table: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) tables[line.slice(1)] = table = {};
    else if (line.startsWith(':')) table[line.slice(1).split(' ')[0]!] = [];
    const rule = /^-A (\S+) (.*)$/.exec(line);
    if (rule !== null) table[rule[1]!]!.push(rule[2]!);
  }
  return tables;
}

function shaped(tables: Record<string, Record<string, string[]>>, inOrder: boolean): unknown {
  return Object.fromEntries(Object.entries(tables).map(([table, chains]) => [table, Object.fromEntries(Object.entries(chains).map(([chain, rules]) => [chain, !inOrder && SHARED.has(chain) ? [...rules].sort() : rules]))]));
}

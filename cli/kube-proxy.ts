/** `podwire kube-proxy --jsonl`: Services, endpoints and flows in, iptables rules and what becomes of the packets out. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { proxyBench, walkFlow } from '../kube/node/proxy-flows.ts';
import type { EndpointSliceObject } from '../kube/proxy/endpoints.ts';
import type { GenerationName, ProxyConfig } from '../kube/proxy/generation.ts';
import { generations } from '../kube/proxy/generations.ts';
import { Proxier } from '../kube/proxy/proxier.ts';
import type { Protocol, ServiceObject } from '../kube/proxy/services.ts';
import type { CliCommand } from './command.ts';
import { writeLine } from './write-line.ts';

const Config = z.object({
  hostname: z.string().default('node-1'),
  clusterCIDR: z.string().default(''),
  nodeIP: z.string().default(''),
  nodePortAddresses: z.array(z.string()).default([]),
  localhostNodePorts: z.boolean().default(true),
  randomFully: z.boolean().default(false),
  masqueradeAll: z.boolean().default(false),
});
const FlowCase = z.object({ sourceIP: z.string(), destIP: z.string(), destPort: z.number().int().min(0).max(65535), protocol: z.string().optional() });
const Case = z.object({
  id: z.string(),
  kubernetesVersion: z.string().default('1.27'),
  config: Config.prefault({}),
  services: z.array(z.custom<ServiceObject>((value) => typeof value === 'object' && value !== null)).default([]),
  endpointSlices: z.array(z.custom<EndpointSliceObject>((value) => typeof value === 'object' && value !== null)).default([]),
  flows: z.array(FlowCase).nullish(),
});

export interface KubeProxyAnswer { readonly id: string; readonly iptablesSave: string; readonly flows: readonly { readonly output: string; readonly masq: boolean }[] }

export const kubeProxy: CliCommand = {
  name: 'kube-proxy',
  usage: 'kube-proxy --jsonl',
  summary: "write kube-proxy's rules for the cases on standard input and walk packets through them",
  async run(args) {
    const unknown = args.find((word) => word !== '--jsonl');
    if (unknown !== undefined || !args.includes('--jsonl')) {
      process.stderr.write(`podwire: kube-proxy: ${unknown === undefined ? 'say --jsonl: cases are read as JSON lines' : `there is no option ${unknown}; kube-proxy takes --jsonl`}\n`);
      return 2;
    }
    let answered = true;
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line.trim() === '') continue;
      let result: object;
      try {
        result = kubeProxyAnswer(JSON.parse(line));
      } catch (cause) {
        answered = false;
        const id = /"id"\s*:\s*"([^"]*)"/.exec(line)?.[1] ?? null;
        result = { id, error: cause instanceof z.ZodError ? `${cause.issues[0]?.path.join('.') ?? 'case'}: ${cause.issues[0]?.message ?? 'malformed'}` : (cause as Error).message };
      }
      await writeLine(JSON.stringify(result));
    }
    return answered ? 0 : 1;
  },
};

/** Throws what is wrong with the case. */
export function kubeProxyAnswer(raw: unknown): KubeProxyAnswer {
  const { id, kubernetesVersion, config: given, services, endpointSlices, flows } = Case.parse(raw);
  const config: ProxyConfig = {
    hostname: given.hostname, clusterCidr: given.clusterCIDR, nodeIp: given.nodeIP, nodePortAddresses: given.nodePortAddresses,
    localhostNodePorts: given.localhostNodePorts, masqueradeAll: given.masqueradeAll, randomFully: given.randomFully,
  };
  const proxier = new Proxier(generations[generationOf(kubernetesVersion)], config);
  for (const service of services) proxier.setService(service);
  for (const slice of endpointSlices) proxier.setEndpointSlice(slice);
  const plan = proxier.sync({ localAddresses: ['127.0.0.1', ...(given.nodeIP === '' ? [] : [given.nodeIP])], natChains: [] });
  const bench = proxyBench(config, plan, services.flatMap(({ status }) => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])));
  const outcomes = (flows ?? []).map(({ sourceIP, destIP, destPort, protocol }) => {
    const { outputs, isMasqueraded } = walkFlow(bench, { sourceIp: sourceIP, destinationIp: destIP, port: destPort, protocol: (protocol ?? protocolTo(services, destIP, destPort)).toLowerCase() as Protocol });
    return { output: outputs.join(', '), masq: isMasqueraded };
  });
  return { id, iptablesSave: plan.text, flows: outcomes };
}

/** `1.20.2 (...)`, `1.26-1.27 (...)`, `2018`: the newest generation that is not newer than the first number said. */
function generationOf(version: string): GenerationName {
  if (version.startsWith('2018')) return '2018';
  const minor = Number(/1\.(\d+)/.exec(version)?.[1] ?? 27);
  return minor < 15 ? '2018' : minor < 24 ? '1.20' : '1.27';
}

/** A flow that names no protocol has that of the Service it goes to. */
function protocolTo(services: readonly ServiceObject[], address: string, port: number): string {
  for (const { spec, status } of services) {
    const addresses = [spec?.clusterIP, ...(spec?.externalIPs ?? []), ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip)];
    const found = spec?.ports?.find((one) => one.nodePort === port || (one.port === port && addresses.includes(address)));
    if (found !== undefined) return found.protocol ?? 'TCP';
  }
  return 'TCP';
}

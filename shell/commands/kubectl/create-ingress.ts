/** `kubectl create ingress` (pkg/cmd/create/create_ingress.go): hosts, paths and certificates from rules on one line each. */
import { make, nameOf } from './create.ts';
import { KubectlProblem } from './problem.ts';
import type { Command } from './session.ts';

const RULE = /^(?<host>[\w*\-.]*)(?<path>\/[^=]*)=(?<service>[\w-]+):(?<port>[\w-]+)(?<tls>,tls(?:=(?<secret>[\w-]+))?)?$/;

interface Rule { host: string; path: string; service: string; port: string; secret: string }

export const createIngress: Command = (session) => {
  const { flags } = session;
  const name = nameOf(session, 'ingress');
  const given = flags.list('rule');
  const ofDefault = flags.text('default-backend');
  if (given.length === 0 && ofDefault === '') throw new KubectlProblem('not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)');
  const rules = given.map((rule): Rule => {
    const { host = '', path = '', service = '', port = '', secret = '' } = RULE.exec(rule)?.groups ?? {};
    if (service === '') throw new KubectlProblem(`rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
    return { host, path, service, port, secret };
  });
  const notes = flags.list('annotation').map((pair) => {
    if (!pair.includes('=')) throw new KubectlProblem(`annotation ${pair} is invalid and should be in format key=[value]`);
    return [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const;
  });
  const [defaultName = '', defaultPort, ...more] = ofDefault.split(':');
  if (ofDefault !== '' && (defaultPort === undefined || more.length > 0)) throw new KubectlProblem('default-backend should be in format servicename:serviceport');
  const className = flags.text('class');
  const tls = [...new Set(rules.filter(({ secret }) => secret !== '').map(({ secret }) => secret))].map((secretName) => {
    const hosts = [...new Set(rules.filter(({ secret }) => secret === secretName).map(({ host }) => host))].filter((host) => host !== '');
    return { ...(hosts.length === 0 ? {} : { hosts }), secretName };
  });
  return make(session, 'ingresses.networking.k8s.io', {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { ...(notes.length === 0 ? {} : { annotations: Object.fromEntries(notes) }), creationTimestamp: null, name } as never,
    spec: {
      ...(ofDefault === '' ? {} : { defaultBackend: backend(defaultName, defaultPort!) }), ...(className === '' ? {} : { ingressClassName: className }),
      ...(rules.length === 0 ? {} : { rules: [...new Set(rules.map(({ host }) => host))].map((host) => ({ ...(host === '' ? {} : { host }), http: { paths: rules.filter((rule) => rule.host === host).map(pathOf) } })) }), ...(tls.length === 0 ? {} : { tls }),
    },
    status: { loadBalancer: {} },
  });
};

function backend(name: string, port: string): object {
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

/** A path that ends in an asterisk is a prefix. */
function pathOf({ path, service, port }: Rule): object {
  const isPrefix = path.endsWith('*');
  return { backend: backend(service, port), path: isPrefix ? path.slice(0, -1) : path, pathType: isPrefix ? 'Prefix' : 'Exact' };
}

/**
 * `kubectl <Tab>`: verbs and kinds from a table, names of objects by asking kubectl itself, as the script that `kubectl completion bash`
 * prints does (`kubectl get KIND -o template`).
 */
import type { Sys } from '../../../machine/sys.ts';
import { fromUtf8 } from '../../ports/bytes.ts';

type KubernetesOffer = { readonly words: readonly string[] } | 'files';

const verbs = 'annotate api-resources api-versions apply attach auth autoscale certificate cluster-info completion config cordon cp create debug delete describe diff drain edit exec explain expose get help kustomize label logs options patch plugin port-forward proxy replace rollout run scale set taint top uncordon version wait'.split(' ');
const kinds = 'all configmaps cronjobs daemonsets deployments endpoints endpointslices events ingresses jobs namespaces networkpolicies nodes persistentvolumeclaims persistentvolumes pods replicasets replicationcontrollers secrets serviceaccounts services statefulsets storageclasses'.split(' ');
const takesPod = new Set(['exec', 'logs', 'attach', 'port-forward', 'cp']);
const takesNode = new Set(['cordon', 'uncordon', 'drain']);
const takesKind = new Set(['get', 'describe', 'delete', 'edit', 'label', 'annotate', 'patch', 'explain', 'expose', 'scale', 'wait']);

export async function completeKubernetes({ sys, words, current, previous }: { readonly sys: Sys; readonly words: readonly string[]; readonly current: string; readonly previous: string }): Promise<KubernetesOffer> {
  if (previous === '-f' || previous === '--filename') return 'files';
  if (previous === '-n' || previous === '--namespace') return { words: await namesOf(sys, 'namespaces', []) };
  if (previous === '-o' || previous === '--output') return { words: ['custom-columns', 'go-template', 'json', 'jsonpath', 'name', 'template', 'wide', 'yaml'] };
  if (current.startsWith('-')) return { words: ['--all-namespaces', '--context', '--filename', '--help', '--kubeconfig', '--namespace', '--output', '--selector', '--show-labels', '--watch'] };
  const plain: string[] = [];
  const scope: string[] = [];
  for (let at = 1; at < words.length - 1; at += 1) {
    const word = words[at]!;
    if (/^(-n|--namespace|-c|-l|-o|-f|--selector|--output)$/.test(word)) {
      if (word === '-n' || word === '--namespace') scope.push(word, words[at + 1] ?? '');
      at += 1;
    } else if (!word.startsWith('-')) plain.push(word);
  }
  const [verb, kind] = plain;
  if (verb === undefined) return { words: verbs };
  if (takesPod.has(verb)) return plain.length === 1 ? { words: await namesOf(sys, 'pods', scope) } : { words: [] };
  if (takesNode.has(verb)) return { words: await namesOf(sys, 'nodes', scope) };
  if (verb === 'rollout') return plain.length === 1 ? { words: ['history', 'pause', 'restart', 'resume', 'status', 'undo'] } : { words: plain.length === 2 ? ['daemonset', 'deployment', 'statefulset'] : await namesOf(sys, plain[2]!, scope) };
  if (verb === 'config') return { words: plain.length === 1 ? ['current-context', 'delete-cluster', 'delete-context', 'get-clusters', 'get-contexts', 'rename-context', 'set', 'set-cluster', 'set-context', 'unset', 'use-context', 'view'] : [] };
  if (verb === 'create') return { words: plain.length === 1 ? ['clusterrole', 'configmap', 'deployment', 'ingress', 'job', 'namespace', 'quota', 'role', 'rolebinding', 'secret', 'service', 'serviceaccount'] : [] };
  if (verb === 'top') return { words: plain.length === 1 ? ['node', 'pod'] : [] };
  if (takesKind.has(verb)) {
    if (kind === undefined) {
      const slash = current.indexOf('/');
      if (slash > 0) return { words: (await namesOf(sys, current.slice(0, slash), scope)).map((name) => `${current.slice(0, slash)}/${name}`) };
      return { words: kinds };
    }
    return { words: await namesOf(sys, kind, scope) };
  }
  return { words: [] };
}

/** Runs kubectl and reads its answer, as the completion script does; nothing when it fails. */
async function namesOf(sys: Sys, kind: string, scope: readonly string[]): Promise<string[]> {
  const program = sys.findProgram('kubectl');
  const pipe = sys.pipe();
  const nothing = await sys.open('/dev/null', { read: true, write: true });
  if (!program.ok || !pipe.ok || !nothing.ok) return [];
  const [readEnd, writeEnd] = pipe.value;
  const child = await sys.spawn(program.value, { argv: ['kubectl', 'get', kind, '-o', 'name', ...scope], env: sys.env, fds: new Map([[0, nothing.value], [1, writeEnd], [2, nothing.value]]) });
  sys.close(writeEnd);
  sys.close(nothing.value);
  let text = '';
  if (child.ok) {
    for (let got = await sys.read(readEnd, 65536); got.ok && got.value.length > 0; got = await sys.read(readEnd, 65536)) text += fromUtf8(got.value);
    await sys.wait(child.value);
  }
  sys.close(readEnd);
  return text.split('\n').filter((line) => line !== '').map((line) => line.slice(line.indexOf('/') + 1));
}

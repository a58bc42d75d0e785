/** A node made free, for both kubectls: what is in the way, what is warned of, what goes. Words whose order is that of a map of Go are sorted. */

export const drainFiles: Readonly<Record<string, string>> = {
  'calico.yaml': 'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: calico-node, namespace: kube-system}\nspec:\n  selector: {matchLabels: {k8s-app: calico-node}}\n  template:\n    metadata: {labels: {k8s-app: calico-node}}\n    spec: {containers: [{name: a, image: b}]}\n',
  'pods.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {nodeName: node-1, terminationGracePeriodSeconds: 0, containers: [{name: a, image: b}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: local}\nspec: {nodeName: node-1, terminationGracePeriodSeconds: 0, containers: [{name: a, image: b}], volumes: [{name: v, emptyDir: {}}]}\n',
};

export const drainCommands: readonly string[] = [
  'kubectl drain; kubectl drain nope; kubectl cordon; kubectl cordon nope; kubectl uncordon', 'kubectl drain node-1 node-2 --dry-run=client; kubectl cordon node-1 --dry-run=client', 'kubectl drain node-1 --delete-local-data; kubectl drain node-1; kubectl get nodes', 'kubectl uncordon node-1 node-2; kubectl uncordon node-1',
  'kubectl apply -f calico.yaml; sleep 1; kubectl drain node-1', 'kubectl drain node-1 --ignore-daemonsets', 'kubectl create -f pods.yaml; sleep 1; kubectl drain node-1 node-2 2>&1 | sort', 'kubectl drain node-1 --ignore-daemonsets --force; kubectl drain node-1 --ignore-daemonsets --delete-emptydir-data',
  'kubectl drain node-1 --ignore-daemonsets --force --delete-emptydir-data --dry-run=client 2>&1 | grep -o "deleting Pods.*default/local"', 'kubectl drain node-1 --ignore-daemonsets --force --delete-emptydir-data 2>/dev/null | sort', 'kubectl drain node-2 --ignore-daemonsets --pod-selector=app=x', 'kubectl get pods; kubectl uncordon node-1 node-2; kubectl get nodes',
];

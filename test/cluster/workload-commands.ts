/** Stateful sets, cron jobs, autoscalers, disruption budgets, roles: made, shown and changed by both kubectls, several commands in one shell so that the tests are few. */

export const workloadFiles: Readonly<Record<string, string>> = {
  'stateful.yaml': `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, name: http}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: 'nginx:1', ports: [{containerPort: 80, name: http}]}]}
`,
  'cron.yaml': `apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: yearly}
spec: {schedule: '@yearly', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox, args: [date]}]}}}}}
`,
};

const inOneShell = (...lines: readonly string[]): string => lines.map((line) => `kubectl ${line}`).join('; ');

export const workloadCommands: readonly string[] = [
  inOneShell('apply -f stateful.yaml', 'get sts'), inOneShell('rollout status sts web', 'get sts,pods -o name', 'describe sts web', 'get ep web', 'get controllerrevisions'),
  inOneShell('set image sts/web nginx=nginx:2', 'scale sts web --replicas=1'), inOneShell('rollout history sts web', 'rollout history sts web --revision=2', 'rollout undo sts web'), inOneShell('rollout history sts web', 'get pods'),
  inOneShell('create -f cron.yaml', 'get cj -o wide', 'describe cj yearly', 'create job now --from=cronjob/yearly', 'create job now --image=a'),
  inOneShell('create cronjob c2 --image=busybox --schedule="*/5 * * * *" --dry-run=client -o yaml -- date', 'create cronjob c2 --image=busybox', 'create cronjob c3 --image=busybox --schedule=bad', 'get jobs'),
  inOneShell('create deployment d --image=nginx', 'autoscale deployment d --min=1 --max=3 --cpu-percent=80', 'autoscale deployment d --max=3', 'autoscale deployment d --max=1 --min=2', 'autoscale deployment nope --max=3', 'autoscale deployment d --max=3 --dry-run=client -o yaml', 'get hpa', 'describe hpa d'),
  inOneShell('create pdb p --selector=app=web --min-available=1', 'create pdb p --selector=app=web', 'get pdb'),
  inOneShell('describe pdb p', 'create role r --verb=get,list --verb=watch --resource=pods,services,deployments.apps,pods/log', 'create role x --verb=get --resource=bogus', 'describe role r', 'create rolebinding b --role=r --serviceaccount=default:default --user=jane', 'create rolebinding b', 'describe rolebinding b'),
  inOneShell('get role,rolebinding -o wide', 'create clusterrole cr --verb=get --non-resource-url=/healthz -o yaml --dry-run=client', 'create clusterrolebinding cb --clusterrole=cr --group=devs --dry-run=client -o yaml', 'create svc nodeport n --tcp=80', 'create svc nodeport n --tcp=80'),
  inOneShell('auth can-i list pods --as=system:serviceaccount:default:default', 'auth can-i list secrets --as=system:serviceaccount:default:default', 'auth can-i list nodes', 'auth can-i --list --as=jane', 'auth can-i frob pods/x', 'auth can-i get bogus', 'auth can-i get /healthz --as=jane', 'auth can-i get pods --subresource=log --as=jane', 'auth can-i'),
  inOneShell('get pods web-0 -o name --as=system:serviceaccount:default:default', 'get pods -n kube-system --as=system:serviceaccount:default:default', 'get nodes --as=jane', 'delete pod x --as=jane', 'create deployment d --image=a --as=jane', 'create rolebinding x --role=nope --user=eve', 'auth can-i get pods --as=eve', 'apply -f stateful.yaml --as=eve'),
  inOneShell('get clusterroles -o name', 'describe clusterrole view', 'get clusterrolebindings -o wide', 'patch sts web --type=merge -p \'{"spec":{"serviceName":"other"}}\''),
];

/**
 * What both kubectls are asked to do. Left out is what the API does not serve a real kubectl yet (quotas, the models of OpenAPI: explain, diff, --dry-run=server) and
 * what tells the machine it runs on (options).
 */

export const files: Readonly<Record<string, string>> = {
  'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: nginx:1.19
        ports:
        - containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
`,
  'web-2.json': '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"nginx:1.20","ports":[{"containerPort":80}]}]}}}}',
  'bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: Bad_Name}\nspec: {ports: [{port: 80000}]}\n',
  'unknown.yaml': 'apiVersion: v1\nkind: Serviec\nmetadata: {name: x}\n',
  'extra.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: extra}\nspec: {containers: [{name: a, image: b, imagee: c}]}\n',
};

/** In the order they are run: those that change something change what the later ones see. */
export const commands: readonly string[] = [
  // Reading.
  'kubectl get nodes', 'kubectl get node node-1 -o wide', 'kubectl get pods', 'kubectl get pod', 'kubectl get pods -o wide', 'kubectl get po -A', 'kubectl get pods --show-labels', 'kubectl get pods -l app=hello-server', 'kubectl get pods -L app',
  'kubectl get deployments', 'kubectl get deploy hello-server -o wide', 'kubectl get rs', 'kubectl get rs -o wide', 'kubectl get services', 'kubectl get svc -o wide', 'kubectl get svc hello-server inside', 'kubectl get endpoints', 'kubectl get ep hello-server',
  'kubectl get namespaces', 'kubectl get ns default -o yaml', 'kubectl get configmap notes -o yaml', 'kubectl get secret keys -o yaml', 'kubectl get pods,svc', 'kubectl get all', 'kubectl get svc/hello-server deploy/hello-server',
  'kubectl get deployment hello-server -o yaml', 'kubectl get deployment hello-server -o json', 'kubectl get service hello-server -o yaml', 'kubectl get service hello-server -o json', 'kubectl get pods -o name', 'kubectl get pods -o json', 'kubectl get pods -o yaml',
  "kubectl get pods -o jsonpath='{.items[*].metadata.name}'", "kubectl get pods -o=jsonpath='{.items[0].status.podIP}'", `kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}'`, "kubectl get svc hello-server -o jsonpath='{.spec.ports}'",
  "kubectl get svc hello-server -o jsonpath='{.spec.ports[0].nodePort}'", "kubectl get svc -o jsonpath='{.items[?(@.spec.type==\"LoadBalancer\")].metadata.name}'", "kubectl get pods -o jsonpath='{.items[0].nothing}'", "kubectl get pods -o jsonpath='{.items[0'",
  'kubectl get pods -o custom-columns=NAME:.metadata.name,IP:.status.podIP,NODE:.spec.nodeName', `kubectl get svc hello-server -o go-template='{{.spec.clusterIP}}{{"\\n"}}'`, 'kubectl get pods --sort-by=.metadata.name', 'kubectl get pods --no-headers', 'kubectl get events',
  'kubectl get pods --field-selector=status.phase=Pending', 'kubectl get pods -n kube-system', 'kubectl get pods -n nowhere', 'kubectl get svc -A', 'kubectl get cs', 'kubectl get sa', 'kubectl get leases -n kube-node-lease -o name',
  // Describing.
  'kubectl describe service hello-server', 'kubectl describe svc inside', 'kubectl describe deployment hello-server', 'kubectl describe pod stuck', 'kubectl describe pods -l app=hello-server', 'kubectl describe node node-1', 'kubectl describe rs', 'kubectl describe configmap notes', 'kubectl describe secret keys',
  'kubectl describe endpoints hello-server', 'kubectl describe sa default', 'kubectl describe pod nope', 'kubectl describe service hel', 'kubectl describe',
  // Wrong.
  'kubectl get', 'kubectl get bogus', 'kubectl get pod nope', 'kubectl get pods nope nada', 'kubectl gett', 'kubectl get pods --bogus', 'kubectl get -z', 'kubectl get pods -o bogus', 'kubectl get pods -n', 'kubectl scale --replicas=x deploy/hello-server', 'kubectl expose', 'kubectl create', 'kubectl patch deployment hello-server',
  "kubectl patch deployment hello-server -p '{'", 'kubectl delete', 'kubectl logs', 'kubectl exec', 'kubectl exec nope -- ls', 'kubectl expose deployment hello-server --type LoadBalancer --port 80 --target-port 8080', 'kubectl expose deployment nope --port 80', 'kubectl run', 'kubectl label pod stuck', 'kubectl rollout', 'kubectl rollout bogus',
  'kubectl create -f missing.yaml', 'kubectl create -f bad.yaml', 'kubectl create -f unknown.yaml', 'kubectl create -f extra.yaml', 'kubectl apply', 'kubectl get pods/stuck svc', 'kubectl get pods -l "a=="', 'kubectl --context=nope get pods', 'kubectl delete pod nope', 'kubectl explain', 'kubectl get pod/', 'kubectl set image deployment/hello-server', 'kubectl autoscale deployment hello-server',
  // Dry runs.
  'kubectl create deployment web --image=nginx:1 --dry-run=client -o yaml', 'kubectl run web --image=nginx --dry-run=client -o yaml', 'kubectl run web --image=nginx --port=80 --env=A=b --labels=x=y --dry-run=client -o yaml -- sleep 10',
  'kubectl create service nodeport np --tcp=80:8080 --dry-run=client -o yaml', 'kubectl create service clusterip cip --tcp=80 --dry-run=client -o yaml', 'kubectl create configmap c --from-literal=a=1 --from-literal=b=two --dry-run=client -o yaml', 'kubectl create secret generic s --from-literal=a=1 --dry-run=client -o yaml',
  'kubectl create namespace blue --dry-run=client -o yaml', 'kubectl create job j --image=busybox --dry-run=client -o yaml -- date', 'kubectl create serviceaccount s --dry-run=client -o yaml', 'kubectl expose deployment hello-server --name=x --port=80 --dry-run=client -o yaml', 'kubectl apply -f web.yaml --dry-run=client', 'kubectl delete svc inside --dry-run=client',
  // Changing.
  'kubectl apply -f web.yaml', 'kubectl apply -f web.yaml', 'kubectl apply -f web-2.json', 'kubectl rollout status deployment web', 'kubectl rollout history deployment web', 'kubectl rollout history deployment web --revision=2', 'kubectl get deployment web', 'kubectl describe deployment web', 'kubectl rollout undo deployment web', 'kubectl rollout pause deployment/web', 'kubectl rollout pause deployment/web', 'kubectl rollout resume deployment/web', 'kubectl rollout history deploy/web',
  'kubectl patch deployment hello-server --patch \'{"spec":{"template":{"spec":{"containers":[{"name":"hello-server","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}}}\'', 'kubectl patch svc inside --type=json -p \'[{"op":"replace","path":"/spec/ports/0/port","value":81}]\'', 'kubectl patch svc inside --type=merge -p \'{"metadata":{"labels":{"a":"b"}}}\'', 'kubectl patch svc inside -p \'{"metadata":{"labels":{"a":"b"}}}\'', 'kubectl get pods -l app=hello-server',
  'kubectl label pod stuck tier=front', 'kubectl label pod stuck tier=front', 'kubectl label pod stuck tier=back', 'kubectl label pod stuck tier=back --overwrite', 'kubectl label pod stuck tier-', 'kubectl label pods --all seen=yes', 'kubectl annotate svc inside note="a b"', 'kubectl annotate svc inside note-', 'kubectl scale deployment hello-server --replicas=3', 'kubectl scale --current-replicas=1 --replicas=2 deployment/hello-server', 'kubectl get deployment hello-server -o jsonpath={.spec.replicas}',
  'kubectl set image deployment/web web=nginx:1.21', 'kubectl set image deployment/web nope=nginx:1.21', 'kubectl set env deployment/web A=b', 'kubectl set resources deploy web --requests=cpu=10m,memory=16Mi; kubectl get deploy web -o jsonpath="{.spec.template.spec.containers[0].resources}"; kubectl set resources deploy web --limits=cpu; kubectl set resources deploy web; kubectl set resources deploy web --limits=cpu=x; kubectl set resources deploy web --limits=cpu=1 -c nope', 'kubectl set serviceaccount deploy web default; kubectl set serviceaccount', 'kubectl create deployment dashed --image=busybox --dry-run=client -o yaml -- date -u; kubectl create deployment a b --image=c; kubectl create deployment a --image=c --image=d -- e; kubectl create job j k --image=busybox', 'kubectl set selector svc inside app=web,tier=back; kubectl get svc inside -o jsonpath="{.spec.selector}"; kubectl set selector svc inside app=other --dry-run=client; kubectl set selector; kubectl set selector deploy web app=x; kubectl set selector svc inside app=other', 'kubectl expose deployment web --name=web2 --port=80 --type=NodePort', 'kubectl get svc web2 -o yaml', 'kubectl create namespace blue', 'kubectl create namespace blue', 'kubectl create configmap c --from-literal=a=1 -n blue', 'kubectl get cm -n blue', 'kubectl run once --image=busybox --restart=Never -- sleep 1', 'kubectl get pod once', 'kubectl describe pod once',
  'kubectl cordon node-1', 'kubectl get nodes', 'kubectl uncordon node-1', 'kubectl taint node node-2 a=b:NoSchedule', 'kubectl taint node node-2 a-', 'kubectl describe node node-2', 'kubectl wait --for=condition=Ready pod -l app=web --timeout=5s', 'kubectl wait --for=condition=Ready pod/stuck --timeout=1s', 'kubectl create deployment two --image=a --image=b', 'kubectl replace -f web-2.json', 'kubectl rollout restart deploy web', 'kubectl delete -f web.yaml', 'kubectl delete svc web2 inside', 'kubectl delete pod stuck --grace-period=0 --force', 'kubectl delete ns blue --wait=false', 'kubectl delete pods -l app=nothing', 'kubectl delete deployment two',
  // About the cluster and the configuration.
  'kubectl cluster-info', 'kubectl api-resources', 'kubectl api-resources --namespaced=false -o name', 'kubectl api-versions', 'kubectl version --short', 'kubectl config view', 'kubectl config current-context', 'kubectl config get-contexts', 'kubectl config use-context system', 'kubectl config use-context nope', 'kubectl get pods', 'kubectl config set-context --current --namespace=default', 'kubectl config get-clusters', 'kubectl config view --minify', "kubectl config view -o jsonpath='{.clusters[0].name}'", 'kubectl config bogus',
  'kubectl explain bogus', 'kubectl auth can-i create pods', 'kubectl top node', 'kubectl top pod', 'kubectl get --raw /healthz', 'kubectl get --help', 'kubectl', 'kubectl help scale', 'kubectl create service --help',
];

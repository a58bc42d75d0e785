/** What a learner types in exercises 2 to 4, and what must be printed. `source` says where a pattern comes from: a recording of the real tool, or its code. */
import type { Line } from './player.ts';

const MANIFEST = `cat > hello-server-deployment.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello-server
spec:
  selector:
    matchLabels:
      app: hello-server
  template:
    metadata:
      labels:
        app: hello-server
    spec:
      containers:
      - name: hello-server
        image: gcr.io/google-samples/hello-app:1.0
EOF`;
const PATCH = `kubectl patch deployment hello-server --patch '{ "spec": { "template": { "spec": { "containers": [ { "name": "hello-server", "securityContext": { "capabilities": { "add": ["NET_ADMIN"] } } } ] } } } }'`;
const KUBECTL = 'kubectl 1.20.2';
const CHAIN_END = String.raw`\(policy ACCEPT\)`;

export const firstPod: readonly Line[] = [
  { at: 'cloudshell', type: 'kubectl get nodes', expect: [/^NAME +STATUS +ROLES +AGE +VERSION$/m, /^gke-lab-cluster-default-pool-\w+-2jdh +Ready +<none> +\w+ +v1\.10\.5-gke\.0$/m], source: KUBECTL },
  { at: 'cloudshell', type: MANIFEST, expect: [/^> EOF$/m], source: 'bash 5.2' },
  { at: 'cloudshell', type: 'kubectl apply -f hello-server-deployment.yaml', expect: [/^deployment\.apps\/hello-server created$/m], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl get pods', after: 10, expect: [/^hello-server-[\w-]+ +1\/1 +Running +0 +\d+s$/m], source: KUBECTL },
  { at: 'cloudshell', type: PATCH, expect: [/^deployment\.apps\/hello-server patched$/m], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl get pods', after: 3, expect: [/^hello-server-\S+ +1\/1 +Running +0 +[0-9]s$/m], source: KUBECTL },
  { at: 'cloudshell', type: "export PODNAME=`kubectl get pods -o=jsonpath='{.items[0].metadata.name}'`", after: 40, expect: [], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl exec -it $PODNAME -- /bin/sh', seconds: 2, expect: [/^\/ # $/m], source: 'busybox 1.34 ash' },
  { at: 'cloudshell', type: 'ip address show', seconds: 1, expect: [/^1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN/m, /^3: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP/m, / +link\/ether 0a:58:0a:28:0\d:0\d brd ff:ff:ff:ff:ff:ff/m, / +inet 10\.40\.\d\.\d\/24 /m], source: 'kubenet_linux.go' },
  { at: 'cloudshell', type: 'ip route show', seconds: 1, expect: [/^default via 10\.40\.\d\.1 dev eth0 *$/m, /^10\.40\.\d\.0\/24 dev eth0 .*scope link .*src 10\.40\.\d\.\d/m], source: 'kubenet_linux.go' },
  { at: 'cloudshell', type: 'nslookup kubernetes', seconds: 1, expect: [/^Server:\s+10\.43\.240\.10$/m, /^Name:\s+kubernetes\.default\.svc\.cluster\.local$/m, /^Address: 10\.43\.240\.1$/m], source: 'the Service of the API' },
  { at: 'cloudshell', type: 'apk update', seconds: 5, expect: [/^fetch https:\/\/dl-cdn\.alpinelinux\.org\/alpine\/v3\.15\/main\/x86_64\/APKINDEX\.tar\.gz$/m, /^OK: \d+ distinct packages available$/m], source: 'apk-tools 2.12' },
  { at: 'cloudshell', type: 'apk add iptables', seconds: 10, expect: [/^\(1\/\d\) Installing libmnl \(/m, /^Executing busybox-/m, /^OK: \d+ MiB in \d+ packages$/m], source: 'apk-tools 2.12' },
  { at: 'cloudshell', type: 'apk add sudo', seconds: 10, expect: [/^\(1\/1\) Installing sudo \(/m], source: 'apk-tools 2.12' },
  { at: 'cloudshell', type: 'sudo iptables -L', seconds: 1, expect: [new RegExp(`^Chain INPUT ${CHAIN_END}$`, 'm'), new RegExp(`^Chain FORWARD ${CHAIN_END}$`, 'm'), new RegExp(`^Chain OUTPUT ${CHAIN_END}$`, 'm')], not: [/KUBE-/], source: 'iptables 1.8' },
  { at: 'cloudshell', type: 'sudo iptables -L -tnat', seconds: 1, expect: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((chain) => new RegExp(`^Chain ${chain} ${CHAIN_END}$`, 'm')), not: [/KUBE-/], source: 'iptables 1.8' },
  { at: 'cloudshell', type: 'exit', expect: [/^learner@cloudshell:~ \(podwire-lab\)\$ $/m], source: 'Cloud Shell' },
];

export const toolbox: readonly Line[] = [
  { at: 'node', type: 'sudo ip netns list', expect: [], not: [/cni-/], source: 'dockershim does not name namespaces' },
  { at: 'node', type: 'sudo toolbox ip address show', seconds: 20, expect: [/Spawning container root-gcr\.io_google-containers_toolbox-/, /Press \^\] three times within 1s to kill container\./, /^\d: eth0: /m, /cbr0: /m], source: 'systemd-nspawn' },
  { at: 'node', type: 'sudo toolbox ping 127.0.0.1 -c 3', seconds: 10, expect: [/^3 packets transmitted, 3 received, 0% packet loss/m], source: 'iputils ping' },
  { at: 'node', type: 'sudo toolbox bash', seconds: 3, expect: [/^root@gke-lab-cluster-default-pool-\S+:~# $/m], source: 'bash in systemd-nspawn' },
  { at: 'node', type: 'apt install -y tcpdump conntrack screen bridge-utils', seconds: 30, expect: [/^Setting up tcpdump /m, /^Setting up conntrack /m, /^Setting up screen /m], source: 'apt' },
  { at: 'node', type: 'brctl showmacs cbr0', seconds: 1, expect: [/^port no\s+mac addr\s+is local\?\s+ageing timer$/m, /0a:58:0a:28:0\d:0\d/], source: 'bridge-utils 1.7' },
  { at: 'node', type: 'exit', seconds: 1, expect: [/^Container root-gcr\.io_google-containers_toolbox-\S+ exited successfully\.$/m], source: 'systemd-nspawn' },
];

export const expose: readonly Line[] = [
  { at: 'cloudshell', type: 'kubectl expose deployment hello-server --type LoadBalancer \\\n  --port 80 --target-port 8080', expect: [/^service\/hello-server exposed$/m], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl get service hello-server', expect: [/^hello-server +LoadBalancer +10\.43\.2\d\d\.\d+ +<pending> +80:3\d{4}\/TCP /m], source: KUBECTL },
  { at: 'node', type: 'sudo tail /var/log/kube-proxy.log', after: 3, expect: [/Adding new service port "default\/hello-server:" at 10\.43\.\d+\.\d+:80\/TCP$/m, /Opened local port "nodePort for default\/hello-server:" \(:3\d{4}\/tcp\)$/m], source: 'kube-proxy' },
  { at: 'cloudshell', type: 'kubectl get service hello-server', after: 60, expect: [/^hello-server +LoadBalancer +10\.43\.2\d\d\.\d+ +35\.\d+\.\d+\.\d+ +80:3\d{4}\/TCP /m], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl describe service hello-server', expect: [/^LoadBalancer Ingress: +35\./m, /^Port: +<unset> +80\/TCP$/m, /^TargetPort: +8080\/TCP$/m, /^NodePort: +<unset> +3\d{4}\/TCP$/m, /^Endpoints: +10\.40\.\d\.\d:8080$/m, / EnsuredLoadBalancer /], source: KUBECTL },
  { at: 'cloudshell', type: "curl http://$(kubectl get svc hello-server -o jsonpath='{.status.loadBalancer.ingress[0].ip}')", expect: [/^Hello, world!$/m, /^Version: 1\.0\.0$/m, /^Hostname: hello-server-/m], source: 'hello-app 1.0' },
  { at: 'node', type: 'sudo netstat -tnlp |grep 3', expect: [/^tcp6 +0 +0 :::3\d{4} +:::\* +LISTEN +\d+\/kube-proxy *$/m], source: 'net-tools; kube-proxy holds its ports' },
  { at: 'node', type: 'sudo iptables -L', expect: [/^Chain KUBE-SERVICES \(\d references\)$/m, /^Chain KUBE-FIREWALL \(2 references\)$/m], source: 'iptables 1.8' },
  { at: 'node', type: 'sudo iptables -L -tnat', expect: [/^Chain KUBE-SVC-AZMBASOGS4B7PAAL \(\d references\)$/m, /KUBE-MARK-MASQ .*\/\* default\/hello-server: \*\/ tcp dpt:3\d{4}/m, /DNAT .*to:10\.40\.\d\.\d:8080/m], source: 'sha256 of default/hello-server:tcp' },
  { at: 'cloudshell', type: 'kubectl expose deployment hello-server --type LoadBalancer --port 80 --target-port 8080', expect: [/^Error from server \(AlreadyExists\): services "hello-server" already exists$/m], source: KUBECTL },
  { at: 'cloudshell', type: 'kubectl cluster-info', expect: [/^Kubernetes control plane is running at https:\/\/35\.231\.234\.26$/m, /^KubeDNS is running at /m], source: KUBECTL },
  { at: 'cloudshell', type: 'gcloud compute forwarding-rules list', expect: [/^NAME +REGION +IP_ADDRESS +IP_PROTOCOL +TARGET$/m, /^a[0-9a-f]{31} +us-east1 +35\.\d+\.\d+\.\d+ +TCP +us-east1\/targetPools\/a[0-9a-f]{31}$/m], source: 'gcloud 528' },
  { at: 'cloudshell', type: 'gcloud compute http-health-checks describe k8s-c1f99c83f2e87324-node', expect: [/^checkIntervalSec: 2$/m, /^port: 10256$/m, /^requestPath: \/healthz$/m, /^unhealthyThreshold: 5$/m], source: 'gcloud 528; gce.go of 2018' },
  { at: 'node', type: 'sudo toolbox tcpdump -ni eth0 port 10256 -A -c 10', seconds: 30, expect: [/GET \/healthz HTTP\/1\.1/m, /HTTP\/1\.1 200 OK/m, /169\.254\.169\.254\.\d+ > 35\./m, /^10 packets captured$/m], source: 'tcpdump; legacy health checks' },
  { at: 'node', type: 'curl localhost:10256/healthz', expect: [/^\{"lastUpdated": ".*","currentTime": ".*"\}/m], source: 'kube-proxy healthcheck.go' },
];

export const visit: readonly Line[] = [
  { at: 'cloudshell', type: "PODNAME=$(kubectl get pods -o=jsonpath='{.items[0].metadata.name}')", expect: [], source: KUBECTL },
  { at: 'cloudshell', type: "kubectl get pod $PODNAME -o=json| jq '[.status.containerStatuses[0].containerID]'", expect: [/^ {2}"docker:\/\/[0-9a-f]{64}"$/m], source: 'jq 1.6' },
  { at: 'cloudshell', type: "kubectl get pod $PODNAME -o=jsonpath='{.status.containerStatuses[0].containerID}'|cut -c 10-21", expect: [/^[0-9a-f]{12}$/m], source: KUBECTL },
  { at: 'cloudshell', type: "kubectl get pod $PODNAME -o=jsonpath='{.status.hostIP}'", expect: [/^10\.142\.0\.[678]learner@/m], source: 'no newline at the end' },
  { at: 'node', type: "ContainerID=$(docker ps | grep k8s_hello-server_ | cut -c 1-12); PID=$(docker inspect --format '{{ .State.Pid }}' $ContainerID)", expect: [], source: 'docker 17.03' },
  { at: 'node', type: 'sudo nsenter -t ${PID} -n bash', seconds: 1, expect: [/# $/], source: 'util-linux' },
  { at: 'node', type: 'ip address show', seconds: 1, expect: [/^3: eth0@if\d+: /m, / inet 10\.40\.\d\.\d\/24 /m], source: 'iproute2' },
  { at: 'node', type: 'ip route show', seconds: 1, expect: [/^default via 10\.40\.\d\.1 dev eth0 *$/m], source: 'iproute2' },
  { at: 'node', type: 'sudo iptables -L -tnat', seconds: 1, expect: [/^Chain POSTROUTING \(policy ACCEPT\)$/m], not: [/KUBE-/], source: 'the rules live in the other namespace' },
  { at: 'node', type: 'exit', seconds: 1, expect: [/^learner@gke-\S+ ~ \$ $/m], source: 'COS' },
];

/**
 * What a learner types in exercises 2 to 4, row by row, and what must be shown. Where an exercise's own text misprints a command, both are here: what the
 * misprint really does, and the command that was meant.
 */
import type { Line } from './player.ts';

export const TERMINALS: Readonly<Record<string, string>> = {
  shell: 'cloudshell', home: 'node-of app=hello-server', peer: 'node-beside app=hello-server', laptop: 'browser', client: 'client',
};

const KUBECTL = 'kubectl 1.20.2, recorded';
const GCLOUD = 'gcloud 528, recorded';
const SAMPLE = "the exercise's sample";
const TCPDUMP = 'tcpdump 4.99 and the sample: the same addresses, flags and lengths';
const IPTABLES = 'iptables 1.8.9, recorded';
const NSPAWN = 'systemd-nspawn, its code';
const KUBENET = 'kubenet_linux.go';
const SHELL = 'learner@cloudshell:~ (podwire-lab)$';
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
const HELLO = ['Hello, world!', 'Version: 1.0.0', 'Hostname: {{podName}}'];
const EMPTY_FILTER = ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `Chain ${chain} (policy ACCEPT)`);
const EMPTY_NAT = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((chain) => `Chain ${chain} (policy ACCEPT)`);
const CTRL_C = '\x03';
/** Leaves a session of screen: what the exercise prints, though d detaches more cleanly. */
const CTRL_A_Z = '\x01z';

export const exercise2: readonly Line[] = [
  { rows: [78], at: 'shell', type: 'echo $DEVSHELL_PROJECT_ID', shows: ['podwire-lab'], source: 'Cloud Shell' },
  { rows: [79], at: 'shell', type: 'gcloud config set compute/zone $COMPUTE_ZONE', shows: ['ERROR: (gcloud.config.set) argument VALUE: Must be specified.'], source: GCLOUD },
  { at: 'shell', type: 'COMPUTE_ZONE=us-east1-b', shows: [], source: 'bash 5.2' },
  { rows: [79], at: 'shell', type: 'gcloud config set compute/zone $COMPUTE_ZONE', shows: ['Updated property [compute/zone].'], source: GCLOUD },
  { rows: [80], at: 'shell', type: 'gcloud container clusters create lab-cluster', shows: ['Creating cluster lab-cluster in us-east1-b...done.', 'kubeconfig entry generated for lab-cluster.', 'NAME LOCATION MASTER_VERSION MASTER_IP MACHINE_TYPE NODE_VERSION NUM_NODES STATUS', 'lab-cluster us-east1-b * 35.231.234.26 n1-standard-1 * 3 RUNNING'], source: GCLOUD },
  { rows: [81], at: 'shell', type: 'gcloud container clusters get-credentials lab-cluster', shows: ['Fetching cluster endpoint and auth data.', 'kubeconfig entry generated for lab-cluster.'], source: GCLOUD },
  { rows: [82], at: 'shell', type: 'gcloud container clusters describe lab-cluster', shows: ['clusterIpv4Cidr: 10.40.0.0/14', 'servicesIpv4Cidr: 10.43.240.0/20', 'endpoint: 35.231.234.26', 'currentNodeCount: 3'], source: SAMPLE },
  { rows: [83], at: 'shell', type: 'kubectl get nodes', shows: ['NAME STATUS ROLES AGE VERSION', ...['2jdh', 'm69d', '33fg'].map((node) => `gke-lab-cluster-default-pool-9e4ce61e-${node} Ready <none> * v1.10.5-gke.0`)], source: KUBECTL },
  { rows: [84], at: 'shell', type: MANIFEST, shows: ['> EOF'], source: 'bash 5.2' },
  { rows: [85], at: 'shell', type: 'kubectl apply -f hello-server-deployment.yaml', shows: ['deployment.apps/hello-server created'], source: KUBECTL },
  { at: 'shell', type: 'kubectl get pods', after: 10, shows: ['hello-server-* 1/1 Running 0 *s'], source: KUBECTL },
  { rows: [86], at: 'shell', type: "gcloud compute ssh $(kubectl get pods -o jsonpath='{.items[0].spec.nodeName}')", seconds: 2, shows: ['WARNING: The private SSH key file for gcloud does not exist.', 'Do you want to continue (Y/n)?'], source: GCLOUD },
  { rows: [86], at: 'shell', keys: 'y\r\r\r', seconds: 12, shows: ['Updating project ssh metadata...done.', 'learner@gke-lab-cluster-default-pool-9e4ce61e-* ~ $'], source: GCLOUD },
  { rows: [87], at: 'shell', type: 'sudo ip netns list', seconds: 1, shows: ['learner@gke-*'], lacks: ['cni-*'], source: 'dockershim does not name namespaces' },
  { rows: [100], at: 'shell', type: 'ping 8.8.8.8', seconds: 1, shows: ['-bash: ping: command not found'], source: 'bash 5.2; the lean image has no ping' },
  { at: 'shell', type: 'exit', shows: ['logout', 'Connection to 35.231.173.* closed.'], source: 'OpenSSH' },
  { rows: [88], at: 'shell', type: PATCH, shows: ['deployment.apps/hello-server patched'], source: KUBECTL },
  { rows: [89], at: 'shell', type: 'kubectl get pods', after: 3, shows: ['hello-server-* 1/1 Running 0 *s'], source: KUBECTL },
  { rows: [90], at: 'shell', type: "export PODNAME=`kubectl get pods -o=jsonpath='{.items[0].metadata.name}'`", after: 40, shows: [], source: KUBECTL },
  { at: 'shell', type: 'echo name=$PODNAME', shows: ['name=hello-server-*'], keeps: { podName: /^name=(\S+)/m }, source: 'bash 5.2' },
  { rows: [91], at: 'shell', type: 'kubectl exec -it $PODNAME -- /bin/sh', seconds: 2, shows: ['/ #'], source: 'busybox 1.34 ash' },
  { rows: [92, 109], at: 'shell', type: 'ip address show', seconds: 1, shows: ['1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 * state UNKNOWN *', '3: eth0@if*: <BROADCAST,MULTICAST,UP,LOWER_UP* mtu 1460 *', 'link/ether 0a:58:0a:28:* brd ff:ff:ff:ff:ff:ff*', 'inet 10.40.*/24 *'], keeps: { podMac: /link\/ether (0a:58\S+)/, podIp: /inet (10\.40\.\d+\.\d+)/ }, source: KUBENET },
  { rows: [93, 109], at: 'shell', type: 'ip route show', seconds: 1, shows: ['default via 10.40.*.1 dev eth0', '10.40.*.0/24 dev eth0 *scope link *src {{podIp}}'], keeps: { bridgeIp: /default via (\S+)/ }, source: KUBENET },
  { rows: [94], at: 'shell', type: 'apk update', seconds: 5, shows: ['fetch https://dl-cdn.alpinelinux.org/alpine/v3.15/main/x86_64/APKINDEX.tar.gz', 'OK: * distinct packages available'], source: 'apk-tools 2.12' },
  { rows: [95], at: 'shell', type: 'apk add iptables', seconds: 10, shows: ['(1/*) Installing libmnl (*', 'Executing busybox-*', 'OK: * MiB in * packages'], source: 'apk-tools 2.12' },
  { rows: [96], at: 'shell', type: 'apk add sudo', seconds: 10, shows: ['(1/1) Installing sudo (*'], source: 'apk-tools 2.12' },
  { rows: [97], at: 'shell', type: 'sudo iptables -L', seconds: 1, shows: EMPTY_FILTER, lacks: ['*KUBE-*'], source: IPTABLES },
  { rows: [98], at: 'shell', type: 'sudo iptables -L -tnat', seconds: 1, shows: EMPTY_NAT, lacks: ['*KUBE-*'], source: IPTABLES },
  { rows: [109], at: 'shell', type: 'ping -c 1 {{bridgeIp}}', seconds: 2, shows: ['1 packets transmitted, 1 *received, 0% packet loss*'], source: 'busybox 1.34 ping' },
  { rows: [99], at: 'shell', type: 'exit', shows: [SHELL], source: 'Cloud Shell' },

  { rows: [101], at: 'home', type: 'sudo toolbox -h', seconds: 20, shows: ['*: Pulling from google-containers/toolbox', 'Status: Downloaded newer image for gcr.io/google-containers/toolbox:*', 'systemd-nspawn [OPTIONS...] [PATH] [ARGUMENTS...]'], source: NSPAWN },
  { rows: [102], at: 'home', type: 'sudo toolbox ip address show', shows: ['Spawning container root-gcr.io_google-containers_toolbox-*', 'Press ^] three times within 1s to kill container.', '2: eth0: *', '4: cbr0: *', 'inet {{bridgeIp}}/24 *'], source: NSPAWN },
  { rows: [103], at: 'home', type: 'sudo toolbox ping 127.0.0.1 -c 3', shows: ['3 packets transmitted, 3 received, 0% packet loss*'], source: 'iputils ping, recorded' },
  { rows: [104], at: 'home', type: 'sudo toolbox bash', seconds: 3, shows: ['root@gke-lab-cluster-default-pool-*:~#'], source: 'bash in systemd-nspawn' },
  { rows: [105], at: 'home', type: 'apt install -y tcpdump', seconds: 8, shows: ['Setting up tcpdump *'], source: 'apt, recorded' },
  { rows: [106], at: 'home', type: 'apt install -y conntrack', seconds: 8, shows: ['Setting up conntrack *'], source: 'apt, recorded' },
  { rows: [107], at: 'home', type: 'apt install -y screen bridge-utils', seconds: 8, shows: ['Setting up screen *', 'Setting up bridge-utils *'], source: 'apt, recorded' },
  { rows: [109], at: 'home', type: 'ping -c 1 {{podIp}}', seconds: 2, shows: ['1 packets transmitted, 1 received, 0% packet loss*'], source: 'iputils ping, recorded' },
  { rows: [109], at: 'home', type: 'brctl show', seconds: 1, shows: ['cbr0 8000.0a580a28* no veth*'], source: 'bridge-utils 1.7, recorded' },
  { rows: [109], at: 'home', type: 'brctl showmacs cbr0', seconds: 1, shows: ['port no mac addr is local? ageing timer', '* {{podMac}} no *'], source: 'bridge-utils 1.7, recorded' },
  { rows: [109], at: 'home', type: 'ip route show', seconds: 1, shows: ['10.40.*.0/24 dev cbr0 proto kernel scope link src {{bridgeIp}}'], source: KUBENET },
  { rows: [108], at: 'home', type: 'exit', seconds: 1, shows: ['Container root-gcr.io_google-containers_toolbox-* exited successfully.'], source: NSPAWN },

  { at: 'home', type: 'CONTAINERIP={{podIp}}', shows: [], source: 'bash 5.2' },
  { rows: [110], at: 'home', type: 'curl $CONTAINERIP:8080', shows: HELLO, source: SAMPLE },
  { rows: [111], at: 'shell', type: 'kubectl expose deployment hello-server --type LoadBalancer \\\n  --port 80 --target-port 8080', shows: ['service/hello-server exposed'], source: KUBECTL },
  { rows: [113], at: 'shell', type: 'kubectl get service hello-server', shows: ['hello-server LoadBalancer 10.43.* <pending> 80:3*/TCP *s'], source: KUBECTL },
  { rows: [112], at: 'home', type: 'sudo tail /var/log/kube-proxy.log', after: 3, shows: ['* Adding new service port "default/hello-server:" at 10.43.*:80/TCP', '* Opened local port "nodePort for default/hello-server:" (:3*/tcp)'], source: SAMPLE },
  { rows: [113], at: 'shell', type: 'kubectl get service hello-server', after: 60, shows: ['hello-server LoadBalancer 10.43.* 35.* 80:3*/TCP *'], keeps: { serviceIp: /LoadBalancer +(\S+)/, balancerIp: /LoadBalancer +\S+ +(\S+)/, nodePort: /80:(\d+)/ }, source: KUBECTL },
  { rows: [114, 137, 147], at: 'shell', type: 'kubectl describe service hello-server', shows: ['Labels: <none>', 'Selector: app=hello-server', 'IP: {{serviceIp}}', 'LoadBalancer Ingress: {{balancerIp}}', 'Port: <unset> 80/TCP', 'TargetPort: 8080/TCP', 'NodePort: <unset> {{nodePort}}/TCP', 'Endpoints: {{podIp}}:8080', 'Normal EnsuredLoadBalancer * service-controller Ensured load balancer'], source: KUBECTL },
  { rows: [115], at: 'shell', type: 'kubectl get pods -o wide', shows: ['{{podName}} 1/1 Running 0 * {{podIp}} gke-lab-cluster-default-pool-* <none> <none>'], keeps: { homeName: /(gke-\S+)/ }, source: KUBECTL },
  { rows: [116], at: 'shell', type: 'kubectl describe node {{homeName}} \\\n| grep -A 2 Addresses', shows: ['Addresses:', 'InternalIP: 10.142.0.*', 'ExternalIP: 35.231.173.*'], keeps: { homeIp: /InternalIP: +(\S+)/, homeExternalIp: /ExternalIP: +(\S+)/ }, source: KUBECTL },

  { at: 'peer', type: 'SERVICEIP={{serviceIp}} Endpoint={{podIp}} OtherNodeIP={{homeIp}} NodePort={{nodePort}}', shows: [], source: 'bash 5.2' },
  { rows: [117], at: 'peer', type: 'curl $SERVICEIP', shows: HELLO, source: SAMPLE },
  { rows: [118], at: 'peer', type: 'curl $Endpoint:8080', shows: HELLO, source: SAMPLE },
  { rows: [119], at: 'peer', type: 'curl $OtherNodeIP:$NodePort', shows: HELLO, source: SAMPLE },
  { rows: [120], at: 'laptop', type: 'curl -m 5 {{homeExternalIp}}:{{nodePort}}', shows: ['curl: (28) Connection timed out after 50* milliseconds'], source: 'curl 7.88, recorded' },
  { rows: [120], at: 'shell', type: 'gcloud compute firewall-rules create door --allow tcp:{{nodePort}}', shows: ['NAME NETWORK DIRECTION PRIORITY ALLOW DENY DISABLED', 'door default INGRESS 1000 tcp:{{nodePort}} False'], source: GCLOUD },
  { rows: [120], at: 'laptop', type: 'curl -m 5 {{homeExternalIp}}:{{nodePort}}', shows: HELLO, source: SAMPLE },
  { rows: [120], at: 'shell', type: 'gcloud compute firewall-rules delete door --quiet', shows: ['Deleted [https://www.googleapis.com/compute/v1/projects/podwire-lab/global/firewalls/door].'], source: GCLOUD },
  { rows: [121], at: 'peer', type: 'sudo netstat -tnlp |grep $NodePort', shows: ['tcp6 0 0 :::{{nodePort}} :::* LISTEN */kube-proxy'], source: SAMPLE },
  { rows: [122], at: 'peer', type: 'sudo iptables -L', shows: ['Chain INPUT (policy DROP)', 'Chain KUBE-SERVICES (* references)', 'Chain KUBE-FIREWALL (2 references)'], source: SAMPLE },
  { rows: [123], at: 'peer', type: 'sudo iptables -L -tnat', shows: ['Chain KUBE-SVC-AZMBASOGS4B7PAAL (3 references)', 'KUBE-MARK-MASQ tcp -- anywhere anywhere /* default/hello-server: */ tcp dpt:{{nodePort}}', 'DNAT tcp -- anywhere anywhere /* default/hello-server: */ tcp to:{{podIp}}:8080'], source: `${SAMPLE}; the name is a hash of default/hello-server:tcp` },
  { rows: [124], at: 'home', type: "sudo toolbox tcpdump -ni any '(port 80 or port 8080 or port $NodePort)'", shows: ['tcpdump: *syntax error*'], source: 'libpcap 1.10, recorded: single quotes keep the variable' },
  { rows: [125], at: 'home', type: "sudo toolbox tcpdump -ni any \\\n'(port 80 or port 8080 or port 31380)' and \\\n'(host {{podIp}} or host {{serviceIp}} or host {{balancerIp}})'", seconds: 3, shows: ['listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes'], source: 'tcpdump 4.99, recorded' },
  { rows: [126], at: 'laptop', type: 'for call in 1 2 3 4 5 6 7 8; do curl -s {{balancerIp}}; done', shows: HELLO, source: SAMPLE },
  { rows: [125], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], source: 'tcpdump 4.99, recorded' },

  { rows: [127], at: 'home', type: 'sudo toolbox bash', seconds: 3, shows: ['root@gke-lab-cluster-default-pool-*:~#'], source: 'bash in systemd-nspawn' },
  { rows: [127], at: 'peer', type: 'sudo toolbox bash', seconds: 15, shows: ['root@gke-lab-cluster-default-pool-*:~#'], source: 'bash in systemd-nspawn' },
  { at: 'peer', type: 'apt install -y conntrack screen', seconds: 8, shows: ['Setting up screen *'], source: 'apt, recorded' },
  { at: 'peer', type: 'ip -4 address show eth0', seconds: 1, shows: ['inet 10.142.0.*'], keeps: { peerIp: /inet ([\d.]+)/ }, source: 'iproute2, recorded' },
  { rows: [128], at: 'peer', type: 'screen -S ncscreen', seconds: 2, shows: ['root@gke-*'], source: 'screen 4.9, recorded' },
  { rows: [129], at: 'peer', type: 'while true ; do curl {{homeIp}}:{{nodePort}} ; sleep 2; done', seconds: 5, shows: ['*Hello, world!*'], source: SAMPLE },
  { rows: [130], at: 'peer', keys: CTRL_A_Z, seconds: 1, shows: ['[1]+ Stopped screen -S ncscreen'], source: 'screen 4.9, recorded: z stops the client' },
  { rows: [131], at: 'peer', type: 'conntrack -L|grep {{homeIp}}', seconds: 1, shows: ['tcp 6 * TIME_WAIT src={{peerIp}} dst={{homeIp}} sport=* dport={{nodePort}} src={{homeIp}} dst={{peerIp}} sport={{nodePort}} dport=* [ASSURED]*'], lacks: ['*dport={{nodePort}} src={{podIp}}*'], source: "conntrack 1.4.7; the caller's node translates nothing" },
  { rows: [132], at: 'home', type: 'conntrack -L |grep {{peerIp}}', seconds: 1, shows: ['tcp 6 * TIME_WAIT src={{peerIp}} dst={{homeIp}} sport=* dport={{nodePort}} src={{podIp}} dst={{bridgeIp}} sport=8080 dport=* [ASSURED]*'], source: SAMPLE },
  { rows: [133], at: 'home', type: 'tcpdump -ni eth0 host {{peerIp}} and host {{homeIp}} and port {{nodePort}}', seconds: 4, shows: ['* IP {{peerIp}}.* > {{homeIp}}.{{nodePort}}: Flags [S], *', '* IP {{peerIp}}.* > {{homeIp}}.{{nodePort}}: Flags [P.], seq 1:81, ack 1, * length 80', '* IP {{homeIp}}.{{nodePort}} > {{peerIp}}.*: Flags [P.], seq 1:187, ack 81, * length 186'], source: TCPDUMP },
  { rows: [133], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], source: 'tcpdump 4.99, recorded' },
  { rows: [134], at: 'home', type: 'tcpdump -ni cbr0 host {{podIp}} and port 8080', seconds: 4, shows: ['* IP {{bridgeIp}}.* > {{podIp}}.8080: Flags [P.], seq 0:80, ack 1, * length 80: HTTP: GET / HTTP/1.1', '* IP {{podIp}}.8080 > {{peerIp}}.*: Flags [P.], seq 1:187, ack 81, * length 186: HTTP: HTTP/1.1 200 OK'], source: `${TCPDUMP}; replies are translated back before cbr0 shows them` },
  { rows: [134], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], source: 'tcpdump 4.99, recorded' },
  { rows: [135], at: 'home', type: 'iptables -L | less', seconds: 1, shows: ['Chain INPUT (policy DROP)'], source: 'less 590' },
  { at: 'home', keys: 'q', seconds: 0.5, shows: [], source: 'less 590' },
  { rows: [136], at: 'home', type: 'iptables -L -tnat | less', seconds: 1, shows: ['Chain PREROUTING (policy ACCEPT)'], source: 'less 590' },
  { rows: [136], at: 'home', keys: '/^Chain KUBE-NODEPORTS\r', seconds: 0.5, shows: ['KUBE-SVC-AZMBASOGS4B7PAAL tcp -- anywhere anywhere /* default/hello-server: */ tcp dpt:{{nodePort}}'], source: SAMPLE },
  { at: 'home', keys: 'q', seconds: 0.5, shows: [], source: 'less 590' },

  { at: 'shell', type: 'gcloud compute instances create client', shows: ['client us-east1-b n1-standard-1 10.142.0.* 35.* RUNNING'], source: GCLOUD },
  { rows: [138], at: 'shell', type: 'gcloud compute routes create lend --destination-range={{serviceIp}}/32 --next-hop-instance={{homeName}} --next-hop-instance-zone=us-east1-b', shows: ['NAME NETWORK DEST_RANGE NEXT_HOP PRIORITY', 'lend default {{serviceIp}}/32 us-east1-b/instances/{{homeName}} 1000'], source: GCLOUD },
  { at: 'client', type: 'ip -4 address show dev ens4 2>/dev/null || ip -4 address show dev eth0', shows: ['inet 10.142.0.*'], keeps: { clientIp: /inet ([\d.]+)/ }, source: 'iproute2, recorded' },
  { rows: [139], at: 'client', type: 'while true; do curl {{serviceIp}}:80; sleep 1; done', seconds: 3, shows: HELLO, source: SAMPLE },
  { rows: [140], at: 'home', type: 'tcpdump -ni eth0 port 80 and host {{serviceIp}}', seconds: 3, shows: ['* IP {{clientIp}}.* > {{serviceIp}}.80: Flags [S], *', '* IP {{clientIp}}.* > {{serviceIp}}.80: Flags [P.], * length 7*: HTTP: GET / HTTP/1.1', '* IP {{serviceIp}}.80 > {{clientIp}}.*: Flags [P.], * length 186: HTTP: HTTP/1.1 200 OK'], source: `${TCPDUMP}; the length is that of the address, too` },
  { rows: [140], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], source: 'tcpdump 4.99, recorded' },
  { rows: [141], at: 'home', type: 'tcpdump -ni cbr0 port 8080', seconds: 3, shows: ['* IP {{bridgeIp}}.* > {{podIp}}.8080: Flags [S], *', '* IP {{podIp}}.8080 > {{clientIp}}.*: Flags [S.], *'], source: TCPDUMP },
  { rows: [141], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], source: 'tcpdump 4.99, recorded' },
  { at: 'client', keys: CTRL_C, seconds: 1, shows: ['^C*'], source: 'bash 5.2' },
  { rows: [142], at: 'client', type: 'telnet {{serviceIp}} 80', seconds: 2, shows: ['Trying {{serviceIp}}...', 'Connected to {{serviceIp}}.', "Escape character is '^]'."], source: 'telnet, recorded' },
  { rows: [143], at: 'home', type: 'conntrack -L | grep {{serviceIp}}', seconds: 1, shows: ['tcp 6 863* ESTABLISHED src={{clientIp}} dst={{serviceIp}} sport=* dport=80 src={{podIp}} dst={{bridgeIp}} sport=8080 dport=* [ASSURED]*'], source: SAMPLE },
  { rows: [144], at: 'home', type: 'iptables -L', seconds: 1, shows: ['Chain FORWARD (policy DROP)'], source: SAMPLE },
  { rows: [145], at: 'home', type: 'iptables -L --tnat', seconds: 1, shows: ['iptables v1.8.9 (nf_tables): unknown option "--tnat"'], source: IPTABLES },
  { rows: [145], at: 'home', type: 'iptables -L -t nat', seconds: 1, shows: ['KUBE-SVC-AZMBASOGS4B7PAAL tcp -- anywhere {{serviceIp}} /* default/hello-server: cluster IP */ tcp dpt:http'], source: SAMPLE },
  { rows: [146], at: 'shell', type: 'gcloud compute routes delete lend --quiet', shows: ['Deleted [https://www.googleapis.com/compute/v1/projects/podwire-lab/global/routes/lend].'], source: GCLOUD },

  { rows: [148, 155], at: 'shell', type: 'gcloud compute forwarding-rules list', shows: ['NAME REGION IP_ADDRESS IP_PROTOCOL TARGET', 'a* us-east1 {{balancerIp}} TCP us-east1/targetPools/a*'], keeps: { balancer: /^(a[0-9a-f]{31}) /m }, source: GCLOUD },
  { rows: [149], at: 'shell', type: 'gcloud compute forwarding-rules describe {{balancer}}', seconds: 2, shows: ['choose a region or global:', '[2] region: us-east1'], source: GCLOUD },
  { rows: [149], at: 'shell', type: '2', shows: ['IPAddress: {{balancerIp}}', `description: '{"kubernetes.io/service-name":"default/hello-server"}'`, 'portRange: 80-80', 'target: *targetPools/{{balancer}}'], source: GCLOUD },
  { rows: [150], at: 'shell', type: 'gcloud compute target-pools describe {{balancer}}', shows: ['No region specified. Using region [us-east1] for target pool: [{{balancer}}].', ...['2jdh', 'm69d', '33fg'].map((node) => `- *instances/gke-lab-cluster-default-pool-9e4ce61e-${node}`)], source: GCLOUD },
  { rows: [151], at: 'home', type: "tcpdump -ni eth0 port 80 and not '(host 169.254.169.254)'", seconds: 1, shows: ['listening on eth0, *'], source: 'tcpdump 4.99, recorded' },
  { rows: [152], at: 'laptop', type: 'for call in 1 2 3 4 5 6 7 8; do curl -s {{balancerIp}}; done', shows: HELLO, source: SAMPLE },
  { rows: [151], at: 'home', keys: CTRL_C, seconds: 1, shows: ['* packets captured'], lacks: ['0 packets captured'], source: TCPDUMP },
  { at: 'home', type: 'exit', seconds: 2, shows: ['Container root-gcr.io_google-containers_toolbox-*'], source: NSPAWN },
];

export const exercise3: readonly Line[] = [
  { rows: [153], at: 'shell', type: 'kubectl expose deployment hello-server --type LoadBalancer \\\n  --port 80 --target-port 8080', shows: ['Error from server (AlreadyExists): services "hello-server" already exists'], source: KUBECTL },
  { rows: [154], at: 'shell', type: 'kubectl cluster-info', shows: ['Kubernetes control plane is running at https://35.231.234.26', 'GLBCDefaultBackend is running at *', 'Heapster is running at *', 'KubeDNS is running at *'], source: `${KUBECTL}; add-ons of 2018` },
  { rows: [156], at: 'shell', type: 'gcloud compute target-pools describe {{balancer}} --region us-east1', shows: ['- *httpHealthChecks/k8s-c1f99c83f2e87324-node', 'kind: compute#targetPool', 'sessionAffinity: NONE'], source: GCLOUD },
  { rows: [157], at: 'shell', type: 'gcloud compute http-health-checks describe k8s-c1f99c83f2e87324-node', shows: ['checkIntervalSec: 2', 'port: 10256', 'requestPath: /healthz', 'unhealthyThreshold: 5'], source: `${GCLOUD}; gce.go of 2018` },
  { rows: [158], at: 'home', type: 'sudo toolbox tcpdump -ni eth0 port 10256 -A -c 10', shows: ['* IP 169.254.169.254.* > {{balancerIp}}.10256: Flags [S], *', '*GET /healthz HTTP/1.1', '*HTTP/1.1 200 OK', '{"lastUpdated": "*","currentTime": "*"}', '10 packets captured'], source: SAMPLE },
  { rows: [159], at: 'home', type: 'curl {{balancerIp}}:10256/healthz', shows: ['{"lastUpdated": "*","currentTime": "*"}*'], source: SAMPLE },
  { rows: [159], at: 'laptop', type: 'curl -m 5 {{balancerIp}}:10256/healthz', shows: ['curl: (28) *'], source: 'the forwarding rule has port 80 only' },
];

export const exercise4: readonly Line[] = [
  { rows: [160], at: 'shell', type: 'kubectl get pod', shows: ['{{podName}} 1/1 Running 0 *'], source: KUBECTL },
  { rows: [161], at: 'shell', type: "kubectl get pod $PODNAME -o=json| jq '[.status.containerStatuses[0].containerID]'", shows: ['"docker://*"'], source: 'jq 1.6' },
  { rows: [162], at: 'shell', type: "kubectl get pod $PODNAME -o=jsonpath='{.status.containerStatuses[0].containerID}'|cut -c 10-21", shows: [], keeps: { containerId: /^([0-9a-f]{12})$/m }, source: KUBECTL },
  { rows: [163], at: 'shell', type: "kubectl get pod $PODNAME -o=jsonpath='{.status.hostIP}'", shows: [`{{homeIp}}${SHELL}`], source: `${KUBECTL}; no newline at the end` },
  { rows: [164], at: 'shell', type: 'gcloud compute ssh {{homeName}}', seconds: 8, shows: ['learner@{{homeName}} ~ $'], source: 'COS' },
  { at: 'shell', type: 'ContainerID={{containerId}}', seconds: 1, shows: [], source: 'bash 5.2' },
  { rows: [165], at: 'shell', type: "PID=$(docker inspect --format '{% verbatim %}{{ .State.Pid }}{% endverbatim %}' $ContainerID); echo $PID", seconds: 1, shows: ['{% verbatim %}*{% endverbatim %}'], source: "text/template keeps what is no action of its own" },
  { rows: [165], at: 'shell', type: "PID=$(docker inspect --format '{{ .State.Pid }}' $ContainerID)", seconds: 1, shows: [], source: 'docker 17.03' },
  { rows: [166], at: 'shell', type: 'sudo nsenter -t ${PID} -n bash', seconds: 1, shows: ['{{homeName}} learner #'], source: 'util-linux; the prompt of COS' },
  { rows: [167], at: 'shell', type: 'ip address show', seconds: 1, shows: ['3: eth0@if*', 'link/ether {{podMac}} *', 'inet {{podIp}}/24 *'], source: 'iproute2, recorded' },
  { rows: [168], at: 'shell', type: 'ip route show', seconds: 1, shows: ['default via {{bridgeIp}} dev eth0'], source: KUBENET },
  { rows: [169], at: 'shell', type: 'sudo iptables -L', seconds: 1, shows: EMPTY_FILTER, lacks: ['*KUBE-*'], source: IPTABLES },
  { rows: [170], at: 'shell', type: 'sudo iptables -L -tnat', seconds: 1, shows: EMPTY_NAT, lacks: ['*KUBE-*'], source: 'the rules live in the other namespace' },
  { rows: [171], at: 'shell', type: 'exit', seconds: 1, shows: ['learner@{{homeName}} ~ $'], source: 'COS' },
];

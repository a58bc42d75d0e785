/**
 * A Google Cloud project with a Kubernetes cluster of three nodes: Cloud Shell, a browser's machine somewhere on the internet, and what
 * gcloud makes. Names and addresses are those of the course's samples.
 */
import type { ProfileName } from '../../kube/profiles/index.ts';
import type { CloudScenario, MachineSpec, Scenario } from './scenario.ts';

const ZONE = 'us-east1-b';

const PROJECT = 'podwire-lab';
/** Cloud Shell's prompt names the project, and so does a variable. */
const PROMPT = `printf '%s\\n' 'PS1="\\u@\\h:\\w (${PROJECT})\\$ "' 'export DEVSHELL_PROJECT_ID=${PROJECT}' | tee -a /root/.bashrc >> /home/learner/.bashrc`;

/** Cloud Shell is a machine outside the project, behind a translating router. */
const cloudShell: MachineSpec = {
  name: 'cloudshell', hostname: 'cloudshell', title: 'Cloud Shell', image: 'cloud-shell', isLoggedIn: true,
  devices: [{ name: 'eth0', mac: '02:42:ac:11:00:04', mtu: 1460 }],
  boot: ['ip link set lo up', 'ip address add 172.17.0.4/16 dev eth0', 'ip link set eth0 up', 'ip route add default via 172.17.0.1 dev eth0', "printf 'nameserver 169.254.169.254\\nsearch google.internal\\n' > /etc/resolv.conf", PROMPT],
  outside: { addresses: ['35.196.118.42'], inside: '172.17.0.4', gatewayMac: '02:42:ac:11:00:01', distanceUs: 700, hops: 4 },
};

/** Somebody's laptop. */
const browser: MachineSpec = {
  name: 'browser', hostname: 'laptop', title: 'a laptop outside', image: 'outside',
  devices: [{ name: 'eth0', mac: '3c:22:fb:9a:41:07', mtu: 1500 }],
  boot: ['ip link set lo up', 'ip address add 104.132.154.90/24 dev eth0', 'ip link set eth0 up', 'ip route add default via 104.132.154.1 dev eth0', "printf 'nameserver 8.8.8.8\\n' > /etc/resolv.conf"],
  outside: { addresses: ['104.132.154.90'], gatewayMac: '00:1c:73:00:00:99', distanceUs: 9000, hops: 9 },
};

function cloud(profile: ProfileName, isRunning: boolean): CloudScenario {
  return {
    profile, project: PROJECT, projectNumber: '594120663418', account: 'learner@example.com', region: 'us-east1', zone: ZONE, machineType: profile === '2018' ? 'n1-standard-1' : 'e2-medium',
    cluster: {
      name: 'lab-cluster', hash: '9e4ce61e', id: 'c1f99c83f2e87324', endpoint: '35.231.234.26', isRunning,
      nodes: [
        { suffix: '2jdh', address: '10.142.0.8', external: '35.231.173.178' },
        { suffix: 'm69d', address: '10.142.0.7', external: '35.231.173.177' },
        { suffix: '33fg', address: '10.142.0.6', external: '35.231.173.176' },
      ],
    },
  };
}

function gke(id: string, title: string, profile: ProfileName, isRunning: boolean): Scenario {
  return { id, title, home: 'cloudshell', machines: [cloudShell, browser], wires: [], cloud: cloud(profile, isRunning) };
}

/** Before the first command: a project without a cluster. */
export const gke2018 = gke('gke-2018', 'A project in Google Cloud without a cluster (2018)', '2018', false);
/** The same with its cluster running. */
export const gkeRunning = gke('gke', 'A running cluster with three nodes (2018)', '2018', true);
export const gkeVpcNative = gke('gke-vpc-native', "A running cluster as it is made today: VPC-native, containerd", 'vpc-native', true);
/** Services by programs in the nodes' kernels: no kube-proxy. */
export const gkeDataplaneV2 = gke('gke-dpv2', 'A running cluster with Dataplane V2', 'dpv2', true);

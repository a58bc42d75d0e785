/** Commands of `gcloud container` as gcloud 528.0.0 declares them. See surface.ts for the notation. */
import type { CommandSurface } from './surface.ts';

export const containerCommands: readonly CommandSurface[] = [
  {
    path: 'container get-server-config', help: 'Get Kubernetes Engine server config.',
    syntax: '[optional flags]', positionals: '',
    flags: '--location= --zone|-z= --region= --filter= --limit= --sort-by=*',
  },
  {
    path: 'container clusters create', help: 'Create a cluster for running containers.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--accelerator=% --additional-zones=* --addons=% ±--enable-autorepair !±--enable-autoprovisioning --autoprovisioning-config-file= !--max-cpu=# --min-cpu=# !--max-memory=# --min-memory=# --autoprovisioning-image-type= !--max-accelerator=% --min-accelerator=% --autoprovisioning-service-account= --autoprovisioning-scopes=* ±--enable-autoprovisioning-surge-upgrade ±--enable-autoprovisioning-blue-green-upgrade --autoprovisioning-max-surge-upgrade=# --autoprovisioning-max-unavailable-upgrade=# --autoprovisioning-standard-rollout-policy=% --autoprovisioning-node-pool-soak-duration= !±--enable-autoprovisioning-autoupgrade !±--enable-autoprovisioning-autorepair --autoprovisioning-locations=* --autoprovisioning-min-cpu-platform= --autoscaling-profile= --hpa-profile= ±--enable-autoupgrade --security-group= ±--async --subnetwork= --network= --cluster-ipv4-cidr= --username|-u= ±--enable-basic-auth --password= ±--enable-binauthz --binauthz-evaluation-mode=disabled|project-singleton-policy-enforce --boot-disk-kms-key= ±--enable-cloud-logging ±--enable-cloud-monitoring ±--enable-cloud-run-alpha --cloud-run-config=% ±--enable-autoscaling --max-nodes=# --min-nodes=# --total-max-nodes=# --total-min-nodes=# --location-policy=BALANCED|ANY --cluster-dns=clouddns|default|kubedns --cluster-dns-scope=cluster|vpc --cluster-dns-domain= ±--disable-additive-vpc-scope --additive-vpc-scope-dns-domain= --cluster-version= ±--enable-confidential-nodes --confidential-node-type=sev|sev_snp|tdx ±--enable-confidential-storage --data-cache-count=# ±--enable-cost-allocation ±--disable-default-snat --database-encryption-key= ±--enable-dataplane-v2 --enable-dataplane-v2-metrics --disable-dataplane-v2-metrics --enable-dataplane-v2-flow-observability --disable-dataplane-v2-flow-observability --dataplane-v2-observability-mode=DISABLED|EXTERNAL_LB|INTERNAL_VPC_LB --disk-size= --disk-type=pd-standard|pd-ssd|pd-balanced|hyperdisk-balanced|hyperdisk-extreme|hyperdisk-throughput ±--enable-identity-service ±--enable-image-streaming ±--enable-l4-ilb-subsetting --image-type= ±--enable-intra-node-visibility ±--enable-ip-alias --services-ipv4-cidr= --create-subnetwork=% --cluster-secondary-range-name= --services-secondary-range-name= ±--issue-client-certificate --gateway-api=disabled|standard ±--enable-gvnic ±--enable-kubernetes-alpha --alpha-cluster-feature-gates=* --labels=% ±--enable-legacy-authorization --local-ssd-count=# --ephemeral-storage-local-ssd=% --local-nvme-ssd-block=% --logging=* --machine-type|-m= --maintenance-window= !--maintenance-window-start= !--maintenance-window-end= !--maintenance-window-recurrence= ±--enable-managed-prometheus --auto-monitoring-scope=ALL|NONE ±--enable-master-authorized-networks --master-authorized-networks=* ±--enable-master-global-access --max-nodes-per-pool= --max-pods-per-node=# --default-max-pods-per-node=# --max-unavailable-upgrade=# --metadata=% --metadata-from-file=% --min-cpu-platform= --monitoring=* ±--enable-network-policy --scopes=* --service-account= --node-labels=% --node-locations=* --node-taints=% --node-version= --notification-config=% --num-nodes= --performance-monitoring-unit=architectural|enhanced|standard --placement-type=UNSPECIFIED|COMPACT --placement-policy= ±--preemptible ±--enable-private-nodes ±--enable-private-endpoint --master-ipv4-cidr= --private-ipv6-google-access-type=bidirectional|disabled|outbound-only --release-channel=* --resource-manager-tags=% --autoprovisioning-resource-manager-tags=% --reservation-affinity=any|none|specific --reservation= --resource-usage-bigquery-dataset= ±--enable-network-egress-metering ±--enable-resource-consumption-metering ±--shielded-secure-boot ±--shielded-integrity-monitoring ±--enable-shielded-nodes ±--spot --max-surge-upgrade=# --system-config-from-file= ±--enable-stackdriver-kubernetes --stack-type=ipv4|ipv4-ipv6 --storage-pools=* --ipv6-access-type=external|internal --tags=* --threads-per-core= --autoprovisioning-network-tags=* ±--enable-vertical-pod-autoscaling --workload-pool= --workload-metadata=GCE_METADATA|GKE_METADATA ±--enable-service-externalips --private-endpoint-subnetwork= ±--enable-google-cloud-access --fleet-project= ±--enable-fleet --logging-variant=DEFAULT|MAX_THROUGHPUT ±--enable-multi-networking --network-performance-configs=% ±--enable-insecure-kubelet-readonly-port ±--autoprovisioning-enable-insecure-kubelet-readonly-port --enable-kubernetes-unstable-apis=* --security-posture=disabled|standard|enterprise --workload-vulnerability-scanning=disabled|standard|enterprise --containerd-config-from-file= ±--enable-secret-manager --in-transit-encryption=inter-node-transparent|none ±--enable-cilium-clusterwide-network-policy ±--enable-fqdn-network-policy ±--enable-nested-virtualization ±--enable-ray-cluster-logging ±--enable-ray-cluster-monitoring --cluster-ca= --aggregation-ca= --etcd-api-ca= --etcd-peer-ca= --service-account-signing-keys=* --service-account-verification-keys=* --control-plane-disk-encryption-key= --gkeops-etcd-backup-encryption-key= ±--enable-insecure-binding-system-authenticated ±--enable-insecure-binding-system-unauthenticated ±--enable-dns-access --disable-l4-lb-firewall-reconciliation --tier=standard|enterprise ±--enable-ip-access ±--enable-authorized-networks-on-private-endpoint --patch-update=* --anonymous-authentication-config=ENABLED|LIMITED --location= --region=',
    listed: '--accelerator --additional-zones --additive-vpc-scope-dns-domain --addons --aggregation-ca --alpha-cluster-feature-gates --anonymous-authentication-config --async --auto-monitoring-scope --autoprovisioning-config-file --autoprovisioning-enable-insecure-kubelet-readonly-port --autoprovisioning-image-type --autoprovisioning-locations --autoprovisioning-max-surge-upgrade --autoprovisioning-max-unavailable-upgrade --autoprovisioning-min-cpu-platform --autoprovisioning-network-tags --autoprovisioning-node-pool-soak-duration --autoprovisioning-resource-manager-tags --autoprovisioning-scopes --autoprovisioning-service-account --autoprovisioning-standard-rollout-policy --autoscaling-profile --binauthz-evaluation-mode --boot-disk-kms-key --cloud-run-config --cluster-ca --cluster-dns --cluster-dns-domain --cluster-dns-scope --cluster-ipv4-cidr --cluster-secondary-range-name --cluster-version --confidential-node-type --containerd-config-from-file --control-plane-disk-encryption-key --create-subnetwork --data-cache-count --database-encryption-key --dataplane-v2-observability-mode --default-max-pods-per-node --disable-additive-vpc-scope --disable-dataplane-v2-flow-observability --disable-dataplane-v2-metrics --disable-default-snat --disable-l4-lb-firewall-reconciliation --disk-size --disk-type --enable-authorized-networks-on-private-endpoint --enable-autoprovisioning --enable-autoprovisioning-autorepair --enable-autoprovisioning-autoupgrade --enable-autoprovisioning-blue-green-upgrade --enable-autoprovisioning-surge-upgrade --enable-autorepair --enable-autoscaling --enable-autoupgrade --enable-basic-auth --enable-binauthz --enable-cilium-clusterwide-network-policy --enable-cloud-logging --enable-cloud-monitoring --enable-cloud-run-alpha --enable-confidential-nodes --enable-confidential-storage --enable-cost-allocation --enable-dataplane-v2 --enable-dataplane-v2-flow-observability --enable-dataplane-v2-metrics --enable-dns-access --enable-fleet --enable-fqdn-network-policy --enable-google-cloud-access --enable-gvnic --enable-identity-service --enable-image-streaming --enable-insecure-binding-system-authenticated --enable-insecure-binding-system-unauthenticated --enable-insecure-kubelet-readonly-port --enable-intra-node-visibility --enable-ip-access --enable-ip-alias --enable-kubernetes-alpha --enable-kubernetes-unstable-apis --enable-l4-ilb-subsetting --enable-legacy-authorization --enable-managed-prometheus --enable-master-authorized-networks --enable-master-global-access --enable-multi-networking --enable-nested-virtualization --enable-network-egress-metering --enable-network-policy --enable-private-endpoint --enable-private-nodes --enable-ray-cluster-logging --enable-ray-cluster-monitoring --enable-resource-consumption-metering --enable-secret-manager --enable-service-externalips --enable-shielded-nodes --enable-stackdriver-kubernetes --enable-vertical-pod-autoscaling --ephemeral-storage-local-ssd --etcd-api-ca --etcd-peer-ca --fleet-project --gateway-api --gkeops-etcd-backup-encryption-key --help --hpa-profile --image-type --in-transit-encryption --ipv6-access-type --issue-client-certificate --labels --local-nvme-ssd-block --local-ssd-count --location --location-policy --logging --logging-variant --machine-type --maintenance-window --maintenance-window-end --maintenance-window-recurrence --maintenance-window-start --master-authorized-networks --master-ipv4-cidr --max-accelerator --max-cpu --max-memory --max-nodes --max-nodes-per-pool --max-pods-per-node --max-surge-upgrade --max-unavailable-upgrade --metadata --metadata-from-file --min-accelerator --min-cpu --min-cpu-platform --min-memory --min-nodes --monitoring --network --network-performance-configs --node-labels --node-locations --node-taints --node-version --notification-config --num-nodes --password --patch-update --performance-monitoring-unit --placement-policy --placement-type --preemptible --private-endpoint-subnetwork --private-ipv6-google-access-type --region --release-channel --reservation --reservation-affinity --resource-manager-tags --resource-usage-bigquery-dataset --scopes --security-group --security-posture --service-account --service-account-signing-keys --service-account-verification-keys --services-ipv4-cidr --services-secondary-range-name --shielded-integrity-monitoring --shielded-secure-boot --spot --stack-type --storage-pools --subnetwork --system-config-from-file --tags --threads-per-core --tier --total-max-nodes --total-min-nodes --username --workload-metadata --workload-pool --workload-vulnerability-scanning --zone',
  },
  {
    path: 'container clusters list', help: 'List existing clusters for running containers.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --location= --region=',
    listed: '--filter --help --limit --location --page-size --region --sort-by --uri --zone',
  },
  {
    path: 'container clusters describe', help: 'Describe an existing cluster for running containers.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--location= --region=',
    listed: '--help --location --region --zone',
  },
  {
    path: 'container clusters delete', help: 'Delete an existing cluster for running containers.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '±--async --location= --region=',
    listed: '--async --help --location --region --zone',
  },
  {
    path: 'container clusters resize', help: 'Resizes an existing cluster for running containers.',
    syntax: 'NAME (--num-nodes=NUM_NODES | --size=NUM_NODES) [optional flags]', positionals: 'NAME',
    flags: '--size=# --num-nodes=# --node-pool= ±--async --location= --region=',
    listed: '--async --help --location --node-pool --num-nodes --region --size --zone',
  },
  {
    path: 'container clusters get-credentials', help: 'Fetch credentials for a running cluster.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '±--internal-ip ±--dns-endpoint --location= --region=',
    listed: '--dns-endpoint --help --internal-ip --location --region --zone',
  },
  {
    path: 'container node-pools list', help: 'List existing node pools for a cluster.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --cluster= --location= --region=',
    listed: '--cluster --filter --help --limit --location --page-size --region --sort-by --uri --zone',
  },
  {
    path: 'container node-pools describe', help: 'Describe an existing node pool for a cluster.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--cluster= --location= --region=',
    listed: '--cluster --help --location --region --zone',
  },
  {
    path: 'container operations list', help: 'List operations for container clusters.',
    syntax: '[optional flags]', positionals: '',
    flags: '--filter= --limit= --page-size= --sort-by=* --location= --region=',
    listed: '--filter --help --limit --location --page-size --region --sort-by --zone',
  },
  {
    path: 'container operations describe', help: 'Describe an operation.',
    syntax: 'OPERATION_ID [optional flags]', positionals: 'OPERATION_ID',
    flags: '--location= --region=',
    listed: '--help --location --region --zone',
  },
  {
    path: 'container operations wait', help: 'Poll an operation for completion.',
    syntax: 'OPERATION_ID [optional flags]', positionals: 'OPERATION_ID',
    flags: '--location= --region=',
    listed: '--help --location --region --zone',
  },
];

/** Commands of `gcloud compute` as gcloud 528.0.0 declares them: usage, positionals, flags. See surface.ts for the notation. */
import type { CommandSurface } from './surface.ts';

export const computeCommands: readonly CommandSurface[] = [
  {
    path: 'compute instances list', help: 'List Compute Engine instances.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=*',
  },
  {
    path: 'compute instances describe', help: 'Describe a virtual machine instance.',
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone=',
  },
  {
    path: 'compute instances create', help: 'Create Compute Engine virtual machine instances.',
    syntax: 'INSTANCE_NAMES [INSTANCE_NAMES ...] [optional flags]', positionals: 'INSTANCE_NAMES+',
    flags: '--metadata=% --metadata-from-file=% --boot-disk-device-name= --boot-disk-size= --boot-disk-type= ±--boot-disk-auto-delete --boot-disk-provisioned-iops= --boot-disk-provisioned-throughput= --boot-disk-interface= --boot-disk-kms-project= --boot-disk-kms-location= --boot-disk-kms-keyring= !--boot-disk-kms-key= --disk=% --create-disk=% ±--can-ip-forward --no-address --address= --network-interface=% --accelerator=% --machine-type= --maintenance-policy=MIGRATE|TERMINATE ±--restart-on-failure ±--preemptible --no-service-account --service-account= --no-scopes --scopes=* --tags=* !--custom-cpu= !--custom-memory= ±--custom-extensions --custom-vm-type= --network= --subnet= --private-network-ip= --hostname= --image= --image-project= --image-family= --source-snapshot= --image-family-scope=zonal|global ±--deletion-protection --no-public-ptr --public-ptr --no-public-ptr-domain --public-ptr-domain= --ipv6-public-ptr-domain= --network-tier= ±--shielded-secure-boot ±--shielded-vtpm ±--shielded-integrity-monitoring ±--enable-display-device --min-node-cpu= ±--enable-nested-virtualization --threads-per-core=# ±--enable-uefi-networking --resource-manager-tags=% --stack-type=IPV4_IPV6|IPV4_ONLY|IPV6_ONLY --ipv6-network-tier=PREMIUM --network-performance-configs=% --instance-termination-action=DELETE|STOP --external-ipv6-address= --external-ipv6-prefix-length=# --internal-ipv6-address= --internal-ipv6-prefix-length=# --reservation-affinity=any|none|specific --reservation= --resource-policies=* --node-affinity-file= --node-group= --node= ±--erase-windows-vss-signature --labels=% --description= --zone= --csek-key-file= ±--require-csek-key-create ±--async --node-project= --host-error-timeout-seconds= --local-ssd-recovery-timeout= --instance-kms-project= --instance-kms-location= --instance-kms-keyring= !--instance-kms-key= --max-run-duration= --termination-time= --discard-local-ssds-at-termination-timestamp= --local-ssd=% --turbo-mode= --source-instance-template= --source-machine-image= --source-machine-image-csek-key-file= --min-cpu-platform= --private-ipv6-google-access-type=enable-bidirectional-access|enable-outbound-vm-access|inherit-subnetwork --confidential-compute-type=SEV|SEV_SNP|TDX ±--confidential-compute --key-revocation-action-type=none|stop --visible-core-count=# --availability-domain= --performance-monitoring-unit=architectural|enhanced|standard --provisioning-model=RESERVATION_BOUND|SPOT|STANDARD',
    listed: '--accelerator --address --no-address --async --availability-domain --boot-disk-auto-delete --boot-disk-device-name --boot-disk-interface --boot-disk-kms-key --boot-disk-kms-keyring --boot-disk-kms-location --boot-disk-kms-project --boot-disk-provisioned-iops --boot-disk-provisioned-throughput --boot-disk-size --boot-disk-type --can-ip-forward --confidential-compute --confidential-compute-type --create-disk --csek-key-file --custom-cpu --custom-extensions --custom-memory --custom-vm-type --deletion-protection --description --discard-local-ssds-at-termination-timestamp --disk --enable-display-device --enable-nested-virtualization --enable-uefi-networking --erase-windows-vss-signature --external-ipv6-address --external-ipv6-prefix-length --help --host-error-timeout-seconds --hostname --image --image-family --image-family-scope --image-project --instance-kms-key --instance-kms-keyring --instance-kms-location --instance-kms-project --instance-termination-action --internal-ipv6-address --internal-ipv6-prefix-length --ipv6-network-tier --ipv6-public-ptr-domain --key-revocation-action-type --labels --local-ssd --local-ssd-recovery-timeout --machine-type --maintenance-policy --max-run-duration --metadata --metadata-from-file --min-cpu-platform --min-node-cpu --network --network-interface --network-performance-configs --network-tier --node --node-affinity-file --node-group --node-project --performance-monitoring-unit --preemptible --private-ipv6-google-access-type --private-network-ip --provisioning-model --public-ptr --no-public-ptr --public-ptr-domain --no-public-ptr-domain --require-csek-key-create --reservation --reservation-affinity --resource-manager-tags --resource-policies --restart-on-failure --scopes --no-scopes --service-account --no-service-account --shielded-integrity-monitoring --shielded-secure-boot --shielded-vtpm --source-instance-template --source-machine-image --source-machine-image-csek-key-file --source-snapshot --stack-type --subnet --tags --termination-time --threads-per-core --turbo-mode --visible-core-count --zone',
  },
  {
    path: 'compute instances delete', help: 'Delete Compute Engine virtual machine instances.',
    syntax: 'INSTANCE_NAMES [INSTANCE_NAMES ...] [optional flags]', positionals: 'INSTANCE_NAMES+',
    flags: '--delete-disks=all|boot|data --keep-disks=all|boot|data --zone=',
  },
  {
    path: 'compute instances start', help: 'Start a stopped virtual machine instance.',
    syntax: 'INSTANCE_NAMES [INSTANCE_NAMES ...] [optional flags]', positionals: 'INSTANCE_NAMES+',
    flags: '--zone= --csek-key-file= ±--async',
  },
  {
    path: 'compute instances stop', help: 'Stop a virtual machine instance.',
    syntax: 'INSTANCE_NAMES [INSTANCE_NAMES ...] [optional flags]', positionals: 'INSTANCE_NAMES+',
    flags: '--zone= --discard-local-ssd= ±--async',
  },
  {
    path: 'compute instances reset', help: 'Reset a virtual machine instance.',
    syntax: 'INSTANCE_NAMES [INSTANCE_NAMES ...] [optional flags]', positionals: 'INSTANCE_NAMES+',
    flags: '--zone=',
  },
  {
    path: 'compute instances add-tags', help: 'Add tags to Compute Engine virtual machine instances.',
    syntax: 'INSTANCE_NAME --tags=TAG,[TAG,...] [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= !--tags=*',
    listed: '--help --zone',
  },
  {
    path: 'compute instances remove-tags', help: 'Remove tags from Compute Engine virtual machine instances.',
    syntax: 'INSTANCE_NAME (--all | --tags=TAG,[TAG,...]) [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= --tags=* ±--all',
  },
  {
    path: 'compute instances add-metadata', help: 'Add or update instance metadata.',
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= --metadata=% --metadata-from-file=%',
  },
  {
    path: 'compute instances remove-metadata', help: 'Remove instance metadata.',
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= ±--all --keys=*',
  },
  {
    path: 'compute instances add-access-config', help: 'Create a Compute Engine virtual machine access configuration.',
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--access-config-name= --address= --network-interface= --no-public-ptr --public-ptr --no-public-ptr-domain --public-ptr-domain= --network-tier= --zone=',
    listed: '--access-config-name --address --help --network-interface --network-tier --public-ptr --no-public-ptr --public-ptr-domain --no-public-ptr-domain --zone',
  },
  {
    path: 'compute instances delete-access-config', help: 'Delete an access configuration from a virtual machine network interface.',
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= --access-config-name= --network-interface=',
  },
  {
    path: 'compute instances get-serial-port-output', help: "Read output from a virtual machine instance's serial port.",
    syntax: 'INSTANCE_NAME [optional flags]', positionals: 'INSTANCE_NAME',
    flags: '--zone= --port= --start=#',
  },
  {
    path: 'compute forwarding-rules list', help: 'List Google Compute Engine forwarding rules.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global',
  },
  {
    path: 'compute forwarding-rules describe', help: 'Display detailed information about a forwarding rule.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region= ±--global',
  },
  {
    path: 'compute forwarding-rules create', help: 'Create a forwarding rule to direct network traffic to a load balancer.',
    syntax: 'NAME (--backend-service=BACKEND_SERVICE | --target-google-apis-bundle=TARGET_GOOGLE_APIS_BUNDLE | --target-grpc-proxy=TARGET_GRPC_PROXY | --target-http-proxy=TARGET_HTTP_PROXY | --target-https-proxy=TARGET_HTTPS_PROXY | --target-instance=TARGET_INSTANCE | --target-pool=TARGET_POOL | --target-service-attachment=TARGET_SERVICE_ATTACHMENT | --target-ssl-proxy=TARGET_SSL_PROXY | --target-tcp-proxy=TARGET_TCP_PROXY | --target-vpn-gateway=TARGET_VPN_GATEWAY) [optional flags]', positionals: 'NAME',
    flags: '--target-grpc-proxy= --target-service-attachment= --target-service-attachment-region= --target-http-proxy= --target-http-proxy-region= ±--global-target-http-proxy --target-https-proxy= --target-https-proxy-region= ±--global-target-https-proxy --target-instance= --target-instance-zone= --target-pool= --target-pool-region= --target-ssl-proxy= --target-tcp-proxy= --target-tcp-proxy-region= ±--global-target-tcp-proxy --target-vpn-gateway= --target-vpn-gateway-region= --backend-service= --backend-service-region= ±--global-backend-service --target-google-apis-bundle= --network= --subnet= --subnet-region= --ip-collection= --ip-collection-region= --load-balancing-scheme=EXTERNAL|EXTERNAL_MANAGED|INTERNAL|INTERNAL_MANAGED|INTERNAL_SELF_MANAGED --ip-protocol=AH|ESP|ICMP|SCTP|TCP|UDP|L3_DEFAULT --description= --ports= --port-range= --network-tier= ±--allow-global-access ±--allow-psc-global-access --source-ip-ranges= ±--disable-automate-dns-zone ±--is-mirroring-collector --service-directory-registration= --service-label= --address= --address-region= ±--global-address --ip-version=IPV4|IPV6 --region= ±--global',
  },
  {
    path: 'compute forwarding-rules delete', help: 'Delete forwarding rules.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute target-pools list', help: 'List Google Compute Engine target pools.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=*',
  },
  {
    path: 'compute target-pools describe', help: 'Describe a Compute Engine target pool.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region=',
  },
  {
    path: 'compute target-pools create', help: 'Define a load-balanced pool of virtual machine instances.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--http-health-check= --region= --backup-pool= --description= --failover-ratio= --health-check= --session-affinity=CLIENT_IP|CLIENT_IP_PROTO|NONE',
  },
  {
    path: 'compute target-pools delete', help: 'Delete target pools.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region=',
  },
  {
    path: 'compute target-pools get-health', help: 'Get the health of instances in a target pool.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region=',
  },
  {
    path: 'compute target-pools add-instances', help: 'Add instances to a target pool.',
    syntax: 'NAME --instances=INSTANCE,[INSTANCE,...] [optional flags]', positionals: 'NAME',
    flags: '!--instances=* --instances-zone= --region= --zone=',
    listed: '--help --instances-zone --region --zone',
  },
  {
    path: 'compute target-pools remove-instances', help: 'Remove instances from a target pool.',
    syntax: 'NAME --instances=INSTANCE,[INSTANCE,...] [optional flags]', positionals: 'NAME',
    flags: '!--instances=* --instances-zone= --region= --zone=',
    listed: '--help --instances-zone --region --zone',
  },
  {
    path: 'compute backend-services list', help: 'List Google Compute Engine backend services.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global',
  },
  {
    path: 'compute backend-services describe', help: 'Display detailed information about a backend service.',
    syntax: 'BACKEND_SERVICE_NAME [optional flags]', positionals: 'BACKEND_SERVICE_NAME',
    flags: '--region= ±--global',
  },
  {
    path: 'compute backend-services get-health', help: 'Get backend health statuses from a backend service.',
    syntax: 'BACKEND_SERVICE_NAME [optional flags]', positionals: 'BACKEND_SERVICE_NAME',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --region= ±--global',
  },
  {
    path: 'compute backend-services delete', help: 'Delete backend services.',
    syntax: 'BACKEND_SERVICE_NAME [BACKEND_SERVICE_NAME ...] [optional flags]', positionals: 'BACKEND_SERVICE_NAME+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute http-health-checks list', help: 'List Google Compute Engine health checks.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute http-health-checks describe', help: 'Display detailed information about an HTTP health check.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute http-health-checks create', help: 'Create a legacy HTTP health check.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--host= --port=# --request-path= --check-interval= --timeout= --unhealthy-threshold=# --healthy-threshold=# --description=',
  },
  {
    path: 'compute http-health-checks update', help: 'Update a legacy HTTP health check.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--host= --port=# --request-path= --check-interval= --timeout= --unhealthy-threshold=# --healthy-threshold=# --description=',
  },
  {
    path: 'compute http-health-checks delete', help: 'Delete HTTP health checks.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '',
  },
  {
    path: 'compute health-checks list', help: 'List Google Compute Engine health checks.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global --protocol=',
  },
  {
    path: 'compute health-checks describe', help: 'Display detailed information about a health check.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region= ±--global',
  },
  {
    path: 'compute health-checks delete', help: 'Delete health checks.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute health-checks update http', help: 'Update a HTTP health check.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--host= --port=# --request-path= --port-name= ±--use-serving-port --check-interval= --timeout= --unhealthy-threshold=# --healthy-threshold=# --description= --response= --proxy-header=NONE|PROXY_V1 ±--enable-logging --source-regions=* --region= ±--global',
  },
  {
    path: 'compute routes list', help: 'List non-dynamic Google Compute Engine routes.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute routes describe', help: 'Describe a route.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute routes create', help: 'Create a new route.',
    syntax: 'NAME --destination-range=DESTINATION_RANGE (--next-hop-address=NEXT_HOP_ADDRESS | --next-hop-gateway=NEXT_HOP_GATEWAY | --next-hop-ilb=NEXT_HOP_ILB | --next-hop-instance=NEXT_HOP_INSTANCE | --next-hop-vpn-tunnel=NEXT_HOP_VPN_TUNNEL) [optional flags]', positionals: 'NAME',
    flags: '--description= --network= --tags=* !--destination-range= --priority=# --next-hop-instance= --next-hop-address= --next-hop-gateway= --next-hop-vpn-tunnel= --next-hop-instance-zone= --next-hop-vpn-tunnel-region= --next-hop-ilb= --next-hop-ilb-region= --resource-manager-tags=%',
    listed: '--description --help --network --next-hop-address --next-hop-gateway --next-hop-ilb --next-hop-ilb-region --next-hop-instance --next-hop-instance-zone --next-hop-vpn-tunnel --next-hop-vpn-tunnel-region --priority --resource-manager-tags --tags',
  },
  {
    path: 'compute routes delete', help: 'Delete routes.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '',
  },
  {
    path: 'compute firewall-rules list', help: 'List Compute Engine firewall rules.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute firewall-rules describe', help: 'Describe a Compute Engine firewall rule.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute firewall-rules create', help: 'Create a Compute Engine firewall rule.',
    syntax: 'NAME (--action=ACTION | --allow=PROTOCOL[:PORT[-PORT]],[...]) [optional flags]', positionals: 'NAME',
    flags: '--network= --resource-manager-tags=% --allow=* --description= --source-ranges=* --source-tags=* --target-tags=* ±--disabled --action=ALLOW|DENY --rules=* --direction=INGRESS|EGRESS|IN|OUT --priority=# --destination-ranges=* --source-service-accounts=* --target-service-accounts=* ±--enable-logging --logging-metadata=exclude-all|include-all',
  },
  {
    path: 'compute firewall-rules update', help: 'Update a firewall rule.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--allow=* --description= --source-ranges=* --source-tags=* --target-tags=* ±--disabled --rules=* --priority=# --destination-ranges=* --source-service-accounts=* --target-service-accounts=* ±--enable-logging --logging-metadata=exclude-all|include-all',
  },
  {
    path: 'compute firewall-rules delete', help: 'Delete Compute Engine firewall rules.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '',
  },
  {
    path: 'compute networks list', help: 'List Google Compute Engine networks.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute networks describe', help: 'Describe a Compute Engine network.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute networks create', help: 'Create a Compute Engine network.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--description= --range= --subnet-mode=auto|custom|legacy --bgp-routing-mode=global|regional --mtu=# --internal-ipv6-range= ±--enable-ula-internal-ipv6 --network-firewall-policy-enforcement-order=AFTER_CLASSIC_FIREWALL|BEFORE_CLASSIC_FIREWALL --bgp-best-path-selection-mode=LEGACY|STANDARD ±--bgp-bps-always-compare-med --bgp-bps-inter-region-cost=ADD_COST_TO_MED|DEFAULT --network-profile=',
  },
  {
    path: 'compute networks delete', help: 'Delete Compute Engine networks.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '',
  },
  {
    path: 'compute networks subnets list', help: 'List Google Compute Engine subnetworks.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* --network=',
  },
  {
    path: 'compute networks subnets describe', help: 'Describe a Compute Engine subnetwork.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region=',
  },
  {
    path: 'compute networks subnets create', help: 'Define a subnet for a network in custom subnet mode.',
    syntax: 'NAME --network=NETWORK [optional flags]', positionals: 'NAME',
    flags: '--region= !--network= --description= --range= ±--enable-private-ip-google-access --secondary-range=% ±--enable-flow-logs --logging-aggregation-interval=interval-10-min|interval-15-min|interval-1-min|interval-30-sec|interval-5-min|interval-5-sec --logging-flow-sampling= --logging-filter-expr= --logging-metadata=custom|exclude-all|include-all --logging-metadata-fields=* --purpose=GLOBAL_MANAGED_PROXY|INTERNAL_HTTPS_LOAD_BALANCER|PEER_MIGRATION|PRIVATE|PRIVATE_NAT|PRIVATE_SERVICE_CONNECT|REGIONAL_MANAGED_PROXY --role=ACTIVE|BACKUP --private-ipv6-google-access-type=disable|enable-bidirectional-access|enable-outbound-vm-access --stack-type=IPV4_IPV6|IPV4_ONLY|IPV6_ONLY --ipv6-access-type=EXTERNAL|INTERNAL --reserved-internal-range= --secondary-range-with-reserved-internal-range=% --external-ipv6-prefix= --ip-collection=',
    listed: '--description --enable-flow-logs --enable-private-ip-google-access --external-ipv6-prefix --help --ip-collection --ipv6-access-type --logging-aggregation-interval --logging-filter-expr --logging-flow-sampling --logging-metadata --logging-metadata-fields --private-ipv6-google-access-type --purpose --range --region --reserved-internal-range --role --secondary-range --secondary-range-with-reserved-internal-range --stack-type',
  },
  {
    path: 'compute networks subnets delete', help: 'Delete Google Cloud subnetworks.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region=',
  },
  {
    path: 'compute addresses list', help: 'List addresses.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global',
  },
  {
    path: 'compute addresses describe', help: 'Display detailed information about a reserved static address.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region= ±--global',
  },
  {
    path: 'compute addresses create', help: 'Reserve IP addresses.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--region= ±--global --description= --ip-version=IPV4|IPV6 --addresses=* --network-tier= --prefix-length= --purpose=VPC_PEERING|SHARED_LOADBALANCER_VIP|GCE_ENDPOINT|IPSEC_INTERCONNECT|PRIVATE_SERVICE_CONNECT --endpoint-type=VM|NETLB --subnet= --network=',
  },
  {
    path: 'compute addresses delete', help: 'Release reserved IP addresses.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute zones list', help: 'List Google Compute Engine zones.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute zones describe', help: 'Describe a Compute Engine zone.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute regions list', help: 'List Google Compute Engine regions.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r=',
  },
  {
    path: 'compute regions describe', help: 'Describe a Compute Engine region.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '',
  },
  {
    path: 'compute machine-types list', help: 'List Google Compute Engine machine types.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=*',
  },
  {
    path: 'compute machine-types describe', help: 'Describe a Compute Engine machine type.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--zone=',
  },
  {
    path: 'compute disks list', help: 'List Google Compute Engine disks.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=* --regions=*',
  },
  {
    path: 'compute disks describe', help: 'Describe a Compute Engine disk.',
    syntax: 'DISK_NAME [optional flags]', positionals: 'DISK_NAME',
    flags: '--zone= --region=',
  },
  {
    path: 'compute operations list', help: 'List Google Compute Engine operations.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=* --regions=* ±--global',
  },
  {
    path: 'compute operations describe', help: 'Describe a Compute Engine operation.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--zone= --region= ±--global',
  },
  {
    path: 'compute network-endpoint-groups list', help: 'List Google Compute Engine network endpoint groups.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=* --regions=* ±--global',
  },
  {
    path: 'compute network-endpoint-groups describe', help: 'Describe a Compute Engine network endpoint group.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--zone= --region= ±--global',
  },
  {
    path: 'compute network-endpoint-groups list-network-endpoints', help: 'List network endpoints in a network endpoint group.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--filter= --limit= --page-size= --sort-by=* --zone= --region= ±--global',
  },
  {
    path: 'compute url-maps list', help: 'List Google Compute Engine URL maps.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global',
  },
  {
    path: 'compute url-maps describe', help: 'Describe a URL map.',
    syntax: 'URL_MAP [optional flags]', positionals: 'URL_MAP',
    flags: '--region= ±--global',
  },
  {
    path: 'compute url-maps delete', help: 'Delete URL maps.',
    syntax: 'URL_MAP [URL_MAP ...] [optional flags]', positionals: 'URL_MAP+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute target-http-proxies list', help: 'List Google Compute Engine target HTTP proxies.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --regions=* ±--global',
  },
  {
    path: 'compute target-http-proxies describe', help: 'Display detailed information about a target HTTP proxy.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--region= ±--global',
  },
  {
    path: 'compute target-http-proxies delete', help: 'Delete target HTTP proxies.',
    syntax: 'NAME [NAME ...] [optional flags]', positionals: 'NAME+',
    flags: '--region= ±--global',
  },
  {
    path: 'compute instance-groups list', help: 'List Google Compute Engine instance groups.',
    syntax: '[NAME ...] [optional flags]', positionals: 'NAME*',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zones=* --regions=* --only-managed --only-unmanaged',
  },
  {
    path: 'compute instance-groups describe', help: 'Display detailed information about an instance group.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--zone= --region=',
  },
  {
    path: 'compute instance-groups list-instances', help: 'List instances present in the instance group.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --regexp|-r= --zone= --region=',
  },
  {
    path: 'compute instance-groups get-named-ports', help: 'Lists the named ports for an instance group resource.',
    syntax: 'NAME [optional flags]', positionals: 'NAME',
    flags: '--filter= --limit= --page-size= --sort-by=* ±--uri --zone= --region=',
  },
  {
    path: 'compute project-info describe', help: 'Describe the Compute Engine project resource.',
    syntax: '[optional flags]', positionals: '',
    flags: '',
  },
  {
    path: 'compute ssh', help: 'SSH into a virtual machine instance.',
    syntax: '[USER@]INSTANCE [optional flags] [-- SSH_ARGS ...]', positionals: '[USER@]INSTANCE --',
    flags: '±--force-key-file-overwrite --ssh-key-file= ±--dry-run ±--plain --strict-host-key-checking=yes|no|ask --ssh-key-expiration= --ssh-key-expire-after= --command= --ssh-flag= --container= ±--troubleshoot !--region= !--network= --dest-group= --zone= ±--internal-ip ±--tunnel-through-iap',
  },
  {
    path: 'compute scp', help: 'Copy files to and from Google Compute Engine virtual machines via scp.',
    syntax: '[[USER@]INSTANCE:]SRC [[[USER@]INSTANCE:]SRC ...] [[USER@]INSTANCE:]DEST [optional flags]', positionals: '[[USER@]INSTANCE:]SRC+ [[USER@]INSTANCE:]DEST',
    flags: '±--force-key-file-overwrite --ssh-key-file= ±--dry-run ±--plain --strict-host-key-checking=yes|no|ask --ssh-key-expiration= --ssh-key-expire-after= --zone= --port= ±--recurse ±--compress --scp-flag= ±--internal-ip ±--tunnel-through-iap !--region= !--network= --dest-group=',
  },
];

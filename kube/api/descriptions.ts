/**
 * What kinds and fields are for, in a few words each: what `kubectl explain` prints. A field that is not told under its type has the words
 * under `*`, if there are any.
 */
import type { Struct } from './schema.ts';

const text = `
*
  kind The kind of object this is, such as Pod.
  apiVersion The group and version of the API that this object is written for.
  metadata Name, labels and other things that every object has.
  spec What is wanted.
  status What is so, as last observed. Written by the system.
  conditions Facts about the object that tools can wait for.
  observedGeneration The generation of the specification that this status is about.
  collisionCount How often a name made from a hash was taken already.
  lastTransitionTime When the condition last changed from one status to another.
  lastProbeTime When the condition was last checked.
  lastUpdateTime When the condition was last written.
  lastHeartbeatTime When news of this condition last came.
  message A sentence for people.
  reason One word for programs: why.
  type What it is of several possible things.
  fsType The file system to mount: ext4, xfs.
  readOnly Whether nothing may be written.
  secretRef The Secret with what is needed to log in.
  optional Whether it is no error when it is not there.
  name A name, unique among its like.
  items Which keys become which files. All of them, if empty.
  defaultMode The permission bits of files, unless they say otherwise. 0644 by default.
  path A path.
  selector Which objects are meant, by their labels.
  uid The UID of the object meant, which no other object ever has.
  namespace The namespace of the object meant.
  resourceVersion The version of the object that is meant.
  template The pods to make.
  minReadySeconds How long a new pod must have been ready before it counts as available.
  revisionHistoryLimit How many old revisions are kept to go back to.
  limits The most of each resource that may be used.
  requests The amount of each resource that is set aside.
Affinity Rules for which nodes a pod is put on.
  nodeAffinity By labels of nodes.
  podAffinity Near pods with these labels.
  podAntiAffinity Away from pods with these labels.
Binding Puts a pod on a node.
  target The node.
Capabilities Rights of root that a process gets or loses.
  add Capabilities added to those of the container runtime.
  drop Capabilities taken away.
ClientIPConfig Session affinity by the address of the client.
  timeoutSeconds How long a client stays with its pod. 10800 by default.
ConfigMap Configuration for pods to read: keys and values.
  data Text by key.
  binaryData Bytes by key, in base64.
  immutable Whether the data can never be changed again.
ConfigMapEnvSource A ConfigMap whose keys become environment variables.
ConfigMapKeySelector One key of a ConfigMap.
  key The key.
ConfigMapVolumeSource A ConfigMap whose keys become files.
Container A program that runs in a pod.
  name The container's name, unique in its pod.
  image The image to run. See https://kubernetes.io/docs/concepts/containers/images
  command What to run instead of the image's ENTRYPOINT. Not run in a shell; $(NAME) is replaced by a variable.
  args Arguments instead of the image's CMD. $(NAME) is replaced by a variable.
  workingDir The directory to start in; the image's own by default.
  ports Ports the program listens on. For information: leaving one out closes nothing.
  envFrom Sources whose keys all become environment variables.
  env Environment variables.
  resources What it may use of the node, and what is set aside for it.
  volumeMounts Where the pod's volumes appear among the container's files.
  volumeDevices Block devices that the container uses.
  livenessProbe How to see that it lives. It is started anew when it does not.
  readinessProbe How to see that it can serve. Services send it nothing while it can not.
  startupProbe How to see that it has started. The other probes wait for it.
  lifecycle What to do when it has started and before it is stopped.
  terminationMessagePath The file in which the program may leave its last words.
  terminationMessagePolicy Whether last words come from that file only, or from the log if it is empty.
  imagePullPolicy When the image is pulled: Always, Never or IfNotPresent. Always for the tag latest.
  securityContext With which rights it runs.
  stdin Whether standard input is kept open.
  stdinOnce Whether standard input ends with the first client that was attached.
  tty Whether it gets a terminal.
  restartPolicy Always, for an init container that goes on beside the others.
ContainerPort A port of a container.
  containerPort The number of the port, in the pod.
  hostPort The port of the node by which it can be reached too.
  hostIP The address of the node for the host port.
  name A name by which Services can speak of the port.
  protocol TCP, UDP or SCTP. TCP by default.
ContainerState What a container does: one of waiting, running, terminated.
  waiting It has not started.
  running It runs.
  terminated It has ended.
ContainerStateRunning A container that runs.
  startedAt When it was started.
ContainerStateTerminated A container that has ended.
  exitCode Its exit status.
  signal The signal that ended it.
  startedAt When it was started.
  finishedAt When it ended.
  containerID Its name at the container runtime.
ContainerStateWaiting A container that has not started.
ContainerStatus How a container is.
  state What it does now.
  lastState How it ended last time.
  ready Whether its readiness probe succeeds.
  restartCount How often it was started again.
  image The image it runs.
  imageID The digest of that image.
  containerID Its name at the container runtime.
  started Whether its startup probe has succeeded.
EmptyDirVolumeSource A directory that begins empty and goes with the pod.
  medium Memory for a tmpfs; the node's disk by default.
  sizeLimit The most that it may hold.
EndpointAddress An address behind a Service.
  ip The address.
  hostname A name for the address in DNS.
  nodeName The node it is on.
  targetRef The pod that has the address.
EndpointPort A port behind a Service.
  port The number of the port.
  name The name of the Service's port.
  protocol TCP, UDP or SCTP.
  appProtocol What is spoken on the port, such as http.
EndpointSubset Addresses that share their ports.
  addresses Those that are ready.
  notReadyAddresses Those that are not.
  ports The ports.
Endpoints The addresses behind a Service, with its name.
  subsets All addresses, by the ports they share.
EnvFromSource A source whose keys all become environment variables.
  prefix What is put before every key.
  configMapRef A ConfigMap.
  secretRef A Secret.
EnvVar An environment variable.
  name Its name.
  value Its value. $(NAME) is replaced by an earlier variable.
  valueFrom Where its value comes from.
EnvVarSource Where the value of a variable comes from.
  fieldRef A field of the pod, such as metadata.name or status.podIP.
  resourceFieldRef A limit or request of a container.
  configMapKeyRef A key of a ConfigMap.
  secretKeyRef A key of a Secret.
Event Something that happened to an object.
  involvedObject What it happened to.
  source Who says so.
  firstTimestamp When it first happened.
  lastTimestamp When it last happened.
  count How often it happened.
  type Normal or Warning.
ExecAction A command run in the container; it succeeds with exit status 0.
  command The command and its arguments. Not run in a shell.
HTTPGetAction An HTTP request; it succeeds with a status from 200 to 399.
  port The port, by number or name.
  host The host; the pod by default.
  scheme HTTP or HTTPS.
  httpHeaders Headers of the request.
Handler One thing to do.
  exec Run a command in the container.
  httpGet Ask by HTTP.
  tcpSocket Open a TCP connection.
HostAlias A line for the pod's /etc/hosts.
  ip The address.
  hostnames Its names.
HostPathVolumeSource A file or directory of the node.
  path Its path on the node.
  type What must be there: Directory, DirectoryOrCreate, File, FileOrCreate, Socket.
KeyToPath A key that becomes a file.
  key The key.
  path The file, relative to the mount.
  mode The permission bits of the file.
Lifecycle What to do when a container has started and before it is stopped.
  postStart Done right after the start.
  preStop Done before the container is told to stop; the grace period runs meanwhile.
LoadBalancerIngress An address of a load balancer.
  ip The address.
  hostname The name, for those that have no address.
LoadBalancerStatus How a load balancer is.
  ingress Where it takes traffic.
LocalObjectReference An object of the same namespace.
Namespace A space for names: objects in different namespaces may have the same name.
NamespaceSpec
  finalizers What must be done before the namespace can go.
NamespaceStatus
  phase Active or Terminating.
Node A machine that pods run on.
NodeAddress An address of a node.
  type InternalIP, ExternalIP or Hostname.
  address The address.
NodeAffinity Rules for nodes by their labels.
  requiredDuringSchedulingIgnoredDuringExecution What a node must fulfil when the pod is put on it.
  preferredDuringSchedulingIgnoredDuringExecution What makes a node better than another.
NodeSelector Terms for nodes, one of which must fit.
  nodeSelectorTerms The terms.
NodeSelectorRequirement A condition for a label.
  key The label's key.
  operator In, NotIn, Exists, DoesNotExist, Gt or Lt.
  values The values for In and NotIn; one number for Gt and Lt.
NodeSpec What is wanted of a node.
  podCIDR The addresses of its pods.
  podCIDRs The addresses of its pods, by family.
  providerID The node's name at its cloud.
  unschedulable Whether no new pods are put on it (kubectl cordon).
  taints Marks that keep pods away which do not tolerate them.
NodeStatus How a node is.
  capacity All that it has.
  allocatable What pods may use of it.
  addresses Its addresses.
  nodeInfo What it is made of.
  images Container images it has.
ObjectFieldSelector A field of the pod.
  fieldPath The field's path.
ObjectReference Another object.
  kind Its kind.
  name Its name.
  fieldPath The part of it that is meant.
PersistentVolumeClaim A wish for storage.
Pod Containers on one node that share a network and volumes.
  spec What is wanted of the pod. See https://kubernetes.io/docs/concepts/workloads/pods
PodAffinity Rules for being near other pods.
  requiredDuringSchedulingIgnoredDuringExecution What must be so when the pod is put on a node.
  preferredDuringSchedulingIgnoredDuringExecution What makes a node better than another.
PodAntiAffinity Rules for being away from other pods.
  requiredDuringSchedulingIgnoredDuringExecution What must be so when the pod is put on a node.
  preferredDuringSchedulingIgnoredDuringExecution What makes a node better than another.
PodAffinityTerm Some pods, and how near is near.
  labelSelector The pods, by their labels.
  namespaces Their namespaces; the pod's own by default.
  topologyKey Nodes with the same value of this label are one place.
PodDNSConfig How the pod asks for names.
  nameservers Addresses of name servers.
  searches Domains that are tried for short names.
  options Options of the resolver.
PodIP An address of a pod.
  ip The address.
PodSecurityContext With which rights the pod's containers run.
  runAsUser The user, by number.
  runAsGroup The group, by number.
  runAsNonRoot Whether it must not be root.
  fsGroup The group that volumes belong to.
  sysctls Kernel settings of the pod's own namespaces.
PodSpec What a pod is to be.
  volumes Volumes that containers of the pod may mount.
  initContainers Containers that run to their end one after the other before the others start.
  containers The containers; there must be at least one, and none can be added or removed later.
  restartPolicy Whether containers that end are started again: Always, OnFailure, Never. Always by default.
  terminationGracePeriodSeconds How long the pod has between being told to stop and being killed. 30 by default.
  activeDeadlineSeconds How long the pod may be active before it has failed.
  dnsPolicy How names are resolved: ClusterFirst, ClusterFirstWithHostNet, Default or None.
  nodeSelector Labels that the node must have.
  serviceAccountName The service account to run as.
  serviceAccount The old name of serviceAccountName.
  automountServiceAccountToken Whether the token of the service account is mounted.
  nodeName The node; the scheduler fills it in.
  hostNetwork Whether the pod has the node's network instead of its own.
  hostPID Whether the pod sees the node's processes.
  hostIPC Whether the pod shares the node's IPC.
  shareProcessNamespace Whether containers see each other's processes.
  securityContext With which rights its containers run.
  imagePullSecrets Secrets for pulling images.
  hostname The pod's host name; its own name by default.
  subdomain With the host name, a name in DNS below a Service without cluster address.
  affinity Rules for the node.
  schedulerName The scheduler that places the pod.
  tolerations Taints of nodes that do not keep it away.
  hostAliases Lines for /etc/hosts.
  priorityClassName Names how important the pod is.
  priority How important the pod is.
  dnsConfig How it asks for names.
  enableServiceLinks Whether Services appear as environment variables. true by default.
  topologySpreadConstraints How pods are spread over places.
PodStatus How a pod is.
  phase Pending, Running, Succeeded, Failed or Unknown.
  hostIP The address of its node.
  podIP Its address.
  podIPs Its addresses, by family.
  startTime When its node took it.
  initContainerStatuses How its init containers are.
  containerStatuses How its containers are.
  qosClass Guaranteed, Burstable or BestEffort, by its requests and limits.
PodTemplateSpec Pods to be made.
Probe A check of a container, made again and again.
  initialDelaySeconds How long after the start the first check is made.
  timeoutSeconds After how long a check has failed. 1 by default.
  periodSeconds How often a check is made. 10 by default.
  successThreshold How many checks in a row must succeed. 1 by default.
  failureThreshold How many checks in a row must fail. 3 by default.
  exec Run a command in the container.
  httpGet Ask by HTTP.
  tcpSocket Open a TCP connection.
ReplicationController Keeps a number of pods running. Deployments are what is used today.
ResourceRequirements What a container may use of its node, and what is set aside for it.
SecurityContext With which rights a container runs.
  capabilities Rights of root, each by itself.
  privileged Whether it has all rights of root on the node.
  runAsUser The user, by number.
  runAsGroup The group, by number.
  runAsNonRoot Whether it must not be root.
  readOnlyRootFilesystem Whether its own files cannot be written.
  allowPrivilegeEscalation Whether a process may get more rights than its parent has.
Secret Something to be kept from others: keys and values.
  data Bytes by key, in base64.
  stringData Text by key, to write only.
  type What it is for, such as Opaque or kubernetes.io/tls.
  immutable Whether the data can never be changed again.
SecretVolumeSource A Secret whose keys become files.
  secretName The Secret.
Service A name and an address for a set of pods.
ServiceAccount An account for programs.
  secrets Secrets that pods with this account may use.
  imagePullSecrets Secrets for pulling images.
  automountServiceAccountToken Whether pods get the account's token.
ServicePort A port of a Service.
  port The port that clients use.
  targetPort The port of the pods, by number or name. The same as port by default.
  nodePort The port of every node, for NodePort and LoadBalancer.
  protocol TCP, UDP or SCTP. TCP by default.
  name A name; needed when there are several ports.
  appProtocol What is spoken on the port, such as http.
ServiceSpec What a Service is to be.
  ports The ports.
  selector Labels of the pods that traffic goes to. Without it, Endpoints are written by somebody else.
  clusterIP The address in the cluster; None for a Service that is a name only. Given by the server, and not changed later.
  clusterIPs The addresses in the cluster, by family.
  type ClusterIP, NodePort, LoadBalancer or ExternalName. ClusterIP by default.
  externalIPs More addresses that nodes accept traffic for.
  sessionAffinity ClientIP to send a client to the same pod always; None by default.
  loadBalancerIP The address wished for the load balancer.
  loadBalancerSourceRanges Clients that the load balancer lets through.
  externalName The name that an ExternalName Service stands for.
  externalTrafficPolicy Local keeps the client's address and uses pods of the same node only; Cluster uses all of them.
  healthCheckNodePort The port of nodes that tells load balancers whether they have pods, for the policy Local.
  internalTrafficPolicy Local sends traffic from inside the cluster to pods of the same node only.
  publishNotReadyAddresses Whether pods that are not ready count too.
  sessionAffinityConfig Details of session affinity.
  ipFamilies IPv4 and IPv6 addresses that are wanted.
  ipFamilyPolicy SingleStack, PreferDualStack or RequireDualStack.
  allocateLoadBalancerNodePorts Whether a load balancer gets node ports.
  loadBalancerClass Which implementation of load balancers is meant.
ServiceStatus How a Service is.
  loadBalancer How its load balancer is.
TCPSocketAction A TCP connection; it succeeds when it opens.
  port The port, by number or name.
  host The host; the pod by default.
Taint Keeps pods away from a node which do not tolerate it.
  key The taint's key.
  value The taint's value.
  effect NoSchedule, PreferNoSchedule or NoExecute.
  timeAdded When it was added, for NoExecute.
Toleration A taint that does not keep the pod away.
  key The taint's key; any, if empty.
  operator Equal or Exists. Equal by default.
  value The taint's value, for Equal.
  effect The taint's effect; any, if empty.
  tolerationSeconds How long a NoExecute taint is tolerated; for ever by default.
Volume Files that containers of a pod may share.
  name The volume's name, unique in its pod.
  hostPath A file or directory of the node.
  emptyDir A directory that begins empty and goes with the pod.
  secret The keys of a Secret as files.
  configMap The keys of a ConfigMap as files.
  downwardAPI Fields of the pod as files.
  projected Several sources in one directory.
  nfs A directory of an NFS server.
  persistentVolumeClaim Storage that was claimed.
VolumeMount Where a volume appears among a container's files.
  name The volume's name.
  mountPath The directory.
  subPath A path inside the volume; its top by default.
  readOnly Whether it can be read only.
DaemonSet Runs one pod on every node, or on some.
DaemonSetSpec What a DaemonSet is to be.
  selector Which pods are its own. Must fit the template's labels.
  updateStrategy How old pods are replaced.
Deployment Keeps a number of pods of the newest template running, and replaces old ones bit by bit.
DeploymentSpec What a Deployment is to be.
  replicas How many pods. 1 by default.
  selector Which pods are its own. Must fit the template's labels.
  strategy How old pods are replaced.
  paused Whether changes of the template wait.
  progressDeadlineSeconds After how long without progress a rollout has failed. 600 by default.
DeploymentStatus How a Deployment is.
  replicas How many pods there are.
  updatedReplicas How many of them are of the newest template.
  readyReplicas How many are ready.
  availableReplicas How many have been ready for minReadySeconds.
  unavailableReplicas How many are still missing.
DeploymentStrategy How old pods are replaced.
  type RollingUpdate or Recreate. RollingUpdate by default.
  rollingUpdate Details, for RollingUpdate.
RollingUpdateDeployment How far a rollout may stray from the number of replicas.
  maxUnavailable How many may be missing, as a number or percentage. A quarter by default.
  maxSurge How many there may be too many, as a number or percentage. A quarter by default.
ReplicaSet Keeps a number of pods running. Deployments make them.
ReplicaSetSpec What a ReplicaSet is to be.
  replicas How many pods. 1 by default.
  selector Which pods are its own.
StatefulSet Keeps pods running that have names of their own and are started in order.
StatefulSetSpec What a StatefulSet is to be.
  replicas How many pods. 1 by default.
  selector Which pods are its own. Must fit the template's labels.
  serviceName The Service without cluster address that gives the pods their names in DNS.
  podManagementPolicy OrderedReady starts one after the other, Parallel all at once.
  updateStrategy How old pods are replaced.
  volumeClaimTemplates Storage claimed for each pod.
StatefulSetUpdateStrategy How old pods are replaced.
  type RollingUpdate or OnDelete.
  rollingUpdate Details, for RollingUpdate.
RollingUpdateStatefulSetStrategy How far a rollout goes.
  partition Pods with a lower number are left as they are.
StatefulSetStatus How a StatefulSet is.
  replicas How many pods there are.
  readyReplicas How many of them are ready.
  currentReplicas How many are of the current revision.
  updatedReplicas How many are of the newest revision.
  currentRevision The revision that pods had.
  updateRevision The revision that pods get.
Job Runs pods until enough of them have succeeded.
JobSpec What a Job is to do.
  parallelism How many pods may run at the same time. 1 by default.
  completions How many pods must succeed. 1 by default.
  activeDeadlineSeconds How long the Job may be active before it has failed.
  backoffLimit How many failures there may be. 6 by default.
  manualSelector Whether the selector was written by hand.
  ttlSecondsAfterFinished How long the Job stays when it is over.
  suspend Whether no pods run for now.
JobStatus How a Job is.
  startTime When it began.
  completionTime When it was complete.
  active How many pods run.
  succeeded How many pods have succeeded.
  failed How many pods have failed.
CronJob Makes a Job at certain times.
CronJobSpec What a CronJob is to do.
  schedule When, in the form of cron. See https://en.wikipedia.org/wiki/Cron
  startingDeadlineSeconds How late a Job may begin.
  concurrencyPolicy Whether Jobs may overlap: Allow, Forbid or Replace. Allow by default.
  suspend Whether no Jobs are made for now.
  jobTemplate The Jobs to make.
  successfulJobsHistoryLimit How many Jobs that succeeded are kept. 3 by default.
  failedJobsHistoryLimit How many Jobs that failed are kept. 1 by default.
  timeZone The time zone of the schedule.
CronJobStatus How a CronJob is.
  active Jobs that run.
  lastScheduleTime When a Job was last made.
  lastSuccessfulTime When a Job last succeeded.
JobTemplateSpec Jobs to be made.
Lease Who holds something, and until when.
LeaseSpec Who holds it.
  holderIdentity The holder.
  leaseDurationSeconds How long it is held after it was last renewed.
  acquireTime Since when it is held.
  renewTime When it was last renewed.
  leaseTransitions How often it changed hands.
EndpointSlice Some of the addresses behind a Service.
  addressType IPv4, IPv6 or FQDN.
  endpoints The addresses.
  ports The ports of all of them.
Endpoint An address behind a Service.
  addresses The address.
  nodeName The node it is on.
  targetRef The pod that has it.
Ingress Rules by which HTTP from outside reaches Services.
IngressSpec What an Ingress is to be.
  backend Where requests go that fit no rule.
  ingressClassName The class, and so the controller, that is meant.
  defaultBackend Where requests go that fit no rule.
  tls Certificates.
  rules Which requests go where.
IngressRule Requests for a host.
  host The host; every host, if empty.
  http Where its paths lead.
HTTPIngressPath A path and where it leads.
  pathType Exact, Prefix or ImplementationSpecific.
  backend Where it leads.
HTTPIngressRuleValue Paths of a host.
  paths The paths.
IngressBackend Where requests go.
  serviceName The name of the Service.
  servicePort Its port, by number or name.
  service A Service.
  resource Another object.
IngressServiceBackend A port of a Service.
  port The port.
ServiceBackendPort A port of a Service.
  number The number of the port.
IngressClass Which controller an Ingress is for.
IPBlock A range of addresses.
  cidr The range.
  except Ranges inside it that are not meant.
NetworkPolicy Which traffic pods may send and get.
NetworkPolicySpec What a NetworkPolicy allows.
  podSelector The pods it is about; all of the namespace, if empty.
  ingress What they may get. Nothing, if empty.
  egress What they may send. Nothing, if empty.
  policyTypes Ingress, Egress or both.
NetworkPolicyIngressRule Traffic that pods may get.
  ports To these ports; to all, if empty.
  from From these peers; from all, if empty.
NetworkPolicyEgressRule Traffic that pods may send.
  ports To these ports; to all, if empty.
  to To these peers; to all, if empty.
NetworkPolicyPeer The other side.
  podSelector Pods with these labels.
  namespaceSelector Pods of namespaces with these labels.
  ipBlock A range of addresses.
NetworkPolicyPort A port.
  protocol TCP, UDP or SCTP.
  port The port, by number or name.
  endPort The last port of a range.
Eviction Asks a pod to go, if its disruption budget lets it.
  deleteOptions How it is deleted.
PodDisruptionBudget How many pods may be missing at once when nodes are drained.
PodDisruptionBudgetSpec What a PodDisruptionBudget asks for.
  minAvailable How many pods must stay, as a number or percentage.
  maxUnavailable How many pods may be missing, as a number or percentage.
  selector The pods it is about.
PodDisruptionBudgetStatus How a PodDisruptionBudget is.
  disruptedPods Pods that were asked to go and are not gone.
  disruptionsAllowed How many pods may go now.
  currentHealthy How many pods are healthy.
  desiredHealthy How many pods must be healthy.
  expectedPods How many pods there should be.
ClusterRole Rights in the whole cluster, or in any namespace.
  rules The rights.
  aggregationRule Other roles whose rights it takes over.
ClusterRoleBinding Gives the rights of a ClusterRole everywhere.
  subjects Who gets them.
  roleRef The role.
PolicyRule What may be done with what.
  verbs What may be done: get, list, watch, create, update, patch, delete. * for everything.
  apiGroups Groups of the resources; "" is the core group, * all of them.
  resources The resources, such as pods or pods/log. * for all of them.
  resourceNames Names of objects; all of them, if empty.
  nonResourceURLs Paths that are no resources.
Role Rights in a namespace.
  rules The rights.
RoleBinding Gives the rights of a role in a namespace.
  subjects Who gets them.
  roleRef The Role or ClusterRole.
RoleRef A role.
  apiGroup The role's group.
  kind Role or ClusterRole.
Subject Who gets rights.
  kind User, Group or ServiceAccount.
  apiGroup The subject's group.
HorizontalPodAutoscaler Changes the number of replicas by how busy they are.
HorizontalPodAutoscalerSpec What a HorizontalPodAutoscaler is to do.
  scaleTargetRef What is scaled.
  minReplicas The fewest replicas. 1 by default.
  maxReplicas The most replicas.
  targetCPUUtilizationPercentage How busy pods should be on average, in percent of the CPU they request.
HorizontalPodAutoscalerStatus How a HorizontalPodAutoscaler is.
  lastScaleTime When it last changed the number of replicas.
  currentReplicas How many replicas there are.
  desiredReplicas How many replicas it wants.
  currentCPUUtilizationPercentage How busy pods are on average.
CrossVersionObjectReference Another object.
Scale The number of replicas of something.
ScaleSpec How many replicas are wanted.
  replicas The number.
ScaleStatus How many replicas there are.
  replicas The number.
LabelSelector Which objects are meant. All conditions must hold; without any, all objects are meant.
  matchLabels Labels they must have.
  matchExpressions Conditions for their labels.
LabelSelectorRequirement A condition for a label.
  key The label's key.
  operator In, NotIn, Exists or DoesNotExist.
  values The values for In and NotIn.
ObjectMeta What every object has.
  name Its name, unique for its kind in its namespace. Cannot be changed.
  generateName The beginning of its name; the server makes up the rest.
  namespace Its namespace. Cannot be changed.
  selfLink Not used any more.
  uid What tells it from every other object there ever was.
  resourceVersion Changes with every write.
  generation Counts changes of what is wanted.
  creationTimestamp When it was made.
  deletionTimestamp When it will be gone.
  deletionGracePeriodSeconds How long it has to end in peace.
  labels Keys and values by which it can be selected.
  annotations Keys and values of any kind, for tools.
  ownerReferences Objects that it belongs to. It goes when all of them are gone.
  finalizers What must be done before it can go.
  managedFields Who wrote which fields.
OwnerReference An object that another one belongs to.
  kind The owner's kind.
  name The owner's name.
  controller Whether the owner is the one that manages it.
  blockOwnerDeletion Whether the owner waits for it to be gone.
DeleteOptions How an object is deleted.
  gracePeriodSeconds How long it has to end in peace.
  propagationPolicy What becomes of the objects that belong to it: Orphan, Background or Foreground.
  dryRun All, for a trial.
`;

let told: Map<string, string> | undefined;

/** Of a type, or of one of its fields. Empty where there is nothing to say. */
export function descriptionOf({ name }: Struct, field?: string): string {
  told ??= read();
  return field === undefined ? told.get(name) ?? '' : told.get(`${name}.${field}`) ?? told.get(`*.${field}`) ?? '';
}

function read(): Map<string, string> {
  const all = new Map<string, string>();
  let type = '';
  for (const line of text.split('\n')) {
    const [, indent = '', name = '', words = ''] = /^( *)(\S+) ?(.*)$/.exec(line) ?? [];
    if (indent === '') type = name;
    if (words !== '') all.set(indent === '' ? name : `${type}.${name}`, words);
  }
  return all;
}

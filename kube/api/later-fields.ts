/**
 * Fields that came after Kubernetes 1.20 and that a newer profile serves, in the form of generated/schema.ts; `since` is the minor version
 * that has them without a feature gate. discovery/v1 as a whole came with 1.21 (staging/src/k8s.io/api of the later releases).
 */
export const laterFields = `
# core/v1
ServiceSpec
  LoadBalancerClass *string loadBalancerClass? since=22
  InternalTrafficPolicy *string internalTrafficPolicy? since=22
  TrafficDistribution *string trafficDistribution? since=31
PodSpec
  OS *PodOS os? since=24
  HostUsers *bool hostUsers? since=30
  SchedulingGates []PodSchedulingGate schedulingGates? patch=merge key=name list=map keys=name since=27
PodOS
  Name string name
PodSchedulingGate
  Name string name
PodStatus
  HostIPs []HostIP hostIPs? patch=merge key=ip list=atomic since=29
HostIP
  IP string ip
Probe
  GRPC *GRPCAction grpc? since=24
  TerminationGracePeriodSeconds *int64 terminationGracePeriodSeconds? since=22
GRPCAction
  Port int32 port
  Service *string service
Container
  RestartPolicy *string restartPolicy? since=29
  ResizePolicy []ContainerResizePolicy resizePolicy? list=atomic since=33
ContainerResizePolicy
  ResourceName string resourceName
  RestartPolicy string restartPolicy
LoadBalancerIngress
  IPMode *string ipMode? since=30
# networking/v1
NetworkPolicyPort
  EndPort *int32 endPort? since=22
# policy/v1
Eviction
  Kind string kind?
  APIVersion string apiVersion?
  ObjectMeta meta/v1.ObjectMeta metadata?
  DeleteOptions *meta/v1.DeleteOptions deleteOptions?
PodDisruptionBudget
  Kind string kind?
  APIVersion string apiVersion?
  ObjectMeta meta/v1.ObjectMeta metadata?
  Spec PodDisruptionBudgetSpec spec?
  Status PodDisruptionBudgetStatus status?
PodDisruptionBudgetSpec
  MinAvailable *IntOrString minAvailable?
  Selector *meta/v1.LabelSelector selector? patch=replace
  MaxUnavailable *IntOrString maxUnavailable?
  UnhealthyPodEvictionPolicy *string unhealthyPodEvictionPolicy? since=27
PodDisruptionBudgetStatus
  ObservedGeneration int64 observedGeneration?
  DisruptedPods map[string]Time disruptedPods?
  DisruptionsAllowed int32 disruptionsAllowed
  CurrentHealthy int32 currentHealthy
  DesiredHealthy int32 desiredHealthy
  ExpectedPods int32 expectedPods
  Conditions []meta/v1.Condition conditions? patch=merge key=type list=map keys=type
# batch/v1
CronJob
  Kind string kind?
  APIVersion string apiVersion?
  ObjectMeta meta/v1.ObjectMeta metadata? pb=1
  Spec CronJobSpec spec? pb=2
  Status CronJobStatus status? pb=3
CronJobSpec
  Schedule string schedule pb=1
  TimeZone *string timeZone? since=25 pb=8
  StartingDeadlineSeconds *int64 startingDeadlineSeconds? pb=2
  ConcurrencyPolicy string concurrencyPolicy? pb=3
  Suspend *bool suspend? pb=4
  JobTemplate JobTemplateSpec jobTemplate pb=5
  SuccessfulJobsHistoryLimit *int32 successfulJobsHistoryLimit? pb=6
  FailedJobsHistoryLimit *int32 failedJobsHistoryLimit? pb=7
CronJobStatus
  Active []core/v1.ObjectReference active? list=atomic pb=1
  LastScheduleTime *Time lastScheduleTime? pb=4
  LastSuccessfulTime *Time lastSuccessfulTime? since=21 pb=5
JobTemplateSpec
  ObjectMeta meta/v1.ObjectMeta metadata? pb=1
  Spec JobSpec spec? pb=2
JobSpec
  Suspend *bool suspend? since=22 pb=10
JobStatus
  Ready *int32 ready? since=24 pb=9
# discovery/v1
EndpointSlice
  Kind string kind?
  APIVersion string apiVersion?
  ObjectMeta meta/v1.ObjectMeta metadata?
  AddressType string addressType
  Endpoints []Endpoint endpoints list=atomic
  Ports []EndpointPort ports list=atomic
Endpoint
  Addresses []string addresses list=set
  Conditions EndpointConditions conditions?
  Hostname *string hostname?
  TargetRef *core/v1.ObjectReference targetRef?
  DeprecatedTopology map[string]string deprecatedTopology?
  NodeName *string nodeName?
  Zone *string zone?
  Hints *EndpointHints hints? since=23
EndpointHints
  ForZones []ForZone forZones? list=atomic
ForZone
  Name string name
EndpointConditions
  Ready *bool ready?
  Serving *bool serving? since=22
  Terminating *bool terminating? since=22
EndpointPort
  Name *string name?
  Protocol *string protocol?
  Port *int32 port?
  AppProtocol *string appProtocol?
`;

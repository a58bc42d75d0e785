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

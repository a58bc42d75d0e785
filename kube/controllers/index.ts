/** The control plane's reconcilers, started together. Each is a file; none knows another: they meet in the store. */
import type { ApiClient } from '../client.ts';
import type { CloudProvider } from '../cloud-provider.ts';
import type { KubeRuntime } from '../runtime.ts';
import { startAutoscaler, type AutoscalerOptions } from './autoscaler.ts';
import { contexts } from './controller.ts';
import { startCronJobController, type CronJobOptions } from './cronjob.ts';
import { startDaemonSetController } from './daemonset.ts';
import { startDeploymentController } from './deployment.ts';
import { startDisruptionController } from './disruption.ts';
import { startEndpointControllers } from './endpoints.ts';
import { sweepEvents } from './events.ts';
import { startGarbageCollector, startNamespaceController, startPodGarbageCollector } from './garbage.ts';
import { startIngressController, type IngressOptions } from './ingress.ts';
import { startJobController } from './job.ts';
import { startNodeControllers, type NodeOptions } from './nodes.ts';
import { startReplicaSetController } from './replicaset.ts';
import { startScheduler } from './scheduler.ts';
import { startServiceController } from './service.ts';
import { startServiceAccountController, type AccountOptions } from './serviceaccounts.ts';
import { startStatefulSetController } from './statefulset.ts';

export type ControllerOptions = NodeOptions & AutoscalerOptions & AccountOptions & CronJobOptions & { /** Left out: Ingresses are nobody's business. */ readonly ingress?: IngressOptions };

export function startControllers(client: ApiClient, runtime: KubeRuntime, cloud: CloudProvider, options: ControllerOptions): void {
  const as = contexts(client, runtime);
  startServiceAccountController(as('serviceaccount-controller'), options);
  startNamespaceController(as('namespace-controller'));
  startGarbageCollector(as('generic-garbage-collector'));
  startPodGarbageCollector(as('pod-garbage-collector'));
  startNodeControllers(as('node-controller'), cloud, options);
  startScheduler(as('default-scheduler', 'system:kube-scheduler'));
  startDeploymentController(as('deployment-controller'));
  startReplicaSetController(as('replicaset-controller'));
  startDaemonSetController(as('daemonset-controller'));
  startStatefulSetController(as('statefulset-controller'));
  startJobController(as('job-controller'));
  startCronJobController(as('cronjob-controller'), options);
  startAutoscaler(as('horizontal-pod-autoscaler'), options);
  startDisruptionController(as('controllermanager'));
  startEndpointControllers(as('endpoint-controller'));
  startServiceController(as('service-controller'), cloud);
  if (options.ingress !== undefined) startIngressController(as('loadbalancer-controller'), options.ingress);
  sweepEvents(as('event-ttl').client, runtime);
}

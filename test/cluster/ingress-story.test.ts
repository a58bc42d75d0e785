/** An Ingress from its Service to its end: addresses, hosts and paths from a laptop outside, a health check that fails, a firewall that is closed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { matchesLine } from '../../grading/index.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { SimulatedLab } from '../../labs/simulated-lab.ts';
import { Player, type Line } from './player.ts';

const KUBECTL = 'kubectl 1.20.2, compared';
const GCLOUD = 'gcloud 528, recorded';
const CONTROLLER = 'ingress-gce 1.3, its code';
const GOOGLE = 'the load balancer\'s documentation';
const UID = 'c1f99c83f2e87324';
const BACKEND = '$(kubectl get svc web -o jsonpath=k8s-be-{.spec.ports[0].nodePort}--c1f99c83f2e87324)';

const story: readonly Line[] = [
  { at: 'shell', type: 'kubectl create deployment web --image=gcr.io/google-samples/hello-app:1.0 --replicas=2; kubectl create deployment echo --image=k8s.gcr.io/echoserver:1.10', shows: ['deployment.apps/web created', 'deployment.apps/echo created'], source: KUBECTL },
  { at: 'shell', type: 'kubectl expose deployment web --port=8080; kubectl expose deployment echo --port=80 --target-port=8080 --type=NodePort', shows: ['service/web exposed'], source: KUBECTL },
  { at: 'shell', type: 'kubectl create ingress web --rule=shop.example.com/=web:8080 --rule="shop.example.com/cart*=echo:80"', shows: ['ingress.networking.k8s.io/web created'], source: KUBECTL },
  { at: 'shell', type: 'kubectl describe ing web', after: 2, shows: ['*Warning Sync * loadbalancer-controller Error during sync: error while evaluating the ingress spec: service "default/web" is type "ClusterIP", expected "NodePort" or "LoadBalancer"'], source: CONTROLLER },
  { at: 'shell', type: `kubectl patch svc web -p '{"spec":{"type":"NodePort"}}'; kubectl get ing web`, shows: ['NAME CLASS HOSTS ADDRESS PORTS AGE', 'web <none> shop.example.com 80 *s'], source: KUBECTL },
  { at: 'shell', type: 'kubectl get ing web', after: 90, shows: ['web <none> shop.example.com 35.190.* 80 *'], keeps: { ip: /(35\.190\.\S+)/ }, source: KUBECTL },
  { at: 'laptop', type: 'curl -s {{ip}}/', shows: ['*<title>Error 404 (Not Found)!!1</title>'], source: 'a front end that has not heard of it yet' },
  { at: 'shell', type: 'kubectl describe ing web', after: 150, source: KUBECTL, shows: ['Default backend: default-http-backend:80 (10.40.*:8080)', '*/ web:8080 (10.40.*:8080,10.40.*:8080)', '*/cart echo:80 (10.40.*:8080)', `*ingress.kubernetes.io/url-map: k8s-um-default-web--${UID}`, '*Normal ADD * loadbalancer-controller default/web', '*Normal CREATE * loadbalancer-controller ip: {{ip}}'] },
  { at: 'laptop', type: 'curl -si -H "Host: shop.example.com" {{ip}}/', shows: ['HTTP/1.1 200 OK', 'Via: 1.1 google', 'Hello, world!'], source: GOOGLE },
  { at: 'laptop', type: 'curl -s -H "Host: shop.example.com" {{ip}}/cart/7', shows: ['*client_address=10.1*', '*real path=/cart/7', '*via=1.1 google', '*x-forwarded-for=104.132.154.90, {{ip}}', '*x-forwarded-proto=http'], source: GOOGLE },
  { at: 'laptop', type: 'curl -si {{ip}}/cart', shows: ['HTTP/1.1 404 Not Found', 'default backend - 404*'], source: 'ingress-gce, cmd/404-server' },
  { at: 'shell', type: `gcloud compute backend-services get-health ${BACKEND} --global`, shows: ['*- healthState: HEALTHY', '*ipAddress: 10.142.0.8'], lacks: ['*UNHEALTHY*'], source: GCLOUD },
  { at: 'shell', type: `gcloud compute health-checks update http ${BACKEND} --check-interval=5 --timeout=5 --port=9`, shows: [`Updated [*/global/healthChecks/k8s-be-*--${UID}].`], source: GCLOUD },
  { at: 'laptop', type: 'curl -si -H "Host: shop.example.com" {{ip}}/', after: 130, shows: ['HTTP/1.1 502 Bad Gateway', 'Content-Length: 332', '<title>502 Server Error</title>'], source: GOOGLE },
  { at: 'laptop', type: 'curl -s -H "Host: shop.example.com" {{ip}}/cart', shows: ['*real path=/cart'], source: 'the other backend is well' },
  { at: 'shell', type: `gcloud compute health-checks update http ${BACKEND} --port=$(kubectl get svc web -o jsonpath={.spec.ports[0].nodePort}) --unhealthy-threshold=2`, shows: ['Updated [*'], source: GCLOUD },
  { at: 'laptop', type: 'curl -s -H "Host: shop.example.com" {{ip}}/', after: 20, shows: ['Hello, world!'], source: GOOGLE },
  { at: 'shell', type: 'gcloud compute firewall-rules create closed --action=deny --rules=tcp --priority=1 --source-ranges=130.211.0.0/22,35.191.0.0/16', shows: ['closed default INGRESS 1 tcp False'], source: GCLOUD },
  { at: 'shell', type: `gcloud compute backend-services get-health ${BACKEND} --global`, after: 60, shows: ['*- healthState: UNHEALTHY'], lacks: ['*- healthState: HEALTHY'], source: GCLOUD },
  { at: 'laptop', type: 'curl -s -o /dev/null -w "%{http_code}\\n" -H "Host: shop.example.com" {{ip}}/', shows: ['502'], source: GOOGLE },
  { at: 'shell', type: 'kubectl delete ing web', shows: ['ingress.networking.k8s.io "web" deleted'], source: KUBECTL },
  { at: 'shell', type: 'for kind in forwarding-rules target-http-proxies url-maps backend-services health-checks instance-groups; do gcloud compute $kind list --format="value(name)"; done; gcloud compute firewall-rules list --filter=name:k8s --format="value(name)"', after: 90, shows: ['Listed 0 items.'], lacks: ['k8s*'], source: CONTROLLER },
];

let lab: SimulatedLab;
let player: Player;
beforeAll(async () => {
  lab = await SimulatedLab.open(scenarioNamed('gke'), { seed: 1 });
  player = new Player(lab, { shell: 'cloudshell', laptop: 'browser' });
}, 60_000);
afterAll(() => { lab.close(); });

test.each(story.map((line) => [`${line.at}: ${line.type!}`, line] as const))('%s', async (_, line) => {
  const printed = await player.play(line);
  const covers = (pattern: string): boolean => printed.split('\n').some((shown) => matchesLine(player.filled(pattern), shown));
  const missing = line.shows.filter((pattern) => !covers(pattern)).map((pattern) => player.filled(pattern));
  expect({ missing, unwanted: (line.lacks ?? []).filter(covers) }, `(${line.source}) printed:\n${printed}`).toEqual({ missing: [], unwanted: [] });
}, 60_000);

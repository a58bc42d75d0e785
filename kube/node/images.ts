/** Container images: what a registry has, as a runtime pulls and runs it. Data and simulated programs; labs/ brings the tools that an Alpine shell has. */
import type { ImageFile, ImagePackage, MachineImage } from '../../machine/image.ts';
import type { Program } from '../../machine/sys.ts';
import { defaultBackend, echoServer, helloApp, nginx, pause, resident } from './programs/servers.ts';

export interface ContainerImage {
  /** With registry and tag: gcr.io/google-samples/hello-app:1.0. */
  readonly reference: string;
  /** Hex, of the configuration and of the manifest. */
  readonly id: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly pullMs: number;
  /** Its root; images of one base share `rootName`. */
  readonly root: MachineImage;
  readonly rootName: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
}

/** What a distribution's base image has: its shell and tools by path. */
export interface UserLand {
  readonly name: string;
  readonly programs: ReadonlyMap<string, Program>;
  readonly files: readonly ImageFile[];
  readonly packages: readonly ImagePackage[];
  readonly users: MachineImage['users'];
  readonly groups: MachineImage['groups'];
  readonly setuid?: ReadonlySet<string>;
}

export class ImageCatalog {
  private readonly images: ReadonlyMap<string, ContainerImage>;

  constructor(images: readonly ContainerImage[]) {
    this.images = new Map(images.map((image) => [image.reference, image]));
  }

  /** By any of the names a pod may give: without registry it is Docker Hub's, without tag the latest. */
  find(name: string): ContainerImage | undefined {
    return this.images.get(fullReference(name));
  }

  all(): readonly ContainerImage[] {
    return [...this.images.values()];
  }
}

export function fullReference(name: string): string {
  const at = name.indexOf('@');
  const bare = at < 0 ? name : name.slice(0, at);
  const slash = bare.indexOf('/');
  const first = slash < 0 ? '' : bare.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  const path = hasRegistry ? bare : `docker.io/${slash < 0 ? 'library/' : ''}${bare}`;
  return path.slice(path.lastIndexOf('/')).includes(':') ? path : `${path}:latest`;
}

/** What `docker images` and a pod's status call it: Docker Hub's own goes without registry. */
export function shortReference(reference: string): string {
  return reference.replace(/^docker\.io\/(library\/)?/, '');
}

/** Image ids and digests are digests of what nobody has: numbers that look the part and stay the same. */
function hexOf(seed: string): string {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  let text = '';
  while (text.length < 64) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += ((state ^ (state >>> 15)) >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}

interface Recipe {
  readonly reference: string; readonly sizeBytes: number; readonly base: UserLand | undefined; readonly programs?: readonly (readonly [string, Program])[]; readonly entrypoint?: readonly string[]; readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>; readonly workingDir?: string; readonly files?: readonly ImageFile[];
}

const nobody: UserLand = { name: 'scratch', programs: new Map(), files: [], packages: [], users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/sbin/nologin', gecos: 'root' }], groups: [{ name: 'root', gid: 0, members: [] }] };
/** A registry nearby: about 40 MB a second, after saying hello. */
const BYTES_PER_MS = 40_000;
const HELLO_MS = 450;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function containerImage({ reference, sizeBytes, base = nobody, programs = [], entrypoint = [], command = [], env = {}, workingDir = '/', files = [] }: Recipe): ContainerImage {
  return {
    reference, id: hexOf(`config ${reference}`), digest: hexOf(`manifest ${reference}`), sizeBytes, pullMs: HELLO_MS + Math.round(sizeBytes / BYTES_PER_MS), rootName: `${base.name}+${reference}`,
    root: { base: 'none', files: [...base.files, ...files], users: base.users, groups: base.groups, packages: base.packages, programs: new Map([...base.programs, ...programs]), ...(base.setuid === undefined ? {} : { setuid: base.setuid }) },
    entrypoint, command, env: { PATH, ...env }, workingDir,
  };
}

const SAMPLES = ['gcr.io/google-samples/hello-app', 'us-docker.pkg.dev/google-samples/containers/gke/hello-app'];

/** The images of the course. `extra` adds a lab's own. */
export function standardImages(alpine: UserLand, extra: readonly ContainerImage[] = []): ImageCatalog {
  const hello = SAMPLES.flatMap((name) => (['1.0', '2.0'] as const).map((tag) => containerImage({ reference: `${name}:${tag}`, sizeBytes: 11_491_205, base: alpine, programs: [['/hello-app', helloApp(`${tag}.0`)]], command: ['./hello-app'], env: { PORT: '8080' } })));
  const pauses = ['k8s.gcr.io/pause-amd64:3.1', 'k8s.gcr.io/pause:3.2', 'gke.gcr.io/pause:3.8'].map((reference) => containerImage({ reference, sizeBytes: 742_472, base: undefined, programs: [['/pause', pause]], entrypoint: ['/pause'] }));
  const shells = ['3.15', 'latest'].map((tag) => containerImage({ reference: `docker.io/library/alpine:${tag}`, sizeBytes: 5_593_000, base: alpine, command: ['/bin/sh'] }));
  return new ImageCatalog([
    ...pauses, ...hello, ...shells,
    containerImage({ reference: 'docker.io/library/busybox:latest', sizeBytes: 1_239_000, base: alpine, command: ['sh'] }),
    containerImage({ reference: 'docker.io/library/nginx:latest', sizeBytes: 67_300_000, base: alpine, programs: [['/usr/sbin/nginx', nginx]], command: ['nginx', '-g', 'daemon off;'] }),
    containerImage({ reference: 'k8s.gcr.io/defaultbackend:1.3', sizeBytes: 7_500_000, base: undefined, programs: [['/server', defaultBackend]], entrypoint: ['/server'] }),
    containerImage({ reference: 'k8s.gcr.io/echoserver:1.10', sizeBytes: 35_100_000, base: alpine, programs: [['/echoserver', echoServer]], command: ['/echoserver'] }),
    ...['k8s.gcr.io/fluentd-gcp:2.0.17', 'k8s.gcr.io/heapster-amd64:v1.5.3', 'k8s.gcr.io/metrics-server-amd64:v0.2.1', 'k8s.gcr.io/k8s-dns-dnsmasq-nanny-amd64:1.14.10', 'k8s.gcr.io/k8s-dns-sidecar-amd64:1.14.10', 'k8s.gcr.io/cluster-proportional-autoscaler-amd64:1.1.2-r2', 'k8s.gcr.io/kubernetes-dashboard-amd64:v1.8.3', 'k8s.gcr.io/event-exporter:v0.2.1', 'k8s.gcr.io/prometheus-to-sd:v0.2.4']
      .map((reference) => containerImage({ reference, sizeBytes: 28_000_000, base: undefined, programs: [['/server', resident]], entrypoint: ['/server'] })),
    ...extra,
  ]);
}

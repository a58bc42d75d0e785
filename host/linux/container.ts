/**
 * The same scenario in a container, for machines that have an engine and allow no user namespaces. Read first: docker-run(1), podman-run(1).
 *
 * NET_ADMIN alone does not do: `ip netns add` mounts and the forwarding sysctls are read-only in a container. What does, all of it below, is no sandbox
 * any more, so a container is offered only where namespaces of our own are refused. The network stays the container's own: never the machine's.
 */

export interface Engine { readonly program: 'podman' | 'docker'; readonly extra: readonly string[] }

export const engines: readonly Engine[] = [
  { program: 'podman', extra: ['--security-opt', 'unmask=ALL'] },
  { program: 'docker', extra: ['--security-opt', 'systempaths=unconfined', '--security-opt', 'apparmor=unconfined'] },
];

export const IMAGE = 'podwire-lab';
const LABEL = 'app=podwire';

export function buildImage({ program }: Engine, containerfile: string, folder: string): string[] {
  return [program, 'build', '--tag', IMAGE, '--file', containerfile, folder];
}

/** Runs until its standard input ends, as a sandbox does; `--rm` leaves nothing behind then. */
export function runContainer({ program, extra }: Engine, name: string): string[] {
  return [
    program, 'run', '--rm', '--interactive', '--name', name, '--label', LABEL, '--hostname', 'debian', '--network', 'none',
    '--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW', '--cap-add', 'SYS_ADMIN', '--device', '/dev/net/tun', '--security-opt', 'seccomp=unconfined', ...extra,
    '--pids-limit', '400', '--memory', '768m', IMAGE, 'bash', '--norc', '-c', 'read -r script; eval "$script"; exec cat > /dev/null',
  ];
}

export function execInContainer({ program }: Engine, name: string, argv: readonly string[], { isTerminal }: { isTerminal: boolean }): string[] {
  return [program, 'exec', '--interactive', ...(isTerminal ? ['--tty'] : []), name, ...argv];
}

/** What a killed app left: a container outlives the process that started it. */
export function leftovers({ program }: Engine): string[] {
  return [program, 'ps', '--all', '--quiet', '--filter', `label=${LABEL}`];
}

export function removeContainers({ program }: Engine, names: readonly string[]): string[] {
  return [program, 'rm', '--force', ...names];
}

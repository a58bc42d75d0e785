/** Running a command inside a container from a terminal of the machine: docker exec and crictl exec. Read first: setns(2), runc-exec(8) */
import type { ContainerInfo } from '../../../machine/container-service.ts';
import type { ExitCode } from '../../../machine/sys.ts';
import type { Errno } from '../../ports/result.ts';
import type { Invocation } from '../define.ts';

export interface EnterOptions { readonly hasTty: boolean; readonly hasInput: boolean; readonly env?: readonly string[]; readonly workingDir?: string | undefined; readonly user?: string | undefined; readonly isPrivileged?: boolean }

/** `error`: it could not be started. */
export async function enterContainer(call: Invocation, container: ContainerInfo, argv: readonly string[], options: EnterOptions): Promise<{ readonly code: ExitCode } | { readonly error: Errno }> {
  const { sys } = call;
  const env = new Map(container.env.map((text) => text.split(/=(.*)/s) as [string, string, string]).map(([name, value = '']) => [name, value]));
  if (options.hasTty) env.set('TERM', 'xterm');
  env.set('HOME', env.get('HOME') ?? '/root');
  for (const text of options.env ?? []) {
    const [name = '', value] = text.split(/=(.*)/s);
    if (value !== undefined) env.set(name, value);
    else if (sys.env.has(name)) env.set(name, sys.env.get(name)!);
  }
  await call.flush();
  const input = options.hasInput || options.hasTty ? undefined : await sys.open('/dev/null', { read: true });
  const fds = new Map([[0, input?.ok === true ? input.value : 0], [1, 1], [2, 2]]);
  const child = await sys.spawn(argv[0]!, {
    argv, env, fds, cwd: options.workingDir ?? container.workingDir, uid: Number(options.user?.split(':')[0] ?? 0) || 0, gid: 0, groups: [0],
    into: { pid: container.pid, kinds: ['mnt', 'uts', 'pid', 'net'], confine: options.isPrivileged !== true },
  });
  if (input?.ok === true) sys.close(input.value);
  if (!child.ok) return { error: child.error };
  const ignored = sys.onSignal('INT', 'ignore');
  try {
    for (;;) {
      const ended = await waitChild(call);
      if (ended !== undefined) return { code: ended };
    }
  } finally {
    sys.onSignal('INT', ignored);
  }
}

async function waitChild({ sys }: Invocation): Promise<ExitCode | undefined> {
  const ended = await sys.wait(-1);
  if (!ended.ok) return ended.error === 'EINTR' ? undefined : 1;
  const status = ended.value?.status;
  return status?.kind === 'exited' ? status.code : status?.kind === 'signalled' ? 128 + ({ HUP: 1, INT: 2, QUIT: 3, KILL: 9, SEGV: 11, PIPE: 13, TERM: 15 } as Readonly<Record<string, number>>)[status.signal]! : undefined;
}

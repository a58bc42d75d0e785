/** `pod/x created`: how commands that change something say so, or print what they made with -o. */
import { resourceName } from './discovery.ts';
import { printerFor } from './output.ts';
import type { KubeObject, Session, Subject } from './session.ts';

export async function report(session: Session, { info }: Pick<Subject, 'info'>, object: KubeObject, done: string): Promise<void> {
  const printer = await printerFor(session.flags, session.call.sys);
  if (printer !== undefined) session.call.write(printer([{ info, object }], false));
  else session.out(`${resourceName(info)}/${object.metadata?.name ?? ''} ${done}${isSilentOnDryRun(session, done) ? '' : session.dryRunSuffix()}`);
}

/** kubectl 1.20 forgets to say that it only tried. */
function isSilentOnDryRun({ command }: Session, done: string): boolean {
  return command === 'label' || done === 'patched (no change)';
}

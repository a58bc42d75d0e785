/** mountpoint(1) of util-linux 2.38.1. Read first: sys-utils/mountpoint.c */
import { strerror } from '../../lib/errno.ts';
import { defineCommand } from '../define.ts';
import { tryHelp, utilLinuxOptions } from './common.ts';

/** A device number as Linux splits it. */
const majorMinor = (device: number): string => `${device >> 8}:${device & 255}`;

export const mountpoint = defineCommand({
  name: 'mountpoint', summary: 'see if a directory or file is a mountpoint', package: 'util-linux', path: '/usr/bin/mountpoint',
  run: (call) => {
    const options = utilLinuxOptions(call, { short: 'qdx', long: { quiet: 'none=q', nofollow: 'none', 'fs-devno': 'none=d', devno: 'none=x' } });
    if (typeof options === 'number') return options;
    const [path] = options.operands;
    if (options.operands.length !== 1) return tryHelp(call, 'bad usage');
    if (options.has('nofollow') && options.has('x')) return tryHelp(call, '--devno and --nofollow are mutually exclusive');
    const { sys } = call;
    const say = (text: string, code: number): number => {
      if (!options.has('q')) call.err(`mountpoint: ${path!}: ${text}`);
      return code;
    };
    const stat = sys.stat(path!, !options.has('nofollow'));
    if (!stat.ok) return say(strerror(stat.error), 1);
    if (options.has('x')) {
      if (stat.value.kind !== 'block') return say('not a block device', 32);
      call.out(stat.value.rdev!.join(':'));
      return 0;
    }
    const real = sys.realPath(path!);
    if ((options.has('nofollow') && stat.value.kind === 'symlink') || !real.ok || !sys.mounts().some(({ target }) => target === real.value)) {
      if (!options.has('q')) call.out(`${path!} is not a mountpoint`);
      return 32;
    }
    if (options.has('d')) call.out(majorMinor(stat.value.device));
    else if (!options.has('q')) call.out(`${path!} is a mountpoint`);
    return 0;
  },
});

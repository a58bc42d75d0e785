/** pwdx(1) of procps 4.0.2: where a process works. Read first: src/pwdx.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand } from '../define.ts';

const usage = `
Usage:
 pwdx [options] pid...

Options:
 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see pwdx(1).
`;

export const pwdx = defineCommand({
  name: 'pwdx', summary: 'report current working directory of a process', package: 'procps', path: '/usr/bin/pwdx',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'Vh', long: { help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined || (options.operands.length === 0 && options.options.length === 0)) {
      if (options.error !== undefined) call.err(`pwdx: ${options.error}`);
      call.writeErr(usage);
      return 1;
    }
    if (options.has('h')) {
      call.write(usage);
      return 0;
    }
    if (options.has('V')) {
      call.out('pwdx from procps-ng 4.0.2');
      return 0;
    }
    let code: ExitCode = 0;
    for (const word of options.operands) {
      const pid = /^(?:\/proc\/)?(\d+)$/.exec(word)?.[1];
      if (pid === undefined) {
        call.err(`pwdx: invalid process id: ${word}`);
        return 1;
      }
      const link = call.sys.readLink(`/proc/${pid}/cwd`);
      if (link.ok) call.out(`${word}: ${link.value}`);
      else {
        call.err(`${word}: ${strerror(link.error === 'ENOENT' ? 'ESRCH' : link.error)}`);
        code = 1;
      }
    }
    return code;
  },
});

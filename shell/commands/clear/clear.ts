/** clear, from ncurses. Read first: clear(1): home, clear, and the scrollback (E3) unless -x. */
import { defineCommand } from '../define.ts';

export const clear = defineCommand({
  name: 'clear',
  summary: 'clear the terminal screen',
  package: 'ncurses-bin',
  run(call) {
    let keepsScrollback = false;
    const { args } = call;
    for (let i = 0; i < args.length; i += 1) {
      if (args[i] === '-x') keepsScrollback = true;
      else if (args[i] === '-V') {
        call.out('ncurses 6.4.20221231');
        return 0;
      } else if (args[i] === '-T') i += 1;
      else {
        call.err(`Usage: clear [options]\n\nOptions:\n  -T TERM     use this instead of $TERM\n  -V          print curses-version\n  -x          do not try to clear scrollback`);
        return 1;
      }
    }
    const term = call.env.get('TERM');
    if (term === undefined || term === '') {
      call.err('TERM environment variable not set.');
      return 1;
    }
    if (term === 'dumb') return 1;
    call.write(`\x1b[H\x1b[2J${keepsScrollback || !term.startsWith('xterm') ? '' : '\x1b[3J'}`);
    return 0;
  },
});

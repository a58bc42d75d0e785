/** uptime(1) and the first line of w and top. */
import type { Sys } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { defineCommand } from '../define.ts';

export function uptimeLine(sys: Sys, users: number): string {
  const seconds = Math.floor(sys.monotonicUs() / 1e6);
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const length = `${days > 0 ? `${days} day${days === 1 ? '' : 's'}, ` : ''}${hours > 0 ? `${String(hours).padStart(2)}:${String(minutes).padStart(2, '0')}` : `${minutes} min`}`;
  return ` ${formatTime('%H:%M:%S', sys.now() / 1e6)} up ${length}, ${String(users).padStart(2)} user${users === 1 ? '' : 's'},  load average: 0.00, 0.00, 0.00`;
}

export const uptime = defineCommand({
  name: 'uptime', summary: 'tell how long the system has been running', package: 'procps',
  run: (call) => {
    const seconds = Math.floor(call.sys.monotonicUs() / 1e6);
    if (call.args.includes('-p') || call.args.includes('--pretty')) {
      const minutes = Math.floor(seconds / 60) % 60;
      const hours = Math.floor(seconds / 3600) % 24;
      const days = Math.floor(seconds / 86400);
      const parts = [[days, 'day'], [hours, 'hour'], [minutes, 'minute']] as const;
      call.out(`up ${parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}${count === 1 ? '' : 's'}`).join(', ')}`);
    } else if (call.args.includes('-s') || call.args.includes('--since')) call.out(formatTime('%Y-%m-%d %H:%M:%S', call.sys.machine.bootedUs() / 1e6));
    else {
      const terminals = new Set(call.sys.processes().filter((process) => process.isSessionLeader && process.terminal !== undefined).map((process) => process.terminal));
      call.out(uptimeLine(call.sys, terminals.size));
    }
    return 0;
  },
});

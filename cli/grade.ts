/** `podwire grade LESSON --session FILE`: replays a session and grades it. */
import type { CliCommand } from './command.ts';
import { playFile } from './replay.ts';

export const grade: CliCommand = {
  name: 'grade',
  usage: 'grade LESSON --session FILE [--json]',
  summary: 'replay a session and grade it',
  async run(args) {
    const at = args.indexOf('--session');
    const file = at < 0 ? undefined : args[at + 1];
    const lesson = args.find((word, index) => !word.startsWith('-') && (at < 0 || index !== at + 1));
    if (file === undefined || lesson === undefined) {
      process.stderr.write('podwire: grade: say which lesson and which session: podwire grade LESSON --session FILE\n');
      return 2;
    }
    const played = await playFile(file);
    if (played.lesson !== lesson) {
      process.stderr.write(`podwire: grade: ${file} is a session of ${played.lesson}, not of ${lesson}\n`);
      return 2;
    }
    const { report } = played;
    if (report === undefined) throw new Error('the session could not be graded');
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(report)}\n`);
    else {
      for (const check of report.checks) process.stdout.write(`${check.status.padEnd(11)} ${check.goal} (${check.pointsEarned}/${check.points})${check.because === undefined ? '' : `\n            ${check.because}`}\n`);
      process.stdout.write(`${report.pointsEarned} of ${report.points} points${played.isFaithful ? '' : '; the replay differs from the session'}\n`);
    }
    return report.isComplete ? 0 : 1;
  },
};

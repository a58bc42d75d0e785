/** date(1). Read first: the coreutils manual, chapter "date invocation". Setting the clock is not simulated: time belongs to the lab. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { closeInput, linesOf, openInput } from '../../lib/input.ts';
import { parseDateTime, type Moment } from '../../lib/parse-datetime.ts';
import { timeZone } from '../../lib/time-zone.ts';
import { named } from '../coreutils/quote.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const date = defineCommand({
  name: 'date', summary: 'print the date', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, {
      short: 'd:f:I::r:Rs:u',
      long: { date: 'required=d', debug: 'none', file: 'required=f', 'iso-8601': 'optional=I', reference: 'required=r', resolution: 'none', 'rfc-email': 'none=R', 'rfc-822': 'none=R', 'rfc-2822': 'none=R', 'rfc-3339': 'required', set: 'required=s', utc: 'none=u', universal: 'none=u', uct: 'none=u' },
    });
    if (options === undefined) return 1;
    const format = formatOf(call, options);
    if (format === undefined) return 1;
    const sources = ['d', 'f', 'r', 'resolution'].filter((name) => options.has(name)).length;
    if (sources > 1) return wrong(call, 'the options to specify dates for printing are mutually exclusive');
    if (options.has('s') && sources > 0) return wrong(call, 'the options to print and set the time may not be used together');
    if (options.has('s')) return notSimulated(call, 'option -s');
    if (options.has('debug')) return notSimulated(call, 'option --debug');
    if (options.has('resolution')) {
      call.out('0.000000001');
      return 0;
    }
    const zone = timeZone(options.has('u') ? 'UTC0' : call.env.get('TZ'));
    const show = ({ seconds, nanoseconds }: Moment): void => call.out(formatTime(format, seconds, nanoseconds, options.has('u') ? { ...zone.at(seconds), abbreviation: 'UTC' } : zone.at(seconds)));
    const nowUs = call.sys.now();
    const parse = (text: string): ExitCode => {
      const moment = parseDateTime(text, nowUs, zone);
      if (moment === undefined) call.err(`date: invalid date ${named(text)}`);
      else show(moment);
      return moment === undefined ? 1 : 0;
    };
    const text = options.value('d');
    if (text !== undefined) return parse(text);
    const list = options.value('f');
    if (list !== undefined) return eachLine(call, list, parse);
    let momentUs = nowUs;
    const reference = options.value('r');
    if (reference !== undefined) {
      const stat = call.sys.stat(reference);
      if (!stat.ok) {
        call.err(`date: ${reference}: ${strerror(stat.error)}`);
        return 1;
      }
      momentUs = stat.value.modifiedUs;
    }
    show({ seconds: Math.floor(momentUs / 1e6), nanoseconds: (momentUs % 1_000_000) * 1000 });
    return 0;
  },
});

function wrong(call: Invocation, text: string): ExitCode {
  call.err(`date: ${text}\nTry 'date --help' for more information.`);
  return 1;
}

const iso: Readonly<Record<string, string>> = { hours: '%Y-%m-%dT%H%:z', minutes: '%Y-%m-%dT%H:%M%:z', date: '%Y-%m-%d', seconds: '%Y-%m-%dT%H:%M:%S%:z', ns: '%Y-%m-%dT%H:%M:%S,%N%:z' };
const rfc3339: Readonly<Record<string, string>> = { date: '%Y-%m-%d', seconds: '%Y-%m-%d %H:%M:%S%:z', ns: '%Y-%m-%d %H:%M:%S.%N%:z' };

/** The one format asked for; undefined when something is wrong, which has been said. */
function formatOf(call: Invocation, options: ParsedOptions): string | undefined {
  const formats: string[] = [];
  for (const { name, value } of options.options) {
    const table = name === 'I' ? iso : name === 'rfc-3339' ? rfc3339 : undefined;
    if (name === 'R') formats.push('%a, %d %b %Y %H:%M:%S %z');
    if (table === undefined) continue;
    const found = Object.keys(table).filter((key) => key.startsWith(value ?? 'date'));
    if (found.length !== 1) {
      call.err(`date: ${found.length > 1 ? 'ambiguous' : 'invalid'} argument ${named(value ?? '')} for ${named(name === 'I' ? '--iso-8601' : '--rfc-3339')}\nValid arguments are:\n${Object.keys(table).map((key) => `  - ${named(key)}`).join('\n')}\nTry 'date --help' for more information.`);
      return undefined;
    }
    formats.push(table[found[0]!]!);
  }
  const [operand, extra] = options.operands;
  if (formats.length > 1) {
    call.err('date: multiple output formats specified');
    return undefined;
  }
  if (extra !== undefined) {
    wrong(call, `extra operand ${named(extra)}`);
    return undefined;
  }
  if (operand === undefined) return formats[0] ?? '%a %b %e %H:%M:%S %Z %Y';
  if (!operand.startsWith('+')) {
    if (options.has('d') || options.has('f') || options.has('r')) wrong(call, `the argument ${named(operand)} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'`);
    else call.err(/^\d{8}(\d{2}(\d{2})?)?(\.\d{2})?$/.test(operand) ? 'podwire: date: setting the clock is not simulated yet' : `date: invalid date ${named(operand)}`);
    return undefined;
  }
  if (formats.length > 0) {
    call.err('date: multiple output formats specified');
    return undefined;
  }
  return operand.slice(1);
}

async function eachLine(call: Invocation, path: string, parse: (text: string) => ExitCode): Promise<ExitCode> {
  const opened = await openInput(call.sys, path);
  if (!opened.ok) {
    call.err(`date: ${path}: ${strerror(opened.error)}`);
    return 1;
  }
  let code: ExitCode = 0;
  for await (const { text } of linesOf(call.sys, opened.value)) code = Math.max(code, parse(text));
  closeInput(call.sys, opened.value);
  return code;
}

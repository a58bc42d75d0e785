/** mtr full screen. Read first: mtr's curses.c; keys as its help screen lists them. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { attributesOff, clearScreen, enterAlternateScreen, keypadOff, leaveAlternateScreen, moveTo } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { cell } from './fields.ts';
import type { Shown } from './report.ts';

const BOLD = '\x1b[0;1m';
const POLL_US = 50_000;

export async function runOnScreen(shown: Shown, cycles: number): Promise<ExitCode> {
  const { call, path } = shown;
  const screen = await FullScreen.open(call.sys, { signals: true, enter: enterAlternateScreen, leave: () => `${moveTo(screen?.rows ?? 24, 1)}${leaveAlternateScreen}\r${keypadOff}` });
  if (screen === undefined) {
    call.err('Error opening terminal: unknown.');
    return 1;
  }
  const from = await ownAddress(shown);
  let nextUs = call.sys.monotonicUs();
  let done = 0;
  let isPaused = false;
  let help = false;
  let drawn = '';
  for (;;) {
    if (!isPaused && done < cycles && call.sys.monotonicUs() >= nextUs) {
      nextUs = call.sys.monotonicUs() + path.gapUs;
      const ended = await path.send();
      if (typeof ended === 'string') {
        await screen.close();
        call.err(`mtr: ${strerror(ended)}`);
        return 1;
      }
      if (ended) done += 1;
    }
    await path.collect();
    const picture = help ? helpScreen : await draw(shown, screen, from, isPaused);
    if (picture !== drawn) screen.write(picture);
    drawn = picture;
    const event = await screen.next(Math.max(1000, Math.min(POLL_US, isPaused ? POLL_US : nextUs - call.sys.monotonicUs())));
    if (event.kind === 'eof' || event.kind === 'interrupt' || (done >= cycles && cycles > 0 && call.sys.monotonicUs() > nextUs + 1e6)) break;
    if (event.kind === 'resize' || event.kind === 'resumed') drawn = '';
    if (event.kind !== 'key') continue;
    if (help) {
      help = false;
      continue;
    }
    if (event.key === 'q') break;
    if (event.key === 'r') path.restart();
    else if (event.key === 'p' || event.key === ' ') isPaused = event.key === 'p' ? true : !isPaused;
    else if (event.key === 'h' || event.key === '?') help = true;
  }
  await screen.close();
  return 0;
}

/** The address packets leave from, as a connected socket has it. */
async function ownAddress({ call, options }: Shown): Promise<string> {
  const { sockets } = call.net;
  const opened = sockets.open({ type: 'udp', family: options.isIp6 ? 'inet6' : 'inet' });
  if (!opened.ok) return '0.0.0.0';
  await sockets.connect(opened.value, { address: options.address, port: 33434 });
  const local = sockets.local(opened.value)?.address ?? '0.0.0.0';
  sockets.close(opened.value);
  return options.source ?? local;
}

async function draw(shown: Shown, { rows, columns }: FullScreen, from: string, isPaused: boolean): Promise<string> {
  const { call, fields, path, host, options } = shown;
  const title = 'My traceroute  [v0.95]';
  const key = (letter: string, rest: string): string => `${BOLD}${letter}${attributesOff}${rest}`;
  const statistics = columns - fields.reduce((width, field) => width + field.width, 0) - 1;
  let text = `${clearScreen}${moveTo(1, Math.floor((columns - title.length) / 2) + 1)}${BOLD}${title}${attributesOff}`;
  text += `${moveTo(2, 1)}${`${call.sys.hostname} (${from}) -> ${host} (${options.address})`.slice(0, columns - 26)}${moveTo(2, columns - 24)}${formatTime('%Y-%m-%dT%H:%M:%S', call.sys.now() / 1e6)}+0000`;
  text += `${moveTo(3, 1)}Keys:  ${key('H', 'elp')}   ${key('D', 'isplay mode')}   ${key('R', 'estart statistics')}   ${key('O', 'rder of fields')}   ${key('q', 'uit')}`;
  text += `${moveTo(4, statistics + 1)}${BOLD}   Packets               Pings${moveTo(5, 1)} Host${moveTo(5, statistics + 1)}${fields.map((field) => field.title.padStart(field.width)).join('')}${attributesOff}`;
  let row = 6;
  for (let index = options.firstHop - 1; index < path.length && row <= rows; index += 1, row += 1) {
    const hop = path.hops[index]!;
    const names = await Promise.all(hop.addresses.map(shown.names));
    text += `${moveTo(row, 1)}${`${String(index + 1).padStart(2)}. ${names[0] ?? '(waiting for reply)'}`.slice(0, statistics - 1)}`;
    if (names.length > 0) text += `${moveTo(row, statistics + 1)}${fields.map((field) => cell(field, hop)).join('')}`;
    for (const other of names.slice(1)) if (row < rows) text += `${moveTo((row += 1), 1)}    ${other}`;
  }
  return `${text}${isPaused ? `${moveTo(rows, 1)}` : ''}${moveTo(3, 1)}`;
}

const helpScreen = `${clearScreen}Command:
  ?|h     help
  p       pause (SPACE to resume)
  d       switching display mode
  e       toggle MPLS information on/off
  n       toggle DNS on/off
  r       reset all counters
  o str   set the columns to display, default str='LRS N BAWV'
  j       toggle latency(LS NABWV)/jitter(DR AGJMXI) stats
  c <n>   report cycle n, default n=infinite
  i <n>   set the ping interval to n seconds, default n=1
  f <n>   set the initial time-to-live(ttl), default n=1
  m <n>   set the max time-to-live, default n= 30
  s <n>   set the packet size to n or random(n<0)
  b <c>   set ping bit pattern to c(0..255) or random(c<0)
  Q <t>   set ping packet's TOS to t
  u       switch between ICMP ECHO and UDP datagrams

 press any key to go back...`.replaceAll('\n', '\r\n');

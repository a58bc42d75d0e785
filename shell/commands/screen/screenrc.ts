/** What a ~/.screenrc asks for, as far as it means something before the first window. Read first: screen(1), "CUSTOMIZATION". */
import type { Invocation } from '../define.ts';

export interface Startup { showsStartPage: boolean; scrollback: number | undefined; shell: string | undefined }

/** Commands that change nothing that is simulated. */
const silent = /^(vbell|vbell_msg|autodetach|crlf|deflogin|defutf8|defencoding|encoding|altscreen|term|termcap|termcapinfo|terminfo|msgwait|msgminwait|nonblock|defnonblock|activity|bell|bell_msg|defmonitor|zombie|hardcopydir|logfile|password|pow_detach_msg|maxwin)$/;

export async function readScreenrc(call: Invocation, named: string | undefined): Promise<Startup | undefined> {
  const startup: Startup = { showsStartPage: true, scrollback: undefined, shell: undefined };
  const file = named ?? call.env.get('SCREENRC') ?? `${call.env.get('HOME') ?? ''}/.screenrc`;
  const text = await call.sys.readText(file);
  if (!text.ok) {
    if (named === undefined) return startup;
    call.write(`Unable to open "${named}".\r\n`);
    return undefined;
  }
  for (const line of text.value.split('\n')) {
    const [name = '', value = ''] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith('#') || silent.test(name)) continue;
    if (name === 'startup_message') startup.showsStartPage = value !== 'off';
    else if (name === 'defscrollback' && /^\d+$/.test(value)) startup.scrollback = Number(value);
    else if (name === 'shell' && value !== '') startup.shell = value.replace(/^-/, '');
    else call.err(`podwire: screen: ${file}: command ${name} is not simulated yet`);
  }
  return startup;
}

/** nano 7.2, a small editor. Read first: nano(1). */
import { defineCommand, notSimulated } from '../define.ts';
import type { NanoSettings } from './editor.ts';
import { NanoEditor } from './editor.ts';

export const nano = defineCommand({
  name: 'nano',
  aliases: ['pico', 'editor', 'rnano'],
  summary: 'a small text editor',
  package: 'nano',
  async run(call) {
    const settings: NanoSettings = { showsNumbers: false, isView: false, tabsToSpaces: false, tabWidth: 8, startLine: undefined, startColumn: undefined };
    const names: string[] = [];
    const words = [...call.args];
    while (words.length > 0) {
      const word = words.shift()!;
      const place = /^\+(\d+)?(?:,(\d+))?$/.exec(word);
      if (word === '-V' || word === '--version') {
        call.out(' GNU nano, version 7.2');
        return 0;
      }
      if (place !== null && words.length > 0) {
        settings.startLine = place[1] === undefined ? undefined : Number(place[1]);
        settings.startColumn = place[2] === undefined ? undefined : Number(place[2]);
      } else if (word === '-l' || word === '--linenumbers') settings.showsNumbers = true;
      else if (word === '-v' || word === '--view') settings.isView = true;
      else if (word === '-E' || word === '--tabstospaces') settings.tabsToSpaces = true;
      else if (word === '-T' || word === '--tabsize') settings.tabWidth = Number(words.shift() ?? 8);
      else if (/^-[wbLxiAkmc]$/.test(word) || word === '--nowrap') continue;
      else if (word === '--') names.push(...words.splice(0));
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else names.push(word);
    }
    if (!call.stdoutIsTerminal || !call.stdinIsTerminal) {
      call.err(call.stdinIsTerminal ? 'Standard output is not a terminal' : 'Standard input is not a terminal');
      return 1;
    }
    return NanoEditor.run(call.sys, names, settings);
  },
});

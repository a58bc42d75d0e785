/** stat -f: what statfs(2) says of the file system a name is on. Read first: coreutils' stat.c (print_statfs), linux/magic.h */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import type { ParsedOptions } from '../../lib/getopt.ts';
import type { Invocation } from '../define.ts';
import { quoted } from './quote.ts';

/** Size and use in KiB, as df tells them; other kinds have neither. */
export const fileSystemSizes: Readonly<Record<string, { readonly size: number; readonly used: number }>> = {
  ext4: { size: 10_089_736, used: 2_120_304 }, overlay: { size: 10_089_736, used: 2_120_304 }, tmpfs: { size: 1_010_964, used: 0 }, devtmpfs: { size: 1_004_872, used: 0 },
};

/** Magic number, and the name stat has for it. */
const KINDS: Readonly<Record<string, readonly [magic: number, name: string]>> = {
  ext4: [0xef53, 'ext2/ext3'], overlay: [0x794c7630, 'overlayfs'], tmpfs: [0x1021994, 'tmpfs'], devtmpfs: [0x1021994, 'tmpfs'], devpts: [0x1cd1, 'devpts'], proc: [0x9fa0, 'proc'], sysfs: [0x62656572, 'sysfs'], nsfs: [0x6e736673, 'nsfs'],
};
const BLOCK = 4096;

export function statFileSystems(call: Invocation, options: ParsedOptions): ExitCode {
  let code: ExitCode = 0;
  const format = options.value('c') ?? options.value('printf');
  for (const path of options.operands) {
    const stat = call.sys.stat(path);
    if (!stat.ok) {
      call.err(`stat: cannot read file system information for ${quoted(path)}: ${strerror(stat.error)}`);
      code = 1;
      continue;
    }
    const fields = fieldsOf(path, stat.value);
    const text = (directives: string): string => directives.replace(/%(-?0?)(\d*)(.)/g, (_, flags: string, width: string, letter: string) => {
      const value = letter === '%' ? '%' : (fields[letter] ?? '?');
      return flags.includes('-') ? value.padEnd(Number(width)) : value.padStart(Number(width), flags.includes('0') ? '0' : ' ');
    });
    if (format !== undefined) call.write(options.has('printf') ? text(format).replaceAll('\\n', '\n').replaceAll('\\t', '\t') : `${text(format)}\n`);
    else if (options.has('t')) call.out(text('%n %i %l %t %s %S %b %f %a %c %d'));
    else call.out(text('  File: "%n"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\nBlocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d'));
  }
  return code;
}

function fieldsOf(path: string, { fileSystem = 'tmpfs', device }: FileStat): Readonly<Record<string, string>> {
  const [magic, name] = KINDS[fileSystem] ?? [0, 'UNKNOWN (0x0)'];
  const { size, used } = fileSystemSizes[fileSystem] ?? { size: 0, used: 0 };
  const blocks = (kib: number): string => String(Math.floor((kib * 1024) / BLOCK));
  // mke2fs makes an inode for every 16 KiB; a tmpfs has one a page.
  const inodes = Math.floor(size / (fileSystem === 'ext4' || fileSystem === 'overlay' ? 16 : 4));
  return {
    n: path, i: `${device.toString(16)}00000000`, l: '255', t: magic.toString(16), T: name, s: String(BLOCK), S: String(BLOCK),
    b: blocks(size), f: blocks(size - used), a: blocks(size - used), c: String(inodes), d: String(inodes - Math.floor(used / 16)),
  };
}

/** What gzip's scripts print for --help and --version; recorded from gzip 1.12. They say their path, as scripts do. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Invocation } from '../define.ts';

interface Answer { readonly years: string; readonly author: string; readonly help: string }

export function scriptAnswer(call: Pick<Invocation, 'write'>, name: string, asked: string): ExitCode {
  const { years, author, help } = answers[name]!;
  call.write(asked === '--help' ? help : `${name === 'uncompress' ? 'gunzip' : name} (gzip) 1.12
Copyright (C) ${years} Free Software Foundation, Inc.
This is free software.  You may redistribute copies of it under the terms of
the GNU General Public License <https://www.gnu.org/licenses/gpl.html>.
There is NO WARRANTY, to the extent permitted by law.

Written by ${author}.
`);
  return 0;
}

const answers: Readonly<Record<string, Answer>> = {
  gunzip: { years: '2007, 2011-2018', author: 'Paul Eggert', help: `Usage: /usr/bin/gunzip [OPTION]... [FILE]...
Uncompress FILEs (by default, in-place).

Mandatory arguments to long options are mandatory for short options too.

  -c, --stdout      write on standard output, keep original files unchanged
  -f, --force       force overwrite of output file and compress links
  -k, --keep        keep (don't delete) input files
  -l, --list        list compressed file contents
  -n, --no-name     do not save or restore the original name and timestamp
  -N, --name        save or restore the original name and timestamp
  -q, --quiet       suppress all warnings
  -r, --recursive   operate recursively on directories
  -S, --suffix=SUF  use suffix SUF on compressed files
      --synchronous synchronous output (safer if system crashes, but slower)
  -t, --test        test compressed file integrity
  -v, --verbose     verbose mode
      --help        display this help and exit
      --version     display version information and exit

With no FILE, or when FILE is -, read standard input.

Report bugs to <bug-gzip@gnu.org>.
` },
  uncompress: { years: '2007, 2011-2018', author: 'Paul Eggert', help: `Usage: /usr/bin/uncompress [OPTION]... [FILE]...
Uncompress FILEs (by default, in-place).

Mandatory arguments to long options are mandatory for short options too.

  -c, --stdout      write on standard output, keep original files unchanged
  -f, --force       force overwrite of output file and compress links
  -k, --keep        keep (don't delete) input files
  -l, --list        list compressed file contents
  -n, --no-name     do not save or restore the original name and timestamp
  -N, --name        save or restore the original name and timestamp
  -q, --quiet       suppress all warnings
  -r, --recursive   operate recursively on directories
  -S, --suffix=SUF  use suffix SUF on compressed files
      --synchronous synchronous output (safer if system crashes, but slower)
  -t, --test        test compressed file integrity
  -v, --verbose     verbose mode
      --help        display this help and exit
      --version     display version information and exit

With no FILE, or when FILE is -, read standard input.

Report bugs to <bug-gzip@gnu.org>.
` },
  zcat: { years: '2007, 2011-2018', author: 'Paul Eggert', help: `Usage: /usr/bin/zcat [OPTION]... [FILE]...
Uncompress FILEs to standard output.

  -f, --force       force; read compressed data even from a terminal
  -l, --list        list compressed file contents
  -q, --quiet       suppress all warnings
  -r, --recursive   operate recursively on directories
  -S, --suffix=SUF  use suffix SUF on compressed files
      --synchronous synchronous output (safer if system crashes, but slower)
  -t, --test        test compressed file integrity
  -v, --verbose     verbose mode
      --help        display this help and exit
      --version     display version information and exit

With no FILE, or when FILE is -, read standard input.

Report bugs to <bug-gzip@gnu.org>.
` },
  zgrep: { years: '2010-2018', author: 'Jean-loup Gailly', help: `Usage: /usr/bin/zgrep [OPTION]... [-e] PATTERN [FILE]...
Look for instances of PATTERN in the input FILEs, using their
uncompressed contents if they are compressed.

OPTIONs are the same as for 'grep', except that the following 'grep'
options are not supported: --dereference-recursive (-R), --directories (-d),
--exclude, --exclude-from, --exclude-dir, --include, --null (-Z),
--null-data (-z), and --recursive (-r).

Report bugs to <bug-gzip@gnu.org>.
` },
  zdiff: { years: '2009, 2011-2018', author: 'Jean-loup Gailly', help: `Usage: /usr/bin/zdiff [OPTION]... FILE1 [FILE2]
Compare FILE1 to FILE2, using their uncompressed contents if they are
compressed.  If FILE2 is omitted, compare FILE1 to the uncompressed
contents of FILE1.gz.  Do comparisons like 'diff' does.

OPTIONs are the same as for 'diff'.

Report bugs to <bug-gzip@gnu.org>.
` },
  zcmp: { years: '2010', author: 'Paul Eggert', help: `Usage: /usr/bin/zcmp [OPTION]... FILE1 [FILE2]
Compare FILE1 to FILE2 byte by byte, using their uncompressed contents
if they are compressed.  If FILE2 is omitted, compare FILE1 to the
uncompressed contents of FILE1.gz.  Do comparisons like 'cmp' does.

Options are the same as for 'cmp'.

If a FILE is '-' or missing, read standard input.

Report bugs to <bug-gzip@gnu.org>.
` },
  zless: { years: '2007, 2011-2018', author: 'Paul Eggert', help: `Usage: /usr/bin/zless [OPTION]... [FILE]...
Like 'less', but operate on the uncompressed contents of any compressed FILEs.

Options are the same as for 'less'.

Report bugs to <bug-gzip@gnu.org>.
` },
  zmore: { years: '2010-2018', author: 'Jean-loup Gailly', help: `Usage: /usr/bin/zmore [OPTION]... [FILE]...
Like 'more', but operate on the uncompressed contents of any compressed FILEs.

Report bugs to <bug-gzip@gnu.org>.
` },
};

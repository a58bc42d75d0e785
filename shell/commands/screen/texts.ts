/** What screen 4.9.0 says: version, usage, key bindings, start page. */

export const version = '4.09.00 (GNU) 30-Jan-22';

export const usage = `Use: screen [-opts] [cmd [args]]
 or: screen -r [host.tty]

Options:
-4            Resolve hostnames only to IPv4 addresses.
-6            Resolve hostnames only to IPv6 addresses.
-a            Force all capabilities into each window's termcap.
-A -[r|R]     Adapt all windows to the new display width & height.
-c file       Read configuration file instead of '.screenrc'.
-d (-r)       Detach the elsewhere running screen (and reattach here).
-dmS name     Start as daemon: Screen session in detached mode.
-D (-r)       Detach and logout remote (and reattach here).
-D -RR        Do whatever is needed to get a screen session.
-e xy         Change command characters.
-f            Flow control on, -fn = off, -fa = auto.
-h lines      Set the size of the scrollback history buffer.
-i            Interrupt output sooner when flow control is on.
-l            Login mode on (update /var/run/utmp), -ln = off.
-ls [match]   or
-list         Do nothing, just list our SockDir [on possible matches].
-L            Turn on output logging.
-Logfile file Set logfile name.
-m            ignore $STY variable, do create a new screen session.
-O            Choose optimal output rather than exact vt100 emulation.
-p window     Preselect the named window if it exists.
-q            Quiet startup. Exits with non-zero return code if unsuccessful.
-Q            Commands will send the response to the stdout of the querying process.
-r [session]  Reattach to a detached screen process.
-R            Reattach if possible, otherwise start a new session.
-s shell      Shell to execute rather than $SHELL.
-S sockname   Name this session <pid>.sockname instead of <pid>.<tty>.<host>.
-t title      Set title. (window's name).
-T term       Use term as $TERM for windows, rather than "screen".
-U            Tell screen to use UTF-8 encoding.
-v            Print "Screen version ${version}".
-wipe [match] Do nothing, just clean up SockDir [on possible matches].
-x            Attach to a not detached screen. (Multi display mode).
-X            Execute <cmd> as a screen command in the specified session.`;

/** Shown by plain `screen`, and by its license command: the notice of the real program. */
export const startPages: readonly (readonly string[])[] = [
  [
    "",
    "GNU Screen version 4.09.00 (GNU) 30-Jan-22",
    "",
    "Copyright (c) 2018-2020 Alexander Naumov, Amadeusz Slawinski",
    "Copyright (c) 2015-2017 Juergen Weigert, Alexander Naumov, Amadeusz Slawinski",
    "Copyright (c) 2010-2014 Juergen Weigert, Sadrul Habib Chowdhury",
    "Copyright (c) 2008-2009 Juergen Weigert, Michael Schroeder, Micah Cowan,",
    "Sadrul Habib Chowdhury",
    "Copyright (c) 1993-2007 Juergen Weigert, Michael Schroeder",
    "Copyright (c) 1987 Oliver Laumann",
    "",
    "This program is free software; you can redistribute it and/or modify it under",
    "the terms of the GNU General Public License as published by the Free Software",
    "Foundation; either version 3, or (at your option) any later version.",
    "",
    "This program is distributed in the hope that it will be useful, but WITHOUT",
    "ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS",
    "FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.",
    "",
    "You should have received a copy of the GNU General Public License along with",
    "this program (see the file COPYING); if not, see",
  ],
  [
    "https://www.gnu.org/licenses/, or contact Free Software Foundation, Inc., 51",
    "Franklin Street, Fifth Floor, Boston, MA  02111-1301  USA.",
    "",
    "Send bugreports, fixes, enhancements, t-shirts, money, beer & pizza to",
    "screen-devel@gnu.org",
    "",
    "",
    "Capabilities:",
    "+copy +remote-detach +power-detach +multi-attach +multi-user +font +color-256",
    "+utf8 +rxvt +builtin-telnet",
  ],
];

export const helpPages: readonly (readonly string[])[] = [
  [
    '                       Screen key bindings, page 1 of 2.', '', '                       Command key:  ^A   Literal ^A:  a', '',
    '  break       ^B b         license     ,            removebuf   =', '  clear       C            lockscreen  ^X x         reset       Z', '  colon       :            log         H            screen      ^C c',
    "  copy        ^[ [         login       L            select      '", '  detach      ^D d         meta        a            silence     _', '  digraph     ^V           monitor     M            split       S',
    '  displays    *            next        ^@ ^N sp n   suspend     ^Z z', '  dumptermcap .            number      N            time        ^T t', '  fit         F            only        Q            title       A',
    '  flow        ^F f         other       ^A           vbell       ^G', '  focus       ^I           pow_break   B            version     v', '  hardcopy    h            pow_detach  D            width       W',
    '  help        ?            prev        ^H ^P p ^?   windows     ^W w', '  history     { }          quit        \\            wrap        ^R r', '  info        i            readbuf     <            writebuf    >',
    '  kill        K k          redisplay   ^L l         xoff        ^S s', '  lastmsg     ^M m         remove      X            xon         ^Q q',
  ],
  [
    '                       Screen key bindings, page 2 of 2.', '', '^]   paste .', '"    windowlist -b', '-    select -', ...Array.from({ length: 10 }, (_, n) => `${n}    select ${n}`), 'I    login on', 'O    login off', ']    paste .', '|    split -v', ':kB: focus prev',
  ],
];

export const nextPage = '                  [Press Space for next page; Return to end.]';
export const lastPage = '                        [Press Space or Return to end.]';

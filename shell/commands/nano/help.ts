/** What ^G shows, in our own words. */
export const helpText = `
 nano is a small editor: what you type goes into the text. ^X means: hold
 Ctrl and press X. M-U means: hold Alt and press U (or press Esc, then U).
 The row above the two rows of keys shows messages and asks questions.

 ^X     Leave; asks whether to save what has changed
 ^O     Write the text to a file
 ^S     Write it to its own file without asking
 ^R     Insert another file here

 ^K     Cut the line, or what is marked
 ^U     Paste what was cut
 M-A    Begin or end marking
 M-6    Copy the line, or what is marked
 M-U    Undo                         M-E    Redo

 ^W     Search                       ^Q     Search backwards
 M-W    Next match                   M-Q    Previous match
 ^\\     Search and replace

 ^A     Start of the line            ^E     End of the line
 ^Y     A page up                    ^V     A page down
 M-\\    First line                   M-/    Last line
 ^/     Go to a line and column      ^C     Where am I?
 M-]    The bracket that matches

 ^J     Fill the paragraph
 M-N    Line numbers on and off
 M-<    Previous file                M->    Next file
`.trimEnd();

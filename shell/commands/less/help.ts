/** The keys, in our own words (`h`). */
export const helpText = `
                   KEYS OF LESS

      A number N typed first repeats or counts.

  h  H                 This help.
  q  :q  Q  ZZ         Leave.
 ---------------------------------------------------------------------------

                            MOVING

  e  j  ^N  Return  Down     One line forward (or N).
  y  k  ^P  Up               One line back (or N).
  f  Space  ^F  PageDown     One screen forward (or N lines).
  b  ^B  PageUp              One screen back (or N lines).
  d  ^D                      Half a screen forward (N sets how many lines).
  u  ^U                      Half a screen back (N sets how many lines).
  g  <  Home                 First line (or line N).
  G  >  End                  Last line (or line N).
  p  %                       To N percent of the file.
  Left  Right                Half a screen to the side (or N columns).
  F                          To the end, and wait for more; ^C stops waiting.
  r  ^L                      Paint the screen again.
 ---------------------------------------------------------------------------

                          SEARCHING

  /pattern                   Forward to the N-th line that matches.
  ?pattern                   Back to the N-th line that matches.
  /!pattern                  Lines that do not match.
  n  N                       Again, in the same or the other direction.
  &pattern                   Show only lines that match; & alone: all.
  ESC-u                      Marks of matches on and off.
 ---------------------------------------------------------------------------

                      MARKS, FILES, OPTIONS

  m letter   ' letter        Set a mark, return to it; '' to where one was.
  :n  :p  :e name            Next file, previous file, another file.
  =  ^G                      Name and place in the file.
  v                          Edit the file.
  -N  -S  -i  -R             Line numbers, chopped lines, case, colours.
`.slice(1);

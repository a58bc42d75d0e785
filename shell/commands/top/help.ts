/** The help screen of top, key by key as procps shows it: what is between marks is bold, or reversed. Read first: procps' top_nls.c. */
const rows = [
  '{Help for Interactive Commands} - procps-ng 4.0.2', 'Window <1:Def>: Cumulative mode {Off}.  <System>: Delay {DELAY secs}; Secure mode {Off}.', '',
  "{  Z},{B},E,e   Global: '{Z}' colors; '{B}' bold; '{E}'/'{e}' summary/task memory scale", "  l,t,m,I   Toggle: '{l}' load avg; '{t}' task/cpu; '{m}' memory; '{I}' Irix mode", "  0,1,2,3,4 Toggle: '{0}' zeros; '{1}/{2}/{3}' cpu/numa views; '{4}' cpus two abreast",
  "  f,X       Fields: '{f}' add/remove/order/sort; '{X}' increase fixed-width fields", '', "  L,&,<,> . Locate: '{L}'/'{&}' find/again; Move sort column: '{<}'/'{>}' left/right", "  R,H,J,C . Toggle: '{R}' Sort; '{H}' Threads; '{J}' Num justify; '{C}' Coordinates",
  "  c,i,S,j . Toggle: '{c}' Cmd name/line; '{i}' Idle; '{S}' Time; '{j}' Str justify", "{  x},{y}     . Toggle highlights: '{x}' sort field; '{y}' running tasks", "{  z},{b}     . Toggle: '{z}' color/mono; '{b}' bold/reverse (only if 'x' or 'y')",
  "  u,U,o,O . Filter by: '{u}'/'{U}' effective/any user; '{o}'/'{O}' other criteria", "  n,#,^O  . Set: '{n}'/'{#}' max tasks displayed; Show: {Ctrl}+'{O}' other filter(s)", "  V,v,F   . Toggle: '{V}' forest view; '{v}' hide/show children; '{F}' keep focused", '',
  "  d,k,r,^R '{d}' set delay; '{k}' kill; '{r}' renice; {Ctrl}+'{R}' renice autogroup", '  ^G,K,N,U  View: ctl groups {^G}; cmdline {^K}; environment {^N}; supp groups {^U}', "  W,Y,!,^E  Write cfg '{W}'; Inspect '{Y}'; Combine Cpus '{!}'; Scale time {^E}'", '  q         Quit',
  "          ( commands shown with '.' require a {visible} task display {window} ) ", "Press '{h}' or '{?}' for help with {Windows},", "Type 'q' or <Esc> to continue ",
];

export function helpRows(delayS: number): string[] {
  return rows.map((row) => row.replace('DELAY', delayS.toFixed(1)).replaceAll('{', '\x1b[1m').replaceAll('}', '\x1b[22m').replaceAll(/<(1:Def|System)>/g, '\x1b[7m$1\x1b[27m'));
}

/** Small wordings shared by the lesson's blocks. */

/** `otherwise`: what stands for a value that the lab does not have yet; left out, its placeholder does. */
export function fillLine(text: string, values: Readonly<Record<string, string | null>>, otherwise?: string): string {
  return text.replace(/\{\{([A-Za-z][\w.-]*)\}\}/g, (whole, name: string) => values[name] ?? otherwise ?? whole);
}

/** The same command however it is spaced or commented. */
export function sameLine(a: string, b: string): boolean {
  const squeeze = (line: string): string => line.replace(/\s#.*$/, '').trim().replace(/\s+/g, ' ');
  return squeeze(a) !== '' && squeeze(a) === squeeze(b);
}

/** Of lab time, not of yours: a paused clock makes nothing older. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

/** `ctrl-a` as people read it: Ctrl A. */
export function chordText(keys: readonly string[]): string[] {
  return keys.map((key) => (key.startsWith('ctrl-') ? `Ctrl ${key.slice(5).toUpperCase()}` : key.length === 1 ? key.toUpperCase() : `${key[0]!.toUpperCase()}${key.slice(1)}`));
}

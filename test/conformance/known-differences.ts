/** Recorded steps the simulator does not reproduce yet: `case step` and why. */
export const knownDifferences: Readonly<Record<string, string>> = {};

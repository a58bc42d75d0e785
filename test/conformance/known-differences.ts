/** Recorded steps the simulator does not reproduce, on purpose or not yet: `case step` and why. */
export const knownDifferences: Readonly<Record<string, string>> = {
  'link-veth 1': 'the recording machine was itself behind a veth, which `type veth` lists; a cloud machine\'s eth0 is none',
  'link-veth 7': 'as link-veth 1',
};

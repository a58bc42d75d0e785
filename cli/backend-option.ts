/** `--backend simulator|linux`, for every command that opens labs. */
const backends = ['simulator', 'linux'] as const;
export type BackendName = (typeof backends)[number];

export function takeBackend(words: readonly string[]): { backend: BackendName; args: string[]; problem?: string } {
  const at = words.indexOf('--backend');
  if (at < 0) return { backend: 'simulator', args: [...words] };
  const args = words.filter((_, index) => index !== at && index !== at + 1);
  const backend = backends.find((name) => name === words[at + 1]);
  return backend === undefined ? { backend: 'simulator', args, problem: `--backend wants ${backends.join(' or ')}, found ${words[at + 1] ?? 'nothing'}` } : { backend, args };
}

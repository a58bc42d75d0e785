/** Amounts as Kubernetes writes them: 100m, 1.5, 64Mi, 2G (apimachinery/pkg/api/resource/quantity.go). */

const FACTOR: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** In the base unit (cores, bytes, pieces); 0 for what is absent. The API server has refused anything that is no quantity. */
export function quantity(text: string | number | undefined): number {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(text ?? '0'));
  return match === null ? 0 : Number(match[1]) * (FACTOR[match[2]!] ?? 0);
}

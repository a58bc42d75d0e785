/** IPv4 blocks as kube-proxy needs them. */

/** False for what is no address or no block. */
export function inCidr(address: string, block: string): boolean {
  const [network = '', length = '32'] = block.split('/');
  const [left, right, bits] = [number(address), number(network), Number(length)];
  if (left === undefined || right === undefined || !(bits >= 0 && bits <= 32)) return false;
  return bits === 0 || (left ^ right) >>> (32 - bits) === 0;
}

export function isLoopback(address: string): boolean {
  return inCidr(address, '127.0.0.0/8');
}

function number(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

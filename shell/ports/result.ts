/** Results and errno names of system calls (simulator/result.ts). */
export { done, fail, ok } from '../../simulator/result.ts';
export type { Errno, Result } from '../../simulator/result.ts';

// https://vitest.dev/guide/projects
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const anywhere = [...configDefaults.exclude, 'dist/**', 'coverage/**'];
/** What is awaited comes at once, but not on every machine within vitest's one second. */
const patient = { poll: { timeout: 30_000 } };
/** Browsers and real kernels keep their own time: what a busy machine broke is tried once more, and the report says so. */
const slow = { testTimeout: 240_000, hookTimeout: 120_000, retry: process.env.CI === undefined ? 0 : 1, expect: patient };

/**
 * What takes minutes begins first, so that at the end nobody waits for it alone: browsers, then the comparison with this kernel, which wants a machine that
 * is not too busy, beside what only computes.
 */
class LongestFirst extends BaseSequencer {
  private static readonly long = ['e2e/cluster-lessons', 'test/e2e/', 'real-linux.test', 'shipped-proof', 'kubectl-agrees', 'real-linux-sessions'];

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => LongestFirst.long.findIndex((part) => moduleId.includes(part)) + 1 || Infinity;
    return (await super.sort(files)).sort((one, other) => Math.sign(rank(one) - rank(other)) || 0);
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
    // One file a core: by itself vitest leaves a core free, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['**/*.test.ts'],
          exclude: [...anywhere, '**/*.svelte.test.ts', 'test/tidy*/**', 'test/tidy*', 'test/e2e/**', 'test/electron/**'],
          testTimeout: 60_000,
          expect: patient,
          // Files leave nothing behind them, and the product is read in once a worker instead of once a file.
          isolate: false,
        },
      },
      {
        plugins: [svelte({ configFile: false }), svelteTesting()],
        test: { name: 'jsdom', environment: 'jsdom', include: ['**/*.svelte.test.ts'], exclude: anywhere },
      },
      { test: { name: 'tidy', environment: 'node', include: ['test/tidy*.test.ts', 'test/tidy/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'e2e', environment: 'node', include: ['test/e2e/**/*.test.ts'], ...slow, isolate: false } },
      { test: { name: 'electron', environment: 'node', include: ['test/electron/**/*.test.ts'], ...slow, testTimeout: 120_000 } },
    ],
  },
});

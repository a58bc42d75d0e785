// https://eslint.org/docs/latest/use/configure/configuration-files
// What leaks the host into a pure room is banned by saying what to use instead: docs/ARCHITECTURE.md, "Time, chance and replay".
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import { pureRoomNames } from './build/rooms.mjs';

const pureFiles = pureRoomNames.map((name) => `${name}/**/*.ts`);

const clock = 'time comes from the world: take `nowUs`/`nowMs` as an argument, or ask world.now().';
const timers = 'wait with a world primitive (sleep, wait, read) or schedule an event on the world, so that a replay waits alike.';
const locale = 'the answer depends on the host. Compare code units (a < b), format by own code.';
const globalBans = {
  Date: clock,
  performance: clock,
  Temporal: clock,
  crypto: 'dice come from the world: take `dice` as an argument. A digest is own code or goes through world.hold().',
  setTimeout: timers, setInterval: timers, setImmediate: timers, clearTimeout: timers, clearInterval: timers,
  requestAnimationFrame: timers, requestIdleCallback: timers,
  queueMicrotask: 'microtasks are not counted in virtual time: await a world primitive.',
  Intl: locale,
  process: 'there is no Node in a pure room: hand the value in from host/ or cli/.',
  Buffer: 'use Uint8Array and simulator/bytes.ts.',
  require: 'write an import.',
  console: 'a pure room has no console: return a value, throw, or emit a trace event.',
  fetch: 'nothing leaves the machine: files arrive as text, handed in by labs/.',
  navigator: 'there is no browser in a pure room.',
  document: 'there is no page in a pure room.',
  window: 'there is no page in a pure room.',
  btoa: 'use base64 of simulator/bytes.ts.',
  atob: 'use base64 of simulator/bytes.ts.',
  WeakRef: 'collection times differ from run to run: own the value.',
  FinalizationRegistry: 'collection times differ from run to run: close things explicitly.',
};
const propertyBans = [
  { object: 'Math', property: 'random', message: 'Dice come from the world: take `dice` as an argument.' },
  ...['Date', 'performance', 'crypto', 'setTimeout', 'setInterval', 'Intl', 'Buffer', 'process'].map((property) => ({ object: 'globalThis', property, message: globalBans[property] })),
  ...['localeCompare', 'toLocaleString', 'toLocaleUpperCase', 'toLocaleLowerCase', 'toLocaleDateString', 'toLocaleTimeString']
    .map((property) => ({ property, message: `${property}: ${locale}` })),
];
const syntaxBans = [
  {
    selector: String.raw`Literal[regex.pattern=/\\[pP]\{/]`,
    message: String.raw`\p{} follows the Unicode tables of the host's engine. Use the width table of the project, or explicit ranges.`,
  },
  {
    selector: "NewExpression[callee.name='Date']", message: `Date: ${clock}`,
  },
  {
    selector: 'ImportExpression', message: 'A dynamic import finishes when the host pleases: import at the top, or load it before the first prompt and hand it in.',
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '**/generated/**', 'courses/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-condition': ['error', { checkLoops: false }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // The compiler itself knows which of its warnings were ignored in vain, and reads a reason after the code.
      'svelte/no-unused-svelte-ignore': 'off',
      // Most maps and sets in state modules are indexes that nothing draws.
      'svelte/prefer-svelte-reactivity': 'off',
      // A page's text comes sanitised from labs/course; the one component that draws it says so.
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    files: pureFiles,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...Object.entries(globalBans).map(([name, message]) => ({ name, message: `${name}: ${message}` }))],
      'no-restricted-properties': ['error', ...propertyBans],
      'no-restricted-syntax': ['error', ...syntaxBans],
    },
  },
  {
    // A promise nobody awaits finishes when the host pleases, and its failure is heard by nobody. `void` says it is meant.
    files: [...['machine', 'grading', 'shell', 'labs', 'host', 'cli', 'electron'].map((name) => `${name}/**/*.ts`), 'test/**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);

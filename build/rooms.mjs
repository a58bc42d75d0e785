/**
 * The rooms of the house: who may import whom. This one table feeds the TypeScript projects (build/types.mjs),
 * dependency-cruiser (build/dependency-cruiser.mjs), ESLint (eslint.config.mjs) and the tidy test.
 * docs/ARCHITECTURE.md says what each room is for and what it must never know.
 *
 * @typedef {object} Door  a folder of the room with its own, wider or narrower, list
 * @property {string} folder  path from the root, no trailing slash, or one file
 * @property {readonly string[]} uses
 * @property {readonly string[]} [packages]
 * @property {boolean} [node]
 *
 * @typedef {object} Room
 * @property {string} name  the folder at the root
 * @property {boolean} pure  no Node, no DOM, no clock, no chance: runs alike in a worker, in Node and in a test
 * @property {readonly string[]} uses  other rooms
 * @property {readonly string[]} packages  npm packages
 * @property {boolean} [node]  may import Node's own modules
 * @property {boolean} [dom]  compiled with the DOM library
 * @property {readonly Door[]} [doors]
 * @property {string} instead  what to do when something is missing here
 */

const markdown = ['unified', 'remark-parse', 'remark-gfm', 'remark-directive', 'remark-rehype', 'rehype-sanitize', 'rehype-stringify',
  'mdast', 'hast', 'unist', 'mdast-util-directive', 'mdast-util-to-hast', 'hast-util-sanitize', 'vfile'];

const pureRooms = ['simulator', 'contracts', 'machine', 'kube', 'cloud', 'grading', 'shell', 'labs'];

/** @type {readonly Room[]} */
export const rooms = [
  {
    name: 'simulator', pure: true, uses: [], packages: [],
    instead: 'The simulator is the ground floor. Declare the type you need here and let labs/ map it to contracts/.',
  },
  {
    name: 'contracts', pure: true, uses: [], packages: ['zod'],
    instead: 'A contract is a value of its own: describe the shape with zod instead of importing an implementation.',
  },
  {
    name: 'machine', pure: true, uses: ['simulator', 'contracts'], packages: [],
    instead: 'A machine does not know which programs exist: programs arrive as a table, wired in labs/.',
  },
  {
    name: 'kube', pure: true, uses: ['contracts'], packages: ['yaml', 'kubernetes-types', 'zod'],
    doors: [{ folder: 'kube/node', uses: ['contracts', 'simulator', 'machine'] }],
    instead: 'Only kube/node/ touches a machine; the cloud comes in through the CloudProvider port, wired in labs/.',
  },
  {
    name: 'cloud', pure: true, uses: ['contracts', 'simulator', 'machine'], packages: ['zod'],
    instead: 'The cloud knows instances and networks, not clusters: kube/ declares CloudProvider, labs/ wires the two.',
  },
  {
    name: 'grading', pure: true, uses: ['contracts'], packages: ['zod', 'yaml'],
    instead: 'Grading sees a lab only through an Observer: add the question to contracts/observer.ts.',
  },
  {
    name: 'shell', pure: true, uses: ['contracts', 'machine'], packages: ['unbash', 'jq-wasm', '@xterm/headless', 'yaml'],
    doors: [{ folder: 'shell/ports', uses: ['contracts', 'machine', 'simulator', 'kube', 'cloud'] }],
    instead: 'A tool reaches the kernel, the cluster and the cloud through a port in shell/ports/, as narrow as the system calls the real tool makes.',
  },
  {
    name: 'labs', pure: true, uses: ['contracts', 'simulator', 'machine', 'kube', 'cloud', 'shell', 'grading'],
    packages: ['zod', 'yaml', '@xterm/headless', ...markdown],
    instead: 'Labs run in a worker as well as in Node: files arrive as text, Node services live in host/.',
  },
  {
    name: 'host', pure: false, node: true, uses: ['contracts', 'labs', 'grading'],
    packages: ['node-pty', 'node-sqlite3-wasm', 'ws', 'yaml', 'zod'],
    doors: [{ folder: 'host/apiserver', uses: ['kube'] }],
    instead: 'Host offers Node services behind contracts/; windows are electron/, pages are renderer/.',
  },
  {
    name: 'cli', pure: false, node: true, uses: [...pureRooms, 'host'], packages: ['yaml', 'zod', 'esbuild'],
    instead: 'The command line uses host/ and the rooms below; it opens no window.',
  },
  {
    name: 'renderer', pure: false, dom: true, uses: ['contracts'],
    packages: ['svelte', '@xterm/xterm', '@xterm/addon-fit', '@xterm/addon-search', '@xterm/addon-unicode11',
      '@xterm/addon-web-links', '@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono', '@lucide/svelte', 'bits-ui',
      'paneforge', 'dompurify', 'yaml', 'zod', 'vite'],
    doors: [{ folder: 'renderer/worker', uses: ['contracts', 'labs'], packages: [] }],
    instead: 'A page knows contracts/ only: ask through the Transport; the worker in renderer/worker/ is the one that holds labs.',
  },
  {
    name: 'electron', pure: false, node: true, uses: ['contracts', 'host'], packages: ['electron', 'zod'],
    doors: [{ folder: 'electron/preload.ts', uses: ['contracts'], packages: ['electron'], node: false }],
    instead: 'Electron is wiring: services live in host/, and the preload knows contracts/ only.',
  },
];

/** Folders that may import anything and that nobody imports. */
export const tools = ['build', 'test'];

/** Files that are run or loaded by name, not imported: where reachability begins (the tidy test). */
export const entries = [
  'cli/podwire.ts',
  'electron/main.ts',
  'electron/preload.ts',
  'renderer/main.ts',
  'renderer/worker/lab-worker.ts',
];

export const pureRoomNames = rooms.filter((room) => room.pure).map((room) => room.name);

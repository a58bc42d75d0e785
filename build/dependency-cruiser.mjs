// https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md
// Rules made from the table in rooms.mjs; `npm run check` runs them.
import { builtinModules } from 'node:module';
import { rooms, tools } from './rooms.mjs';

const tests = String.raw`\.test\.ts$`;
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
const inside = (folder) => (folder.endsWith('.ts') ? `^${escape(folder)}$` : `^${escape(folder)}/`);
const anyRoom = `^(${[...rooms.map((room) => room.name), ...tools].join('|')})/`;
const builtin = `^(node:|(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$)`;

/** What a folder may import: one rule for rooms, one for packages, one for Node. */
function fence({ name, from, fromNot = [], uses, packages, node, instead }) {
  const source = { path: from, pathNot: [tests, ...fromNot] };
  const own = name.split('/')[0];
  const allowedRooms = [own, ...uses].map((room) => inside(room));
  const allowedPackages = packages.map((pkg) => `(^|/)node_modules/(@types/)?${escape(pkg)}(/|$)`);
  const list = (names) => (names.length === 0 ? 'nothing' : names.join(', '));
  const rules = [
    {
      name: `${name}: rooms`,
      comment: `${name} may import ${list([...uses])}. ${instead}`,
      severity: 'error', from: source,
      to: { path: anyRoom, pathNot: allowedRooms },
    },
    {
      name: `${name}: packages`,
      comment: `${name} may use the packages ${list(packages)}. ${instead} A new package is a line in build/rooms.mjs and a decision.`,
      severity: 'error', from: source,
      to: {
        path: '(^|/)node_modules/', pathNot: allowedPackages,
      },
    },
    {
      name: `${name}: unresolvable`,
      comment: 'This import does not resolve: imports are relative paths with their .ts extension, or packages of package.json.',
      severity: 'error', from: source, to: { couldNotResolve: true, pathNot: [String.raw`\?(worker|url|raw)`, ...allowedPackages, ...packages.map((pkg) => `^${escape(pkg)}(/|$)`)] },
    },
  ];
  if (!node) {
    rules.push({
      name: `${name}: no Node`,
      comment: `${name} runs where there is no Node. ${instead}`,
      severity: 'error', from: source, to: { path: builtin },
    });
  }
  return rules;
}

const fences = rooms.flatMap((room) => [
  ...fence({ ...room, node: room.node === true, from: inside(room.name), fromNot: (room.doors ?? []).map((door) => inside(door.folder)) }),
  ...(room.doors ?? []).flatMap((door) => fence({
    name: door.folder, from: inside(door.folder), uses: door.uses,
    packages: [...(door.packages ?? room.packages)], node: door.node ?? room.node === true, instead: room.instead,
  })),
]);

export default {
  forbidden: [
    ...fences,
    {
      name: 'nobody imports tests or tools',
      comment: 'build/ and test/ stand outside the house, and a test is imported by nobody: move what is shared into a room.',
      severity: 'error',
      from: { path: `^(${rooms.map((room) => room.name).join('|')})/`, pathNot: [tests] },
      to: { path: [`^(${tools.join('|')})/`, tests] },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'svelte', 'default', 'node', 'types'], mainFields: ['module', 'main', 'types'] },
    cache: { folder: 'node_modules/.cache/dependency-cruiser', strategy: 'content' },
  },
};

/** find(1) of findutils 4.9: the walk. `expression.ts` has the tests and actions. Read first: find(1); fts(3). */
import { strerror } from '../../lib/errno.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { looksLikeExpression, parseExpression, FindError, NotSimulated, type Expression, type Item, type Walk } from './expression.ts';
import { findHelp } from './help.ts';

export const find = defineCommand({
  name: 'find', summary: 'search for files', package: 'findutils',
  run: async (call) => {
    const args = [...call.args];
    const walk: Walk = { call, follows: 'never', isPruned: false, isQuit: false, code: 0, warns: call.stdinIsTerminal };
    for (; /^-[HLPD]$|^-O\d|^--$/.test(args[0] ?? ''); args.shift()) {
      if (args[0] === '-D') return notSimulated(call, 'option -D');
      if (/^-[HLP]$/.test(args[0]!)) walk.follows = args[0] === '-L' ? 'always' : args[0] === '-H' ? 'arguments' : 'never';
      if (args[0] === '--') {
        args.shift();
        break;
      }
    }
    const roots: string[] = [];
    while (args.length > 0 && !looksLikeExpression(args[0]!, true)) roots.push(args.shift()!);
    let expression: Expression;
    try {
      expression = parseExpression(args, walk);
    } catch (problem) {
      if (problem instanceof NotSimulated) return notSimulated(call, problem.message);
      if (!(problem instanceof FindError)) throw problem;
      for (const line of problem.message.split('\n')) call.err(`find: ${line}`);
      return 1;
    }
    if (expression.shows !== undefined) {
      call.out(expression.shows === 'version' ? 'find (GNU findutils) 4.9.0' : findHelp);
      return 0;
    }
    for (const root of roots.length === 0 ? ['.'] : roots) await visitRoot(walk, expression, root);
    await expression.finish();
    return walk.code;
  },
});

function complain(walk: Walk, text: string): void {
  walk.call.err(`find: ${text}`);
  walk.code = 1;
}

function stat(walk: Walk, path: string, depth: number): ReturnType<Invocation['sys']['stat']> {
  const { sys } = walk.call;
  const follows = walk.follows === 'always' || (walk.follows === 'arguments' && depth === 0);
  const found = sys.stat(path, follows);
  return !found.ok && follows ? sys.stat(path, false) : found;
}

async function visitRoot(walk: Walk, expression: Expression, root: string): Promise<void> {
  const name = root.replace(/\/+$/, '').replace(/^.*\//, '') || root;
  await visit(walk, expression, { path: root, name, depth: 0, root, parents: [] });
}

interface Place { readonly path: string; readonly name: string; readonly depth: number; readonly root: string; readonly parents: readonly Item[] }

async function visit(walk: Walk, expression: Expression, place: Place): Promise<void> {
  if (walk.isQuit) return;
  const { path, depth, root, parents } = place;
  const found = stat(walk, path, depth);
  if (!found.ok) return complain(walk, `‘${path}’: ${strerror(found.error)}`);
  const item: Item = { path, name: place.name, depth, root, stat: found.value };
  const isDirectory = found.value.kind === 'directory';
  const loop = isDirectory && walk.follows === 'always' ? parents.find((parent) => parent.stat.inode === found.value.inode && parent.stat.device === found.value.device) : undefined;
  if (loop !== undefined) return complain(walk, `File system loop detected; ‘${path}’ is part of the same file system loop as ‘${loop.path}’.`);
  walk.isPruned = false;
  if (!expression.isDepthFirst) await judge(walk, expression, item);
  const isElsewhere = expression.staysOnDevice && parents.length > 0 && parents[0]!.stat.device !== found.value.device;
  if (isDirectory && depth < expression.maximum && !isElsewhere && !walk.isPruned && !walk.isQuit) {
    const names = walk.call.sys.list(path);
    if (!names.ok) complain(walk, `‘${path}’: ${strerror(names.error)}`);
    else for (const name of names.value) await visit(walk, expression, { path: path.endsWith('/') ? `${path}${name}` : `${path}/${name}`, name, depth: depth + 1, root, parents: [...parents, item] });
  }
  if (expression.isDepthFirst) await judge(walk, expression, item);
  await walk.call.flush();
}

async function judge(walk: Walk, expression: Expression, item: Item): Promise<void> {
  if (item.depth < expression.minimum || walk.isQuit) return;
  const isFound = await expression.test(item);
  if (expression.isDepthFirst) walk.isPruned = false;
  if (isFound && !expression.hasAction && !walk.isQuit) walk.call.out(item.path);
}

/** declare, local, export, readonly, unset. Read first: help declare, bash's builtins/declare.def */
import type { Shell } from '../shell.ts';
import type { Assignment } from '../ast.ts';
import { assignElements } from '../assign.ts';
import { parseProgram } from '../parse.ts';
import { ShellError } from '../errors.ts';
import { expandIndex } from '../expand.ts';
import { declareText } from '../parameter.ts';
import { quoteIfNeeded } from '../escapes.ts';
import { IndexedArray, VALID_NAME, isSet, scalarOf } from '../variables.ts';
import type { Variable } from '../variables.ts';
import { dynamicVariables } from '../dynamic.ts';
import type { BuiltinCall } from './index.ts';
import { parseOptions } from './options.ts';

interface Plan { readonly on: ReadonlySet<string>; readonly off: ReadonlySet<string>; readonly scope: Map<string, Variable> | undefined; readonly label: string }

export async function declareBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, call.name, args, 'aAfFgiIlnrtuxpc', `${call.name} [-aAfFgiIlnrtux] [name[=value] ...] or ${call.name} -p [-aAfFilnrtux] [name ...]`, true);
  if (options === undefined) return 2;
  const on = new Set(options.all.filter(({ sign }) => sign === '-').map(({ letter }) => letter));
  const off = new Set(options.all.filter(({ sign }) => sign === '+').map(({ letter }) => letter));
  const names = options.rest;
  const shaped = call.shaped.slice(args.length - names.length);
  if (on.has('f') || on.has('F')) return declareFunctions(shell, on, names, call.name);
  if (on.has('p') || names.length === 0) return show(shell, on, names, call.name, names.length === 0 && !on.has('p'));
  return declare(shell, names, shaped, { on, off, scope: on.has('g') ? shell.globals : shell.localScope(), label: call.name });
}

export async function localBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  const scope = shell.localScope();
  if (scope === undefined) {
    await shell.error('local: can only be used in a function');
    return 1;
  }
  const options = await parseOptions(shell, 'local', args, 'aAfFgiIlnrtuxpc', 'local [option] name[=value] ...', true);
  if (options === undefined) return 2;
  const on = new Set(options.all.filter(({ sign }) => sign === '-').map(({ letter }) => letter));
  const off = new Set(options.all.filter(({ sign }) => sign === '+').map(({ letter }) => letter));
  if (options.rest.length === 0) {
    for (const name of [...scope.keys()].sort()) {
      const variable = scope.get(name)!;
      shell.out(`${declareText(name, variable)}\n`);
    }
    return 0;
  }
  if (options.rest.includes('-')) shell.localOptions = { letters: new Set(shell.options.setNames()) };
  const names = options.rest.filter((name) => name !== '-');
  const shaped = call.shaped.slice(args.length - options.rest.length).filter((_entry, index) => options.rest[index] !== '-');
  return declare(shell, names, shaped, { on, off, scope, label: 'local' });
}

export async function exportBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, 'export', args, 'fnp', 'export [-fn] [name[=value] ...] or export -p');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  if (rest.length === 0) return show(shell, new Set(['x', 'p']), [], 'export', false);
  if (flags.has('f')) {
    let status = 0;
    for (const name of rest) {
      const entry = shell.functions.get(name);
      if (entry === undefined) {
        await shell.error(`export: ${name}: not a function`);
        status = 1;
      } else shell.functions.set(name, { ...entry, isExported: !flags.has('n') });
    }
    return status;
  }
  const set = new Set(['x']);
  return declare(shell, rest, call.shaped.slice(args.length - rest.length), { on: flags.has('n') ? new Set() : set, off: flags.has('n') ? set : new Set(), scope: undefined, label: 'export' });
}

export async function readonlyBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, 'readonly', args, 'aAfp', 'readonly [-aAf] [name[=value] ...] or readonly -p');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  if (flags.has('f')) {
    for (const name of rest) {
      const entry = shell.functions.get(name);
      if (entry !== undefined) shell.functions.set(name, { ...entry, isReadOnly: true });
    }
    return 0;
  }
  if (rest.length === 0) return show(shell, new Set(['r', 'p', ...(flags.has('a') ? ['a'] : []), ...(flags.has('A') ? ['A'] : [])]), [], 'readonly', false);
  return declare(shell, rest, call.shaped.slice(args.length - rest.length), { on: new Set(['r', ...(flags.has('a') ? ['a'] : []), ...(flags.has('A') ? ['A'] : [])]), off: new Set(), scope: undefined, label: 'readonly' });
}

async function declare(shell: Shell, words: readonly string[], shaped: readonly (Assignment | undefined)[], plan: Plan): Promise<number> {
  let status = 0;
  for (const [i, word] of words.entries()) {
    try {
      if (!(await declareOne(shell, word, shaped[i], plan))) status = 1;
    } catch (thrown) {
      if (!(thrown instanceof ShellError) || thrown.effect === 'exit') throw thrown;
      if (thrown.effect === 'abandon') {
        thrown.message = `${plan.label}: ${thrown.message ?? ''}`;
        throw thrown;
      }
      if (thrown.message !== undefined) await shell.error(thrown.message.endsWith('readonly variable') && plan.label !== 'export' && plan.label !== 'readonly' ? `${plan.label}: ${thrown.message}` : thrown.message);
      status = thrown.status;
    }
  }
  return status;
}

async function declareOne(shell: Shell, word: string, shape: Assignment | undefined, plan: Plan): Promise<boolean> {
  const { on, off, scope, label } = plan;
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[((?:[^\]\\]|\\.|\[[^\]]*\])*)\])?(?:(\+?=)([\s\S]*))?$/.exec(word);
  if (match === null) {
    await shell.error(`${label}: \`${word}': not a valid identifier`);
    return false;
  }
  const [, given = '', index, operator, text = ''] = match;
  if (index !== undefined && (label === 'export' || label === 'readonly')) {
    await shell.error(`${label}: \`${given}[${index}]': not a valid identifier`);
    return false;
  }
  const append = operator === '+=';
  const follows = !on.has('n') && !off.has('n') && !(scope !== undefined && !scope.has(given));
  const { name, index: refIndex } = follows ? shell.resolveName(given) : { name: given, index: undefined };
  const previous = scope === undefined ? shell.rawVariable(name) : scope.get(name);
  const isNewLocal = scope !== undefined && scope !== shell.globals && !scope.has(name);
  if (isNewLocal && shell.rawVariable(name)?.isReadOnly === true && shell.locals.some((entry) => entry.variables === scope)) {
    const outer = shell.globals.get(name);
    if (outer?.isReadOnly === true) throw new ShellError(`${name}: readonly variable`);
  }
  if (previous?.isReadOnly === true && (operator !== undefined || off.has('r') || on.has('a') && previous.indexed === undefined || on.has('A') && previous.associative === undefined)) throw new ShellError(`${name}: readonly variable`);
  if (previous?.indexed !== undefined && on.has('A')) {
    await shell.error(`${label}: ${name}: cannot convert indexed to associative array`);
    return false;
  }
  if (previous?.associative !== undefined && on.has('a')) {
    await shell.error(`${label}: ${name}: cannot convert associative to indexed array`);
    return false;
  }
  if (on.has('n') && (previous?.indexed ?? previous?.associative) !== undefined) {
    await shell.error(`${label}: ${name}: reference variable cannot be an array`);
    return false;
  }
  if (on.has('n') && operator !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*(?:\[.*\])?$/s.test(text) && text !== '') {
    await shell.error(`${label}: \`${text}': invalid variable name for name reference`);
    return false;
  }
  if (on.has('n') && text === given && operator !== undefined && scope === undefined) {
    await shell.error(`${label}: ${given}: nameref variable self references not allowed`);
    return false;
  }
  if ((label === 'export' || label === 'readonly') && operator === undefined && dynamicVariables.has(name) && previous === undefined) return true;
  // A local takes over the value of a temporary assignment before the call.
  const temporary = isNewLocal ? shell.locals.findLast((entry) => entry.isTemporary && entry.variables.has(name))?.variables.get(name) : undefined;
  const inherits = isNewLocal && (shell.options.shopt('localvar_inherit') || on.has('I')) ? shell.rawVariable(name) : undefined;
  const variable = shell.own(name, scope ?? ownScope(shell, name));
  if (temporary !== undefined && operator === undefined) {
    variable.value = temporary.value;
    variable.isExported = true;
  }
  if (inherits !== undefined) {
    variable.value = inherits.value;
    variable.indexed = inherits.indexed?.clone();
    variable.associative = inherits.associative === undefined ? undefined : new Map(inherits.associative);
    variable.isExported = inherits.isExported;
    variable.isInteger = inherits.isInteger;
    variable.letterCase = inherits.letterCase;
  }
  if (isNewLocal && inherits === undefined) {
    const outer = shell.globals.get(name);
    if (outer?.isExported === true && operator !== undefined) variable.isExported = outer.isExported;
  }
  if (on.has('A') && variable.associative === undefined) {
    variable.associative = new Map(variable.value === undefined ? [] : [['0', variable.value]]);
    variable.value = undefined;
    variable.isBare = true;
  }
  const makesArray = on.has('a') || (index !== undefined && operator !== undefined && variable.associative === undefined && label !== 'export');
  if (makesArray && variable.indexed === undefined && variable.associative === undefined) {
    variable.indexed = new IndexedArray(variable.value === undefined ? [] : [variable.value]);
    variable.value = undefined;
    variable.isBare = true;
  }
  if (on.has('i')) variable.isInteger = true;
  if (off.has('i')) variable.isInteger = false;
  if (on.has('l')) variable.letterCase = 'lower';
  if (on.has('u')) variable.letterCase = on.has('l') ? 'as-is' : 'upper';
  if (on.has('c')) variable.letterCase = 'capital';
  if ((off.has('l') && variable.letterCase === 'lower') || (off.has('u') && variable.letterCase === 'upper') || (off.has('c') && variable.letterCase === 'capital')) variable.letterCase = 'as-is';
  if (on.has('n')) {
    variable.isNameref = true;
    variable.indexed = undefined;
  }
  if (off.has('n')) variable.isNameref = false;
  if (operator !== undefined) {
    if (shape?.elements !== undefined) {
      if (index !== undefined) throw new ShellError(`${name}[${index}]: cannot assign list to array member`);
      await assignElements(shell, name, shape.elements, append, scope ?? ownScope(shell, name));
    } else if (on.has('n')) variable.value = text;
    else if (shape === undefined && text.startsWith('(') && text.endsWith(')') && (variable.indexed !== undefined || variable.associative !== undefined) && index === undefined) {
      // declare -a "x=(1 2)": the text is read as a list, as bash still does.
      const parsed = parseProgram(`x=${text}`).items[0]?.command;
      const elements = parsed?.kind === 'simple' ? parsed.assignments[0]?.elements : undefined;
      if (elements !== undefined) await assignElements(shell, name, elements, append, scope ?? ownScope(shell, name));
      else shell.setElement(variable, name, undefined, text, append);
    } else {
      const key = index === undefined ? refIndex : await expandIndex(shell, name, index);
      shell.setElement(variable, name, key, text, append);
    }
  }
  if (on.has('x') || (shell.options.allexport && operator !== undefined && variable.indexed === undefined && variable.associative === undefined)) variable.isExported = true;
  if (off.has('x')) variable.isExported = false;
  if (on.has('r')) variable.isReadOnly = true;
  if (on.has('t')) variable.isTraced = true;
  if (off.has('t')) variable.isTraced = false;
  shell.options.watch?.(shell, name);
  return true;
}

/** The scope a name already lives in. */
function ownScope(shell: Shell, name: string): Map<string, Variable> {
  for (let i = shell.locals.length - 1; i >= 0; i -= 1) if (shell.locals[i]!.variables.has(name)) return shell.locals[i]!.variables;
  return shell.globals;
}

export function plainText(name: string, variable: Variable): string {
  if (variable.indexed !== undefined || variable.associative !== undefined) return declareText(name, variable).replace(/^declare -\S+ /, '');
  return `${name}=${quoteIfNeeded(scalarOf(variable) ?? '')}`;
}

async function show(shell: Shell, on: ReadonlySet<string>, names: readonly string[], label: string, plain: boolean): Promise<number> {
  let status = 0;
  const fits = (variable: Variable): boolean => (!on.has('a') || variable.indexed !== undefined) && (!on.has('A') || variable.associative !== undefined) && (!on.has('i') || variable.isInteger) && (!on.has('r') || variable.isReadOnly)
    && (!on.has('x') || variable.isExported) && (!on.has('n') || variable.isNameref) && (!on.has('l') || variable.letterCase === 'lower') && (!on.has('u') || variable.letterCase === 'upper') && (!on.has('t') || variable.isTraced);
  if (names.length === 0) {
    const asDeclare = !plain || [...on].some((letter) => letter !== 'p');
    for (const name of shell.names()) {
      const variable = shell.rawVariable(name)!;
      if (!fits(variable)) continue;
      if (asDeclare) shell.out(`${declareText(name, variable)}\n`);
      else if (isSet(variable)) shell.out(`${plainText(name, variable)}\n`);
    }
    if (!asDeclare) for (const name of [...shell.functions.keys()].sort()) shell.out(`${shell.functions.get(name)!.source}\n`);
    return 0;
  }
  for (const name of names) {
    const variable = shell.rawVariable(name);
    const dynamic = variable === undefined ? shell.get(name) : undefined;
    if (variable !== undefined) shell.out(`${declareText(name, variable)}\n`);
    else if (dynamic !== undefined) {
      const list = shell.dynamicList(name);
      shell.out(list === undefined ? `declare -- ${name}="${dynamic}"\n` : `declare -a ${name}=(${list.map((value, index) => `[${index}]="${value}"`).join(' ')})\n`);
    } else {
      await shell.error(`${label}: ${name}: not found`);
      status = 1;
    }
  }
  return status;
}

async function declareFunctions(shell: Shell, on: ReadonlySet<string>, names: readonly string[], label: string): Promise<number> {
  const list = names.length === 0 ? [...shell.functions.keys()].sort() : names;
  let status = 0;
  for (const name of list) {
    const entry = shell.functions.get(name);
    if (entry === undefined) {
      if (name.includes('=')) await shell.error(`${label}: cannot use \`-f' to make functions`);
      status = 1;
      continue;
    }
    if (on.has('x') || on.has('r') || on.has('t')) {
      if (names.length > 0) {
        shell.functions.set(name, { ...entry, isExported: entry.isExported || on.has('x'), isReadOnly: entry.isReadOnly || on.has('r'), isTraced: entry.isTraced || on.has('t') });
        continue;
      }
      if ((on.has('x') && !entry.isExported) || (on.has('r') && !entry.isReadOnly)) continue;
    }
    if (on.has('F')) {
      const flags = `f${entry.isReadOnly ? 'r' : ''}${entry.isTraced ? 't' : ''}${entry.isExported ? 'x' : ''}`;
      shell.out(names.length === 0 ? `declare -${flags} ${name}\n` : shell.options.shopt('extdebug') ? `${name} ${entry.line} ${entry.file}\n` : `${name}\n`);
    } else shell.out(`${entry.source}\n`);
  }
  return status;
}

export async function unsetBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'unset', args, 'fvn', 'unset [-f] [-v] [-n] [name ...]');
  if (options === undefined) return 2;
  const { flags } = options;
  let status = 0;
  for (const word of options.rest) {
    if (flags.has('f')) {
      if (shell.functions.get(word)?.isReadOnly === true) {
        await shell.error(`unset: ${word}: cannot unset: readonly function`);
        status = 1;
      } else shell.functions.delete(word);
      continue;
    }
    const element = /^([A-Za-z_][A-Za-z0-9_]*)\[([\s\S]*)\]$/.exec(word);
    const name = element?.[1] ?? word;
    if (!VALID_NAME.test(name)) {
      await shell.error(`unset: \`${word}': not a valid identifier`);
      status = 1;
      continue;
    }
    const isNameref = shell.rawVariable(name)?.isNameref === true;
    const target = flags.has('n') || !isNameref ? { name, index: undefined } : shell.resolveName(name);
    const variable = shell.rawVariable(target.name);
    if (flags.has('n') && !isNameref) continue;
    if (variable === undefined && element === null && !flags.has('v') && !flags.has('n') && shell.functions.has(word)) {
      if (shell.functions.get(word)!.isReadOnly) {
        await shell.error(`unset: ${word}: cannot unset: readonly function`);
        status = 1;
      } else shell.functions.delete(word);
      continue;
    }
    if (element !== null && variable !== undefined && variable.indexed === undefined && variable.associative === undefined && element[2] !== '0') {
      await shell.error(`unset: ${name}: not an array variable`);
      status = 1;
      continue;
    }
    const index = element === null ? target.index : await expandIndex(shell, target.name, element[2]!);
    if (variable?.isReadOnly === true || !shell.unset(target.name, index)) {
      await shell.error(`unset: ${target.name}: cannot unset: readonly variable`);
      status = 1;
    }
  }
  return status;
}

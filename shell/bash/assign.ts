/** Assignment statements. Read first: bash(1) "PARAMETERS", "Arrays" */
import type { Shell } from './shell.ts';
import type { Assignment, Word } from './ast.ts';
import { quoteIfNeeded } from './escapes.ts';
import { ShellError } from './errors.ts';
import { expandIndex, expandText, expandWordInto } from './expand.ts';
import type { Variable } from './variables.ts';
import { IndexedArray } from './variables.ts';
import { endOfSubscript, parsePieces } from './word.ts';

/** Does it, and answers how `set -x` shows it. */
export async function assignNow(shell: Shell, assignment: Assignment, scope?: Map<string, Variable>): Promise<string> {
  const { name, append } = assignment;
  if (assignment.elements !== undefined) {
    if (assignment.index !== undefined) throw new ShellError(`${name}[${assignment.index}]: cannot assign list to array member`);
    await assignElements(shell, name, assignment.elements, append, scope);
    return assignment.text;
  }
  const value = await expandText(shell, parsePieces(assignment.value?.text ?? '', 'assignment'));
  const index = assignment.index === undefined ? undefined : await expandIndex(shell, name, assignment.index);
  if (index === '@' || index === '*') {
    if (shell.variable(name)?.associative === undefined) throw new ShellError(`${name}[${index}]: bad array subscript`);
  }
  shell.assign(name, index, value, append, scope);
  return `${name}${assignment.index === undefined ? '' : `[${assignment.index}]`}${append ? '+=' : '='}${quoteIfNeeded(value)}`;
}

/** name=(...) and name+=(...) */
export async function assignElements(shell: Shell, wanted: string, elements: readonly Word[], append: boolean, scope?: Map<string, Variable>): Promise<void> {
  const { name } = scope === undefined ? shell.resolveName(wanted) : { name: wanted };
  const existing = scope === undefined ? shell.rawVariable(name) : scope.get(name);
  if (existing?.isReadOnly === true) throw new ShellError(`${name}: readonly variable`);
  const isAssociative = existing?.associative !== undefined;
  const plan: { key: string | undefined; value: string; append: boolean }[] = [];
  for (const element of elements) {
    const keyed = splitElement(element.text);
    if (keyed !== undefined) {
      const key = isAssociative ? await expandText(shell, parsePieces(keyed.index, 'subscript')) : keyed.index;
      // bash 5.2 expands no tilde in the values of an associative list.
      plan.push({ key, value: await expandText(shell, parsePieces(keyed.value, isAssociative ? 'regex' : 'assignment')), append: keyed.append });
      continue;
    }
    const words: string[] = [];
    await expandWordInto(shell, element, words);
    for (const value of words) plan.push({ key: undefined, value, append: false });
  }
  const variable = shell.own(name, scope);
  variable.isBare = false;
  if (isAssociative) {
    const before = variable.associative!;
    if (!append) variable.associative = new Map();
    // Without any [key]= the words are keys and values in turn.
    if (plan.length > 0 && plan.every((entry) => entry.key === undefined)) {
      for (let i = 0; i < plan.length; i += 2) shell.setElement(variable, name, plan[i]!.value, plan[i + 1]?.value ?? '', false);
      return;
    }
    for (const entry of plan) {
      if (entry.key === undefined) {
        await shell.error(`${name}: ${entry.value}: must use subscript when assigning associative array`);
        continue;
      }
      if (entry.key === '') {
        await shell.error(`[${entry.key}]=${entry.value}: bad array subscript`);
        continue;
      }
      // In a fresh list += adds to what was there before the list.
      if (entry.append && !append) shell.setElement(variable, name, entry.key, (before.get(entry.key) ?? '') + entry.value, false);
      else shell.setElement(variable, name, entry.key, entry.value, entry.append);
    }
    return;
  }
  if (!append) {
    variable.indexed = new IndexedArray();
    variable.value = undefined;
  } else if (variable.indexed === undefined) {
    variable.indexed = new IndexedArray(variable.value === undefined ? [] : [variable.value]);
    variable.value = undefined;
  }
  let next = append ? variable.indexed.end : 0;
  for (const entry of plan) {
    if (entry.key !== undefined) {
      next = Number(shell.arithmetic(await expandText(shell, parsePieces(entry.key, 'arithmetic')), 'abandon'));
      if (next < 0) next += variable.indexed.end;
      if (next < 0) {
        await shell.error(`[${entry.key}]=${entry.value}: bad array subscript`);
        continue;
      }
    }
    shell.setElement(variable, name, String(next), entry.value, entry.append);
    next += 1;
  }
}

/** `[key]=value` */
export function splitElement(text: string): { index: string; value: string; append: boolean } | undefined {
  if (!text.startsWith('[')) return undefined;
  const end = endOfSubscript(text, 1);
  if (end === undefined) return undefined;
  const rest = text.slice(end);
  if (rest.startsWith('+=')) return { index: text.slice(1, end - 1), value: rest.slice(2), append: true };
  return rest.startsWith('=') ? { index: text.slice(1, end - 1), value: rest.slice(1), append: false } : undefined;
}

/** mapfile, readarray. Read first: help mapfile */
import type { Shell } from '../shell.ts';
import { concat } from '../../ports/bytes.ts';
import { decode, quoteSingle } from '../escapes.ts';
import { runProgram } from '../run.ts';
import { IndexedArray, VALID_NAME } from '../variables.ts';
import type { BuiltinCall } from './index.ts';
import { parseOptions } from './options.ts';

export async function mapfileBuiltin(shell: Shell, args: readonly string[], { name }: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, name, args, 'd:n:O:s:tu:C:c:', `${name} [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]`);
  if (options === undefined) return 2;
  const { values, flags } = options;
  const target = options.rest[0] ?? 'MAPFILE';
  if (!VALID_NAME.test(target)) {
    await shell.error(`${name}: \`${target}': not a valid identifier`);
    return 1;
  }
  const fd = Number(values.get('u') ?? 0);
  const delimiter = values.has('d') ? (values.get('d')![0] ?? '\0') : '\n';
  const most = Number(values.get('n') ?? 0);
  const skip = Number(values.get('s') ?? 0);
  const canSeek = shell.sys.seek(fd, 0, 'current').ok;
  const chunks: Uint8Array[] = [];
  for (;;) {
    const part = await shell.sys.read(fd, most > 0 && !canSeek ? 1 : 65_536);
    if (!part.ok && part.error === 'EINTR') continue;
    if (!part.ok) {
      await shell.error(`${name}: ${fd}: invalid file descriptor: Bad file descriptor`);
      return 1;
    }
    if (part.value.length === 0) break;
    chunks.push(part.value);
    if (most > 0 && !canSeek && part.value[0] === delimiter.charCodeAt(0) && decode(concat(...chunks)).split(delimiter).length > most + skip) break;
  }
  const text = decode(concat(...chunks));
  const lines = text.split(delimiter).map((line) => line + delimiter);
  const last = lines.pop()!.slice(0, -1);
  if (last !== '') lines.push(last);
  const taken = lines.slice(skip, most > 0 ? skip + most : undefined);
  const variable = shell.own(shell.resolveName(target).name);
  if (variable.isReadOnly) {
    await shell.error(`${target}: readonly variable`);
    return 1;
  }
  const origin = Number(values.get('O') ?? 0);
  if (variable.indexed === undefined || !values.has('O')) {
    variable.value = undefined;
    variable.indexed = new IndexedArray();
  }
  const quantum = Number(values.get('c') ?? 5000);
  for (const [index, line] of taken.entries()) {
    const value = (flags.has('t') || delimiter === '\0') && line.endsWith(delimiter) ? line.slice(0, -1) : line;
    if (values.has('C') && (index + 1) % quantum === 0) await runProgram(shell, `${values.get('C')} ${origin + index} ${quoteSingle(value)}`, shell.line, {});
    shell.own(shell.resolveName(target).name).indexed!.set(origin + index, value);
  }
  return 0;
}

/** execve(2): what an executable file runs. Read first: execve(2), "Interpreter scripts" */
import type { Result } from '../simulator/result.ts';
import { fail, ok } from '../simulator/result.ts';
import { fromLatin1, fromUtf8 } from '../simulator/bytes.ts';
import type { ExitCode, Program } from './sys.ts';
import { PROGRAM_MAGIC, contentOf } from './files/inode.ts';
import type { Inode } from './files/inode.ts';
import type { Machine } from './machine.ts';
import type { Process } from './process.ts';
import { SystemCalls } from './system-calls.ts';

export interface Loaded {
  readonly program: Program;
  readonly argv: readonly string[];
  readonly executable: string;
  /** Of a setuid file. */
  readonly asUid: number | undefined;
}

export function load(machine: Machine, by: Process, path: string, argv: readonly string[], depth = 0): Result<Loaded> {
  const found = machine.tree.resolve(by, path);
  if (!found.ok) return found;
  const inode = found.value;
  if (inode.kind !== 'file' || !machine.tree.may(by, inode, 1)) return fail('EACCES');
  const name = programName(inode);
  const asUid = (inode.mode & 0o4000) !== 0 && !by.scheduling.noNewPrivileges ? inode.uid : undefined;
  if (name !== undefined) {
    const program = machine.programs.get(name);
    return program === undefined ? fail('ENOEXEC') : ok({ program, argv, executable: path, asUid });
  }
  const content = contentOf(inode);
  if (content[0] !== 35 || content[1] !== 33) return fail('ENOEXEC');
  if (depth > 4) return fail('ELOOP');
  const end = content.indexOf(10);
  const line = fromUtf8(content.subarray(2, end < 0 ? Math.min(content.length, 256) : end)).trim();
  const [, interpreter = '', argument = ''] = /^(\S*)\s*(.*)$/.exec(line) ?? [];
  if (interpreter === '') return fail('ENOEXEC');
  return load(machine, by, interpreter, [interpreter, ...(argument === '' ? [] : [argument]), path, ...argv.slice(1)], depth + 1);
}

function programName(inode: Inode): string | undefined {
  if (inode.program !== undefined) return inode.program;
  const content = contentOf(inode);
  if (content[0] !== 0x7f) return undefined;
  const text = fromLatin1(content.subarray(0, 200));
  return text.startsWith(PROGRAM_MAGIC) ? text.slice(PROGRAM_MAGIC.length, text.indexOf('\n')) : undefined;
}

/** Runs a loaded program as this process. */
export function execute(process: Process, loaded: Loaded, env: ReadonlyMap<string, string> | undefined): Promise<ExitCode> {
  process.argv = [...loaded.argv];
  process.executable = loaded.executable;
  process.name = (loaded.executable.split('/').at(-1) ?? '').slice(0, 15);
  if (env !== undefined) process.env = new Map(env);
  process.resetHandlers();
  if (loaded.asUid !== undefined) {
    process.uid = loaded.asUid;
    process.savedUid = loaded.asUid;
  }
  process.machine.audit?.executed(process);
  return loaded.program(new SystemCalls(process));
}

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Runs a program from the project's root and keeps what it says: { ok, output }. */
export function run(command, args, { env = {} } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => { output += chunk; });
    child.stderr.on('data', (chunk) => { output += chunk; });
    child.on('error', (error) => settle({ ok: false, output: `${command}: ${error.message}` }));
    child.on('close', (code) => settle({ ok: code === 0, output: output.trim() }));
  });
}

// Builds a program with Go in a folder of its own, and puts it in its place whole.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onPath } from './temporal-cli.mjs';

/** @param build Gets an empty folder and a way to run Go; returns where the program is then. */
export async function goBuild(target, build) {
  const program = onPath('go', '/usr/local/go/bin', '/usr/lib/go/bin', '/opt/homebrew/bin');
  if (!program) throw new Error('there is no Go to build it with');
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), 'build-'));
  try {
    const go = (args, env) => run(program, args, { cwd: folder, env: { ...process.env, ...env } });
    renameSync(await build(folder, go), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Its stdout goes to stderr: stdout is for data. */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', process.stderr, 'inherit'], ...options });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0] ?? ''} ended with ${code}`)),
    );
  });
}

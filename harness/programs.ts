import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { processEnv, type Settings } from './process-env';
import { ROOT } from './root';

/** The exit code, null after a signal, and all output. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr holds the text. @throws Error if the program ends before */
  says(text: string): Promise<void>;
}

/** Starts a built program with these settings and no others; its folder is DATA_DIR. */
export const start = (program: 'client.js' | 'worker.js', args: readonly string[], settings: Settings): Running =>
  startProgram(process.execPath, [join(ROOT, 'lib', program), ...args], settings, settings['DATA_DIR'] ?? __dirname);

/** Starts any program in `folder` with these settings and no others. */
export function startProgram(command: string, args: readonly string[], settings: Settings, folder: string): Running {
  const env = processEnv(settings);
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; found: () => void }[] = [];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const { text, found } of waiting) if (stderr.includes(text)) found();
  });
  return {
    process: child,
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))),
    says: (text) =>
      new Promise((found, reject) => {
        if (stderr.includes(text)) found();
        waiting.push({ text, found });
        child.on('close', () => reject(new Error(`ended without saying "${text}":\n${stderr}`)));
      }),
  };
}

/** Runs a command of the built client to its end. */
export const run = (args: readonly string[], settings: Settings): Promise<Ended> =>
  start('client.js', args, settings).ended;

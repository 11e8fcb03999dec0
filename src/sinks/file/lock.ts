import { rmdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { callbackify } from 'node:util';
import { lock } from 'proper-lockfile';
import { SinkError } from '../sink';
import { hasCode } from './errors';
import type { FileSystem } from './file-system';

const STALE_MS = 10_000;
const RETRY_MS = [10, 20, 40, 80, 160, 320];

/**
 * Runs `work` while no other worker runs its own. A lock whose holder died is taken over once it is stale. A holder that
 * was suspended can wake up after that: it calls `assertHeld` right before it changes anything.
 */
export async function withLock<T>(
  fs: FileSystem,
  path: string,
  work: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  let lost = false;
  const release = await acquire(fs, path, () => (lost = true));
  const since = Date.now();
  const assertHeld = (): void => {
    if (!lost && Math.abs(Date.now() - since) < STALE_MS / 2) return;
    throw new SinkError('LOCK_LOST', 'The worker stood still while it held the ledger; the next attempt goes on.');
  };
  try {
    return await work(assertHeld);
  } finally {
    // One that cannot be released goes stale.
    await release().catch(() => undefined);
  }
}

async function acquire(fs: FileSystem, path: string, onCompromised: () => void): Promise<() => Promise<void>> {
  const options = { lockfilePath: path, realpath: false, stale: STALE_MS, onCompromised, fs: lockFileSystem(fs) };
  for (const delayMs of RETRY_MS) {
    try {
      return await lock(path, options);
    } catch (error) {
      if (!hasCode(error, 'ELOCKED')) throw error;
      await setTimeout(delayMs * (0.5 + Math.random()));
    }
  }
  throw new SinkError('LOCKED', 'Another worker writes to the ledger just now; the next attempt waits for it.');
}

function lockFileSystem(fs: FileSystem) {
  return {
    mkdir: callbackify((path: string) => fs.mkdir(path, { mode: 0o700 })),
    stat: callbackify((path: string) => fs.lstat(path)),
    utimes: callbackify((path: string, atime: Date, mtime: Date) => fs.utimes(path, atime, mtime)),
    rmdir: callbackify((path: string) => fs.rmdir(path)),
    rmdirSync,
  };
}

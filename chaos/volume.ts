import { execFile } from 'node:child_process';
import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const run = promisify(execFile);
const MEBIBYTES = 256;
const REMOUNT_TRIES = 200;

/** What the sink writes to: FILE_DIR is a link to it. Each trouble resolves with what mends it. */
export interface Volume {
  readonly path: string;
  /** A file system of its own; without one (mounting takes root) it cannot be filled or made read-only. */
  readonly isMounted: boolean;
  /** FILE_DIR leads nowhere. */
  takeAway(): Promise<() => Promise<void>>;
  fill(): Promise<() => Promise<void>>;
  makeReadOnly(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** @param link Where FILE_DIR will be. */
export async function createVolume(path: string, link: string): Promise<Volume> {
  await mkdir(path, { mode: 0o700 });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${MEBIBYTES}m,mode=0700`, 'chaos', path]).then(
    () => true,
    () => false,
  );
  await symlink(path, link);

  async function lead(to: string): Promise<void> {
    // In one step: no worker may find the link missing and make a folder in its place.
    await symlink(to, `${link}.next`);
    await rename(`${link}.next`, link);
  }

  async function remount(mode: 'ro' | 'rw'): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await run('mount', ['-o', `remount,${mode}`, path]);
        return;
      } catch (error) {
        // Busy, as long as a file is open for writing.
        if (tries === REMOUNT_TRIES) throw error;
        await sleep(20);
      }
    }
  }

  return {
    path,
    isMounted,
    async takeAway() {
      await lead(devNull);
      return () => lead(path);
    },
    async fill() {
      const filler = join(path, 'filler');
      const mebibyte = Buffer.alloc(1024 * 1024);
      for (let size = mebibyte.length; size >= 1; size = Math.floor(size / 2)) {
        // Until not even a byte fits.
        while (await append(filler, mebibyte.subarray(0, size)));
      }
      return () => unlink(filler);
    },
    async makeReadOnly() {
      await remount('ro');
      return () => remount('rw');
    },
    async close() {
      if (isMounted) await run('umount', ['-l', path]);
    },
  };
}

const append = (path: string, bytes: Uint8Array): Promise<boolean> =>
  writeFile(path, bytes, { flag: 'a' }).then(
    () => true,
    () => false,
  );

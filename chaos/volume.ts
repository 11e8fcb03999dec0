import { execFile } from 'node:child_process';
import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const run = promisify(execFile);
const MEBIBYTES = 256;
const REMOUNT_TRIES = 200;

/**
 * The file system that the archive writes to, behind the link FILE_DIR. Each fault resolves with a function that ends it.
 */
export interface Volume {
  readonly path: string;
  /** Whether it is a mount, which needs root; `fill` and `makeReadOnly` need one. */
  readonly isMounted: boolean;
  /** Points FILE_DIR to a path that is no folder. */
  takeAway(): Promise<() => Promise<void>>;
  /** Fills the volume to the last byte. */
  fill(): Promise<() => Promise<void>>;
  makeReadOnly(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Creates the folder, mounts a tmpfs on it if allowed, and links to it. @param link The path of FILE_DIR. */
export async function createVolume(path: string, link: string): Promise<Volume> {
  await mkdir(path, { mode: 0o700 });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${MEBIBYTES}m,mode=0700`, 'chaos', path]).then(
    () => true,
    () => false,
  );
  await symlink(path, link);

  async function linkTo(to: string): Promise<void> {
    // The rename is atomic; a worker that found no link would create a folder in its place.
    await symlink(to, `${link}.next`);
    await rename(`${link}.next`, link);
  }

  async function remount(mode: 'ro' | 'rw'): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await run('mount', ['-o', `remount,${mode}`, path]);
        return;
      } catch (error) {
        // The mount is busy while a file is open for writing.
        if (tries === REMOUNT_TRIES) throw error;
        await sleep(20);
      }
    }
  }

  return {
    path,
    isMounted,
    async takeAway() {
      await linkTo(devNull);
      return () => linkTo(path);
    },
    async fill() {
      const filler = join(path, 'filler');
      const mebibyte = Buffer.alloc(1024 * 1024);
      for (let size = mebibyte.length; size >= 1; size = Math.floor(size / 2)) {
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

import { join } from 'node:path';
import type { Window } from '../../domain/window';
import { type Files, randomName } from './files';
import { isOlderWindow, STAGING, windowFolder } from './layout';

export type Staging = ReturnType<typeof createStaging>;

/** The folders in which windows are worked on, one each. */
export function createStaging(files: Files, source: string) {
  const path = join(files.root, source, STAGING);

  function open(window: Window): Promise<string> {
    return files.folder(source, STAGING, windowFolder(window));
  }

  /** Removes the folder of a closed window, and what earlier windows and crashes left behind. */
  async function close(window: Window): Promise<void> {
    await files.folder(source, STAGING);
    await retire(windowFolder(window));
    for (const name of await files.fs.readdir(path)) {
      // What belongs to another user stays: it is no reason to hold up this window.
      if (isOlderWindow(name, window)) await retire(name).catch(() => undefined);
      else if (/^(removed|check)-|\.tmp$/.test(name)) await remove(name).catch(() => undefined);
    }
  }

  /** Takes a folder away from all workers at once, then removes it. */
  async function retire(name: string): Promise<void> {
    if (!(await files.exists(join(path, name)))) return;
    const removed = `removed-${randomName()}`;
    await files.fs.rename(join(path, name), join(path, removed)).catch(async (error: unknown) => {
      if (await files.exists(join(path, name))) throw error;
    });
    await remove(removed);
  }

  function remove(name: string): Promise<void> {
    return files.fs.rm(join(path, name), { recursive: true, force: true });
  }

  return { open, close };
}

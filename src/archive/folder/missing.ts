import { join } from 'node:path';
import type { Window } from '../../domain/window';
import { hasCode } from './errors';
import { isPartOf, LEDGER, MARKER, MESSAGES } from './layout';
import type { Workspace } from './workspace';

/** The path of the first thing that should be there by the ledger's last window, or beside what is there; null if all is. */
export async function missing(space: Workspace): Promise<string | null> {
  const { files, source, ledger, lists } = space;
  const folder = join(files.root, source);
  await ledger.verify();
  const line = await ledger.last();
  const isRemoved = line?.n !== undefined && line.n <= (await ledger.removed()).through;
  for (const { path, bytes } of isRemoved ? [] : (line?.parts ?? [])) {
    if ((await files.sizeOf(join(folder, path))) !== bytes) return path;
  }
  // Made when the archive was claimed.
  if ((await files.exists(join(folder, MARKER))) && !(await files.isFolder(join(folder, MESSAGES)))) return MESSAGES;
  if ((await ledger.endOf()) > 0) return null;
  return (await hasStrayParts(space, await lists.windows())) ? LEDGER : null;
}

/** Whether there is a part that no open window can have made. */
async function hasStrayParts({ files, source }: Workspace, open: Window[]): Promise<boolean> {
  const folder = join(files.root, source, MESSAGES);
  const namesIn = (path: string): Promise<string[]> =>
    files.fs.readdir(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
      throw error;
    });
  for (const day of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, day))) {
      const path = `${MESSAGES}/${day}/${name}`;
      if (name.endsWith('.ndjson') && !open.some((window) => isPartOf(window, path))) return true;
    }
  }
  return false;
}

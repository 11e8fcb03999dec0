import type { Window } from '../../domain/window';
import { ArchiveError } from '../archive';
import type { Ledger } from './ledger';
import type { Lists } from './lists';

/** Windows that hold published chats and do not stand in the ledger. What that is beyond can never be closed: it is left out. */
export async function openWindows(lists: Lists, ledger: Ledger): Promise<Window[]> {
  const open: Window[] = [];
  for (const window of await lists.windows()) {
    const isOpen = await ledger.find(window).then(
      (line) => line === null,
      (error: unknown) => {
        if (error instanceof ArchiveError && error.code === 'STALE_WINDOW') return false;
        throw error;
      },
    );
    if (isOpen) open.push(window);
  }
  return open;
}

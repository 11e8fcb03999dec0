import type { Published } from '../../domain/published';
import type { Window } from '../../domain/window';
import { type Closing, ArchiveError } from '../archive';
import { countOf, goneOf, type WindowState } from './lists';
import { finishParts, requireParts } from './parts';
import type { Workspace } from './workspace';

/** Ends an open window. One that is given up takes what can be read of its lists. */
export async function close(space: Workspace, window: Window, { totals, ...closing }: Closing): Promise<void> {
  const { outcome } = closing;
  const { files, source, staging, lists } = space;
  const open = await staging.open(window);
  for (;;) {
    const state = await lists.read(window, outcome === 'abandoned');
    const same = state.totals.chats === totals.chats && state.totals.records === totals.records;
    if (outcome === 'completed' && state.closing?.outcome !== 'abandoned' && !same) {
      throw new ArchiveError(
        'TOTALS_DIFFER',
        `FILE_DIR holds ${state.totals.chats} chats and ${state.totals.records} records of this window, not the ` +
          `${totals.chats} and ${totals.records} that were published: all workers need the same FILE_DIR.`,
      );
    }
    if (state.closing !== null) return finish(space, window, open, state);
    if (outcome === 'completed') {
      await finishParts(files, source, open, window, state);
      await requireParts(files, source, window, state);
    }
    await lists.add(window, state.count + 1, { closing });
  }
}

/** Brings a window whose closing list is there to its end. */
export async function finish(space: Workspace, window: Window, open: string, state: WindowState): Promise<void> {
  const { files, source, ledger } = space;
  if (state.closing === null) return;
  await finishParts(files, source, open, window, state);
  const gone = goneOf(state);
  const { filterIds, ...closing } = state.closing;
  const line = {
    epoch: window.epoch,
    from: window.from,
    to: window.to,
    ...state.totals,
    parts: state.parts.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    ...closing,
    ...(state.healed.length > 0 && { healed: state.healed }),
    ...(gone.length > 0 && { gone }),
    ...(state.conflicts.length > 0 && { conflicts: state.conflicts }),
    ...(state.unreadable > 0 && { unreadableLists: state.unreadable }),
  };
  await ledger.append(line, open, filterIds);
  await tidyUp(space, window);
}

/** What the ledger says of a window that is closed; null for an open one. */
export async function findClosed(space: Workspace, window: Window): Promise<Published | null> {
  const line = await space.ledger.find(window);
  if (line === null) return null;
  await tidyUp(space, window);
  return {
    totals: { chats: line.chats, records: line.records },
    healed: line.healed ?? [],
    gone: line.gone?.length ?? 0,
    conflicts: countOf(line.conflicts),
    closed: true,
    ...(line.outcome === 'abandoned' && { abandoned: true }),
  };
}

/** The staging of a window that stands in the ledger is of no more use. */
async function tidyUp({ ledger, lists, staging }: Workspace, window: Window): Promise<void> {
  await ledger.settle();
  lists.forget(window);
  await staging.close(window);
}

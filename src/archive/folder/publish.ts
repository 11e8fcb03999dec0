import { join } from 'node:path';
import { healedOf, type Published, type ReadChat, recordsOf } from '../../domain/published';
import type { Window } from '../../domain/window';
import { discardBatches, joinBatches, planParts } from './batches';
import { finish } from './close';
import { randomName } from './files';
import { partPath } from './layout';
import { type Part, publishedOf, type WindowState } from './lists';
import { MessageDeduplicator } from './message-deduplicator';
import { finishParts, nextNumber, requireParts } from './parts';
import type { Workspace } from './workspace';

/** What is new to a window. */
interface News {
  chats: ReadChat[];
  gone: string[];
}

/** Publishes what an open window does not hold yet. */
export async function publish(
  space: Workspace,
  window: Window,
  chats: ReadChat[],
  gone: readonly string[],
  signal?: AbortSignal,
): Promise<Published> {
  const { files, source, staging, lists } = space;
  const open = await staging.open(window);
  for (;;) {
    signal?.throwIfAborted();
    const state = await lists.read(window);
    if (state.closing !== null) {
      await finish(space, window, open, state);
      return publishedOf(state);
    }
    await finishParts(files, source, open, window, state);
    // The window is taken up, by a worker that may not have seen its parts.
    const isTakenUp = chats.length === 0 && gone.length === 0;
    // Before each part the last one has to be there: the folder may have been swapped for an older copy of itself.
    await requireParts(files, source, window, { ...state, parts: isTakenUp ? state.parts : state.parts.slice(-1) });
    const news = { chats: unpublished(chats, state), gone: unknown(gone, state) };
    if (news.chats.length === 0 && news.gone.length === 0) {
      await discardBatches(files, open, chats);
      return publishedOf(state);
    }
    await addList(space, window, open, state, news, signal);
  }
}

/** Publishes in one list, or leaves it to the caller to look again where another worker was first. */
async function addList(
  { files, source, lists, partBytes }: Workspace,
  window: Window,
  open: string,
  state: WindowState,
  { chats, gone }: News,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { count, totals } = state;
  const parts: Part[] = [];
  const deduplicators = new Map(
    chats.filter(({ receipts }) => receipts.length > 1).map(({ chatId }) => [chatId, new MessageDeduplicator()]),
  );
  try {
    let number = await nextNumber(files, source, window, state);
    for (const batches of planParts(chats, deduplicators, partBytes)) {
      const staged = `part-${randomName()}`;
      const joined = await joinBatches(files, open, batches, join(open, staged), signal);
      parts.push({ staged, path: partPath(window, number), ...joined });
      if (joined.bytes > 0) number += 1;
    }
    const written = (chat: ReadChat): number => recordsOf([chat]) - (deduplicators.get(chat.chatId)?.repeated ?? 0);
    const records = chats.reduce((sum, chat) => sum + written(chat), totals.records);
    await lists.add(window, count + 1, {
      chats: chats.map((chat) => chat.chatId),
      gone,
      conflicts: chats.flatMap(({ chatId, conflicts = 0 }) => {
        const all = conflicts + (deduplicators.get(chatId)?.conflicts ?? 0);
        return all > 0 ? [{ chatId, records: all }] : [];
      }),
      healed: healedOf(chats, written),
      parts: parts.filter(({ bytes }) => bytes > 0),
      totals: { chats: totals.chats + chats.length, records },
    });
  } catch (error) {
    // A staged file is gone also if another worker has published its chat.
    const now = await lists.read(window);
    if (now.count <= count && now.closing === null) throw error;
  } finally {
    // A list that seems to have failed may be there all the same: its parts are no junk.
    const listed = new Set((await lists.read(window)).parts.map((part) => part.staged));
    for (const { staged } of parts) if (!listed.has(staged)) await files.discard(join(open, staged));
  }
}

/** The chats that the window does not hold yet, each once. */
function unpublished(chats: ReadChat[], state: WindowState): ReadChat[] {
  const fresh = new Map<string, ReadChat>();
  for (const chat of chats) {
    if (!state.chats.has(chat.chatId) && !fresh.has(chat.chatId)) fresh.set(chat.chatId, chat);
  }
  return [...fresh.values()];
}

/** The chats that are gone and that the window does not name yet, each once. */
function unknown(gone: readonly string[], state: WindowState): string[] {
  return [...new Set(gone)].filter((chatId) => !state.gone.has(chatId) && !state.chats.has(chatId));
}

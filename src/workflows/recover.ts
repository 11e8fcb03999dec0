import type { SyncActivities } from '../activities/types';
import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import type { Window } from '../domain/window';
import { fitting } from './memo';
import { MOST_PARKED } from './parking';
import { retryParked } from './retry-parked';
import type { WalkActivities } from './round';
import type { SourceState } from './source-state';

/** The longest time that one sync spends on chats that are read again. */
const LONGEST_MS = 5 * 60_000;
/** So many are taken over at once: others that fail meanwhile have to find room. */
const MOST_AT_ONCE = 100;
const REASON = 'messages of it are missing in the archive, by a comparison with the API';

type RecoverActivities = Pick<SyncActivities, 'chatsToRecover' | 'takenOver'>;

/**
 * Takes over chats of which messages are missing: they are parked, and so kept by the state, until they were read. What the archive has of
 * them does not come out again.
 * @param window The one that is open: chats that it has published are left to the next one.
 * @param to Up to when they are read.
 * @returns how many were taken over.
 */
export async function takeOver(
  activities: RecoverActivities,
  source: SourceState,
  window: Window,
  to: string,
): Promise<number> {
  const { since = window.from } = source.state;
  const recovering = source.parked.filter((chat) => chat.recover).length;
  const limit = Math.min(MOST_AT_ONCE - recovering, MOST_PARKED - source.parked.length);
  if (limit <= 0 || Date.parse(since) >= Date.parse(to)) return 0;
  const chatIds = await activities.chatsToRecover({ window, limit });
  const isParked = new Set(source.parked.map(({ chatId }) => chatId));
  const span = { from: since, to, since: new Date(source.now()).toISOString() };
  const wanted = chatIds
    .filter((chatId) => !isParked.has(chatId))
    .map((chatId): Parked => ({ chatId, ...span, reason: REASON, recover: true }));
  const taken = fitting(source.parked, wanted);
  const done = [...taken.map(({ chatId }) => chatId), ...chatIds.filter((chatId) => isParked.has(chatId))];
  if (done.length === 0) return 0;
  source.change({ parked: [...source.parked, ...taken] });
  await activities.takenOver({ chatIds: done });
  return taken.length;
}

/** Reads chats of which messages are missing, for a while; what is left then is left to the next sync. */
export async function recover(
  activities: WalkActivities & RecoverActivities,
  policy: Policy,
  source: SourceState,
): Promise<'finished' | 'interrupted'> {
  const { window, recovers } = source.unfinished;
  if (!recovers) return 'finished';
  const latest = source.now() + LONGEST_MS;
  while (source.now() < latest) {
    const parked = new Set(source.parked.map(({ chatId }) => chatId));
    if ((await takeOver(activities, source, window, window.to)) === 0) break;
    const toRetry = source.parked.map(({ chatId }) => chatId).filter((chatId) => !parked.has(chatId));
    source.changeUnfinished({ toRetry });
    if ((await retryParked(activities, policy, source)) === 'interrupted') return 'interrupted';
  }
  return 'finished';
}

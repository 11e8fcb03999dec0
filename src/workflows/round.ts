import { isCancellation } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities } from '../activities/types';
import { HOPELESS_MS } from '../contract';
import type { Policy } from '../config/policy';
import { asksAgain, leftOf, withLast } from './chat-lists';
import { doubtfulChat, everybodysFailure, failureDetails, unreadableFailure, type Unreadable } from './failures';
import { ModeRefused } from './fetch-page';
import { chatsGone, mostAreGone } from './gone';
import { otherMode } from './listing-mode';
import { park } from './parking';
import type { Part } from './part';
import { publish } from './publish';
import type { SourceState } from './source-state';
import { EndlessList } from './trail';
import { askWitnesses } from './witnesses';
import { NO_ID } from '../domain/no-id';

/** The pause before chats are tried again for which there was nothing to compare them with. */
const PAUSE_MS = 30_000;

export type WalkActivities = ApiActivities & Pick<SyncActivities, 'publishPart'>;

/** Publishes the parts of one `readLists`, and decides from their outcomes how the walk goes on. */
interface Round {
  /** Notes the failure of something other than a chat. */
  fail(error: unknown): void;
  /** Publishes a part. Never rejects. */
  publish(part: Part): Promise<void>;
  /** Whether the walk must stop here. @param open The part that is not published yet. */
  isOver(open: Part): boolean;
  /** Whether to list further pages: not if an unreadable chat will fail the sync. */
  mayList(open: Part): boolean;
  /** Decides how the walk goes on, or ends. @throws What ends it. */
  end(): Promise<{ closed: boolean }>;
}

export function createRound(activities: WalkActivities, policy: Policy, source: SourceState): Round {
  const hopeless: Unreadable[] = [];
  let failure: { error: unknown } | undefined;
  let mostlyGone: Part | undefined;
  let everybody: readonly Unreadable[] = [];
  const fail = (error: unknown): void => void (failure ??= { error });
  let isClosed = false;
  let somethingStays = false;
  let isWaiting = false;

  /** The next failure of one of these chats counts: it failed for long already. */
  function failedForLong(chats: readonly Unreadable[]): void {
    const failing = Object.fromEntries(chats.map(({ chatId }) => [chatId, HOPELESS_MS]));
    source.noteUnfinished({ failing: { ...source.unfinished.failing, ...failing } });
  }

  async function publishPart(part: Part): Promise<void> {
    const isProven = ({ error }: Unreadable): boolean => failureDetails(error).proven;
    const isAlone = part.read.length === 0;
    const isToAsk = mostAreGone(part) || (isAlone && !part.unreadable.every(isProven));
    const verdict = isToAsk ? await askWitnesses(activities, source) : 'readable';
    const isEverybody = part.everybody.length > 0 && verdict !== 'readable';
    const refused = new Set(isEverybody ? part.everybody.map(({ chatId }) => chatId) : []);
    // An unproven failure can be compared with what was read since, or with a witness that answers: it is tried once more.
    const isDecided = (chat: Unreadable): boolean =>
      isProven(chat) || (isAlone && (verdict === 'none' || verdict === 'gone'));
    const own = part.unreadable.filter((chat) => !refused.has(chat.chatId) && isDecided(chat));
    if (verdict === 'readable') failedForLong(part.unreadable);
    const doubtful = mostAreGone(part) && verdict !== 'readable' ? part.gone : [];
    isWaiting ||= verdict === 'unknown';
    const parked = park([...own, ...(verdict === 'unknown' ? [] : doubtful.map(doubtfulChat))], policy, source);
    const { closed } = await publish(part, policy, source, parked, doubtful);
    isClosed ||= closed;
    const isParked = new Set(parked.map(({ chatId }) => chatId));
    somethingStays ||= part.unreadable.some(({ chatId }) => !isParked.has(chatId));
    hopeless.push(...own);
    if (isEverybody && everybody.length === 0) everybody = part.everybody;
    if (verdict !== 'unknown' && doubtful.some((chatId) => !isParked.has(chatId))) mostlyGone ??= part;
  }

  return {
    fail,
    isOver: (open) =>
      isClosed ||
      failure !== undefined ||
      mostlyGone !== undefined ||
      everybody.length > 0 ||
      open.everybody.length > 0,
    mayList: (open) => !somethingStays && (policy.onChatFailure === 'park' || open.unreadable.length === 0),
    async publish(part) {
      try {
        // After a cancellation nothing can be published.
        if (isCancellation(failure?.error)) return;
        await publishPart(part);
      } catch (error) {
        fail(error);
      }
    },
    async end() {
      if (isClosed) return { closed: true };
      const error: unknown = failure?.error;
      if (error instanceof ModeRefused) {
        const checkpoint = otherMode(policy, source.checkpoint, error);
        source.changeUnfinished({
          checkpoint,
          counters: { ...source.unfinished.counters, skipped: 0, violations: 0, unexplained: 0 },
        });
        return { closed: false };
      }
      if (error instanceof EndlessList) throw error;
      if (mostlyGone) {
        source.changeUnfinished({ checkpoint: asksAgain(source.checkpoint) });
        throw chatsGone(mostlyGone);
      }
      if (failure) throw error;
      if (everybody.length > 0) {
        source.changeUnfinished({
          checkpoint: withLast(source.checkpoint, new Set(everybody.map(({ chatId }) => chatId))),
        });
        const refusal = everybodysFailure(everybody);
        if (refusal) throw refusal;
        return { closed: false };
      }
      if (isWaiting) await new Promise<void>((resolve) => void source.after(PAUSE_MS, resolve));
      const left = leftOf(source.checkpoint);
      const stay = hopeless.filter(({ chatId }) => left.includes(chatId));
      if (left.some((chatId) => stay.every((chat) => chat.chatId !== chatId))) return { closed: false };
      if (stay.length === 0) return { closed: false };
      // An item without an id can only be requested again with its page.
      if (left.includes(NO_ID)) source.changeUnfinished({ checkpoint: asksAgain(source.checkpoint) });
      const more = policy.onChatFailure === 'park' ? `; ${source.parked.length} chats are parked already` : '';
      throw unreadableFailure(stay, more);
    },
  };
}

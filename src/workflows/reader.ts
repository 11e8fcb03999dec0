import type { ApiActivities, Emitted, EmitRequest } from '../activities/types';
import { FailureType, mostUnderWay } from '../contract';
import { isFiltered } from '../domain/filters';
import type { Parked } from '../domain/state';
import type { Policy } from '../config/policy';
import { everybodysFailure, failureType, isOwnFailure } from './failures';
import { createInterruptible } from './interruptible';
import type { Part } from './part';
import { ownerPasses, readChat } from './read-chat';
import type { SourceState } from './source-state';

/** Emit activities scheduled ahead, at least: enough to keep the API's queue busy, few enough to drain soon. */
const EMITS_AHEAD = 64;
/** A page that takes longer does not count against these: many that hang must not keep the others waiting. */
const USUAL_MS = 2 * 60_000;
/** What two reads may lie apart, ms. */
const LONGEST_PAUSE_MS = 30_000;
/** Chats under way at most, however long each takes. */
const MOST_READING = 600;

export const emitsAhead = ({ requestsPerSecond }: Pick<Policy, 'requestsPerSecond'>): number =>
  Math.max(EMITS_AHEAD, mostUnderWay(requestsPerSecond));

type ParkedChat = Pick<Parked, 'from' | 'to' | 'limit'>;

/** Reads chats, many at the same time. What comes of a chat goes into the part that is open when it ends, so that none waits for another. */
export interface Reader {
  /** Chats under way. */
  readonly reading: number;
  /** Whether one more chat may be read now. */
  hasRoom(): boolean;
  /** Reads a chat. Never rejects. @param parked For one that is parked: its span, and how many records to ask for at once. */
  read(chatId: string, parked?: ParkedChat): Promise<void>;
  /** Calls off what has not ended in a minute: it stays on its list. */
  hurry(): void;
  /** Nothing is read any more. */
  end(): void;
}

/** @param to Where it goes: what came of a chat, and what ends the walk. */
export function createReader(
  activities: Pick<ApiActivities, 'emitMessages'>,
  policy: Policy,
  source: Pick<SourceState, 'unfinished' | 'noteUnfinished' | 'after' | 'scope' | 'now'>,
  to: { part: () => Part; fail: (error: unknown) => void },
): Reader {
  const { messages, pageSize, sink } = policy;
  const ahead = emitsAhead(policy);
  const underWay = createInterruptible(source);
  let reading = 0;
  /** The page that each chat waits for, the oldest first. */
  const pages = new Map<string, { since: number; servedMs: number }>();
  /** For how long chats were read: a worker that stood still must not count. */
  let servedMs = 0;
  let servedAt = source.now();

  function lateCount(): number {
    let late = 0;
    for (const { since } of pages.values()) {
      if (source.now() - since < USUAL_MS) break;
      late += 1;
    }
    return late;
  }
  function someoneWasRead(): void {
    servedMs += Math.min(source.now() - servedAt, LONGEST_PAUSE_MS);
    servedAt = source.now();
  }
  function emitMessages(request: EmitRequest): Promise<Emitted> {
    pages.delete(request.chatId);
    pages.set(request.chatId, { since: source.now(), servedMs });
    return activities.emitMessages(request);
  }
  function wasCalledOff(chatId: string): void {
    const { failing } = source.unfinished;
    const failingMs = (failing?.[chatId] ?? 0) + servedMs - (pages.get(chatId)?.servedMs ?? servedMs);
    source.noteUnfinished({ failing: { ...failing, [chatId]: failingMs } });
  }

  async function readOne(chatId: string, parked: ParkedChat | undefined): Promise<void> {
    const { window, failing } = source.unfinished;
    const { from, to: until } = parked ?? window;
    const span = { from, to: until };
    const request = {
      window,
      chatId,
      span,
      parked: parked !== undefined,
      wantsOwner: isFiltered(policy),
      messages,
      pageSize: parked?.limit ?? pageSize,
      sink,
      ...(failing?.[chatId] !== undefined && { failingMs: failing[chatId] }),
    };
    const chat = await readChat({ emitMessages }, request);
    someoneWasRead();
    if (ownerPasses(chat, policy, parked !== undefined)) to.part().take(chat, parked && span);
    else to.part().skip(chat);
  }

  return {
    get reading() {
      return reading;
    },
    hasRoom: () => reading < ahead || (reading < MOST_READING && reading - lateCount() < ahead),
    async read(chatId, parked) {
      reading += 1;
      try {
        const result = await underWay.run(() => readOne(chatId, parked).then(() => 'read'));
        if (result === undefined && !parked) wasCalledOff(chatId);
      } catch (error) {
        if (parked ? staysParked(error) : failureType(error) === FailureType.chatUnreadable) {
          to.part().refuse({ chatId, error }, parked);
          // What still runs stays on its list too.
          if (everybodysFailure(to.part().everybody)) underWay.cancel();
        } else to.fail(error);
      }
      pages.delete(chatId);
      reading -= 1;
    },
    hurry: () => underWay.hurry(),
    end: () => underWay.end(),
  };
}

/** Whatever keeps a parked chat from being read does not fail the sync, but for what no chat can be read with. */
function staysParked(error: unknown): boolean {
  const type = failureType(error);
  return isOwnFailure(error) && type !== FailureType.unauthorized && type !== FailureType.forbidden;
}

import type { ApiActivities, Emitted, EmitRequest } from '../activities/types';
import { FailureType, mostUnderWay } from '../contract';
import { isFiltered } from '../domain/filters';
import type { HealedSpan } from '../domain/published';
import type { Parked } from '../domain/state';
import type { Span } from '../domain/window';
import type { Policy } from '../config/policy';
import { everybodysFailure, failureType, isOwnFailure } from './failures';
import { createInterruptible } from './interruptible';
import type { Part } from './part';
import { ownerPasses, readChat, type StagedChat } from './read-chat';
import type { SourceState } from './source-state';

/** The fewest emit activities scheduled ahead: they keep the API's queue busy, and drain soon. */
const EMITS_AHEAD = 64;
/** A page that takes longer is not counted among these: hanging requests must not keep other chats waiting. */
const USUAL_MS = 2 * 60_000;
/** The most time between two reads that counts into `servedMs`. */
const LONGEST_PAUSE_MS = 30_000;
/** The most chats being read at once, however long each takes. */
const MOST_READING = 600;

/** How many emit activities are scheduled ahead at a rate, and so how many chats are read at once. */
export const emitsAhead = ({ requestsPerSecond }: Pick<Policy, 'requestsPerSecond'>): number =>
  Math.max(EMITS_AHEAD, mostUnderWay(requestsPerSecond));

type ParkedChat = Pick<Parked, 'from' | 'to' | 'limit' | 'recover'>;

/** Reads chats concurrently. A chat's outcome goes into the part that is open when it ends: none waits for another. */
export interface Reader {
  /** Chats being read. */
  readonly reading: number;
  /** Whether one more chat may be read now. */
  hasRoom(): boolean;
  /** Reads a chat. Never rejects. @param parked The span and page size of a parked chat. */
  read(chatId: string, parked?: ParkedChat): Promise<void>;
  /** Cancels reads that have not ended within a minute; their chats stay on their lists. */
  hurry(): void;
  /** To be called once no chat is being read. */
  end(): void;
}

/** @param to Takes the chats' outcomes (`part`) and the errors that end the walk (`fail`). */
export function createReader(
  activities: Pick<ApiActivities, 'emitMessages'>,
  policy: Policy,
  source: Pick<SourceState, 'unfinished' | 'noteUnfinished' | 'after' | 'scope' | 'now'>,
  to: { part: () => Part; fail: (error: unknown) => void },
): Reader {
  const { messages, pageSize } = policy;
  const ahead = policy.readsAtOnce ?? emitsAhead(policy);
  const underWay = createInterruptible(source);
  let reading = 0;
  /** When each chat's pending page was requested, oldest first. */
  const pages = new Map<string, { since: number; servedMs: number }>();
  /** For how long chats have been read, ms, without the time in which a worker stood still. */
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
    if (failingMs > 0) source.noteUnfinished({ failing: { ...failing, [chatId]: failingMs } });
  }

  async function readOne(chatId: string, parked: ParkedChat | undefined): Promise<StagedChat> {
    const { window, failing } = source.unfinished;
    const request = {
      window,
      chatId,
      span: spanOf(parked ?? window),
      parked: parked !== undefined,
      ...(parked?.recover && { recover: parked.recover }),
      wantsOwner: isFiltered(policy),
      messages,
      pageSize,
      ...(failing?.[chatId] !== undefined && { failingMs: failing[chatId] }),
    };
    return await readChat({ emitMessages }, request, parked?.limit);
  }

  return {
    get reading() {
      return reading;
    },
    hasRoom: () => reading < ahead || (reading < MOST_READING && reading - lateCount() < ahead),
    async read(chatId, parked) {
      reading += 1;
      try {
        const chat = await underWay.run(() => readOne(chatId, parked));
        if (chat) {
          someoneWasRead();
          if (ownerPasses(chat, policy, parked !== undefined)) to.part().take(chat, parked && healedBy(parked));
          else to.part().skip(chat);
        } else if (!parked) wasCalledOff(chatId);
      } catch (error) {
        if (parked ? staysParked(error) : failureType(error) === FailureType.chatUnreadable) {
          to.part().refuse({ chatId, error }, parked);
          // Chats that are still being read stay on their lists.
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

const spanOf = ({ from, to }: Span): Span => ({ from, to });

const healedBy = ({ recover, ...span }: ParkedChat): HealedSpan => ({
  ...spanOf(span),
  ...(recover && { missed: recover }),
});

/** Whether a parked chat stays parked after a failure: only the key's failures, and bugs, end the sync. */
function staysParked(error: unknown): boolean {
  const type = failureType(error);
  return isOwnFailure(error) && type !== FailureType.unauthorized && type !== FailureType.forbidden;
}

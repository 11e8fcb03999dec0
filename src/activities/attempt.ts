import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ComplianceApi } from '../compliance-api/client';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import type { Archive } from '../archive/archive';
import type { ArchivedChats } from '../archive/archived-chats';
import { failedBefore, memorySchema, remember, rememberOthers, type Memory } from './attempt-memory';
import { retryFailure, toFailure } from './failures';
import { sayInHeartbeats } from './interceptor';
import { createOthers } from './others';
import { meaningOf, type Recovery } from '../domain/failure-kinds';

/** One attempt of an activity that calls the API. */
export interface Attempt {
  readonly api: ComplianceApi;
  readonly archive: Archive;
  /** What is in the archive already. */
  readonly chats: ArchivedChats;
  /** The page size to request. */
  readonly limit: number;
  /** Whether the attempt before failed in the archive. */
  readonly archiveFailed: boolean;
  /** HTTP requests so far, over all attempts. */
  requests(): number;
  readonly signal: AbortSignal;
  /** Makes the attempt's one HTTP request. */
  request<T>(call: (options: { signal: AbortSignal }) => Promise<T>): Promise<T>;
}

export interface AttemptOptions<T> {
  /** The chat that failures name. */
  chatId?: string;
  /** Nothing can be read without this list: its failure is an outage, even if other requests are served. */
  isEverybodys?: boolean;
  /** The chat is parked. */
  isParked?: boolean;
  /** For how long earlier activities for the chat failed while others were served, ms. */
  failingMs?: number | undefined;
  pageSize: number;
  /** Makes the activity's result if the API says that the resource is gone. Without it that ends the sync. */
  gone?: (figures: { limit: number; requests: number }) => T;
}

/** What an attempt needs of Temporal. */
export interface AttemptContext {
  /** The details of the last attempt's last heartbeat; undefined if there are none. */
  details: unknown;
  /** The attempt's number, from 1. */
  attempt: number;
  signal: AbortSignal;
  /** Sends a heartbeat at once. */
  heartbeat: (memory: Memory) => void;
  /** Makes every later heartbeat send the memory as it is at that time. */
  sayInHeartbeats: (memory: Memory) => void;
  /** ms since 1970 */
  now: () => number;
}

export interface AttemptDependencies {
  api: ComplianceApi;
  archive: Archive;
  chats: ArchivedChats;
  /** The context of the running attempt; Temporal's by default. */
  context?: () => AttemptContext;
}

export type RunAttempt = <T>(options: AttemptOptions<T>, run: (attempt: Attempt) => Promise<T>) => Promise<T>;

/** What all activities that call the API share: the memory of attempts, and the handling of their failures. */
export function createAttempts({ api, archive, chats, context = temporalContext }: AttemptDependencies): RunAttempt {
  const others = createOthers(api);

  return async (options, run) => {
    const { chatId, isEverybodys, isParked, failingMs } = options;
    const { details, attempt, signal, heartbeat, sayInHeartbeats, now } = context();
    // An attempt without details, since its worker died, is assumed to have made its request.
    const known = memorySchema.safeParse(details ?? { requests: attempt - 1, ...failedBefore(failingMs) });
    const memory: Memory = known.success ? known.data : memorySchema.parse({});
    sayInHeartbeats(memory);
    const beat = (): void => heartbeat(memory);
    const limit = memory.limit ?? options.pageSize;

    /** Makes another request instead, to see whether others are served. The attempt fails in any case. */
    async function askForOthers(): Promise<ApplicationFailure> {
      memory.requests += 1;
      const answered = await others.ask({ chatId, endpoint: memory.endpoint, turn: memory.othersFailed }, signal);
      const verdict = rememberOthers(memory, answered);
      beat();
      const facts = { chatId, requests: memory.requests };
      if (answered.error && verdict !== 'go on') {
        return toFailure(answered.error, { ...facts, recovery: verdict === 'everybody' ? 'stop' : 'later' });
      }
      return retryFailure(memory.said ?? '', { ...facts, soon: memory.refusals > 0 });
    }

    /** A refused chat skips the comparison if many chats in a row were refused in the same way and none was read. */
    function recoveryFrom(error: ApiError): Recovery {
      const recovery = remember(memory, { error, limit, now: now(), isEverybodys, isParked });
      if (recovery !== 'later' || chatId === undefined || recoveryOf(error) !== 'never') return recovery;
      const isOneOfMany = others.refused(chatId, error.kind);
      return isOneOfMany && meaningOf(error.kind).believed === 2 ? 'never' : 'later';
    }

    try {
      if (memory.askForOthers) throw await askForOthers();
      return await run({
        api,
        archive,
        chats,
        limit,
        signal,
        archiveFailed: memory.archiveFailed,
        requests: () => memory.requests,
        async request(call) {
          memory.requests += 1;
          const answer = await call({ signal });
          if (chatId !== undefined) others.readable(chatId);
          return answer;
        },
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ApplicationFailure) throw error;
      const recovery = error instanceof ApiError ? recoveryFrom(error) : undefined;
      memory.archiveFailed = recovery === undefined;
      const { requests, askForOthers: asksFirst, refusals, served } = memory;
      if (recovery === 'gone' && options.gone) return options.gone({ limit, requests });
      beat();
      const soon = asksFirst && refusals > 0;
      // A record that is larger than the cap, or an id that no URL can hold, is the chat's own, whoever else is served.
      const isOwn = error instanceof ApiError && (error.kind === 'too-large' || error.kind === 'no-path');
      const proven = served === 'chat' || isOwn;
      throw toFailure(error, { requests, chatId, recovery, soon, proven, limit: memory.limit });
    }
  };
}

function temporalContext(): AttemptContext {
  const info = activityInfo();
  const details: unknown = info.heartbeatDetails;
  return {
    details,
    attempt: info.attempt,
    signal: cancellationSignal(),
    heartbeat,
    sayInHeartbeats,
    now: () => Date.now(),
  };
}

import { z } from 'zod';
import { recoveryOf, type ApiError } from '../compliance-api/errors';
import { HOPELESS_MS } from '../contract';
import { isAboutTheKey, meaningOf, type FailureKind, type Recovery } from '../domain/failure-kinds';

/** It is given up only after at least this many failures. */
const HOPELESS_FAILURES = 3;
/** A rate is everybody's: only after so many 429s in a row others are asked for, */
const LIMITS_ALONE = 3;
/** and only after so many, */
const HOPELESS_LIMITS = 6;
/** and so long a time in which others were served, ms, it is one path's. */
const HOPELESS_LIMITED_MS = 5 * 60_000;
/** The most that the time between two failures counts: a worker may have stood still in between. */
const LONGEST_STEP_MS = 2 * 60_000;
/** After a slow answer the next request asks for this fraction of the page. */
const SLOW_ANSWER_PART = 4;

/** What an attempt knows of earlier ones: Temporal hands the details of the last heartbeat to the next attempt. */
export const memorySchema = z.object({
  /** HTTP requests made. */
  requests: z.number().default(0),
  /** The reduced page size, after an answer that was larger than the cap or too slow. */
  limit: z.number().optional(),
  /** How the last request failed: its kind, and its message. */
  kind: z.string().optional(),
  said: z.string().optional(),
  /** The endpoint that failed. */
  endpoint: z.string().optional(),
  /** Refusals in a row. */
  refusals: z.number().default(0),
  /** Failures that may pass, and the time that they took while others were served, ms. */
  failures: z.number().default(0),
  failingMs: z.number().default(0),
  /** Answers in a row that said `too many requests`, and the time that they took while others were served, ms. */
  limits: z.number().default(0),
  limitedMs: z.number().default(0),
  lastFailureAt: z.number().optional(),
  /** The next attempt makes another request instead, to see whether others are served. */
  askForOthers: z.boolean().default(false),
  /** How many of those requests failed: the next one is for something else. */
  othersFailed: z.number().default(0),
  /** What was served since the last failure: another chat, or only a request that shows the key to be accepted. */
  served: z.enum(['chat', 'key']).optional(),
  archiveFailed: z.boolean().default(false),
});
export type Memory = z.infer<typeof memorySchema>;

/** The memory of a new activity for a chat whose earlier one was cancelled. @param failingMs As in {@link Memory}. */
export const failedBefore = (failingMs = 0): Partial<Memory> =>
  // It may have waited in the queue for all that time: whether others are served is asked first.
  failingMs < HOPELESS_MS ? { failingMs } : { failingMs, failures: HOPELESS_FAILURES - 1, askForOthers: true };

export interface FailedAttempt {
  error: ApiError;
  /** The page size of the failed request. */
  limit: number;
  /** ms */
  now: number;
  /** Nothing can be read without this list: its failure is an outage, even if other requests are served. */
  isEverybodys?: boolean | undefined;
  /** A parked chat just stays parked: other requests are made only before a refusal is believed. */
  isParked?: boolean | undefined;
}

/**
 * Notes in `memory` what the next attempt has to know, and decides whether there should be one.
 *
 * A chat, or a list that is one of many, is given up only for a reason of its own. So between two of its failures an
 * attempt requests something else with the same key ({@link rememberOthers}): while that fails too, it is an outage,
 * which is waited for however long it takes.
 */
export function remember(memory: Memory, attempt: FailedAttempt): Recovery {
  const { error, limit, now, isEverybodys = false, isParked = false } = attempt;
  const ofOne = error.endpoint === 'messages' || error.endpoint === 'users';
  const { served } = memory;
  const recovery = recoveryOf(error);
  const { sends, counts, believed } = meaningOf(error.kind);
  if (!sends) memory.requests -= 1;
  if (error.kind === 'rate-limited' && !isEverybodys && !isParked) return rememberLimit(memory, attempt);
  if (!counts) return recovery;
  if (error.kind === 'too-large') {
    memory.limit = Math.max(1, Math.floor(limit / (isParked ? SLOW_ANSWER_PART : 2)));
    return limit > 1 ? 'later' : error.endpoint === 'messages' ? 'never' : 'stop';
  }
  memory.limits = 0;
  memory.kind = error.kind;
  memory.said = error.message;
  memory.endpoint = error.endpoint;
  if (recovery !== 'later') {
    memory.refusals += 1;
    if (memory.refusals >= believed && (believed === 1 || !ofOne || served !== undefined)) return recovery;
    memory.askForOthers = ofOne && served === undefined;
    return 'later';
  }
  memory.refusals = 0;
  // While nobody is served, smaller pages help nobody.
  const isFirst = memory.failures === 0;
  if (isSlow(error) && (isFirst || isParked || isEverybodys || served !== undefined)) {
    memory.limit = Math.max(1, Math.floor(limit / SLOW_ANSWER_PART));
  }
  if (isEverybodys || isParked) return 'later';
  memory.failures += 1;
  if (served !== undefined) memory.failingMs += sinceLastFailure(memory, now);
  if (served !== undefined && memory.failingMs >= HOPELESS_MS && memory.failures >= HOPELESS_FAILURES) {
    return error.endpoint === 'messages' ? 'never' : 'stop';
  }
  memory.lastFailureAt = now;
  memory.served = undefined;
  memory.askForOthers = true;
  return 'later';
}

/** A gateway may limit one path: such a chat would be waited for without end, and all others with it. */
function rememberLimit(memory: Memory, { error, now }: FailedAttempt): Recovery {
  memory.limits += 1;
  if (memory.served !== undefined) {
    memory.limitedMs += sinceLastFailure(memory, now);
    const isHopeless = memory.limitedMs >= HOPELESS_LIMITED_MS && memory.limits >= HOPELESS_LIMITS;
    if (isHopeless) return error.endpoint === 'messages' ? 'never' : 'stop';
  }
  memory.lastFailureAt = now;
  memory.served = undefined;
  if (memory.limits < LIMITS_ALONE) return 'later';
  Object.assign(memory, { kind: error.kind, said: error.message, endpoint: error.endpoint, askForOthers: true });
  return 'later';
}

const sinceLastFailure = ({ lastFailureAt }: Memory, now: number): number =>
  Math.min(now - (lastFailureAt ?? now), LONGEST_STEP_MS);

/** The outcome of a request for another chat, or for the organizations if this worker has read no chat yet. */
export interface Others {
  asked: 'chat' | 'key';
  /** Undefined if the request was served. */
  error?: ApiError;
}

/**
 * Notes the outcome of the other request. @returns `everybody` if it is refused in the same way, so that the chat is
 * not the cause; `later` if the request could not be made.
 */
export function rememberOthers(memory: Memory, { asked, error }: Others): 'everybody' | 'later' | 'go on' {
  if (error && !meaningOf(error.kind).sends) {
    memory.requests -= 1;
    return 'later';
  }
  if (error) memory.othersFailed += 1;
  if (error && recoveryOf(error) === 'later') {
    // A refusal waits for a comparison. After a passing failure the chat itself may show that the outage has ended.
    memory.askForOthers = memory.refusals > 0;
    return 'later';
  }
  memory.askForOthers = false;
  if (error === undefined) {
    memory.served = asked;
    return 'go on';
  }
  if (isAboutTheKey(error.kind) || error.kind === memory.kind) return 'everybody';
  // A refusal of another kind shows that the key is accepted; a refused chat shows nothing more.
  if (asked === 'key') memory.served = 'key';
  else memory.askForOthers = true;
  return 'go on';
}

const SLOW: readonly FailureKind[] = ['timeout', 'cut-short'];

const isSlow = (error: ApiError): boolean => SLOW.includes(error.kind) || error.status === 504 || error.status === 408;

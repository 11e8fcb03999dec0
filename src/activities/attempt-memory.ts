import { z } from 'zod';
import { recoveryOf, type ApiError } from '../compliance-api/errors';
import { isAboutTheKey, meaningOf, type FailureKind, type Recovery } from '../domain/failure-kinds';

/** What fails for so long while others are served can never be read. */
const HOPELESS_MS = 3 * 60_000;
/** And fails so often. */
const HOPELESS_FAILURES = 3;
/** What one pair of failures may add to that time: a worker that stood still must not count. */
const LONGEST_STEP_MS = 2 * 60_000;
/** A server that is too slow for a page may manage a part of it. */
const SLOW_ANSWER_PART = 4;

/** What an attempt knows of those before it: Temporal hands the last heartbeat's details to the next attempt. */
export const memorySchema = z.object({
  /** HTTP requests made. */
  requests: z.number().default(0),
  /** Ask for no more records than this, since an answer was larger than the cap, or did not come in time. */
  limit: z.number().optional(),
  /** How the request failed last, as a kind and in words. */
  kind: z.string().optional(),
  said: z.string().optional(),
  /** Which endpoint did. */
  endpoint: z.string().optional(),
  /** Refusals in a row. */
  refusals: z.number().default(0),
  /** Failures that may pass, and the time spent on them while others were served, ms. */
  failures: z.number().default(0),
  failingMs: z.number().default(0),
  lastFailureAt: z.number().optional(),
  /** The next attempt asks whether others are served. */
  askForOthers: z.boolean().default(false),
  /** Who was served since the last failure: a chat, or no more than the key. */
  served: z.enum(['chat', 'key']).optional(),
  sinkFailed: z.boolean().default(false),
});
export type Memory = z.infer<typeof memorySchema>;

/** What is remembered of attempts of an activity that was called off. @param failingMs As of {@link Memory}. */
export const failedBefore = (failingMs = 0): Partial<Memory> =>
  failingMs < HOPELESS_MS ? { failingMs } : { failingMs, failures: HOPELESS_FAILURES - 1, served: 'chat' };

export interface FailedAttempt {
  error: ApiError;
  /** How many records were asked for. */
  limit: number;
  /** ms */
  now: number;
  /** Nobody can be read without it: while it fails that is an outage, whoever else is served. */
  isEverybodys?: boolean | undefined;
  /** A parked chat stays so whatever comes of it: others are asked for only before it is believed to be gone. */
  isParked?: boolean | undefined;
}

/**
 * Notes in `memory` what the next attempt has to know, and says whether there should be one.
 *
 * A chat, or a list that is one of many, is given up only for a reason of its own. So between two of its failures an
 * attempt asks for something else with the same key ({@link rememberOthers}): while nobody is served it is an outage, which
 * is waited for however long it takes.
 */
export function remember(memory: Memory, attempt: FailedAttempt): Recovery {
  const { error, limit, now, isEverybodys = false, isParked = false } = attempt;
  const ofOne = error.endpoint === 'messages' || error.endpoint === 'users';
  const { served } = memory;
  const recovery = recoveryOf(error);
  const { sends, counts, believed } = meaningOf(error.kind);
  if (!sends) memory.requests -= 1;
  if (!counts) return recovery;
  if (error.kind === 'too-large') {
    memory.limit = Math.max(1, Math.floor(limit / (isParked ? SLOW_ANSWER_PART : 2)));
    return limit > 1 ? 'later' : error.endpoint === 'messages' ? 'never' : 'stop';
  }
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
  if (isSlow(error)) memory.limit = Math.max(1, Math.floor(limit / SLOW_ANSWER_PART));
  if (isEverybodys || isParked) return 'later';
  memory.failures += 1;
  if (served !== undefined) memory.failingMs += Math.min(now - (memory.lastFailureAt ?? now), LONGEST_STEP_MS);
  if (memory.failingMs >= HOPELESS_MS && memory.failures >= HOPELESS_FAILURES) {
    return error.endpoint === 'messages' ? 'never' : 'stop';
  }
  memory.lastFailureAt = now;
  memory.served = undefined;
  memory.askForOthers = true;
  return 'later';
}

/** What came of asking for another chat, or for the organizations where no chat is known that could be read. */
export interface Others {
  asked: 'chat' | 'key';
  /** Undefined: served. */
  error?: ApiError;
}

/**
 * Notes what came of it. @returns `everybody` if the others are refused in the same way, so that it is not the chat;
 * `later` if they could not be asked.
 */
export function rememberOthers(memory: Memory, { asked, error }: Others): 'everybody' | 'later' | 'go on' {
  if (error && !meaningOf(error.kind).sends) {
    memory.requests -= 1;
    return 'later';
  }
  if (error && recoveryOf(error) === 'later') {
    // A refusal is not believed before somebody was asked; of an outage the chat itself may see the end.
    memory.askForOthers = memory.refusals > 0;
    return 'later';
  }
  memory.askForOthers = false;
  if (error === undefined) {
    memory.served = asked;
    return 'go on';
  }
  if (isAboutTheKey(error.kind) || error.kind === memory.kind) return 'everybody';
  // A refusal of another kind says that the key was taken; of a chat it says nothing more.
  if (asked === 'key') memory.served = 'key';
  else memory.askForOthers = true;
  return 'go on';
}

const SLOW: readonly FailureKind[] = ['timeout', 'cut-short'];

const isSlow = (error: ApiError): boolean => SLOW.includes(error.kind) || error.status === 504 || error.status === 408;

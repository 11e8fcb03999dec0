import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { VerifyRequest } from '../domain/verification';
import type { Ask } from '../activities/types';

/** Every update takes one object, which is kept in the history. requests.ts validates it: any client may send one. */
export interface AskRequest {
  /** The id of the workflow that asks. */
  by?: string;
}
/** Asks the source for a sync and returns at once; callers share the running or the next sync. */
export const syncUpdate = defineUpdate<Ask, [AskRequest]>('sync');

export interface PauseRequest {
  /** In the operator's words, at most 200 characters. */
  reason?: string;
}
/** Pauses the source: a running sync goes on to its end, and further requests are refused until `resume`. */
export const pauseUpdate = defineUpdate<void, [PauseRequest]>('pause');

/** Ends the pause; a source that is not paused stays as it is. */
export const resumeUpdate = defineUpdate<void, [PauseRequest]>('resume');

export interface RewindRequest {
  /** The next window's start, cut to the second: an ISO 8601 date or time that is not in the future. */
  to: string;
  /** Allows a `to` later than the timestamp: the messages between are never read. */
  skip?: boolean;
  /** Why, in the operator's words, at most 200 characters; stays in the history. */
  reason?: string;
}
/** Sets the timestamp. Rejected while a sync runs, or without `skip` for a time later than the timestamp. */
export const rewindUpdate = defineUpdate<void, [RewindRequest]>('rewind');

/** The window's progress, newer than the memo's, which changes only at each publish. */
export interface Progress {
  /** Read so far. */
  chats: number;
  messages: number;
  /** Chats of the pages listed so far; `more`: further pages follow. */
  total: number;
  more: boolean;
  /** In the last minute; null while it cannot be told. */
  chatsPerSecond: number | null;
}
export const progressQuery = defineQuery<Progress | null>('progress');

/** How far a verification is. */
export interface VerificationProgress {
  what: VerifyRequest['what'];
  from: string;
  to: string;
  /** Chats on the lists so far, and chats of the archive. */
  listed: number;
  known: number;
  /** Chats whose messages were compared, and those messages. */
  compared: number;
  messages: number;
  requests: number;
  /** By the pace so far; null if that cannot be told. */
  secondsLeft: number | null;
}
export const verificationQuery = defineQuery<VerificationProgress>('verification');

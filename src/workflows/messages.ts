import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Ask } from '../activities/types';

/** Every update takes one object, which stays in the history, and is checked by requests.ts: it may come from anywhere. */
export interface AskRequest {
  /** The workflow that asks. */
  by?: string;
}
/** Asks the source for a sync. Returns at once; several callers share the sync that runs or comes. */
export const syncUpdate = defineUpdate<Ask, [AskRequest]>('sync');

export interface PauseRequest {
  /** In the operator's words, at most 200 characters. */
  reason?: string;
}
export const pauseUpdate = defineUpdate<void, [PauseRequest]>('pause');

export const resumeUpdate = defineUpdate<void, [object]>('resume');

export interface RewindRequest {
  /** The next `from`, cut to the second: an ISO 8601 date or time that is not in the future. */
  to: string;
  /** Allows `to` to be later than the timestamp: what lies between is never read. */
  skip?: boolean;
  /** Why, in the operator's words, at most 200 characters; stays in the history. */
  reason?: string;
}
/** Sets the timestamp. Rejected while a sync runs, or without `skip` for a time later than the timestamp. */
export const rewindUpdate = defineUpdate<void, [RewindRequest]>('rewind');

/** Of the window, more than the memo knows, which moves with each publish. */
export interface Progress {
  /** Read so far. */
  chats: number;
  messages: number;
  /** Chats of the pages listed so far; `more`: further pages follow. */
  total: number;
  more: boolean;
}
export const progressQuery = defineQuery<Progress | null>('progress');

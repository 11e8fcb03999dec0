import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Ask } from '../activities/types';

/** Every update takes one object, which stays in the history: who asked, and when. */
export interface AskRequest {
  /** The workflow that asks. */
  by: string;
}
/** Asks the source for a sync. Returns at once; several callers share the sync that runs or comes. */
export const syncUpdate = defineUpdate<Ask, [AskRequest]>('sync');

export interface PauseRequest {
  reason: string;
  /** When the operator asked, ISO 8601. */
  since: string;
}
export const pauseUpdate = defineUpdate<void, [PauseRequest]>('pause');

export interface ResumeRequest {
  /** When the operator asked, ISO 8601. */
  at: string;
}
export const resumeUpdate = defineUpdate<void, [ResumeRequest]>('resume');

export interface RewindRequest {
  /** The next `from`, on a whole second. */
  to: string;
  /** Allows `to` to be later than the timestamp: what lies between is never read. */
  skip: boolean;
  /** Why, in the operator's words; stays in the history. */
  reason: string;
  /** The time of the request, ms: becomes the epoch. */
  epoch: number;
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

import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PauseRequest } from './messages';

/** There is something new in the archive. */
export const wakeSignal = defineSignal('wake');

/** Holds the deliveries: one that runs is cancelled, and its position stays. */
export const pauseDeliveryUpdate = defineUpdate<void, [PauseRequest]>('pause');
export const resumeDeliveryUpdate = defineUpdate<void, [PauseRequest]>('resume');

export interface RewindDeliveryRequest {
  /** Windows that end behind it are delivered again: an ISO 8601 date or time. */
  to?: string;
  /** Instead: the refused records are delivered again. */
  refused?: boolean;
}
export const rewindDeliveryUpdate = defineUpdate<void, [RewindDeliveryRequest]>('rewind');

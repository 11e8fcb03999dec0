import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { troubleOf } from './errors';

/** Thrown by an update that the source refuses; the message says why. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

/** Thrown if the chain was closed, and another client has restarted it meanwhile. */
export class ChainMovedError extends Error {
  override name = 'ChainMovedError';
}

/** Whether the workflow itself refused the update. */
export function isRefusal(error: unknown): error is WorkflowUpdateFailedError & { cause: Error } {
  return error instanceof WorkflowUpdateFailedError && error.cause !== undefined && !isOvertaken(error);
}

/** Whether the run ended after it accepted the update and before it answered. */
function isOvertaken(error: unknown): boolean {
  const cause: unknown = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return (
    typeof cause === 'object' && cause !== null && 'type' in cause && cause.type === 'AcceptedUpdateCompletedWorkflow'
  );
}

/** What is wrong with Temporal, if that may pass; undefined for other errors. */
export const passingTrouble = (error: unknown): string | undefined =>
  isTransient(error) ? `Temporal ${troubleOf(error) ?? 'is busy'}; trying again` : undefined;

/** Whether Temporal is away or busy, so that another try is worthwhile. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ChainMovedError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (error instanceof WorkflowNotFoundError || isOvertaken(error)) return true;
  return troubleOf(error) !== undefined;
}

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

/** The chain had closed, and someone else has started it again meanwhile. */
export class ChainMovedError extends Error {
  override name = 'ChainMovedError';
}

/** Whether the workflow itself said no. */
export function isRefusal(error: unknown): error is WorkflowUpdateFailedError & { cause: Error } {
  return error instanceof WorkflowUpdateFailedError && error.cause !== undefined && !isOvertaken(error);
}

/** The run ended between taking the update and answering it. */
function isOvertaken(error: unknown): boolean {
  const cause: unknown = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return (
    typeof cause === 'object' && cause !== null && 'type' in cause && cause.type === 'AcceptedUpdateCompletedWorkflow'
  );
}

/** What is wrong with Temporal, where that may pass; undefined: it is something else. */
export const passingTrouble = (error: unknown): string | undefined =>
  isTransient(error) ? `Temporal ${troubleOf(error) ?? 'is busy'}; trying again` : undefined;

/** Temporal is away or busy: worth another try. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ChainMovedError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (error instanceof WorkflowNotFoundError || isOvertaken(error)) return true;
  return troubleOf(error) !== undefined;
}

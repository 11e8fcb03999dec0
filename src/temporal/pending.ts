import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow';

/** How the last attempt of an activity that is tried again failed; undefined if none did. Temporal keeps it with the pending activity, not in the history. */
export async function lastFailure(
  { raw }: WorkflowExecutionDescription,
  converter: LoadedDataConverter,
): Promise<Error | undefined> {
  const [failure] = (raw.pendingActivities ?? []).flatMap((activity) => activity.lastFailure ?? []);
  return decodeOptionalFailureToOptionalError(converter, failure);
}

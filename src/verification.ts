import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { syncTaskQueue, verificationWorkflowId } from './contract';
import { describeVerification } from './domain/verification';
import type { VerifyRequest } from './domain/verification';
import { verificationQuery, type VerificationProgress } from './workflows/messages';
import type { verify } from './workflows/verify';

const QUERY_MS = 3000;

/** The verification of a source, as clients and the worker use it: at most one runs. */
export interface Verification {
  /** Null: one runs already. */
  start(request: VerifyRequest): Promise<WorkflowHandle<typeof verify> | null>;
  /** Null: none runs, or no worker answered. */
  progress(): Promise<VerificationProgress | null>;
}

export function createVerification(client: Client, source: string): Verification {
  const workflowId = verificationWorkflowId(source);
  return {
    async start(request) {
      try {
        return await client.workflow.start<typeof verify>('verify', {
          workflowId,
          taskQueue: syncTaskQueue(source),
          args: [{ source, request }],
          workflowIdConflictPolicy: 'FAIL',
          workflowTaskTimeout: '30s',
          staticSummary: describeVerification(source, request),
          staticDetails: 'Compares the archive with what the API says now, behind the syncs, and changes neither.',
        });
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
        throw error;
      }
    },
    async progress() {
      try {
        const handle = client.workflow.getHandle(workflowId);
        return await client.withDeadline(Date.now() + QUERY_MS, () => handle.query(verificationQuery));
      } catch {
        return null;
      }
    },
  };
}

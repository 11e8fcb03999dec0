import { randomUUID } from 'node:crypto';
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { Ask } from './activities/types';
import { chatSyncWorkflowId, syncTaskQueue } from './contract';
import { UnreadableStateError, type SourceView } from './domain/source-view';
import { newState, type State } from './domain/state';
import { memoSchema, type Memo } from './domain/memo';
import { lastFailure } from './temporal/pending';
import { countPollers } from './temporal/pollers';
import { ChainMovedError, isRefusal, isTransient, RefusedError } from './temporal/update-errors';
import { failureInWords } from './text/failure-in-words';
import type { chatSync } from './workflows/chat-sync';
import { memoOf } from './workflows/memo';
import {
  pauseUpdate,
  progressQuery,
  resumeUpdate,
  rewindUpdate,
  syncUpdate,
  type Progress,
  type RewindRequest,
} from './workflows/messages';

/** How long an update is retried: a command must report within 10 s; for the activity, Temporal retries. */
const UPDATE_MS = 8000;
const DESCRIBE_MS = 10_000;

/** A source as clients and the worker use it: to ask for syncs, to read its state, and to restart a closed chain. */
export interface Source {
  readonly name: string;
  view(): Promise<SourceView>;
  /** The running sync's progress, from its worker. Null: no sync runs, or no worker answered within 3 s. */
  progress(): Promise<Progress | null>;
  /** Asks for a sync and returns its number. @param by The id of the workflow that asks. */
  askForSync(by: string): Promise<Ask>;
  pause(reason: string): Promise<void>;
  resume(reason?: string): Promise<void>;
  rewind(request: RewindRequest): Promise<void>;
  /** Counts the processes that polled the source's workflow queue within 70 s. */
  workers(): Promise<number>;
}

export function createSource(client: Client, name: string): Source {
  const workflowId = chatSyncWorkflowId(name);
  const handle = client.workflow.getHandle<typeof chatSync>(workflowId);

  async function describe(): Promise<WorkflowExecutionDescription | null> {
    try {
      // Without a deadline, a call whose packets are dropped on the way would never end.
      return await client.withDeadline(Date.now() + DESCRIBE_MS, () => handle.describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  async function waitingFor(description: WorkflowExecutionDescription): Promise<string | null> {
    const error = await lastFailure(description, client.options.loadedDataConverter);
    return error ? failureInWords(error) : null;
  }

  /** Restarts the chain with the last run's state and updates it, in one step; of several callers the first wins. */
  async function updateWithStart<Result, Request>(
    update: UpdateDefinition<Result, [Request]>,
    request: Request,
    updateId: string,
  ): Promise<Result> {
    const description = await describe();
    if (description?.status.name === 'RUNNING') throw new ChainMovedError();
    const state = description ? revived(readMemo(description)) : newState(name);
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof chatSync>('chatSync', {
      workflowId,
      taskQueue: syncTaskQueue(name),
      args: [state],
      memo: { state: memoOf(state) },
      workflowIdConflictPolicy: 'USE_EXISTING',
      // A restarted worker replays a whole run in one task: on a small machine the default of 10 s is too short.
      workflowTaskTimeout: '30s',
      staticSummary: `The source ${name}: its timestamp, and its syncs one after another`,
      staticDetails: 'Each run is one sync. Its input is the state before it, its end the state after it.',
    });
    return await client.workflow.executeUpdateWithStart<typeof chatSync, Result, [Request]>(update, {
      startWorkflowOperation,
      args: [request],
      updateId,
    });
  }

  async function update<Result, Request>(
    definition: UpdateDefinition<Result, [Request]>,
    request: Request,
  ): Promise<Result> {
    // Every try has the same id: an update that was accepted, and whose answer was lost, is not applied twice by a run.
    const updateId = randomUUID();
    const until = Date.now() + UPDATE_MS;
    for (let tries = 1; ; tries++) {
      try {
        try {
          return await handle.executeUpdate<Result, [Request]>(definition, { args: [request], updateId });
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
        return await updateWithStart(definition, request, updateId);
      } catch (error) {
        if (isRefusal(error)) throw new RefusedError(error.cause.message, { cause: error });
        if (Date.now() >= until || !isTransient(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries * (0.5 + Math.random())));
      }
    }
  }

  return {
    name,
    async view() {
      const description = await describe();
      if (!description) return { memo: null, open: false, waitingFor: null };
      return {
        memo: readMemo(description),
        open: description.status.name === 'RUNNING',
        waitingFor: await waitingFor(description),
      };
    },
    async progress() {
      try {
        return await client.withDeadline(Date.now() + 3000, () => handle.query(progressQuery));
      } catch {
        return null;
      }
    },
    askForSync: (by) => update(syncUpdate, { by }),
    pause: (reason) => update(pauseUpdate, { reason }),
    resume: (reason = '') => update(resumeUpdate, { reason }),
    rewind: (request) => update(rewindUpdate, request),
    workers: () => countPollers(client, syncTaskQueue(name), 'workflow'),
  };
}

/**
 * Names of the sources that have a chain, by Temporal's list, which may be some seconds late. Their memos are left alone: others may be written
 * with other codecs.
 */
export async function sourcesOf(client: Client): Promise<string[]> {
  const prefix = chatSyncWorkflowId('');
  const names = new Set<string>();
  const { namespace } = client.options;
  const query = 'WorkflowType = "chatSync" AND ExecutionStatus != "ContinuedAsNew"';
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace,
      query,
      ...(nextPageToken && { nextPageToken }),
    });
    for (const { execution } of page.executions) names.add((execution?.workflowId ?? '').slice(prefix.length));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
  return [...names].sort();
}

function readMemo(description: WorkflowExecutionDescription): Memo {
  const memo = memoSchema.safeParse(description.memo?.['state']);
  if (memo.success) return memo.data;
  throw new UnreadableStateError(
    `the memo of ${description.workflowId} is not a state of this version (${memo.error.issues[0]?.path.join('.') || 'no state'}): was it started by something else?`,
  );
}

function revived({ running, ...state }: Memo): State {
  return state;
}

import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { chatSyncWorkflowId, deliveryTaskQueue, deliveryWorkflowId, syncTaskQueue } from './contract';
import { behindSchema, deliveryStateSchema, newDeliveryState, type DeliveryState } from './domain/delivery';
import { UnreadableStateError } from './domain/source-view';
import { lastFailure } from './temporal/pending';
import { countPollers } from './temporal/pollers';
import { isRefusal, isTransient, RefusedError } from './temporal/update-errors';
import { failureInWords } from './text/failure-in-words';
import type { delivery } from './workflows/delivery';
import {
  pauseDeliveryUpdate,
  resumeDeliveryUpdate,
  rewindDeliveryUpdate,
  wakeSignal,
  type RewindDeliveryRequest,
} from './workflows/delivery-messages';

const DESCRIBE_MS = 10_000;
const UPDATE_MS = 8000;

/** What can be known of a destination without its worker. */
export interface DeliveryView {
  state: DeliveryState;
  /** What it waits for, in words, by its last attempt. */
  waitingFor: string | null;
}

/** The chain of one destination, as clients and the worker use it. */
export interface DeliveryChain {
  readonly destination: string;
  /** Says that there is something new in the archive, and starts the chain if none runs. */
  wake(): Promise<void>;
  /** Counts the workers whose DESTINATIONS names it. */
  workers(): Promise<number>;
  /** Null for a destination that never was. */
  view(): Promise<DeliveryView | null>;
  pause(reason: string): Promise<void>;
  resume(): Promise<void>;
  rewind(request: RewindDeliveryRequest): Promise<void>;
}

export function createDeliveryChain(client: Client, source: string, destination: string): DeliveryChain {
  const workflowId = deliveryWorkflowId(source, destination);
  const handle = client.workflow.getHandle<typeof delivery>(workflowId);

  async function describe(): Promise<WorkflowExecutionDescription | null> {
    try {
      return await client.withDeadline(Date.now() + DESCRIBE_MS, () => handle.describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  async function wake(): Promise<void> {
    try {
      return await handle.signal(wakeSignal);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    const description = await describe();
    const state = description ? stateOf(description) : newDeliveryState(source, destination);
    await client.workflow.signalWithStart<typeof delivery>('delivery', {
      workflowId,
      taskQueue: syncTaskQueue(source),
      args: [state],
      memo: { state },
      signal: wakeSignal,
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Delivers what ${chatSyncWorkflowId(source)} archives to ${destination}`,
      staticDetails: `Its attempts are on the queue ${deliveryTaskQueue(source, destination)}.`,
    });
  }

  async function update<Request>(definition: UpdateDefinition<void, [Request]>, request: Request): Promise<void> {
    const updateId = randomUUID();
    const until = Date.now() + UPDATE_MS;
    for (let tries = 1; ; tries++) {
      try {
        await handle.executeUpdate<void, [Request]>(definition, { args: [request], updateId });
        return;
      } catch (error) {
        if (isRefusal(error)) throw new RefusedError(error.cause.message, { cause: error });
        if (error instanceof WorkflowNotFoundError) {
          if ((await describe()) === null) {
            throw new RefusedError(
              `source ${source} never had a destination ${destination}: DESTINATIONS of its worker names them`,
            );
          }
          await wake();
        }
        if (Date.now() >= until || !isTransient(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries * (0.5 + Math.random())));
      }
    }
  }

  async function viewOf(description: WorkflowExecutionDescription): Promise<DeliveryView> {
    const state = stateOf(description);
    if (description.status.name !== 'RUNNING')
      return { state, waitingFor: 'a worker, which starts its workflow again' };
    const error = await lastFailure(description, client.options.loadedDataConverter);
    const behind = behindOf(error);
    return {
      state: { ...state, ...(behind && { behind }) },
      waitingFor: error ? failureInWords(error) : (state.waiting?.reason ?? null),
    };
  }

  return {
    destination,
    wake,
    workers: () => countPollers(client, deliveryTaskQueue(source, destination), 'activity'),
    async view() {
      const description = await describe();
      return description && viewOf(description);
    },
    pause: (reason) => update(pauseDeliveryUpdate, { reason }),
    resume: () => update(resumeDeliveryUpdate, {}),
    rewind: (request) => update(rewindDeliveryUpdate, request),
  };
}

/** The names of the destinations that a source has a chain for, from Temporal's list of workflows. */
export async function destinationsOf(client: Client, source: string): Promise<string[]> {
  const prefix = deliveryWorkflowId(source, '');
  const query = `WorkflowId STARTS_WITH "${prefix}" AND WorkflowType = "delivery" AND ExecutionStatus != "ContinuedAsNew"`;
  const names = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) names.add(workflowId.slice(prefix.length));
  return [...names].sort();
}

function behindOf(error: Error | undefined) {
  const details: unknown = error && 'details' in error && Array.isArray(error.details) ? error.details[0] : undefined;
  const given = typeof details === 'object' && details !== null && 'behind' in details ? details.behind : undefined;
  return behindSchema.safeParse(given).data;
}

function stateOf({ memo, workflowId }: WorkflowExecutionDescription): DeliveryState {
  const state = deliveryStateSchema.safeParse(memo?.['state']);
  if (state.success) return state.data;
  throw new UnreadableStateError(
    `the memo of ${workflowId} is not a state of this version: was it started by something else?`,
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { chatSyncWorkflowId } from '../src/contract';
import { payloadsIn } from './payloads';
import { activityMs } from './activity-times';

const LOOK_EVERY_MS = 250;
const LOOKS = 60;

/** Figures of the histories of a source's chain of runs. */
export interface Chain extends Contents {
  runs: number;
  events: number;
  bytes: number;
  mostEventsInRun: number;
  largestRunBytes: number;
  /** From the start of the chain to the continue-as-new after the sync, by the server's clock. */
  seconds: number;
}

/** Figures that take the events of the histories. */
interface Contents {
  largestPayloadBytes: number;
  largestMemoBytes: number;
  /** Median duration of `publishPart`, over the first and over the last tenth of them, ms. */
  firstPublishMs: number;
  lastPublishMs: number;
}

/**
 * Reads the closed runs of a chain that has done one sync and is idle. @throws Error if visibility does not catch up
 */
export async function readChain(client: Client, source: string): Promise<Chain> {
  const workflowId = chatSyncWorkflowId(source);
  for (let looks = 1; ; looks++) {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) runs.push(run);
    const closed = runs.filter((run) => run.status.name === 'CONTINUED_AS_NEW');
    // Visibility lags: look again until it lists the current run as the only open one.
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    if (closed.length === runs.length - 1 && runs.some((run) => run.runId === runId)) {
      return { ...chainOf(closed), ...(await contentsOf(client, closed)) };
    }
    if (looks === LOOKS) throw new Error(`the list of runs of ${workflowId} does not come to rest`);
    await sleep(LOOK_EVERY_MS);
  }
}

function chainOf(runs: WorkflowExecutionInfo[]): Omit<Chain, keyof Contents> {
  const start = Math.min(...runs.map((run) => run.startTime.getTime()));
  const end = Math.max(...runs.map((run) => run.closeTime?.getTime() ?? NaN));
  return {
    runs: runs.length,
    events: runs.reduce((sum, run) => sum + run.historyLength, 0),
    bytes: runs.reduce((sum, run) => sum + (run.historySize ?? 0), 0),
    mostEventsInRun: Math.max(...runs.map((run) => run.historyLength)),
    largestRunBytes: Math.max(...runs.map((run) => run.historySize ?? 0)),
    seconds: (end - start) / 1000,
  };
}

/** Leaves out the open run: its history holds only the input, which the run before ended with. */
async function contentsOf(client: Client, runs: WorkflowExecutionInfo[]): Promise<Contents> {
  let largestPayloadBytes = 0;
  let largestMemoBytes = 0;
  const publishMs: number[] = [];
  for (const { workflowId, runId } of runs.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { bytes, inMemo } of payloadsIn(history)) {
      largestPayloadBytes = Math.max(largestPayloadBytes, bytes);
      if (inMemo) largestMemoBytes = Math.max(largestMemoBytes, bytes);
    }
    publishMs.push(...activityMs(history, 'publishPart'));
  }
  const tenth = Math.ceil(publishMs.length / 10);
  return {
    largestPayloadBytes,
    largestMemoBytes,
    firstPublishMs: median(publishMs.slice(0, tenth)),
    lastPublishMs: median(publishMs.slice(-tenth)),
  };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

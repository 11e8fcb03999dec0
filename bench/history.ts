import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { chatSyncWorkflowId } from '../src/contract';
import { payloadsIn } from './payloads';

const LOOK_EVERY_MS = 250;
const LOOKS = 60;

/** What a source's chain of runs has left in Temporal. */
export interface Chain extends Payloads {
  runs: number;
  events: number;
  bytes: number;
  mostEventsInRun: number;
  largestRunBytes: number;
  /** From the ask to the continue-as-new behind the sync, by the server's clock. */
  seconds: number;
}

/** The largest single ones. */
interface Payloads {
  largestPayloadBytes: number;
  largestMemoBytes: number;
}

/** All runs of a chain that has done one sync and waits to be asked again. */
export async function readChain(client: Client, source: string): Promise<Chain> {
  const workflowId = chatSyncWorkflowId(source);
  for (let looks = 1; ; looks++) {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) runs.push(run);
    const closed = runs.filter((run) => run.status.name === 'CONTINUED_AS_NEW');
    // The list lags behind: until the last run is in it, and the one before is closed in it.
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    if (closed.length === runs.length - 1 && runs.some((run) => run.runId === runId)) {
      return { ...chainOf(closed), ...(await largestPayloads(client, closed)) };
    }
    if (looks === LOOKS) throw new Error(`the list of runs of ${workflowId} does not come to rest`);
    await sleep(LOOK_EVERY_MS);
  }
}

function chainOf(runs: WorkflowExecutionInfo[]): Omit<Chain, keyof Payloads> {
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

/** The run that waits now began with what the one before ended with: its history holds nothing else. */
async function largestPayloads(client: Client, runs: WorkflowExecutionInfo[]): Promise<Payloads> {
  const largest: Payloads = { largestPayloadBytes: 0, largestMemoBytes: 0 };
  for (const { workflowId, runId } of runs) {
    for (const { bytes, inMemo } of payloadsIn(await client.workflow.getHandle(workflowId, runId).fetchHistory())) {
      largest.largestPayloadBytes = Math.max(largest.largestPayloadBytes, bytes);
      if (inMemo) largest.largestMemoBytes = Math.max(largest.largestMemoBytes, bytes);
    }
  }
  return largest;
}

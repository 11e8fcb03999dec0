import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { chatSyncWorkflowId, requestSyncWorkflowId, syncTaskQueue } from '../src/contract';
import { type Report } from '../src/domain/state';
import { memoSchema, type Memo } from '../src/domain/memo';

const LOOK_EVERY_MS = 500;

/**
 * Starts `requestSync` for the source's first sync, as clients and the Schedule do, and polls the memo for the report.
 * The result of `requestSync` comes later than that, which would falsify the time. @throws Error if the sync fails
 *
 * @param look Called twice a second with the number of published chats.
 */
export async function syncOnce(
  client: Client,
  source: string,
  look: (chats: number) => Promise<void> = () => Promise.resolve(),
): Promise<Report> {
  await client.workflow.start('requestSync', {
    workflowId: requestSyncWorkflowId(source, 'bench'),
    taskQueue: syncTaskQueue(source),
    args: [source],
  });
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const memo = await memoOf(client, source);
    const [report] = memo?.reports ?? [];
    if (report?.outcome === 'completed') return report;
    if (report) throw new Error(`the sync ${report.outcome}: ${report.reason ?? 'no reason given'}`);
    await look(memo?.unfinished?.counters.chats ?? 0);
  }
}

async function memoOf(client: Client, source: string): Promise<Memo | null> {
  const runs = client.workflow.list({ query: `WorkflowId = "${chatSyncWorkflowId(source)}"` });
  // The chain does not exist until a worker handles the request.
  for await (const run of runs) {
    const description = await client.workflow.getHandle(run.workflowId).describe();
    return memoSchema.parse(description.memo?.['state']);
  }
  return null;
}

import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { z } from 'zod';
import { memoSchema, type Memo } from '../../src/domain/memo';
import { windowFolder } from '../../src/archive/folder/layout';
import type { Environment } from '../environment';

/** The span of a chat's messages that a window missed: `from` inclusive, `to` exclusive. */
export interface ParkedSpan {
  readonly chatId: string;
  readonly from: string;
  readonly to: string;
}

export interface Histories {
  /** Runs with workflow tasks completed by workers of two builds. */
  readonly mixedRuns: number;
  /** Workflow tasks that failed because of a bug in workflow code, in words. */
  readonly bugs: readonly string[];
  /** Chats that were parked while a window was open, by `windowFolder`. */
  readonly parked: ReadonlyMap<string, readonly ParkedSpan[]>;
}

/** Other causes are normal: a reset, or an event that arrived during the task. */
const BUGS = ['NON_DETERMINISTIC_ERROR', 'WORKFLOW_WORKER_UNHANDLED_FAILURE'].map(
  (cause) => `WORKFLOW_TASK_FAILED_CAUSE_${cause}`,
);

const eventSchema = z.object({
  workflowTaskCompletedEventAttributes: z.object({ workerVersion: z.object({ buildId: z.string() }) }).optional(),
  workflowTaskFailedEventAttributes: z
    .object({ cause: z.string(), failure: z.object({ message: z.string().optional() }).optional() })
    .optional(),
  workflowPropertiesModifiedEventAttributes: z
    .object({ upsertedMemo: z.object({ fields: z.object({ state: z.object({ data: z.string() }) }) }) })
    .optional(),
});
type Event = z.infer<typeof eventSchema>;

/** Reads the histories of all runs. */
export async function readHistories({ temporal: { client } }: Environment): Promise<Histories> {
  const bugs: string[] = [];
  const parked = new Map<string, ParkedSpan[]>();
  let mixedRuns = 0;
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const { events } = z.object({ events: z.array(eventSchema) }).parse(JSON.parse(historyToJSON(history)));
    if (new Set(events.flatMap(buildOf)).size > 1) mixedRuns += 1;
    bugs.push(...events.flatMap(bugIn).map((bug) => `${workflowId}, run ${runId}: ${bug}`));
    if (type !== 'chatSync') continue;
    for (const memo of events.flatMap(memoIn)) {
      if (!memo.unfinished) continue;
      const window = windowFolder(memo.unfinished.window);
      parked.set(window, [...(parked.get(window) ?? []), ...memo.parked]);
    }
  }
  return { mixedRuns, bugs, parked };
}

function buildOf({ workflowTaskCompletedEventAttributes: completed }: Event): string[] {
  return completed ? [completed.workerVersion.buildId] : [];
}

function bugIn({ workflowTaskFailedEventAttributes: failed }: Event): string[] {
  return failed && BUGS.includes(failed.cause) ? [`${failed.cause}: ${failed.failure?.message ?? ''}`] : [];
}

function memoIn({ workflowPropertiesModifiedEventAttributes: modified }: Event): Memo[] {
  if (!modified) return [];
  const { data } = modified.upsertedMemo.fields.state;
  return [memoSchema.parse(JSON.parse(Buffer.from(data, 'base64').toString()))];
}

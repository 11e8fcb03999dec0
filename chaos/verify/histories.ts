import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { z } from 'zod';
import { memoSchema, type Memo } from '../../src/domain/memo';
import { windowFolder } from '../../src/sinks/file/layout';
import type { Stage } from '../stage';

/** A span of a chat's messages. */
export interface ParkedSpan {
  readonly chatId: string;
  readonly from: string;
  readonly to: string;
}

/** What the histories tell. */
export interface Histories {
  /** Runs on which workers of two builds worked. */
  readonly mixedRuns: number;
  /** Workflow tasks that failed by a bug of the workflows, in words. */
  readonly bugs: readonly string[];
  /** What was parked at some moment while a window was open, by `windowFolder`. */
  readonly parked: ReadonlyMap<string, readonly ParkedSpan[]>;
}

/** The other causes are the server's: a reset, or something that came in meanwhile. */
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

/** Reads them all. */
export async function readHistories({ temporal: { client } }: Stage): Promise<Histories> {
  const bugs: string[] = [];
  const parked = new Map<string, ParkedSpan[]>();
  let mixedRuns = 0;
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const { events } = z.object({ events: z.array(eventSchema) }).parse(JSON.parse(historyToJSON(history)));
    if (new Set(events.flatMap(buildOf)).size > 1) mixedRuns += 1;
    bugs.push(...events.flatMap(bugIn).map((bug) => `${workflowId}, run ${runId}: ${bug}`));
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

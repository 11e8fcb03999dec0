import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { askOnce, type Asking } from './asking';
import { scheduleId } from '../src/contract';
import { SOURCE, type Stage } from './stage';
import { FAIR } from './tenant';

const PATIENCE_MS = 300_000;
const LATE_MS = 60_000;

const statusSchema = z.object({
  paused: z.unknown(),
  syncedThrough: z.string().nullable(),
  running: z.unknown(),
  unfinished: z.unknown(),
  parked: z.array(z.unknown()),
});

/** What the source says of itself at the end. */
export interface Settled {
  timestamp: string | null;
  /** Requests for a sync that have not ended. */
  hanging: number;
}

/** Mends everything, lets the people rest, and syncs until all they did is behind the timestamp and nothing is parked. */
export async function settle(stage: Stage, asking: Asking): Promise<Settled> {
  await asking.stop();
  await stage.tenant.set({ ...FAIR, changing: false });
  await stage.temporal.client.schedule.getHandle(scheduleId(SOURCE)).pause('the end');
  const quiet = Date.now();
  // The second one removes what a late attempt has left of a window that was closed.
  for (let complete = 0; complete < 2;) {
    const answer = await askOnce(stage.cli);
    asking.note(answer);
    if (answer?.outcome === 'completed' && answer.from !== answer.to) {
      if (Date.parse(answer.to ?? '') > quiet && answer.parked === 0) complete += 1;
    }
    if (Date.now() - quiet > PATIENCE_MS) throw new Error(`the source does not settle: ${JSON.stringify(answer)}`);
    await sleep(2000);
  }
  const { stdout } = await stage.cli.insist(['status', '--json']);
  const { paused, syncedThrough, running, unfinished, parked } = statusSchema.parse(JSON.parse(stdout));
  if (paused || running || unfinished || parked.length > 0) throw new Error(`the source has not settled: ${stdout}`);
  return { timestamp: syncedThrough, hanging: await hangingRequests(stage) };
}

async function hangingRequests({ temporal: { client } }: Stage): Promise<number> {
  const query = 'WorkflowType = "requestSync" AND ExecutionStatus = "Running"';
  for (const start = Date.now(); ;) {
    const { count } = await client.workflow.count(query);
    if (count === 0 || Date.now() - start > LATE_MS) return count;
    await sleep(1000);
  }
}

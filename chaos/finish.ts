import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { askOnce, type Asking } from './asking';
import { scheduleId } from '../src/contract';
import { SOURCE, type Environment } from './environment';
import { HEALTHY } from './tenant';

const PATIENCE_MS = 300_000;
const LATE_MS = 60_000;

const statusSchema = z.object({
  paused: z.unknown(),
  syncedThrough: z.string().nullable(),
  running: z.unknown(),
  unfinished: z.unknown(),
  parked: z.array(z.unknown()),
});

/** The source's state at the end of a run. */
export interface Settled {
  timestamp: string | null;
  /** Number of `requestSync` workflows that still run. */
  hanging: number;
}

/**
 * Ends all faults and all changes of the tenant, and syncs until the timestamp has passed the last change and no chat
 * is parked. @throws Error after five minutes
 */
export async function settle(environment: Environment, asking: Asking): Promise<Settled> {
  await asking.stop();
  await environment.tenant.set({ ...HEALTHY, changing: false });
  await environment.temporal.client.schedule.getHandle(scheduleId(SOURCE)).pause('the end');
  const quiet = Date.now();
  // The second sync removes staged files that a late activity attempt left in a closed window.
  for (let complete = 0; complete < 2;) {
    const answer = await askOnce(environment.cli);
    asking.note(answer);
    if (answer?.outcome === 'completed' && answer.from !== answer.to) {
      if (Date.parse(answer.to ?? '') > quiet && answer.parked === 0) complete += 1;
    }
    if (Date.now() - quiet > PATIENCE_MS) throw new Error(`the source does not settle: ${JSON.stringify(answer)}`);
    await sleep(2000);
  }
  // Each destination has everything.
  await environment.cli.insist(['sync', '--delivered']);
  // One that is left may have the source sync once more.
  const hanging = await hangingRequests(environment);
  const { stdout } = await environment.cli.insist(['status', '--json']);
  const { paused, syncedThrough, running, unfinished, parked } = statusSchema.parse(JSON.parse(stdout));
  if (paused || running || unfinished || parked.length > 0) throw new Error(`the source has not settled: ${stdout}`);
  return { timestamp: syncedThrough, hanging };
}

async function hangingRequests({ temporal: { client } }: Environment): Promise<number> {
  const query = 'WorkflowType = "requestSync" AND ExecutionStatus = "Running"';
  for (const start = Date.now(); ;) {
    const { count } = await client.workflow.count(query);
    if (count === 0 || Date.now() - start > LATE_MS) return count;
    await sleep(1000);
  }
}

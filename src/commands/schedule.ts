import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import type { Environment } from '../config/environment';
import { parseInterval } from '../config/values';
import { requestSyncWorkflowId, scheduleId, syncTaskQueue } from '../contract';
import { UsageError } from '../exit';
import type { requestSync } from '../workflows/request-sync';
import { duration } from './report';
import { print, say, withSession } from './session';

export interface ScheduleOptions {
  every?: string;
  delete?: boolean;
  json?: boolean;
}

/** `schedule`: shows, makes, changes or deletes the Temporal Schedule that asks for syncs. */
export async function scheduleCommand(environment: Environment, options: ScheduleOptions): Promise<number> {
  const everyMs = options.every === undefined ? undefined : parseInterval(options.every);
  if (options.every !== undefined && everyMs === undefined) {
    throw new UsageError(`--every ${options.every}: a number and s, m, h or d, as 5m`);
  }
  if (options.delete && everyMs !== undefined) throw new UsageError('either --every or --delete, not both');
  return withSession(environment, async ({ client, source }) => {
    if (options.delete) return deleteSchedule(client, source.name);
    if (everyMs !== undefined) {
      await putSchedule(client, source.name, everyMs);
      say(`source ${source.name} syncs every ${options.every}`);
      const [{ memo }, workers] = await Promise.all([source.view(), source.workers()]);
      if (memo === null && workers === 0) say('it never ran, and no worker serves it: is that the right SOURCE?');
    }
    return show(client, source.name, options.json ?? false);
  });
}

/** Creates the schedule, or sets the interval of the existing one, which stays paused if it is. */
export async function putSchedule(client: Client, source: string, everyMs: number): Promise<void> {
  const spec = { intervals: [{ every: everyMs }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '5m' } as const;
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'requestSync',
    workflowId: requestSyncWorkflowId(source),
    taskQueue: syncTaskQueue(source),
    args: [source] satisfies Parameters<typeof requestSync>,
    staticSummary: `A sync of the source ${source}, asked for by its schedule`,
  };
  try {
    await client.schedule.create({ scheduleId: scheduleId(source), spec, policies, action });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(scheduleId(source));
    await handle.update(({ state }) => ({ spec, policies, action, state }));
  }
}

async function deleteSchedule(client: Client, source: string): Promise<number> {
  try {
    await client.schedule.getHandle(scheduleId(source)).delete();
    say(`source ${source} has no schedule any more`);
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    say(`source ${source} has no schedule`);
  }
  return 0;
}

async function show(client: Client, source: string, json: boolean): Promise<number> {
  const shown = await describe(client, source);
  if (json) {
    print(JSON.stringify(shown));
  } else if (shown === null) {
    print(`source ${source} has no schedule: \`chat-sync schedule --every 5m\` makes one`);
  } else {
    print(
      `schedule ${shown.scheduleId}: every ${duration(shown.everySeconds * 1000)}${shown.paused ? ', paused' : ''}`,
    );
    shown.nextRuns.forEach((time) => print(`  next    ${time}`));
    shown.recentRuns.forEach(({ takenAt, workflowId }) => print(`  recent  ${takenAt}  ${workflowId}`));
  }
  return 0;
}

/** When a source's schedule asks for the next sync; null without one, or while it is paused. */
export async function nextRunOf(client: Client, source: string): Promise<string | null> {
  const shown = await describe(client, source);
  return shown === null || shown.paused ? null : (shown.nextRuns[0] ?? null);
}

async function describe(client: Client, source: string) {
  let description: ScheduleDescription;
  try {
    description = await client.schedule.getHandle(scheduleId(source)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
  const { spec, state, info } = description;
  return {
    scheduleId: scheduleId(source),
    everySeconds: (spec.intervals?.[0]?.every ?? 0) / 1000,
    paused: state.paused,
    nextRuns: info.nextActionTimes.slice(0, 3).map((time) => time.toISOString()),
    recentRuns: info.recentActions.map(({ takenAt, action }) => ({
      takenAt: takenAt.toISOString(),
      workflowId: action.workflow.workflowId,
    })),
  };
}

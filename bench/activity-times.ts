import type { WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Timestamp = { seconds?: { toNumber(): number } | null; nanos?: number | null } | null | undefined;

const msOf = (time: Timestamp): number => (time?.seconds?.toNumber() ?? NaN) * 1000 + (time?.nanos ?? 0) / 1e6;

/** Durations of all completed activities of a type, from scheduled to completed, ms, in order of completion. */
export function activityMs({ events }: History, type: string): number[] {
  const scheduledAt = new Map<string, number>();
  const times: number[] = [];
  for (const event of events ?? []) {
    if (event.activityTaskScheduledEventAttributes?.activityType?.name === type) {
      scheduledAt.set(String(event.eventId), msOf(event.eventTime));
    }
    const at = scheduledAt.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    if (at !== undefined) times.push(msOf(event.eventTime) - at);
  }
  return times;
}

/** From when the first activity of a run was scheduled until the last one was completed, ms; NaN if none was. */
export function allActivitiesMs({ events }: History): number {
  const first = events?.find(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes);
  const last = events?.findLast(({ activityTaskCompletedEventAttributes }) => activityTaskCompletedEventAttributes);
  return msOf(last?.eventTime) - msOf(first?.eventTime);
}

import type { Client } from '@temporalio/client';

const ANSWER_MS = 10_000;
/** Temporal forgets a poller five minutes after its last poll; a live one polls at least once a minute. */
const POLLER_AGE_MS = 70_000;
/** Temporal's TaskQueueType. */
const TYPES = { workflow: 1, activity: 2 } as const;

type Request = Parameters<Client['workflowService']['describeTaskQueue']>[0];

/** Counts the processes that polled a task queue within 70 s. */
export async function countPollers(client: Client, taskQueue: string, type: keyof typeof TYPES): Promise<number> {
  const { namespace } = client.options;
  const request = { namespace, taskQueue: { name: taskQueue }, taskQueueType: TYPES[type] } as unknown as Request;
  const { pollers } = await client.withDeadline(Date.now() + ANSWER_MS, () =>
    client.workflowService.describeTaskQueue(request),
  );
  const recent = pollers.filter(({ lastAccessTime }) => {
    const at = Number(lastAccessTime?.seconds ?? 0) * 1000;
    return Date.now() - at < POLLER_AGE_MS;
  });
  return new Set(recent.map((poller) => poller.identity)).size;
}

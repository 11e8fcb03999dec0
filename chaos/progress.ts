import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../harness/supervised';
import { chatSyncWorkflowId } from '../src/contract';
import type { Memo } from '../src/domain/memo';
import { SOURCE, type Environment } from './environment';

const LOOK_EVERY_MS = 250;
const LOOK_WITHIN_MS = 3000;
const HOLDS_WITHIN_MS = 30_000;

/** A source's progress, from its memo. */
export interface Mark {
  /** The number of the last completed sync in the memo. */
  completed: number;
  /** The open window; empty if there is none. */
  window: string;
  /** Published chats and messages of the open window. */
  published: number;
}

export function markOf(memo: Memo | null): Mark {
  const completed = memo?.reports.filter(({ outcome }) => outcome === 'completed').at(-1)?.n ?? 0;
  const { window, counters } = memo?.unfinished ?? {};
  return {
    completed,
    window: window ? `${window.epoch} ${window.from} ${window.to}` : '',
    published: counters ? counters.chats + counters.messages : 0,
  };
}

/** Whether there was progress between two marks: a completed sync, a new window, or more published. */
export function hasMovedOn(before: Mark, now: Mark): boolean {
  if (now.completed > before.completed) return true;
  if (now.window === '') return false;
  return now.window !== before.window || now.published > before.published;
}

/** Reads the source's memo, null if there is no chain yet; retries while Temporal is unavailable. */
export async function memoOf({ source, temporal: { client } }: Environment): Promise<Memo | null> {
  for (;;) {
    try {
      const { memo } = await client.withDeadline(Date.now() + LOOK_WITHIN_MS, () => source.view());
      return memo;
    } catch {
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** Resolves with true when `wanted` holds for the memo, with false after `withinMs`. */
export async function waitFor(
  environment: Environment,
  withinMs: number,
  wanted: (memo: Memo | null) => boolean,
): Promise<boolean> {
  const end = Date.now() + withinMs;
  for (;;) {
    if (wanted(await memoOf(environment))) return true;
    if (Date.now() > end) return false;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Resolves with true when a sync runs and its window is open, with false after 15 s. */
export const midSync = (environment: Environment): Promise<boolean> =>
  waitFor(environment, 15_000, (memo) => memo?.running === true && memo.unfinished !== undefined);

/** Resolves with true when no sync runs, with false after 15 s. */
export const idle = (environment: Environment): Promise<boolean> =>
  waitFor(environment, 15_000, (memo) => memo?.running === false);

/** The worker that completed the run's last workflow task; undefined if it is none of these for 30 s. */
export async function holderAmong(
  { temporal }: Environment,
  workers: readonly Supervised[],
): Promise<Supervised | undefined> {
  const run = temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE));
  for (const end = Date.now() + HOLDS_WITHIN_MS; Date.now() < end; await sleep(LOOK_EVERY_MS)) {
    const { events } = await run.fetchHistory();
    const identities = events?.flatMap((event) => event.workflowTaskCompletedEventAttributes?.identity ?? []) ?? [];
    const holder = workers.find(({ pid }) => identities.at(-1)?.startsWith(`${pid ?? ''}@`));
    if (holder) return holder;
  }
  return undefined;
}

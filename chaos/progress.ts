import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../harness/supervised';
import { chatSyncWorkflowId } from '../src/contract';
import type { Memo } from '../src/domain/memo';
import { SOURCE, type Stage } from './stage';

const LOOK_EVERY_MS = 250;
const LOOK_WITHIN_MS = 3000;
const HOLDS_WITHIN_MS = 30_000;

/** How far a source has come, as its memo tells. */
export interface Mark {
  /** The number of the last completed sync that the memo knows. */
  completed: number;
  /** The window that is open; empty without one. */
  window: string;
  /** Chats and messages of it that are published. */
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

/** Whether work was done between two looks: a sync completed, a window opened, or something was published. */
export function hasMovedOn(before: Mark, now: Mark): boolean {
  if (now.completed > before.completed) return true;
  if (now.window === '') return false;
  return now.window !== before.window || now.published > before.published;
}

/** The memo; looks again while Temporal does not answer. */
export async function memoOf({ source, temporal: { client } }: Stage): Promise<Memo | null> {
  for (;;) {
    try {
      const { memo } = await client.withDeadline(Date.now() + LOOK_WITHIN_MS, () => source.view());
      return memo;
    } catch {
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** Resolves when `wanted` holds for the memo; false if it does not within `withinMs`. */
export async function waitFor(
  stage: Stage,
  withinMs: number,
  wanted: (memo: Memo | null) => boolean,
): Promise<boolean> {
  const end = Date.now() + withinMs;
  for (;;) {
    if (wanted(await memoOf(stage))) return true;
    if (Date.now() > end) return false;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A moment in the middle of a sync: some of its window is published, or at least its window is open. */
export const midSync = (stage: Stage): Promise<boolean> =>
  waitFor(stage, 15_000, (memo) => memo?.running === true && memo.unfinished !== undefined);

export const idle = (stage: Stage): Promise<boolean> => waitFor(stage, 15_000, (memo) => memo?.running === false);

/** The one of these workers that keeps the source's run; undefined if for half a minute it is none of them. */
export async function holderAmong(
  { temporal }: Stage,
  workers: readonly Supervised[],
): Promise<Supervised | undefined> {
  const run = temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE));
  for (const end = Date.now() + HOLDS_WITHIN_MS; Date.now() < end; await sleep(LOOK_EVERY_MS)) {
    const { events } = await run.fetchHistory();
    const steps = events?.flatMap((event) => event.workflowTaskCompletedEventAttributes?.identity ?? []) ?? [];
    const holder = workers.find(({ pid }) => steps.at(-1)?.startsWith(`${pid ?? ''}@`));
    if (holder) return holder;
  }
  return undefined;
}

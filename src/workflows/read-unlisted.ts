import type { Policy } from '../config/policy';
import { createPart } from './part';
import { park } from './parking';
import { publish } from './publish';
import { createReader } from './reader';
import type { WalkActivities } from './round';
import { runConcurrently } from './run-concurrently';
import type { SourceState } from './source-state';

interface Unlisted {
  /** The last chat that was read; null: none. */
  after: string | null;
  /** Asks for more. */
  next: (after: string | null) => Promise<string[]>;
}

/** Reads chats that are on no list of the API, to learn whether they are gone. */
export async function readUnlisted(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
  { after, next }: Unlisted,
): Promise<{ after: string | null; isFinished: boolean }> {
  for (let last = after; ;) {
    if (source.mustContinueAsNew()) return { after: last, isFinished: false };
    const chatIds = await next(last);
    if (chatIds.length === 0) return { after: last, isFinished: true };
    last = chatIds.at(-1) ?? last;
    const part = createPart(activities, source.unfinished.window, source);
    const failures: unknown[] = [];
    const reader = createReader(activities, policy, source, {
      part: () => part,
      fail: (error) => void failures.push(error),
    });
    const waiting = [...chatIds];
    await runConcurrently(() => {
      const chatId = failures.length === 0 && reader.hasRoom() ? waiting.shift() : undefined;
      return chatId === undefined ? undefined : reader.read(chatId);
    });
    reader.end();
    await publish(part, policy, source, park(part.unreadable, policy, source), []);
    if (failures.length > 0) throw failures[0];
  }
}

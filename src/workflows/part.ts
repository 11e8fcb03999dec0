import type { SyncActivities, WindowTotals } from '../activities/types';
import type { HealedSpan, Published, ReadChat } from '../domain/published';
import type { Window } from '../domain/window';
import type { Unreadable } from './failures';
import type { StagedChat } from './read-chat';
import type { SourceState } from './source-state';
import { createSuspects } from './suspects';

/** A part is published at the latest so long after its first chat was read. */
const OPEN_MS = 5 * 60_000;
/** Keeps a publish's input below 256 KiB, at these approximate sizes of a chat and of a receipt. */
const PART_BYTES = 240_000;
const CHAT_BYTES = 75;
const RECEIPT_BYTES = 150;
/** The most staged bytes in one publish, so that it ends within its ten minutes on a slow disk too. */
const STAGED_BYTES = 1024 ** 3;

/** The outcomes of chats since the last publish; they go to the archive together. */
export interface Part {
  readonly read: readonly ReadChat[];
  /** Messages of the chats in `read`. */
  readonly records: number;
  readonly gone: readonly string[];
  /** Chats that were read and are outside the filters. */
  readonly skipped: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** The last unreadable chats, if all fail in the same way, so that the chats are not the cause; else empty. */
  readonly everybody: readonly Unreadable[];
  /** Chats that changed in the window and have no message in it. */
  readonly unexplained: number;
  /** Adds a chat that was read, or is gone. @param healed The span that was read, for a parked chat. */
  take(chat: StagedChat, healed?: HealedSpan): void;
  /** Adds a chat that the filters leave out. */
  skip(chat: StagedChat): void;
  /** Adds a chat that cannot be read. @param parked Set for a parked chat: its failure says nothing about others. */
  refuse(unreadable: Unreadable, parked?: unknown): void;
  /** Whether it is to be published now. */
  isDue(): boolean;
  /** Whether it would be due if every chat under way joined it. @param reading How many those are. */
  isFull(reading: number): boolean;
  /** Sets what runs when the part becomes due by its age. */
  onDue(then: () => void): void;
  /**
   * @param totals The window's totals before this part.
   * @param doubtful Chats in `gone` that are not believed to be gone.
   */
  publish(totals: WindowTotals, doubtful: readonly string[]): Promise<Published>;
}

export function createPart(
  activities: Pick<SyncActivities, 'publishPart'>,
  window: Window,
  source: Pick<SourceState, 'after' | 'progress'>,
): Part {
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const skipped: string[] = [];
  const unreadable: Unreadable[] = [];
  const suspects = createSuspects();
  let unexplained = 0;
  let bytes = 0;
  let records = 0;
  let staged = 0;
  let isOld = false;
  let due = (): void => undefined;
  let stop: (() => void) | undefined;

  function grow(): void {
    stop ??= source.after(OPEN_MS, () => {
      isOld = true;
      due();
    });
  }
  const isFullWith = (reading: number): boolean =>
    staged >= STAGED_BYTES || bytes + reading * (CHAT_BYTES + RECEIPT_BYTES) >= PART_BYTES;
  function note({ chatId, gone: isGone }: StagedChat): void {
    if (isGone) gone.push(chatId);
    else suspects.someoneWasRead();
  }

  return {
    read,
    get records() {
      return records;
    },
    gone,
    skipped,
    unreadable,
    get everybody() {
      return suspects.everybody();
    },
    get unexplained() {
      return unexplained;
    },
    take(chat, healed) {
      note(chat);
      const { chatId, receipts, conflicts } = chat;
      if (chat.unexplained) unexplained += 1;
      bytes += CHAT_BYTES + RECEIPT_BYTES * receipts.length;
      const messages = receipts.reduce((sum, receipt) => sum + receipt.records, 0);
      records += messages;
      staged += receipts.reduce((sum, receipt) => sum + receipt.bytes, 0);
      // Pages that were read before the chat was gone are published.
      if (chat.gone && receipts.length === 0) return;
      grow();
      read.push({ chatId, receipts, ...(healed && { healed }), ...(conflicts > 0 && { conflicts }) });
      source.progress(1, messages);
    },
    skip(chat) {
      note(chat);
      skipped.push(chat.chatId);
    },
    refuse(chat, parked) {
      unreadable.push(chat);
      if (!parked) suspects.add(chat);
    },
    isDue: () => isOld || isFullWith(0),
    isFull: isFullWith,
    onDue: (then) => void (due = then),
    async publish({ gone: goneBefore, conflicts, ...totals }, doubtful) {
      stop?.();
      const certain = gone.filter((chatId) => !doubtful.includes(chatId));
      if (read.length + certain.length === 0) {
        return { totals, healed: [], gone: goneBefore, conflicts, closed: false };
      }
      return await activities.publishPart({
        window,
        chats: read,
        gone: certain,
        totals: { ...totals, gone: goneBefore, conflicts },
      });
    },
  };
}

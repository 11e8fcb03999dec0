import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities, WindowTotals } from '../activities/types';
import { FailureType, mostUnderWay } from '../contract';
import { isFiltered } from '../filters';
import type { Published, ReadChat, Span, Window } from '../sinks/sink';
import type { Policy } from '../state';
import { createSuspects } from './suspects';
import { everybodysFailure, failureType, type Unreadable } from './failures';
import { ownerPasses, readChat, type StagedChat } from './read-chat';

/** Emit activities scheduled ahead, at least: enough to keep the API's queue busy, few enough to drain soon. */
const EMITS_AHEAD = 64;
/** What is handed to one publish stays below 256 KiB: about so many bytes for a chat and for each of its receipts. */
const PART_BYTES = 240_000;
const CHAT_BYTES = 75;
const RECEIPT_BYTES = 150;
/** What one publish reads, joins and writes stays so small that it fits into its ten minutes on a slow disk too. */
const STAGED_BYTES = 1024 ** 3;

export type PartActivities = Pick<ApiActivities, 'emitMessages'> & Pick<SyncActivities, 'publishPart'>;

/** Chats that are read at the same time, and go to the sink together. */
export interface Part {
  readonly read: readonly ReadChat[];
  readonly gone: readonly string[];
  /** Read, and found to be outside the filters. */
  readonly skipped: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** The last of those, where everybody gets what they got: not they are the reason. */
  readonly everybody: readonly Unreadable[];
  /** Chats that changed in the window without a message of it. */
  readonly unexplained: number;
  /** What ends the walk: set by whoever meets it first. */
  fatal: { error: unknown } | undefined;
  /** What still runs is called off: it stays on its list. */
  readonly isCut: boolean;
  /** Runs `then` when the first chat was read. */
  onFirstRead(then: () => void): void;
  /** Runs `then` when it is found that not the chats are refused, but everybody. */
  onEverybody(then: () => void): void;
  /** Takes no more chats. */
  close(): void;
  cut(): void;
  hasRoom(): boolean;
  isFull(): boolean;
  /** Reads a chat. Never rejects. @param healed The span, for a chat that is parked. */
  add(chatId: string, healed?: Span): Promise<void>;
  /** Adds what cannot be read at all. */
  refuse(unreadable: Unreadable): void;
  /** @param totals What the window held before. @throws Cancellation, and what is none of our failures. */
  publish(totals: WindowTotals): Promise<Published>;
}

export function createPart(
  activities: PartActivities,
  policy: Policy,
  window: Window,
  progress: (chats: number, messages: number) => void,
): Part {
  const { messages, pageSize, requestsPerSecond, sink } = policy;
  const emitsAhead = Math.max(EMITS_AHEAD, mostUnderWay(requestsPerSecond));
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const skipped: string[] = [];
  const unreadable: Unreadable[] = [];
  const suspects = createSuspects();
  let firstRead: (() => void) | undefined;
  let allRefused: (() => void) | undefined;
  let isClosed = false;
  let isCut = false;
  let unexplained = 0;
  let reading = 0;
  let bytes = 0;
  let records = 0;
  let staged = 0;

  async function readOne(chatId: string, healed: Span | undefined): Promise<void> {
    const { from, to } = healed ?? window;
    const parked = healed !== undefined;
    const wantsOwner = isFiltered(policy);
    const request = { window, chatId, span: { from, to }, parked, wantsOwner, messages, pageSize, sink };
    const chat = await readChat(activities, request);
    if (chat.gone) gone.push(chatId);
    else suspects.someoneWasRead();
    if (!ownerPasses(chat, policy, parked)) {
      skipped.push(chatId);
      return;
    }
    take(chat, healed);
  }

  function take({ chatId, receipts, conflicts, ...chat }: StagedChat, healed: Span | undefined): void {
    if (chat.unexplained) unexplained += 1;
    bytes += CHAT_BYTES + RECEIPT_BYTES * receipts.length;
    records += receipts.reduce((sum, receipt) => sum + receipt.records, 0);
    staged += receipts.reduce((sum, receipt) => sum + receipt.bytes, 0);
    // What was read of a chat before it was gone is published.
    if (chat.gone && receipts.length === 0) return;
    if (read.length === 0) firstRead?.();
    read.push({ chatId, receipts, ...(healed && { healed }), ...(conflicts > 0 && { conflicts }) });
    progress(read.length, records);
  }

  const part: Part = {
    read,
    gone,
    skipped,
    unreadable,
    get everybody() {
      return suspects.everybody();
    },
    get unexplained() {
      return unexplained;
    },
    fatal: undefined,
    get isCut() {
      return isCut;
    },
    onFirstRead: (then) => void (firstRead = then),
    onEverybody: (then) => void (allRefused = then),
    close: () => void (isClosed = true),
    cut: () => void (isCut = true),
    hasRoom: () => reading < emitsAhead,
    isFull: () => isClosed || staged >= STAGED_BYTES || bytes + reading * (CHAT_BYTES + RECEIPT_BYTES) >= PART_BYTES,
    async add(chatId, healed) {
      reading += 1;
      try {
        await readOne(chatId, healed);
      } catch (error) {
        if (isCut && isCancellation(error)) {
          // It stays on its list.
        } else if (healed ? staysParked(error) : failureType(error) === FailureType.chatUnreadable) {
          unreadable.push({ chatId, error });
          if (!healed) suspects.add({ chatId, error });
          if (!isCut && everybodysFailure(suspects.everybody())) allRefused?.();
        } else part.fatal ??= { error };
      }
      reading -= 1;
    },
    refuse: (odd) => void unreadable.push(odd),
    async publish({ gone: goneBefore, conflicts, ...totals }) {
      if (part.fatal && failureType(part.fatal.error) === undefined) throw part.fatal.error;
      if (read.length + gone.length === 0) {
        return { totals, healed: [], gone: goneBefore, conflicts, closed: false };
      }
      return await activities.publishPart({
        window,
        sink,
        chats: read,
        gone,
        totals: { ...totals, gone: goneBefore, conflicts },
      });
    },
  };
  return part;
}

/** Whatever keeps a parked chat from being read does not fail the sync, but for what no chat can be read with. */
function staysParked(error: unknown): boolean {
  if (isCancellation(error) || !(error instanceof ActivityFailure || error instanceof ApplicationFailure)) return false;
  const type = failureType(error);
  return type !== FailureType.unauthorized && type !== FailureType.forbidden;
}

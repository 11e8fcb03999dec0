import { isCancellation } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities, WindowTotals } from '../activities/types';
import { FailureType, mostUnderWay } from '../contract';
import { isFiltered } from '../domain/filters';
import type { Published, ReadChat } from '../domain/published';
import type { Span, Window } from '../domain/window';
import type { Policy } from '../config/policy';
import { createDeadline } from './deadline';
import { everybodysFailure, failureType, isOwnFailure, type Unreadable } from './failures';
import { ownerPasses, readChat, type StagedChat } from './read-chat';
import type { SourceState } from './source-state';
import { createSuspects } from './suspects';

/** Emit activities scheduled ahead, at least: enough to keep the API's queue busy, few enough to drain soon. */
const EMITS_AHEAD = 64;

export const emitsAhead = ({ requestsPerSecond }: Pick<Policy, 'requestsPerSecond'>): number =>
  Math.max(EMITS_AHEAD, mostUnderWay(requestsPerSecond));
/** What is handed to one publish stays below 256 KiB: about so many bytes for a chat and for each of its receipts. */
const PART_BYTES = 240_000;
const CHAT_BYTES = 75;
const RECEIPT_BYTES = 150;
/** What one publish reads, joins and writes stays so small that it fits into its ten minutes on a slow disk too. */
const STAGED_BYTES = 1024 ** 3;

export type PartActivities = Pick<ApiActivities, 'emitMessages'> & Pick<SyncActivities, 'publishPart'>;

/** What a part needs of the source's state. */
export type PartState = Pick<SourceState, 'after' | 'progress' | 'scope'>;

/** Chats that are read at the same time, and go to the sink together. */
export interface Part {
  readonly read: readonly ReadChat[];
  /** Messages of those. */
  readonly records: number;
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
  /** Chats that were added and have not ended. */
  readonly reading: number;
  /** Whether one more chat may be added now. @param elsewhere Chats that are being read beside this part's. */
  hasRoom(elsewhere?: number): boolean;
  /** Takes no more chats. */
  isFull(): boolean;
  /** Runs `then` when it takes no more chats because it has been open for long. */
  onClose(then: () => void): void;
  /** Takes no more chats, and calls off what has not ended in three minutes: it stays on its list. */
  hurry(): void;
  /** Reads a chat. Never rejects. @param healed The span, for a chat that is parked. */
  add(chatId: string, healed?: Span): Promise<void>;
  /** Adds what cannot be read at all. */
  refuse(unreadable: Unreadable): void;
  /** Resolves when every chat that was added has ended. */
  drained(): Promise<void>;
  /** @param totals What the window held before. @throws Cancellation, and what is none of our failures. */
  publish(totals: WindowTotals): Promise<Published>;
}

export function createPart(activities: PartActivities, policy: Policy, window: Window, source: PartState): Part {
  const { messages, pageSize, sink } = policy;
  const ahead = emitsAhead(policy);
  const scope = source.scope();
  const added: Promise<void>[] = [];
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const skipped: string[] = [];
  const unreadable: Unreadable[] = [];
  const suspects = createSuspects();
  let isClosed = false;
  let isCut = false;
  let unexplained = 0;
  let reading = 0;
  let bytes = 0;
  let records = 0;
  let staged = 0;

  const cut = (): void => {
    isCut = true;
    scope.cancel();
  };
  let closed = (): void => undefined;
  const close = (): void => {
    isClosed = true;
    closed();
  };
  const deadline = createDeadline(source, { close, cut });

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
    const messages = receipts.reduce((sum, receipt) => sum + receipt.records, 0);
    records += messages;
    staged += receipts.reduce((sum, receipt) => sum + receipt.bytes, 0);
    // What was read of a chat before it was gone is published.
    if (chat.gone && receipts.length === 0) return;
    if (read.length === 0) deadline.begin();
    read.push({ chatId, receipts, ...(healed && { healed }), ...(conflicts > 0 && { conflicts }) });
    source.progress(1, messages);
  }

  async function tryOne(chatId: string, healed: Span | undefined): Promise<void> {
    reading += 1;
    try {
      await scope.run(() => readOne(chatId, healed));
    } catch (error) {
      if (isCut && isCancellation(error)) {
        // It stays on its list.
      } else if (healed ? staysParked(error) : failureType(error) === FailureType.chatUnreadable) {
        unreadable.push({ chatId, error });
        if (!healed) suspects.add({ chatId, error });
        // What still runs stays on its list too: everybody is refused.
        if (!isCut && everybodysFailure(suspects.everybody())) cut();
      } else part.fatal ??= { error };
    }
    reading -= 1;
  }

  const part: Part = {
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
    fatal: undefined,
    get reading() {
      return reading;
    },
    // What hangs elsewhere leaves it the fewest all the same.
    hasRoom: (elsewhere = 0) => reading < EMITS_AHEAD || reading + elsewhere < ahead,
    isFull: () => isClosed || staged >= STAGED_BYTES || bytes + reading * (CHAT_BYTES + RECEIPT_BYTES) >= PART_BYTES,
    onClose: (then) => void (closed = then),
    hurry: () => deadline.hurry(),
    add(chatId, healed) {
      const ended = tryOne(chatId, healed);
      added.push(ended);
      return ended;
    },
    refuse: (odd) => void unreadable.push(odd),
    async drained() {
      await Promise.all(added);
      deadline.stop();
    },
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
  const type = failureType(error);
  return isOwnFailure(error) && type !== FailureType.unauthorized && type !== FailureType.forbidden;
}

import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities } from '../activities/types';
import { FailureType, mostUnderWay } from '../contract';
import type { Published, ReadChat, Span, Totals, Window } from '../sinks/sink';
import type { Policy } from '../state';
import { readChat } from './read-chat';

/** Emit activities scheduled ahead, at least: enough to keep the API's queue busy, few enough to drain soon. */
const EMITS_AHEAD = 64;
/** What is handed to one publish stays below 256 KiB: about so many bytes for a chat and for each of its receipts. */
const PART_BYTES = 240_000;
const CHAT_BYTES = 75;
const RECEIPT_BYTES = 150;

export type PartActivities = Pick<ApiActivities, 'emitMessages'> & Pick<SyncActivities, 'publishPart'>;

export interface Unreadable {
  chatId: string;
  error: unknown;
}

/** Chats that are read at the same time, and go to the sink together. */
export interface Part {
  readonly read: readonly ReadChat[];
  readonly gone: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** What ends the walk: set by whoever meets it first. */
  fatal: { error: unknown } | undefined;
  hasRoom(): boolean;
  isFull(): boolean;
  /** Reads a chat. Never rejects. @param healed The span, for a chat that is parked. */
  add(chatId: string, healed?: Span): Promise<void>;
  /** @param totals What the window held before. @throws Cancellation, and what is none of our failures. */
  publish(totals: Totals): Promise<Published>;
}

export function createPart(
  activities: PartActivities,
  { messages, pageSize, requestsPerSecond, sink }: Policy,
  window: Window,
  progress: (chats: number, messages: number) => void,
): Part {
  const emitsAhead = Math.max(EMITS_AHEAD, mostUnderWay(requestsPerSecond));
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const unreadable: Unreadable[] = [];
  let reading = 0;
  let bytes = 0;
  let records = 0;

  async function readOne(chatId: string, healed: Span | undefined): Promise<void> {
    const { from, to } = healed ?? window;
    const request = { window, chatId, span: { from, to }, parked: healed !== undefined, messages, pageSize, sink };
    const chat = await readChat(activities, request);
    if (chat.gone) gone.push(chatId);
    bytes += CHAT_BYTES + RECEIPT_BYTES * chat.receipts.length;
    records += chat.receipts.reduce((sum, receipt) => sum + receipt.records, 0);
    // What was read of a chat before it was gone is published.
    if (chat.gone && chat.receipts.length === 0) return;
    read.push({ chatId, receipts: chat.receipts, ...(healed && { healed }) });
    progress(read.length, records);
  }

  const part: Part = {
    read,
    gone,
    unreadable,
    fatal: undefined,
    hasRoom: () => reading < emitsAhead,
    isFull: () => bytes + reading * (CHAT_BYTES + RECEIPT_BYTES) >= PART_BYTES,
    async add(chatId, healed) {
      reading += 1;
      try {
        await readOne(chatId, healed);
      } catch (error) {
        if (healed ? staysParked(error) : failureType(error) === FailureType.chatUnreadable) {
          unreadable.push({ chatId, error });
        } else part.fatal ??= { error };
      }
      reading -= 1;
    },
    async publish(totals) {
      if (part.fatal && failureType(part.fatal.error) === undefined) throw part.fatal.error;
      if (read.length === 0) return { totals, healed: [], gone: 0, conflicts: 0, closed: false };
      return await activities.publishPart({ window, sink, chats: read, gone, totals });
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

/** The `type` of the failure that ended an activity; undefined for a cancellation, or an error that is none of ours. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** What is known of why a chat could not be read. */
export function reasonOf({ chatId, error }: Unreadable): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) return 'the attempts to read it did not end';
  return cause.message.replace(`chat ${chatId}: `, '');
}

export function unreadableFailure(unreadable: readonly Unreadable[], remark: string): ApplicationFailure {
  const named = unreadable.slice(0, 5).map((chat) => `chat ${chat.chatId}: ${reasonOf(chat)}`);
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}${remark}`, FailureType.chatUnreadable);
}

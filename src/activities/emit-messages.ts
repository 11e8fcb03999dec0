import { ApiError } from '../compliance-api/errors';
import type { Message, MessagePage } from '../compliance-api/schemas';
import { toRecord } from '../record';
import type { Receipt, Span } from '../sinks/sink';
import type { Attempt } from './attempt';
import { timeOf } from './changed-since';
import { isCursorRefused } from './cursor-refused';
import { ownerOf } from './fetch-chat-page';
import { placeOf } from './list-items';
import type { EmitRequest, Emitted } from './types';

const NOTHING = {
  receipt: null,
  owner: null,
  place: null,
  nextAfterId: null,
  cursorRefused: false,
  gone: false,
  violations: 0,
  conflicts: 0,
  unexplained: false,
};

/** What comes of a chat that is gone. */
export const goneChat = (figures: { limit: number; requests: number }): Emitted => ({
  ...NOTHING,
  gone: true,
  ...figures,
});

/**
 * Asks for one page of one chat's messages and has the sink make them durable, in the same attempt: message bodies
 * never enter the workflow's history.
 */
export async function emitMessages(request: EmitRequest, attempt: Attempt): Promise<Emitted> {
  const { sink } = attempt;
  const { window, span, chatId, afterId, messages } = request;
  const nothing = { ...NOTHING, limit: attempt.limit };
  if (afterId === null && (await sink.has?.(window, chatId))) return { ...nothing, requests: attempt.requests() };
  // A request is not worth making while the sink cannot take what it brings.
  if (attempt.sinkFailed) await sink.check?.(window);

  // A second more: a server may show a time rounded up, and compare it as it is.
  const since = new Date(Date.parse(span.from) - 1000).toISOString();
  const bounds = messages === 'new' ? { 'created_at.gte': since, 'created_at.lt': span.to } : {};
  try {
    const { body } = await attempt.request((options) =>
      attempt.api.getChatMessages(
        chatId,
        { limit: attempt.limit, after_id: afterId ?? undefined, order: 'asc', ...bounds },
        options,
        async (page) => {
          const wanted = page.chat_messages.filter((message) => isWanted(message, page, request));
          const records = onceEach(wanted).map((message) => toRecord(page, message));
          const receipt: Receipt | null =
            records.length > 0 ? await sink.write({ window, chatId, records }, options.signal) : null;
          const nextAfterId = page.has_more ? (page.last_id ?? null) : null;
          return {
            ...nothing,
            receipt,
            owner: request.wantsOwner ? ownerOf(page) : null,
            place: placeOf(page.chat_messages.at(-1)?.id),
            nextAfterId,
            violations: violationsOf(page),
            unexplained: records.length === 0 && afterId === null && nextAfterId === null && isUnexplained(page, span),
          };
        },
      ),
    );
    return { ...body, requests: attempt.requests() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isCursorRefused(error, afterId)) throw error;
    return { ...nothing, cursorRefused: true, requests: attempt.requests() };
  }
}

/** The API promises at least once. What is repeated from page to page is the sink's concern. */
function onceEach(messages: readonly Message[]): Message[] {
  const first = new Map<string, Message>();
  for (const message of messages) if (!first.has(message.id)) first.set(message.id, message);
  return [...first.values()];
}

/** Whether the span holds the message by the time that the API shows: exactly-once rests on it. */
function isWanted(message: Message, page: MessagePage, { span, messages }: EmitRequest): boolean {
  if (messages === 'all') return !page.deleted_at || !isEmpty(message.content);
  const createdAt = Date.parse(message.created_at);
  return createdAt >= Date.parse(span.from) && createdAt < Date.parse(span.to);
}

/** Whether a chat that holds no message of the span changed in it all the same, and was not deleted. */
function isUnexplained({ updated_at, deleted_at }: MessagePage, { from, to }: Span): boolean {
  const updatedAt = timeOf(updated_at);
  return !deleted_at && updatedAt !== undefined && updatedAt >= Date.parse(from) && updatedAt < Date.parse(to);
}

/** What the API leaves of a message that was deleted. */
function isEmpty(content: unknown): boolean {
  return content === undefined || content === null || (Array.isArray(content) && content.length === 0);
}

/** Messages that are newer than their chat's `updated_at`, both on whole seconds. */
function violationsOf(page: MessagePage): number {
  const second = (time: string): number => Math.floor(Date.parse(time) / 1000);
  const updatedAt = second(page.updated_at);
  return page.chat_messages.filter((message) => second(message.created_at) > updatedAt).length;
}

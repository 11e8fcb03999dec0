import { ApiError } from '../compliance-api/errors';
import type { Answer } from '../compliance-api/request';
import type { Message, MessagePage } from '../compliance-api/message-page';
import { toRecords } from '../domain/record';
import type { Receipt } from '../domain/published';
import { isWithin, type Span } from '../domain/window';
import type { Attempt } from './attempt';
import { timeOf } from './changed-since';
import { isCursorRefused } from './cursor-refused';
import { ownerOf } from './fetch-chat-page';
import { placeOf } from './list-items';
import type { EmitRequest, Emitted } from './types';

/** Of a page on which there is nothing to emit. */
export const NOTHING = {
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

/** The result for a chat that is gone. */
export const goneChat = (figures: { limit: number; requests: number }): Emitted => ({
  ...NOTHING,
  gone: true,
  ...figures,
});

/**
 * Requests one page of a chat's messages and has the archive make them durable in the same attempt: message bodies never
 * enter the workflow's history.
 */
export async function emitMessages(request: EmitRequest, attempt: Attempt): Promise<Emitted> {
  const { archive } = attempt;
  const { window, span, chatId, afterId } = request;
  const nothing = { ...NOTHING, limit: attempt.limit };
  if (afterId === null && (await archive.has(window, chatId))) return { ...nothing, requests: attempt.requests() };
  // After a failure in the archive the request waits until the archive can take its messages.
  if (attempt.archiveFailed) await archive.check(window);

  try {
    using answer = await requestPage(request, attempt);
    const page = answer.body;
    const known = request.recover ? await knownOf(chatId, attempt) : () => false;
    const { once, conflicts } = onceEach(
      page.chat_messages.filter((message) => isWanted(message, page, request) && !known(message)),
    );
    const batch = { window, chatId, records: toRecords(page, once) };
    const receipt: Receipt | null = once.length > 0 ? await archive.write(batch, attempt.signal) : null;
    const nextAfterId = page.has_more ? (page.last_id ?? null) : null;
    return {
      ...nothing,
      receipt,
      owner: request.wantsOwner ? ownerOf(page) : null,
      place: placeOf(page.chat_messages.at(-1)?.id),
      nextAfterId,
      violations: violationsOf(page),
      conflicts,
      unexplained: once.length === 0 && afterId === null && nextAfterId === null && isUnexplained(page, span),
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isCursorRefused(error, afterId)) throw error;
    return { ...nothing, cursorRefused: true, requests: attempt.requests() };
  }
}

/** Requests a page of a chat's messages in a span. */
export function requestPage(
  { chatId, span, afterId, messages }: Pick<EmitRequest, 'chatId' | 'span' | 'afterId' | 'messages'>,
  attempt: Attempt,
): Promise<Answer<MessagePage>> {
  // Requests one second more: a server may show a time rounded up, but compare it unrounded.
  const since = new Date(Date.parse(span.from) - 1000).toISOString();
  const bounds = messages === 'new' ? { 'created_at.gte': since, 'created_at.lt': span.to } : {};
  const query = { limit: attempt.limit, after_id: afterId ?? undefined, order: 'asc', ...bounds } as const;
  return attempt.request((options) => attempt.api.getChatMessages(chatId, query, options));
}

/** Tells the messages of a chat that are in the archive; those that may have been in a part that is removed count as such. */
async function knownOf(chatId: string, { chats, signal }: Attempt): Promise<(message: Message) => boolean> {
  await chats.update(signal);
  const { messages, removed } = await chats.of(chatId);
  return ({ id, createdAtMs }) =>
    messages.has(id) || removed.some(({ fromMs, toMs }) => createdAtMs >= fromMs && createdAtMs <= toMs);
}

/**
 * Removes repeated messages, as the API delivers at least once. Of copies with different content the first counts, and
 * a conflict is counted. Repetitions on different pages are the archive's concern.
 */
export function onceEach(messages: readonly Message[]): { once: Message[]; conflicts: number } {
  const first = new Map<string, Message>();
  let conflicts = 0;
  for (const message of messages) {
    const known = first.get(message.id);
    if (known === undefined) first.set(message.id, message);
    else if (known.digest() !== message.digest()) conflicts += 1;
  }
  return { once: [...first.values()], conflicts };
}

/** Whether the message is in the span, by the time that the API shows: exactly-once delivery rests on this. */
function isWanted(message: Message, page: MessagePage, { span, messages }: EmitRequest): boolean {
  if (messages === 'all') return !page.deleted_at || !message.isEmpty();
  return isWithin(message.createdAtMs, span);
}

/**
 * Whether a chat without a message in the span changed in it, though it was neither created in it nor deleted. It was listed since
 * it changed: an answer that knows only of an earlier change is older than the list.
 */
function isUnexplained({ created_at, updated_at, deleted_at }: MessagePage, span: Span): boolean {
  const isIn = (time: unknown): boolean => isWithin(timeOf(time) ?? NaN, span);
  const isOld = (timeOf(updated_at) ?? NaN) < Date.parse(span.from) - 1000;
  return !deleted_at && (isIn(updated_at) || isOld) && !isIn(created_at);
}

/** Counts messages newer than their chat's `updated_at`, by whole seconds; 0 if that is no time. */
function violationsOf({ updated_at, chat_messages }: MessagePage): number {
  const second = (ms: number): number => Math.floor(ms / 1000);
  const updatedAt = timeOf(updated_at);
  if (updatedAt === undefined) return 0;
  return chat_messages.filter(({ createdAtMs }) => second(createdAtMs) > second(updatedAt)).length;
}

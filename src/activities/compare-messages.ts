import { ApiError } from '../compliance-api/errors';
import type { Message, MessagePage } from '../compliance-api/message-page';
import type { ArchivedChat, ArchivedChats } from '../archive/archived-chats';
import type { ChatFinding, Findings } from '../archive/findings';
import { isSameMessage, messageDigest } from '../json/message-digest';
import type { Receipt } from '../domain/published';
import { toRecords } from '../domain/record';
import { isWithin } from '../domain/window';
import type { Attempt } from './attempt';
import { isCursorRefused } from './cursor-refused';
import { NOTHING, requestPage, onceEach } from './emit-messages';
import { placeOf } from './list-items';
import type { CompareRequest, Emitted } from './types';

export interface Comparing {
  chats: ArchivedChats;
  findings: Findings;
}

/**
 * Requests one page of a chat's messages and compares it with what the archive has of the chat. What differs goes to the findings, as ids;
 * the receipt stands for the messages that were compared.
 */
export async function compareMessages(
  request: CompareRequest,
  attempt: Attempt,
  { chats, findings }: Comparing,
): Promise<Emitted> {
  const { chatId, afterId, run, span } = request;
  const nothing = { ...NOTHING, limit: attempt.limit };
  try {
    using answer = await requestPage(request, attempt);
    const page = answer.body;
    await chats.update(attempt.signal);
    const archived = await chats.of(chatId);
    const nextAfterId = page.has_more ? (page.last_id ?? null) : null;
    const { once } = onceEach(page.chat_messages.filter((message) => isWithin(message.createdAtMs, span)));
    const finding = compare(page, once, archived, request, nextAfterId === null);
    if (finding !== null) await findings.add(run, afterId ?? '', finding);
    const receipt: Receipt | null = once.length > 0 ? { name: '', records: once.length, bytes: 0, sha256: '' } : null;
    return {
      ...nothing,
      receipt,
      place: placeOf(page.chat_messages.at(-1)?.id),
      nextAfterId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isCursorRefused(error, afterId)) throw error;
    return { ...nothing, cursorRefused: true, requests: attempt.requests() };
  }
}

/** Null if nothing differs. */
function compare(
  page: MessagePage,
  wanted: readonly Message[],
  archived: ArchivedChat,
  { chatId, afterId, span }: CompareRequest,
  isLast: boolean,
): ChatFinding | null {
  const { messages, removed } = archived;
  const mayBeRemoved = (ms: number): boolean => removed.some(({ fromMs, toMs }) => ms >= fromMs && ms <= toMs);
  const missing = wanted.filter(({ id, createdAtMs }) => !messages.has(id) && !mayBeRemoved(createdAtMs));
  const changed = wanted.filter((message) => isDifferent(page, message, archived)).map(({ id }) => id);
  // Of a deleted chat the API leaves messages without content.
  const different = page.deleted_at ? [] : changed;
  const left = goneFrom(page, archived, { isFirst: afterId === null, isLast });
  const gone = page.deleted_at ? [...left, ...changed] : left;
  const inSpan = (id: string): boolean => isWithin(messages.get(id)?.createdMs ?? NaN, span);
  const doubled = afterId === null ? archived.doubled : [];
  const finding: ChatFinding = {
    chatId,
    ...some(
      'missing',
      missing.map(({ id }) => id),
    ),
    ...some('different', different),
    ...some('gone', gone.filter(inSpan)),
    ...some('doubled', doubled.filter(inSpan)),
  };
  if (Object.keys(finding).length === 1) return null;
  if (page.deleted_at) finding.deleted = true;
  if (missing.length > 0 && messages.size === 0 && removed.length === 0) finding.unknown = true;
  return finding;
}

function isDifferent(page: MessagePage, message: Message, { messages }: ArchivedChat): boolean {
  const known = messages.get(message.id);
  if (known === undefined) return false;
  const [record] = [...toRecords(page, [message])];
  return record !== undefined && !isSameMessage(known.digest, messageDigest(Buffer.concat(record.json)));
}

/** Messages of the archive that should stand on the page, by their time, and do not. Between two pages none can be told. */
function goneFrom(
  { chat_messages }: MessagePage,
  { messages }: ArchivedChat,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): string[] {
  const there = new Set(chat_messages.map(({ id }) => id));
  const after = isFirst ? -Infinity : (chat_messages[0]?.createdAtMs ?? Infinity);
  const before = isLast ? Infinity : (chat_messages.at(-1)?.createdAtMs ?? -Infinity);
  return [...messages]
    .filter(([id, { createdMs }]) => !there.has(id) && createdMs > after && createdMs < before)
    .map(([id]) => id);
}

const some = (name: 'missing' | 'different' | 'gone' | 'doubled', ids: readonly string[]): Partial<ChatFinding> =>
  ids.length > 0 ? { [name]: [...ids] } : {};

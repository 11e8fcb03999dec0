import { createHash } from 'node:crypto';
import type { ArchivedChats } from '../archive/archived-chats';
import type { Findings } from '../archive/findings';
import type { ListedChat } from '../compliance-api/schemas';
import type { Policy } from '../config/policy';
import type { Filters } from '../domain/filters';
import type { Attempt } from './attempt';
import { timeOf } from './changed-since';
import { fetchChatPage } from './fetch-chat-page';
import type { ComparedPage, ComparedPageRequest, Selection } from './types';

/** Times of a chat are whole seconds here and there. */
const TOLERANCE_MS = 1000;

/** Requests one page of all chats, notes them as listed, and chooses those whose messages are to be compared. */
export async function listChats(
  request: ComparedPageRequest,
  attempt: Attempt,
  policy: Pick<Policy, 'filters' | keyof Filters>,
  { chats, findings }: { chats: ArchivedChats; findings: Findings },
): Promise<ComparedPage> {
  const { selection, afterId, at, userIds } = request;
  let listed = 0;
  const page = await fetchChatPage(request, attempt, policy, async (all) => {
    await chats.update(attempt.signal);
    listed = all.length;
    const name = JSON.stringify([afterId, at, userIds[0], all[0]?.id]);
    await findings.addListed(
      selection.run,
      name,
      all.map(({ id }) => id),
    );
    return all.filter((chat) => isToCompare(chat, selection, chats));
  });
  return { ...page, listed };
}

function isToCompare({ id, updated_at }: ListedChat, selection: Selection, chats: ArchivedChats): boolean {
  const { span, since } = selection;
  const updatedMs = timeOf(updated_at);
  const isSince = (time: string): boolean => updatedMs === undefined || updatedMs >= Date.parse(time) - TOLERANCE_MS;
  if (!isSince(span.from)) return false;
  if (chats.has(id) && (since === null || !isSince(since))) return false;
  return isChosen(id, selection);
}

/** The same choice each time for the same chat of a verification. */
export function isChosen(chatId: string, { run, share }: Selection): boolean {
  if (share >= 1) return true;
  const chance = createHash('sha256').update(`${run} ${chatId}`).digest().readUInt32LE(0) / 2 ** 32;
  return chance < share;
}

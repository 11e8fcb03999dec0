import type { ComplianceApi } from '../compliance-api/client';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import type { Others } from './attempt-memory';
import type { FailureKind } from '../domain/failure-kinds';

/** After so many different chats in a row were refused in the same way, the next one is not compared first. */
const MANY_CHATS = 20;

/** Other requests with the same key, which tell a failure of one chat from a failure of all. */
export interface OtherRequests {
  /** Notes a chat whose messages could be read just now. */
  readable(chatId: string): void;
  /** Notes a refused chat. @returns whether many chats in a row were refused in the same way, and none is readable. */
  refused(chatId: string, kind: FailureKind): boolean;
  /** Requests a readable chat; if none but the failed one is known, the organizations, or the chats if those failed. */
  ask(failed: { chatId?: string | undefined; endpoint?: string | undefined }, signal: AbortSignal): Promise<Others>;
}

/** To be created once per process. */
export function createOthers(api: ComplianceApi): OtherRequests {
  let known: string | undefined;
  let inARow = { kind: '', chatIds: new Set<string>() };

  async function askForChat(chatId: string, signal: AbortSignal): Promise<Others> {
    const error = await failureOf(api.getChatMessages(chatId, { limit: 1 }, { signal }));
    // The chat was deleted meanwhile or is refused: it cannot be the reference any more.
    if (error && recoveryOf(error) !== 'later' && known === chatId) known = undefined;
    return error ? { asked: 'chat', error } : { asked: 'chat' };
  }

  return {
    readable(chatId) {
      known = chatId;
      inARow = { kind: '', chatIds: new Set() };
    },
    refused(chatId, kind) {
      if (inARow.kind !== kind) inARow = { kind, chatIds: new Set() };
      if (inARow.chatIds.size < MANY_CHATS) inARow.chatIds.add(chatId);
      return known === undefined && inARow.chatIds.size >= MANY_CHATS;
    },
    async ask({ chatId, endpoint }, signal) {
      if (known !== undefined && known !== chatId) return askForChat(known, signal);
      const isOfOrganizations = endpoint === 'organizations';
      const error = await failureOf(
        isOfOrganizations ? api.listChats({ limit: 1 }, { signal }) : api.listOrganizations({ limit: 1 }, { signal }),
      );
      return error ? { asked: 'key', error } : { asked: 'key' };
    },
  };
}

async function failureOf(request: Promise<Disposable>): Promise<ApiError | undefined> {
  try {
    (await request)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

import type { ComplianceApi } from '../compliance-api/client';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import type { Others } from './attempt-memory';
import type { FailureKind } from '../domain/failure-kinds';

/** After so many different chats in a row that are refused in the same way, another one need not ask first. */
const MANY_CHATS = 20;

/** What else can be asked for with the same key, to tell what is wrong with one chat from what is wrong for everybody. */
export interface OtherRequests {
  /** Notes a chat whose messages could be read just now. */
  readable(chatId: string): void;
  /** Notes a chat that was refused. @returns whether it is one of many in a row, all in the same way, and none is known to be readable. */
  refused(chatId: string, kind: FailureKind): boolean;
  /** Makes one request: for such a chat, or, where none is known but the one that failed, for the organizations, or the chats. */
  ask(failed: { chatId?: string | undefined; endpoint?: string | undefined }, signal: AbortSignal): Promise<Others>;
}

/** One for each process. */
export function createOthers(api: ComplianceApi): OtherRequests {
  let known: string | undefined;
  let inARow = { kind: '', chatIds: new Set<string>() };

  async function askForChat(chatId: string, signal: AbortSignal): Promise<Others> {
    const error = await failureOf(api.getChatMessages(chatId, { limit: 1 }, { signal }));
    // Deleted meanwhile, or refused: it is no witness any more.
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

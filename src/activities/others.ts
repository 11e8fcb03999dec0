import type { ComplianceApi } from '../compliance-api/client';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import type { Others } from './attempt-memory';
import type { FailureKind } from '../domain/failure-kinds';

/** After so many different chats in a row were refused in the same way, the next one is not compared first. */
const MANY_CHATS = 20;

/** So many chats are known to be readable: one of them may fail too. */
const MOST_KNOWN = 5;

/** What failed, and is compared with something else. */
export interface Failed {
  chatId?: string | undefined;
  endpoint?: string | undefined;
  /** How many of the requests that it was compared with failed. */
  turn: number;
}

/** Other requests with the same key, which tell a failure of one chat from a failure of all. */
export interface OtherRequests {
  /** Notes a chat whose messages could be read just now. */
  readable(chatId: string): void;
  /** Notes a refused chat. @returns whether many chats in a row were refused in the same way, and none is readable. */
  refused(chatId: string, kind: FailureKind): boolean;
  /** Requests one of the readable chats, each in its turn, and after them the organizations, or the chats if those failed. */
  ask(failed: Failed, signal: AbortSignal): Promise<Others>;
}

/** To be created once per process. */
export function createOthers(api: ComplianceApi): OtherRequests {
  /** The last one first. */
  let known: string[] = [];
  let inARow = { kind: '', chatIds: new Set<string>() };

  async function askForChat(chatId: string, signal: AbortSignal): Promise<Others> {
    const error = await failureOf(api.getChatMessages(chatId, { limit: 1 }, { signal }));
    // The chat was deleted meanwhile or is refused: it cannot be the reference any more.
    if (error && recoveryOf(error) !== 'later') known = known.filter((other) => other !== chatId);
    return error ? { asked: 'chat', error } : { asked: 'chat' };
  }

  return {
    readable(chatId) {
      known = [chatId, ...known.filter((other) => other !== chatId)].slice(0, MOST_KNOWN);
      inARow = { kind: '', chatIds: new Set() };
    },
    refused(chatId, kind) {
      if (inARow.kind !== kind) inARow = { kind, chatIds: new Set() };
      if (inARow.chatIds.size < MANY_CHATS) inARow.chatIds.add(chatId);
      return known.length === 0 && inARow.chatIds.size >= MANY_CHATS;
    },
    async ask({ chatId, endpoint, turn }, signal) {
      const others = known.filter((other) => other !== chatId);
      const next = others[turn % (others.length + 1)];
      if (next !== undefined) return askForChat(next, signal);
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

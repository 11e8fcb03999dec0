import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities, EmitRequest, Emitted } from '../activities/types';
import { FailureType } from '../contract';
import { passes, type Filters, type Owner } from '../domain/filters';
import type { FailureKind } from '../domain/failure-kinds';
import type { ReadChat } from '../domain/published';
import type { Trail } from '../domain/checkpoint';
import { growing } from './page-size';
import { follow } from './trail';

/** A chat whose messages of the window are staged; `gone` if the API answered so, for its first page or a later one. */
export interface StagedChat extends ReadChat {
  gone: boolean;
  owner: Owner | null;
  conflicts: number;
  /** The chat changed in the window and has no message in it. */
  unexplained: boolean;
}

/** The most pages of one chat: a million messages at full pages, and as many as a run's history has room for. */
const MOST_PAGES = 1000;

/**
 * Has one chat's messages emitted, page by page. After a refused cursor the chat is read from its start, once; the archive
 * ignores what was staged of it before.
 *
 * @throws ChatUnreadable, or whatever else ended an activity for good.
 */
export async function readChat(
  { emitMessages }: Pick<ApiActivities, 'emitMessages'>,
  request: Omit<EmitRequest, 'afterId'>,
  firstSize = request.pageSize,
): Promise<StagedChat> {
  const { chatId } = request;
  const beginning: StagedChat = { chatId, receipts: [], gone: false, owner: null, conflicts: 0, unexplained: false };
  let chat = beginning;
  let trail: Trail | undefined;
  let afterId: string | null = null;
  const size = growing(request.pageSize, firstSize);
  let restarted = false;
  const broken = (what: string, kind: FailureKind): ApplicationFailure =>
    ApplicationFailure.nonRetryable(`chat ${chatId}: messages: ${what}`, FailureType.chatUnreadable, {
      kind,
      chatIds: [chatId],
    });
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const emitted: Emitted = await emitMessages({ ...request, pageSize: size.next(), afterId });
    if (emitted.cursorRefused) {
      if (restarted) throw broken('the server refuses its own cursor', 'cursor-refused');
      chat = beginning;
      trail = undefined;
      afterId = null;
      restarted = true;
      continue;
    }
    size.took(emitted.limit);
    const { receipt, gone, owner, unexplained } = emitted;
    chat = {
      chatId,
      receipts: receipt ? [...chat.receipts, receipt] : chat.receipts,
      gone,
      owner: chat.owner ?? owner,
      conflicts: chat.conflicts + emitted.conflicts,
      unexplained,
    };
    afterId = emitted.nextAfterId;
    if (afterId === null) return chat;
    const followed = follow(trail, { cursor: afterId, place: emitted.place });
    if (followed === 'circle') throw broken("the server's pages go in circles", 'unexpected-shape');
    trail = followed;
  }
  throw broken(`more than ${MOST_PAGES} pages, and no end`, 'unexpected-shape');
}

/**
 * Whether the filters let a chat through after reading it: they may have changed since it was parked, and it may have
 * moved since it was listed. Only parked chats are compared by organization: the list was filtered by it.
 *
 * @throws ChatUnreadable if that cannot be told.
 */
export function ownerPasses({ chatId, owner }: StagedChat, filters: Filters, parked: boolean): boolean {
  if (owner === null) return true;
  // The API names no user for a chat whose user has left.
  const userIds = owner.userId === null ? [] : filters.userIds;
  const passed = passes(owner, { ...filters, userIds, organizationIds: parked ? filters.organizationIds : [] });
  const isUnknown = passed === 'unknown' || (parked && passed && userIds.length < filters.userIds.length);
  if (!isUnknown) return passed;
  const message = `chat ${chatId}: whether the filters let it out cannot be told: the API names ${
    passed === 'unknown' ? 'organizations by UUID only, so give those in ORGANIZATION_IDS' : 'no user for it any more'
  }`;
  throw ApplicationFailure.nonRetryable(message, FailureType.chatUnreadable, { proven: true });
}

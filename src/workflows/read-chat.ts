import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities, EmitRequest, Emitted } from '../activities/types';
import { FailureType } from '../contract';
import type { ReadChat } from '../sinks/sink';

/** A chat whose messages of the window are staged; `gone` if it answered 404, on its first page or on a later one. */
export interface StagedChat extends ReadChat {
  gone: boolean;
}

/**
 * Has one chat's messages emitted, page after page. Where a cursor has expired the chat is read from its start, once:
 * what was staged of it before is of no meaning to the sink.
 *
 * @throws ChatUnreadable, or whatever else ended an activity for good.
 */
export async function readChat(
  { emitMessages }: Pick<ApiActivities, 'emitMessages'>,
  request: Omit<EmitRequest, 'afterId'>,
): Promise<StagedChat> {
  const { chatId } = request;
  let receipts: ReadChat['receipts'] = [];
  let afterId: string | null = null;
  let { pageSize } = request;
  let restarted = false;
  for (;;) {
    const emitted: Emitted = await emitMessages({ ...request, pageSize, afterId });
    if (emitted.cursorRefused) {
      if (restarted) {
        const message = `chat ${chatId}: the server refuses its own cursor`;
        throw ApplicationFailure.nonRetryable(message, FailureType.chatUnreadable);
      }
      receipts = [];
      afterId = null;
      restarted = true;
      continue;
    }
    pageSize = emitted.limit;
    if (emitted.receipt) receipts.push(emitted.receipt);
    afterId = emitted.nextAfterId;
    if (afterId === null) return { chatId, receipts, gone: emitted.gone };
  }
}

import type { RequestListener } from 'node:http';
import type { MessagePage } from '../../src/compliance-api/message-page';
import { toRecords } from '../../src/domain/record';
import { textOf } from '../support/parsed-record';
import { clientOf, serve } from './local-server';
import { used } from './used';

/** The records that a page becomes, as text. */
export const linesOf = (page: MessagePage): string[] => [...toRecords(page, page.chat_messages)].map(textOf);

/** The same of a page that a server answers with, as it stands. */
export async function linesOfAnswer(
  page: string | Uint8Array | RequestListener,
  chatId = 'claude_chat_1',
): Promise<string[]> {
  const { url } = await serve(typeof page === 'function' ? page : (_request, response) => response.end(page));
  const { body } = await used(clientOf(url).getChatMessages(chatId, {}, {}), async (page) => linesOf(page));
  return body;
}

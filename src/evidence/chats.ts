import type { LedgerLine } from '../archive/folder/ledger-line';
import type { VerifiedLedger } from '../archive/verify/ledger';
import type { Span } from '../domain/window';
import { isTouched, type OpenSpan } from './span';

/** Something about a chat, by the number of the line that says so. */
interface OfChat {
  n: number;
  chatId: string;
}

/** Chats of which something is to be said. */
export interface ChatEvidence {
  /** Those of which messages of these windows could not be read. `recoveredBy`: the line with which they came after all. */
  parked: (OfChat & Span & { recoveredBy: number | null })[];
  recovered: (OfChat & NonNullable<LedgerLine['healed']>[number])[];
  /** Those that the API named as gone when they were to be read. */
  gone: OfChat[];
  /** Those with messages that came again with another content: the first one was kept. */
  conflicts: (OfChat & { records: number })[];
}

export function chatsIn(span: OpenSpan, { windows }: Pick<VerifiedLedger, 'windows'>): ChatEvidence {
  const found: ChatEvidence = { parked: [], recovered: [], gone: [], conflicts: [] };
  const open = new Map<string, ChatEvidence['parked'][number]>();
  for (const { number: n, line } of windows) {
    const { from, to, healed = [], parked = [], gone = [], conflicts = [] } = line;
    for (const chat of healed) {
      const before = open.get(chat.chatId);
      if (before) before.recoveredBy = n;
      open.delete(chat.chatId);
      if (isTouched(span, line) || isTouched(span, chat)) found.recovered.push({ n, ...chat });
    }
    if (!isTouched(span, line)) continue;
    for (const chatId of parked) {
      const before = open.get(chatId);
      if (before) before.to = to;
      else {
        const chat = { n, chatId, from, to, recoveredBy: null };
        open.set(chatId, chat);
        found.parked.push(chat);
      }
    }
    found.gone.push(...gone.map((chatId) => ({ n, chatId })));
    found.conflicts.push(...conflicts.map((chat) => ({ n, ...chat })));
  }
  return found;
}

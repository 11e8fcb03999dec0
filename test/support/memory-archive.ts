import { ArchiveError, type Closing } from '../../src/archive/archive';
import { healedOf, type Healed, type ReadChat } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import { parse, type ParsedRecord } from './parsed-record';
import { partialArchive } from './partial-archive';

/** An archive in memory. @param mayHappen Whether a call fails now, before it has its effect or after it. */
export function createMemoryArchive(mayHappen: () => boolean) {
  const staged = new Map<string, ParsedRecord[]>();
  type Held = { chats: Set<string>; records: ParsedRecord[]; healed: Healed[]; gone: Set<string>; closed: boolean };
  const windows = new Map<string, Held>();
  const completed: Window[] = [];
  const open = (window: Window) => {
    const key = JSON.stringify(window);
    const held = windows.get(key) ?? {
      chats: new Set(),
      records: [],
      healed: [],
      gone: new Set<string>(),
      closed: false,
    };
    windows.set(key, held);
    return { held, totals: () => ({ chats: held.chats.size, records: held.records.length }) };
  };
  const mayFail = async <T>(step: () => T): Promise<T> => {
    if (mayHappen()) throw new ArchiveError('EIO', 'failed before');
    const result = await Promise.resolve(step());
    if (mayHappen()) throw new ArchiveError('EIO', 'failed after');
    return result;
  };
  const archive = partialArchive({
    write: ({ records }) =>
      mayFail(() => {
        const name = `batch-${staged.size}`;
        const batch = [...records].map(parse);
        staged.set(name, batch);
        return { name, records: batch.length, bytes: 1, sha256: '' };
      }),
    publish: (window: Window, chats: ReadChat[], gone: readonly string[] = []) =>
      mayFail(() => {
        const { held, totals } = open(window);
        for (const chat of chats) {
          if (held.closed || held.chats.has(chat.chatId)) continue;
          held.chats.add(chat.chatId);
          held.records.push(...chat.receipts.flatMap(({ name }) => staged.get(name)!));
          held.healed.push(...healedOf([chat]));
        }
        for (const chatId of gone) if (!held.closed) held.gone.add(chatId);
        const left = [...held.gone].filter((chatId) => !held.chats.has(chatId));
        return { totals: totals(), healed: held.healed, gone: left.length, conflicts: 0, closed: held.closed };
      }),
    commit: (window: Window, closing: Closing) =>
      mayFail(() => {
        const { held, totals } = open(window);
        if (held.closed) return null;
        if (closing.outcome === 'abandoned') {
          held.closed = true;
          return null;
        }
        expect(closing.totals).toEqual(totals());
        expect(window.from).toBe(completed.at(-1)?.to ?? window.from);
        held.closed = true;
        completed.push(window);
        return null;
      }),
    last: () => mayFail(() => completed.at(-1) ?? null),
    unfinished: () =>
      mayFail(() => [...windows].flatMap(([key, { closed }]) => (closed ? [] : [JSON.parse(key) as Window]))),
    has: (window: Window, chatId: string) => mayFail(() => open(window).held.chats.has(chatId)),
  });
  return { archive, completed, published: () => [...windows.values()].flatMap(({ records }) => records) };
}

import type { MessageRecord } from '../../src/domain/record';
import { encode } from '../support/parsed-record';
import type { ReadChat, Receipt, Totals } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import type { Archive } from '../../src/archive/archive';

export const first: Window = { epoch: 0, from: '2026-04-08T00:00:00Z', to: '2026-04-08T14:30:45Z' };
export const second: Window = { epoch: 0, from: first.to, to: '2026-04-09T00:00:00Z' };
export const rewound: Window = { epoch: 7, from: first.from, to: second.to };

/** A message of a chat; texts that a line must not break on. @param more Other fields, or other values of these. */
export function record(chatId: string, number: number, more: object = {}): MessageRecord {
  return encode({
    id: `claude_chat_msg_${chatId}_${number}`,
    role: 'user',
    created_at: '2026-04-08T12:00:00.123Z',
    content: [{ type: 'text', text: `secret ${number}\n\r\u2028\u0000 "é" 😀 \ud800` }],
    files: null,
    artifacts: null,
    chat_id: chatId,
    chat_name: 'secret name',
    chat_user: null,
    organization_id: '',
    organization_uuid: '',
    project_id: '',
    extra: { nested: [1] },
    ...more,
  });
}

export function records(chatId: string, ...numbers: number[]): MessageRecord[] {
  return numbers.map((number) => record(chatId, number));
}

/** Writes one batch for each list of message numbers. */
export async function writeChat(
  archive: Archive,
  window: Window,
  chatId: string,
  ...batches: number[][]
): Promise<ReadChat> {
  const receipts: Receipt[] = [];
  for (const numbers of batches) {
    receipts.push(await archive.write({ window, chatId, records: records(chatId, ...numbers) }));
  }
  return { chatId, receipts };
}

/** A sync's steps and what it remembers of those that are done, as Temporal's history would. */
export interface Sync {
  chats: Record<string, ReadChat>;
  totals: Totals;
}
export type Step = (archive: Archive, sync: Sync) => Promise<() => void>;

function read(window: Window, key: string, chatId: string, ...batches: number[][]): Step {
  return async (archive, sync) => {
    const chat = await writeChat(archive, window, chatId, ...batches);
    return () => void (sync.chats[key] = chat);
  };
}

/** The chat had been parked, windows before. */
const span = { from: '2026-04-01T00:00:00Z', to: first.to };
function heal(window: Window, key: string, chatId: string, ...batches: number[][]): Step {
  return async (archive, sync) => {
    const chat = await writeChat(archive, window, chatId, ...batches);
    return () => void (sync.chats[key] = { ...chat, healed: span });
  };
}

/** The second page holds what ended the first one, altered. */
function readAltered(window: Window, key: string, chatId: string): Step {
  return async (archive, sync) => {
    const altered = [record(chatId, 2, { content: 'altered' }), record(chatId, 3)];
    const { receipts } = await writeChat(archive, window, chatId, [1, 2]);
    receipts.push(await archive.write({ window, chatId, records: altered }));
    return () => void (sync.chats[key] = { chatId, receipts, conflicts: 1 });
  };
}

function publish(window: Window, keys: string[], gone: string[] = []): Step {
  return async (archive, sync) => {
    const chats = keys.map((key) => sync.chats[key] ?? { chatId: key, receipts: [] });
    const published = await archive.publish(window, chats, gone);
    return () => void (sync.totals = published.totals);
  };
}

function commit(window: Window, outcome: 'completed' | 'abandoned'): Step {
  return async (archive, sync) => {
    await archive.commit(window, { outcome, totals: sync.totals, requestId: 'req_1' });
    return () => undefined;
  };
}

function claim(id: string, over: string | null): Step {
  return async (archive) => {
    expect(await archive.claim(id, over)).toBe(id);
    return () => undefined;
  };
}

/** Steps with what readers and the ledger hold after them. */
export interface Plan {
  steps: Step[];
  ids: string[];
  ledger: object[];
}

const mine = { ...first, archive: 'one' };
const given = { ...second, archive: 'one' };
const taken = { ...second, archive: 'two' };
const anew = { ...rewound, archive: 'two' };

/**
 * A window that is completed, with a chat met twice, one without messages, one that had been parked, chats that are gone
 * (one of them came out before, one does later) and a message that came again altered.
 */
export const completing: Plan = {
  steps: [
    claim('one', null),
    read(mine, 'a', 'chat_a', [1, 2], [3]),
    publish(mine, ['a', 'chat_empty', 'a'], ['chat_gone', 'chat_back']),
    publish(mine, [], ['chat_a', 'chat_gone', 'chat_alone']),
    read(mine, 'a again', 'chat_a', [1, 2, 3]),
    heal(mine, 'b', 'chat_b', [1]),
    readAltered(mine, 'c', 'chat_back'),
    publish(mine, ['a again', 'b', 'c']),
    commit(mine, 'completed'),
  ],
  ids: [...records('chat_a', 1, 2, 3), record('chat_b', 1), ...records('chat_back', 1, 2, 3)].map(
    (record) => record.id,
  ),
  ledger: [
    {
      ...{ epoch: 0, outcome: 'completed', chats: 4, records: 7 },
      healed: [{ chatId: 'chat_b', ...span, records: 1 }],
      gone: ['chat_gone', 'chat_alone'],
      conflicts: [{ chatId: 'chat_back', records: 2 }],
    },
  ],
};

/** A window that is given up, and a sync that begins again before it, in an archive taken over, and ends at the same time. */
export const rewinding: Plan = {
  steps: [
    claim('one', null),
    read(given, 'c', 'chat_c', [1]),
    publish(given, ['c']),
    claim('two', 'one'),
    commit(taken, 'abandoned'),
    read(anew, 'c again', 'chat_c', [1, 2]),
    publish(anew, ['c again']),
    commit(anew, 'completed'),
  ],
  ids: records('chat_c', 1, 1, 2).map((record) => record.id),
  ledger: [
    { epoch: 0, outcome: 'abandoned', chats: 1, records: 1 },
    { epoch: 7, outcome: 'completed', chats: 1, records: 2, rewound: true },
  ],
};

export const both: Plan = {
  steps: [...completing.steps, ...rewinding.steps],
  ids: [...completing.ids, ...rewinding.ids],
  ledger: [...completing.ledger, ...rewinding.ledger],
};

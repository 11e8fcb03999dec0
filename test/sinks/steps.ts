import type { MessageRecord } from '../../src/record';
import type { ReadChat, Receipt, Sink, Totals, Window } from '../../src/sinks/sink';

export const first: Window = { epoch: 0, from: '2026-04-08T00:00:00Z', to: '2026-04-08T14:30:45Z' };
export const second: Window = { epoch: 0, from: first.to, to: '2026-04-09T00:00:00Z' };
export const rewound: Window = { epoch: 7, from: first.from, to: second.to };

/** A message of a chat; texts that a line must not break on. */
export function record(chatId: string, number: number): MessageRecord {
  return {
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
  };
}

export function records(chatId: string, ...numbers: number[]): MessageRecord[] {
  return numbers.map((number) => record(chatId, number));
}

/** Writes one batch for each list of message numbers. */
export async function writeChat(sink: Sink, window: Window, chatId: string, ...batches: number[][]): Promise<ReadChat> {
  const receipts: Receipt[] = [];
  for (const numbers of batches) {
    receipts.push(await sink.write({ window, chatId, records: records(chatId, ...numbers) }));
  }
  return { chatId, receipts };
}

/** A sync's steps and what it remembers of those that are done, as Temporal's history would. */
export interface Sync {
  chats: Record<string, ReadChat>;
  totals: Totals;
}
export type Step = (sink: Sink, sync: Sync) => Promise<() => void>;

function read(window: Window, key: string, chatId: string, ...batches: number[][]): Step {
  return async (sink, sync) => {
    const chat = await writeChat(sink, window, chatId, ...batches);
    return () => void (sync.chats[key] = chat);
  };
}

function publish(window: Window, ...keys: string[]): Step {
  return async (sink, sync) => {
    const chats = keys.map((key) => sync.chats[key] ?? { chatId: key, receipts: [] });
    const published = await sink.publish?.(window, chats);
    return () => void (sync.totals = published?.totals ?? sync.totals);
  };
}

function commit(window: Window, outcome: 'completed' | 'abandoned'): Step {
  return async (sink, sync) => {
    await sink.commit?.(window, { outcome, totals: sync.totals, requestId: 'req_1' });
    return () => undefined;
  };
}

/** A completed window (a chat met twice, one without messages), one given up, and one that begins again before them. */
export const steps: readonly Step[] = [
  read(first, 'a', 'chat_a', [1, 2], [3]),
  read(first, 'b', 'chat_b', [1]),
  publish(first, 'a', 'b', 'chat_empty', 'b'),
  read(first, 'a again', 'chat_a', [1, 2, 3]),
  read(first, 'c', 'chat_c', [1]),
  publish(first, 'a again', 'c'),
  commit(first, 'completed'),
  read(second, 'd', 'chat_d', [1]),
  publish(second, 'd'),
  commit(second, 'abandoned'),
  read(rewound, 'd again', 'chat_d', [1, 2]),
  publish(rewound, 'd again'),
  commit(rewound, 'completed'),
];

/** What readers find after all steps: for each window's end, its records in the order of the parts. */
export const expected = [
  ...[1, 2, 3].map((number) => record('chat_a', number).id),
  record('chat_b', 1).id,
  record('chat_c', 1).id,
  record('chat_d', 1).id,
  record('chat_d', 1).id,
  record('chat_d', 2).id,
];
/** Each line of the ledger after all steps: epoch, outcome, chats, records, parts of 4000 bytes. */
export const expectedLedger = [
  { epoch: 0, outcome: 'completed', chats: 4, records: 5 },
  { epoch: 0, outcome: 'abandoned', chats: 1, records: 1 },
  { epoch: 7, outcome: 'completed', chats: 1, records: 2, rewound: true },
];

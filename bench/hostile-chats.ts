const MEBIBYTE = 1024 * 1024;
/** A little less than the largest answer that is read. */
const LARGE = 63 * MEBIBYTE;
const TEXT = 'The quick brown fox jumps over the lazy dog, again and again. '.repeat(1000);
/** One in a text makes JavaScript take two bytes for each of its characters. */
const EMOJI = '\u{1f98a}';

/** A chat that is read at great cost by whoever parses it. */
export interface HostileChat {
  readonly id: string;
  /** When its messages were created. */
  readonly time: string;
  readonly messages: number;
  /** The messages as JSON, in pieces: as large as an answer may be. */
  readonly pieces: () => Generator<string>;
}

type Kind = Pick<HostileChat, 'messages'> & { pieces: (chat: Pick<HostileChat, 'id' | 'time'>) => Generator<string> };

/** One message with this in its content, again and again. */
const one = (before: string, piece: string, after: string): Kind => ({
  messages: 1,
  *pieces({ id, time }) {
    yield `{"id":"${id}_0","role":"user","created_at":"${time}","content":${before}`;
    for (let size = 0; size < LARGE; size += Buffer.byteLength(piece)) yield piece;
    yield `${after}}`;
  },
});

/** So many messages in one answer, whatever was asked for. */
const many = (messages: number, text: string): Kind => ({
  messages,
  *pieces({ id, time }) {
    for (let number = 0; number < messages; number++) {
      const begin = `${number === 0 ? '' : ','}{"id":"${id}_${number}","role":"user","created_at":"${time}"`;
      yield `${begin},"content":[{"type":"text","text":"${text}"}],"files":null,"artifacts":null}`;
    }
  },
});

const nested = `${'['.repeat(200)}${']'.repeat(200)},`;

const kinds: Record<string, Kind> = {
  emoji: many(100, EMOJI + TEXT.repeat(10)),
  single: one('"', TEXT + EMOJI, '"'),
  tiny: many(100_000, EMOJI),
  thousand: many(1000, EMOJI + TEXT),
  nested: one('[', nested.repeat(200), '0]'),
  numbers: one('[', '9007199254740993.12345678901234567890e-400,'.repeat(1000), '0]'),
  values: one('[', '{},[],0,"",'.repeat(5000), '0]'),
  names: one('{', '"\\u0061\\ud83e\\udd8a":1,'.repeat(2000), '"":0}'),
  spaces: one('[', `1,\n${' '.repeat(40)}`.repeat(1000), '0]'),
  characters: one('"', '\u6570\u{1f98a}\u00fc'.repeat(5000), '"'),
};

export const idsOf = ({ id, messages }: HostileChat): string[] =>
  Array.from({ length: messages }, (_, number) => `${id}_${number}`);

/** Some chats of each kind, or of some kinds. */
export function hostileChats(copies: number, time: string, names = Object.keys(kinds)): HostileChat[] {
  const some = Object.entries(kinds).filter(([name]) => names.includes(name));
  return Array.from({ length: copies }, (_, copy) =>
    some.map(([name, { messages, pieces }]) => {
      const id = `claude_chat_${name}_${copy}`;
      return { id, time, messages, pieces: () => pieces({ id, time }) };
    }),
  ).flat();
}

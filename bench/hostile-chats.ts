const MEBIBYTE = 1024 * 1024;
/** Just below the client's limit for an answer. */
const LARGE = 63 * MEBIBYTE;
const TEXT = 'The quick brown fox jumps over the lazy dog, again and again. '.repeat(1000);
/** One emoji in a string makes V8 store two bytes per character. */
const EMOJI = '\u{1f98a}';

/** A chat that is expensive to parse. */
export interface HostileChat {
  readonly id: string;
  /** The creation time of its messages, RFC 3339. */
  readonly time: string;
  readonly messages: number;
  /** Yields the messages as JSON, in pieces. */
  readonly pieces: () => Generator<string>;
}

type Kind = Pick<HostileChat, 'messages'> & { pieces: (chat: Pick<HostileChat, 'id' | 'time'>) => Generator<string> };

/** One message of 63 MiB whose content repeats `piece`. */
const one = (before: string, piece: string, after: string): Kind => ({
  messages: 1,
  *pieces({ id, time }) {
    yield `{"id":"${id}_0","role":"user","created_at":"${time}","content":${before}`;
    for (let size = 0; size < LARGE; size += Buffer.byteLength(piece)) yield piece;
    yield `${after}}`;
  },
});

/** Many messages with this text in one answer, whatever limit the request has. */
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

/** The ids of a chat's messages. */
export const idsOf = ({ id, messages }: HostileChat): string[] =>
  Array.from({ length: messages }, (_, number) => `${id}_${number}`);

/** Makes `copies` chats of each of the named kinds; default all kinds. @param time Their creation time, RFC 3339. */
export function hostileChats(copies: number, time: string, names = Object.keys(kinds)): HostileChat[] {
  const some = Object.entries(kinds).filter(([name]) => names.includes(name));
  return Array.from({ length: copies }, (_, copy) =>
    some.map(([name, { messages, pieces }]) => {
      const id = `claude_chat_${name}_${copy}`;
      return { id, time, messages, pieces: () => pieces({ id, time }) };
    }),
  ).flat();
}

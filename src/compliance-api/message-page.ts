import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { rfc3339Ms } from '../domain/rfc3339';
import type { BodyReader, Reading } from './body-reader';
import type { Bytes } from './bytes';
import { PageIndex, type RawField, type Span } from './page-index';
import { idSchema, messagePageSchema, misfitOf } from './schemas';

/** `GET /v1/compliance/apps/chats/{chat_id}/messages`: the chat's metadata and a page of its messages. */
export type MessagePage = z.infer<typeof messagePageSchema> & { chat_messages: readonly Message[] };

/** The largest field that is parsed; content is not. No chat's name and no time is longer. */
const mostParsedBytes = 64 * 1024;
const quote = 0x22;
const openBracket = 0x5b;
const smallN = 0x6e;

const ID = Buffer.from('"id"');
const ROLE = Buffer.from('"role"');
const CREATED_AT = Buffer.from('"created_at"');
const CONTENT = Buffer.from('"content"');
const ATTACHMENTS = ['files', 'artifacts'].map((name) => ({ name, quoted: Buffer.from(`"${name}"`) }));

/** A message kept as the answer's bytes, and valid as long as its page. Its fields are looked up in the bytes. */
export class Message {
  constructor(
    private readonly bytes: Bytes,
    private readonly index: PageIndex,
    private readonly item: number,
  ) {}

  get id(): string {
    return String(this.parsed(ID));
  }

  /** The creation time as the API wrote it. */
  get created_at(): string {
    return String(this.parsed(CREATED_AT));
  }

  /** The creation time, ms since 1970; NaN if it is malformed. */
  get createdAtMs(): number {
    return rfc3339Ms(this.created_at) ?? NaN;
  }

  /** The fields by name, in the order of the answer. */
  fields(): ReadonlyMap<string, RawField> {
    return this.index.fieldsOf(this.item);
  }

  slices({ from, to }: Span): Buffer[] {
    return this.bytes.slices(from, to);
  }

  /** Whether the message has no content: the API leaves only that of a deleted message. */
  isEmpty(): boolean {
    const content = this.index.find(this.item, CONTENT);
    if (content === undefined) return true;
    const { valueFrom, to } = content;
    return to - valueFrom <= 4 && ['null', '[]'].includes(this.bytes.text(valueFrom, to));
  }

  /** SHA-256 of the message's JSON without white space, in hex. */
  digest(): string {
    const hash = createHash('sha256');
    for (const slice of this.slices(this.index.item(this.item))) hash.update(slice);
    return hash.digest('hex');
  }

  /** The first field that is not what was promised; '' if the message is no object. Content may be anything. */
  misfit(): string | undefined {
    if (!this.index.isReadable(this.item)) return '';
    if (!idSchema.safeParse(this.parsed(ID)).success) return 'id';
    // Fields of any length are not parsed: their first byte tells their type.
    if (this.firstOf(ROLE) !== quote) return 'role';
    const createdAt = this.parsed(CREATED_AT);
    if (typeof createdAt !== 'string' || rfc3339Ms(createdAt) === undefined) return 'created_at';
    for (const { name, quoted } of ATTACHMENTS) {
      if (![undefined, openBracket, smallN].includes(this.firstOf(quoted))) return name;
    }
    return undefined;
  }

  private parsed(name: Buffer): unknown {
    const field = this.index.find(this.item, name);
    return field && parsed(this.bytes, field.valueFrom, field.to);
  }

  private firstOf(name: Buffer): number | undefined {
    const field = this.index.find(this.item, name);
    return field && this.bytes.at(field.valueFrom);
  }
}

/** Parses a field; 0, which no field here may be, if it is too long. */
function parsed(bytes: Bytes, from: number, to: number): unknown {
  return to - from > mostParsedBytes ? 0 : JSON.parse(bytes.text(from, to));
}

/** Parses the chat's metadata on a page of messages, and leaves the messages as bytes. */
export function messagePageReader(bytes: Bytes): BodyReader<MessagePage> {
  const index = new PageIndex(bytes, 'chat_messages', Object.keys(messagePageSchema.shape));

  function read(): Reading<MessagePage> {
    if (!index.isObject) return { misfit: 'the whole' };
    const given = Object.fromEntries([...index.fields].map(([name, { from, to }]) => [name, parsed(bytes, from, to)]));
    const head = messagePageSchema.safeParse(given);
    if (!head.success) return { misfit: misfitOf(messagePageSchema, given) };
    if (!index.hasItems) return { misfit: 'chat_messages' };
    const chat_messages = Array.from({ length: index.itemCount }, (_, item) => new Message(bytes, index, item));
    for (const [place, message] of chat_messages.entries()) {
      const misfit = message.misfit();
      if (misfit !== undefined) return { misfit: `chat_messages.${place}${misfit && `.${misfit}`}` };
    }
    return { page: { ...head.data, chat_messages } };
  }

  return { watcher: index, isFull: () => index.isFull(), read };
}

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { rfc3339Ms } from '../domain/rfc3339';
import type { BodyReader, Reading } from './body-reader';
import type { Bytes } from './bytes';
import { PageIndex, type RawField, type Span } from './page-index';
import { idSchema, messagePageSchema, misfitOf } from './schemas';

/** `GET /v1/compliance/apps/chats/{chat_id}/messages`: the chat's metadata beside a page of its messages. */
export type MessagePage = z.infer<typeof messagePageSchema> & { chat_messages: readonly Message[] };

/** Of what is parsed, which is all but the messages' content: no name of a chat and no time is longer. */
const mostParsedBytes = 64 * 1024;
const quote = 0x22;
const openBracket = 0x5b;
const smallN = 0x6e;

const ID = Buffer.from('"id"');
const ROLE = Buffer.from('"role"');
const CREATED_AT = Buffer.from('"created_at"');
const CONTENT = Buffer.from('"content"');
const ATTACHMENTS = ['files', 'artifacts'].map((name) => ({ name, quoted: Buffer.from(`"${name}"`) }));

/** A message that stays the bytes that came, and is of use as long as its page is. What it is asked for, it looks up in them. */
export class Message {
  constructor(
    private readonly bytes: Bytes,
    private readonly index: PageIndex,
    private readonly item: number,
  ) {}

  get id(): string {
    return String(this.parsed(ID));
  }

  /** When it was created, as the API wrote it. */
  get created_at(): string {
    return String(this.parsed(CREATED_AT));
  }

  /** The same, ms since 1970. */
  get createdAtMs(): number {
    return rfc3339Ms(this.created_at) ?? NaN;
  }

  /** By their names, in their order. */
  fields(): ReadonlyMap<string, RawField> {
    return this.index.fieldsOf(this.item);
  }

  slices({ from, to }: Span): Buffer[] {
    return this.bytes.slices(from, to);
  }

  /** Whether it is without content: what the API leaves of a message that was deleted. */
  isEmpty(): boolean {
    const content = this.index.find(this.item, CONTENT);
    if (content === undefined) return true;
    const { valueFrom, to } = content;
    return to - valueFrom <= 4 && ['null', '[]'].includes(this.bytes.text(valueFrom, to));
  }

  /** Of everything that came but white space. */
  digest(): string {
    const hash = createHash('sha256');
    for (const slice of this.slices(this.index.item(this.item))) hash.update(slice);
    return hash.digest('hex');
  }

  /** Which of its fields is not what was promised; '' where it is no object. Content is passed on whatever it is. */
  misfit(): string | undefined {
    if (!this.index.isReadable(this.item)) return '';
    if (!idSchema.safeParse(this.parsed(ID)).success) return 'id';
    // These may be of any length, and are not parsed.
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

/** 0, which nothing here may be, for what is too long. */
function parsed(bytes: Bytes, from: number, to: number): unknown {
  return to - from > mostParsedBytes ? 0 : JSON.parse(bytes.text(from, to));
}

/** Parses what is small of a page of messages, and leaves the messages as they are. */
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

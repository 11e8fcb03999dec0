import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { rfc3339Ms } from '../rfc3339';
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

/** A message whose fields stay the bytes that came; of use as long as its page is. */
export class Message {
  constructor(
    private readonly page: { bytes: Bytes; index: PageIndex },
    private readonly item: number,
    readonly id: string,
    /** When it was created, ms since 1970. */
    readonly createdAtMs: number,
  ) {}

  /** By their names, in their order. */
  fields(): ReadonlyMap<string, RawField> {
    return this.page.index.fieldsOf(this.item) ?? new Map<string, RawField>();
  }

  slices({ from, to }: Span): Buffer[] {
    return this.page.bytes.slices(from, to);
  }

  /** When it was created, as the API wrote it. */
  get created_at(): string {
    const field = this.fields().get('created_at');
    return field === undefined ? '' : String(JSON.parse(this.page.bytes.text(field.valueFrom, field.to)));
  }

  /** Whether it is without content: what the API leaves of a message that was deleted. */
  isEmpty(): boolean {
    const content = this.fields().get('content');
    if (content === undefined) return true;
    const { valueFrom, to } = content;
    return to - valueFrom <= 4 && ['null', '[]'].includes(this.page.bytes.text(valueFrom, to));
  }

  /** Of everything that came but white space. */
  digest(): string {
    const hash = createHash('sha256');
    for (const slice of this.slices(this.page.index.item(this.item))) hash.update(slice);
    return hash.digest('hex');
  }
}

/** Parses what is small of a page of messages, and leaves the messages as they are. */
export function messagePageReader(bytes: Bytes): BodyReader<MessagePage> {
  const index = new PageIndex(bytes, 'chat_messages', Object.keys(messagePageSchema.shape));

  const page = { bytes, index };

  function read(): Reading<MessagePage> {
    if (!index.isObject) return { misfit: 'the whole' };
    const given = Object.fromEntries([...index.fields].map(([name, span]) => [name, parsed(span)]));
    const head = messagePageSchema.safeParse(given);
    if (!head.success) return { misfit: misfitOf(messagePageSchema, given) };
    if (!index.hasItems) return { misfit: 'chat_messages' };
    const chat_messages: Message[] = [];
    for (let item = 0; item < index.itemCount; item++) {
      const message = messageAt(item);
      if (typeof message === 'string') return { misfit: ['chat_messages', item, message].join('.').replace(/\.$/, '') };
      chat_messages.push(message);
    }
    return { page: { ...head.data, chat_messages } };
  }

  /** The message, or which of its fields is not what was promised; '' where it is no object. */
  function messageAt(item: number): Message | string {
    const fields = index.fieldsOf(item);
    if (fields === null) return '';
    const value = (name: string): unknown => parsed(valueOf(fields.get(name)));
    const startsWith = (name: string): number | undefined => bytes.at(fields.get(name)?.valueFrom ?? -1);
    const id = idSchema.safeParse(value('id'));
    if (!id.success) return 'id';
    // These may be of any length, and are not parsed.
    if (startsWith('role') !== quote) return 'role';
    const createdAt = value('created_at');
    if (typeof createdAt !== 'string') return 'created_at';
    const createdAtMs = rfc3339Ms(createdAt);
    if (createdAtMs === undefined) return 'created_at';
    for (const name of ['files', 'artifacts']) {
      const first = startsWith(name);
      if (first !== undefined && first !== openBracket && first !== smallN) return name;
    }
    return new Message(page, item, id.data, createdAtMs);
  }

  /** 0, which nothing here may be, where it is too long. */
  function parsed(span: Span | undefined): unknown {
    if (span === undefined) return undefined;
    return span.to - span.from > mostParsedBytes ? 0 : JSON.parse(bytes.text(span.from, span.to));
  }

  return { watcher: index, isFull: () => index.isFull(), read };
}

const valueOf = (field: RawField | undefined): Span | undefined => field && { from: field.valueFrom, to: field.to };

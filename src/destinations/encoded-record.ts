/** What people filter on: the record's strings, as far as they are strings. */
export interface RecordFields {
  role: string | null;
  chatId: string;
  chatName: string | null;
  userId: string | null;
  userEmail: string | null;
  organizationId: string | null;
  organizationUuid: string | null;
  projectId: string | null;
}

/** A record of the archive, as the line that it is. No destination writes it anew: a parser would change its numbers. */
export class EncodedRecord {
  #parsed: Record<string, unknown> | undefined;

  /** @param line Without its line end. */
  constructor(readonly line: Buffer) {}

  get id(): string {
    return stringOf(this.#record['id']) ?? '';
  }
  /** In the API's own notation. */
  get createdAt(): string {
    return stringOf(this.#record['created_at']) ?? '';
  }
  /** When it was created, ms since 1970; null if `createdAt` is no time. */
  get createdAtMs(): number | null {
    const ms = Date.parse(this.createdAt);
    return Number.isNaN(ms) ? null : ms;
  }
  get fields(): RecordFields {
    const record = this.#record;
    const user = objectOf(record['chat_user']);
    return {
      role: stringOf(record['role']),
      chatId: stringOf(record['chat_id']) ?? '',
      chatName: stringOf(record['chat_name']),
      userId: stringOf(user['id']),
      userEmail: stringOf(user['email_address']),
      organizationId: stringOf(record['organization_id']),
      organizationUuid: stringOf(record['organization_uuid']),
      projectId: stringOf(record['project_id']),
    };
  }
  /** The text of its blocks, an empty line between them. */
  get text(): string {
    const { content } = this.#record;
    if (typeof content === 'string') return content;
    if (!Array.isArray(content)) return '';
    return content
      .map((block) => stringOf(objectOf(block)['text']))
      .filter((text) => text !== null)
      .join('\n\n');
  }

  get #record(): Record<string, unknown> {
    this.#parsed ??= objectOf(JSON.parse(this.line.toString()));
    return this.#parsed;
  }
}

const stringOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

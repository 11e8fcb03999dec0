import type { Micros } from './timestamps';

/** A content block as the API shows it; unknown types and fields are part of the game. */
export type Block = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Organization {
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly createdAt: Micros;
}

export interface User {
  readonly id: string;
  readonly email: string;
  readonly fullName: string;
  readonly createdAt: Micros;
}

/** A user's place in one organization; it ends when the user is removed, and leaves the user's chats behind. */
export interface Member {
  readonly id: string;
  readonly user: User;
  readonly role: string;
}

export interface Project {
  readonly id: string;
  readonly organizationUuid: string;
}

export interface Message {
  readonly id: string;
  readonly role: string;
  readonly createdAt: Micros;
  readonly content: readonly Block[];
  readonly files: readonly object[] | null;
  readonly generatedFiles: readonly object[] | null;
  readonly artifacts: readonly object[] | null;
  /** Fields of the answer that no client knows yet. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Chat {
  readonly id: string;
  readonly organizationUuid: string;
  /** Null: the author is not shown. */
  readonly userId: string | null;
  readonly createdAt: Micros;
  readonly model: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  name: string;
  projectId: string | null;
  updatedAt: Micros;
  deletedAt: Micros | null;
  /** Ascending by (createdAt, id). */
  readonly messages: Message[];
}

/** Something that happens to a tenant at a time that may still lie ahead. */
export interface TenantEvent<T> {
  /** Milliseconds since 1970. */
  readonly at: number;
  apply(tenant: T): void;
}

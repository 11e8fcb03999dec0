import type { Micros } from './timestamps';

/** A content block as the API shows it; it may have unknown types and fields. */
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

/** A user's membership in an organization; when it ends, the user's chats stay. */
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
  /** Additional fields of the API's answer. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Chat {
  readonly id: string;
  readonly organizationUuid: string;
  /** Null if the API does not show the author. */
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

/** A planned change of a tenant. */
export interface TenantEvent<T> {
  /** Milliseconds since 1970. */
  readonly at: number;
  apply(tenant: T): void;
}

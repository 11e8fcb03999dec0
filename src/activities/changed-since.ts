import type { ListedChat } from '../compliance-api/schemas';
import { rfc3339Ms } from '../domain/rfc3339';
import type { ChatPageRequest } from './types';

/** Older than the product whose chats these are: a time that was never set, as Go's year 1 or 1970. */
const EARLIEST_MS = Date.UTC(2020);

/** A time of the API's, ms since 1970; undefined for what is none, or was never set. */
export function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? rfc3339Ms(value) : undefined;
  return ms === undefined || ms < EARLIEST_MS ? undefined : ms;
}

/**
 * Whether a listed chat may hold messages of the window. One that was not touched since its start has none; when it was
 * created is no matter (docs/adr/0002). A list by change holds no others, but those of the second more that it was asked
 * for: a chat with a time that cannot be, or that says it does not belong there, is read.
 */
export function changedSince({ created_at, updated_at }: ListedChat, { mode, window }: ChatPageRequest): boolean {
  const since = Date.parse(window.from);
  const updatedAt = timeOf(updated_at);
  if (updatedAt === undefined || updatedAt >= since) return true;
  const createdAt = timeOf(created_at);
  if (createdAt === undefined || Math.floor(createdAt / 1000) > Math.floor(updatedAt / 1000)) return true;
  return mode !== 'per-user-by-creation' && updatedAt < since - 1000;
}

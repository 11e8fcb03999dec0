import type { ListedChat } from '../compliance-api/schemas';
import { rfc3339Ms } from '../domain/rfc3339';
import type { ChatPageRequest } from './types';

/** Before the product existed: an earlier time was never set, as Go's year 1 or 1970. */
const EARLIEST_MS = Date.UTC(2020);

/** Parses a time of the API to ms since 1970; undefined if it is malformed, or was never set. */
export function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? rfc3339Ms(value) : undefined;
  return ms === undefined || ms < EARLIEST_MS ? undefined : ms;
}

/**
 * Whether a listed chat may have messages of the window: not if it last changed before the window's start, whenever it
 * was created (docs/adr/0002). A list filtered by change should hold no such chats, but for the extra second that is
 * requested: a chat with an impossible time, or one that should not be listed, is read.
 */
export function changedSince({ created_at, updated_at }: ListedChat, { mode, window }: ChatPageRequest): boolean {
  const since = Date.parse(window.from);
  const updatedAt = timeOf(updated_at);
  if (updatedAt === undefined || updatedAt >= since) return true;
  const createdAt = timeOf(created_at);
  if (createdAt === undefined || Math.floor(createdAt / 1000) > Math.floor(updatedAt / 1000)) return true;
  return mode !== 'per-user-by-creation' && updatedAt < since - 1000;
}

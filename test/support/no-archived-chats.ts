import type { ArchivedChats } from '../../src/archive/archived-chats';

/** An archive without a chat, where none is compared or recovered. */
export const noArchivedChats: ArchivedChats = {
  update: () => Promise.resolve(),
  count: 0,
  has: () => false,
  of: () => Promise.resolve({ messages: new Map(), doubled: [], removed: [] }),
  countIn: () => 0,
  ids: () => [],
};

import type { Generation } from '../simulator';

export const ON_CHAT_FAILURE = ['fail', 'park'] as const;

/** The server and the `LISTING` with which the product lists chats in each of its forms. */
export const LISTINGS = {
  organization: { generation: 'now', LISTING: 'auto' },
  'per-user': { generation: 'legacy', LISTING: 'auto' },
  'per-user-by-creation': { generation: 'now', LISTING: 'per-user' },
} as const satisfies Record<string, { generation: Generation; LISTING: string }>;
export type Listing = keyof typeof LISTINGS;

/** The product's settings that differ from run to run. */
export interface Settings {
  readonly onChatFailure: (typeof ON_CHAT_FAILURE)[number];
  readonly listing: Listing;
}

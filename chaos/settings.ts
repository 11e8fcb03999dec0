import type { Generation } from '../simulator';
import type { TargetName } from './targets';

export const ON_CHAT_FAILURE = ['fail', 'park'] as const;

/** The simulator's generation and the product's `LISTING` for each way of listing chats. */
export const LISTINGS = {
  organization: { generation: 'now', LISTING: 'auto' },
  'per-user': { generation: 'legacy', LISTING: 'auto' },
  'per-user-by-creation': { generation: 'now', LISTING: 'per-user' },
} as const satisfies Record<string, { generation: Generation; LISTING: string }>;
export type Listing = keyof typeof LISTINGS;

/** The settings of the product, and of what it runs on, that a run chooses. */
export interface Settings {
  readonly onChatFailure: (typeof ON_CHAT_FAILURE)[number];
  readonly listing: Listing;
  /** Real servers to deliver to, beside `http`: those of them that are at hand. */
  readonly destinations: readonly TargetName[];
  /** Whether Temporal is two nodes on PostgreSQL, instead of the development server. */
  readonly cluster: boolean;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Memo } from '../../src/domain/memo';
import { waitFor } from '../progress';
import { type Blow, seconds } from './blow';

const CHATS = 5;
const FIRST_WINDOW_MS = 60_000;
const MEETING_MS = 180_000;

/** A handful of chats that can never be read, until it ends: syncs fail on them, or park them. */
export const unreadable: readonly Blow[] = [
  {
    name: 'unreadable-chats',
    kind: 'api',
    stops: true,
    async strike({ stage, random }) {
      // So that there are windows before in which they were read.
      await waitFor(stage, FIRST_WINDOW_MS, (memo) => (memo?.syncedThrough ?? null) !== null);
      await stage.tenant.set({ unreadable: CHATS });
      await waitFor(stage, MEETING_MS, isMet);
      await sleep(seconds(random, 4, 15));
      await stage.tenant.set({ unreadable: 0 });
    },
  },
];

const isMet = (memo: Memo | null): boolean =>
  memo !== null && (memo.parked.length > 0 || (memo.unfinished?.reason.startsWith('ChatUnreadable') ?? false));

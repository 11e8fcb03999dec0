import { setTimeout as sleep } from 'node:timers/promises';
import type { Memo } from '../../src/domain/memo';
import { waitFor } from '../progress';
import { type Fault, seconds } from './fault';

const CHATS = 5;
const FIRST_WINDOW_MS = 60_000;
const ENCOUNTER_MS = 180_000;

/** Some chats fail with an error that says not to retry: syncs fail on them or park them. */
export const unreadable: readonly Fault[] = [
  {
    name: 'unreadable-chats',
    kind: 'api',
    outage: true,
    async inject({ environment, random }) {
      // A first window has to complete before, so that it holds earlier messages of these chats.
      await waitFor(environment, FIRST_WINDOW_MS, (memo) => (memo?.syncedThrough ?? null) !== null);
      await environment.tenant.set({ unreadable: CHATS });
      await waitFor(environment, ENCOUNTER_MS, isEncountered);
      await sleep(seconds(random, 4, 15));
      await environment.tenant.set({ unreadable: 0 });
    },
  },
];

const isEncountered = (memo: Memo | null): boolean =>
  memo !== null && (memo.parked.length > 0 || (memo.unfinished?.reason.startsWith('ChatUnreadable') ?? false));

import type { Supervised } from '../../harness/supervised';
import type { Asked } from '../asking';
import type { Tally } from '../lanes';
import type { Settings } from '../settings';

/** Which blows each failure of a sync may be the work of; any other is a bug. */
const CAUSES: Readonly<Record<string, readonly string[]>> = {
  Unauthorized: ['key-revoked'],
  Forbidden: ['scope-lost'],
  ApiRefused: ['faults'],
  ChatUnreadable: ['faults', 'unreadable-chats'],
  Cancelled: ['cancel-idle', 'cancel-mid-sync'],
  LedgerDisagrees: ['reset-current-run', 'reset-past-run'],
};

/** Failures of syncs that nothing which was done explains, in words. */
export function wrongFailures({ failed }: Asked, tallies: readonly Tally[], { onChatFailure }: Settings): string[] {
  const struck = namesOf(tallies);
  const isExplained = (kind: string): boolean =>
    (CAUSES[kind] ?? []).some((name) => struck.includes(name)) &&
    !(kind === 'ChatUnreadable' && onChatFailure === 'park');
  const wrong = [...failed].filter(([kind]) => !isExplained(kind));
  return wrong.map(([kind, times]) => `${times} syncs failed with ${kind}, which nothing that was done explains`);
}

/** Workers that ended by themselves, in words; Node.js does not always survive to be stopped and to go on. */
export function wrongEnds(workers: readonly Supervised[], tallies: readonly Tally[]): string[] {
  if (namesOf(tallies).some((name) => name.startsWith('stop-'))) return [];
  return workers.flatMap(({ name, ownEnds }) =>
    ownEnds.map(({ code, signal }) => `${name} ended by itself with ${code ?? signal ?? '?'}`),
  );
}

const namesOf = (tallies: readonly Tally[]): string[] =>
  tallies.filter(({ times }) => times > 0).map(({ name }) => name);

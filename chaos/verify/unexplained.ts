import type { Supervised } from '../../harness/supervised';
import type { Asked } from '../asking';
import type { Tally } from '../nemesis';
import type { Settings } from '../settings';

/** The faults that can cause each failure of a sync. */
const CAUSES: Readonly<Record<string, readonly string[]>> = {
  Unauthorized: ['key-revoked'],
  Forbidden: ['scope-lost'],
  ApiRefused: ['failing-requests'],
  ChatUnreadable: ['failing-requests', 'unreadable-chats'],
  Cancelled: ['cancel-idle', 'cancel-mid-sync'],
  LedgerDisagrees: ['reset-current-run', 'reset-past-run'],
};

/** Failures of syncs that no injected fault explains, in words. */
export function unexplainedFailures(
  { failed }: Asked,
  tallies: readonly Tally[],
  { onChatFailure }: Settings,
): string[] {
  const injected = namesOf(tallies);
  const isExplained = (kind: string): boolean =>
    (CAUSES[kind] ?? []).some((name) => injected.includes(name)) &&
    !(kind === 'ChatUnreadable' && onChatFailure === 'park');
  const unexplained = [...failed].filter(([kind]) => !isExplained(kind));
  return unexplained.map(([kind, times]) => `${times} syncs failed with ${kind}, which no injected fault explains`);
}

/** Crashes of workers, in words; none if faults included SIGSTOP, which Node.js does not always survive. */
export function unexplainedCrashes(workers: readonly Supervised[], tallies: readonly Tally[]): string[] {
  if (namesOf(tallies).some((name) => name.startsWith('stop-'))) return [];
  return workers.flatMap(({ name, crashes }) =>
    crashes.map(({ code, signal }) => `${name} crashed with ${code ?? signal ?? '?'}`),
  );
}

const namesOf = (tallies: readonly Tally[]): string[] =>
  tallies.filter(({ times }) => times > 0).map(({ name }) => name);

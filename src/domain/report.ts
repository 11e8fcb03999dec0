import type { Policy } from '../config/policy';
import type { Counters, Failure, Report, State, Unfinished } from './state';
import { abbreviate } from '../text/abbreviate';
import { NO_ID } from './no-id';

export const NO_COUNTERS: Counters = {
  chats: 0,
  messages: 0,
  requests: 0,
  gone: 0,
  skipped: 0,
  violations: 0,
  conflicts: 0,
  unexplained: 0,
};

/** The report of a window that was committed. */
export function completedReport(
  { userIds }: Policy,
  state: State,
  { window, counters, checkpoint, warnings: begun }: Unfinished,
): Report {
  const warnings = [...begun];
  if (window.from === window.to) {
    warnings.push(
      `BACKFILL_START is not set: this source begins now, at ${window.to}; \`chat-sync rewind --to 2026-01-01\` brings the messages since then`,
    );
  }
  const { mode, why } = checkpoint ?? { mode: 'organization', why: null };
  if (mode === 'per-user-by-creation') {
    warnings.push(
      'LISTING=per-user: this server lists the chats of users in the order of creation only, so that each sync lists all of them; LISTING=auto is faster',
    );
  }
  if (mode !== 'organization' && userIds.length === 0) {
    // Without the request-id the warning is the same in every report.
    const because = why === null ? '' : `: ${why.replace(/, request-id [\w-]+/, '')}`;
    warnings.push(`chats were listed per user, without those of users who left or of nobody${because}`);
  }
  if (counters.violations > 0) {
    warnings.push(
      `messages newer than their chat's updated_at: ${counters.violations}; the API broke its promise, later messages may be missed`,
    );
  }
  if (counters.gone > 0) {
    warnings.push(`chats that were listed and are gone, which the ledger names: ${counters.gone}`);
  }
  if (counters.conflicts > 0) {
    warnings.push(
      `messages that came again with another content: ${counters.conflicts}; the first one was kept, the ledger names their chats`,
    );
  }
  if (counters.unexplained > 0) {
    warnings.push(
      `chats that changed without a message of this window: ${counters.unexplained}; they were moved, or hold messages that ` +
        'surfaced late, which cannot be told apart',
    );
  }
  const parked = state.parked.map(({ chatId }) => chatId);
  if (parked.includes(NO_ID)) {
    warnings.push(
      'items of the chat list had no id, so that their chats are not known: once the list is right, the next census brings what they hold, or `verify --repair`',
    );
  }
  const ids = parked.filter((chatId) => chatId !== NO_ID);
  if (ids.length > 0) {
    warnings.push(`parked, and tried again at each sync, since they could not be read: ${abbreviate(ids)}`);
  }
  const report = reportOf(state, { ...window, counters, warnings, outcome: 'completed' });
  return { ...report, ...(state.head && { head: state.head }) };
}

/** The report of a sync that found no whole second to read. */
export function nothingToDo(policy: Policy, state: State, warnings: string[]): Report {
  const at = state.syncedThrough ?? policy.backfillStart;
  return reportOf(state, { from: at, to: at, counters: NO_COUNTERS, warnings, outcome: 'completed' });
}

/** Why a sync ended early, in words and as data, and how many requests it had made. */
export interface Ending {
  reason: string;
  failure: Failure;
  requests: number;
}

/** The report of a sync that something ended early. */
export function failedReport(state: State, { reason, failure, requests }: Ending): Report {
  const { unfinished } = state;
  const counters = unfinished?.counters ?? { ...NO_COUNTERS, requests };
  const { from, to } = unfinished?.window ?? { from: null, to: null };
  const warnings = unfinished?.warnings ?? [];
  return { ...reportOf(state, { from, to, counters, warnings, outcome: 'failed' }), reason, failure };
}

/** The report of a request without a sync: the source is paused, or the request ended without a report. */
export const reportWithoutSync = (source: string, said: Pick<Report, 'n' | 'outcome' | 'reason'>): Report => ({
  ...{ source, from: null, to: null, ...figuresOf(NO_COUNTERS), parked: 0, warnings: [] },
  ...said,
});

interface Ended {
  from: string | null;
  to: string | null;
  counters: Counters;
  warnings: string[];
  outcome: Report['outcome'];
}

function reportOf({ n, source, parked }: State, { from, to, counters, warnings, outcome }: Ended): Report {
  return { n: n + 1, source, outcome, from, to, ...figuresOf(counters), parked: parked.length, warnings };
}

const figuresOf = ({ violations, ...figures }: Counters): Omit<Counters, 'violations'> => figures;

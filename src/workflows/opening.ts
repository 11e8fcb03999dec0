import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import { backfillWarnings, isMoved } from '../domain/backfill';
import { disagreementText, type DisagreementFacts } from '../domain/disagreement';
import { reconcile, type Disagreement, type Resumed } from '../domain/reconcile';
import type { Unfinished } from '../domain/state';
import type { Checkpoint } from '../domain/checkpoint';
import { clockWarnings, filterWarnings } from '../domain/warnings';
import type { Window } from '../domain/window';
import type { Policy } from '../config/policy';
import type { Activities } from './activity-proxies';
import { possess } from './archive';
import { takeOver } from './recover';
import { isPublished } from './backfill';
import { ending, takenUpAgain } from './checkpoint';
import { apiRefused } from './failures';
import { recordEvents } from './operator-events';
import { firstMode } from './listing-mode';
import { lookAtOrganizations } from './organizations';
import { NO_COUNTERS } from '../domain/report';
import type { SourceState } from './source-state';
import { EndlessList } from './trail';
import { NO_ID } from '../domain/no-id';

/**
 * Opens the sync's window, or takes up the unfinished one. `unfinished` is null if no whole second has passed.
 *
 * @throws LedgerDisagrees if the state and the archive disagree, ApiRefused for an endless list of organizations.
 */
export async function begin(
  activities: Activities,
  policy: Policy,
  source: SourceState,
): Promise<{ unfinished: Unfinished | null; warnings: string[] }> {
  const { archive: held } = source.state;
  // This also tries out the archive, before the first request to the API.
  const request = { archive: held?.held ? held.id : null, head: source.state.head ?? null };
  const ledger = await activities.readLedger(request);
  const { requests, serverTime, warnings } = await lookAtOrganizations(activities, policy).catch(endless);
  const now = source.now();
  warnings.push(...clockWarnings(source.state, now, serverTime), ...filterWarnings(policy, source.state));
  const possession = await possess(activities, source, ledger);
  const abandon = async (window: Window): Promise<void> => {
    const totals = { chats: 0, records: 0 };
    const closing = { outcome: 'abandoned', totals, requestId: null, build: policy.build } as const;
    const archive = source.state.archive?.id;
    const head = await activities.commitWindow({ window: { ...window, archive }, closing });
    if (head) source.change({ head });
  };
  const { abandoned, unfinished: left } = source.state;
  if (abandoned) await abandon(abandoned);
  if (left && isMoved(policy, source.state) && !(await isPublished(activities, left))) {
    await abandon(left.window);
    source.change({ unfinished: undefined });
  }
  warnings.push(...backfillWarnings(policy, source.state));

  const decision = reconcile(source.state, ledger, policy, { possession, now, serverTime });
  if (abandoned) source.change({ abandoned: undefined });
  if (decision.kind !== 'refuse') await recordEvents(activities, source, false);
  if (decision.kind === 'nothing') return { unfinished: null, warnings };
  const { window } = decision;
  const disagree = (why: Disagreement, held: Window | null): ApplicationFailure => {
    const facts: DisagreementFacts = { policy, parked: source.state.parked, possession, missing: ledger.missing };
    const text = disagreementText(why, window, held, facts);
    return ApplicationFailure.nonRetryable(text, FailureType.ledgerDisagrees, { requests });
  };
  if (decision.kind === 'refuse') throw disagree(decision.why, decision.held);
  for (const other of decision.abandon) await abandon(other);
  if (decision.isFirstHere) warnings.push(`the archive holds messages since ${window.from} only`);
  const opened =
    decision.kind === 'begin'
      ? { window, checkpoint: null, counters: { ...NO_COUNTERS, requests }, reason: '' }
      : await takenUp(activities, policy, source, window, decision.unfinished, requests);
  if (opened === 'given up') throw disagree('given up', window);
  // Before the walk, which reads no parked chat.
  if (ledger.isIncomplete) await takeOver(activities, source, window, window.from);
  // What has no id cannot be requested: a census finds what it held.
  const toRetry = source.state.parked.map(({ chatId }) => chatId).filter((chatId) => chatId !== NO_ID);
  const recovers = ledger.isIncomplete && { recovers: true as const };
  return { unfinished: { ...opened, ...recovers, toRetry, warnings }, warnings };
}

/**
 * Takes up the window that an earlier sync left: at its checkpoint, or at its start if the settings have changed. The
 * archive's totals count, not the state's; if the archive has closed the window, nothing is left to walk.
 */
async function takenUp(
  activities: Activities,
  policy: Policy,
  source: SourceState,
  window: Window,
  before: Resumed,
  requests: number,
): Promise<Pick<Unfinished, 'window' | 'checkpoint' | 'counters' | 'reason'> | 'given up'> {
  const remembered = before?.checkpoint ?? null;
  const checkpoint = remembered && mayGoOn(remembered, policy) ? takenUpAgain(remembered) : null;
  const known = before?.counters ?? NO_COUNTERS;
  const kept = checkpoint ? known : { ...NO_COUNTERS, requests: known.requests };
  const totals = { chats: kept.chats, records: kept.messages, gone: kept.gone, conflicts: kept.conflicts };
  const published = await activities.publishPart({ window, chats: [], gone: [], totals });
  if (published.abandoned) return 'given up';
  const healed = new Set(published.healed.map(({ chatId }) => chatId));
  source.change({ parked: source.state.parked.filter(({ chatId }) => !healed.has(chatId)) });
  const counters = {
    ...kept,
    chats: published.totals.chats,
    messages: published.totals.records,
    gone: published.gone,
    conflicts: published.conflicts,
    requests: kept.requests + requests,
  };
  return { window, counters, checkpoint: published.closed ? ending(policy, checkpoint) : checkpoint, reason: '' };
}

/** Whether the walk may go on. A fallback mode that was never accepted is dropped: the first one is tried again. */
const mayGoOn = ({ mode, accepted, fingerprint }: Checkpoint, policy: Policy): boolean =>
  fingerprint === policy.fingerprint && (accepted || mode === firstMode(policy));

/** Turns an EndlessList into ApiRefused, and rethrows any other error. */
function endless(error: unknown): never {
  if (!(error instanceof EndlessList)) throw error;
  throw apiRefused(error.message, error.requestId);
}

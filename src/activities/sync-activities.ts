import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { FailureType } from '../contract';
import type { Metrics } from '../metrics';
import { healedOf, recordsOf, SinkError, type Published, type Sink, type Totals } from '../sinks/sink';
import { reportOf, UnreadableStateError, type Source } from '../source';
import type { Policy } from '../state';
import { toFailure } from './failures';
import { requireSink } from './require-sink';
import type { Ledger, LedgerRequest, PublishRequest, SyncActivities } from './types';

const HEARTBEAT_MS = 5000;
const SOONEST_LOOK_MS = 1000;
const LATEST_LOOK_MS = 30_000;

export interface SyncDependencies {
  source: Source;
  sink: Sink;
  policy: Policy;
  metrics: Metrics;
}

/** The activities on the workflows' queue: they talk to Temporal and to the sink, never to the API. */
export function createSyncActivities({ source, sink, policy, metrics }: SyncDependencies): SyncActivities {
  return {
    askForSync: () => safely(() => source.askForSync(activityInfo().workflowExecution?.workflowId ?? '')),
    awaitReport: (_name, n) => safely(() => awaitReport(source, n)),
    readPolicy: () => Promise.resolve(policy),
    readLedger: (request) => withSink(request.sink, () => readLedger(sink, request)),
    claimArchive: ({ sink: name, id, over }) => withSink(name, async () => (await sink.claim?.(id, over)) ?? id),
    publishPart: (request) =>
      withSink(request.sink, async (signal) => {
        const { window, chats, gone } = request;
        const published = (await sink.publish?.(window, chats, gone, signal)) ?? added(request);
        requireAllPublished(request, published);
        metrics.published(newIn(request, published));
        return published;
      }),
    commitWindow: ({ window, closing, sink: name }) =>
      withSink(name, async (signal) => sink.commit?.(window, closing, signal)),
  };

  async function withSink<T>(name: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    requireSink(sink, name);
    const signal = cancellationSignal();
    const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
    try {
      return await run(signal);
    } catch (error) {
      // Cancelled, or timed out: the sink has stopped for that.
      throw signal.aborted ? signal.reason : toFailure(error);
    } finally {
      clearInterval(timer);
    }
  }
}

async function safely<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UnreadableStateError) {
      throw ApplicationFailure.nonRetryable(error.message, FailureType.unexpected);
    }
    throw toFailure(error);
  }
}

/** What the sink knows. Whatever it will need is tried too, unless its place is another one than it should be. */
async function readLedger(sink: Sink, { archive: held }: LedgerRequest): Promise<Ledger> {
  const archive = await sink.archive?.();
  if ((archive ?? null) === held) await sink.check?.();
  return {
    kept: sink.last !== undefined,
    missing: (await sink.missing?.()) ?? null,
    last: (await sink.last?.()) ?? null,
    unfinished: (await sink.unfinished?.()) ?? [],
    ...(archive !== undefined && { archive }),
  };
}

/** @throws SinkError if the sink has forgotten chats of the window: it is another folder, or another volume. */
function requireAllPublished({ totals }: PublishRequest, { totals: now, closed }: Published): void {
  if (closed || (now.chats >= totals.chats && now.records >= totals.records)) return;
  throw new SinkError(
    'TOTALS_DIFFER',
    `The sink holds ${now.chats} chats and ${now.records} records of this window, but ${totals.chats} and ${totals.records} ` +
      'were published: bring its old place back. If that is gone for good, cancel the workflow chat-sync/<source>, and rewind',
  );
}

/** What this part added, as far as its request knows: a step that is tried again may count twice. */
function newIn({ chats, totals: before }: PublishRequest, { totals }: Published): Totals {
  const added = (now: number, then: number, most: number): number => Math.min(Math.max(0, now - then), most);
  return {
    chats: added(totals.chats, before.chats, chats.length),
    records: added(totals.records, before.records, recordsOf(chats)),
  };
}

/** A sink without totals of its own: the window's grow by what is handed over. */
function added({ totals, chats, gone }: PublishRequest): Published {
  const grown = { chats: totals.chats + chats.length, records: totals.records + recordsOf(chats) };
  const conflicts = chats.reduce((sum, chat) => sum + (chat.conflicts ?? 0), 0);
  return { totals: grown, healed: healedOf(chats), gone: gone.length, conflicts, closed: false };
}

/** Looks once; "not yet" is a failure that Temporal retries, after a tenth of the time waited so far. */
async function awaitReport(source: Source, n: number): ReturnType<SyncActivities['awaitReport']> {
  const view = await source.view();
  const report = reportOf(view, n);
  if (report !== 'not yet') return report;
  const counters = view.memo?.unfinished?.counters;
  const waited = Date.now() - activityInfo().scheduledTimestampMs;
  throw ApplicationFailure.create({
    type: FailureType.notYet,
    message: `sync ${n} runs: ${counters?.chats ?? 0} chats, ${counters?.messages ?? 0} messages so far`,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.min(LATEST_LOOK_MS, Math.max(SOONEST_LOOK_MS, waited / 10)),
  });
}

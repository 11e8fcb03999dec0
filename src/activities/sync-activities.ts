import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { FailureType } from '../contract';
import type { Ledger } from '../domain/reconcile';
import type { Metrics } from '../worker/metrics';
import { healedOf, recordsOf, type Published } from '../domain/published';
import { SinkError, type Sink } from '../sinks/sink';
import { reportOf, UnreadableStateError } from '../domain/source-view';
import type { Source } from '../source';
import type { Policy } from '../config/policy';
import { failure } from './failures';
import { requireSink } from './require-sink';
import type { LedgerRequest, PublishRequest, SyncActivities, WindowTotals } from './types';

/** Pauses between the first looks: many syncs end within a second. */
const PAUSES_MS = [50, 100, 200, 400];
const SOONEST_LOOK_MS = 1000;
/** The longest pause, so that a request sees its report before later ones push it out of the memo. */
const LATEST_LOOK_MS = 5000;

export interface SyncDependencies {
  source: Source;
  sink: Sink;
  policy: Policy;
  metrics: Metrics;
  /** Says what is wrong with Temporal if an error of `source` may pass; undefined for other errors. */
  passingTrouble: (error: unknown) => string | undefined;
}

/** The activities on the workflows' queue: they talk to Temporal and to the sink, never to the API. */
export function createSyncActivities(dependencies: SyncDependencies): SyncActivities {
  const { source, sink, policy, metrics, passingTrouble } = dependencies;
  return {
    askForSync: () => fromTemporal(() => source.askForSync(activityInfo().workflowExecution?.workflowId ?? '')),
    awaitReport: (_name, n) => fromTemporal(() => awaitReport(source, n)),
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
      withSink(name, async (signal) => (await sink.commit?.(window, closing, signal)) ?? null),
  };

  async function withSink<T>(name: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    requireSink(sink, name);
    return await run(cancellationSignal());
  }

  /** Runs a call to Temporal. Its outage becomes a retryable failure, and is no bug of ours. */
  async function fromTemporal<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof UnreadableStateError) {
        throw failure({ type: FailureType.unexpected, message: error.message, nonRetryable: true });
      }
      const message = passingTrouble(error);
      if (message === undefined) throw error;
      throw failure({ type: FailureType.temporalUnavailable, message, category: ApplicationFailureCategory.BENIGN });
    }
  }
}

/** Reads the sink's ledger. Also checks the sink, unless its folder holds another archive than expected. */
async function readLedger(sink: Sink, { archive: held, head }: LedgerRequest): Promise<Ledger> {
  const archive = await sink.archive?.();
  if ((archive ?? null) === held) await sink.check?.();
  return {
    kept: sink.last !== undefined,
    missing: (await sink.missing?.()) ?? null,
    altered: head !== null && (await sink.holds?.(head)) === false,
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

/** What this publish added, for the metrics, by its request's totals: a retried publish may count twice. */
function newIn({ chats, gone, totals: before }: PublishRequest, { totals, ...now }: Published): WindowTotals {
  const added = (now: number, then: number, most: number): number => Math.min(Math.max(0, now - then), most);
  return {
    chats: added(totals.chats, before.chats, chats.length),
    records: added(totals.records, before.records, recordsOf(chats)),
    gone: added(now.gone, before.gone, gone.length),
    conflicts: added(now.conflicts, before.conflicts, Infinity),
  };
}

/** The result for a sink without totals of its own: the window's totals grow by this part. */
function added({ totals, chats, gone }: PublishRequest): Published {
  const grown = { chats: totals.chats + chats.length, records: totals.records + recordsOf(chats) };
  const conflicts = chats.reduce((sum, chat) => sum + (chat.conflicts ?? 0), totals.conflicts);
  return { totals: grown, healed: healedOf(chats), gone: totals.gone + gone.length, conflicts, closed: false };
}

/** Looks a few times within a second, then fails with "not yet", to be retried after a tenth of the time waited. */
async function awaitReport(source: Source, n: number): ReturnType<SyncActivities['awaitReport']> {
  let view = await source.view();
  for (const pauseMs of [...PAUSES_MS, null]) {
    const report = reportOf(view, n);
    if (report !== 'not yet') return report;
    if (pauseMs === null) break;
    await sleep(pauseMs);
    view = await source.view();
  }
  const counters = view.memo?.unfinished?.counters;
  const waited = Date.now() - activityInfo().scheduledTimestampMs;
  throw failure({
    type: FailureType.notYet,
    message: `sync ${n} runs: ${counters?.chats ?? 0} chats, ${counters?.messages ?? 0} messages so far`,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.min(LATEST_LOOK_MS, Math.max(SOONEST_LOOK_MS, waited / 10)),
  });
}

import { activityInfo, heartbeat } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { FailureType } from '../contract';
import type { Metrics } from '../metrics';
import { healedOf, recordsOf, SinkError, type Published, type Sink, type Totals } from '../sinks/sink';
import { isTransient, reportOf, UnreadableStateError, type Source } from '../source';
import type { Policy } from '../state';
import { troubleOf } from '../temporal-errors';
import { failure, toFailure } from './failures';
import { requireSink } from './require-sink';
import type { PublishRequest, SyncActivities } from './types';

const HEARTBEAT_MS = 5000;
const SOONEST_LOOK_MS = 1000;
/** So soon that a request sees its own report before further syncs push it out of the memo. */
const LATEST_LOOK_MS = 5000;

export interface SyncDependencies {
  source: Source;
  sink: Sink;
  policy: Policy;
  metrics: Metrics;
}

/** The activities on the workflows' queue: they talk to Temporal and to the sink, never to the API. */
export function createSyncActivities({ source, sink, policy, metrics }: SyncDependencies): SyncActivities {
  return {
    askForSync: () => fromTemporal(() => source.askForSync(activityInfo().workflowExecution?.workflowId ?? '')),
    awaitReport: (_name, n) => fromTemporal(() => awaitReport(source, n)),
    readPolicy: () => Promise.resolve(policy),
    readLedger: (name) =>
      withSink(name, async () => ({
        kept: sink.last !== undefined,
        last: (await sink.last?.()) ?? null,
        unfinished: (await sink.unfinished?.()) ?? [],
      })),
    publishPart: (request) =>
      withSink(request.sink, async () => {
        const published = (await sink.publish?.(request.window, request.chats, request.gone)) ?? added(request);
        requireAllPublished(request, published);
        metrics.published(newIn(request, published));
        return published;
      }),
    commitWindow: ({ window, closing, sink: name }) => withSink(name, async () => sink.commit?.(window, closing)),
  };

  async function withSink<T>(name: string, run: () => Promise<T>): Promise<T> {
    requireSink(sink, name);
    const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
    try {
      return await safely(run);
    } finally {
      clearInterval(timer);
    }
  }
}

async function safely<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toFailure(error);
  }
}

/** What asks Temporal: its outage is no bug of ours. */
async function fromTemporal<T>(run: () => Promise<T>): Promise<T> {
  return await safely(() =>
    run().catch((error: unknown) => {
      if (error instanceof UnreadableStateError) {
        throw failure({ type: FailureType.unexpected, message: error.message, nonRetryable: true });
      }
      if (!isTransient(error)) throw error;
      throw failure({
        type: FailureType.temporalUnavailable,
        message: `Temporal ${troubleOf(error) ?? 'is busy'}; trying again`,
        category: ApplicationFailureCategory.BENIGN,
      });
    }),
  );
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
  throw failure({
    type: FailureType.notYet,
    message: `sync ${n} runs: ${counters?.chats ?? 0} chats, ${counters?.messages ?? 0} messages so far`,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.min(LATEST_LOOK_MS, Math.max(SOONEST_LOOK_MS, waited / 10)),
  });
}

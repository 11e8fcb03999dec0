import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { FailureType } from '../contract';
import type { Ledger } from '../domain/reconcile';
import type { Metrics } from '../worker/metrics';
import { recordsOf, type Published } from '../domain/published';
import { ArchiveError, type Archive } from '../archive/archive';
import type { Findings } from '../archive/findings';
import type { Verification } from '../verification';
import { reportOf, UnreadableStateError } from '../domain/source-view';
import type { DeliveryChain } from '../delivery-chain';
import type { Source } from '../source';
import type { Policy } from '../config/policy';
import { failure } from './failures';
import { sayInHeartbeats } from './interceptor';
import type { LedgerRequest, PublishRequest, SyncActivities, WindowTotals } from './types';
import { counted } from '../text/counted';

/** Pauses between the first looks: many syncs end within a second. */
const PAUSES_MS = [50, 100, 200, 400];
/** And between all others: a report is told within a second. */
const LATEST_LOOK_MS = 1000;
const SOON_MS = 100;
/** More requests than that do not stay: each holds a slot, and the sync that they wait for needs some. */
const MOST_WAITING = 20;
const CROWDED_MS = 5000;

/** What is found comes out with the next sync. */
const CENSUS = { what: 'census', from: null, to: null, sample: null, repair: true } as const;

export interface SyncDependencies {
  source: Source;
  archive: Archive;
  findings: Findings;
  verification: Pick<Verification, 'start'>;
  policy: Policy;
  metrics: Metrics;
  /** Those that are to hear of what was published. */
  destinations: readonly Pick<DeliveryChain, 'wake' | 'destination'>[];
  /** The worker ends. */
  stopping: AbortSignal;
  /** Says what is wrong with Temporal if an error of `source` may pass; undefined for other errors. */
  passingTrouble: (error: unknown) => string | undefined;
}

/** The activities on the workflows' queue: they talk to Temporal and to the archive, never to the API. */
export function createSyncActivities(dependencies: SyncDependencies): SyncActivities {
  const { source, archive, findings, verification, policy, metrics, destinations, passingTrouble, stopping } =
    dependencies;
  let waiting = 0;
  return {
    askForSync: () => fromTemporal(() => source.askForSync(activityInfo().workflowExecution?.workflowId ?? '')),
    awaitReport: (_name, n) =>
      fromTemporal(async () => {
        waiting += 1;
        try {
          return await awaitReport(source, n, { stopping, isCrowded: waiting > MOST_WAITING });
        } finally {
          waiting -= 1;
        }
      }),
    readPolicy: () => Promise.resolve(policy),
    readLedger: async (request) => {
      const [chatId] = await findings.toRecover(1);
      return { ...(await readLedger(archive, request)), ...(chatId !== undefined && { isIncomplete: true }) };
    },
    claimArchive: ({ id, over }) => archive.claim(id, over),
    publishPart: async (request) => {
      const { window, chats, gone } = request;
      const published = await archive.publish(window, chats, gone, cancellationSignal());
      requireAllPublished(request, published);
      metrics.published(newIn(request, published));
      await wakeDestinations();
      return published;
    },
    // What the window has published is new; the next one takes the rest.
    chatsToRecover: ({ window, limit }) =>
      findings.toRecover(limit, async (chatId) => !(await archive.has(window, chatId))),
    takenOver: ({ chatIds }) => findings.taken(chatIds),
    beginCensus: ({ since }) => fromTemporal(async () => (await verification.start({ ...CENSUS, since })) !== null),
    async commitWindow({ window, closing }) {
      const head = await archive.commit(window, closing, cancellationSignal());
      await wakeDestinations();
      return head;
    },
    recordEvents: ({ archive: id, events }) => archive.record(id, events),
  };

  async function wakeDestinations(): Promise<void> {
    await fromTemporal(() =>
      Promise.all(
        destinations.map((chain) =>
          chain.wake().catch((error: unknown) => {
            if (passingTrouble(error) !== undefined) throw error;
            // What is wrong with one destination alone holds up no sync.
            const reason = error instanceof UnreadableStateError ? error.message : 'for an unknown reason';
            log.warn(`destination ${chain.destination} cannot be woken: ${reason}`);
          }),
        ),
      ),
    );
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

/** Reads the archive's ledger. Also checks the archive, unless its folder holds another archive than expected. */
async function readLedger(archive: Archive, { archive: held, head }: LedgerRequest): Promise<Ledger> {
  const id = await archive.id();
  if (id === held) await archive.check();
  return {
    archive: id,
    missing: await archive.missing(),
    altered: head !== null && !(await archive.holds(head)),
    last: await archive.last(),
    unfinished: await archive.unfinished(),
  };
}

/** @throws ArchiveError if the archive has forgotten chats of the window: it is another folder, or another volume. */
function requireAllPublished({ totals }: PublishRequest, { totals: now, closed }: Published): void {
  if (closed || (now.chats >= totals.chats && now.records >= totals.records)) return;
  throw new ArchiveError(
    'TOTALS_DIFFER',
    `The archive holds ${now.chats} chats and ${now.records} records of this window, but ${totals.chats} and ${totals.records} ` +
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

/** Looks until the report is there, and heartbeats what was read so far; ends early, to be tried again, when the worker stops or too many wait. */
async function awaitReport(
  source: Source,
  n: number,
  { stopping, isCrowded }: { stopping: AbortSignal; isCrowded: boolean },
): ReturnType<SyncActivities['awaitReport']> {
  const said = { chats: 0, messages: 0 };
  sayInHeartbeats(said);
  const signal = AbortSignal.any([cancellationSignal(), stopping]);
  for (let looks = 0; ; looks++) {
    const view = await source.view();
    const report = reportOf(view, n);
    if (report !== 'not yet') return report;
    const { chats = 0, messages = 0 } = view.memo?.unfinished?.counters ?? {};
    Object.assign(said, { chats, messages });
    await sleep(PAUSES_MS[looks] ?? LATEST_LOOK_MS, undefined, { signal }).catch(() => undefined);
    cancellationSignal().throwIfAborted();
    if (!stopping.aborted && !isCrowded) continue;
    throw failure({
      type: FailureType.notYet,
      message: `sync ${n} runs: ${counted(chats, 'chat')}, ${counted(messages, 'message')} so far`,
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: stopping.aborted ? SOON_MS : CROWDED_MS,
    });
  }
}

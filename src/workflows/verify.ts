import {
  CancellationScope,
  makeContinueAsNewFunc,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ComparingActivities, PublishRequest, Selection, VerificationActivities } from '../activities/types';
import type { Policy } from '../config/policy';
import { apiTaskQueue } from '../contract';
import type { Published } from '../domain/published';
import { recordsOf } from '../domain/published';
import { NO_COUNTERS } from '../domain/report';
import type { State } from '../domain/state';
import type { Verified, VerifyRequest } from '../domain/verification';
import { shortCode, table } from '../text/markdown';
import { activityOptions, proxyActivitiesOf } from './activity-proxies';
import { after } from './after';
import { counting } from './counting';
import { verificationQuery, type VerificationProgress } from './messages';
import { readUnlisted } from './read-unlisted';
import type { WalkActivities } from './round';
import { SourceState } from './source-state';
import { walk } from './walk';

/** Behind a sync's activities, whose priority is 3, on servers that know priorities. */
const BEHIND_SYNCS = { priorityKey: 4 };

/** What a run of the workflow begins with: of a chain of runs, what the one before left. */
export interface VerifyInput {
  source: string;
  request: VerifyRequest;
  begun?: {
    selection: Selection;
    known: number;
    policy: Policy;
    state: State;
    listed: number;
    startedAt: number;
    /** The walk is over, and chats that were not listed are read; the last one that was. */
    unlisted?: string | null;
  };
}

type InProgress = NonNullable<VerifyInput['begun']>;

/**
 * Compares the archive with the API: it walks over the lists of chats as a sync does, in the order of creation, and compares messages where a
 * sync has them emitted. On the API's queue it stands behind a sync, so that the rate holds and a sync goes first.
 * @throws what ends a sync, too: Unauthorized, ApiRefused, LedgerDisagrees, ...
 */
export async function verify({ source: name, request, begun }: VerifyInput): Promise<Verified> {
  const run = workflowInfo().firstExecutionRunId;
  const archive = proxyActivities<VerificationActivities>({
    ...activityOptions,
    // Of a large archive each part may have to be read.
    startToCloseTimeout: '1h',
  });
  const progress: InProgress = begun ?? (await begin());
  const { selection, policy } = progress;
  const source = new SourceState(progress.state, {
    remember: () => undefined,
    show: () => setCurrentDetails(detailsOf(progressOf())),
    chainId: run,
    mustContinueAsNew: () => workflowInfo().continueAsNewSuggested,
    now: () => Date.now(),
    after,
    scope: () => new CancellationScope(),
  });
  setHandler(verificationQuery, progressOf);
  const activities = counting(comparing(), ({ requests = 0 }) => {
    const { counters } = source.unfinished;
    source.noteUnfinished({ counters: { ...counters, requests: counters.requests + requests } });
  });

  if (progress.unlisted === undefined) {
    if ((await walk(activities, policy, source)) === 'interrupted') return continueAsNew();
    progress.unlisted = null;
  }
  if (request.what === 'messages') {
    const next = (after: string | null) => archive.unlistedChats({ selection, after, limit: 500 });
    const read = await readUnlisted(activities, policy, source, { after: progress.unlisted, next });
    progress.unlisted = read.after;
    if (!read.isFinished) return continueAsNew();
  }
  const { chats, messages, requests } = source.unfinished.counters;
  return await archive.endVerification({
    request,
    selection,
    figures: { listed: progress.listed, compared: chats, messages, requests },
    unread: source.parked.map(({ chatId }) => chatId),
  });

  async function begin(): Promise<InProgress> {
    const followed = await proxyActivitiesOf(name).readPolicy();
    const { witnesses, known, ...choice } = await archive.beginVerification({
      run,
      request,
      censusEveryMs: followed.censusEveryMs,
    });
    const { from, to } = choice.span;
    const unfinished = {
      window: { epoch: 0, from, to },
      checkpoint: null,
      counters: NO_COUNTERS,
      toRetry: [],
      warnings: [],
      reason: '',
    };
    return {
      selection: { run, ...choice },
      known,
      policy: policyFor(followed),
      state: {
        v: 1,
        source: name,
        epoch: 0,
        n: 0,
        syncedThrough: null,
        parked: [],
        reports: [],
        witnesses,
        unfinished,
      },
      listed: 0,
      startedAt: Date.now(),
    };
  }

  /** A sync's activities, with those of a comparison in the place of what lists, reads and publishes. */
  function comparing(): WalkActivities {
    const api = proxyActivities<ComparingActivities>({
      ...activityOptions,
      taskQueue: apiTaskQueue(name),
      priority: BEHIND_SYNCS,
    });
    return {
      ...proxyActivitiesOf(name),
      async fetchChatPage(page) {
        const summary = `all chats${page.afterId === null ? '' : ', next page'}`;
        const { listed, ...fetched } = await api.listChats.executeWithOptions({ summary }, [{ ...page, selection }]);
        progress.listed += listed;
        return fetched;
      },
      emitMessages: (chat) =>
        api.compareMessages.executeWithOptions({ summary: shortCode(chat.chatId) }, [{ ...chat, run }]),
      publishPart,
    };
  }

  async function publishPart({ chats, gone, totals }: PublishRequest): Promise<Published> {
    if (gone.length > 0) await archive.noteGone({ selection, chatIds: gone });
    return {
      totals: { chats: totals.chats + chats.length, records: totals.records + recordsOf(chats) },
      healed: [],
      gone: totals.gone + gone.length,
      conflicts: 0,
      closed: false,
    };
  }

  function progressOf(): VerificationProgress {
    const { chats, messages, requests } = source.unfinished.counters;
    const { unpublished } = source;
    const { listed, known, startedAt } = progress;
    const isListing = progress.unlisted === undefined;
    const compared = chats + unpublished.chats;
    // Of all chats the reading takes the time; of those that are unknown or changed nobody knows the number.
    const [done, all] = request.what === 'messages' ? [compared, known * selection.share] : [listed, known];
    const isKnown = done > 0 && (isListing || request.what === 'messages');
    const msLeft = isKnown ? ((Date.now() - startedAt) * Math.max(0, all - done)) / done : null;
    return {
      what: request.what,
      ...selection.span,
      listed,
      known,
      compared,
      messages: messages + unpublished.messages,
      requests,
      secondsLeft: msLeft === null ? null : Math.round(msLeft / 1000),
    };
  }

  function continueAsNew(): Promise<never> {
    const state = source.state;
    return makeContinueAsNewFunc<typeof verify>()({ source: name, request, begun: { ...progress, state } });
  }
}

/** A sync has many times as many requests in the queue. */
const FEWEST_AT_ONCE = 2;

/** Chats that cannot be read hold nothing up; the rest is compared. Few are read at once, so that a sync that begins goes first. */
const policyFor = (policy: Policy): Policy => ({
  ...policy,
  listing: policy.listing === 'per-user' ? 'per-user-by-creation' : 'by-creation',
  onChatFailure: 'park',
  readsAtOnce: Math.max(FEWEST_AT_ONCE, Math.ceil(policy.requestsPerSecond)),
});

function detailsOf({ from, to, listed, known, compared, messages, requests }: VerificationProgress): string {
  const rows: [string, string][] = [
    ['Compares', `${from} to ${to}`],
    ['Chats listed', `${listed}, and the archive knows ${known}`],
    ['Chats compared', String(compared)],
    ['Messages compared', String(messages)],
    ['Requests', String(requests)],
  ];
  return table(rows);
}

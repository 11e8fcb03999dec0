import {
  allHandlersFinished,
  CancellationScope,
  condition,
  currentUpdateInfo,
  isCancellation,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Policy } from '../config/policy';
import type { Report, State } from '../domain/state';
import type { Checkpoint } from '../domain/checkpoint';
import { proxyActivitiesOf, type Activities } from './activity-proxies';
import { after } from './after';
import { countChats } from './census';
import { countLeft } from './chat-lists';
import { detailsOf } from './details';
import { endingOf } from './failures';
import { bounded, memoOf } from './memo';
import { pauseUpdate, progressQuery, resumeUpdate, rewindUpdate, syncUpdate, type Progress } from './messages';
import { createPace } from './pace';
import { canRecord, noted, recordEvents } from './operator-events';
import { readPause, readResume, readRewind, readSync } from './requests';
import { rewind, validateRewind } from './rewind';
import { failedReport } from '../domain/report';
import { SourceState } from './source-state';
import { sync } from './sync';

/** A request polls every five seconds: it must find its report before later ones push it out. */
const REPORTS_KEPT = 20;

/**
 * Events in a run at up to 10 requests a second (the API's limit is 600 a minute): more than the server suggests (4,096
 * events, 4 MiB), since a continue-as-new waits for everything under way, which slow answers make long. The server's
 * limits are 51,200 events and 50 MiB. At higher rates, as in a benchmark, the suggestion is followed.
 */
const LONGEST_HISTORY = 12_000;
const MOST_REQUESTS_PER_SECOND = 10;

/**
 * The workflow of a source. Each run waits for a `sync` update, does one sync, and continues as new with the next state
 * as its input: that moves the timestamp. The memo repeats the state, so that a terminated chain can be restarted from
 * its last run. Never returns; a cancellation ends the running sync only.
 */
export async function chatSync(input: State): Promise<void> {
  let policy: Policy | undefined;
  let checkpoint: Checkpoint | undefined;
  const paceOf = createPace(Date.now);
  let pace: number | null = null;
  const source = new SourceState(input, {
    remember: (state) => upsertMemo({ state: memoOf(state) }),
    show(state, unpublished) {
      // The details keep showing the run's policy and checkpoint after its sync has ended.
      policy = state.running?.policy ?? policy;
      checkpoint = state.unfinished?.checkpoint ?? checkpoint;
      pace = paceOf(state, unpublished.chats);
      setCurrentDetails(detailsOf(state, { unpublished, policy, checkpoint, pace }));
    },
    chainId: workflowInfo().firstExecutionRunId,
    mustContinueAsNew: historyIsLong,
    now: () => Date.now(),
    after,
    scope: () => new CancellationScope(),
  });
  handleMessages(source, () => pace);
  source.progress(0, 0);
  try {
    const activities = proxyActivitiesOf(input.source);
    await untilAsked(activities, source);
    if (source.state.running) {
      const report = await sync(activities, source);
      if (report !== 'interrupted') {
        source.change(ended(source.state, report));
        if (report.outcome === 'completed') await countChats(activities, policy, source);
      }
    }
  } catch (error) {
    const { state } = source;
    if (state.running) {
      const ending = endingOf(error);
      const unfinished = state.unfinished && { ...state.unfinished, reason: ending.reason };
      source.change({ ...ended(state, failedReport(state, ending)), unfinished });
    }
  }
  await CancellationScope.nonCancellable(async () => {
    await condition(allHandlersFinished);
    await makeContinueAsNewFunc<typeof chatSync>({ memo: { state: memoOf(source.state) } })(source.state);
  });
}

/** Waits for a sync to be asked for, and meanwhile has the archive told of what operators do. */
async function untilAsked(activities: Activities, source: SourceState): Promise<void> {
  const isAsked = (): boolean => source.state.running !== undefined || source.mustContinueAsNew();
  let tried: State['events'];
  for (;;) {
    await condition(() => isAsked() || (canRecord(source.state) && source.state.events !== tried));
    if (isAsked()) return;
    tried = source.state.events;
    await recordEvents(activities, source, true).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  }
}

function handleMessages(source: SourceState, pace: () => number | null): void {
  setHandler(
    syncUpdate,
    () => {
      const { n, paused, running } = source.state;
      if (paused) return { n, refused: true };
      if (!running) source.change({ running: {} });
      return { n: n + 1, refused: false };
    },
    { validator: readSync },
  );
  setHandler(
    pauseUpdate,
    (request) => {
      const { reason } = readPause(request);
      const time = iso(Date.now());
      const event = { event: 'paused', id: updateId(), time, reason } as const;
      source.change({ paused: { reason, since: time }, ...noted(source.state, event) });
    },
    { validator: readPause },
  );
  setHandler(
    resumeUpdate,
    (request) => {
      const { reason } = readResume(request);
      const event = { event: 'resumed', id: updateId(), time: iso(Date.now()), ...(reason && { reason }) } as const;
      source.change({ paused: undefined, ...(source.state.paused && noted(source.state, event)) });
    },
    { validator: readResume },
  );
  setHandler(
    rewindUpdate,
    (request) => source.change(rewind(source.state, readRewind(request, Date.now()), updateId(), Date.now())),
    { validator: (request) => validateRewind(source.state, readRewind(request, Date.now()), updateId()) },
  );
  setHandler(progressQuery, () => (source.state.running ? progressOf(source, pace()) : null));
}

function historyIsLong({ running }: State): boolean {
  const { continueAsNewSuggested, suggestedContinueAsNewReasons = [], historyLength } = workflowInfo();
  const { maxHistoryEvents, requestsPerSecond = Infinity } = running?.policy ?? {};
  const usual = requestsPerSecond > MOST_REQUESTS_PER_SECOND ? 0 : LONGEST_HISTORY;
  if (historyLength > (maxHistoryEvents ?? Infinity)) return true;
  if (!continueAsNewSuggested || suggestedContinueAsNewReasons.includes('TOO_MANY_UPDATES'))
    return continueAsNewSuggested;
  return historyLength > usual;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The id of the update that is being handled, as much as is kept of it: ours are UUIDs. */
const updateId = (): string => (currentUpdateInfo()?.id ?? '').slice(0, 64);

function progressOf({ state, unpublished }: SourceState, chatsPerSecond: number | null): Progress {
  const { unfinished } = state;
  const { chats = 0, messages = 0 } = unfinished?.counters ?? {};
  const checkpoint = unfinished?.checkpoint;
  return {
    chats: chats + unpublished.chats,
    messages: messages + unpublished.messages,
    total: chats + (checkpoint ? countLeft(checkpoint) : 0),
    chatsPerSecond,
    more: !checkpoint || checkpoint.mode !== 'organization' || checkpoint.lists.some((list) => list.hasMore),
  };
}

function ended(state: State, report: Report): Partial<State> {
  const { runId } = workflowInfo();
  const reports = [...state.reports, { ...bounded(report), runId }].slice(-REPORTS_KEPT);
  const success = report.outcome === 'completed' ? { lastSuccessAt: new Date().toISOString() } : {};
  return { n: report.n, running: undefined, reports, ...success };
}

import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { DeliverRequest, DeliveryActivities } from '../activities/types';
import { deliveryTaskQueue } from '../contract';
import type { DeliveryState } from '../domain/delivery';
import { deliveryDetailsOf } from './delivery-details';
import { pauseDeliveryUpdate, resumeDeliveryUpdate, rewindDeliveryUpdate, wakeSignal } from './delivery-messages';
import { failureDetails, waitOf } from './failures';
import { readPause, readResume, readRewindDelivery } from './requests';

/** A run of the chain; what it holds is little, and a new run is cheap. */
const LONGEST_HISTORY = 2000;
/** A hiccup is not worth a word. */
const TRIES_UNSAID = 3;

/**
 * The chain of a destination: it waits to be woken, delivers what the archive holds behind its position, and waits again. Its state is the
 * run's input and memo, as the source's is. Never returns; a cancellation ends the running delivery only.
 */
export async function delivery(input: DeliveryState): Promise<void> {
  let state = input;
  // A run begins by looking: what was published while no chain was there woke nobody.
  let woken = true;
  let running: CancellationScope | undefined;
  const change = (next: Partial<DeliveryState>): void => {
    state = { ...state, ...next };
    upsertMemo({ state });
    setCurrentDetails(deliveryDetailsOf(state));
  };
  const { source, destination } = input;
  const activitiesWith = (retry: object) =>
    proxyActivities<DeliveryActivities>({
      taskQueue: deliveryTaskQueue(source, destination),
      // An attempt ends by itself, but one request of it may take minutes.
      startToCloseTimeout: '30m',
      heartbeatTimeout: '30s',
      // Two deliveries at once would repeat each other's records.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s', ...retry },
    });
  const first = activitiesWith({ maximumAttempts: TRIES_UNSAID });
  const further = activitiesWith({ initialInterval: '4s' });

  setHandler(wakeSignal, () => void (woken = true));
  setHandler(
    pauseDeliveryUpdate,
    (request) => {
      change({ paused: { ...readPause(request), since: iso(Date.now()) } });
      running?.cancel();
    },
    { validator: readPause },
  );
  setHandler(
    resumeDeliveryUpdate,
    () => {
      change({ paused: undefined });
      woken = true;
    },
    { validator: readResume },
  );
  setHandler(
    rewindDeliveryUpdate,
    (request) => {
      const rewind = readRewindDelivery(request, Date.now());
      if (rewind.refused) change({ retryRefused: true });
      else
        change({
          epoch: Math.max(state.epoch + 1, Date.now()),
          start: rewind.to,
          position: null,
          deliveredThrough: null,
          behind: null,
          missed: 0,
        });
      running?.cancel();
      woken = true;
    },
    { validator: (request) => void readRewindDelivery(request, Date.now()) },
  );
  change({});

  async function tried<T>(call: (activities: DeliveryActivities) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await call(first);
    } catch (error) {
      if (isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
      // A part that is damaged, a destination that is down: whatever it is, it is tried until it works.
      const { behind = state.behind } = failureDetails(error);
      const since = state.waiting?.since ?? iso(Date.now());
      change({ waiting: { reason: waitOf(error), since }, behind });
      result = await call(further);
    }
    if (state.waiting) {
      log.info(`destination ${destination} works again, which it had not since ${state.waiting.since}`);
      change({ waiting: undefined });
    }
    return result;
  }

  async function deliverWhatIsThere(): Promise<void> {
    const request = (): DeliverRequest => {
      const { epoch, start, position } = state;
      return { destination, epoch, start, position };
    };
    if (state.retryRefused) {
      const { delivered, refused } = await tried((activities) => activities.deliverRefused(request()));
      change({ retryRefused: undefined, refused, records: state.records + delivered });
    }
    for (let caughtUp = false; !caughtUp && !isHistoryLong();) {
      const result = await tried((activities) => activities.deliver(request()));
      caughtUp = result.caughtUp;
      woken ||= !caughtUp;
      const { position, refused, behind, through = state.deliveredThrough } = result;
      change({
        records: state.records + result.delivered,
        shortened: state.shortened + result.shortened,
        missed: state.missed + result.missed,
        // A rewind came while it ran.
        ...(position.epoch >= state.epoch && {
          ...{ position, refused, behind, deliveredThrough: through, epoch: position.epoch },
        }),
      });
    }
  }

  for (;;) {
    await CancellationScope.nonCancellable(() => condition(() => (woken && !state.paused) || isHistoryLong()));
    if (isHistoryLong()) break;
    woken = false;
    const scope = new CancellationScope();
    running = scope;
    // A destination that is down is waited for by one activity, for days; each part that is published meanwhile is an event.
    const ended = scope.run(deliverWhatIsThere).finally(() => (running = undefined));
    const long = CancellationScope.nonCancellable(() => condition(() => running !== scope || isHistoryLong()));
    void long.then(() => running === scope && scope.cancel());
    try {
      await ended;
    } catch (error) {
      // An attempt that fails after it was asked to end is not tried again, and its failure says nothing of that.
      if (!isCancellation(error) && !scope.consideredCancelled) throw error;
      if (isHistoryLong()) break;
      change({ waiting: undefined });
      // Temporal's own cancellation is of this run: another one begins, and looks by itself.
      if (CancellationScope.current().consideredCancelled) break;
    }
  }
  await CancellationScope.nonCancellable(async () => {
    await condition(allHandlersFinished);
    await makeContinueAsNewFunc<typeof delivery>({ memo: { state } })(state);
  });
}

const isHistoryLong = (): boolean => {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONGEST_HISTORY;
};

const iso = (ms: number): string => new Date(ms).toISOString();

import type { DataConverter } from '@temporalio/common';
import {
  Worker,
  type ActivityInterceptorsFactory,
  type NativeConnection,
  type WorkerOptions,
} from '@temporalio/worker';
import { createApiActivities } from '../activities/api-activities';
import { createComparingActivities } from '../activities/comparing-activities';
import { createVerificationActivities } from '../activities/verification-activities';
import type { DeliveryActivities } from '../activities/types';
import { aroundActivities } from '../activities/interceptor';
import { createSyncActivities } from '../activities/sync-activities';
import type { ApiSlots } from './api-slots';
import type { ComplianceApi } from '../compliance-api/client';
import { apiTaskQueue, deliveryTaskQueue, syncTaskQueue } from '../contract';
import type { DeliveryChain } from '../delivery-chain';
import type { Metrics } from './metrics';
import { createArchivedChats } from '../archive/archived-chats';
import { createFolderFindings } from '../archive/folder-findings';
import { createFolderLog } from '../archive/folder-log';
import type { Archive } from '../archive/archive';
import type { Source } from '../source';
import type { Verification } from '../verification';
import { passingTrouble } from '../temporal/update-errors';
import type { Policy } from '../config/policy';

/** The queue's rate limit, which all workers share, as a multiple of the rate that their pacers keep. */
const QUEUE_HEADROOM = 2;
/** The tuner requires slots for all kinds of tasks; the API's worker has activities only. */
const NONE = { type: 'fixed-size', numSlots: 1 } as const;

export interface SourceWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  source: Source;
  verification: Verification;
  archive: Archive;
  /** FILE_DIR, for those who read the archive. */
  folder: string;
  api: ComplianceApi;
  slots: ApiSlots;
  policy: Policy;
  metrics: Metrics;
  destinations?: readonly ServedDestination[];
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
  /** Interceptors that run inside the worker's own. */
  interceptors?: readonly ActivityInterceptorsFactory[];
  dataConverter?: DataConverter;
}

/** A destination, and what its workflow is woken by. */
export interface ServedDestination {
  chain: DeliveryChain;
  activities: DeliveryActivities;
}

export interface SourceWorker {
  /** Resolves once both queues are drained after `shutdown`; rejects if polling failed for good. */
  run(): Promise<void>;
  shutdown(): void;
}

/**
 * The Temporal workers of a source: its workflows' queue, the API's rate-limited queue, and a queue for each destination (both
 * for activities only).
 */
export async function createSourceWorker(options: SourceWorkerOptions): Promise<SourceWorker> {
  const {
    connection,
    namespace,
    source,
    verification,
    archive,
    folder,
    api,
    slots,
    policy,
    metrics,
    workflowBundle,
    dataConverter,
    interceptors = [],
    destinations = [],
  } = options;
  const log = createFolderLog(folder, source.name);
  const chats = createArchivedChats(log);
  const findings = createFolderFindings(folder, source.name);
  const stop = new AbortController();
  const around: ActivityInterceptorsFactory[] = [aroundActivities(source.name), ...interceptors];
  const shared = {
    connection,
    namespace,
    interceptors: { activity: around },
    ...(dataConverter && { dataConverter }),
    shutdownGraceTime: '15s',
    shutdownForceTime: '22s',
    // By default heartbeats are sent every 24 s; a dead worker's request should be taken over within 30 s.
    maxHeartbeatThrottleInterval: '5s',
  } as const;
  // Created first: if Temporal is away, this fails before the other worker starts threads, which would stay.
  const calls = await Worker.create({
    ...shared,
    taskQueue: apiTaskQueue(source.name),
    activities: {
      ...createApiActivities({ api, archive, chats, policy, metrics }),
      ...createComparingActivities({ api, archive, chats, findings, policy }),
    },
    maxTaskQueueActivitiesPerSecond: policy.requestsPerSecond * QUEUE_HEADROOM,
    tuner: {
      workflowTaskSlotSupplier: NONE,
      activityTaskSlotSupplier: slots.supplier,
      localActivityTaskSlotSupplier: NONE,
      nexusTaskSlotSupplier: NONE,
    },
  });
  const workers = [calls];
  try {
    for (const { chain, activities } of destinations) {
      workers.push(
        await Worker.create({
          ...shared,
          taskQueue: deliveryTaskQueue(source.name, chain.destination),
          activities: { ...activities },
          // One delivery at a time, and one that is being cancelled.
          maxConcurrentActivityTaskExecutions: 2,
          maxConcurrentActivityTaskPolls: 1,
        }),
      );
    }
    workers.push(
      await Worker.create({
        ...shared,
        taskQueue: syncTaskQueue(source.name),
        workflowBundle,
        activities: {
          ...createVerificationActivities({ source, archive, log, chats, findings, metrics }),
          ...createSyncActivities({
            ...{ source, archive, findings, verification, policy, metrics, passingTrouble, stopping: stop.signal },
            destinations: destinations.map(({ chain }) => chain),
          }),
        },
      }),
    );
  } catch (error) {
    // A worker releases its connection only by running to its end.
    await Promise.all(workers.map((worker) => worker.runUntil(Promise.resolve()).catch(() => undefined)));
    throw error;
  }
  const shutdown = (): void => {
    stop.abort();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    async run() {
      // If one worker fails the other is ended: half of the pair would look alive and do nothing.
      await Promise.all(workers.map((worker) => worker.run().finally(shutdown)));
    },
  };
}

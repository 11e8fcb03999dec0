import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { DEMO_KEY, startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { collect } from '../../harness/collect';
import { readAccessKey } from '../../src/access-key';
import { createApiSlots } from '../../src/worker/api-slots';
import { readLedger, type LedgerLine } from '../../src/archive/read/ledger';
import { createComplianceApi } from '../../src/compliance-api/client';
import { createPacer } from '../../src/compliance-api/pacer';
import { loadWorkerConfig } from '../../src/config/config';
import type { Environment } from '../../src/config/environment';
import { chatSyncWorkflowId, deliveryWorkflowId, requestSyncWorkflowId, syncTaskQueue } from '../../src/contract';
import { createMetrics } from '../../src/worker/metrics';
import { policyOf } from '../../src/config/policy';
import { createDeliveryActivities } from '../../src/activities/delivery-activities';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createVerification } from '../../src/verification';
import { createFolderLog } from '../../src/archive/folder-log';
import { createDeliveryChain, destinationsOf, type DeliveryChain } from '../../src/delivery-chain';
import type { Destination } from '../../src/destinations/destination';
import type { Archive } from '../../src/archive/archive';
import { createSource, type Source } from '../../src/source';
import { createSourceWorker, type SourceWorker } from '../../src/worker/source-worker';
import type { Policy } from '../../src/config/policy';
import { reportSchema, type Report, type State } from '../../src/domain/state';
import type { chatSync } from '../../src/workflows/chat-sync';
import { memoOf } from '../../src/workflows/memo';
import type { requestSync } from '../../src/workflows/request-sync';
import { recordsIn, type ParsedRecord } from './parsed-record';
import { workflowBundle } from './server';
import { connectClient, connectWorker } from './temporal';
import { triedAgainSoon } from './tried-again-soon';
import { nextSecond } from './until';
import './workflow-threads';

/** A whole source on the real server: simulator, worker, file archive in a folder of its own. */
export interface SourceUnderTest {
  readonly client: Client;
  readonly source: Source;
  readonly simulator: Simulator;
  readonly archive: Archive;
  /** FILE_DIR/<source> */
  readonly folder: string;
  readonly chain: WorkflowHandle<typeof chatSync>;
  request(): Promise<WorkflowHandle<typeof requestSync>>;
  /** One `requestSync`, to its end. */
  sync(): Promise<Report>;
  /** The same, once the clock shows another second: the next window holds something. */
  nextSync(): Promise<Report>;
  reportOf(request: WorkflowHandle<typeof requestSync>): Promise<Report>;
  records(): Promise<ParsedRecord[]>;
  ledger(): Promise<LedgerLine[]>;
  /** Starts a chain, where none runs, from some state. */
  goOnFrom(state: State): Promise<void>;
  /** The run that waits to be asked: the next sync's. */
  nextRun(): Promise<string>;
  /** What the Web UI shows of a run, also of one that is over. */
  currentDetails(runId: string): Promise<string>;
  /** Starts one more worker. */
  addWorker(): Promise<void>;
  /** Ends the workers and starts one with other settings. */
  restart(settings?: Environment, policy?: Partial<Policy>): Promise<void>;
  stopWorker(): Promise<void>;
  /** Makes workers that are started from now on serve these destinations. */
  serve(destinations: Readonly<Record<string, Destination>>): void;
  delivery(destination: string): DeliveryChain;
  close(): Promise<void>;
}

export interface UnderTestOptions {
  simulator?: SimulatorOptions;
  settings?: Environment;
  policy?: Partial<Policy>;
  /** By name, as DESTINATIONS would. */
  destinations?: Readonly<Record<string, Destination>>;
  wrapArchive?: (archive: Archive) => Archive;
  /** What fails is tried again when Temporal usually does, not at once. */
  usualRetries?: boolean;
  /** Some answers never end: they are not waited for as long as in production. */
  serverHangs?: boolean;
  /** A new one by default. */
  name?: string;
  namespace?: string;
}

export async function startSource(options: UnderTestOptions = {}): Promise<SourceUnderTest> {
  const { name = `t-${randomUUID().slice(0, 8)}`, namespace = 'default' } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'chat-sync-'));
  const simulator = await startSimulator({ rateLimitPerMinute: Infinity, ...options.simulator });
  const client = await connectClient(namespace);
  const source = createSource(client, name);
  const folder = join(options.settings?.['FILE_DIR'] ?? join(dataDir, 'messages'), name);
  let archive: Archive | undefined;
  let destinations = options.destinations ?? {};
  const workers: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  };

  async function startWorker(settings: Environment = {}, policy: Partial<Policy> = {}): Promise<void> {
    const keyFile = options.settings?.['ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE'];
    const config = loadWorkerConfig({
      ...(keyFile === undefined && { ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY }),
      ANTHROPIC_BASE_URL: simulator.url,
      SOURCE: name,
      DATA_DIR: dataDir,
      REQUESTS_PER_SECOND: '1000',
      SETTLE_SECONDS: '0',
      ...options.settings,
      ...settings,
    });
    const { ANTHROPIC_COMPLIANCE_ACCESS_KEY: accessKey = '', ANTHROPIC_BASE_URL: baseUrl } = config.settings;
    const followed = { ...policyOf(config.settings, 'test'), ...options.policy, ...policy };
    const pacer = createPacer({ requestsPerSecond: followed.requestsPerSecond, workers: followed.workers });
    const timeouts = options.serverHangs ? { headersMs: 2000, bodyMs: 2000, wholeBodyMs: 5000 } : {};
    const slots = createApiSlots(followed);
    const readKey = () => (keyFile === undefined ? accessKey : readAccessKey(keyFile));
    const api = createComplianceApi({
      baseUrl,
      accessKey: readKey,
      pacer,
      version: 'test',
      timeouts,
      sent: () => slots.sent(),
    });
    const plain = createFolderArchive({ dir: config.folder, source: name, readSigner: config.readSigner });
    const wrapped = options.wrapArchive?.(plain) ?? plain;
    archive = wrapped;
    // One each: Temporal refuses two workers of one queue on the same connection.
    const connection = await connectWorker();
    const metrics = createMetrics(Runtime.instance().metricMeter);
    const served = Object.entries(destinations).map(([destination, made]) => ({
      chain: createDeliveryChain(client, name, destination),
      activities: createDeliveryActivities({
        ...{
          source: name,
          name: destination,
          log: createFolderLog(config.folder, name, config.readSigner),
          destination: made,
        },
        limits: 'deliverPart' in made ? null : { batchBytes: 20_000, batchRecords: 100, recordBytes: 100_000 },
        start: null,
        metrics,
      }),
    }));
    for (const { chain } of served) await chain.wake();
    const worker: SourceWorker = await createSourceWorker({
      connection,
      namespace,
      source,
      verification: createVerification(client, name),
      archive: wrapped,
      folder: config.folder,
      api,
      slots,
      policy: followed,
      metrics,
      destinations: served,
      workflowBundle,
      interceptors: options.usualRetries ? [] : [triedAgainSoon],
    });
    const running = worker.run();
    workers.push({
      async stop() {
        worker.shutdown();
        await running;
        await connection.close();
        await api.close();
      },
    });
  }

  await startWorker();
  const request = () =>
    client.workflow.start<typeof requestSync>('requestSync', {
      workflowId: requestSyncWorkflowId(name, randomUUID()),
      taskQueue: syncTaskQueue(name),
      args: [name],
    });
  const reportOf = async (handle: WorkflowHandle<typeof requestSync>): Promise<Report> => {
    try {
      return await handle.result();
    } catch (error) {
      const cause = error instanceof WorkflowFailedError ? error.cause : error;
      if (cause instanceof ApplicationFailure) return reportSchema.parse(cause.details?.[0]);
      throw error;
    }
  };
  return {
    client,
    source,
    simulator,
    folder,
    get archive() {
      if (!archive) throw new Error('no worker was started');
      return archive;
    },
    chain: client.workflow.getHandle<typeof chatSync>(chatSyncWorkflowId(name)),
    request,
    reportOf,
    sync: async () => reportOf(await request()),
    async nextSync() {
      await nextSecond();
      return reportOf(await request());
    },
    records: () => recordsIn(folder),
    ledger: () => collect(readLedger(folder)),
    async goOnFrom(state) {
      const memo = { state: memoOf(state) };
      const options = {
        workflowId: chatSyncWorkflowId(name),
        taskQueue: syncTaskQueue(name),
        args: [state] as [State],
      };
      await client.workflow.start<typeof chatSync>('chatSync', { ...options, memo });
    },
    async nextRun() {
      // The source may not be there yet.
      await source.resume();
      return (await client.workflow.getHandle(chatSyncWorkflowId(name)).describe()).runId;
    },
    async currentDetails(runId) {
      const handle = client.workflow.getHandle(chatSyncWorkflowId(name), runId);
      return (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    },
    addWorker: () => startWorker(),
    async restart(settings, policy) {
      await stop();
      await startWorker(settings, policy);
    },
    stopWorker: stop,
    serve: (next) => void (destinations = next),
    delivery: (destination) => createDeliveryChain(client, name, destination),
    async close() {
      const description = await source.view();
      for (const destination of await destinationsOf(client, name)) {
        const chain = client.workflow.getHandle(deliveryWorkflowId(name, destination));
        await chain.terminate('end of the test').catch(() => undefined);
      }
      if (description.open) await client.workflow.getHandle(chatSyncWorkflowId(name)).terminate('end of the test');
      await stop();
      await simulator.close();
      await client.connection.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

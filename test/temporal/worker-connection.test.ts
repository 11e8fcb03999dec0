import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noopMetricMeter } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { DEMO_KEY, startSimulator, type Simulator } from '../../simulator';
import { createApiSlots } from '../../src/worker/api-slots';
import { createComplianceApi } from '../../src/compliance-api/client';
import { createPacer } from '../../src/compliance-api/pacer';
import { loadWorkerConfig } from '../../src/config/config';
import { createMetrics } from '../../src/worker/metrics';
import { policyOf } from '../../src/config/policy';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createVerification } from '../../src/verification';
import { createSource } from '../../src/source';
import { createSourceWorker } from '../../src/worker/source-worker';
import { TemporalError } from '../../src/temporal/errors';
import { temporalSettings, type TemporalSettings } from '../../src/temporal/settings';
import { connectWorker, persist, temporalPartOf, type WorkerConnection } from '../../src/temporal/worker-connection';
import { startRelay, type Relay } from '../support/relay';
import { address, workflowBundle } from '../support/server';
import '../support/temporal';

let relay: Relay;
let simulator: Simulator;
let settings: TemporalSettings;
beforeEach(async () => {
  relay = await startRelay(address);
  simulator = await startSimulator({});
  settings = temporalSettings({ TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: relay.address });
});
afterEach(async () => {
  await relay.close();
  await simulator.close();
});

// A connection that failed leaves the runtime where it is.
afterAll(() => Runtime.instance().shutdown());

const warnings: string[] = [];
const logger = new DefaultLogger('WARN', ({ message }) => warnings.push(message));
const stop = () => new AbortController();
const patient = { logger, signal: stop().signal, retryMs: 50 };
/** @param native Those of the SDK's that are closed: it gives their sockets up when their garbage is collected. */
const allClosed = async (native = 0): Promise<void> => {
  while (relay.open() > native) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** As worker.ts starts; `between` happens when both connections are made and the worker is not. */
async function start(between: () => Promise<void>): Promise<WorkerConnection> {
  const name = `w-${randomUUID().slice(0, 8)}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'worker-'));
  const config = loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY, SOURCE: name, DATA_DIR: dataDir });
  const policy = policyOf(config.settings, 'test');
  const pacer = createPacer({ requestsPerSecond: 10, workers: 1 });
  const api = createComplianceApi({ baseUrl: simulator.url, accessKey: () => DEMO_KEY, pacer, version: 'test' });
  const archive = createFolderArchive({ dir: config.folder, source: name });
  const connection = await connectWorker(settings);
  await between();
  const source = createSource(connection.client, name);
  const metrics = createMetrics(noopMetricMeter);
  const verification = createVerification(connection.client, name);
  const parts = {
    source,
    verification,
    archive,
    folder: config.folder,
    api,
    slots: createApiSlots(policy),
    policy,
    metrics,
    workflowBundle,
  };
  try {
    const worker = await createSourceWorker({ connection: connection.native, namespace: 'default', ...parts });
    const running = worker.run();
    expect(await source.askForSync('a test')).toMatchObject({ n: 1 });
    worker.shutdown();
    await running;
    return connection;
  } catch (error) {
    await connection.close();
    throw await temporalPartOf(error, settings);
  } finally {
    await api.close();
  }
}

test.each<[string, number, number]>([
  ['before it has connected', 0, 0],
  ['between its two connections', 1, 0],
  ['while it is made', Infinity, 1],
])('a worker outlives an outage of Temporal %s, and leaves no connection behind', async (_title, connections, cuts) => {
  await relay.goDownAfter(connections);
  let left = cuts;
  let failures = 0;
  const cut = async (): Promise<void> => {
    if (left-- > 0) await relay.goDownAfter(0);
  };
  const make = () =>
    start(cut).catch(async (error: unknown) => {
      failures += 1;
      expect(error).toBeInstanceOf(TemporalError);
      expect(error).toMatchObject({ lasting: false });
      expect(String(error)).not.toMatch(/Status|TransportError|tonic/);
      await allClosed();
      await relay.comeBack();
      throw error;
    });

  const connection = await persist(make, patient);

  expect(failures).toBe(1);
  await connection?.close();
  await allClosed(1);
});

test('a worker gives up what does not pass by itself when it has lasted for long', async () => {
  warnings.splice(0);
  const wrong = { ...settings, namespace: 'prod' };
  const tries: number[] = [];
  const make = () => {
    tries.push(1);
    return connectWorker(wrong);
  };
  await expect(persist(make, { ...patient, fatalAfterMs: 200 })).rejects.toThrow(/has no namespace prod/);
  expect(tries.length).toBeGreaterThan(1);
  expect(warnings).toEqual([expect.stringMatching(/has no namespace prod.*trying again/)]);
});

test('a worker that is stopped while it waits ends, and what has nothing to do with Temporal ends it', async () => {
  const stopped = stop();
  await relay.goDownAfter(0);
  const make = async () => {
    stopped.abort();
    return await connectWorker(settings);
  };
  expect(await persist(make, { ...patient, signal: stopped.signal })).toBeUndefined();
  await expect(persist(() => Promise.reject(new RangeError('a bug')), patient)).rejects.toThrow(RangeError);
});

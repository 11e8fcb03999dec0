import { ApplicationFailure, ApplicationFailureCategory, noopMetricMeter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { aroundActivities } from '../../src/activities/interceptor';
import { createSyncActivities } from '../../src/activities/sync-activities';
import { loadWorkerConfig } from '../../src/config/config';
import { FailureType } from '../../src/contract';
import { createMetrics } from '../../src/worker/metrics';
import { policyOf } from '../../src/config/policy';
import { createFolderFindings } from '../../src/archive/folder-findings';
import { createVerification } from '../../src/verification';
import { createSource } from '../../src/source';
import { passingTrouble } from '../../src/temporal/update-errors';
import { connectClient } from '../../src/temporal/connect';
import { temporalSettings } from '../../src/temporal/settings';
import { partialArchive } from '../support/partial-archive';
import { startRelay } from '../support/relay';
import { address } from '../support/server';

test('an outage of Temporal, as those see it who ask for a sync, is said as such and is no bug of ours', async () => {
  const relay = await startRelay(address);
  const settings = temporalSettings({ TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: relay.address });
  const client = await connectClient(settings);
  const config = loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'k' });
  const activities = createSyncActivities({
    source: createSource(client, 'outage'),
    archive: partialArchive({}),
    findings: createFolderFindings(config.folder, 'outage'),
    verification: createVerification(client, 'outage'),
    policy: policyOf(config.settings, 'test'),
    metrics: createMetrics(noopMetricMeter),
    destinations: [],
    passingTrouble,
    stopping: new AbortController().signal,
  });
  await relay.close();
  const logged: string[] = [];
  const environment = new MockActivityEnvironment(
    {},
    {
      logger: new DefaultLogger('INFO', ({ message }) => logged.push(message)),
      interceptors: [aroundActivities('outage')],
    },
  );

  for (const ask of [() => activities.askForSync('outage'), () => activities.awaitReport('outage', 1)]) {
    const failure: unknown = await environment.run(ask).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: FailureType.temporalUnavailable,
      category: ApplicationFailureCategory.BENIGN,
      message: expect.stringMatching(/^Temporal does not answer/),
      nonRetryable: false,
    });
  }
  expect(logged).toEqual([]);
  await client.connection.close();
});

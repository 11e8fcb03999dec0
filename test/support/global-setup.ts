import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { temporalCli } from '../../harness/temporal';

const DYNAMIC_CONFIG = [
  // Temporal Cloud's: a source must get by with it.
  'limit.memoSize.error=40960',
  // There are hundreds of sources with two queues each: of the usual four partitions each would poll its parent.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  // How long the run after a short one is held back: the usual second is longer than most syncs here.
  'history.workflowIdReuseMinimalInterval="100ms"',
  // It has one shard, whose tasks are looked for twenty times a second: each step of each source waits for the next look.
  'history.transferProcessorMaxPollRPS=1000',
];

/** One real Temporal server and one workflow bundle for the whole run. */
export default async function setup(): Promise<void> {
  // Everything that a test leaves behind goes with this folder.
  const folder = mkdtempSync(join(tmpdir(), 'chat-sync-test-'));
  process.env['TMPDIR'] = folder;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli() },
      log: { format: 'json', level: 'error' },
      extraArgs: DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
    },
  });
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, '../../src/workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const bundle = join(folder, 'workflows.js');
  writeFileSync(bundle, code);
  process.env['TEST_TEMPORAL_ADDRESS'] = environment.address;
  process.env['TEST_WORKFLOW_BUNDLE'] = bundle;
  globalThis.temporalEnvironment = environment;
}

declare global {
  var temporalEnvironment: TestWorkflowEnvironment | undefined;
}

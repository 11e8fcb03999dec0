import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { temporalCli } from '../../harness/temporal';

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
      // Temporal Cloud's: a source must get by with it.
      extraArgs: ['--dynamic-config-value', 'limit.memoSize.error=40960'],
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

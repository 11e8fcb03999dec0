// Compiles src and simulator into lib, and bundles the workflows for the worker.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = join(import.meta.dirname, '..');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(join(root, 'lib'), { recursive: true, force: true });
for (const project of ['src', 'simulator']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
// As npm makes it where it links it: npx finds a link of before.
chmodSync(join(root, 'lib', 'client.js'), 0o755);
const bundle = async (name, options) => {
  const workflowsPath = join(root, 'src', 'workflows', 'index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN'), ...options });
  writeFileSync(join(root, 'lib', name), code);
};
await bundle('workflow-bundle.js', {});
await bundle('encoded-workflow-bundle.js', {
  failureConverterPath: join(root, 'src', 'temporal', 'encoded-failures.ts'),
});
writeFileSync(join(root, 'lib', '.built'), '');

import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { z } from 'zod';
import { ROOT } from '../harness/root';

const BUNDLE = 'workflow-bundle.js';
/** Compiled code that does not belong to the product. */
const HARNESS = join(ROOT, 'lib', 'harness');

/** The build from which workers are started. */
export interface Deployment {
  /** The folder of the current build's compiled code. */
  readonly lib: string;
  /** Switches to the other one of two builds. */
  switchOver(): Promise<void>;
}

/** @param folder The other build's folder; `switchOver` creates it on first use. */
export function createDeployment(folder: string): Deployment {
  const own = join(ROOT, 'lib');
  const other = join(folder, 'lib');
  let making: Promise<void> | undefined;
  let lib = own;
  return {
    get lib() {
      return lib;
    },
    async switchOver() {
      await (making ??= makeOther(folder));
      lib = lib === own ? other : own;
    },
  };
}

/** Copies the product under another version and bundles its workflows from the compiled code: another bundle. */
async function makeOther(folder: string): Promise<void> {
  const lib = join(folder, 'lib');
  await mkdir(folder);
  await cp(join(ROOT, 'lib'), lib, { recursive: true, filter: (path) => path !== HARNESS });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version: `${version}-other` }));

  const workflowsPath = join(lib, 'workflows', 'index.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  if (code === (await readFile(join(lib, BUNDLE), 'utf8'))) throw new Error('the other build is the same');
  await writeFile(join(lib, BUNDLE), code);
}

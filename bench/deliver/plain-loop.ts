import { join } from 'node:path';
import { z } from 'zod';
import { end } from '../../harness/child';
import { startDialogue } from '../../harness/dialogue';
import { STDERR } from '../processes';
import type { PlainSpec } from './plain/spec';

const ranSchema = z.object({ records: z.int(), seconds: z.number() });
export type PlainRan = z.infer<typeof ranSchema>;

/** Runs plain-loop-process.ts to its end. @throws Error if it fails */
export async function runPlainLoop(spec: PlainSpec): Promise<PlainRan> {
  const { child, ask } = await startDialogue(join(__dirname, 'plain-loop-process.js'), spec, {
    log: STDERR,
    // What a library says of versions of Node.js to come.
    execArgv: ['--no-warnings'],
  });
  try {
    return ranSchema.parse(await ask('go'));
  } finally {
    await end(child, 0);
  }
}

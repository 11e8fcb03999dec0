import { join } from 'node:path';
import { z } from 'zod';
import { end } from '../../../harness/child';
import { startDialogue } from '../../../harness/dialogue';
import { STDERR } from '../../processes';
import type { Target } from './target';

const readySchema = z.object({ url: z.string() });
const thereSchema = z.object({ records: z.int(), distinct: z.int() });

/** Starts http-receiver-process.ts. */
export async function startHttp(): Promise<Target> {
  const module = join(__dirname, '..', 'http-receiver-process.js');
  const { child, ready, ask } = await startDialogue(module, {}, { log: STDERR });
  const { url } = readySchema.parse(ready);
  return {
    url,
    settings: { HTTP_URL: url },
    there: async () => thereSchema.parse(await ask('there')),
    stop: () => end(child, 0),
  };
}

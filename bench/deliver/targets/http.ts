import { join } from 'node:path';
import { z } from 'zod';
import { end } from '../../../harness/child';
import { startDialogue } from '../../../harness/dialogue';
import { STDERR } from '../../processes';
import type { Target } from './target';

const readySchema = z.object({ url: z.string() });
const thereSchema = z.object({ records: z.int(), distinct: z.int(), requests: z.int() });

interface HttpTarget extends Target {
  /** How many it was sent. */
  requests(): Promise<number>;
}

/** Starts http-receiver-process.ts. */
export async function startHttp(): Promise<HttpTarget> {
  const module = join(__dirname, '..', 'http-receiver-process.js');
  const { child, ready, ask } = await startDialogue(module, {}, { log: STDERR });
  const { url } = readySchema.parse(ready);
  const asked = async (): Promise<z.infer<typeof thereSchema>> => thereSchema.parse(await ask('there'));
  return {
    url,
    settings: { HTTP_URL: url },
    there: asked,
    requests: async () => (await asked()).requests,
    stop: () => end(child, 0),
  };
}

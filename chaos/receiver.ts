import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { forkModule } from '../harness/child';
import { freePort } from '../harness/free-port';
import { supervise, type Supervised } from '../harness/supervised';

export const receiverSpecSchema = z.object({ port: z.int(), journal: z.string() });

const entrySchema = z.object({ key: z.string(), ids: z.array(z.string()) });

/** A destination of kind `http`, in a process of its own. */
export interface Receiver {
  readonly process: Supervised;
  readonly url: string;
  /** What it took: the ids of each delivery, by its key, and how many deliveries came again. */
  taken(): Promise<{ ids: string[]; repeated: number; altered: number }>;
}

/** Starts receiver-process.ts. @param folder Where it keeps what it takes. */
export async function startReceiver(folder: string, logFile: string): Promise<Receiver> {
  const port = await freePort();
  const journal = join(folder, 'received.jsonl');
  const log = openSync(logFile, 'a');
  const module = join(__dirname, 'receiver-process.js');
  return {
    process: supervise('receiver', () => forkModule(module, { args: [JSON.stringify({ port, journal })], log })),
    url: `http://127.0.0.1:${port}/`,
    async taken() {
      const text = await readFile(journal, 'utf8').catch(() => '');
      const byKey = new Map<string, string[]>();
      let [repeated, altered] = [0, 0];
      for (const line of text.split('\n').slice(0, -1)) {
        const { key, ids } = entrySchema.parse(JSON.parse(line));
        const before = byKey.get(key);
        if (before === undefined) byKey.set(key, ids);
        else repeated += 1;
        if (before !== undefined && before.join() !== ids.join()) altered += 1;
      }
      return { ids: [...byKey.values()].flat(), repeated, altered };
    },
  };
}

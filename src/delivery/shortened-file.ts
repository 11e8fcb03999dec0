import { z } from 'zod';
import type { Log } from '../archive/log';

const lineSchema = z.object({ entry: z.number(), part: z.string() });

export type ShortenedFile = ReturnType<typeof openShortenedFile>;

/**
 * The parts of which a destination has records shortened only, in `shortened/<destination>.jsonl`: `ARCHIVE_KEEP` leaves them, as what is
 * whole of those records is there alone.
 */
export function openShortenedFile(log: Log, destination: string) {
  const file = log.file('shortened', `${destination}.jsonl`);
  let known: Set<string> | undefined;

  async function parts(): Promise<ReadonlySet<string>> {
    known ??= new Set(linesOf(await file.read()).map(({ part }) => part));
    return known;
  }

  /** To be awaited before such a record is sent: the destination may have it, and its position behind it, whatever crashes then. */
  async function add(entry: number, part: string): Promise<void> {
    if ((await parts()).has(part)) return;
    const text = (await file.read()) ?? '';
    await file.write(`${text}${JSON.stringify({ entry, part })}\n`, true);
    known?.add(part);
  }

  return { parts, add };
}

const linesOf = (text: string | null): z.infer<typeof lineSchema>[] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));

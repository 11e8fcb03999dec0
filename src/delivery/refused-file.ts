import { z } from 'zod';
import { ArchiveError } from '../archive/archive';
import type { Log } from '../archive/log';

const lineSchema = z.object({
  id: z.string(),
  code: z.string(),
  /** When it was refused last. */
  at: z.string(),
  /** Where its record is. */
  entry: z.number(),
  part: z.string(),
  byte: z.number(),
  window: z.object({ epoch: z.number(), from: z.string(), to: z.string() }),
});
/** A record that a destination refuses: its name and place, never its text. */
export type Refused = z.infer<typeof lineSchema>;

export type RefusedFile = Awaited<ReturnType<typeof openRefusedFile>>;

/** The records that a destination refuses for good, in `refused/<destination>.jsonl`: they are in the archive, and only there. */
export async function openRefusedFile(log: Log, destination: string) {
  const name = `${destination}.jsonl`;
  const file = log.file('refused', name);
  let all = linesIn((await file.read()) ?? '', `refused/${name}`);

  async function replace(refused: readonly Refused[]): Promise<void> {
    all = [...refused];
    await file.write(all.map((line) => `${JSON.stringify(line)}\n`).join(''), true);
  }

  /** Adds those that are not there yet. */
  async function add(more: readonly Refused[]): Promise<void> {
    const added = more.filter(({ part, byte }) => !all.some((one) => one.part === part && one.byte === byte));
    if (added.length > 0) await replace([...all, ...added]);
  }

  /** Takes out those that were taken after all, by where they begin in a part. */
  async function settle(part: string, bytes: readonly number[]): Promise<void> {
    if (all.length === 0) return;
    const taken = new Set(bytes);
    const left = all.filter((one) => one.part !== part || !taken.has(one.byte));
    if (left.length < all.length) await replace(left);
  }

  return {
    get all(): readonly Refused[] {
      return all;
    },
    get count(): number {
      return all.length;
    },
    add,
    settle,
    replace,
  };
}

function linesIn(text: string, path: string): Refused[] {
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => lineSchema.parse(JSON.parse(line)));
  } catch {
    throw new ArchiveError('REFUSED_UNREADABLE', `${path} in the archive is damaged: restore it, or move it away.`);
  }
}

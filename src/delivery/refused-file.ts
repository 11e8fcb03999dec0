import { z } from 'zod';
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

export type RefusedFile = ReturnType<typeof createRefusedFile>;

/** The records that a destination refuses for good, in `refused/<destination>.jsonl`: they are in the archive, and only there. */
export function createRefusedFile(log: Log, destination: string) {
  const file = log.file('refused', `${destination}.jsonl`);

  async function read(): Promise<Refused[]> {
    const text = (await file.read()) ?? '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => lineSchema.parse(JSON.parse(line)));
  }

  async function replace(refused: readonly Refused[]): Promise<void> {
    await file.write(refused.map((line) => `${JSON.stringify(line)}\n`).join(''), true);
  }

  /** Adds those that are not there yet. */
  async function add(more: readonly Refused[]): Promise<void> {
    if (more.length === 0) return;
    const there = await read();
    const isNew = ({ part, byte }: Refused): boolean => !there.some((one) => one.part === part && one.byte === byte);
    const added = more.filter(isNew);
    if (added.length > 0) await replace([...there, ...added]);
  }

  return { read, add, replace };
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const lineSchema = z.object({
  epoch: z.number(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['completed', 'abandoned']),
  chats: z.number(),
  records: z.number(),
  parts: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  requestId: z.string().nullable(),
  rewound: z.literal(true).optional(),
  healed: z.array(z.object({ chatId: z.string(), from: z.string(), to: z.string(), records: z.number() })).default([]),
});
export type LedgerLine = z.infer<typeof lineSchema>;

/** The lines that are whole; none where there is no ledger yet. */
export async function readLedger(sinkFolder: string): Promise<LedgerLine[]> {
  const text = await readFile(join(sinkFolder, 'ledger.jsonl'), 'utf8').catch(() => '');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

/** Tells windows apart. */
export const windowOf = ({ epoch, from, to }: Pick<LedgerLine, 'epoch' | 'from' | 'to'>): string =>
  `${epoch} ${from} ${to}`;

/** The time up to which some completed window reaches, ms. */
export const reachOf = (lines: readonly LedgerLine[]): number =>
  Math.max(-Infinity, ...lines.filter((line) => line.outcome === 'completed').map((line) => Date.parse(line.to)));

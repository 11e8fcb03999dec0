import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SOURCE as OTHER_SOURCE } from '../../bench/environment';
import { createArchives } from '../../bench/made-archive';
import { run } from '../../harness/programs';
import { verifiedSchema, type Verified } from '../../src/domain/verification';
import { SOURCE, type Environment } from '../environment';
import { DAMAGES, withDamage } from './damages';

const OTHER_RECORDS = 50;
const OTHER_TEXT_BYTES = 10;

/** What the product's own `verify` says of the archive. */
export interface Verifications {
  /** By `verify --archive`; empty: it is what was written. */
  readonly wrong: readonly string[];
  /** By `verify`, against the API. */
  readonly compared: Verified;
  /** Damages that were inflicted on copies, and whether `verify --archive --head` found them. */
  readonly damages: readonly { readonly name: string; readonly found: boolean }[];
}

const saidSchema = z.object({
  right: z.boolean(),
  head: z.object({ n: z.number(), sha256: z.string() }).nullable(),
  findings: z.array(z.object({ grade: z.string(), where: z.string(), says: z.string() })),
});

/**
 * Whether the archive is right by each, and each damage was found.
 * @param unseen Messages of chats that the sync's lists never show; those of `verify` may.
 */
export const isVerified = ({ wrong, compared, damages }: Verifications, unseen: number): boolean =>
  wrong.length === 0 &&
  compared.missing <= unseen &&
  compared.doubled + compared.different === 0 &&
  damages.every(({ found }) => found);

/** Runs `verify` as an auditor does: on the archive, against the API, and on copies that are damaged. */
export async function verifyAsAuditor({ archiveFolder, cli }: Environment): Promise<Verifications> {
  const { stdout } = await cli.run(['verify', '--json']);
  const { head, findings } = await verifyArchive(dirname(archiveFolder), []);
  const noted = head ? ['--head', `${head.n}:${head.sha256}`] : [];
  const archives = createArchives(() => undefined);
  try {
    const { dir } = await archives.of({ records: OTHER_RECORDS, textBytes: OTHER_TEXT_BYTES });
    const damages: { name: string; found: boolean }[] = [];
    for (const damage of DAMAGES) {
      const said = await withDamage(damage, archiveFolder, join(dir, OTHER_SOURCE), (fileDir) =>
        verifyArchive(fileDir, noted),
      );
      damages.push({ name: damage.name, found: !said.right });
    }
    return {
      wrong: findings.filter(({ grade }) => grade === 'wrong').map(({ where, says }) => `${where} ${says}`),
      compared: verifiedSchema.parse(JSON.parse(stdout)),
      damages,
    };
  } finally {
    await archives.remove();
  }
}

async function verifyArchive(fileDir: string, noted: readonly string[]): Promise<z.infer<typeof saidSchema>> {
  const { stdout } = await run(['verify', '--archive', '--json', ...noted], { SOURCE, FILE_DIR: fileDir });
  return saidSchema.parse(JSON.parse(stdout));
}

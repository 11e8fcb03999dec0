import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../config/environment';
import { gatherEvidence, type Evidence } from '../evidence/evidence';
import { pageOf } from '../evidence/page';
import { UsageError } from '../exit';
import { errorCode } from '../text/error-code';
import { printable } from '../text/printable';
import { version } from '../version';
import { archivePlace } from './archive-place';
import { readPublicKeys } from './public-keys';
import { say } from './session';
import { timeOption } from './time-option';

export interface EvidenceOptions {
  from?: string;
  to?: string;
  publicKey?: string;
  json?: boolean;
  out?: string;
}

/** `evidence`: one page of what the archive holds, and whether it is right. Returns 1 if it is not. */
export async function evidenceCommand(environment: Environment, options: EvidenceOptions): Promise<number> {
  if (options.json && options.out !== undefined) throw new UsageError('--json: --out writes both');
  const span = { from: timeOption('--from', options.from), to: timeOption('--to', options.to) };
  if (span.from !== null && span.to !== null && Date.parse(span.from) >= Date.parse(span.to)) {
    throw new UsageError(`--to ${span.to}: is not behind --from ${span.from}`);
  }
  const publicKeys = await readPublicKeys(options.publicKey);
  const { place } = await archivePlace(environment);
  const evidence = await gatherEvidence({ folder: place, span, build: version, now: new Date(), publicKeys });
  const json = printable(JSON.stringify(evidence));
  if (options.out !== undefined) await write(options.out, evidence, `${json}\n`);
  else process.stdout.write(options.json ? `${json}\n` : pageOf(evidence, null));
  if (evidence.verification.right) return 0;
  say('the archive is not what was written: `chat-sync verify --archive` names each line and file');
  return 1;
}

/** Both files, which are for the archive's owner alone, as that is. */
async function write(folder: string, evidence: Evidence, json: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(refusing(folder));
  const name = nameOf(evidence);
  const details = { name: `${name}.json`, sha256: createHash('sha256').update(json).digest('hex') };
  const files = [
    [details.name, json],
    [`${name}.md`, pageOf(evidence, details)],
  ] as const;
  for (const [file, text] of files) {
    await writeFile(join(folder, file), text, { mode: 0o600 }).catch(refusing(folder));
    process.stdout.write(`${join(folder, file)}\n`);
  }
}

const refusing =
  (folder: string) =>
  (error: unknown): never => {
    throw new Error(`--out ${folder} cannot be written (${errorCode(error) ?? 'unknown'})`, { cause: error });
  };

/** As `evidence-default-2026-04-01-2026-05-01`. */
function nameOf({ source, span, windows }: Evidence): string {
  const ends = [span.from ?? windows[0]?.from, span.to ?? windows.at(-1)?.to];
  return ['evidence', source, ...ends.map((time) => (time === undefined ? 'none' : stampOf(time)))].join('-');
}

const stampOf = (time: string): string => time.replace(/T00:00:00.000Z$/, '').replace(/:|\.\d+(?=Z)/g, '');

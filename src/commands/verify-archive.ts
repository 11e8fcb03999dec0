import type { Finding } from '../archive/verify/finding';
import { verifyArchive, type Verified } from '../archive/verify/verify';
import type { Environment } from '../config/environment';
import type { Head } from '../domain/published';
import { UsageError } from '../exit';
import { archivePlace } from './archive-place';
import { readPublicKeys } from './public-keys';
import { print, say } from './session';
import { counted } from '../text/counted';

const HEAD = /^(\d{1,15}):([0-9a-f]{64})$/;
const MEGABYTE = 1_000_000;

/** `verify --archive`: looks whether the archive is what was written. Returns 1 if it is not. */
export async function verifyArchiveCommand(
  environment: Environment,
  options: { head?: string | undefined; publicKey?: string | undefined; json?: boolean | undefined },
): Promise<number> {
  const noted = options.head === undefined ? null : headOf(options.head);
  const publicKeys = await readPublicKeys(options.publicKey);
  const { source, place } = await archivePlace(environment);
  const findings: Finding[] = [];
  const begun = performance.now();
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (!options.json) print(lineOf(finding));
  };
  const verified = await verifyArchive(place, noted, tell, publicKeys);
  const isRight = findings.every(({ grade }) => grade === 'note');
  const seconds = (performance.now() - begun) / 1000;
  if (options.json) print(JSON.stringify({ source, right: isRight, ...verified, findings }));
  else summaryOf(verified, isRight).forEach(print);
  say(`${(verified.bytes / MEGABYTE).toFixed(0)} MB in ${seconds.toFixed(1)} s`);
  return isRight ? 0 : 1;
}

function headOf(text: string): Head {
  const [, n, sha256] = HEAD.exec(text) ?? [];
  if (n === undefined || sha256 === undefined) {
    throw new UsageError(
      `--head ${text}: the number of a line and its SHA-256, as 12:3f...; \`verify --archive\` prints the last one`,
    );
  }
  return { n: Number(n), sha256 };
}

const lineOf = ({ grade, where, says, remedy }: Finding): string =>
  grade === 'note' ? `note: ${where} ${says}` : `wrong: ${where} ${says}: ${remedy}`;

function summaryOf({ windows, parts, records, head }: Verified, isRight: boolean): string[] {
  const what = `${counted(windows, 'window')}, ${counted(parts, 'part')}, ${counted(records, 'record')}`;
  const noteIt = head
    ? [
        `head ${head.n}:${head.sha256} (\`verify --archive --head\` with it tells later whether this is the same archive)`,
      ]
    : [];
  return [`${isRight ? 'right' : 'wrong'}: ${what}`, ...noteIt];
}

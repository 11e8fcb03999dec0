import { basename, dirname } from 'node:path';
import { createFolderLog } from '../archive/folder-log';
import type { EventLine } from '../archive/folder/ledger-line';
import type { Finding } from '../archive/verify/finding';
import { verifyLedger, type VerifiedLedger } from '../archive/verify/ledger';
import { verifyArchive, type Verified } from '../archive/verify/verify';
import { type ChatEvidence, chatsIn } from './chats';
import { type MessageCount, MessageCounter } from './messages';
import { type RefusedRecord, refusedIn } from './refused';
import { isIn, isTouched, type OpenSpan } from './span';
import { type AskedFor, askedFor, buildsOf, type WindowEvidence, windowEvidence } from './windows';

/** What an archive says of a span of time, for a person to sign: ids, counts, times and hashes, and no text of a message. */
export interface Evidence extends ChatEvidence {
  source: string;
  /** The archive's id. */
  archive: string | null;
  madeAt: string;
  /** By which build. */
  madeBy: string;
  span: OpenSpan;
  /** Of the whole archive, up to the head. */
  verification: Verified & { right: boolean; findings: Finding[] };
  /** With which keys lines are signed, each from which line on. */
  keys: { n: number; publicKey: string }[];
  askedFor: AskedFor[];
  builds: { n: number; build: string }[];
  windows: WindowEvidence[];
  messages: MessageCount[];
  /** Windows of which parts are gone: what is left of them is counted. */
  notCounted: { n: number; records: number }[];
  refused: RefusedRecord[];
  /** What happened to the archive, and what operators did. */
  events: EventLine[];
}

export interface EvidenceOptions {
  /** FILE_DIR/<source> */
  folder: string;
  span: OpenSpan;
  build: string;
  now: Date;
  /** The keys with which lines may be signed; null: those that the ledger names. */
  publicKeys: readonly string[] | null;
}

/** Reads all of an archive to verify it, and the parts of the span once more to count. */
export async function gatherEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { folder, span, publicKeys } = options;
  const ledger = await verifyLedger(folder, null, () => undefined);
  const findings: Finding[] = [];
  const verified = await verifyArchive(folder, ledger.head, (finding) => void findings.push(finding), publicKeys);
  const right = findings.every(({ grade }) => grade === 'note');
  const log = createFolderLog(dirname(folder), basename(folder));
  const windows = ledger.windows.filter(({ line }) => isTouched(span, line));
  const { events } = ledger;
  return {
    ...{ source: basename(folder), archive: await log.id() },
    ...{ madeAt: options.now.toISOString(), madeBy: options.build, span },
    verification: { right, ...verified, head: ledger.head, findings },
    keys: events.flatMap((event) => (event.event === 'key' ? [{ n: event.n, publicKey: event.publicKey }] : [])),
    askedFor: askedFor(windows, events),
    builds: buildsOf(windows),
    windows: windows.map(windowEvidence),
    ...(await countMessages(folder, span, ledger)),
    ...chatsIn(span, ledger),
    refused: await refusedIn(folder, log, span),
    events: events.filter((event) => isOf(span, event)),
  };
}

async function countMessages(
  folder: string,
  span: OpenSpan,
  { windows }: VerifiedLedger,
): Promise<Pick<Evidence, 'messages' | 'notCounted'>> {
  const counter = new MessageCounter(folder, span);
  const notCounted: Evidence['notCounted'] = [];
  for (const { number, line } of windows) {
    // What was recovered is older than its window.
    const isMeant = isTouched(span, line) || line.healed?.some((chat) => isTouched(span, chat));
    if (!isMeant) continue;
    let isWhole = true;
    for (const { path } of line.parts) isWhole = (await counter.add(path, line.epoch)) && isWhole;
    if (!isWhole) notCounted.push({ n: number, records: line.records });
  }
  return { messages: counter.all(), notCounted };
}

/** A rewind is also of the time that it has read again. */
function isOf(span: OpenSpan, event: EventLine): boolean {
  const time = 'time' in event ? event.time : event.at;
  return isIn(span, time) || (event.event === 'rewound' && isTouched(span, { from: event.to, to: time }));
}

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readLedger, windowOf, type LedgerLine } from '../ledger';
import type { TenantFacts } from '../tenant';

const recordSchema = z.looseObject({ id: z.string() });

/** Every figure but the first three must be 0. */
export interface Exactness {
  windows: number;
  abandoned: number;
  /** Records in completed windows. */
  messages: number;
  lost: number;
  /** Not in the sink, since their chats were hard-deleted before they were read: allowed. */
  gone: number;
  doubled: number;
  /** In a window in which the tenant has no such message. */
  foreign: number;
  /** Parts whose size or SHA-256 is not the ledger's. */
  damagedParts: number;
  /** Gaps, overlaps and other breaks between windows. */
  breaks: string[];
  /** Records in `messages` outside the ledger's parts. */
  outside: number;
  /** The parts that hold them. */
  outsideParts: string[];
  /** Folders of closed windows in `.staging`. */
  leftovers: number;
}

export interface Expected {
  readonly sinkFolder: string;
  readonly facts: TenantFacts;
  readonly backfillStart: string;
  /** When each window was closed, at the latest, ms since 1970, by `windowOf`. */
  readonly closed: ReadonlyMap<string, number>;
  /** To where an operator rewound the source: nothing else begins a new epoch. */
  readonly rewinds: ReadonlySet<string>;
  /** The source's, at the end. */
  readonly timestamp: string | null;
}

/** Compares the whole sink with the whole tenant. */
export async function verifySink(expected: Expected): Promise<Exactness> {
  const { sinkFolder } = expected;
  const lines = await readLedger(sinkFolder);
  const found: Exactness = {
    windows: lines.filter((line) => line.outcome === 'completed').length,
    abandoned: lines.filter((line) => line.outcome === 'abandoned').length,
    ...{
      messages: 0,
      lost: 0,
      gone: 0,
      doubled: 0,
      foreign: 0,
      damagedParts: 0,
      outside: 0,
      outsideParts: [],
      leftovers: 0,
    },
    breaks: breaksOf(lines, expected),
  };
  const named = new Set<string>();
  for (const line of lines) {
    const ids: string[] = [];
    for (const part of line.parts) {
      named.add(part.path);
      const { bytes, sha256, ids: more } = await readPart(join(sinkFolder, part.path));
      if (bytes !== part.bytes || sha256 !== part.sha256) found.damagedParts += 1;
      ids.push(...more);
    }
    if (ids.length !== line.records) found.breaks.push(`${line.to}: ${ids.length} records, not ${line.records}`);
    addWindow(found, line, ids, expected);
  }
  for (const name of await readdir(join(sinkFolder, 'messages'), { recursive: true })) {
    const path = `messages/${name}`;
    if (!name.endsWith('.ndjson') || named.has(path)) continue;
    found.outside += (await readPart(join(sinkFolder, path))).ids.length;
    found.outsideParts.push(path);
  }
  const closed = new Set(lines.map(folderOf));
  const staged = await readdir(join(sinkFolder, '.staging'));
  found.leftovers = staged.filter((name) => closed.has(name)).length;
  return found;
}

export const isExact = ({ lost, doubled, foreign, damagedParts, breaks, outside, leftovers }: Exactness): boolean =>
  lost + doubled + foreign + damagedParts + breaks.length + outside + leftovers === 0;

function addWindow(found: Exactness, line: LedgerLine, ids: string[], { facts: { messages }, closed }: Expected): void {
  const [from, to] = [Date.parse(line.from), Date.parse(line.to)];
  const expected = new Map(messages.filter(({ at }) => at >= from && at < to).map(({ id, goneAt }) => [id, goneAt]));
  const emitted = new Set(ids);
  found.doubled += ids.length - emitted.size;
  found.foreign += [...emitted].filter((id) => !expected.has(id)).length;
  // A window that was given up need not hold everything.
  if (line.outcome === 'abandoned') return;
  found.messages += ids.length;
  const closedAt = closed.get(windowOf(line)) ?? Infinity;
  for (const [id, goneAt] of expected) {
    if (emitted.has(id)) continue;
    if (goneAt !== null && goneAt <= closedAt) found.gone += 1;
    else found.lost += 1;
  }
}

/** Windows of an epoch follow each other; a new epoch says so, and begins nowhere beyond what is there. */
function breaksOf(lines: readonly LedgerLine[], { backfillStart, rewinds, timestamp }: Expected): string[] {
  const breaks: string[] = [];
  let last: LedgerLine | undefined;
  let reach = Date.parse(backfillStart);
  let epoch = 0;
  for (const line of lines) {
    if (line.epoch > epoch !== (line.rewound ?? false)) breaks.push(`${line.to}: rewound is not said rightly`);
    if (line.epoch < epoch) breaks.push(`${line.to}: an epoch of the past`);
    epoch = line.epoch;
    if (line.outcome === 'abandoned') continue;
    if (last && last.epoch !== line.epoch && !rewinds.has(line.from)) breaks.push(`nobody rewound to ${line.from}`);
    const from = Date.parse(line.from);
    if (last?.epoch === line.epoch && last.to !== line.from) breaks.push(`${last.to} is followed by ${line.from}`);
    if (!last && from !== reach) breaks.push(`the first window begins at ${line.from}`);
    if (from > reach) breaks.push(`a gap before ${line.from}`);
    reach = Math.max(reach, Date.parse(line.to));
    last = line;
  }
  if (last?.to !== timestamp)
    breaks.push(`the last window ends at ${last?.to ?? '-'}, the timestamp is ${timestamp ?? '-'}`);
  return breaks;
}

/** The window's folder in `.staging`. */
function folderOf({ epoch, from, to }: LedgerLine): string {
  const stamp = (time: string): string => time.replace(/[-:]|\.\d+/g, '');
  return `${epoch}-${stamp(from)}-${stamp(to)}`;
}

async function readPart(path: string): Promise<{ bytes: number; sha256: string; ids: string[] }> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  const lines = content.toString('utf8').split('\n').slice(0, -1);
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    ids: lines.map((line) => recordSchema.parse(JSON.parse(line)).id),
  };
}

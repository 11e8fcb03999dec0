import type { LedgerLine } from '../../src/archive/ledger';
import { windowFolder } from '../../src/sinks/file/layout';
import type { TenantFacts } from '../tenant';
import { breaksOf, type ExpectedWindows } from './breaks';
import type { Histories } from './histories';
import { readSink, type FoundWindow, type SinkContents } from './sink-contents';

type Message = TenantFacts['messages'][number];

/** Every figure but the first five must be 0. */
export interface Exactness extends Omit<SinkContents, 'windows'> {
  windows: number;
  abandoned: number;
  /** Records in completed windows. */
  messages: number;
  /** Chats that had been parked and came out, in some window. */
  healed: number;
  /** Not in the sink, since before their chats were read these were hard-deleted or listed no more: allowed. */
  gone: number;
  lost: number;
  /** The chats of which messages are lost, by window. */
  losses: string[];
  /** Twice in an epoch. */
  doubled: number;
  /** In a window in which the tenant has no such message, and which heals no such chat. */
  foreign: number;
  /** Gaps, overlaps and other breaks between windows, and lines that say what is not so. */
  breaks: string[];
}

export interface Expected extends ExpectedWindows {
  readonly sinkFolder: string;
  readonly facts: TenantFacts;
  /** When each window was closed, at the latest, ms since 1970, by `windowFolder`. */
  readonly closed: ReadonlyMap<string, number>;
  readonly parked: Histories['parked'];
}

/** Compares the whole sink with the whole tenant. */
export async function verifySink(expected: Expected): Promise<Exactness> {
  const { windows, ...sink } = await readSink(expected.sinkFolder);
  const lines = windows.map(({ line }) => line);
  const completed = windows.filter(({ line }) => line.outcome === 'completed');
  const found: Exactness = {
    ...sink,
    windows: completed.length,
    abandoned: windows.length - completed.length,
    messages: completed.reduce((sum, { records }) => sum + records.length, 0),
    healed: lines.reduce((sum, { healed = [] }) => sum + healed.length, 0),
    ...{ gone: 0, lost: 0, losses: [], doubled: doubledIn(windows), foreign: 0 },
    breaks: [...breaksOf(lines, expected), ...windows.flatMap((window) => untrueIn(window, expected.parked))],
  };
  const losses = new Set<string>();
  windows.forEach(({ line, records }, index) => {
    const ids = new Set(records.map(({ id }) => id));
    const belonging = expected.facts.messages.filter((message) => belongsTo(line, message));
    found.foreign += ids.size - belonging.filter(({ id }) => ids.has(id)).length;
    for (const message of belonging) {
      // A window that was given up need not hold everything, but each chat that it heals.
      if (ids.has(message.id) || (line.outcome === 'abandoned' && !heals(line, message))) continue;
      const why = whyMissing(message, line, lines.slice(index + 1), expected);
      if (why !== 'comes later') found[why] += 1;
      if (why === 'lost') losses.add(`${line.from} to ${line.to}: messages of chat ${message.chatId} are lost`);
    }
  });
  return { ...found, losses: [...losses] };
}

export const isExact = ({
  lost,
  doubled,
  foreign,
  damagedParts,
  breaks,
  outsideParts,
  leftovers,
}: Exactness): boolean =>
  lost + doubled + foreign + damagedParts + breaks.length + outsideParts.length + leftovers === 0;

interface Span {
  readonly from: string;
  readonly to: string;
}

const isWithin = ({ from, to }: Span, { at }: Message): boolean => at >= Date.parse(from) && at < Date.parse(to);

const heals = ({ healed = [] }: LedgerLine, message: Message): boolean =>
  healed.some((span) => span.chatId === message.chatId && isWithin(span, message));

/** A chat that heals comes out with the span that it missed, which takes in what it holds of the window. */
const belongsTo = (line: LedgerLine, message: Message): boolean => isWithin(line, message) || heals(line, message);

/** What was parked while the window was open has until some later window heals it; nothing else may be missing. */
function whyMissing(
  message: Message,
  line: LedgerLine,
  later: readonly LedgerLine[],
  { closed, parked }: Expected,
): 'comes later' | 'gone' | 'lost' {
  const { chatId, deletedAt, unlistedAt } = message;
  const spans = parked.get(windowFolder(line))?.filter((span) => span.chatId === chatId) ?? [];
  if (!heals(line, message) && spans.some((span) => isWithin(span, message))) {
    if (later.some((other) => heals(other, message))) return 'comes later';
    return deletedAt === null ? 'lost' : 'gone';
  }
  const closedAt = closed.get(windowFolder(line)) ?? Infinity;
  return Math.min(deletedAt ?? Infinity, unlistedAt ?? Infinity) <= closedAt ? 'gone' : 'lost';
}

/** The completed windows of an epoch bring a message once, wherever its chat comes out; so does each that was given up. */
function doubledIn(windows: readonly FoundWindow[]): number {
  const scopes = new Map<string, Set<string>>();
  let records = 0;
  for (const { line, records: more } of windows) {
    const scope = line.outcome === 'completed' ? String(line.epoch) : windowFolder(line);
    const ids = scopes.get(scope) ?? new Set();
    scopes.set(scope, ids);
    records += more.length;
    for (const { id } of more) ids.add(id);
  }
  return records - [...scopes.values()].reduce((sum, ids) => sum + ids.size, 0);
}

/** What a line says of its records, and of its chats. */
function untrueIn({ line, records }: FoundWindow, parked: Histories['parked']): string[] {
  const wrong: string[] = [];
  if (records.length !== line.records) wrong.push(`${line.to}: ${records.length} records, not ${line.records}`);
  for (const { chatId, records: said } of line.healed ?? []) {
    const held = records.filter((record) => record.chatId === chatId).length;
    if (held !== said) wrong.push(`${line.to}: ${held} records of the healed chat ${chatId}, not ${said}`);
    const spans = parked.get(windowFolder(line)) ?? [];
    if (!spans.some((span) => span.chatId === chatId)) wrong.push(`${line.to}: chat ${chatId} was not parked`);
  }
  return wrong;
}

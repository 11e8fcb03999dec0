import type { LedgerLine } from '../../src/archive/read/ledger';
import { windowFolder } from '../../src/archive/folder/layout';
import type { TenantFacts } from '../tenant';
import { breaksOf, type ExpectedWindows } from './breaks';
import type { Histories } from './histories';
import { readArchive, type FoundWindow, type ArchiveContents } from './archive-contents';

type Message = TenantFacts['messages'][number];

/** Differences between the archive and the tenant; `isExact` names the figures that must be 0. */
export interface Exactness extends Omit<ArchiveContents, 'windows'> {
  windows: number;
  abandoned: number;
  /** Records in completed windows. */
  messages: number;
  /** Parked chats that a later window healed. */
  healed: number;
  /** Messages missing because their chats were hard-deleted or no longer listed before they were read: allowed. */
  gone: number;
  lost: number;
  /** The chats with lost messages, by window, in words. */
  losses: string[];
  /** Messages that are twice in an epoch. */
  doubled: number;
  /** Messages in a window to which they do not belong. */
  foreign: number;
  /** Gaps and overlaps of windows, and ledger lines that contradict their parts, in words. */
  breaks: string[];
}

export interface Expected extends ExpectedWindows {
  readonly archiveFolder: string;
  readonly facts: TenantFacts;
  /** When each window was first seen closed, ms since 1970, by `windowFolder`. */
  readonly closed: ReadonlyMap<string, number>;
  readonly parked: Histories['parked'];
}

/** Compares all records of the archive with all messages of the tenant. */
export async function verifySink(expected: Expected): Promise<Exactness> {
  const { windows, ...archive } = await readArchive(expected.archiveFolder);
  const lines = windows.map(({ line }) => line);
  const completed = windows.filter(({ line }) => line.outcome === 'completed');
  const found: Exactness = {
    ...archive,
    windows: completed.length,
    abandoned: windows.length - completed.length,
    messages: completed.reduce((sum, { records }) => sum + records.length, 0),
    healed: lines.reduce((sum, { healed = [] }) => sum + healed.length, 0),
    ...{ gone: 0, lost: 0, losses: [], doubled: doubledIn(windows), foreign: 0 },
    breaks: [...breaksOf(lines, expected), ...windows.flatMap((window) => contradictionsIn(window, expected.parked))],
  };
  const losses = new Set<string>();
  windows.forEach(({ line, records }, index) => {
    const ids = new Set(records.map(({ id }) => id));
    const belonging = expected.facts.messages.filter((message) => belongsTo(line, message));
    found.foreign += ids.size - belonging.filter(({ id }) => ids.has(id)).length;
    for (const message of belonging) {
      // An abandoned window may be incomplete, except for the chats that it heals.
      if (ids.has(message.id) || (line.outcome === 'abandoned' && !heals(line, message))) continue;
      const why = whyMissing(message, line, lines.slice(index + 1), expected);
      if (why !== 'comes later') found[why] += 1;
      if (why === 'lost') losses.add(`${line.from} to ${line.to}: messages of chat ${message.chatId} are lost`);
    }
  });
  return { ...found, losses: [...losses] };
}

/** Whether the archive is right: no message lost, doubled or foreign, no break, no damage, nothing beside the ledger. */
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

/** A window holds its own span, and of a healed chat the span that earlier windows missed. */
const belongsTo = (line: LedgerLine, message: Message): boolean => isWithin(line, message) || heals(line, message);

/** Messages of a parked chat may come in the later window that heals the chat; others may only be gone. */
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

/** Counts repeated ids within the completed windows of an epoch together, and within each abandoned window. */
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

/** Ledger lines whose number of records or healed chats is wrong, in words. */
function contradictionsIn({ line, records }: FoundWindow, parked: Histories['parked']): string[] {
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

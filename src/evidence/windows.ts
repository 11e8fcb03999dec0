import type { EventLine, LedgerLine } from '../archive/folder/ledger-line';
import type { VerifiedLedger } from '../archive/verify/ledger';
import type { Filters } from '../domain/filters';
import type { Query } from '../domain/published';
import type { Span } from '../domain/window';

type Windows = VerifiedLedger['windows'];

/** A window as its line of the ledger has it. */
export interface WindowEvidence extends Span {
  n: number;
  epoch: number;
  outcome: LedgerLine['outcome'];
  chats: number;
  records: number;
  parts: number;
  /** Of the lists of chats. */
  firstRequestId: string | null;
  lastRequestId: string | null;
  /** When the line was written. */
  at: string | null;
  build: string | null;
}

export const windowEvidence = ({ number, line }: Windows[number]): WindowEvidence => ({
  ...{ n: number, epoch: line.epoch, from: line.from, to: line.to, outcome: line.outcome },
  ...{ chats: line.chats, records: line.records, parts: line.parts.length },
  ...{ firstRequestId: line.firstRequestId ?? null, lastRequestId: line.requestId },
  ...{ at: line.at ?? null, build: line.build ?? null },
});

/** What was asked for, from a window on. */
export interface AskedFor extends Query {
  n: number;
  from: string;
  /** Those behind the hash; null: none are set, or a build did not name them. */
  ids: Filters | null;
}

/** Where windows were asked for otherwise than the one before. Lines of builds that did not say how are passed over. */
export function askedFor(windows: Windows, events: readonly EventLine[]): AskedFor[] {
  const named = new Map<string | null, Filters>();
  for (const event of events) {
    if (event.event !== 'filters') continue;
    const { filters, organizationIds, projectIds, userIds } = event;
    if (filters !== null) named.set(filters, { organizationIds, projectIds, userIds });
  }
  return changesIn(windows, ({ query }) => query && JSON.stringify(query)).flatMap(
    ({ number, line: { from, query } }) =>
      query ? [{ n: number, from, ...query, ids: named.get(query.filters) ?? null }] : [],
  );
}

/** The builds that wrote, each with the line with which it began. */
export const buildsOf = (windows: Windows): { n: number; build: string }[] =>
  changesIn(windows, ({ build }) => build).map(({ number, line: { build = '' } }) => ({ n: number, build }));

function changesIn(windows: Windows, valueOf: (line: LedgerLine) => string | undefined): Windows {
  let before: string | undefined;
  return windows.filter(({ line }) => {
    const value = valueOf(line);
    const isOther = value !== undefined && value !== before;
    before = value ?? before;
    return isOther;
  });
}

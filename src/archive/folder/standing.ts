import type { OperatorEvent } from '../../domain/operator-events';
import type { EventLine, FiltersLine, RemovedLine } from './ledger-line';

/** What the events of a ledger say up to a line. */
export interface Standing {
  /** What was removed last: all before it is gone, too. */
  readonly removed: RemovedLine | null;
  /** What lines are signed with. */
  readonly publicKey: string | null;
  readonly filters: FiltersLine | null;
  /** What operators did, by {@link nameOf}. */
  readonly done: ReadonlySet<string>;
}

export const NOTHING_STANDS: Standing = { removed: null, publicKey: null, filters: null, done: new Set() };

/** An update's id may be given by whoever sends it: the same one counts for each kind. */
export const nameOf = ({ event, id }: Pick<OperatorEvent, 'event' | 'id'>): string => `${event} ${id}`;

/** What stands behind one more event. */
export function after(standing: Standing, line: EventLine): Standing {
  switch (line.event) {
    case 'removed':
      return { ...standing, removed: line };
    case 'key':
      return { ...standing, publicKey: line.publicKey };
    case 'filters':
      return { ...standing, filters: line };
    default:
      return { ...standing, done: new Set(standing.done).add(nameOf(line)) };
  }
}

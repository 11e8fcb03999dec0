import { failureDetails, type Unreadable } from './failures';

/** After so many different chats in a row that are refused in the same way, and none that is read, it is not the chats. */
const FEW_CHATS = 5;

/** Tells chats that cannot be read from a key, settings or a server with which none can. */
export interface Suspects {
  add(unreadable: Unreadable): void;
  /** A chat was read: with it others can be compared from now on. */
  someoneWasRead(): void;
  /** Those that were refused, where it is everybody; empty where it is not known to be. */
  everybody(): readonly Unreadable[];
}

export function createSuspects(): Suspects {
  let inARow: Unreadable[] = [];
  let isReadable = false;
  return {
    add(unreadable) {
      const { kind, proven } = failureDetails(unreadable.error);
      if (isReadable || proven || kind === undefined) return;
      const isSame = inARow.every(({ error }) => failureDetails(error).kind === kind);
      inARow = isSame ? [...inARow, unreadable] : [unreadable];
    },
    someoneWasRead() {
      isReadable = true;
      inARow = [];
    },
    everybody: () => (inARow.length < FEW_CHATS ? [] : inARow),
  };
}

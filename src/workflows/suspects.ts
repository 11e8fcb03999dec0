import { failureDetails, mayPass, type Unreadable } from './failures';

/** If so many different chats in a row are refused in the same way, and none is read, the chats are not the cause. */
const FEW_CHATS = 5;

/** Tells unreadable chats from a key, settings or a server with which no chat is readable. */
export interface Suspects {
  add(unreadable: Unreadable): void;
  /** Notes that a chat was read: key, settings and server work. */
  someoneWasRead(): void;
  /** The refused chats, if all chats seem to be refused; else empty. */
  everybody(): readonly Unreadable[];
}

export function createSuspects(): Suspects {
  let inARow: Unreadable[] = [];
  let isReadable = false;
  return {
    add(unreadable) {
      const { kind, proven } = failureDetails(unreadable.error);
      if (isReadable || proven || kind === undefined) return;
      // An outage has many faces: a 500 here, a 503 there.
      const isOutage = mayPass(unreadable.error);
      const isSame = inARow.every(({ error }) => (isOutage ? mayPass(error) : failureDetails(error).kind === kind));
      inARow = isSame ? [...inARow, unreadable] : [unreadable];
    },
    someoneWasRead() {
      isReadable = true;
      inARow = [];
    },
    everybody: () => (inARow.length < FEW_CHATS ? [] : inARow),
  };
}

const AGAIN_MS = 60_000;

interface Said {
  since: number;
  at: number;
  /** When it was last heard of. */
  last: number;
  times: number;
}

/** Tells which of many messages of a kind are to be said: the first, and one each minute while they go on. */
export interface Repetitions {
  /**
   * @param kind What makes two messages the same.
   * @param now ms since 1970
   * @returns what is to be added to the message; null: it is not to be said.
   */
  say(kind: string, now: number): string | null;
}

export function createRepetitions(): Repetitions {
  const kinds = new Map<string, Said>();
  return {
    say(kind, now) {
      const before = kinds.get(kind);
      // After a minute without one it is another outage.
      if (!before || now - before.last >= AGAIN_MS) {
        kinds.set(kind, { since: now, at: now, last: now, times: 1 });
        return '';
      }
      before.last = now;
      before.times += 1;
      if (now - before.at < AGAIN_MS) return null;
      before.at = now;
      return ` (${before.times} times in ${Math.round((now - before.since) / 1000)} s)`;
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Often enough for who waits, and seldom enough for the server, which has others to answer. */
const LOOK_EVERY_MS = 50;

/** Waits for what the server or a worker is about to do. @returns what was seen then. */
export async function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  for (; ; await sleep(LOOK_EVERY_MS)) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) return seen as Exclude<T, false | null | undefined>;
  }
}

/** Waits until the clock shows another second. */
export async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) <= second) await sleep(1000 - (Date.now() % 1000));
}

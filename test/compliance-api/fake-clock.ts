import type { Clock } from '../../src/compliance-api/pacer';

/** Time that moves only when told to; its timers fire a little early, as Node's can. */
export class FakeClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + Math.max(ms - 0.7, 0.1), run };
    this.timers.add(timer);
    return () => this.drop(timer);
  }

  /** Moves on, stopping at each timer for what waits for it. */
  async advance(ms: number): Promise<void> {
    await settled();
    const end = this.time + ms;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.time = next.at;
      this.drop(next);
      next.run();
      await settled();
    }
    this.time = end;
    await settled();
  }

  pending(): number {
    return this.timers.size;
  }

  /** The earliest; of those of one time, the one that was set first. */
  private next(end: number) {
    let next: { at: number; run: () => void } | undefined;
    for (const timer of this.timers) if (timer.at <= end && timer.at < (next?.at ?? Infinity)) next = timer;
    return next;
  }

  private drop(timer: { at: number; run: () => void }): void {
    this.timers.delete(timer);
  }
}

/** Lets what was resolved run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

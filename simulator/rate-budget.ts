/** The values of the rate limit headers. */
export interface BudgetState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the budget is full. */
  readonly resetMs: number;
}

/** The rate limit as a token bucket: it holds one minute's requests and refills steadily. */
export class RateBudget {
  private available: number;
  private countedAt: number;

  /** @param perMinute Requests; may be Infinity. @param clock Milliseconds; must never jump. */
  constructor(
    private readonly perMinute: number,
    private readonly clock: () => number,
  ) {
    this.available = perMinute;
    this.countedAt = clock();
  }

  /** Takes one request, or returns the milliseconds until one is available. */
  spend(): { readonly ok: true } | { readonly ok: false; readonly waitMs: number } {
    this.refill();
    if (this.available < 1) return { ok: false, waitMs: ((1 - this.available) * 60_000) / this.perMinute };
    this.available -= 1;
    return { ok: true };
  }

  /** Takes requests of other clients, at most all that are available. */
  drain(count: number): void {
    this.refill();
    this.available = Math.max(0, this.available - count);
  }

  /** Undefined if there is no limit. */
  state(): BudgetState | undefined {
    if (this.perMinute === Infinity) return undefined;
    this.refill();
    return {
      limit: this.perMinute,
      remaining: Math.floor(this.available),
      resetMs: ((this.perMinute - this.available) * 60_000) / this.perMinute,
    };
  }

  private refill(): void {
    if (this.perMinute === Infinity) return;
    const now = this.clock();
    this.available = Math.min(this.perMinute, this.available + ((now - this.countedAt) * this.perMinute) / 60_000);
    this.countedAt = now;
  }
}

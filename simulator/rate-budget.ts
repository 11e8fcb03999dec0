/** What an answer says about the budget of requests. */
export interface BudgetState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the full budget is back. */
  readonly resetMs: number;
}

/** The parent organization's requests a minute: a full minute's worth at most, refilled steadily. */
export class RateBudget {
  private available: number;
  private countedAt: number;

  /** `clock` is in milliseconds and never jumps. */
  constructor(
    private readonly perMinute: number,
    private readonly clock: () => number,
  ) {
    this.available = perMinute;
    this.countedAt = clock();
  }

  /** Takes one request; or none, and tells the milliseconds until there is one. */
  spend(): { readonly ok: true } | { readonly ok: false; readonly waitMs: number } {
    this.refill();
    if (this.available < 1) return { ok: false, waitMs: ((1 - this.available) * 60_000) / this.perMinute };
    this.available -= 1;
    return { ok: true };
  }

  /** What other integrations take; never refused, only down to nothing. */
  drain(count: number): void {
    this.refill();
    this.available = Math.max(0, this.available - count);
  }

  /** Undefined without a limit. */
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

import { RateBudget } from '../../simulator/rate-budget';

describe('RateBudget', () => {
  it('comes back steadily, up to one minute of requests', () => {
    let now = 0;
    const budget = new RateBudget(60, () => now);
    for (let i = 0; i < 60; i++) expect(budget.spend().ok).toBe(true);
    expect(budget.spend()).toEqual({ ok: false, waitMs: 1_000 });
    expect(budget.state()).toEqual({ limit: 60, remaining: 0, resetMs: 60_000 });
    now += 2_500;
    expect(budget.state()?.remaining).toBe(2);
    expect([budget.spend().ok, budget.spend().ok, budget.spend().ok]).toEqual([true, true, false]);
    now += 3_600_000;
    expect(budget.state()).toEqual({ limit: 60, remaining: 60, resetMs: 0 });
  });

  it('never ends without a limit', () => {
    const budget = new RateBudget(Infinity, () => 0);
    budget.drain(1e9);
    expect(budget.spend().ok).toBe(true);
    expect(budget.state()).toBeUndefined();
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacer } from '../compliance-api/pacer';
import type { Metrics } from './metrics';
import type { DeliveryChain } from '../delivery-chain';
import type { Source } from '../source';
import type { DeliveryState } from '../domain/delivery';
import type { Memo } from '../domain/memo';

const LOOK_EVERY_MS = 5000;

export interface WatchSourceOptions {
  source: Source;
  destinations?: readonly DeliveryChain[];
  pacer: Pick<Pacer, 'budgetRemaining'>;
  metrics: Metrics;
  signal: AbortSignal;
}

/** Keeps the source's metrics current. While Temporal is away what was seen last is used, so the lag still grows. */
export async function watchSource({
  source,
  destinations = [],
  pacer,
  metrics,
  signal,
}: WatchSourceOptions): Promise<void> {
  let memo: Memo | null = null;
  const states = new Map<string, DeliveryState>();
  while (!signal.aborted) {
    memo = await source.view().then(
      (view) => view.memo,
      () => memo,
    );
    if (memo) metrics.source(memo, Date.now());
    for (const chain of destinations) {
      const view = await chain.view().catch(() => null);
      if (view) states.set(chain.destination, view.state);
    }
    for (const state of states.values()) metrics.destination(state, Date.now());
    const remaining = pacer.budgetRemaining();
    if (remaining !== null) metrics.budget(remaining);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

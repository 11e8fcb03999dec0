import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacer } from '../compliance-api/pacer';
import type { Metrics } from './metrics';
import type { DeliveryChain } from '../delivery-chain';
import type { Source } from '../source';
import type { Memo } from '../domain/memo';

const LOOK_EVERY_MS = 5000;

export interface WatchSourceOptions {
  source: Source;
  destinations?: readonly DeliveryChain[];
  pacer: Pick<Pacer, 'budgetRemaining'>;
  metrics: Metrics;
  signal: AbortSignal;
}

/** Keeps the source's metrics current. While Temporal is away the last memo is used, so the lag still grows. */
export async function watchSource({
  source,
  destinations = [],
  pacer,
  metrics,
  signal,
}: WatchSourceOptions): Promise<void> {
  let memo: Memo | null = null;
  while (!signal.aborted) {
    memo = await source.view().then(
      (view) => view.memo,
      () => memo,
    );
    if (memo) metrics.source(memo, Date.now());
    for (const chain of destinations) {
      const through = await chain.view().then(
        (view) => view?.state.deliveredThrough ?? null,
        () => null,
      );
      if (through !== null) metrics.destination(chain.destination, through, Date.now());
    }
    const remaining = pacer.budgetRemaining();
    if (remaining !== null) metrics.budget(remaining);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

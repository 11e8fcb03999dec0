import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacer } from '../compliance-api/pacer';
import type { Metrics } from './metrics';
import type { Source } from '../source';
import type { Memo } from '../domain/memo';

const LOOK_EVERY_MS = 5000;

export interface WatchSourceOptions {
  source: Source;
  pacer: Pick<Pacer, 'budgetRemaining'>;
  metrics: Metrics;
  signal: AbortSignal;
}

/** Shows the source in the metrics, as it was seen last: while Temporal is away it falls behind all the same. */
export async function watchSource({ source, pacer, metrics, signal }: WatchSourceOptions): Promise<void> {
  let memo: Memo | null = null;
  while (!signal.aborted) {
    memo = await source.view().then(
      (view) => view.memo,
      () => memo,
    );
    if (memo) metrics.source(memo, Date.now());
    const remaining = pacer.budgetRemaining();
    if (remaining !== null) metrics.budget(remaining);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

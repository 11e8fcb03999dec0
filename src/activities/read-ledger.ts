import type { Sink } from '../sinks/sink';
import type { Ledger, LedgerRequest } from './types';

/** What the sink knows. Whatever it will need is tried too, unless its place is another one than it should be. */
export async function readLedger(sink: Sink, { archive: held }: LedgerRequest): Promise<Ledger> {
  const archive = await sink.archive?.();
  if ((archive ?? null) === held) await sink.check?.();
  return {
    kept: sink.last !== undefined,
    missing: (await sink.missing?.()) ?? null,
    last: (await sink.last?.()) ?? null,
    unfinished: (await sink.unfinished?.()) ?? [],
    ...(archive !== undefined && { archive }),
  };
}

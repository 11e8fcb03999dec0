import { deliver, type DeliverOptions, type DeliveryResult } from '../../src/delivery/deliver';
import type { Limits } from '../../src/destinations/definition';
import type { Destination } from '../../src/destinations/destination';
import type { MadeArchive } from './made-archive';

/** Delivers what an archive holds behind the position, as a worker that has just started does. @param more Instead of what is usual. */
export const deliverFrom = (
  { source, log }: MadeArchive,
  destination: Destination,
  limits: Limits | null,
  more: Partial<DeliverOptions> = {},
): Promise<DeliveryResult> =>
  deliver({
    ...{ source, name: 'x', log, destination, limits },
    known: { epoch: 0, start: null, position: null },
    isOver: () => false,
    signal: AbortSignal.timeout(60_000),
    observe: () => undefined,
    ...more,
  });

/** Batches so small that a chat fills several. */
export const SMALL_BATCHES: Limits = { batchBytes: 3000, batchRecords: 100, recordBytes: 100_000 };
export const deliverSmall = (
  archive: MadeArchive,
  destination: Destination,
  more?: Partial<DeliverOptions>,
): Promise<DeliveryResult> => deliverFrom(archive, destination, SMALL_BATCHES, more);

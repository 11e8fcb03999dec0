import { readDestinations, type DestinationConfig } from '../../src/config/destinations';
import type { DeliveryResult } from '../../src/delivery/deliver';
import type { Limits } from '../../src/destinations/definition';
import type { Delivery, Destination } from '../../src/destinations/destination';
import { EncodedRecord } from '../../src/destinations/encoded-record';
import { deliverFrom } from '../support/deliver-from';
import type { MadeArchive } from '../support/made-archive';

const position = { archive: 'a', epoch: 0, entry: 1, after: null, byte: 0, part: null, records: 0 };
const window = { epoch: 0, from: '2026-04-01T00:00:00.000Z', to: '2026-04-02T00:00:00.000Z' };

export const deliveryOf = (lines: readonly string[]): Delivery => ({
  ...{ source: 's', at: position, next: position, window, key: 'k' },
  records: lines.map((line) => new EncodedRecord(Buffer.from(line))),
});

/** The one destination of these settings, which are right. */
export function configOf(set: Record<string, string>): DestinationConfig {
  const { destinations, problems } = readDestinations(set);
  expect(problems).toEqual([]);
  return destinations[0]!;
}

/** Undefined if it does not fail. */
export const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(() => undefined).catch((error: unknown) => error);

/** Delivers what an archive holds, as a worker that starts does. */
export const run = (archive: MadeArchive, destination: Destination, limits: Limits | null): Promise<DeliveryResult> =>
  deliverFrom(archive, destination, limits, { name: 'under-test' });

export const idOf = (json: string): string => (JSON.parse(json) as { id: string }).id;

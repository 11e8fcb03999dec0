import fc from 'fast-check';
import { DestinationError } from '../../src/destinations/destination';
import { deliverFrom } from '../support/deliver-from';
import { makeArchive, recordsOfChat } from '../support/made-archive';
import { recording } from '../support/recording-destination';

const limits = { batchBytes: 1500, batchRecords: 3, recordBytes: 100_000 };

/** What happens to an archive and its reader, one after another. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), records: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('close' as const),
      outcome: fc.constantFrom('completed' as const, 'completed' as const, 'abandoned' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      /** After so many batches it is over, or the destination is down. */
      batches: fc.integer({ min: 1, max: 5 }),
      isDown: fc.boolean(),
    }),
  },
);

test('each record is delivered once, in order, whatever is written and wherever a delivery ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      const archive = await makeArchive();
      const published: string[] = [];
      let left = Infinity;
      let entry = 1;
      const destination = recording(() => {
        if (left-- === 0) throw new DestinationError('down', 'is down');
      });
      const deliver = async (isOver: () => boolean): Promise<void> => {
        const result = await deliverFrom(archive, destination, limits, { isOver }).catch((error: unknown) => {
          if (!(error instanceof DestinationError)) throw error;
          return null;
        });
        entry = result?.position.entry ?? entry;
      };
      try {
        for (const [index, one] of steps.entries()) {
          if (one.do === 'publish') {
            const records = recordsOfChat(`chat-${index}`, one.records);
            await archive.publish(records);
            published.push(...records.map((json) => (JSON.parse(json) as { id: string }).id));
          } else if (one.do === 'close') await archive.close(one.outcome);
          else if (one.do === 'pause') await archive.pause();
          else if (one.do === 'remove') await archive.log.remove(entry, null, new Set());
          else {
            const until = destination.deliveries.length + one.batches;
            left = one.isDown ? one.batches : Infinity;
            await deliver(() => !one.isDown && destination.deliveries.length >= until);
            left = Infinity;
          }
        }
        await deliver(() => false);
        expect(destination.ids()).toEqual(published);
      } finally {
        await archive.remove();
      }
    }),
    { numRuns: 60, seed: 13 },
  );
});

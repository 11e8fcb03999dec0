import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { DestinationError } from '../../src/destinations/destination';
import { deliverSmall, SMALL_BATCHES } from '../support/deliver-from';
import { makeArchive, recordOf, type MadeArchive } from '../support/made-archive';
import { recording, type Recording } from '../support/recording-destination';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: Recording, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

describe('a record that is too large', () => {
  it('comes without most of its text, with its metadata, digit for digit, and where the rest is', async () => {
    const long = recordOf('long', { content: [{ type: 'text', text: 'é'.repeat(300_000) }], much: 'x'.repeat(10_000) });
    const line = long.replace(/\}$/, ',"number":9007199254740993}');
    await archive.window([[recordOf('a'), line, recordOf('b')]]);
    const destination = recording();
    expect(await run(destination)).toMatchObject({ delivered: 3, shortened: 1 });
    expect(destination.ids()).toEqual(['a', 'long', 'b']);
    const stub = destination.deliveries.flatMap(({ records }) => records).find(({ id }) => id === 'long')!;
    expect(stub.line.length).toBeLessThanOrEqual(SMALL_BATCHES.recordBytes);
    const text = stub.line.toString();
    expect(text).toContain('"number":9007199254740993');
    const { content, truncated, much, chat_user: user } = JSON.parse(text) as Record<string, never>;
    expect(content).toEqual([{ type: 'text', text: 'é'.repeat(32 * 1024) }]);
    expect(much).toBeUndefined();
    expect(user).toEqual({ id: 'user_1', email_address: 'user@example.com' });
    expect(truncated).toMatchObject({ bytes: Buffer.byteLength(line), byte: Buffer.byteLength(recordOf('a')) + 1 });
  });

  it('is found by halving where only the destination knows how much it takes', async () => {
    const long = recordOf('long', { content: [{ type: 'text', text: 'x'.repeat(50_000) }] });
    await archive.window([[recordOf('a'), long, recordOf('b')]]);
    const destination = recording(({ records }) => {
      if (records.reduce((sum, { line }) => sum + line.length, 0) > 10_000) {
        throw new DestinationError('too-large', 'takes less', 'too-large');
      }
    });
    expect(await run(destination, { limits: { ...SMALL_BATCHES, batchBytes: 1_000_000 } })).toMatchObject({
      shortened: 1,
      delivered: 3,
    });
    expect(destination.ids()).toEqual(['a', 'long', 'b']);
  });
});

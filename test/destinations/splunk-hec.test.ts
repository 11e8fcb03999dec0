import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCollector, startCollector, type Collector } from '../../harness/servers/collector';
import type { RecordDestination } from '../../src/destinations/destination';
import { destinationContract } from '../support/destination-contract';
import { startHttpRelay } from '../support/http-relay';
import { makeArchive, recordOf, recordsOfChat } from '../support/made-archive';
import { deliveryOf, idOf, run, thrownBy } from './record-deliveries';
import { limits, make, pauses, signal } from './splunk-hec-under-test';

beforeEach(() => void pauses.splice(0));

const program = findCollector();
const describeWithServer = program === undefined ? describe.skip : describe;

async function start(): Promise<Collector & { remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hec-'));
  const collector = await startCollector(program!, folder);
  const remove = async (): Promise<void> => {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...collector, remove };
}

if (program !== undefined) {
  destinationContract('splunk-hec', async () => {
    const collector = await start();
    return {
      make: async () => make(collector.hecUrl, { SPLUNK_HEC_ACK: 'on' }),
      limits,
      // The collector reads the events and writes them anew: that they are sent byte for byte, the receiver below says.
      stored: async () => collector.hec().map(({ attributes }) => ({ id: String(attributes['id']) })),
      keepsOnce: false,
      kill: () => collector.kill(),
      start: () => collector.start(),
      close: () => collector.remove(),
    };
  });
}

describeWithServer('splunk-hec, on a collector', () => {
  let collector: Awaited<ReturnType<typeof start>>;
  const made: RecordDestination[] = [];
  beforeEach(async () => {
    collector = await start();
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await collector.remove();
  });

  it('has events with the time of their messages, and what is searched for indexed', async () => {
    const destination = make(collector.hecUrl, { SPLUNK_HEC_INDEX: 'chats', SPLUNK_HEC_HOST: 'sync-1' });
    made.push(destination);
    const times = ['yesterday', '1969-07-20T20:17:40Z'].map((time) => recordOf(time, { created_at: time }));
    await destination.deliver(deliveryOf([recordOf('a'), ...times]), signal);
    const [a, ...odd] = collector.hec();
    expect(a).toMatchObject({
      attributes: {
        ...{ id: 'a', chat_id: 'chat-1', role: 'user', user_id: 'user_1', user_email: 'user@example.com' },
        organization_uuid: '550e8400-e29b-41d4-a716-446655440000',
      },
    });
    // The collector reads it as a floating point number.
    expect(Math.round(Number(a!.timeUnixNano) / 1e6)).toBe(Date.parse('2026-04-08T14:30:45.123Z'));
    const { 'com.splunk.index': index, 'com.splunk.source': source, 'host.name': host } = { ...a!.resource };
    expect([index, source, host]).toEqual(['chats', 's', 'sync-1']);
    expect(a!.resource['com.splunk.sourcetype']).toBe('compliance-chat-sync:message');
    expect(a!.attributes).not.toHaveProperty('project_id');
    expect(odd.map(({ timeUnixNano }) => timeUnixNano)).toEqual([undefined, undefined]);
    expect(pauses).toEqual([100]);
  });

  it('takes a stub of what is larger than an event may be, and the small ones around it as they are', async () => {
    const archive = await makeArchive();
    const large = recordOf('large', { content: [{ type: 'text', text: 'x'.repeat(3_000_000) }] });
    await archive.window([[...recordsOfChat('one', 500), large, ...recordsOfChat('two', 500)]]);
    const destination = make(collector.hecUrl);
    made.push(destination);
    const result = await run(archive, destination, limits);
    expect(result).toMatchObject({ delivered: 1001, shortened: 1, refused: 0, caughtUp: true });
    const ids = collector.hec().map(({ attributes }) => attributes['id']);
    expect(new Set(ids).size).toBe(1001);
    expect(ids).toHaveLength(1001);
    await archive.remove();
  });

  it('loses nothing when answers are lost and the collector is killed in the middle of a batch: a batch comes twice', async () => {
    const archive = await makeArchive();
    await archive.window([recordsOfChat('one', 1500)], [recordsOfChat('two', 1500)]);
    const relay = await startHttpRelay(collector.hecUrl);
    const destination = make(relay.url);
    made.push(destination);
    const isData = ({ url = '' }: { url?: string | undefined }): boolean => url.endsWith('/event');
    let lost = 0;
    relay.lose((request) => isData(request) && ++lost === 2);
    expect(await thrownBy(run(archive, destination, limits))).toMatchObject({ answer: 'wait' });
    let killed: Promise<void> | undefined;
    relay.watch(() => void (killed ??= collector.kill()));
    expect(await thrownBy(run(archive, destination, limits))).toMatchObject({ answer: 'wait' });
    await killed;
    await collector.start();
    expect(await run(archive, destination, limits)).toMatchObject({ caughtUp: true, refused: 0 });
    const ids = collector.hec().map(({ attributes }) => String(attributes['id']));
    for (const chat of ['one', 'two']) {
      const first = [...new Set(ids)].filter((id) => id.startsWith(chat));
      expect(first).toEqual(recordsOfChat(chat, 1500).map(idOf));
    }
    // The batch whose answer was lost; what was killed may have been taken, too.
    const twice = ids.length - new Set(ids).size;
    expect(twice).toBeGreaterThan(0);
    expect(twice).toBeLessThanOrEqual(2 * limits.batchRecords);
    await relay.close();
    await archive.remove();
  });
});

import { createTenant, truth } from '../../simulator';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

const idsOf = (records: { id: string }[]): string[] => records.map((record) => record.id).sort();

test('it emits every message of the backfill once, with its chat, user, organization and project', async () => {
  const tenant = createTenant({ chats: 30 });
  under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: '2026-08-01' } });

  const report = await under.sync();

  const expected = truth(tenant);
  expect(report).toMatchObject({ outcome: 'completed', messages: expected.length, warnings: [] });
  expect(idsOf(await under.records())).toEqual(idsOf(expected));
});

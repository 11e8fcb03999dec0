import { dirname } from 'node:path';
import { createTenant, truth, type KeySpec } from '../../simulator';
import { idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

const started: SourceUnderTest[] = [];
afterEach(async () => {
  for (const source of started.splice(0).reverse()) await source.close();
});

test('sources sync side by side, each its own organization with a key, a rate, a timestamp and a rewind of its own', async () => {
  let now = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
  const tenant = createTenant({ chats: 24, organizations: 3 });
  const organizations = [...tenant.organizations.keys()];
  const keys = organizations.map((organizationUuid, index): KeySpec => ({
    key: `sk-ant-api01-${index + 1}`,
    organizationUuid,
  }));
  const settings = [
    { BACKFILL_START: '2026-08-01' },
    { BACKFILL_START: '2026-09-15', REQUESTS_PER_SECOND: '50' },
    { BACKFILL_START: '2026-08-01', REQUESTS_PER_SECOND: '20', SETTLE_SECONDS: '30', PAGE_SIZE: '3' },
  ];
  for (const [index, own] of settings.entries()) {
    const [first] = started;
    const shared = first && { ANTHROPIC_BASE_URL: first.simulator.url, FILE_DIR: dirname(first.folder) };
    const ANTHROPIC_COMPLIANCE_ACCESS_KEY = keys[index]!.key;
    const simulator = { tenant, keys, clock: () => now };
    started.push(await startSource({ simulator, settings: { ...own, ANTHROPIC_COMPLIANCE_ACCESS_KEY, ...shared } }));
  }
  const [one, two, three] = started as [SourceUnderTest, SourceUnderTest, SourceUnderTest];
  const { simulator } = one;
  const syncAll = () => Promise.all([one.sync(), two.sync(), three.sync()]);
  const recordsOf = async (source: SourceUnderTest) => idsOf(await source.records());
  const truthOf = (index: number, range = {}) =>
    truth(tenant, range).filter(({ organizationUuid }) => organizationUuid === organizations[index]);

  const [first, second, third] = await syncAll();

  const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();
  expect(first).toMatchObject({ outcome: 'completed', from: '2026-08-01T00:00:00.000Z', to: at(0) });
  expect(second).toMatchObject({ outcome: 'completed', from: '2026-09-15T00:00:00.000Z', to: at(0) });
  expect(third).toMatchObject({ outcome: 'completed', from: '2026-08-01T00:00:00.000Z', to: at(30) });
  expect(await recordsOf(one)).toEqual(idsOf(truthOf(0)));
  expect(await recordsOf(two)).toEqual(idsOf(truthOf(1, { from: '2026-09-15T00:00:00Z' })));
  expect(await recordsOf(three)).toEqual(idsOf(truthOf(2)));
  const requestsWith = (keyId: string) => simulator.requests.filter((request) => request.keyId === keyId).length;
  expect([requestsWith('key-1'), requestsWith('key-2'), requestsWith('key-3')]).toEqual([
    first.requests,
    second.requests,
    third.requests,
  ]);
  expect(simulator.requests).toHaveLength(first.requests + second.requests + third.requests);

  const to = '2026-09-20T00:00:00.000Z';
  await one.source.rewind({ to, skip: false, reason: 'test' });
  simulator.revokeKey(keys[1]!.key);
  for (const id of tenant.chats.keys()) tenant.addMessage(id);
  now += 60_000;
  const [rewound, failed, next] = await syncAll();

  expect(rewound).toMatchObject({ outcome: 'completed', from: to });
  expect(failed).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^Unauthorized/) });
  expect(next).toMatchObject({ outcome: 'completed', from: third.to, to: at(30) });
  expect(await recordsOf(one)).toEqual(idsOf([...truthOf(0), ...truthOf(0, { from: to, to: first.to })]));
  expect((await two.source.view()).memo).toMatchObject({ epoch: 0, syncedThrough: second.to });
  expect(await recordsOf(three)).toEqual(idsOf(truthOf(2)));

  simulator.setKey(keys[1]!);
  expect(await two.sync()).toMatchObject({ outcome: 'completed', from: second.to });
  expect(await recordsOf(two)).toEqual(idsOf(truthOf(1, { from: '2026-09-15T00:00:00Z' })));
});
